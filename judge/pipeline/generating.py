"""Running strategies: each dialogue is a chain of questions, of which the store knows the answered ones.

A strategy's chain is replayed from the store at every start, so that generation resumes like judging does:
what was answered is read, and only the next open question of each dialogue is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.generators.base import Ask, Failed
from judge.runner.jobs import Job
from judge.store.keys import request_key
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from judge.generators.base import Step
    from judge.providers.base import Provider
    from judge.types import Answer, Dialogue, FailureKind, Request, Sampling


@dataclass(frozen=True)
class Generation:
    """One system that is a strategy on a model."""

    system_id: str
    handle: str
    provider: Provider
    model: str
    model_name: str
    sampling: Sampling
    strategy: str
    start: Callable[[Dialogue], Step]

    def request(self, step: Ask) -> Request:
        """Build what is sent for one step. Pure."""
        return self.provider.request(self.model, step.prompt, self.sampling)


@dataclass(frozen=True, slots=True)
class Open:
    """A dialogue whose chain waits for an answer."""

    dialogue: Dialogue
    key: str
    request: Request


@dataclass(frozen=True, slots=True)
class Gap:
    """A dialogue that a system gave no response to, and why."""

    dialogue_id: str
    system_id: str
    kind: FailureKind
    message: str


def replay(
    generation: Generation, dialogue: Dialogue, answer_of: Callable[[str], Answer | None]
) -> Response | Open | Gap:
    """Follow a chain as far as the store's answers lead.

    Parameters
    ----------
    generation
        The system.
    dialogue
        What it answers.
    answer_of
        Looks an answer up by key.

    Returns
    -------
    Response or Open or Gap
        The response where the chain is whole; else its next question; or why it cannot go on (the model
        refused, was cut off by a filter or at the token limit, or gave nothing).
    """
    step = generation.start(dialogue)
    requests = []
    while isinstance(step, Ask):
        request = generation.request(step)
        key = request_key(request)
        answer = answer_of(key)
        if answer is None:
            return Open(dialogue, key, request)
        requests.append(key)
        kind = _unusable(answer)
        if kind is not None:
            return Gap(dialogue.dialogue_id, generation.system_id, kind, answer.text[:200])
        step = step.then(answer.text)
    if isinstance(step, Failed):
        return Gap(dialogue.dialogue_id, generation.system_id, "parse_failure", step.reason)
    details: dict[str, Any] = {**step.details, "keys": requests}
    return Response(
        dialogue.dialogue_id,
        generation.system_id,
        step.text,
        strategy=generation.strategy,
        model=generation.model_name,
        details=details,
    )


def _unusable(answer: Answer) -> FailureKind | None:
    if answer.finish == "refusal":
        return "refusal"
    if answer.finish == "content_filter":
        return "content_filter"
    if answer.finish == "length":
        return "truncated"
    return None if answer.text.strip() else "parse_failure"


def open_jobs(
    generation: Generation, dialogues: Sequence[Dialogue], answer_of: Callable[[str], Answer | None]
) -> Iterator[Job]:
    """Yield the next open question of each dialogue."""
    for dialogue in dialogues:
        found = replay(generation, dialogue, answer_of)
        if isinstance(found, Open):
            yield Job(found.key, found.request, generation.handle, generation.system_id)
