"""Errors-in-variables regression: what a judge likes *beyond* what people give credit for.

People's ratings are noisy. Whoever regresses a judge on the mean human rating and a feature leaves a part of
the true quality in the residual, and every feature that goes with quality (likeness to the reference,
length, fluency) picks it up: an unbiased judge then looks biased. The estimators here take the noise of the
ratings into account, which they learn from items that several people rated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    """

    mean: Floats
    noise: Floats
    squares: Floats
    dof: Floats

    def take(self, keep: NDArray[np.bool_] | Ints) -> HumanMoments:
        """Return some of the rows."""
        return HumanMoments(self.mean[keep], self.noise[keep], self.squares[keep], self.dof[keep])

    def minus(self, other: HumanMoments) -> HumanMoments:
        """Return what people said of differences between rows, for a judge that compares two responses."""
        return HumanMoments(
            self.mean - other.mean,
            self.noise + other.noise,
            self.squares + other.squares,
            self.dof + other.dof,
        )


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
    determinant, numerators
        Cramer's rule for each coefficient, with replicates in `det_replicates` and `num_replicates`:
        what `fieller` needs.
    n_items, n_clusters, n_double
        Items used, clusters, items that at least two people rated.
    """

    coef: Floats
    cov: Floats
    replicates: Floats
    error_variance: float
    determinant: float
    numerators: Floats
    det_replicates: Floats
    num_replicates: Floats
    n_items: int
    n_clusters: int
    n_double: int

    @property
    def std_error(self) -> Floats:
        """Standard errors of `coef`."""
        return np.sqrt(np.diag(self.cov))

    @property
    def df(self) -> int:
        """Degrees of freedom of the t distribution: clusters less one."""
        return self.n_clusters - 1


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
    score = ratings.score
    if centre:
        n_raters = int(ratings.rater.max()) + 1 if len(ratings.rater) else 0
        per_rater = np.bincount(ratings.rater, minlength=n_raters)
        sums = np.bincount(ratings.rater, weights=score, minlength=n_raters)
        score = score - (sums / np.maximum(per_rater, 1))[ratings.rater]
    count = np.bincount(ratings.item, minlength=ratings.n_items).astype(np.float64)
    total = np.bincount(ratings.item, weights=score, minlength=ratings.n_items)
    mean = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    residual = score - mean[ratings.item]
    squares = np.bincount(ratings.item, weights=residual**2, minlength=ratings.n_items).astype(np.float64)
    dof = np.maximum(count - 1.0, 0.0)
    if centre and _is_crossed(count, ratings.rater):
        rated = int((count > 0).sum())
        dof *= (rated - 1) / rated
    return HumanMoments(mean, 1.0 / np.maximum(count, 1.0), squares, dof)


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
    y, x, clusters, moments = _complete(judge, features, people, cluster)
    n_double = int((moments.dof > 0).sum())
    n_clusters = int(clusters.max()) + 1 if clusters.size else 0
    if n_double == 0:
        raise NotIdentified("no item was rated by two people: their noise cannot be told from quality")
    if n_clusters < 3:
        raise NotIdentified(f"{n_clusters} dialogues with people's ratings; at least 3 are needed")
    if (np.ptp(x, axis=0) == 0).any():
        raise NotIdentified("a feature has the same value everywhere")
    pieces = _pieces(y, x, clusters, moments, n_clusters, fixed_effects=fixed_effects)
    return _solve(
        pieces, n_items=y.size, n_clusters=n_clusters, n_double=n_double, fixed_effects=fixed_effects
    )


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Sums by cluster, of which every replicate is a difference."""

    gram: Floats  # (D, p, p)
    cross: Floats  # (D, p)
    squares: Floats  # (D,) rating noise: sum of squares
    dof: Floats  # (D,) and its degrees of freedom
    shrink: Floats  # (D,) sum over items of (1 / raters), less what centring took


