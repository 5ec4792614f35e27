"""The planted-bias generator: judges whose likings are known, people whose noise is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from judge.analysis.bias.eiv import HumanMoments, Ratings, human_moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Scale = Literal["points", "continuous", "ceiling"]


@dataclass(frozen=True)
class Design:
    """How big a study is and how people behave in it.

    Parameters
    ----------
    dialogues, systems, raters
        D, S and R: every response has R ratings, unless `double` is below 1.
    rho
        Correlation of each feature with quality.
    slope
        How far the judge moves with quality: below 1 is central tendency.
    noise
        Standard deviation of a rating about quality (quality has variance 1).
    judge_noise
        The judge's own.
    scale
        ``points``: both sides round to 1-5; ``continuous``: nobody rounds; ``ceiling``: 1-5 with the
        judge's mean pushed to 4.3.
    double
        Share of items with a second rater; the others have one of `raters` raters. 1 gives every item all.
    shared
        Share of the noise variance that the raters of an item have in common (a violation).
    people_like
        People's own liking for the first feature (a violation: the estimate is relative to them).
    icc
        Share of the variance of quality that belongs to the dialogue.
    severity
        Standard deviation between raters' levels.
    missing
        Share of people's ratings that are missing at random.
    spread
        Points of the scale that a standard deviation of quality makes.
    levels
        Lowest and highest score of the scale, in whole points.
    """

    dialogues: int = 100
    systems: int = 5
    raters: int = 3
    rho: float = 0.5
    slope: float = 1.0
    noise: float = 1.0
    judge_noise: float = 0.7
    scale: Scale = "points"
    double: float = 1.0
    shared: float = 0.0
    people_like: float = 0.0
    icc: float = 0.3
    severity: float = 0.3
    missing: float = 0.0
    spread: float = 1.0
    levels: tuple[float, float] = (1.0, 5.0)


@dataclass(frozen=True)
class Study:
    """One simulated study; n = dialogues x systems rows.

    `features` has shape (n, k); `human` (n, raters) with NaN where nobody rated; `quality` is the truth.
    """

    judge: Floats
    features: Floats
    human: Floats
    dialogue: Ints
    system: Ints
    quality: Floats

    def people(self, *, centre: bool = True) -> HumanMoments:
        """Return what people said, as the estimators take it."""
        item, rater = np.nonzero(np.isfinite(self.human))
        return human_moments(Ratings(item, rater, self.human[item, rater], self.judge.size), centre=centre)


def simulate(design: Design, planted: tuple[float, ...] = (0.0,), *, rng: np.random.Generator) -> Study:
    """Draw one study.

    Parameters
    ----------
    design
        Sizes and people.
    planted
        The judge's liking for each feature, in SD of quality per SD of the feature. Its length is the
        number of features.
    rng
        Source of all randomness.

    Returns
    -------
    Study

    Examples
    --------
    >>> study = simulate(Design(dialogues=4, systems=2), rng=np.random.default_rng(0))
    >>> study.human.shape, study.features.shape
    ((8, 3), (8, 1))
    """
    n = design.dialogues * design.systems
    dialogue = np.repeat(np.arange(design.dialogues), design.systems)
    system = np.tile(np.arange(design.systems), design.dialogues)
    quality = np.sqrt(design.icc) * rng.normal(size=design.dialogues)[dialogue] + np.sqrt(
        1 - design.icc
    ) * rng.normal(size=n)
    unique = rng.normal(size=(n, len(planted)))
    features = design.rho * quality[:, None] + np.sqrt(1 - design.rho**2) * unique
    judge = (
        design.slope * quality
        + features @ np.asarray(planted)
        + 0.3 * rng.normal(size=design.dialogues)[dialogue]
        + design.judge_noise * rng.normal(size=n)
    )
    human = _people(design, quality, features, rng)
    return Study(_on_scale(judge, design, judge=True), features, human, dialogue, system, quality)


def _people(design: Design, quality: Floats, features: Floats, rng: np.random.Generator) -> Floats:
    n = quality.size
    own = np.sqrt(1 - design.shared) * rng.normal(size=(n, design.raters))
    common = np.sqrt(design.shared) * rng.normal(size=n)[:, None]
    severity = design.severity * rng.normal(size=design.raters)
    felt = quality + design.people_like * features[:, 0]
    human = _on_scale(felt[:, None] + severity + design.noise * (own + common), design, judge=False)
    if design.double < 1:
        human = np.where(_who_rated(design, n, rng), human, np.nan)
    if design.missing > 0:
        human = np.where(rng.random(human.shape) < design.missing, np.nan, human)
    return human


def _who_rated(design: Design, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Give each item one rater at random, and a second one to a random share of the items."""
    order = rng.permuted(np.tile(np.arange(design.raters), (n, 1)), axis=1)
    rated = np.zeros((n, design.raters), dtype=bool)
    rated[np.arange(n), order[:, 0]] = True
    twice = rng.choice(n, size=round(design.double * n), replace=False)
    rated[twice, order[twice, 1]] = True
    return rated


def _on_scale(values: Floats, design: Design, *, judge: bool) -> Floats:
    low, high = design.levels
    middle = (low + high) / 2
    if design.scale == "continuous":
        return design.spread * values + middle
    mean = low + 0.825 * (high - low) if design.scale == "ceiling" and judge else middle
    return np.clip(np.round(design.spread * values + mean), low, high)


def simulate_duels(
    design: Design,
    *,
    position: float = 0.0,
    sign_varies: bool = False,
    tie: float = 0.3,
    repeats: bool = True,
    rng: np.random.Generator,
) -> Floats:
    """Draw the verdicts of a judge that compares all pairs of each dialogue in both orders.

    Parameters
    ----------
    design
        Sizes; `judge_noise` is that of one look at a response.
    position
        How much more the first slot seems worth, in standard deviations of quality.
    sign_varies
        Let the position effect change its sign from dialogue to dialogue: no mean effect, but conflicts.
    tie
        Differences smaller than this are ties.
    repeats
        Draw the AB order a second time.

    Returns
    -------
    ndarray
        Shape (dialogues, pairs, 3): score of the *first slot* (1, .5, 0) in AB, in BA, and in the repeat of
        AB (NaN without repeats).

    Examples
    --------
    >>> simulate_duels(Design(dialogues=3, systems=3), rng=np.random.default_rng(0)).shape
    (3, 3, 3)
    """
    d, s = design.dialogues, design.systems
    quality = np.sqrt(design.icc) * rng.normal(size=(d, 1)) + np.sqrt(1 - design.icc) * rng.normal(
        size=(d, s)
    )
    first, second = np.triu_indices(s, 1)
    gap = design.slope * (quality[:, first] - quality[:, second])
    effect = position * (rng.choice([-1.0, 1.0], size=(d, 1)) if sign_varies else np.ones((d, 1)))
    spread = np.sqrt(2) * design.judge_noise
    looks = [sign * gap + effect + spread * rng.normal(size=gap.shape) for sign in (1.0, -1.0, 1.0)]
    scores = [np.where(np.abs(x) < tie, 0.5, (x > 0).astype(np.float64)) for x in looks]
    if not repeats:
        scores[2] = np.full(gap.shape, np.nan)
    return np.stack(scores, axis=2)
