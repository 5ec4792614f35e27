"""The mixed logistic model of a study, and beside it the summary tests that hold their error rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, finding, t_estimate, unidentified
from judge.analysis.mixed.glmm import fit_mixed, to_cells
from judge.analysis.mixed.summary import WARNING, empirical_logit, summary_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from judge.analysis.inputs import AuditOptions
    from judge.analysis.mixed.glmm import MixedFit
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FEW_MODELS = 30
"""Below this many models the Wald test of a kind of model is warned of."""
_SLOPES = (
    "the model has no random slope: where sentiment works differently on different models, this error"
    " is too small (a true null was rejected in .38 of simulated studies at .05)"
)


@dataclass(frozen=True)
class Binary:
    """One row a response: its model, the model's kind, the sentiment of the dialogue, and 0 or 1.

    `sentiment` may be all alike, and then takes no part.
    """

    model: Sequence[str]
    kind: Sequence[str]
    sentiment: Sequence[str]
    outcome: Sequence[float]


@dataclass(frozen=True)
class _Columns:
    """The design with treatment coding; the first kind and sentiment are the references."""

    names: tuple[str, ...]
    design: Floats
    kinds: tuple[str, ...]
    sentiments: tuple[str, ...]


def mixed_findings(
    data: Binary,
    *,
    reference_kind: str | None = None,
    reference_sentiment: str | None = None,
    nodes: int = 1,
    confidence: float = 0.95,
    judge: str = "",
    criterion: str = "",
) -> Iterator[Finding]:
    """Yield the mixed logistic model ``outcome ~ kind * sentiment + (1 | model)`` and the summary tests.

    Parameters
    ----------
    data
        One row a response.
    reference_kind, reference_sentiment
        The levels that the others are compared with; the first by name if not given.
    nodes
        1 for Laplace's approximation, more for adaptive Gauss-Hermite.
    confidence
        Of the intervals.
    judge, criterion
        Whose scores these are, for the findings' columns.

    Yields
    ------
    Finding
        Family ``mixed``. ``coefficient`` (logits; `term` its name), ``sigma`` (of the random intercept),
        ``log_likelihood``; then, with one number a model, ``summary_difference`` of each two kinds (p of the
        t test), ``summary_permutation`` (the same with the exact p, where there are at most 10 models), and
        ``summary_sentiment`` of each sentiment against the rest, over all models.

    Raises
    ------
    ValueError
        Rows of different lengths, a model of two kinds, a reference that does not occur, or an outcome that
        is neither 0 nor 1.

    Notes
    -----
    With few models the Wald tests of kinds reject a true null too often, and more so their interactions: the
    findings say it, and the summary tests are the ones to go by. Prompts are crossed with models and are not
    in the model.

    References
    ----------
    Bates et al. 2015, doi:10.18637/jss.v067.i01.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = np.repeat([f"m{k}" for k in range(8)], 100)
    >>> kind = np.where(np.repeat(np.arange(8), 100) < 4, "older", "llm")
    >>> y = rng.random(800) < np.where(kind == "llm", 0.7, 0.3)
    >>> found = list(mixed_findings(Binary(model, kind, ["-"] * 800, y), reference_kind="older"))
    >>> [(f.statistic, f.term, round(f.estimate, 1)) for f in found if f.statistic == "summary_difference"]
    [('summary_difference', 'kind: llm less older', 1.9)]
    """
    columns = {"judge": judge, "criterion": criterion}
    model, outcome = np.asarray(data.model).astype(str), np.asarray(data.outcome, dtype=np.float64)
    kind, mood = np.asarray(data.kind).astype(str), np.asarray(data.sentiment).astype(str)
    if not model.size == kind.size == mood.size == outcome.size:
        raise ValueError("model, kind, sentiment and outcome need one entry a row each")
    _check_kinds(model, kind)
    kinds = _levels(kind, reference_kind, "kind")
    sentiments = _levels(mood, reference_sentiment, "sentiment")
    made = _columns(kind, mood, kinds, sentiments)
    yield from _model(made, outcome, model, nodes, confidence=confidence, columns=columns)
    yield from _summaries(made, (model, kind, mood, outcome), confidence, columns)


def mixed_from_ratings(
    table: RatingTable,
    kinds: Mapping[str, str],
    sentiments: Mapping[str, str],
    threshold: float,
    options: AuditOptions,
    *,
    nodes: int = 1,
    reference_kind: str | None = None,
    reference_sentiment: str | None = None,
) -> Iterator[Finding]:
    """Yield the mixed model of each judge's (and people's mean) scores, cut at a threshold.

    Parameters
    ----------
    table
        The encoded ratings.
    kinds
        System -> kind of model; systems that are not named take no part.
    sentiments
        Dialogue -> sentiment; dialogues that are not named take no part, and with an empty mapping all are
        alike.
    threshold
        A score of at least this is a 1.
    nodes, reference_kind, reference_sentiment
        See `mixed_findings`.
    """
    from judge.analysis.means import voices

    for scores in voices(table):
        system = np.array(table.system.names, dtype=object)[scores.system]
        dialogue = np.array(table.dialogue.names, dtype=object)[scores.dialogue]
        kept = np.array([s in kinds for s in system], dtype=bool)
        if sentiments:
            kept &= np.array([d in sentiments for d in dialogue], dtype=bool)
        if not kept.any():
            continue
        rows = Binary(
            [str(s) for s in system[kept]],
            [kinds[s] for s in system[kept]],
            [sentiments.get(d, "all") for d in dialogue[kept]],
            [float(value >= threshold) for value in scores.score[kept]],
        )
        for one in mixed_findings(
            rows, nodes=nodes, confidence=options.confidence, judge=scores.judge, criterion=scores.criterion,
            reference_kind=reference_kind, reference_sentiment=reference_sentiment,
        ):  # fmt: skip
            yield replace(one, method=f"score of at least {threshold:g}; {one.method}")


def _check_kinds(model: NDArray[np.str_], kind: NDArray[np.str_]) -> None:
    pairs = sorted(set(zip(model.tolist(), kind.tolist(), strict=True)))
    for (one, first), (two, second) in pairwise(pairs):
        if one == two:
            raise ValueError(f"the model {one!r} has two kinds: {first!r} and {second!r}")


def _levels(values: NDArray[np.str_], reference: str | None, what: str) -> tuple[str, ...]:
    names = sorted(set(values.tolist()))
    if reference is None:
        return tuple(names)
    if reference not in names:
        raise ValueError(f"no {what} is named {reference!r}; there are {', '.join(names) or 'none'}")
    return (reference, *(name for name in names if name != reference))


def _columns(
    kind: NDArray[np.str_], mood: NDArray[np.str_], kinds: tuple[str, ...], sentiments: tuple[str, ...]
) -> _Columns:
    names, parts = ["intercept"], [np.ones(kind.size)]
    for name in kinds[1:]:
        names.append(f"kind: {name}")
        parts.append((kind == name).astype(float))
    for name in sentiments[1:]:
        names.append(f"sentiment: {name}")
        parts.append((mood == name).astype(float))
    for one in sentiments[1:]:
        for two in kinds[1:]:
            names.append(f"kind: {two} x sentiment: {one}")
            parts.append(((kind == two) & (mood == one)).astype(float))
    return _Columns(tuple(names), np.column_stack(parts), kinds, sentiments)


def _model(
    made: _Columns,
    outcome: Floats,
    model: NDArray[np.str_],
    nodes: int,
    *,
    confidence: float,
    columns: dict[str, str],
) -> Iterator[Finding]:
    models = int(np.unique(model).size)
    method = f"logistic mixed model with a random intercept of the model, {_how(nodes)}"
    cells = to_cells(outcome, made.design, model)
    fit, reason = None, ""
    try:
        fit = fit_mixed(cells, nodes=nodes)
    except (ValueError, np.linalg.LinAlgError) as error:
        reason = str(error)
    if fit is None or not np.isfinite(fit.std_error).all():
        for name in made.names:
            why = reason or "the likelihood is flat: standard errors cannot be given"
            missing = unidentified(why, n=outcome.size, method=method)
            yield finding("mixed", "coefficient", missing, level="model", term=name, **columns)
        return
    for place, name in enumerate(made.names):
        notes = _notes(name, models, fit)
        estimate = _wald(fit, place, confidence, outcome.size, method)
        yield finding(
            "mixed", "coefficient", estimate, level="model", term=name, warnings=notes, n_dialogues=None,
            **columns,
        )  # fmt: skip
    for statistic, value in (("sigma", fit.sigma), ("log_likelihood", fit.log_likelihood)):
        estimate = Estimate(value=float(value), n=outcome.size, method=f"{method}; {models} models")
        yield finding("mixed", statistic, estimate, level="model", n_dialogues=None, **columns)


def _how(nodes: int) -> str:
    return "Laplace" if nodes == 1 else f"adaptive Gauss-Hermite with {nodes} nodes"


def _notes(name: str, models: int, fit: MixedFit) -> tuple[str, ...]:
    notes = []
    if name.startswith("kind:") and models < FEW_MODELS:
        notes.append(WARNING)
    if "sentiment:" in name:
        notes.append(_SLOPES)
    if not fit.converged:
        notes.append("the fit did not converge")
    if fit.singular:
        notes.append("the models' spread is estimated as nought: intervals are those without models")
    return tuple(notes)


def _wald(fit: MixedFit, place: int, confidence: float, n: int, method: str) -> Estimate:
    from scipy import special

    value, error = float(fit.coef[place]), float(fit.std_error[place])
    half = float(special.ndtri(0.5 + confidence / 2)) * error
    return Estimate(
        value=value, std_error=error, ci_low=value - half, ci_high=value + half, n=n, confidence=confidence,
        p=float(2 * special.ndtr(-abs(value / error))), method=f"{method}; Wald z",
    )  # fmt: skip


def _summaries(
    made: _Columns,
    rows: tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.str_], Floats],
    confidence: float,
    columns: dict[str, str],
) -> Iterator[Finding]:
    """Yield the tests with one number a model: its logit, and how its logit changes with a sentiment."""
    model, kind, mood, outcome = rows
    names, first, code = np.unique(model, return_index=True, return_inverse=True)
    of_model = kind[first]
    whole = _logits(code, outcome, names.size, np.ones(outcome.size, dtype=bool))
    yield from _kinds(whole, of_model, made.kinds, "", columns=columns, confidence=confidence)
    if len(made.sentiments) < 2:
        return
    for name in made.sentiments:
        here = np.asarray(mood == name)
        change = _logits(code, outcome, names.size, here) - _logits(code, outcome, names.size, ~here)
        known = np.isfinite(change)
        yield _sentiment(change[known], name, confidence, columns)
        yield from _kinds(
            change[known], of_model[known], made.kinds, f" x sentiment: {name} less the rest",
            columns=columns,
            confidence=confidence,
        )  # fmt: skip


def _logits(code: NDArray[np.intp], outcome: Floats, count: int, rows: Bools) -> Floats:
    trials = np.bincount(code[rows], minlength=count).astype(np.float64)
    successes = np.bincount(code[rows], outcome[rows], count)
    return np.where(trials > 0, empirical_logit(successes, trials), np.nan)


def _kinds(
    values: Floats,
    kind: NDArray[np.str_],
    kinds: tuple[str, ...],
    tail: str,
    *,
    columns: dict[str, str],
    confidence: float,
) -> Iterator[Finding]:
    for base, other in combinations(kinds, 2):
        both = np.isin(kind, (base, other))
        x, first = values[both], np.asarray(kind[both] == other)
        term = f"kind: {other} less {base}{tail}"
        method = "one empirical logit a model; pooled two-sample t across models"
        where = {"level": "model", "term": term, **columns}
        try:
            test = summary_test(x, first)
        except ValueError as error:
            missing = unidentified(str(error), n=x.size, method=method)
            yield finding("mixed", "summary_difference", missing, **where)
            continue
        estimate = t_estimate(
            test.difference, test.std_error, test.df, n=x.size, confidence=confidence, method=method, null=0.0
        )
        estimate = replace(estimate, clusters=x.size, warnings=())
        yield finding("mixed", "summary_difference", estimate, n_dialogues=None, **where)
        if test.p_permutation is not None:
            exact = Estimate(
                value=test.difference, p=test.p_permutation, n=x.size,
                method=f"exact permutation of the models' kinds; its p cannot fall below {test.p_floor:.3g}",
            )  # fmt: skip
            yield finding("mixed", "summary_permutation", exact, n_dialogues=None, **where)


def _sentiment(change: Floats, name: str, confidence: float, columns: dict[str, str]) -> Finding:
    term = f"sentiment: {name} less the rest"
    method = "difference of empirical logits within each model; t across models"
    where = {"level": "model", "term": term, **columns}
    if change.size < 2:
        missing = unidentified(
            f"{change.size} models have dialogues of both sides", n=change.size, method=method
        )
        return finding("mixed", "summary_sentiment", missing, **where)
    error = float(change.std(ddof=1) / np.sqrt(change.size))
    estimate = t_estimate(
        float(change.mean()),
        error,
        change.size - 1,
        n=change.size,
        confidence=confidence,
        method=method,
        null=0.0,
    )
    return finding("mixed", "summary_sentiment", replace(estimate, warnings=()), n_dialogues=None, **where)
