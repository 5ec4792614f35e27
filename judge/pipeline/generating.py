"""Running strategies: each dialogue is a chain of questions, of which the store knows the answered ones.

A strategy's chain is replayed from the store at every start, so that generation resumes like judging does:
what was answered is read, and only the next open question of each dialogue is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from judge.analysis.text_metrics.perplexity import likelihood
from judge.errors import InputError
from judge.generators.base import Ask, Failed
from judge.store.keys import request_key
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from judge.generators.base import Step
    from judge.pipeline.wiring import Wired
    from judge.types import Answer, Dialogue, FailureKind, Request


GapKind: TypeAlias = "FailureKind | Literal['unusable_input']"
"""A failure of the model, or ``unusable_input``: the strategy could not ask, for what the dialogue holds."""


@dataclass(frozen=True)
class Generation:
    """One system that is a strategy, on a model or without one (`wired` is then None)."""

    system_id: str
    strategy: str
    start: Callable[[Dialogue], Step]
    wired: Wired | None = None
    model_name: str | None = None

    def request(self, step: Ask) -> Request:
        """Build what is sent for one step. Pure.

        Raises
        ------
        InputError
            The strategy said that it asks no model, and asks one.
        """
        if self.wired is None:
            raise InputError(f"the strategy {self.strategy} of {self.system_id!r} asks a model, and has none")
        return self.wired.provider.request(self.wired.model, step.prompt, self.wired.sampling)


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
    kind: GapKind
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
        refused, was cut off by a filter or at the token limit, or gave nothing; or the strategy cannot do
        with this dialogue, which is one gap and not the end of the run).
    """
    try:
        return _follow(generation, dialogue, answer_of)
    except InputError as error:
        return Gap(dialogue.dialogue_id, generation.system_id, "unusable_input", str(error))


def _follow(
    generation: Generation, dialogue: Dialogue, answer_of: Callable[[str], Answer | None]
) -> Response | Open | Gap:
    step = generation.start(dialogue)
    requests: list[str] = []
    told: dict[str, float] = {}
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
        told = likelihood(answer.logprobs, answer.text)
        step = step.then(answer.text)
    if isinstance(step, Failed):
        reason: GapKind = "parse_failure" if requests else "unusable_input"
        return Gap(dialogue.dialogue_id, generation.system_id, reason, step.reason)
    details: dict[str, Any] = {**step.details, **told, **({"keys": requests} if requests else {})}
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


def check_starts(generation: Generation, dialogues: Sequence[Dialogue]) -> None:
    """See that the strategy can do with at least one of the dialogues, before anything is paid.

    Raises
    ------
    InputError
        It can do with none: then it is the study that is wrong, not a dialogue.
    """
    first = ""
    for dialogue in dialogues:
        try:
            step = generation.start(dialogue)
        except InputError as error:
            first = first or str(error)
        else:
            if not isinstance(step, Failed):
                return
            first = first or f"dialogue {dialogue.dialogue_id!r}: {step.reason}"
    raise InputError(f"the system {generation.system_id!r} can answer none of the dialogues; {first}")
