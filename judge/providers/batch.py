"""Batch APIs: many requests in one file, answered within a day at half the price.

Written against openai 3.x (`files`, `batches`) and anthropic 2.x (`messages.batches`), through their official
clients. The bodies are those of live calls, so that answers lie under the same keys whichever way they came.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from judge.errors import ProviderFailure, ServerFault, Timeout
from judge.providers.faults import complaint, failure
from judge.providers.wire import Reply, describe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from judge.providers.hosted import HostedProvider
    from judge.types import Answer, Request

TAG = "judge_batch"
"""Name under which our own mark stands in a batch's metadata, where the vendor keeps any."""
CREATED_SLACK_S = 120.0
"""Clocks differ: a batch may seem to be older than the note that was made before it."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is. `problem` says why it ended without results, where it did."""

    ended: bool
    done: int = 0
    total: int = 0
    problem: str = ""


class Batches(Protocol):
    """What a provider's batch API can do; every method may raise `judge.errors.ProviderFailure`.

    Attributes
    ----------
    most_requests, most_bytes
        The largest batch that is sent.
    """

    most_requests: int
    most_bytes: int

    async def submit(self, entries: Sequence[tuple[str, Request]], tag: str) -> str:
        """Submit requests, each with its name (64 hexadecimal digits); returns the batch's id."""
        ...

    async def find(self, tag: str, since: float, total: int) -> str | None:
        """Find a batch that was submitted, where its id was lost: by its mark, or by time and size."""
        ...

    async def state(self, batch_id: str) -> BatchState:
        """Ask how far it is."""
        ...

    def results(
        self, batch_id: str, models: Mapping[str, str]
    ) -> AsyncIterator[tuple[str, Answer | ProviderFailure]]:
        """Yield name and answer (or failure) of each request, in any order; `models` by name."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def batches_of(provider: HostedProvider) -> Batches:
    """Return the batch API of a provider over HTTP."""
    return OpenAIBatches(provider) if provider.vendor == "openai" else AnthropicBatches(provider)


class _SdkBatches:
    """The official client, opened when it is first needed; its errors become ours."""

    most_requests = 10_000
    most_bytes = 100_000_000

    def __init__(self, provider: HostedProvider) -> None:
        self.provider = provider
        self._client: Any = None

    @property
    def client(self) -> Any:
        if self._client is None:
            from importlib import import_module

            sdk = import_module(self.provider.vendor)
            factory = sdk.AsyncOpenAI if self.provider.vendor == "openai" else sdk.AsyncAnthropic
            self._client = factory(
                api_key=self.provider.secret.reveal(),
                base_url=self.provider.base_url,
                timeout=max(self.provider.options.timeout, 60.0),
                max_retries=4,
                default_headers=self.provider.more_headers(),
            )
        return self._client

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def call(self, work: Any) -> Any:
        """Await a call of the client; what it raises is translated, without the key in it."""
        from importlib import import_module

        sdk = import_module(self.provider.vendor)
        try:
            return await work
        except sdk.APITimeoutError as exc:
            raise Timeout("the batch API did not answer in time") from exc
        except sdk.APIStatusError as exc:
            raise self.refused(exc.status_code, exc.response.content, "", exc.response.headers) from None
        except sdk.APIError as exc:
            raise ServerFault(f"the batch API failed: {describe(exc)}") from None

    def refused(
        self, status: int, body: bytes, model: str, headers: Mapping[str, str] | None = None
    ) -> ProviderFailure:
        """Return the failure that a reply with this status is, as for a live call."""
        raw = self.provider.secret.hide(body)
        return failure(Reply(status, headers or {}, raw), complaint(raw), model)

    def answer(self, data: Any, model: str, status: int = 200) -> Answer | ProviderFailure:
        """Read one result like the body of a live reply."""
        raw = self.provider.secret.hide(json.dumps(data).encode())
        if status != 200 or not isinstance(data, dict):
            return self.refused(status, raw, model)
        try:
            return self.provider.read(json.loads(raw), 0.0)
        except ProviderFailure as exc:
            return exc


class OpenAIBatches(_SdkBatches):
    """``/v1/files`` and ``/v1/batches``: a JSONL file goes in, one comes out, and one of errors."""

    async def submit(self, entries: Sequence[tuple[str, Request]], tag: str) -> str:
        """Upload the file and create the batch."""
        endpoint = "/v1/chat/completions"
        lines = (
            json.dumps(
                {"custom_id": name, "method": "POST", "url": endpoint, "body": dict(request.body)},
                ensure_ascii=False,
            )
            for name, request in entries
        )
        data = "\n".join(lines).encode("utf-8", "replace")
        made = await self.call(
            self.client.files.create(file=(f"{tag}.jsonl", data, "application/jsonl"), purpose="batch")
        )
        batch = await self.call(
            self.client.batches.create(
                input_file_id=made.id, endpoint=endpoint, completion_window="24h", metadata={TAG: tag}
            )
        )
        return str(batch.id)

    async def find(self, tag: str, since: float, total: int) -> str | None:  # noqa: ARG002 - the mark is enough
        """Find a batch by its mark."""

        async def look() -> str | None:
            async for batch in self.client.batches.list(limit=100):
                if (batch.metadata or {}).get(TAG) == tag:
                    return str(batch.id)
                if batch.created_at < since - CREATED_SLACK_S:
                    return None  # the newest come first
            return None

        found: str | None = await self.call(look())
        return found

    async def state(self, batch_id: str) -> BatchState:
        """Ask how far it is."""
        batch = await self.call(self.client.batches.retrieve(batch_id))
        counts = batch.request_counts
        done, total = (counts.completed + counts.failed, counts.total) if counts else (0, 0)
        ended = batch.status in ("completed", "failed", "expired", "cancelled")
        problem = ""
        if ended and not (batch.output_file_id or batch.error_file_id):
            told = (
                "; ".join(str(e.message) for e in (batch.errors.data or ()) if e.message)
                if batch.errors
                else ""
            )
            problem = f"the batch ended as {batch.status}" + (f": {told[:300]}" if told else "")
        return BatchState(ended, done, total, problem)

    async def results(
        self, batch_id: str, models: Mapping[str, str]
    ) -> AsyncIterator[tuple[str, Answer | ProviderFailure]]:
        """Read the file of results, then that of errors."""
        batch = await self.call(self.client.batches.retrieve(batch_id))
        for file_id in (batch.output_file_id, batch.error_file_id):
            if not file_id:
                continue
            content = await self.call(self.client.files.content(file_id))
            for line in content.content.split(b"\n"):
                if line.strip() and (found := self._line(line, models)) is not None:
                    yield found

    def _line(self, line: bytes, models: Mapping[str, str]) -> tuple[str, Answer | ProviderFailure] | None:
        try:
            row = json.loads(line)
            name = str(row["custom_id"])
        except (ValueError, KeyError, TypeError):
            return None  # a broken line: its question stays open and is asked live
        reply, error = row.get("response") or {}, row.get("error") or {}
        if error or not reply:
            told = error.get("message") or error.get("code") or "the batch gave no answer"
            return name, ServerFault(str(told)[:300])
        return name, self.answer(
            reply.get("body"), models.get(name, ""), int(reply.get("status_code") or 200)
        )


class AnthropicBatches(_SdkBatches):
    """``/v1/messages/batches``: requests go in as JSON, results come out as JSONL."""

    async def submit(self, entries: Sequence[tuple[str, Request]], tag: str) -> str:  # noqa: ARG002 - no metadata
        """Create the batch."""
        requests = [{"custom_id": name, "params": dict(request.body)} for name, request in entries]
        batch = await self.call(self.client.messages.batches.create(requests=requests))
        return str(batch.id)

    async def find(self, tag: str, since: float, total: int) -> str | None:  # noqa: ARG002 - no metadata
        """Find a batch of this size that was made since then: there is no mark to go by."""

        async def look() -> str | None:
            async for batch in self.client.messages.batches.list(limit=100):
                if batch.created_at.timestamp() < since - CREATED_SLACK_S:
                    return None  # the newest come first
                if _total(batch) == total:
                    return str(batch.id)
            return None

        found: str | None = await self.call(look())
        return found

    async def state(self, batch_id: str) -> BatchState:
        """Ask how far it is."""
        batch = await self.call(self.client.messages.batches.retrieve(batch_id))
        ended = batch.processing_status == "ended"
        problem = "" if batch.results_url or not ended else "the batch's results are no longer available"
        return BatchState(ended, _total(batch) - batch.request_counts.processing, _total(batch), problem)

    async def results(
        self, batch_id: str, models: Mapping[str, str]
    ) -> AsyncIterator[tuple[str, Answer | ProviderFailure]]:
        """Stream the results."""
        entries = await self.call(self.client.messages.batches.results(batch_id))
        async for entry in entries:
            name, result = entry.custom_id, entry.result
            model = models.get(name, "")
            if result.type == "succeeded":
                yield name, self.answer(result.message.to_dict(mode="json"), model)
            elif result.type == "errored":
                body = result.error.to_dict(mode="json")
                yield name, self.refused(_status(body), json.dumps(body).encode(), model)
            else:
                yield name, ServerFault(f"the request {result.type} in its batch")


def _total(batch: Any) -> int:
    counts = batch.request_counts
    parts = (counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired)
    return sum(parts)


_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}


def _status(error: Mapping[str, Any]) -> int:
    """Return the status that a live call would have had for an error in a batch."""
    return _STATUS.get(str((error.get("error") or {}).get("type")), 500)
