"""The machine behind `run`: streams of jobs on one side, lanes with workers on the other.

A worker is a task that asks one question after the other; there are never more of them in a lane than calls
may be in flight, so a million jobs make a few dozen tasks. Everything that does not wait for the network is
an ordinary function: nothing else can happen in between.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from judge.errors import InputError, Unfinished
from judge.runner.asking import ask
from judge.runner.jobs import Limits, Tally
from judge.runner.lane import AHEAD, Lane, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from judge.providers.base import Provider
    from judge.runner.jobs import Job, Observer, Stop
    from judge.runner.spending import Ledger
    from judge.store.base import AnswerStore
    from judge.types import Answer, Request

BURST = 64
"""Jobs that are looked at before the event loop gets its turn again."""
DOWN_CALLS = 100
"""Failed calls in a row, or requests called wrong without a single answer, after which the run stops."""


class Engine:
    """One run; see `judge.runner.run.run` for the parameters."""

    def __init__(
        self,
        sources: Sequence[Iterator[Job]],
        providers: Mapping[str, Provider],
        store: AnswerStore,
        limits: Mapping[str, Limits] | Limits,
        *,
        ledger: Ledger,
        observer: Observer,
        accept: Callable[[Job, Answer], str | None] | None,
        repair: Callable[[Job, Answer], Request | None] | None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.now = self.loop.time
        self.store, self.ledger, self.observer = store, ledger, observer
        self.accept, self.repair = accept, repair
        self.tally = Tally()
        self.stopping = asyncio.Event()
        self.error: BaseException | None = None
        self._sources: dict[int, Iterator[Job]] = dict(enumerate(sources))
        self._blocked: dict[int, tuple[Lane, Question]] = {}
        self._providers, self._limits = providers, limits
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._asked: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished = asyncio.Event()
        self._clean = asyncio.Event()
        self._clean.set()

    # -- streams ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Fill every lane, a few jobs from each stream in turn."""
        waiting = list(self._sources)
        while waiting and not self.stopping.is_set():
            waiting = [number for number in waiting if self._pull(number, most=4)]
            await asyncio.sleep(0)
        self._check_end()

    def _pull(self, number: int, most: int = BURST, taker: Lane | None = None) -> bool:
        """Move jobs from a stream to their lanes; returns whether it could give more right now.

        `taker` is the lane that will take its job itself.
        """
        source = self._sources.get(number)
        if source is None or number in self._blocked:
            return False
        for _ in range(most):
            if self.stopping.is_set():
                return False
            try:
                job = next(source, None)
                if job is None:
                    del self._sources[number]
                    self._check_end()
                    return False
                lane, question = self._admit(job)
            except Exception as exc:  # noqa: BLE001 - whatever the caller's stream raises ends the run
                self.fail(exc)
                return False
            if question is None:
                continue
            if len(lane.queue) >= AHEAD:
                self._blocked[number] = (lane, question)
                return False
            lane.queue.append(question)
            if lane is not taker:
                self.kick(lane)
        return True

    def _admit(self, job: Job) -> tuple[Lane, Question | None]:
        lane = self._lane(job)
        if job.key in self._asked or self.store.has(job.key):
            self.tally.kept += 1
            self.observer.kept(job)
            return lane, None
        self._asked.add(job.key)
        return lane, Question(job, job.key, job.request)

    def _unblock(self, lane: Lane) -> None:
        for number, (blocker, question) in list(self._blocked.items()):
            if blocker is lane and len(lane.queue) < AHEAD:
                del self._blocked[number]
                lane.queue.append(question)
                self._go_on(number)

    def _go_on(self, number: int) -> None:
        # A stream whose answers are all kept yields nothing to send: it must not hold up the event loop.
        if self._pull(number):
            self.loop.call_soon(self._go_on, number)

    def _lane(self, job: Job) -> Lane:
        name = (job.provider, job.request.model)
        lane = self._lanes.get(name)
        if lane is None:
            provider = self._providers.get(job.provider)
            if provider is None:
                raise InputError(f"no provider was given for {job.provider!r}")
            limits = self._limits
            if not isinstance(limits, Limits):
                limits = limits.get(job.provider) or Limits()
            text = job.provider if job.provider.endswith(job.request.model) else "/".join(name)
            lane = self._lanes[name] = Lane(text, provider, limits)
            self.tally.lanes[text] = lane.tally
        return lane

    # -- workers ----------------------------------------------------------------------------------------

    def kick(self, lane: Lane) -> None:
        """Start workers as long as the lane may have more of them and there is something to ask."""
        while lane.workers < int(lane.flight.limit):
            question = self._take(lane)
            if question is None:
                return
            lane.workers += 1
            task = self.loop.create_task(self._work(lane, question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: Lane, question: Question | None) -> None:
        try:
            while question is not None:
                await ask(self, lane, question)
                # What has arrived is on disk before anything else is asked: more than what is in flight is
                # never lost, and a judge that computes here and never waits is kept up with.
                await self._clean.wait()
                if lane.workers > int(lane.flight.limit):
                    break
                if not (lane.due or lane.queue or lane.crowded):
                    self._fetch(lane)
                question = self._take(lane)
        except Exception as exc:  # noqa: BLE001 - a fault of ours must stop the run, not vanish in a task
            self.fail(exc)
        finally:
            lane.workers -= 1
            if not self.stopping.is_set():
                self.kick(lane)
            self._check_end()

    def _fetch(self, lane: Lane) -> None:
        """Pull one job for a worker that would have nothing to do."""
        for number in list(self._sources):
            self._pull(number, most=1, taker=lane)
            if lane.queue:
                return

    def _take(self, lane: Lane) -> Question | None:
        """Return the lane's next question with its price reserved, or None."""
        if self.stopping.is_set() or not (lane.due or (lane.queue and not lane.crowded)):
            return None
        line = lane.due or lane.queue
        try:
            reserved = self.ledger.reserve(line[0].request)
        except InputError as exc:
            self.fail(exc)
            return None
        if reserved is None:
            if self.ledger.idle:
                self.stop("budget")
            return None
        question = line.popleft()
        question.reserved = reserved
        if line is lane.queue and self._blocked:
            self._unblock(lane)
        return question

    def again(self, lane: Lane, question: Question, delay: float) -> None:
        """Ask a question again in `delay` seconds."""
        if self.stopping.is_set():
            return

        def due() -> None:
            lane.timers.discard(timer)
            lane.due.append(question)
            self.kick(lane)
            self._check_end()

        timer = self.loop.call_later(delay, due)
        lane.timers.add(timer)

    def settled(self, lane: Lane, question: Question) -> None:
        """Give back what a call had reserved; lanes that waited for money may go on."""
        if self.ledger.limited:
            self.ledger.release(question.reserved)
            for other in self._lanes.values():
                if other is not lane:
                    self.kick(other)

    def over(self, question: Question) -> None:
        """Forget a question that has ended; from here on the store knows it."""
        self._asked.discard(question.job.key)
        self.flush_soon()

    def flush_soon(self) -> None:
        """Commit when this turn of the event loop is over."""
        if self._clean.is_set():
            self._clean.clear()
            self.loop.call_soon(self.flush)

    # -- the store --------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Commit all that this turn of the event loop has brought."""
        try:
            self.store.flush()
        except Exception as exc:  # noqa: BLE001 - raised again from run
            self.fail(exc)
        finally:
            self._clean.set()

    # -- the end ----------------------------------------------------------------------------------------

    def look(self, lane: Lane, message: str) -> None:
        """Stop the run where nothing but failures is to be expected, before thousands are written down."""
        enough = max(DOWN_CALLS, 3 * lane.limits.concurrency)
        if lane.failed_in_a_row >= enough:
            what = f"{lane.failed_in_a_row} calls failed in a row, the last with: {message}"
            mend = "see that the server is up"
        elif lane.refused >= enough and not lane.tally.answered:
            what = f"the server takes none of our requests: {message}"
            mend = "check the model's name, the address and the parameters"
        else:
            return
        more = "then run the same command again; what was answered is kept"
        self.fail(Unfinished(f"{lane.name}: {what}\n  mend: {mend}, {more}"))

    def fail(self, error: BaseException) -> None:
        """Stop the run; the first error is raised when what is in flight has arrived."""
        if self.error is None:
            self.error = error
        self.stop("")

    def stop(self, reason: Stop) -> None:
        """Take no new jobs; calls in flight may still arrive."""
        if self.stopping.is_set():
            return
        self.tally.stopped = reason
        self.stopping.set()
        for lane in self._lanes.values():
            for timer in lane.timers:
                timer.cancel()
            lane.timers.clear()
            lane.queue.clear()
            lane.due.clear()
        self._check_end()

    def _check_end(self) -> None:
        busy = any(lane.open for lane in self._lanes.values())
        if not busy and (self.stopping.is_set() or not (self._sources or self._blocked)):
            self._finished.set()

    async def finish(self, grace: float) -> None:
        """Wait for the end; after a stop, at most `grace` seconds for what is in flight."""
        ended = asyncio.ensure_future(self._finished.wait())
        stopped = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await asyncio.wait({ended}, timeout=grace)
        finally:
            ended.cancel()
            stopped.cancel()
            await self.cancel()

    def hurry(self) -> None:
        """Give up what is in flight."""
        for task in self._tasks:
            task.cancel()

    async def cancel(self) -> None:
        """End every worker now."""
        self.stopping.set()
        self.hurry()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
