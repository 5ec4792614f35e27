"""What the tests of providers ask, and how they ask it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from judge.providers.registry import make_provider
from judge.types import (
    Criterion,
    Dialogue,
    JudgeTask,
    Message,
    Prompt,
    Response,
    Rubric,
    Sampling,
    Turn,
)

if TYPE_CHECKING:
    from judge.types import Answer, Mode, Request
    from tests.providers.loopback import Loopback

CANARY = "sk-canary-4f1c9d7e2b"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 300},
        "verdict": {"type": "string", "enum": ["A", "B", "tie"]},
    },
}
PROMPT = Prompt((Message("system", "You judge."), Message("user", "Which is better, A or B?")), schema=SCHEMA)
PLAIN = Prompt((Message("user", "Which is better, A or B?"),))
MODELS = {"openai": "gpt-4o", "anthropic": "claude-haiku-4-5"}


def url(server: Loopback, vendor: str) -> str:
    return server.openai_url if vendor == "openai" else server.anthropic_url


def ask(
    server: Loopback,
    vendor: str = "openai",
    *,
    model: str | None = None,
    prompt: Prompt = PROMPT,
    sampling: Sampling | None = None,
    times: int = 1,
    **options: Any,
) -> list[Answer | BaseException]:
    """Start the server, send one request several times, and return answers or exceptions."""

    async def run() -> list[Answer | BaseException]:
        async with server:
            options.setdefault("env", {})
            provider = make_provider(vendor, base_url=url(server, vendor), **options)
            request = provider.request(model or MODELS[vendor], prompt, sampling or Sampling())
            got: list[Answer | BaseException] = []
            for _ in range(times):
                got += await asyncio.gather(provider.send(request), return_exceptions=True)
            await provider.aclose()
            return got

    return asyncio.run(run())


def task(
    mode: Mode = "pairwise",
    systems: tuple[str, ...] = ("warm", "cold"),
    criteria: tuple[str, ...] = ("empathy",),
    dialogue: str = "d1",
    texts: dict[str, str] | None = None,
    reference: str | None = None,
) -> JudgeTask:
    levels = () if mode == "pairwise" else tuple((float(n), f"level {n}") for n in range(1, 6))
    rubric = Rubric("r", "1", mode, tuple(Criterion(c, "", levels) for c in criteria), "", {}, "0" * 64)
    responses = tuple(Response(dialogue, s, (texts or {}).get(s, f"The answer of {s}.")) for s in systems)
    return JudgeTask(rubric, Dialogue(dialogue, (Turn("speaker", "hi"),), reference=reference), responses)


def judge_prompt(question: JudgeTask) -> Prompt:
    return Prompt((Message("user", "judge"),), task=question)


def answer_of(provider: Any, request: Request) -> Answer:
    answer: Answer = asyncio.run(provider.send(request))
    return answer
