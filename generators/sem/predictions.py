"""Predictions of any other small empathetic model, read from a file."""

from __future__ import annotations

import gzip
import json
import math
from typing import TYPE_CHECKING, Any, TextIO

from judge.errors import InputError, TableError, UnknownNameError
from judge.generators.sem.causes import CauseWord, Intensity, WordFacts, heaviest
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from judge.types import Dialogue


class FileSEM:
    """What ESCM, KEMP, CEM, CASE or any other model said of each dialogue.

    One JSON object a line (``.jsonl`` or ``.jsonl.gz``)::

        {"dialogue_id": "d1", "probabilities": {"sad": 0.7, "lonely": 0.3}, "words": {"funeral": 0.4}}
        {"dialogue_id": "d2", "emotions": ["proud", "joyful", "excited"], "words": [["won", 0.9]]}

    ``probabilities`` may be a list of 32 numbers in the order of `judge.types.EMOTIONS`. Instead of them
    ``emotions`` ranks labels, best first. ``words`` are the words of the context with their weights
    (attention), and are only needed where cause words are asked for.

    Parameters
    ----------
    rows
        The file's objects by dialogue_id, checked; `read` makes them.
    facts
        Intensity and IDF of words; the embedded `LinearSEM` where it is left out.
    intensity
        Takes the place of the intensity of `facts`, for instance an `IntensityLexicon`.
    name
        Where the rows come from, for messages.

    Notes
    -----
    A ranking has no probabilities. Its labels get 1/rank, scaled to sum 1, and the others get 0: only the
    order means anything.
    """

    def __init__(
        self,
        rows: Mapping[str, tuple[Mapping[str, float], Mapping[str, float] | None]],
        facts: WordFacts | None = None,
        intensity: Intensity | None = None,
        name: str = "the file of predictions",
    ) -> None:
        self._rows, self._facts, self._intensity, self._name = rows, facts, intensity, name

    def __len__(self) -> int:
        return len(self._rows)

    @classmethod
    def read(cls, path: Path, facts: WordFacts | None = None, intensity: Intensity | None = None) -> FileSEM:
        """Read and check a file.

        Raises
        ------
        TableError
            A line is no JSON object, a dialogue_id is missing or repeated, a label is none of the 32, a
            number is negative or no number, or neither ``probabilities`` nor ``emotions`` is there.
        """
        rows: dict[str, tuple[Mapping[str, float], Mapping[str, float] | None]] = {}
        for number, row in _objects(path):
            where = _Where(path, number)
            key = row.get("dialogue_id")
            if key is None or str(key) in rows:
                fault = "missing" if key is None else f"{key!r} is there twice"
                raise where.error(fault, "dialogue_id", "one line a dialogue, each with its dialogue_id")
            rows[str(key)] = _emotions(row, where), _words(row, where)
        if not rows:
            raise TableError(
                "no predictions", path=path, mend="one JSON object a line, one for each dialogue"
            )
        return cls(rows, facts, intensity, str(path))

    def probabilities(self, dialogue: Dialogue) -> Mapping[str, float]:
        """Return the probability of each of the 32 emotions.

        Raises
        ------
        UnknownNameError
            The file has no line for this dialogue.
        """
        return self._row(dialogue)[0]

    def cause_words(self, dialogue: Dialogue, k: int) -> Sequence[CauseWord]:
        """Return the `k` words of the largest weight; see `judge.generators.sem.causes`.

        Raises
        ------
        UnknownNameError
            The file has no line for this dialogue.
        InputError
            The line has no ``words``.
        """
        words = self._row(dialogue)[1]
        if words is None:
            raise InputError(
                f"{self._name}: no words for dialogue {dialogue.dialogue_id!r}, so no cause words"
            )
        return heaviest(words, k, self._word_facts(), self._intensity)

    def _row(self, dialogue: Dialogue) -> tuple[Mapping[str, float], Mapping[str, float] | None]:
        found = self._rows.get(dialogue.dialogue_id)
        if found is None:
            raise UnknownNameError(f"dialogue in {self._name}", dialogue.dialogue_id, list(self._rows)[:20])
        return found

    def _word_facts(self) -> WordFacts:
        if self._facts is None:
            from judge.generators.sem.linear import LinearSEM

            self._facts = LinearSEM.load()
        return self._facts


class _Where:
    def __init__(self, path: Path, row: int) -> None:
        self.path, self.row = path, row

    def error(self, message: str, column: str, mend: str) -> TableError:
        return TableError(message, path=self.path, row=self.row, column=column, mend=mend)


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with _opened(path) as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield number, _object(line, path, number)
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise TableError(f"cannot be read: {error}", path=path, mend="a whole file of UTF-8 text") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise TableError(
            f"not JSON: {error}", path=path, row=number, mend="one JSON object a line"
        ) from error
    if not isinstance(row, dict):
        raise TableError("not a JSON object", path=path, row=number, mend="one JSON object a line")
    return row


def _emotions(row: Mapping[str, Any], where: _Where) -> dict[str, float]:
    given, column = row.get("probabilities"), "probabilities"
    if isinstance(given, list) and len(given) == len(EMOTIONS):
        given = dict(zip(EMOTIONS, given, strict=True))
    if given is None and isinstance(row.get("emotions"), list):
        column, given = "emotions", {str(label): 1 / r for r, label in enumerate(row["emotions"], start=1)}
    if not isinstance(given, dict):
        mend = "probabilities as {label: number} or 32 numbers, or emotions as a list of labels, best first"
        raise where.error("no emotions that can be read", column, mend)
    if unknown := sorted(set(given) - set(EMOTIONS)):
        problem = UnknownNameError("emotion", unknown[0], EMOTIONS)
        raise where.error(str(problem), column, "use the 32 labels of EmpatheticDialogues")
    numbers = {label: _weight(value, where, column) for label, value in given.items()}
    whole = sum(numbers.values())
    if whole <= 0:
        raise where.error("all probabilities are 0", column, "give the model's probabilities")
    return {label: numbers.get(label, 0.0) / whole for label in EMOTIONS}


def _words(row: Mapping[str, Any], where: _Where) -> dict[str, float] | None:
    given = row.get("words")
    if given is None:
        return None
    pairs = list(given.items()) if isinstance(given, dict) else given
    words: dict[str, float] = {}
    for pair in pairs if isinstance(pairs, list) else [None]:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise where.error("cannot be read", "words", "{word: weight} or [[word, weight], ...]")
        words[pair[0]] = words.get(pair[0], 0.0) + _weight(pair[1], where, "words")
    return words


def _weight(value: Any, where: _Where, column: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise where.error(f"{value!r} is no weight", column, "numbers of 0 or more")
    return float(value)
