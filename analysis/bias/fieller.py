"""Confidence sets that stay honest in weak designs, and what can be said with one rater an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import t_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from judge.analysis.bias.eiv import EIVFit

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FiellerSet:
    """Every value that the data do not reject.

    `kind` is ``interval`` (low..high), ``complement`` (everything outside low..high) or ``line``
    (everything). Only the first is bounded; the others mean that the coefficient is not identified.
    """

    kind: str
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether the set is an interval."""
        return self.kind == "interval"

    def holds(self, value: float) -> bool:
        """Whether a value lies in the set.

        Examples
        --------
        >>> FiellerSet("complement", -1.0, 1.0).holds(0.0)
        False
        """
        if self.kind == "line":
            return True
        inside = self.low <= value <= self.high
        return inside if self.kind == "interval" else not inside


def fieller(fit: EIVFit, index: int, confidence: float = 0.95) -> FiellerSet:
    """Invert the test of ``numerator - theta * determinant = 0`` for one coefficient.

    By Cramer's rule a coefficient is the ratio of two determinants, both smooth in the moments; the
    jackknife gives their covariance. Unlike estimate plus or minus t standard errors, the set widens
    without bound where the noise correction leaves hardly any signal.

    Parameters
    ----------
    fit
        From `mom_eiv`.
    index
        Position of the coefficient in ``fit.coef``.
    confidence
        Coverage asked for.

    Returns
    -------
    FiellerSet

    References
    ----------
    Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x.
    """
    n = fit.n_clusters
    systems = fit.systems
    det, num = _cramer(systems.matrix[None], systems.right[None], index)
    dets, nums = _cramer(systems.matrices, systems.rights, index, scale=_scale(systems.matrix))
    pair = np.column_stack([nums, dets])
    deviations = pair - pair.mean(axis=0)
    (vnn, vnd), (_, vdd) = (n - 1) / n * deviations.T @ deviations
    crit = t_quantile(fit.df, confidence) ** 2
    top, bottom = float(num[0]), float(det[0])
    a, b, c = bottom**2 - crit * vdd, -2.0 * (top * bottom - crit * vnd), top**2 - crit * vnn
    return _solve_quadratic(float(a), float(b), float(c))


def _scale(matrix: Floats) -> float:
    return float(np.abs(np.diagonal(matrix)).max())


def _cramer(
    matrices: Floats, rights: Floats, index: int, *, scale: float | None = None
) -> tuple[Floats, Floats]:
    """Return det(A), and det(A with the column of one coefficient replaced by the right-hand side)."""
    unit = _scale(matrices[0]) if scale is None else scale
    scaled = matrices / unit
    replaced = scaled.copy()
    replaced[:, :, index] = rights / unit
    return np.asarray(np.linalg.det(scaled)), np.asarray(np.linalg.det(replaced))


def _solve_quadratic(a: float, b: float, c: float) -> FiellerSet:
    """Return where ``a t^2 + b t + c <= 0``."""
    root = b * b - 4 * a * c
    if root < 0:
        # With a > 0 this cannot happen at the estimate itself; with a < 0 every value is accepted.
        return FiellerSet("line", -np.inf, np.inf)
    half = float(np.sqrt(root))
    if a == 0:
        return FiellerSet("line", -np.inf, np.inf)
    low, high = sorted(((-b - half) / (2 * a), (-b + half) / (2 * a)))
    return FiellerSet("interval" if a > 0 else "complement", low, high)
