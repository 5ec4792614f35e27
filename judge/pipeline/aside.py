"""A second process that works ahead while this one waits for answers, and then goes on with them.

Asking keeps one core busy with the network. What needs no answer (measuring texts, loading the analysis) is
done meanwhile on another one, by a copy of this process: it shares what was loaded and writes nothing that
was paid for. Whatever goes wrong there is nobody's loss: the caller then does the work itself.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from types import TracebackType

_UNSAFE = ("torch", "tensorflow", "jax")
"""Packages whose threads do not live on in a copy of the process."""
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux' prctl."""


class Work(Protocol):
    """What is done in two steps; both may run in another process than the one that made the object."""

    def ahead(self) -> None:
        """Do all that needs no answer."""
        ...

    def finish(self, note: Callable[[str], None]) -> Any:
        """Do the rest; what is returned must be picklable. `note` hears what happens."""
        ...


def can_fork() -> bool:
    """Tell whether a copy of this process would work: on Linux, without further threads."""
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and not any(name in sys.modules for name in _UNSAFE)
    )


class Aside:
    """Does a piece of work in a second process where that is possible, else here and later.

    Parameters
    ----------
    work
        What is to be done.
    wanted
        Whether a second process would help at all.
    drop
        Open files that the second process must not hold: locks.

    Examples
    --------
    >>> class Sum:
    ...     def ahead(self):
    ...         self.known = 40
    ...     def finish(self, note):
    ...         return self.known + 2
    >>> with Aside(Sum(), wanted=False) as aside:
    ...     aside.finish()
    42
    """

    def __init__(self, work: Work, *, wanted: bool = True, drop: Sequence[int] = ()) -> None:
        self._work, self._drop = work, drop
        self._pipe: Connection | None = None
        self._process: Any = None
        if wanted and can_fork():
            self._start()

    @property
    def elsewhere(self) -> bool:
        """Whether a second process has the work."""
        return self._process is not None

    def _start(self) -> None:
        import multiprocessing

        # What both processes have stays shared memory only as long as no collector walks through it.
        gc.freeze()
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        drop = (ours.fileno(), *self._drop)
        process = context.Process(target=_serve, args=(self._work, theirs, drop, os.getpid()), daemon=True)
        try:
            process.start()
        except OSError:  # no memory or no process left: then it is done here
            ours.close()
            gc.unfreeze()
        else:
            self._pipe, self._process = ours, process
        finally:
            theirs.close()

    def finish(self, note: Callable[[str], None] = lambda _: None) -> Any:
        """Return what the work gives; an error of it is raised here."""
        if self._pipe is not None:
            try:
                return _result(self._pipe, note)
            except (EOFError, OSError) as error:
                logging.getLogger(__name__).info("the second process failed (%r); working here", error)
            finally:
                self.close()
        self._work.ahead()
        return self._work.finish(note)

    def close(self) -> None:
        """End the second process, whatever it is doing; may be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
            gc.unfreeze()
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _result(pipe: Connection, note: Callable[[str], None]) -> Any:
    pipe.send("go")
    while True:
        kind, value = pipe.recv()
        if kind == "done":
            return value
        note(value)


def _serve(work: Work, pipe: Connection, drop: Sequence[int], parent: int) -> None:
    """Work in the copy; an error ends it in silence, since the parent meets the same one and tells it."""
    for file in drop:
        os.close(file)
    _end_with(parent)
    # The parent decides what an interrupt means, and ends this process if it must.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        work.ahead()
        pipe.recv()
        pipe.send(("done", work.finish(lambda text: pipe.send(("note", text)))))
    except BaseException as error:  # noqa: BLE001 - see above
        logging.getLogger(__name__).debug("the second process gives up: %r", error)


def _end_with(parent: int) -> None:
    """Ask the system to end this process with its parent: no half of a killed run lives on."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
