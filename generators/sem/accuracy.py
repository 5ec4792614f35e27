"""How often the right emotion is among the k most probable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.errors import InputError
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TopK:
    """Share of `n` items whose emotion is among the `k` most probable, 0 to 1."""

    k: int
    accuracy: float
    n: int


def top_k_accuracy(
    probabilities: NDArray[np.float64], emotions: Sequence[str], ks: Sequence[int] = (1, 3, 10, 20)
) -> tuple[TopK, ...]:
    """Measure predictions against the true emotions.

    Parameters
    ----------
    probabilities
        Shape (n, 32), columns in the order of `judge.types.EMOTIONS`.
    emotions
        The n true labels.
    ks
        How many categories to look at.

    Returns
    -------
    tuple of TopK
        An emotion that ties with others counts as ranked after all of them.

    Raises
    ------
    InputError
        The lengths differ, there is nothing to measure, or a label is none of the 32.

    Examples
    --------
    >>> p = np.eye(32)[[0, 1]]
    >>> [result.accuracy for result in top_k_accuracy(p, ["afraid", "sad"], ks=(1, 32))]
    [0.5, 1.0]
    """
    if len(probabilities) != len(emotions) or not len(emotions):
        raise InputError(f"{len(probabilities)} predictions for {len(emotions)} emotions")
    column = {label: i for i, label in enumerate(EMOTIONS)}
    if unknown := sorted(set(emotions) - set(column)):
        raise InputError(f"not among the 32 emotions: {', '.join(unknown)}")
    true = np.array([column[label] for label in emotions])
    own = probabilities[np.arange(len(true)), true]
    rank = (probabilities >= own[:, None]).sum(axis=1)
    return tuple(TopK(k, float((rank <= k).mean()), len(true)) for k in ks)
