"""The runner's one entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from judge.providers.base import Provider
    from judge.runner.jobs import Budget, Job, Limits, Observer, Tally
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
        Where answers go.
    limits
        For all handles, or by handle.
    accept
        Returns None for an answer that can be read, else why not; such an answer is asked for again
        (`Limits.resample`).
    repair
        Makes one cheap request that may mend an unreadable answer, before it is asked for again.
    grace
        Seconds that answers in flight may still take to arrive when the run is stopped.
    handle_signals
        Whether SIGINT and SIGTERM stop the run cleanly.

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
    """
    raise NotImplementedError
