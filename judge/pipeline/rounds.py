"""Generation round by round: each round asks the next question of every chain that is not at its end.

Chains are followed anew from the store in every round, lazily, so that a hundred thousand prompts need no
memory and a killed run goes on where it was. What was asked and got no answer is not asked again in the same
start: the runner has tried it often enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from judge.errors import InputError, Unfinished
from judge.pipeline.generating import Gap, Open, replay
from judge.runner.jobs import Job
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from judge.pipeline.generating import Generation
    from judge.store import SqliteStore
    from judge.types import Answer, Dialogue

    Booked = Callable[[str, str, Answer, float | None], None]


@dataclass
class Rounds:
    """The chains of all generated systems.

    Attributes
    ----------
    generations, dialogues, store
        What is asked, about what, and where the answers are.
    booked
        Is told system, model, answer and cost of every answer that a finished chain used.
    made
        Responses by system and dialogue, so far.
    gaps
        Dialogues without a response, so far.
    """

    generations: Sequence[Generation]
    dialogues: Sequence[Dialogue]
    store: SqliteStore
    booked: Booked = lambda *_: None
    made: dict[str, dict[str, Response]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    _open: dict[str, list[Dialogue]] = field(default_factory=dict)
    _left: dict[str, Iterator[Dialogue]] = field(default_factory=dict)
    _asked: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for generation in self.generations:
            self._open[generation.system_id] = list(self.dialogues)
            self.made[generation.system_id] = {}

    def next_round(self) -> tuple[list[Iterator[Job]], int]:
        """Return the questions of the next round, one stream a system, and how many there are at most.

        No stream means that every chain is at its end.
        """
        streams: list[Iterator[Job]] = []
        most = 0
        for generation in self.generations:
            waiting = len(self._open[generation.system_id])
            stream = self._questions(generation)
            first = next(stream, None)
            if first is not None:
                streams.append(chain([first], stream))
                most += waiting
        return streams, most

    def finish(self) -> None:
        """Take over what the last round brought; a question without an answer becomes a gap."""
        for generation in self.generations:
            system = generation.system_id
            # Where the run was stopped, a round did not come to its last dialogue.
            for dialogue in chain(self._open[system], self._left.get(system, ())):
                found = self._follow(generation, dialogue, last=True)
                if isinstance(found, Open):
                    failed = self.store.failure(found.key)
                    kind, message = (
                        (failed.kind, failed.message) if failed else ("skipped_budget", "not asked")
                    )
                    self.gaps.append(Gap(dialogue.dialogue_id, system, kind, message))
            self._open[system] = []

    def check(self) -> None:
        """See that every system has a response to something.

        Raises
        ------
        InputError
            A system has none, for reasons that asking again would not mend.
        Unfinished
            A system has none, because nobody answered.
        """
        for generation in self.generations:
            if self.made[generation.system_id]:
                continue
            mine = [gap for gap in self.gaps if gap.system_id == generation.system_id]
            if not mine:
                continue
            kind, message = mine[0].kind, mine[0].message[:200]
            text = f"the system {generation.system_id!r} has no response to any dialogue; the first: {kind}"
            mended = kind in ("rate_limited", "provider_error", "timeout", "skipped_budget")
            raise (Unfinished if mended else InputError)(f"{text}: {message}")

    def _questions(self, generation: Generation) -> Iterator[Job]:
        system = generation.system_id
        handle = generation.wired.handle if generation.wired else ""
        self._left[system], self._open[system] = iter(self._open[system]), []
        for dialogue in self._left[system]:
            found = self._follow(generation, dialogue)
            if not isinstance(found, Open):
                continue
            self._open[system].append(dialogue)
            if self._asked.get((system, dialogue.dialogue_id)) != found.key:
                self._asked[system, dialogue.dialogue_id] = found.key
                yield Job(found.key, found.request, handle, system)

    def _follow(
        self, generation: Generation, dialogue: Dialogue, *, last: bool = False
    ) -> Response | Open | Gap:
        """Follow one chain as far as it goes, and keep what came of it; what it used is booked at its end."""
        used: list[tuple[str, Answer, float | None]] = []

        def answer_of(key: str) -> Answer | None:
            stored = self.store.get(key)
            if stored is None:
                return None
            used.append((f"{stored.request.provider}/{stored.request.model}", stored.answer, stored.cost))
            return stored.answer

        found = replay(generation, dialogue, answer_of)
        if isinstance(found, Response):
            self.made[generation.system_id][dialogue.dialogue_id] = found
        elif isinstance(found, Gap):
            self.gaps.append(found)
        if last or not isinstance(found, Open):
            for model, answer, cost in used:
                self.booked(generation.system_id, model, answer, cost)
        return found
