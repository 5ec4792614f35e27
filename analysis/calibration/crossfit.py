"""How well a judge's scores can be turned into people's: cross-fitted by cluster, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from judge.analysis.calibration.isotonic import fit_isotonic
from judge.analysis.calibration.ordinal import fit_ordinal
from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import dense_codes, from_replicates, leave_one_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Method = Literal["raw", "isotonic", "ordinal"]
FOLDS = 5
BINS = 10


@dataclass(frozen=True)
class Labelled:
    """Items that the judge scored and people rated.

    Parameters
    ----------
    score, label, cluster
        One entry an item: the judge's score, people's mean, the code of the dialogue; shape (n,).
    item, rating
        One entry a person's rating: the index of its item and the level given; shape (m,).
    """

    score: Floats
    label: Floats
    cluster: Ints
    item: Ints
    rating: Floats


def cross_fitted(data: Labelled, method: Method, *, rng: np.random.Generator, folds: int = FOLDS) -> Floats:
    """Predict people's mean of each item by a model that saw no item of its cluster's fold.

    Parameters
    ----------
    data
        The labelled items.
    method
        ``raw`` returns the judge's scores as they are.
    rng
        Deals clusters to folds.
    folds
        Number of folds, at most the number of clusters.

    Returns
    -------
    ndarray
        Shape (n,).

    Raises
    ------
    ValueError
        Fewer than two clusters, or labels with too many levels for the ordinal model.
    """
    if method == "raw":
        return data.score
    code, count = dense_codes(data.cluster)
    if count < 2:
        raise ValueError("one cluster only: nothing is left to fit on")
    fold = (rng.permutation(count) % min(folds, count))[code]
    out = np.empty(data.score.size)
    for number in range(min(folds, count)):
        held = fold == number
        if method == "isotonic":
            out[held] = fit_isotonic(data.score[~held], data.label[~held]).predict(data.score[held])
            continue
        rows = ~held[data.item]
        model = fit_ordinal(data.score[data.item[rows]], data.rating[rows])
        out[held] = model.predict(data.score[held])
    return out


def measures(data: Labelled, predicted: Floats, confidence: float, what: str) -> dict[str, Estimate]:
    """Return ``rmse``, ``calibration_slope`` and ``ece`` of predictions, with cluster jackknife intervals.

    Parameters
    ----------
    data
        The labelled items.
    predicted
        From `cross_fitted`, shape (n,).
    confidence
        Coverage of the intervals.
    what
        How the predictions were made, for the method's words.

    Notes
    -----
    1. Predictions are held fixed while clusters are left out: the fit's own noise is in them, since they
       are cross-fitted, but not added again.
    2. The slope is that of people's means on the predictions: 1 is calibrated, below 1 means that the
       differences between items are overstated. Its p-value is about 1.
    3. The expected calibration error is a mean of absolute values: noise alone makes it positive, by about
       sd / sqrt(items a bin). Compare it between methods, not with nought.

    References
    ----------
    Naeini, Cooper and Hauskrecht 2015 (AAAI), doi:10.1609/aaai.v29i1.9602; Cox 1958,
    doi:10.1093/biomet/45.3-4.562.

    Examples
    --------
    >>> x = np.arange(60.0) % 5
    >>> data = Labelled(x, x + 1, np.arange(60), np.arange(60), x + 1)
    >>> {k: round(e.value, 6) for k, e in measures(data, x, 0.95, "").items()}
    {'rmse': 1.0, 'calibration_slope': 1.0, 'ece': 1.0}
    """
    code, count = dense_codes(data.cluster)
    y, p = data.label, predicted
    moments = np.column_stack([np.ones(y.size), p, y, p * p, p * y, (y - p) ** 2])
    sums = _sum_rows(code, moments, count)
    tail = f"{what}; cluster jackknife, t"
    out = {
        "rmse": _jackknife(
            sums, lambda s: np.sqrt(s[:, 5] / s[:, 0]), y.size, confidence, "root mean square error; " + tail
        ).clip(0.0, np.inf)
    }
    slope_method = "slope of people's means on the predictions; " + tail
    if np.ptp(p) == 0:
        out["calibration_slope"] = unidentified(
            "all predictions are equal", n=y.size, clusters=count, method=slope_method
        )
    else:
        out["calibration_slope"] = _jackknife(sums, _slope, y.size, confidence, slope_method, null=1.0)
    out["ece"] = _ece(code, count, y, p, confidence=confidence, tail=tail)
    return out


def _ece(code: Ints, count: int, y: Floats, p: Floats, *, confidence: float, tail: str) -> Estimate:
    bins = _bins(p)
    cells = np.zeros((count, int(bins.max()) + 1, 2))
    np.add.at(cells, (code, bins), np.column_stack([np.ones(y.size), y - p]))

    def error(sums: Floats) -> Floats:
        return np.asarray(np.abs(sums[:, :, 1]).sum(axis=1) / sums[:, :, 0].sum(axis=1))

    method = f"expected calibration error over {cells.shape[1]} bins; {tail}"
    return _jackknife(cells, error, y.size, confidence, method).clip(0.0, np.inf)


def _bins(p: Floats) -> Ints:
    """Bin predictions: by value where there are few, else in bins of about equal size."""
    values, code = np.unique(p, return_inverse=True)
    if values.size <= BINS:
        return code.astype(np.int64)
    edges = np.quantile(p, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.unique(np.searchsorted(edges, p, side="right"), return_inverse=True)[1].astype(np.int64)


def _slope(s: Floats) -> Floats:
    n, sp, sy, spp, spy = (s[:, k] for k in range(5))
    spread = spp - sp * sp / n
    safe = np.where(spread > 1e-12 * np.maximum(spp, 1.0), spread, np.nan)
    return np.asarray((spy - sp * sy / n) / safe)


def _jackknife(
    sums: Floats,
    statistic: Callable[[Floats], Floats],
    n: int,
    confidence: float,
    method: str,
    *,
    null: float | None = None,
) -> Estimate:
    if sums.shape[0] < 2:
        value = float(statistic(sums.sum(axis=0)[None])[0])
        return Estimate(value=value, n=n, clusters=sums.shape[0], method=method).warn(
            "one cluster only: no interval can be given"
        )
    value, replicates = leave_one_out(sums, statistic)
    return from_replicates(value, replicates, n=n, confidence=confidence, method=method, null=null)


def _sum_rows(code: Ints, rows: Floats, count: int) -> Floats:
    return np.column_stack([np.bincount(code, column, count) for column in rows.T])
