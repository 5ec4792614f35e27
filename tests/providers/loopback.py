"""A server on loopback that plays OpenAI and Anthropic, with scripted faults.

    async with Loopback() as server:
        server.faults = ["429", "drop", "garbage"]        # one for each of the next calls, then answers
        provider = make_provider("openai", base_url=server.openai_url, env={})

`calls` holds every request that came: path, headers, JSON body. `answer` turns a body into the text of the
answer; set it to a function of your own. `without` names parameters that are refused with status 400.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass
class Call:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def verdict_a(body: dict[str, Any]) -> str:
    return json.dumps({"reason": "It answers the feeling.", "verdict": "A"})


@dataclass
class Loopback:
    """Faults: 400, 401, 403, 404, 413, 422, 429, 500, 503, 529, quota, filter, drop, hang, malformed,
    truncated, empty (no body), nothing (no text), garbage (HTML), listing, gateway (200 with an error)."""

    answer: Callable[[dict[str, Any]], str] = verdict_a
    faults: Iterable[str] = ()
    without: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    message: dict[str, Any] = field(default_factory=dict)
    """Fields that replace those of the answer: of the choice (OpenAI) or of the whole message (Anthropic)."""
    latency_s: float = 0.0
    error: dict[str, Any] = field(default_factory=dict)
    """Fields of the error of the faults with a status."""
    calls: list[Call] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/chat/completions", self._openai)
        app.router.add_post("/v1/messages", self._anthropic)
        self.more_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    def more_routes(self, app: web.Application) -> None:
        """Add routes of a server that can do more."""

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def openai_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        body = await self._take(request)
        return await self._give(request, body, self.completion(body))

    def completion(self, body: dict[str, Any]) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        choice["message"] = {"role": "assistant", "content": self.answer(body)}
        usage = self.usage or {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model"),
            "choices": [choice | self.message],
            "usage": usage,
        }

    async def _anthropic(self, request: web.Request) -> web.StreamResponse:
        body = await self._take(request)
        return await self._give(request, body, self.completed_message(body))

    def completed_message(self, body: dict[str, Any]) -> dict[str, Any]:
        text = self.answer(body)
        block: dict[str, Any] = {"type": "text", "text": text}
        if "tools" in body:
            name = body["tools"][0]["name"]
            block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": json.loads(text)}
        whole: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": [block],
            "stop_reason": "end_turn",
            "usage": self.usage or {"input_tokens": 7, "output_tokens": 5},
        }
        return whole | self.message

    async def _take(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(await request.read())
        self.calls.append(Call(request.path, dict(request.headers), body))
        if not hasattr(self, "_plan"):
            self._plan = iter(self.faults)
        return body

    async def _give(
        self, request: web.Request, body: dict[str, Any], whole: dict[str, Any]
    ) -> web.StreamResponse:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            for name in body:
                if name in self.without:
                    return self._error(400, f"Unsupported parameter: '{name}' is not supported.", param=name)
            return await self._fault(request, next(self._plan, ""), whole)
        finally:
            self.in_flight -= 1

    async def _fault(self, request: web.Request, fault: str, whole: dict[str, Any]) -> web.StreamResponse:
        if fault.isdigit():
            return self._error(int(fault), "as planned")
        if fault == "quota":
            return self._error(429, "You exceeded your current quota.", code="insufficient_quota")
        if fault == "filter":
            return self._error(400, "The prompt was filtered.", code="content_filter")
        if fault == "hang":
            await asyncio.sleep(30)
        if fault == "drop":
            assert request.transport is not None
            request.transport.close()
        data = json.dumps(whole).encode()
        if fault == "truncated":
            response = web.StreamResponse(headers={"content-length": str(len(data))})
            await response.prepare(request)
            await response.write(data[: len(data) // 2])
            assert request.transport is not None
            request.transport.close()
            return response
        bodies = {
            "malformed": data[: len(data) // 2] + b"{{{",
            "empty": b"",
            "garbage": b"<html><body>502 Bad Gateway</body></html>",
            "listing": b"[1, 2]",
            "nothing": data.replace(
                json.dumps(_text(whole)).encode(), b"null" if "choices" in whole else b'""'
            ),
            "gateway": json.dumps({"error": {"message": "upstream failed", "code": 503}}).encode(),
        }
        return web.Response(
            body=bodies.get(fault, data), headers=self.headers, content_type="application/json"
        )

    def _error(self, status: int, words: str, **more: Any) -> web.Response:
        error = {"message": words, "type": "error", "code": None, "param": None} | more | self.error
        return web.json_response({"error": error}, status=status, headers=self.headers)


def _text(whole: dict[str, Any]) -> Any:
    return (
        whole["choices"][0]["message"]["content"] if "choices" in whole else whole["content"][0].get("text")
    )
