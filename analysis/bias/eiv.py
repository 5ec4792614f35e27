"""Errors-in-variables regression: what a judge likes *beyond* what people give credit for.

People's ratings are noisy. Whoever regresses a judge on the mean human rating and a feature leaves a part of
the true quality in the residual, and every feature that goes with quality (likeness to the reference,
length, fluency) picks it up: an unbiased judge then looks biased. The estimators here take the noise of the
ratings into account, which they learn from items that several people rated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from judge.analysis.bias.rounding import overlap, scale_step, shared_rounding

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ratings:
    """People's ratings in long form, one entry a rating, as integer codes.

    Parameters
    ----------
    item, rater
        Codes from 0, shape (m,).
    score
        Finite scores, shape (m,).
    n_items
        Number of items; an item may have no rating at all.
    """

    item: Ints
    rater: Ints
    score: Floats
    n_items: int


@dataclass(frozen=True, slots=True)
class HumanMoments:
    """What people said of each row, and how noisy that is; all of shape (n,).

    Parameters
    ----------
    mean
        Quality as people saw it; NaN where nobody did.
    noise
        Variance of `mean` about quality, in units of the variance of one rating: 1 / raters for an item.
    squares, dof
        Sum of squares of the ratings about their mean, and its degrees of freedom: together they tell the
        variance of one rating.
    step, sides, waves
        Distance of the levels of a coarse scale (0: continuous); how many rounded numbers a row is made of
        (1, or 2 for a difference); and how far the raters' rounding runs in step (see `overlap`).
    own
        Variance of `mean` about quality as the row's own raters show it; NaN where fewer than two rated.
    """

    mean: Floats
    noise: Floats
    squares: Floats
    dof: Floats
    step: float = 0.0
    sides: int = 1
    waves: Floats | None = None
    own: Floats | None = None

    def take(self, keep: NDArray[np.bool_] | Ints) -> HumanMoments:
        """Return some of the rows."""
        return replace(
            self,
            mean=self.mean[keep],
            noise=self.noise[keep],
            squares=self.squares[keep],
            dof=self.dof[keep],
            own=None if self.own is None else self.own[keep],
        )

    def minus(self, other: HumanMoments) -> HumanMoments:
        """Return what people said of differences between rows, for a judge that compares two responses."""
        return HumanMoments(
            self.mean - other.mean,
            self.noise + other.noise,
            self.squares + other.squares,
            self.dof + other.dof,
            step=max(self.step, other.step),
            sides=self.sides + other.sides,
            waves=self.waves,
            own=None if self.own is None or other.own is None else self.own + other.own,
        )


@dataclass(frozen=True, slots=True)
class _Systems:
    """Moment equations ``matrix coef = right``: of all clusters, and without each of them."""

    matrix: Floats  # (p, p)
    right: Floats  # (p,)
    matrices: Floats  # (D, p, p)
    rights: Floats  # (D, p)


@dataclass(frozen=True, slots=True)
class EIVFit:
    """A fit with its delete-one-cluster jackknife.

    Parameters
    ----------
    coef
        ``[b, beta_1, ..., beta_k, a]``: slope on quality, preference for each feature, level.
    cov
        Jackknife covariance of `coef`, shape (k + 2, k + 2).
    replicates
        Leave-one-cluster-out coefficients, shape (clusters, k + 2).
    error_variance
        Variance of one rating about the quality that the raters share.
    systems
        The moment equations behind `coef` and `replicates`: what `fieller` needs.
    n_items, n_clusters, n_double
        Items used, clusters, items that at least two people rated.
    clusters
        Names of the clusters, in the order of `replicates`.
    """

    coef: Floats
    cov: Floats
    replicates: Floats
    error_variance: float
    systems: _Systems
    n_items: int
    n_clusters: int
    n_double: int
    clusters: Ints

    @property
    def std_error(self) -> Floats:
        """Standard errors of `coef`."""
        return np.sqrt(np.diag(self.cov))

    @property
    def df(self) -> int:
        """Degrees of freedom of the t distribution: clusters less one."""
        return self.n_clusters - 1


ONE_DIALOGUE = "without one of the dialogues the features have the same value, or cannot be told apart"


class NotIdentified(ValueError):  # noqa: N818 - a state of the data, not a fault
    """The data do not determine the number; the message says what would."""


def human_moments(ratings: Ratings, *, centre: bool = True) -> HumanMoments:
    """Reduce people's ratings to what the estimators need, item by item.

    Parameters
    ----------
    ratings
        In long form.
    centre
        Take each rater's own mean off first, which removes severity. Only right where each rater saw
        enough items; with a handful each it removes signal.

    Returns
    -------
    HumanMoments
        Where raters are fully crossed with items, centring takes (n - 1) / n of the degrees of freedom.
    """
    score, step, waves = ratings.score, scale_step(ratings.score), None
    if centre and score.size:
        per_rater = np.bincount(ratings.rater).astype(np.float64)
        severity = np.bincount(ratings.rater, weights=score) / np.maximum(per_rater, 1.0)
        score = score - severity[ratings.rater]
        waves = overlap(severity, per_rater, step) if step > 0 else None
    count = np.bincount(ratings.item, minlength=ratings.n_items).astype(np.float64)
    total = np.bincount(ratings.item, weights=score, minlength=ratings.n_items)
    mean = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    residual = score - mean[ratings.item]
    squares = np.bincount(ratings.item, weights=residual**2, minlength=ratings.n_items).astype(np.float64)
    dof = np.maximum(count - 1.0, 0.0)
    if centre and _is_crossed(count, ratings.rater):
        rated = int((count > 0).sum())
        dof *= (rated - 1) / rated
    own = np.divide(squares, dof * count, out=np.full(count.size, np.nan), where=dof > 0)
    return HumanMoments(mean, 1.0 / np.maximum(count, 1.0), squares, dof, step, waves=waves, own=own)


def _is_crossed(count: Floats, rater: Ints) -> bool:
    rated = count[count > 0]
    return rated.size > 1 and bool((rated == rated[0]).all()) and int(rated[0]) == np.unique(rater).size


def mom_eiv(
    judge: ArrayLike,
    features: ArrayLike,
    people: HumanMoments,
    cluster: ArrayLike,
    *,
    fixed_effects: bool = False,
    noise: Literal["pooled", "own"] = "pooled",
) -> EIVFit:
    """Regress a judge on quality and features, quality being seen only through noisy raters.

    The model is ``judge = a + b quality + beta' x + e`` and ``rating = severity + quality + u`` with ``u``
    independent of everything else and across raters. Moments are corrected by the variance of ``u``, which
    is pooled over the items that at least two people rated; standard errors are a delete-one-cluster
    jackknife of the whole estimate, that variance included.

    Parameters
    ----------
    judge
        Scores, shape (n,). Items with NaN are left out.
    features
        Shape (n, k) or (n,). Items with NaN are left out.
    people
        From `human_moments`, for the same n items.
    cluster
        Codes of the unit of independence (the dialogue), shape (n,).
    fixed_effects
        Take cluster means off everything first, which removes every confounder of the whole dialogue.
        Costs precision; needs several items a cluster.
    noise
        ``pooled`` takes one noise variance for all raters and items. ``own`` takes each row's noise from its
        own raters and leaves out rows with one: this is ORIV (see `oriv`).

    Returns
    -------
    EIVFit
        With fixed effects the last coefficient (the level) is 0 by construction.

    Raises
    ------
    NotIdentified
        No item has two raters, fewer than 3 clusters, a feature that does not vary, or a corrected moment
        matrix that is not positive (the ratings are all noise).

    Notes
    -----
    1. Raters must err independently: with 30 % of the noise shared, the test rejects a true null .61 of
       the time. The number is relative to these raters.
    2. Never pick the analysis by an estimated reliability; choose by design.

    References
    ----------
    Fuller 1987, Measurement Error Models, doi:10.1002/9780470316665.
    Cameron and Miller 2015, doi:10.3368/jhr.50.2.317.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> dialogue = np.repeat(np.arange(300), 5)
    >>> quality = rng.normal(size=1500)
    >>> similar = .5 * quality + rng.normal(size=1500)
    >>> raters = np.tile(np.arange(3), 1500)
    >>> scores = np.repeat(quality, 3) + rng.normal(size=4500)
    >>> people = human_moments(Ratings(np.repeat(np.arange(1500), 3), raters, scores, 1500))
    >>> fit = mom_eiv(quality + rng.normal(size=1500), similar, people, dialogue)
    >>> bool(abs(fit.coef[1]) < 2 * fit.std_error[1])  # an unbiased judge: no preference for similarity
    True
    """
    y, x, names, clusters, moments = _complete(judge, features, people, cluster, own=noise == "own")
    n_double = int((moments.dof > 0).sum())
    n_clusters = int(clusters.max()) + 1 if clusters.size else 0
    if n_double == 0:
        raise NotIdentified("no item was rated by two people: their noise cannot be told from quality")
    if n_clusters < 3:
        raise NotIdentified(f"{n_clusters} dialogues with people's ratings; at least 3 are needed")
    if (np.ptp(x, axis=0) == 0).any():
        raise NotIdentified("a feature has the same value everywhere")
    pieces = _pieces(y, x, clusters, moments, n_clusters, fixed_effects=fixed_effects)
    if noise == "own":
        pieces = replace(pieces, own=_sums(_own(moments), clusters, n_clusters))
    return _solve(pieces, names, n_items=y.size, n_double=n_double, fixed_effects=fixed_effects)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Sums by cluster, of which every replicate is a difference."""

    gram: Floats  # (D, p, p)
    cross: Floats  # (D, p)
    squares: Floats  # (D,) rating noise: sum of squares
    dof: Floats  # (D,) and its degrees of freedom
    shrink: Floats  # (D,) sum over items of (1 / raters), less what centring took
    rounded: Floats  # (D,) rounded numbers behind the means, less what centring took
    step: float
    waves: Floats | None
    own: Floats | None = None  # (D,) noise of the means as each row's own raters show it


