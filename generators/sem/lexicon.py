"""Emotional intensity of words from a lexicon file of the user's.

The usual lexicons (NRC Emotion Intensity, NRC VAD) may not be passed on, so none is shipped.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from judge.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class IntensityLexicon:
    """Intensity of words; one that is not listed has intensity 0.

    Parameters
    ----------
    scores
        Lower-case word to intensity.
    """

    def __init__(self, scores: Mapping[str, float]) -> None:
        self._scores = dict(scores)

    def __len__(self) -> int:
        return len(self._scores)

    @classmethod
    def read(cls, path: Path) -> IntensityLexicon:
        """Read a lexicon, one entry a line, fields set apart by tabs.

        Three forms are told by the number of fields: ``word, score``; ``word, emotion, score`` (NRC
        Emotion Intensity: the largest score of the word counts); ``word, valence, arousal, dominance``
        (NRC VAD: intensity is the length of (valence - 1/2, arousal / 2), as in KEMP, Li et al. 2022,
        arXiv 2009.09708). A first line whose last field is no number is a header.

        Raises
        ------
        TableError
            A line has another number of fields or a score that is no number; or there is no entry.
        """
        scores: dict[str, float] = {}
        with path.open(encoding="utf-8-sig") as stream:
            for row, line in enumerate(stream, start=1):
                fields = line.rstrip("\r\n").split("\t")
                if fields == [""] or (row == 1 and _number(fields[-1]) is None):
                    continue
                score = _score(fields)
                if score is None:
                    raise TableError(
                        f"cannot read {line.strip()[:60]!r}", path=path, row=row,
                        mend="tab-separated: word, score | word, emotion, score | word, V, A, D",
                    )  # fmt: skip
                word = fields[0].strip().lower()
                scores[word] = max(score, scores.get(word, 0.0))
        if not scores:
            raise TableError("no entry", path=path, mend="one word and its score a line")
        return cls(scores)

    def intensity(self, words: Sequence[str]) -> NDArray[np.float64]:
        """Return the intensity of each word, whatever its case; 0 where it is not listed.

        >>> IntensityLexicon({"grief": 0.9}).intensity(["Grief", "table"]).tolist()
        [0.9, 0.0]
        """
        return np.array([self._scores.get(word.lower(), 0.0) for word in words], dtype=float)


def _score(fields: Sequence[str]) -> float | None:
    if len(fields) in (2, 3):
        return _number(fields[-1])
    numbers = [_number(field) for field in fields[1:]]
    if len(numbers) != 3 or numbers[0] is None or numbers[1] is None:
        return None
    return math.hypot(numbers[0] - 0.5, numbers[1] / 2)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
