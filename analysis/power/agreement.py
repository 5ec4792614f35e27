"""How many items a correlation needs, and how many labels the judge is worth."""

from __future__ import annotations

import numpy as np


def items_for_correlation(rho: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return how many independent items show that a rank correlation is not nought.

    ``n = 3 + 1.06 ((z_alpha/2 + z_power) / arctanh(rho))^2``; 1.06 is the price of ranks.

    Raises
    ------
    ValueError
        A correlation of 0, or not between -1 and 1.

    References
    ----------
    Fieller, Hartley and Pearson 1957, doi:10.1093/biomet/44.3-4.470.

    Examples
    --------
    >>> items_for_correlation(0.3)
    90
    """
    from scipy import special

    if not 0 < abs(rho) < 1:
        raise ValueError(f"a correlation of {rho:g} cannot be planned for: between -1 and 1, and not 0")
    z = special.ndtri(1 - alpha / 2) + special.ndtri(power)
    return int(np.ceil(3 + 1.06 * (z / np.arctanh(abs(rho))) ** 2))


def labels_for_width(
    half_width: float, sd: float, rho: float, items: int, *, confidence: float = 0.95
) -> int:
    """Return how many of the judged items people must label for an interval of this half-width (PPI++).

    Parameters
    ----------
    half_width
        Wanted half of the interval, in points.
    sd
        Standard deviation of people's scores of items, in points.
    rho
        Correlation of judge and people on items.
    items
        Items that the judge scores, labelled or not.

    Returns
    -------
    int
        At least 50, below which intervals miss; all items where nothing less is enough.

    Raises
    ------
    ValueError
        A width or spread that is not positive, or a correlation outside [-1, 1].

    Notes
    -----
    n labels are worth ``n / (1 - rho^2 N / (N + n))`` of them, N items having none (Angelopoulos, Duchi and
    Zrnic 2023, arXiv 2311.01453); the judge can save at most 1 / (1 - rho^2).

    Examples
    --------
    >>> labels_for_width(0.2, 1.0, 0.0, 2000), labels_for_width(0.2, 1.0, 0.7, 2000)
    (97, 51)
    """
    from scipy import special

    if half_width <= 0 or sd <= 0 or abs(rho) > 1:
        raise ValueError("the width and the spread are above 0, the correlation is between -1 and 1")
    needed = float((special.ndtri(0.5 + confidence / 2) * sd / half_width) ** 2)
    for n in range(min(50, items), items):
        rest = items - n
        if n / (1 - rho**2 * rest / (rest + n)) >= needed:
            return n
    return items
