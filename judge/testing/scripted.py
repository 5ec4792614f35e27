"""The scripted provider: answers from planted behaviour or from a function of yours."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Literal

from judge.errors import UnknownNameError
from judge.testing.behaviour import BEHAVIOURS, Behaviour, Draw, score, verdict
from judge.testing.faults import FaultLine, Faults
from judge.testing.replies import cut, from_schema, reply_to, spread_over
from judge.types import Answer, Request, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from judge.types import JudgeTask, Prompt, Sampling


class ScriptedProvider:
    """A provider without a model behind it.

    It is deterministic: the answer depends on the request (with its repeat) and the seed alone, a fault also
    on how often that request was sent. A prompt without a task behind it (from a generator) gets a short
    text, JSON in the prompt's schema, or the labelled lines that it asks for.

    Parameters
    ----------
    behaviour
        What is planted. None: the model's name chooses one of `BEHAVIOURS` (``scripted/first-slot``).
    answer
        Gives the text, or the whole `judge.types.Answer`, for a request; nothing is planted then. An
        exception that it raises is the call's failure.
    faults
        Failures of the wire.
    latency_s
        Seconds that each call takes.
    seed
        Changes all that is random.
    name
        Name of the provider.

    Attributes
    ----------
    calls
        Number of times that `send` was called.
    most_in_flight
        Calls that were under way at once, at most.

    Examples
    --------
    >>> import asyncio
    >>> from judge.types import Message, Prompt, Sampling
    >>> provider = ScriptedProvider(answer=lambda request: "B")
    >>> request = provider.request("mine", Prompt((Message("user", "A or B?"),)), Sampling())
    >>> asyncio.run(provider.send(request)).text
    'B'
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        answer: Callable[[Request], str | Answer] | None = None,
        faults: Faults | None = None,
        latency_s: float = 0.0,
        seed: int = 0,
        name: str = "scripted",
    ) -> None:
        self.name, self.behaviour, self.seed, self.latency_s = name, behaviour, seed, latency_s
        self.calls = self.most_in_flight = 0
        self._answer, self._faults, self._in_flight = answer, FaultLine(faults or Faults()), 0

    def request(self, model: str, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Request:
        """Say exactly what will be sent: the messages, and the question behind them as plain data."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": part.role, "content": part.content} for part in prompt.messages],
            "temperature": sampling.temperature,
            "max_tokens": sampling.max_tokens,
            "seed": self.seed,
        }
        if sampling.logprobs:
            body["logprobs"] = True
        if prompt.task is not None:
            if self.behaviour is None and self._answer is None:
                named_behaviour(model)  # an unknown name is told before anything is asked
            body["task"] = plain_task(prompt.task)
        elif prompt.schema is not None:
            body["schema"] = dict(prompt.schema)
        return Request(self.name, model, body, repeat)

    async def send(self, request: Request) -> Answer:
        """Answer one request, or fail as planned."""
        self.calls += 1
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            key = json.dumps([request.model, request.body, request.repeat], sort_keys=True, default=str)
            draw = Draw(f"{self.seed}|{key}")
            self._faults.strike(key, draw)
            return self._reply(request, draw)
        finally:
            self._in_flight -= 1

    async def aclose(self) -> None:
        """Nothing is open."""

    def _reply(self, request: Request, draw: Draw) -> Answer:
        if self._answer is not None:
            given = self._answer(request)
            return given if isinstance(given, Answer) else self._made(request, given)
        task = request.body.get("task")
        if task is None:
            schema = request.body.get("schema")
            asked = request.body["messages"][-1]["content"]
            return self._made(request, from_schema(schema, draw) if schema else reply_to(asked, draw))
        behaviour = self.behaviour or named_behaviour(request.model)
        if draw("refusal") < behaviour.refusals:
            return self._made(request, "I would rather not judge this.", "refusal")
        text = judge_text(behaviour, task, draw)
        if draw("truncation") < behaviour.truncations:
            return self._made(request, cut(text), "length")
        if draw("unreadable") < behaviour.unreadable:
            return self._made(request, "Both have their merits; it is hard to say.")
        spread = spread_over(text, behaviour, task) if request.body.get("logprobs") else ()
        return self._made(request, text, logprobs=spread)

    def _made(
        self,
        request: Request,
        text: str,
        finish: Literal["stop", "length", "refusal"] = "stop",
        logprobs: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = (),
    ) -> Answer:
        asked = sum(len(part["content"]) for part in request.body["messages"])
        return Answer(
            text=text,
            finish=finish,
            usage=Usage(input_tokens=max(asked // 4, 1), output_tokens=max(len(text) // 4, 1)),
            served_model=request.model,
            latency_s=self.latency_s,
            logprobs=logprobs,
        )


def named_behaviour(model: str) -> Behaviour:
    """Return the behaviour that a model's name chooses."""
    if model not in BEHAVIOURS:
        raise UnknownNameError("scripted behaviour", model, list(BEHAVIOURS))
    return BEHAVIOURS[model]


def judge_text(behaviour: Behaviour, task: Mapping[str, Any], draw: Draw) -> str:
    """Return the JSON that the rubric asks for."""
    found: dict[str, Any] = {"reason": behaviour.reason}
    criteria = task["criteria"]
    if task["mode"] == "pairwise":
        found["verdict"] = verdict(behaviour, task, criteria[0]["name"], draw)
        return json.dumps(found)
    scores = {part["name"]: _whole(score(behaviour, task, part, draw)) for part in criteria}
    found |= {"score": next(iter(scores.values()))} if len(scores) == 1 else {"scores": scores}
    return json.dumps(found)


def plain_task(task: JudgeTask) -> dict[str, Any]:
    """Return the question behind a judge's prompt as plain data, in the order shown."""
    return {
        "mode": task.rubric.mode,
        "rubric": task.rubric.ref,
        "criteria": [
            {
                "name": part.name,
                "low": part.low if part.levels else None,
                "high": part.high if part.levels else None,
            }
            for part in task.rubric.criteria
        ],
        "dialogue_id": task.dialogue.dialogue_id,
        "reference": task.dialogue.reference,
        "responses": [{"system_id": part.system_id, "text": part.text} for part in task.responses],
        "order": task.order,
    }


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value
