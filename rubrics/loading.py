"""From a rubric file to a `Rubric`, with every problem of the file found at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from judge.errors import InputError, RubricError
from judge.rubrics.header import Header, HeaderReader, split_source
from judge.rubrics.problems import Problem, ProblemsError, as_error
from judge.rubrics.schema import answer_format, answer_key, derive_schema
from judge.rubrics.standard import DATA_NOTICE, standard_source
from judge.types import Rubric

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

MAX_FILE = 500_000
_ONLY_STANDARD = '{% extends "standard" %}'


@dataclass(frozen=True, slots=True)
class Source:
    """A rubric file: how it is named in messages and tables, and where it is read from."""

    name: str
    place: Path | Traversable


def load_source(source: Source) -> Rubric:
    """Read a file and its header; the template is compiled when it is first used.

    Raises
    ------
    judge.errors.RubricError
        The file or its header has problems.
    """
    rubric, problems = _read(source)
    if rubric is None:
        raise as_error(problems)
    return rubric


def check_source(source: Source) -> tuple[Rubric | None, tuple[Problem, ...]]:
    """Read a file and try it: header, template, schema, and a render of made-up items.

    Returns
    -------
    tuple
        The rubric, or None where it cannot be used; and every problem found.
    """
    rubric, problems = _read(source)
    if rubric is None:
        return None, problems
    problems = _try(rubric)
    return (None if problems else rubric), problems


def _read(source: Source) -> tuple[Rubric | None, tuple[Problem, ...]]:
    text = _text(source)
    parts = text if isinstance(text, Problem) else split_source(text, source.name)
    if isinstance(parts, Problem):
        return None, (parts,)
    reader = HeaderReader(source.name, parts[0])
    header = reader.read()
    if header is None:
        return None, tuple(sorted(reader.problems, key=lambda problem: problem.line))
    return _rubric(header, parts[0], parts[1], parts[2], source.name), ()


def _text(source: Source) -> str | Problem:
    try:
        text = source.place.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return Problem(source.name, 0, f"not UTF-8 (byte {error.start})", "save the file as UTF-8")
    except OSError as error:
        return Problem(source.name, 0, f"cannot be read: {error.strerror or error}", "check the path")
    if len(text) > MAX_FILE:
        return Problem(source.name, 0, f"has more than {MAX_FILE:,} characters", "a rubric is a short text")
    return text


def _rubric(header: Header, raw_header: str, body: str, lines: int, name: str) -> Rubric:
    body = body if body.strip() else _ONLY_STANDARD
    schema: dict[str, Any] = header.schema or derive_schema(header.mode, header.criteria, ties=header.ties)
    rubric = Rubric(
        rubric_id=header.rubric_id,
        version=header.version,
        mode=header.mode,
        criteria=header.criteria,
        # Blank lines stand for the header, so that every line number in a message is the file's own.
        template="\n" * lines + body,
        schema=schema,
        sha256="",
        source=name,
        pattern=header.pattern,
    )
    return replace(rubric, sha256=_digest(rubric, raw_header, body))


def _digest(rubric: Rubric, header: str, body: str) -> str:
    """Hash all that decides the prompt, the standard parts included: when they change, so does the digest."""
    base = standard_source(rubric.mode) if "extends" in body else ""
    parts = [header, body, base, DATA_NOTICE, answer_format(rubric)]
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()


def _try(rubric: Rubric) -> tuple[Problem, ...]:
    from judge.rubrics.answers import read_answer
    from judge.rubrics.example import example_answer, example_task
    from judge.rubrics.render import render

    try:
        for bare in (False, True):
            render(rubric, example_task(rubric, bare=bare))
    except RubricError as error:
        return (
            error.problems if isinstance(error, ProblemsError) else (Problem(rubric.source, 0, str(error)),)
        )
    except InputError as error:
        return (Problem(rubric.source, 0, str(error)),)
    failed = [o for o in read_answer(rubric, example_answer(rubric)) if o.failure]
    if failed and not rubric.pattern:
        key = answer_key(rubric.mode, rubric.criteria)
        mend = f"the schema has to hold {key!r} as the parser reads it; remove it to have it derived"
        return (
            Problem(rubric.source, 0, f"an answer of its own schema is not read: {failed[0].reason}", mend),
        )
    return ()
