"""What the rest of the project needs of a store, and the values it gives back.

An answer is kept under the key of its request (see `judge.store.keys`). Failures are kept apart: they are
news about the last attempt, never an answer, and are forgotten as soon as an answer comes. The plan is the
list of everything that a run wants to know, so that a resumed run can tell in SQL what is still to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from judge.types import Answer, FailureKind, Request


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it is kept, with what was sent for it.

    `answer` is what the plan's key stands for; where a repair question was asked, `repair` is its answer
    and the one to read first. `endpoint` is where it was sent, `attempts` how many calls it took,
    `cost` in dollars (None where the price is not known), `created_at` seconds since 1970 (UTC).
    """

    key: str
    request: Request
    answer: Answer
    endpoint: str = ""
    attempts: int = 1
    cost: float | None = None
    created_at: float = 0.0
    repair: Answer | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """How the last attempt at a key failed."""

    key: str
    kind: FailureKind
    message: str
    attempts: int
    at: float


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One thing to ask: `seq` counts from 0 in its stage, `ref` is the caller's own JSON value."""

    seq: int
    key: str
    ref: Any


@dataclass(frozen=True, slots=True)
class PlanState:
    """How far a stage is; counts of rows. A row may have failed and still wait for an answer."""

    total: int
    answered: int
    failed: int

    @property
    def pending(self) -> int:
        """Rows without an answer; those that failed are among them."""
        return self.total - self.answered


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the plan with what came of it: an answer, a failure, or neither (not asked yet)."""

    seq: int
    key: str
    ref: Any
    answer: Answer | None
    repair: Answer | None
    failure: FailureKind | None
    message: str = ""
    cost: float | None = None


class AnswerStore(Protocol):
    """The part that the runner uses. Calls are synchronous and short; `flush` makes them durable.

    Every method may raise `judge.errors.StoreError`.
    """

    def has(self, key: str) -> bool:
        """Whether an answer is kept under this key (or under the key that took its place)."""
        ...

    def put(
        self,
        key: str,
        request: Request,
        answer: Answer,
        *,
        endpoint: str = "",
        attempts: int = 1,
        cost: float | None = None,
        was_rejected: int | None = None,
        text: bytes | None = None,
    ) -> None:
        """Keep an answer. It survives ``kill -9`` once `flush` has returned.

        `text` is the request's canonical text, where the caller has it. `was_rejected` says that it is the
        n-th answer (from 1) that `reject` kept for this key; it moves with its cost.
        """
        ...

    def reject(
        self, key: str, request: Request, answer: Answer, *, attempt: int, why: str, cost: float | None = None
    ) -> None:
        """Keep an answer that nobody could read, beside the question that stays open."""
        ...

    def rejected(self, key: str) -> tuple[Answer, ...]:
        """Return the unreadable answers to a question, oldest first."""
        ...

    def fail(
        self,
        key: str,
        kind: FailureKind,
        message: str,
        *,
        attempts: int = 1,
        request: Request | None = None,
        endpoint: str = "",
    ) -> None:
        """Note how a question failed; the next run asks it again."""
        ...

    def link(self, key: str, target: str, kind: str) -> None:
        """Say that `target` was asked in place of `key` (``instead``) or to mend its answer.

        ``repair`` did mend it; ``unmended`` did not, and was paid all the same.
        """
        ...

    def flush(self) -> None:
        """Write what was put since the last call, in one transaction."""
        ...

    def spent(self) -> tuple[int, float]:
        """Return the answers that were paid so far and their dollars (unknown costs are left out)."""
        ...


class PlanStore(Protocol):
    """The part that the pipeline uses."""

    def plan_matches(self, stage: str, fingerprint: str) -> bool:
        """Whether the whole plan of a stage was made from exactly these inputs."""
        ...

    def begin_plan(self, stage: str, fingerprint: str) -> None:
        """Forget the stage's old plan and begin a new one (answers stay)."""
        ...

    def add_plan(self, stage: str, rows: Iterable[PlanRow]) -> None:
        """Append rows; written with the next `flush` or `finish_plan`."""
        ...

    def finish_plan(self, stage: str) -> None:
        """Say that the plan is whole."""
        ...

    def plan_state(self, stage: str) -> PlanState:
        """Count planned, answered and failed rows, in SQL."""
        ...

    def pending(self, stage: str) -> Iterator[PlanRow]:
        """Stream the rows without an answer, in order; the store may be written meanwhile."""
        ...

    def results(self, stage: str) -> Iterator[Result]:
        """Stream every row with what came of it, in order."""
        ...
