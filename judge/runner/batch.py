"""Asking by batch: submit, wait, take the results in; whatever a batch did not answer is asked live.

A batch is noted in the store before it is sent and named as soon as the provider has taken it, so that a run
that was killed finds its batches again and pays for none twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judge.errors import CredentialsError, InputError, KeyRefused, ProviderFailure, Unfinished
from judge.runner.jobs import LaneTally
from judge.runner.spending import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from judge.providers.batch import Batches
    from judge.runner.jobs import Budget, Job
    from judge.store import SqliteStore
    from judge.store.batches import OpenBatch
    from judge.types import Answer, Request

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 60.0
MOST_MISSES = 20
"""Polls in a row that may fail before the run stops (it can be taken up again)."""


@dataclass(frozen=True)
class Lot:
    """What one judge is asked with one rubric; `readable` says why an answer cannot be read, or None."""

    stage: str
    handle: str
    endpoint: str
    batches: Batches
    jobs: Iterable[Job]
    readable: Callable[[Answer], str | None]


@dataclass
class BatchDesk:
    """Submits batches and takes their results in.

    Parameters
    ----------
    store
        Where batches are noted and answers are kept.
    budget
        The run's, with live prices.
    share
        What a batch costs of the live price.
    note
        Hears what happens, a line at a time.
    wait_s
        Seconds before the second look at a batch; later ones come further apart.
    """

    store: SqliteStore
    budget: Budget
    share: float = 0.5
    note: Callable[[str], None] = lambda _: None
    wait_s: float = FIRST_WAIT_S
    tallies: dict[str, LaneTally] = field(default_factory=dict)

    # -- submitting -------------------------------------------------------------------------------------

    async def submit(self, lots: Sequence[Lot]) -> None:
        """Find batches whose id was lost, then submit what is neither answered nor under way."""
        for lot in lots:
            await self._recover(lot)
        ledger = Ledger(self.budget, *self.store.spent())
        for batch in self.store.open_batches():
            ledger.open_calls += batch.total
            ledger.open_dollars += batch.reserved
        for lot in lots:
            for entries, reserved in self._portions(lot, ledger):
                await self._send(lot, entries, reserved)

    async def _recover(self, lot: Lot) -> None:
        for batch in self._open(lot):
            if batch.batch_id is not None:
                continue
            known = {other.batch_id for other in self.store.open_batches()}
            found = await lot.batches.find(batch.tag, batch.begun_at, batch.total)
            if found is None or found in known:
                self.store.end_batch(batch.tag)  # it never arrived: its questions are open again
            else:
                self.store.name_batch(batch.tag, found)
                self.note(f"{lot.handle}: found the batch {found} again")

    def _portions(self, lot: Lot, ledger: Ledger) -> Iterator[tuple[list[tuple[str, Request]], float]]:
        """Cut what is to be asked into batches that fit the provider and the budget."""
        entries: list[tuple[str, Request]] = []
        size, reserved, taken = 0, 0.0, set()
        for job in lot.jobs:
            if job.key in taken or self.store.has(job.key) or self.store.in_batch(job.key):
                continue
            estimate = self._reserve(ledger, job)
            if estimate is None:
                break
            length = len(job.text or b"") + 200
            if entries and (
                len(entries) >= lot.batches.most_requests or size + length > lot.batches.most_bytes
            ):
                yield entries, reserved
                entries, size, reserved = [], 0, 0.0
            taken.add(job.key)
            entries.append((job.key, job.request))
            size, reserved = size + length, reserved + estimate
        if entries:
            yield entries, reserved

    def _reserve(self, ledger: Ledger, job: Job) -> float | None:
        full = ledger.reserve(job.request)
        if full is None or not ledger.limited:
            return full
        ledger.open_dollars -= full * (1 - self.share)
        return full * self.share

    async def _send(self, lot: Lot, entries: list[tuple[str, Request]], reserved: float) -> None:
        tag = hashlib.sha256(f"{time.time_ns()} {entries[0][0]}".encode()).hexdigest()[:32]
        self.store.begin_batch(tag, lot.stage, lot.endpoint, entries, reserved)
        try:
            batch_id: str | None = await lot.batches.submit(
                [(key[7:], request) for key, request in entries], tag
            )
        except ProviderFailure as exc:
            # Where the reply was lost the batch may be there all the same.
            batch_id = await lot.batches.find(tag, time.time(), len(entries)) if exc.retryable else None
            if batch_id is not None:
                self.store.name_batch(tag, batch_id)
                return
            self.store.end_batch(tag)
            if isinstance(exc, KeyRefused):
                raise CredentialsError(f"{lot.handle}: {exc}\n  mend: check the key and run again") from exc
            self.note(f"{lot.handle}: the batch was not taken ({exc}); its questions are asked live")
            return
        self.store.name_batch(tag, str(batch_id))
        self.note(f"{lot.handle}: submitted {len(entries):,} questions as batch {batch_id}")

    def _open(self, lot: Lot) -> list[OpenBatch]:
        return [batch for batch in self.store.open_batches() if batch.stage == lot.stage]

    @property
    def reserved(self) -> tuple[int, float]:
        """Answers and dollars that batches under way may still cost."""
        waiting = self.store.open_batches()
        return sum(batch.total for batch in waiting), sum(batch.reserved for batch in waiting)

    # -- taking in --------------------------------------------------------------------------------------

    async def collect(self, lots: Sequence[Lot], stop: asyncio.Event) -> bool:
        """Wait for the batches and take their results in; False where `stop` was set before the end."""
        wait, misses, shown = self.wait_s, 0, ""
        while True:
            waiting = [(lot, batch) for lot in lots for batch in self._open(lot) if batch.batch_id]
            if not waiting:
                return True
            try:
                done, total = await self._look(waiting)
                misses = 0
            except ProviderFailure as exc:
                done = total = 0
                misses = self._missed(exc, misses)
            left = [batch for lot in lots for batch in self._open(lot)]
            text = f"{len(left)} batches under way, {done:,} of {total:,} questions answered" if left else ""
            if text and text != shown:
                self.note(text)
                shown = text
            if left and await _stopped(stop, wait):
                return False
            wait = min(wait * 1.5, max(LONGEST_WAIT_S, self.wait_s))

    async def _look(self, waiting: Sequence[tuple[Lot, OpenBatch]]) -> tuple[int, int]:
        done = total = 0
        for lot, batch in waiting:
            state = await lot.batches.state(str(batch.batch_id))
            if state.ended:
                await self._take_in(lot, batch, state.problem)
            done, total = done + (state.total if state.ended else state.done), total + batch.total
        return done, total

    def _missed(self, exc: ProviderFailure, misses: int) -> int:
        if isinstance(exc, KeyRefused):
            raise CredentialsError(f"{exc}\n  mend: check the key and run again; the batches wait") from exc
        if misses + 1 >= MOST_MISSES:
            raise Unfinished(f"the batch API fails: {exc}\n  mend: run the same command again later") from exc
        return misses + 1

    async def _take_in(self, lot: Lot, batch: OpenBatch, problem: str) -> None:
        requests = dict(self.store.batch_requests(batch.tag))
        tally = self.tallies.setdefault(lot.handle, LaneTally())
        failed: Counter[str] = Counter()
        if problem:
            self.note(f"{lot.handle}: {problem}; its questions are asked live")
        else:
            models = {key[7:]: request.model for key, request in requests.items()}
            async for name, found in lot.batches.results(str(batch.batch_id), models):
                key = f"sha256:{name}"
                request = requests.pop(key, None)
                if request is None or self.store.has(key) or self.store.rejected(key):
                    continue  # not ours, given twice, or taken in before the run was killed
                if isinstance(found, ProviderFailure):
                    failed[str(found)[:120]] += 1
                else:
                    self._keep(lot, key, request, found, tally)
            failed["no result"] += len(requests)
        self.store.end_batch(batch.tag)
        self._say_end(lot, batch, failed if not problem else Counter())

    def _keep(self, lot: Lot, key: str, request: Request, answer: Answer, tally: LaneTally) -> None:
        full = self.budget.price(request, answer) if self.budget.price else None
        cost = None if full is None else full * self.share
        tally.calls += 1
        tally.input_tokens += answer.usage.input_tokens or 0
        tally.output_tokens += answer.usage.output_tokens or 0
        tally.cached_tokens += answer.usage.cached_tokens or 0
        if cost is None:
            tally.unpriced += 1
        else:
            tally.cost += cost
        why = lot.readable(answer) if answer.finish == "stop" else None
        if why is not None:
            tally.unreadable += 1
            self.store.reject(key, request, answer, attempt=1, why=why, cost=cost)
            return
        tally.answered += 1
        self.store.put(key, request, answer, endpoint=lot.endpoint, cost=cost)

    def _say_end(self, lot: Lot, batch: OpenBatch, failed: Counter[str]) -> None:
        lost = sum(failed.values())
        text = f"{lot.handle}: batch {batch.batch_id} gave {batch.total - lost:,} of {batch.total:,} answers"
        if lost:
            text += f"; {lost:,} are asked live (the commonest reason: {failed.most_common(1)[0][0]})"
        self.note(text)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait, or be woken by the end of the run."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
    return stop.is_set()


def require_batches(provider: Any, handle: str) -> Batches:
    """Return a provider's batch API.

    Raises
    ------
    InputError
        It has none.
    """
    make: Callable[[], Batches] | None = getattr(provider, "batches", None)
    if make is None:
        raise InputError(f"{handle} has no batch API\n  mend: leave out batch = true")
    return make()
