"""What is wrong with a rubric file, as values that can be listed all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.errors import RubricError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the 1-based line of the file (0 where no single line is to blame) and the mend."""

    path: str
    line: int
    message: str
    mend: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        text = f"{where}: {self.message}"
        return f"{text}\n  mend: {self.mend}" if self.mend else text


class ProblemsError(RubricError):
    """One or more problems of rubric files, as values in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


def as_error(problems: Sequence[Problem]) -> ProblemsError:
    """Return one error that lists every problem.

    Examples
    --------
    >>> str(as_error([Problem("my.jinja", 3, "no version", "add version = '1'")])).splitlines()[0]
    'my.jinja:3: no version'
    """
    return ProblemsError(problems)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return ``" Did you mean 'x'?"``, or nothing where no known name is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
