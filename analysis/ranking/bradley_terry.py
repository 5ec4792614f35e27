"""Strengths of systems from duels with ties and an order effect: Bradley-Terry-Davidson-Beaver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.jackknife import sum_by

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

PSEUDO = 0.5
"""Pseudo-duels added to each pair where the data are separated."""
FAR = 12.0
"""A log-strength beyond this is taken for a sign of separation."""


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    `theta` holds the log-strengths (sum nought), then log nu if there are ties, then log gamma if both
    orders were shown; `covariance` is that of `theta`, clustered. `clusters` is D.
    """

    theta: Floats
    covariance: Floats
    systems: int
    has_ties: bool
    has_order: bool
    clusters: int
    presentations: int
    separated: bool

    @property
    def strengths(self) -> Floats:
        """Log-strengths, sum nought."""
        return self.theta[: self.systems]

    @property
    def log_nu(self) -> int | None:
        """Place of log nu in `theta`."""
        return self.systems if self.has_ties else None

    @property
    def log_gamma(self) -> int | None:
        """Place of log gamma in `theta`."""
        return self.systems + self.has_ties if self.has_order else None


@dataclass(frozen=True)
class Cells:
    """Verdicts by cluster, sparse, shape (C,) each: cluster 0..D-1, flat index into the counts, number."""

    cluster: Ints
    cell: Ints
    number: Floats


def fit(pairs: Ints, systems: int, counts: Floats, by_cluster: Cells | None = None) -> Fit:
    r"""Fit by Newton's method; covariance by the sandwich clustered by dialogue.

    Parameters
    ----------
    pairs
        Systems of each pair, shape (P, 2), 0..systems-1.
    counts
        Verdicts, shape (P, 2, 3): order (0: the pair's first system shown first), and win, tie, loss of the
        pair's first system.
    by_cluster
        The same verdicts by cluster; cells are flat indices into `counts`. None: each verdict is a cluster
        of its own.

    Returns
    -------
    Fit
        `separated` is set where a system never wins or never loses against a group of others, or one slot
        always wins: half a pseudo-duel is then added to each pair, so that the fit is finite.

    Raises
    ------
    ValueError
        The duels do not connect all systems, or all of them are ties.

    Notes
    -----
    With p the strengths, P(first wins) = gamma p_f / S, P(second wins) = p_s / S,
    P(tie) = nu sqrt(p_f p_s) / S, S the sum of the three. Concave in the logarithms. Covariance
    H^-1 (sum_d s_d s_d') H^-1 D/(D-1). Assumes one strength a system (transitivity) and independent
    clusters.

    References
    ----------
    Davidson 1970, doi:10.1080/01621459.1970.10481082; Davidson & Beaver 1977, doi:10.2307/2529467.

    Examples
    --------
    48 wins, 40 losses, 12 ties of two systems: the fit is saturated, log(p1/p2) = ln(48/40).

    >>> counts = np.array([[[48.0, 12, 40], [0, 0, 0]]])
    >>> cells = np.repeat([0, 1, 2], [48, 12, 40])
    >>> found = fit(np.array([[0, 1]]), 2, counts, Cells(np.arange(100), cells, np.ones(100)))
    >>> round(float(found.strengths[0] - found.strengths[1]), 6), round(float(np.exp(found.theta[2])), 6)
    (0.182322, 0.273861)
    """
    check(pairs, systems, counts)
    ties = bool(counts[:, :, 1].sum() > 0)
    order = bool((counts.sum(axis=2) > 0).all(axis=1).any())
    design = _design(pairs, systems, has_ties=ties, has_order=order)
    separated = _separated(pairs, systems, counts, has_order=order)
    theta, hessian, ok = newton(design, counts + _pseudo(counts, ties=ties) * separated, ties=ties)
    if not ok and not separated:
        separated = True
        theta, hessian, _ = newton(design, counts + _pseudo(counts, ties=ties), ties=ties)
    centre = _centring(systems, theta.size)
    scores = _scores(design, theta, ties=ties).reshape(-1, theta.size)
    clusters = int(counts.sum()) if by_cluster is None else int(by_cluster.cluster.max()) + 1
    inverse = np.linalg.pinv(hessian, hermitian=True)
    factor = clusters / (clusters - 1) if clusters > 1 else np.nan
    if by_cluster is None:
        meat = np.asarray(scores.T @ (scores * counts.reshape(-1, 1)))
    else:
        meat = _meat(scores, by_cluster, clusters)
    covariance = centre @ inverse @ meat @ inverse @ centre.T * factor
    return Fit(
        theta=centre @ theta, covariance=covariance, systems=systems, has_ties=ties, has_order=order,
        clusters=clusters, presentations=int(counts.sum()), separated=separated,
    )  # fmt: skip


def _meat(scores: Floats, by_cluster: Cells, clusters: int) -> Floats:
    """Sum the outer products of the clusters' scores, shape (parameters, parameters).

    Where each cluster holds one entry the sum goes over the cells instead of the clusters.
    """
    if by_cluster.cluster.size == clusters:
        weight = sum_by(by_cluster.cell, by_cluster.number**2, scores.shape[0])
        return np.asarray(scores.T @ (scores * weight[:, None]))
    from scipy.sparse import coo_array

    entries = (by_cluster.number, (by_cluster.cluster, by_cluster.cell))
    own = coo_array(entries, shape=(clusters, scores.shape[0])).tocsr() @ scores
    return np.asarray(own.T @ own)


