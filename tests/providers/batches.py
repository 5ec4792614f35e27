"""The loopback server with the batch APIs of OpenAI and Anthropic.

    server = BatchServer(hold=True)         # batches stay under way until `hold` is False
    server.lose = {2: "errored"}            # what becomes of the n-th request of every batch

`made` holds the batches that were created, in order. Live calls work as in `Loopback`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.providers.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Made:
    batch_id: str
    vendor: str
    entries: list[dict[str, Any]]
    metadata: dict[str, str] = field(default_factory=dict)
    at: float = field(default_factory=time.time)


@dataclass
class BatchServer(Loopback):
    """Fates of a request: errored, expired, unreadable, missing, junk (a line that is no JSON)."""

    hold: bool = False
    looks: int = 0
    lose: dict[int, str] = field(default_factory=dict)
    refuse: str = ""
    """The batch as a whole fails with these words (OpenAI), or is not taken (Anthropic)."""
    made: list[Made] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def more_routes(self, app: web.Application) -> None:
        add = app.router
        add.add_post("/v1/files", self._upload)
        add.add_get("/v1/files/{id}/content", self._content)
        add.add_post("/v1/batches", self._create)
        add.add_get("/v1/batches", self._list)
        add.add_get("/v1/batches/{id}", self._retrieve)
        add.add_post("/v1/messages/batches", self._create_messages)
        add.add_get("/v1/messages/batches", self._list_messages)
        add.add_get("/v1/messages/batches/{id}", self._retrieve_messages)
        add.add_get("/v1/messages/batches/{id}/results", self._results)

    def _find(self, request: web.Request) -> Made:
        self.looks += 1
        return next(made for made in self.made if made.batch_id == request.match_info["id"])

    # OpenAI

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        part = form["file"]
        assert isinstance(part, web.FileField)
        name = f"file-in-{len(self.files)}"
        self.files[name] = part.file.read()
        return web.json_response(
            {"id": name, "object": "file", "bytes": len(self.files[name]), "created_at": 0,
             "filename": part.filename, "purpose": "batch", "status": "processed"}
        )  # fmt: skip

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert (asked["endpoint"], asked["completion_window"]) == ("/v1/chat/completions", "24h")
        lines = self.files[asked["input_file_id"]].split(b"\n")
        entries = [json.loads(line) for line in lines if line]
        made = Made(f"batch_{len(self.made)}", "openai", entries, asked.get("metadata") or {})
        self.made.append(made)
        return web.json_response(self._batch(made))

    async def _list(self, _: web.Request) -> web.Response:
        data = [self._batch(made) for made in reversed(self.made) if made.vendor == "openai"]
        return web.json_response({"object": "list", "data": data, "has_more": False})

    async def _retrieve(self, request: web.Request) -> web.Response:
        return web.json_response(self._batch(self._find(request)))

    def _batch(self, made: Made) -> dict[str, Any]:
        status = "in_progress" if self.hold else "failed" if self.refuse else "completed"
        total = len(made.entries)
        found: dict[str, Any] = {
            "id": made.batch_id, "object": "batch", "endpoint": "/v1/chat/completions", "status": status,
            "completion_window": "24h", "created_at": int(made.at), "input_file_id": "file-in-0",
            "metadata": made.metadata,
            "request_counts": {"total": total, "completed": 0 if self.hold else total, "failed": 0},
        }  # fmt: skip
        if status == "failed":
            found["errors"] = {"object": "list", "data": [{"code": "bad", "message": self.refuse}]}
        elif status == "completed":
            found |= {"output_file_id": f"{made.batch_id}-out", "error_file_id": f"{made.batch_id}-err"}
        return found

    async def _content(self, request: web.Request) -> web.Response:
        batch_id, _, kind = request.match_info["id"].rpartition("-")
        made = next(made for made in self.made if made.batch_id == batch_id)
        wanted = [line for line, is_error in self._lines(made) if is_error is (kind == "err")]
        return web.Response(body=b"\n".join(wanted) + b"\n")

    def _lines(self, made: Made) -> Iterator[tuple[bytes, bool]]:
        for number, entry in reversed(list(enumerate(made.entries))):  # in no order that one could rely on
            fate, name = self.lose.get(number, ""), entry["custom_id"]
            if fate == "missing":
                continue
            if fate == "junk":
                yield b'{"custom_id": "' + name.encode()[:9], False
                continue
            reply: dict[str, Any] = {
                "status_code": 200,
                "request_id": "r",
                "body": self._text(entry["body"], fate),
            }
            error: dict[str, Any] | None = None
            if fate == "errored":
                reply |= {
                    "status_code": 500,
                    "body": {"error": {"message": "planned", "type": "server_error"}},
                }
            elif fate == "expired":
                reply, error = {}, {"code": "batch_expired", "message": "This request could not be executed."}
            row = {"id": "x", "custom_id": name, "response": reply or None, "error": error}
            yield json.dumps(row).encode(), fate in ("errored", "expired")

    def _text(self, body: dict[str, Any], fate: str) -> dict[str, Any]:
        whole = self.completion(body)
        if fate == "unreadable":
            whole["choices"][0]["message"]["content"] = "Hard to say."
        return whole

    # Anthropic

    async def _create_messages(self, request: web.Request) -> web.Response:
        if self.refuse:
            return self._error(400, self.refuse)
        asked = await request.json()
        made = Made(f"msgbatch_{len(self.made)}", "anthropic", asked["requests"])
        self.made.append(made)
        return web.json_response(self._message_batch(made))

    async def _list_messages(self, _: web.Request) -> web.Response:
        data = [self._message_batch(made) for made in reversed(self.made) if made.vendor == "anthropic"]
        return web.json_response({"data": data, "has_more": False, "first_id": None, "last_id": None})

    async def _retrieve_messages(self, request: web.Request) -> web.Response:
        return web.json_response(self._message_batch(self._find(request)))

    def _message_batch(self, made: Made) -> dict[str, Any]:
        total, at = len(made.entries), datetime.fromtimestamp(made.at, UTC).isoformat()
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts["processing" if self.hold else "succeeded"] = total
        url = f"{self.anthropic_url}/v1/messages/batches/{made.batch_id}/results"
        return {
            "id": made.batch_id, "type": "message_batch", "created_at": at, "expires_at": at,
            "processing_status": "in_progress" if self.hold else "ended", "request_counts": counts,
            "results_url": None if self.hold else url,
        }  # fmt: skip

    async def _results(self, request: web.Request) -> web.Response:
        lines = []
        for number, entry in enumerate(self._find(request).entries):
            fate = self.lose.get(number, "")
            if fate == "missing":
                continue
            result: dict[str, Any] = {"type": "succeeded", "message": self.completed_message(entry["params"])}
            if fate == "unreadable":
                result["message"]["content"][0]["text"] = "Hard to say."
            elif fate == "errored":
                error = {"type": "invalid_request_error", "message": "planned"}
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            elif fate:
                result = {"type": "expired"}
            lines.append(json.dumps({"custom_id": entry["custom_id"], "result": result}))
        return web.Response(text="\n".join(lines) + "\n")
