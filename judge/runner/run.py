"""The runner's one entry."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from judge.runner.engine import Engine
from judge.runner.jobs import Budget, Limits, Silent
from judge.runner.spending import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from judge.providers.base import Provider
    from judge.runner.jobs import Job, Observer, Tally
    from judge.store.base import AnswerStore
    from judge.types import Answer, Request


async def run(
    sources: Sequence[Iterable[Job]],
    providers: Mapping[str, Provider],
    store: AnswerStore,
    *,
    limits: Mapping[str, Limits] | Limits | None = None,
    budget: Budget | None = None,
    observer: Observer | None = None,
    accept: Callable[[Job, Answer], str | None] | None = None,
    repair: Callable[[Job, Answer], Request | None] | None = None,
    grace: float = 10.0,
    handle_signals: bool = True,
) -> Tally:
    """Ask every question that the store has no answer to.

    Parameters
    ----------
    sources
        Lazy streams of jobs, best one per judge: streams do not wait for each other. They are pulled only
        as fast as questions can be sent, so a million jobs need no memory.
    providers
        By the handle that jobs name.
    store
        Where answers go, each as soon as it arrives.
    limits
        For all handles, or by handle.
    budget
        What may be spent; what the store says was spent before counts.
    observer
        Sees what happens.
    accept
        Returns None for an answer that can be read, else why not; such an answer is asked for again
        (`Limits.resample`), and the last one is kept even so. Only answers that ended of themselves
        (``finish == "stop"``) are looked at.
    repair
        Makes one cheap request that may mend an unreadable answer, before it is asked for again.
    grace
        Seconds that answers in flight may still take to arrive when the run is stopped.
    handle_signals
        Whether SIGINT and SIGTERM stop the run cleanly; a second one stops it at once.

    Returns
    -------
    Tally
        `stopped` is ``budget`` or ``interrupted`` where the run ended early.

    Raises
    ------
    CredentialsError
        A provider refused the key; what had arrived is kept.
    StoreError
        An answer could not be kept.
    Unfinished
        A server failed so often in a row that it must be down.
    InputError
        A job names an unknown provider, or a limit of cost meets a model without a price.

    Examples
    --------
    >>> import asyncio, tempfile
    >>> from judge.runner import Job
    >>> from judge.store import SqliteStore, request_key
    >>> from judge.types import Answer, Request
    >>> class Parrot:
    ...     name = "parrot"
    ...     async def send(self, request):
    ...         return Answer(request.body["say"])
    >>> request = Request("parrot", "grey", {"say": "hello"})
    >>> jobs = [Job(request_key(request), request, "parrot/grey")]
    >>> with tempfile.TemporaryDirectory() as folder, SqliteStore(f"{folder}/run.sqlite") as store:
    ...     first = asyncio.run(run([jobs], {"parrot/grey": Parrot()}, store))
    ...     again = asyncio.run(run([jobs], {"parrot/grey": Parrot()}, store))
    ...     first.answered, again.answered, again.kept, store.get(jobs[0].key).answer.text
    (1, 0, 1, 'hello')
    """
    ledger = Ledger(budget or Budget(), *(store.spent() if budget else (0, 0.0)))
    engine = Engine(
        [iter(source) for source in sources],
        providers,
        store,
        Limits() if limits is None else limits,
        ledger=ledger,
        observer=observer or Silent(),
        accept=accept,
        repair=repair,
    )
    began = engine.now()
    with _signals(engine, wanted=handle_signals):
        try:
            await engine.start()
            await engine.finish(grace)
        finally:
            await engine.cancel()
            engine.flush()
    engine.tally.seconds = engine.now() - began
    if engine.error is not None:
        raise engine.error
    return engine.tally


@contextmanager
def _signals(engine: Engine, *, wanted: bool) -> Iterator[None]:
    """Stop the run at the first SIGINT or SIGTERM, at once at the second."""

    def caught() -> None:
        if engine.stopping.is_set():
            engine.hurry()
        engine.stop("interrupted")

    with stops(caught, wanted=wanted):
        yield


@contextmanager
def stops(caught: Callable[[], None], *, wanted: bool = True) -> Iterator[None]:
    """Call `caught` at SIGINT and SIGTERM, inside a running event loop."""
    loop = asyncio.get_running_loop()
    installed = []
    for number in (signal.SIGINT, signal.SIGTERM) if wanted else ():
        try:
            loop.add_signal_handler(number, caught)
        except (RuntimeError, ValueError, NotImplementedError):
            continue  # not in the main thread, or a system without signals: the caller keeps its own way
        installed.append(number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
