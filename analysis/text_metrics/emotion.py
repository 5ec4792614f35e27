"""How well systems recognise the emotion of a dialogue, with what is no label at all counted apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Recognition:
    """Counts over dialogues: right ones, those outside the labels, all of them, and the mean F1 of labels.

    `right` says of each dialogue whether the label was hit; `top` whether it was among all that were named.
    """

    right: tuple[bool, ...]
    top: tuple[bool, ...]
    outside: tuple[bool, ...]
    macro_f1: float

    @property
    def accuracy(self) -> float:
        """Share of dialogues whose label was hit; a name outside the labels is a miss."""
        return float(np.mean(self.right)) if self.right else float("nan")


def normalise(name: str | None, meanings: Mapping[str, str] | None = None) -> str | None:
    """Bring the name of an emotion to a label: lower case, bare of punctuation, then through `meanings`.

    >>> normalise(" Sad. "), normalise("sadness", {"sadness": "sad"}), normalise("meh"), normalise(None)
    ('sad', 'sad', 'meh', None)
    """
    if name is None:
        return None
    plain = name.strip().strip(".!?,;:\"'*()[]").strip().lower()
    return (meanings or {}).get(plain, plain) or None


def recognise(
    gold: Sequence[str],
    named: Sequence[Sequence[str | None]],
    *,
    labels: Sequence[str] = EMOTIONS,
    meanings: Mapping[str, str] | None = None,
) -> Recognition:
    """Hold predicted emotions against the labels of the dialogues.

    Parameters
    ----------
    gold
        The label of each dialogue.
    named
        What the system named, best first; empty or None where it named nothing. One list a dialogue.
    labels
        Every label that counts; anything else is outside.
    meanings
        The declared map from other names to labels; nothing is matched by likeness.

    Returns
    -------
    Recognition

    Raises
    ------
    ValueError
        The lists have different lengths.

    Notes
    -----
    Macro-F1 is the mean over the labels that occur in `gold`, each dialogue with its first name; a name
    outside the labels is a miss of its label and a false alarm of none.

    Examples
    --------
    >>> found = recognise(["sad", "sad", "angry"], [["Sad"], ["blue"], ["sad", "angry"]])
    >>> round(found.accuracy, 3), found.outside, found.top
    (0.333, (False, True, False), (True, False, True))
    """
    known = set(labels)
    cleaned = [[normalise(name, meanings) for name in names] for names in named]
    first = [names[0] if names else None for names in cleaned]
    pairs = list(zip(gold, first, strict=True))
    return Recognition(
        right=tuple(g == f for g, f in pairs),
        top=tuple(g in names for g, names in zip(gold, cleaned, strict=True)),
        outside=tuple(f not in known for f in first),
        macro_f1=macro_f1(gold, first),
    )


def macro_f1(gold: Sequence[str], found: Sequence[str | None]) -> float:
    """Return the mean F1 of the labels that occur in `gold`.

    >>> macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    0.7333333333333334
    """
    scores = []
    for label in sorted(set(gold)):
        hits = sum(g == f == label for g, f in zip(gold, found, strict=True))
        total = sum(g == label for g in gold) + sum(f == label for f in found)
        scores.append(2 * hits / total if total else 0.0)
    return float(np.mean(scores)) if scores else float("nan")


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Return the exact two-sided p-value that two systems hit equally often on the same dialogues.

    References
    ----------
    McNemar 1947, doi:10.1007/BF02295996.

    Examples
    --------
    Ten dialogues that only the first hits, two that only the second does:

    >>> round(mcnemar([True] * 10 + [False] * 2, [False] * 10 + [True] * 2), 4)
    0.0386
    """
    from judge.analysis.ranking.win_rate import sign_test

    one = sum(a and not b for a, b in zip(first, second, strict=True))
    two = sum(b and not a for a, b in zip(first, second, strict=True))
    return sign_test(one, two)
