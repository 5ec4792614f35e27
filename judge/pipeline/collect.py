"""From outcomes to the long tables: one row a criterion of each question, written as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judge.types import OK, unswap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from judge.pipeline.costs import CostBook
    from judge.pipeline.judging import Panel
    from judge.store.base import PlanStore, Result
    from judge.types import JudgeTask, Outcome


STEP = 100_000
"""Rows between two notes of how far it is: some ten seconds."""


class FailureCount:
    """Counts, while rows pass by, those without verdict or score; keeps the first reason of each kind.

    `note` hears how far it is, where there are many.
    """

    def __init__(self, note: Callable[[str], None] = lambda _: None) -> None:
        self.kinds: dict[str, tuple[int, str]] = {}
        self._note, self._seen = note, 0

    def watch(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the rows as they are."""
        for row in rows:
            self._seen += 1
            if self._seen % STEP == 0:
                self._note(f"writing tables: {self._seen:,} rows")
            kind = row["outcome"]
            if kind != OK:
                count, reason = self.kinds.get(kind, (0, str(row["reason"])))
                self.kinds[kind] = (count + 1, reason)
            yield row


def judgment_rows(
    panels: Iterable[Panel],
    store: PlanStore,
    *,
    absolute: bool,
    spared: Mapping[str, Callable[[Result], bool]] | None = None,
    book: CostBook | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield rows of the ratings table (`absolute`) or of the duels table.

    `spared` says, by a panel's stage, which questions needed no asking: they have no row. `book` enters what
    was paid.
    """
    from judge.pipeline.judging import outcomes

    make = _rating if absolute else _duel
    for panel in panels:
        if (panel.rubric.mode == "absolute") is not absolute:
            continue
        for task, result, read in outcomes(panel, store, (spared or {}).get(panel.stage)):
            if book is not None:
                book.judged(panel, task, result)
            for outcome in read:
                yield make(panel, task, result, outcome)


def _rating(panel: Panel, task: JudgeTask, result: Result, outcome: Outcome) -> dict[str, Any]:
    return {
        "dialogue_id": task.dialogue.dialogue_id,
        "system_id": task.responses[0].system_id,
        **_common(panel, task, result, outcome),
        "score": outcome.score,
        "probability": outcome.probability,
    }


def _duel(panel: Panel, task: JudgeTask, result: Result, outcome: Outcome) -> dict[str, Any]:
    first, second = (r.system_id for r in task.responses)
    a, b = (first, second) if task.order == "AB" else (second, first)
    of_a = outcome.probability
    if of_a is not None and task.order == "BA":
        of_a = 1.0 - of_a
    return {
        "dialogue_id": task.dialogue.dialogue_id,
        "system_a": a,
        "system_b": b,
        "order": task.order,
        **_common(panel, task, result, outcome),
        "verdict": None if outcome.verdict is None else unswap(outcome.verdict, task.order),
        "probability": of_a,
    }


def _common(panel: Panel, task: JudgeTask, result: Result, outcome: Outcome) -> dict[str, Any]:
    return {
        "criterion": outcome.criterion,
        "rater_id": panel.rater_id,
        "rater_kind": "judge",
        "repeat": task.repeat,
        "rubric": panel.rubric.ref,
        "outcome": outcome.failure or OK,
        "reason": outcome.reason,
        "key": result.key,
    }
