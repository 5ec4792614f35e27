"""Every error that the project raises, as one tree.

::

    JudgeError                     exit code
    +-- InputError                     2   the user can mend it: wrong file, table, study, rubric, option
    |   +-- TableError                     a row or column of a table
    |   +-- StudyError                     one or more mistakes in a study file, all reported at once
    |   +-- RubricError                    a rubric's header or template
    |   +-- UnknownNameError               a model, rubric, criterion or command that does not exist
    |   +-- CredentialsError               no key, or a key that is refused
    +-- Unfinished                     3   the work stopped and can be taken up again
    |   +-- RunLockedError                 another process works in this folder
    |   +-- StoreError                     the disk or the database would not take an answer
    +-- ProviderFailure                    one call failed; becomes an outcome of its own, never a score
        +-- RateLimited
        +-- Timeout
        +-- ServerFault
        +-- ContentFiltered
        +-- RequestRejected
        |   +-- Unsupported                  an unknown parameter; carries the next best request
        +-- KeyRefused
            +-- QuotaSpent                   the account has no credit left

A vendor's exception is translated at the border of its provider (``raise ... from exc``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from judge.types import FailureKind, Request


class JudgeError(Exception):
    """The root: everything that the project raises on purpose."""

    exit_code = 2


class InputError(JudgeError):
    """Something that the user gave is wrong and can be mended."""


class TableError(InputError):
    """A table does not keep its contract.

    Parameters
    ----------
    message
        What is wrong.
    path
        The file, if there is one.
    row
        1-based line of the file (the header of a CSV file is line 1).
    column
        The column's name.
    mend
        What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        row: int | None = None,
        column: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.message, self.path, self.row, self.column, self.mend = message, path, row, column, mend
        where = ", ".join(
            part
            for part in (
                str(path) if path is not None else "",
                f"row {row}" if row is not None else "",
                f"column {column!r}" if column is not None else "",
            )
            if part
        )
        text = f"{where}: {message}" if where else message
        super().__init__(f"{text}\n  mend: {mend}" if mend else text)


class StudyError(InputError):
    """All the mistakes of a study file at once, one line each."""

    def __init__(self, path: Path | str, problems: Sequence[str]) -> None:
        self.path, self.problems = path, tuple(problems)
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        super().__init__("\n".join([f"{path}: {count}", *(f"  {line}" for line in self.problems)]))


class RubricError(InputError):
    """A rubric's header or template cannot be used."""


class UnknownNameError(InputError):
    """A name that nothing answers to; carries the nearest names that exist."""

    def __init__(self, what: str, name: str, known: Sequence[str] = ()) -> None:
        from difflib import get_close_matches

        self.what, self.name, self.known = what, name, tuple(known)
        close = get_close_matches(name, self.known, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(repr(c) for c in close)}?" if close else ""
        listing = f" Known: {', '.join(self.known)}." if self.known and not close else ""
        super().__init__(f"unknown {what} {name!r}.{hint}{listing}")


class CredentialsError(InputError):
    """No key was found, or the provider refuses it. The message never holds the key."""


class Unfinished(JudgeError):  # noqa: N818 - it is a state of the work, not a fault
    """The work stopped before its end and can be taken up again by the same command."""

    exit_code = 3


class RunLockedError(Unfinished):
    """Another process works in this run folder."""


class StoreError(Unfinished):
    """The store could not keep an answer (disk full, damaged, written by a newer version)."""


class ProviderFailure(JudgeError):  # noqa: N818 - becomes an outcome, see `kind`
    """One call failed.

    Parameters
    ----------
    message
        What the provider said, without secrets.
    retry_after
        Seconds that the provider asked to wait, if it did.
    status
        HTTP status, if there was one.
    """

    exit_code = 3
    kind: FailureKind = "provider_error"
    retryable: bool = False

    def __init__(self, message: str, *, retry_after: float | None = None, status: int | None = None) -> None:
        self.retry_after, self.status = retry_after, status
        super().__init__(message)


class RateLimited(ProviderFailure):
    """Too many requests or tokens; worth trying again later."""

    kind: FailureKind = "rate_limited"
    retryable = True


class Timeout(ProviderFailure):
    """No answer within the time allowed."""

    kind: FailureKind = "timeout"
    retryable = True


class ServerFault(ProviderFailure):
    """The server or the network failed (5xx, dropped connection, unreadable body)."""

    retryable = True


class ContentFiltered(ProviderFailure):
    """The provider's filter refused the request; asking again gives the same."""

    kind: FailureKind = "content_filter"


class RequestRejected(ProviderFailure):
    """The request itself is wrong for this model (4xx); asking again gives the same."""


class Unsupported(RequestRejected):
    """The server does not know a parameter of the request; `instead` is the request without it.

    Parameters
    ----------
    message
        What the provider said.
    parameter
        The parameter's name, for example ``response_format``.
    instead
        The next best request. It has a key of its own.
    """

    def __init__(self, message: str, *, parameter: str, instead: Request, status: int | None = None) -> None:
        self.parameter, self.instead = parameter, instead
        super().__init__(message, status=status)


class KeyRefused(ProviderFailure):
    """401 or 403: the whole run stops, since every call would fail alike."""


class QuotaSpent(KeyRefused):
    """The account has no credit left: like a refused key, it stops the whole run, to be resumed later."""