def _complete(
    judge: ArrayLike, features: ArrayLike, people: HumanMoments, cluster: ArrayLike
) -> tuple[Floats, Floats, Ints, HumanMoments]:
    y = np.asarray(judge, dtype=np.float64)
    x = np.asarray(features, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    keep = np.isfinite(y) & np.isfinite(x).all(axis=1) & np.isfinite(people.mean)
    _, codes = np.unique(np.asarray(cluster)[keep], return_inverse=True)
    return y[keep], x[keep], codes.astype(np.intp), people.take(keep)


def _pieces(
    y: Floats, x: Floats, clusters: Ints, people: HumanMoments, n_clusters: int, *, fixed_effects: bool
) -> _Pieces:
    columns = np.column_stack([people.mean, x])
    # Centring the features changes no slope and keeps the moment matrices well conditioned.
    columns = columns - columns.mean(axis=0)
    noise = people.noise
    if fixed_effects:
        size = np.bincount(clusters, minlength=n_clusters).astype(np.float64)
        y = y - _sums(y, clusters, n_clusters)[clusters] / size[clusters]
        columns = columns - (_sums(columns, clusters, n_clusters) / size[:, None])[clusters]
        # The mean of the cluster takes its share of each rating's noise with it.
        noise = noise * (1.0 - 1.0 / size[clusters])
        design = columns
    else:
        design = np.column_stack([columns, np.ones(y.size)])
    outer = design[:, :, None] * design[:, None, :]
    return _Pieces(
        gram=_sums(outer, clusters, n_clusters),
        cross=_sums(design * y[:, None], clusters, n_clusters),
        squares=_sums(people.squares, clusters, n_clusters),
        dof=_sums(people.dof, clusters, n_clusters),
        shrink=_sums(noise, clusters, n_clusters),
    )


def _solve(pieces: _Pieces, *, n_items: int, n_clusters: int, n_double: int, fixed_effects: bool) -> EIVFit:
    gram, cross = pieces.gram.sum(axis=0), pieces.cross.sum(axis=0)
    squares, dof, shrink = pieces.squares.sum(), pieces.dof.sum(), pieces.shrink.sum()
    variance = float(squares / dof)
    # A cluster that holds all double-rated items leaves a replicate without a noise variance.
    left = dof - pieces.dof
    if (left <= 0).any():
        raise NotIdentified("all double-rated items belong to one dialogue; rate items of others twice too")
    variances = (squares - pieces.squares) / left
    full = gram.copy()
    full[0, 0] -= variance * shrink
    loo = gram[None] - pieces.gram
    loo[:, 0, 0] -= variances * (shrink - pieces.shrink)
    right = cross[None] - pieces.cross
    if full[0, 0] <= 0 or np.linalg.eigvalsh(full)[0] <= 1e-12 * np.trace(full):
        raise NotIdentified(
            "people's ratings hold no more signal than noise here; collect more raters an item"
        )
    coef = np.linalg.solve(full, cross)
    replicates = _solve_each(loo, right)
    det, nums = _cramer(full[None], cross[None])
    dets, numss = _cramer(loo, right)
    if fixed_effects:
        coef = np.append(coef, 0.0)
        replicates = np.column_stack([replicates, np.zeros(n_clusters)])
    deviations = replicates - replicates.mean(axis=0)
    cov = (n_clusters - 1) / n_clusters * deviations.T @ deviations
    return EIVFit(
        coef, cov, replicates, variance, float(det[0]), nums[0], dets, numss, n_items, n_clusters, n_double
    )


def _solve_each(matrices: Floats, rights: Floats) -> Floats:
    try:
        return np.linalg.solve(matrices, rights[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise NotIdentified("without one of the dialogues the features cannot be told apart") from None


def _cramer(matrices: Floats, rights: Floats) -> tuple[Floats, Floats]:
    """Return det(A) and, for each coefficient, det(A with that column replaced by the right-hand side)."""
    scale = np.abs(np.diagonal(matrices[:1], axis1=1, axis2=2)).max()
    scaled, right = matrices / scale, rights / scale
    p = matrices.shape[1]
    numerators = np.empty((matrices.shape[0], p))
    for k in range(p):
        replaced = scaled.copy()
        replaced[:, :, k] = right
        numerators[:, k] = np.linalg.det(replaced)
    determinants: Floats = np.linalg.det(scaled).astype(np.float64)
    return determinants, numerators


def _sums(values: Floats, clusters: Ints, n_clusters: int) -> Floats:
    """Sum rows by cluster, whatever the shape behind the first axis."""
    flat = values.reshape(values.shape[0], -1)
    out = np.empty((n_clusters, flat.shape[1]))
    for column in range(flat.shape[1]):
        out[:, column] = np.bincount(clusters, weights=flat[:, column], minlength=n_clusters)
    return out.reshape((n_clusters, *values.shape[1:]))