def _complete(
    judge: ArrayLike, features: ArrayLike, people: HumanMoments, cluster: ArrayLike, *, own: bool
) -> tuple[Floats, Floats, Ints, Ints, HumanMoments]:
    y = np.asarray(judge, dtype=np.float64)
    x = np.asarray(features, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    keep = np.isfinite(y) & np.isfinite(x).all(axis=1) & np.isfinite(people.mean)
    keep &= np.isfinite(_own(people)) if own else True
    names, codes = _renumber(np.asarray(cluster)[keep])
    return y[keep], x[keep], names, codes, people.take(keep)


def _renumber(cluster: NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Return the clusters in use, sorted, and each row's place among them."""
    if cluster.size and cluster.min() >= 0 and cluster.max() < 4 * cluster.size + 1024:
        used = np.bincount(cluster) > 0
        return np.flatnonzero(used), (np.cumsum(used) - 1)[cluster]
    names, codes = np.unique(cluster, return_inverse=True)
    return names.astype(np.intp), codes.astype(np.intp)


def _own(people: HumanMoments) -> Floats:
    return np.full(people.mean.size, np.nan) if people.own is None else people.own


def _pieces(
    y: Floats, x: Floats, clusters: Ints, people: HumanMoments, n_clusters: int, *, fixed_effects: bool
) -> _Pieces:
    columns = np.column_stack([people.mean, x])
    # Centring the features changes no slope and keeps the moment matrices well conditioned.
    columns = columns - columns.mean(axis=0)
    noise, rounded = people.noise, np.full(y.size, float(people.sides))
    if fixed_effects:
        size = np.bincount(clusters, minlength=n_clusters).astype(np.float64)
        y = y - _sums(y, clusters, n_clusters)[clusters] / size[clusters]
        columns = columns - (_sums(columns, clusters, n_clusters) / size[:, None])[clusters]
        # The mean of the cluster takes its share of each rating's noise with it.
        kept = 1.0 - 1.0 / size[clusters]
        noise, rounded = noise * kept, rounded * kept
        design = columns
    else:
        design = np.column_stack([columns, np.ones(y.size)])
    return _Pieces(
        gram=_products(design, clusters, n_clusters),
        cross=_sums(design * y[:, None], clusters, n_clusters),
        squares=_sums(people.squares, clusters, n_clusters),
        dof=_sums(people.dof, clusters, n_clusters),
        shrink=_sums(noise, clusters, n_clusters),
        rounded=_sums(rounded, clusters, n_clusters),
        step=people.step,
        waves=people.waves,
    )


def _solve(pieces: _Pieces, names: Ints, *, n_items: int, n_double: int, fixed_effects: bool) -> EIVFit:
    n_clusters = names.size
    variance = float(pieces.squares.sum() / pieces.dof.sum())
    full, loo = _corrected(pieces, variance)
    cross = pieces.cross.sum(axis=0)
    right = cross[None] - pieces.cross
    if full[0, 0] <= 0 or np.linalg.eigvalsh(full)[0] <= 1e-12 * np.trace(full):
        raise NotIdentified(
            "people's ratings hold no more signal than noise here; collect more raters an item"
        )
    coef = np.linalg.solve(full, cross)
    replicates = _solve_each(loo, right)
    if fixed_effects:
        coef = np.append(coef, 0.0)
        replicates = np.column_stack([replicates, np.zeros(n_clusters)])
    deviations = replicates - replicates.mean(axis=0)
    cov = (n_clusters - 1) / n_clusters * deviations.T @ deviations
    systems = _Systems(full, cross, loo, right)
    return EIVFit(coef, cov, replicates, variance, systems, n_items, n_clusters, n_double, names)


def _corrected(pieces: _Pieces, variance: float) -> tuple[Floats, Floats]:
    """Take the noise off people's second moment: of all clusters, and without each of them."""
    squares, dof = pieces.squares.sum(), pieces.dof.sum()
    left = dof - pieces.dof
    # A cluster that holds all double-rated items leaves a replicate without a noise variance.
    if (left <= 0).any():
        raise NotIdentified("all double-rated items belong to one dialogue; rate items of others twice too")
    variances = np.maximum(squares - pieces.squares, 0.0) / left
    full = pieces.gram.sum(axis=0)
    loo = full[None] - pieces.gram
    shrink, rounded = pieces.shrink.sum(), pieces.rounded.sum()
    noise = variance * shrink, variances * (shrink - pieces.shrink)
    if pieces.own is not None:
        noise = pieces.own.sum(), pieces.own.sum() - pieces.own
    full[0, 0] -= noise[0]
    full[0, 0] -= float(shared_rounding(variance, pieces.step, pieces.waves)) * rounded
    loo[:, 0, 0] -= noise[1]
    loo[:, 0, 0] -= shared_rounding(variances, pieces.step, pieces.waves) * (rounded - pieces.rounded)
    return full, loo


def _solve_each(matrices: Floats, rights: Floats) -> Floats:
    """Solve each system, scaled to a unit diagonal so that near-singular ones are seen for what they are."""
    scale = np.sqrt(np.abs(np.diagonal(matrices, axis1=1, axis2=2)))
    scale = np.where(scale > 0, scale, 1.0)
    scaled = matrices / (scale[:, :, None] * scale[:, None, :])
    try:
        solved = np.linalg.solve(scaled, (rights / scale)[:, :, None])[:, :, 0] / scale
    except np.linalg.LinAlgError:
        raise NotIdentified(ONE_DIALOGUE) from None
    # Only the features' own block: noise may honestly bring people's corrected moment close to nought.
    if scaled.shape[1] > 1 and (np.linalg.eigvalsh(scaled[:, 1:, 1:])[:, 0] < 1e-10).any():
        raise NotIdentified(ONE_DIALOGUE)
    return solved


def _products(design: Floats, clusters: Ints, n_clusters: int) -> Floats:
    """Sum the outer products of rows by cluster, one pair of columns at a time: little memory."""
    p = design.shape[1]
    out = np.empty((n_clusters, p, p))
    for i in range(p):
        for j in range(i, p):
            sums = np.bincount(clusters, weights=design[:, i] * design[:, j], minlength=n_clusters)
            out[:, i, j] = out[:, j, i] = sums
    return out


def _sums(values: Floats, clusters: Ints, n_clusters: int) -> Floats:
    """Sum rows by cluster, whatever the shape behind the first axis."""
    flat = values.reshape(values.shape[0], -1)
    out = np.empty((n_clusters, flat.shape[1]))
    for column in range(flat.shape[1]):
        out[:, column] = np.bincount(clusters, weights=flat[:, column], minlength=n_clusters)
    return out.reshape((n_clusters, *values.shape[1:]))
