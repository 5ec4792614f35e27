"""Pass rates from an imperfect judge: corrected for its sensitivity and specificity (Rogan and Gladen)."""

from __future__ import annotations

import numpy as np

from judge.analysis.estimate import Estimate, unidentified

METHOD = (
    "pass rate corrected for the judge's sensitivity and specificity (Rogan-Gladen); delta method, normal"
)


def rogan_gladen(
    passed: int,
    judged: int,
    hits: tuple[int, int],
    rejections: tuple[int, int],
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate which share of items people would pass.

    ``p = (share passed by the judge + specificity - 1) / (sensitivity + specificity - 1)``.

    Parameters
    ----------
    passed, judged
        Items that the judge passed, of how many; from the population in question.
    hits
        Of the items that people passed, how many the judge passed, and how many there are.
    rejections
        Of the items that people failed, how many the judge failed, and how many there are.
    confidence
        Coverage asked for.

    Returns
    -------
    Estimate
        Cut to [0, 1]; not identified where the judge is no better than a coin.

    Raises
    ------
    ValueError
        Counts that cannot be.

    Notes
    -----
    1. Sensitivity and specificity are the same in the labelled items as in the population; how many pass
       may differ between them. Where the labelled items are a random part of the population, `ppi_mean`
       is better.
    2. The three counts are independent, and items are (one a dialogue).

    References
    ----------
    Rogan and Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510; Lee et al. 2025, arXiv 2511.21140.

    Examples
    --------
    A judge that passes 60 of 100, is right on 90 % of the good and on 80 % of the bad ones:

    >>> e = rogan_gladen(60, 100, (90, 100), (80, 100))
    >>> round(e.value, 4), round(e.ci_low, 3), round(e.ci_high, 3)
    (0.5714, 0.418, 0.724)
    """
    from scipy.special import ndtri

    for k, n in ((passed, judged), hits, rejections):
        if not 0 <= k <= n or n < 1:
            raise ValueError(f"{k} of {n} is no count")
    rate, sensitivity, specificity = passed / judged, hits[0] / hits[1], rejections[0] / rejections[1]
    gain = sensitivity + specificity - 1
    if gain <= 0:
        return unidentified(
            "the judge is no better than a coin on the labelled items", n=judged, method=METHOD
        )
    raw = (rate + specificity - 1) / gain
    value = min(max(raw, 0.0), 1.0)
    variance = (
        rate * (1 - rate) / judged
        + raw**2 * sensitivity * (1 - sensitivity) / hits[1]
        + (1 - raw) ** 2 * specificity * (1 - specificity) / rejections[1]
    )
    error = float(np.sqrt(variance) / gain)
    half = float(ndtri(0.5 + confidence / 2)) * error
    out = Estimate(
        value=value, std_error=error, ci_low=raw - half, ci_high=raw + half, n=judged, clusters=judged,
        confidence=confidence, method=METHOD,
    )  # fmt: skip
    if raw != value:
        out = out.warn("the correction led beyond 0 or 1: the labelled items do not fit this population")
    return out.clip(0.0, 1.0)