def check(pairs: Ints, systems: int, counts: Floats) -> None:
    """Refuse data that cannot tell strengths.

    Raises
    ------
    ValueError
        With the reason.
    """
    met = counts.sum(axis=(1, 2)) > 0
    if not met.any():
        raise ValueError("no verdict was given")
    if not _reaches_all(np.concatenate([pairs[met], pairs[met][:, ::-1]]), systems):
        raise ValueError("the duels do not connect all systems: strengths cannot be compared")
    if counts[:, :, (0, 2)].sum() == 0:
        raise ValueError("all verdicts are ties")


def _design(pairs: Ints, systems: int, *, has_ties: bool, has_order: bool) -> Floats:
    """Return the design, shape (P, 2, 3, parameters): logits of win, tie, loss of the pair's first system."""
    count = pairs.shape[0]
    design = np.zeros((count, 2, 3, systems + has_ties + has_order))
    row = np.arange(count)
    for order in (0, 1):
        design[row, order, 0, pairs[:, 0]] = 1.0
        design[row, order, 2, pairs[:, 1]] = 1.0
        design[row, order, 1, pairs[:, 0]] = 0.5
        design[row, order, 1, pairs[:, 1]] = 0.5
        if has_order:
            design[:, order, 0 if order == 0 else 2, -1] = 1.0
    if has_ties:
        design[:, :, 1, systems] = 1.0
    return design


def _separated(pairs: Ints, systems: int, counts: Floats, *, has_order: bool) -> bool:
    """Say whether some group of systems never loses to the others, or a slot always wins."""
    by_pair = counts.sum(axis=1)
    forward = by_pair[:, 0] + by_pair[:, 1] > 0
    backward = by_pair[:, 2] + by_pair[:, 1] > 0
    edges = np.concatenate([pairs[forward], pairs[backward][:, ::-1]])
    strong = _reaches_all(edges, systems) and _reaches_all(edges[:, ::-1], systems)
    first_wins = counts[:, 0, 0].sum() + counts[:, 1, 2].sum()
    second_wins = counts[:, 0, 2].sum() + counts[:, 1, 0].sum()
    return bool(not strong or (has_order and min(first_wins, second_wins) == 0))


def _reaches_all(edges: Ints, systems: int) -> bool:
    """Say whether edges, shape (E, 2), lead from system 0 to every other one."""
    seen = np.zeros(systems, dtype=bool)
    seen[0] = True
    before = 0
    while before != seen.sum():
        before = seen.sum()
        seen[edges[seen[edges[:, 0]], 1]] = True
    return bool(seen.all())


def _pseudo(counts: Floats, *, ties: bool) -> Floats:
    """Spread half a duel over the outcomes of each pair that met, over the orders that were shown."""
    shown = (counts.sum(axis=2, keepdims=True) > 0).astype(float)
    spread = np.array([1.0, 1.0, 1.0]) / 3 if ties else np.array([0.5, 0.0, 0.5])
    return np.asarray(PSEUDO * shown / np.maximum(shown.sum(axis=1, keepdims=True), 1) * spread)


def newton(design: Floats, counts: Floats, *, ties: bool, steps: int = 50) -> tuple[Floats, Floats, bool]:
    """Maximise the multinomial likelihood; returns parameters, the negative Hessian, and convergence.

    The strengths' common level is not determined; the pseudo-inverse keeps it at nought.
    """
    size = design.shape[-1]
    flat = design.reshape(-1, 3, size)
    table = counts.reshape(-1, 3)
    met = table.sum(axis=1) > 0
    flat, table = flat[met], table[met]
    total = table.sum(axis=1)
    theta = np.zeros(size)
    hessian = np.eye(size)
    for _ in range(steps):
        chance = _chances(flat @ theta, ties=ties)
        mean = (chance[:, :, None] * flat).sum(axis=1)
        gradient = np.einsum("rk,rkp->p", table, flat) - total @ mean
        weighted = (chance * total[:, None])[:, :, None] * flat
        hessian = np.einsum("rkp,rkq->pq", weighted, flat) - (mean * total[:, None]).T @ mean
        step = np.linalg.pinv(hessian, hermitian=True) @ gradient
        biggest = float(np.abs(step).max())
        theta = theta + step * min(1.0, 2.0 / max(biggest, 1e-300))
        if biggest < 1e-9:
            return theta, hessian, bool(np.abs(theta).max() < FAR)
    return theta, hessian, False


def _chances(logits: Floats, *, ties: bool) -> Floats:
    """Turn logits of win, tie and loss into probabilities; no ties: their probability is nought."""
    if not ties:
        logits = logits.copy()
        logits[..., 1] = -np.inf
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def _scores(design: Floats, theta: Floats, *, ties: bool) -> Floats:
    """Return the score of one verdict of each kind, shape of the design."""
    chance = _chances(design @ theta, ties=ties)
    return np.asarray(design - (chance[..., None] * design).sum(axis=2, keepdims=True))


def _centring(systems: int, size: int) -> Floats:
    """Return the matrix that takes the mean off the strengths."""
    centre = np.eye(size)
    centre[:systems, :systems] -= 1 / systems
    return centre
