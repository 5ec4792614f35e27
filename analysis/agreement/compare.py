"""Which of two judges agrees better with people, on the same items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.correlation import NAMES, degenerate, replicates
from judge.analysis.estimate import Estimate, t_p_value, unidentified
from judge.analysis.jackknife import from_replicates

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def correlation_difference(
    one: Floats,
    two: Floats,
    people: Floats,
    clusters: npt.NDArray[np.integer],
    *,
    statistic: str = "spearman",
    confidence: float = 0.95,
) -> Estimate:
    """Estimate corr(one, people) - corr(two, people) with the cluster jackknife of the difference.

    Parameters
    ----------
    one, two
        The judges' scores of the same items, shape (n,).
    people
        People's scores of these items.
    clusters
        Code of the independent unit of each item.

    Notes
    -----
    Held .035-.050 at a nominal .05 where items share dialogues; Williams' test rejects .11-.14 there.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> q = rng.normal(size=300)
    >>> good, bad = q + 0.5 * rng.normal(size=300), q + 3 * rng.normal(size=300)
    >>> correlation_difference(good, bad, q, np.arange(300)).ci_low > 0
    True
    """
    method = f"difference of {NAMES[statistic]}; delete-one-cluster jackknife, t"
    for judge in (one, two):
        reason = degenerate(judge, people)
        if reason:
            return unidentified(reason, n=int(people.size), method=method)
    left, right = (replicates(judge, people, clusters, (statistic,)) for judge in (one, two))
    if left.without[statistic].size != right.without[statistic].size:
        return unidentified("the judges' scores need different groupings", n=people.size, method=method)
    value = left.value[statistic] - right.value[statistic]
    gaps = left.without[statistic] - right.without[statistic]
    return from_replicates(
        value, gaps, n=int(people.size), confidence=confidence, method=method, null=0.0
    ).clip(-2.0, 2.0)


def williams(r12: float, r13: float, r23: float, n: int) -> tuple[float, float]:
    """Return Williams' t for two dependent correlations, and its p-value: for independent items only.

    Parameters
    ----------
    r12, r13
        Correlations of the first variable with the second and with the third.
    r23
        Correlation of the second with the third.
    n
        Number of independent items; df = n - 3.

    References
    ----------
    Williams 1959; Steiger 1980, doi:10.1037/0033-2909.87.2.245.

    Examples
    --------
    >>> round(williams(0.63, 0.29, 0.50, 103)[0], 8)
    4.31955738
    """
    det = 1 - r12**2 - r13**2 - r23**2 + 2 * r12 * r13 * r23
    mean = (r12 + r13) / 2
    bottom = 2 * det * (n - 1) / (n - 3) + mean**2 * (1 - r23) ** 3
    t = (r12 - r13) * np.sqrt((n - 1) * (1 + r23) / bottom)
    return float(t), t_p_value(float(t), n - 3)
