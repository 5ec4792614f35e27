"""From raw tables to a checked `Study`: every mistake is collected, none stops the search for the rest."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from judge.errors import StudyError
from judge.study.checks import WrongValueError, meant
from judge.study.lines import Places, Where, find_places
from judge.study.model import LISTS, TABLES, Study
from judge.study.rules import contradictions
from judge.study.secrets import find_secrets
from judge.study.sweep import expand_sweeps

Problems = list[tuple[Where, str]]


@dataclass
class _Reading:
    """What goes along while a study is read: the folder, the mistakes so far, the places never to repeat."""

    folder: Path
    problems: Problems
    hidden: frozenset[Where]


_OTHER_NAMES = {
    "file": "path", "dialogs": "dialogues", "dialog": "dialogues", "data": "dialogues", "system": "systems",
    "judge": "judges", "models": "judges", "human": "humans", "people": "humans", "n": "sample",
    "output": "responses", "outputs": "responses", "response": "responses", "name": "id", "system_id": "id",
    "criterion": "criteria", "rubric": "rubrics", "order": "orders", "repeat": "repeats", "cost": "max_cost",
    "calls": "max_calls", "rpm": "requests_per_minute", "tpm": "tokens_per_minute", "alpha": "confidence",
    "endpoint": "base_url", "url": "base_url", "max_new_tokens": "max_tokens",
    "train": "exemplars", "small_model": "sem", "atomic": "knowledge",
}  # fmt: skip


def load_study(path: Path | str) -> Study:
    r"""Read a study file.

    Parameters
    ----------
    path
        A TOML file; the paths in it are relative to where it lies.

    Returns
    -------
    Study
        Complete and consistent. Names of criteria, strategies and providers are not looked up here: see
        `judge.study.check_names`.

    Raises
    ------
    StudyError
        With all mistakes at once, each with its line and what to do.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "study.toml"
    ...     _ = file.write_text("[judging]\ncriteria = ['empathy']\nmodes = 'both'\n")
    ...     try:
    ...         load_study(file)
    ...     except StudyError as error:
    ...         print(error.problems[0])
    [dialogues]: missing; add the table with path = "..."
    """
    found = Path(path)
    source = _text(found)
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as exc:
        raise StudyError(found, [_syntax(str(exc), source)]) from None
    return check_study(data, found.parent, find_places(source), str(found))


def _text(path: Path) -> str:
    from difflib import get_close_matches

    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        problem = f"line {line}: byte {exc.start} is not UTF-8; save the file as UTF-8"
    except FileNotFoundError:
        near = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        close = get_close_matches(path.name, near, n=1, cutoff=0.5)
        problem = "no such file" + (f"; did you mean {close[0]!r}?" if close else "; check the path")
    except OSError as exc:
        problem = f"cannot be read: {exc.strerror or exc}"
    raise StudyError(path, [problem])


def _syntax(message: str, source: str) -> str:
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    words = message.partition(" (at ")[0]
    line = int(place[1]) if place else source.count("\n") + 1
    hint = "; text needs quotes, a list needs [ ]" if "Invalid value" in words else ""
    hint = "; the key or table is there twice" if "overwrite" in words or "twice" in words else hint
    return f"line {line}: not TOML: {words}{hint}"


def check_study(data: dict[str, Any], folder: Path, places: Places, source: str) -> Study:
    """Check raw tables, whether from a file or from flags, and return the study.

    Raises
    ------
    StudyError
        With all mistakes, in the order of the file.
    """
    problems: Problems = []
    data, places = expand_sweeps(data, places, problems)
    problems += find_secrets(data)
    reading = _Reading(folder, problems, frozenset(where for where, _ in problems))
    tables = {name: _table(name, data, reading) for name in TABLES}
    for name in data:
        if name not in TABLES:
            hint = _hint(name, tuple(TABLES))
            problems.append(((name,), f"unknown table{hint or '; known: ' + ', '.join(TABLES)}"))
    header = tables.pop("study")
    study = Study(**tables, **vars(header), folder=folder, source=source, places=places)
    problems += contradictions(study, {where for where, _ in problems})
    raise_problems(source, problems, places)
    return study


def raise_problems(source: str, problems: Problems, places: Places) -> None:
    """Raise a `StudyError` with the problems in the order of their lines; none is fine."""
    if problems:
        ordered = sorted(problems, key=lambda problem: places.line(problem[0]))
        raise StudyError(source, [f"{places.say(where)}: {words}" for where, words in ordered])


def _table(name: str, data: dict[str, Any], reading: _Reading) -> Any:
    problems = reading.problems
    raw = data.get(name, [] if name in LISTS else {})
    if name in LISTS:
        if not isinstance(raw, list) or not all(isinstance(part, dict) for part in raw):
            problems.append(((name,), f"write [[{name}]] with double brackets, once for each"))
            raw = [raw] if isinstance(raw, dict) else []
        return tuple(_values(name, part, (name, k), reading) for k, part in enumerate(raw))
    if not isinstance(raw, dict):
        problems.append(((name,), f"write it as a table: [{name}]"))
        raw = {}
    if name == "dialogues" and name not in data:
        problems.append(((name,), 'missing; add the table with path = "..."'))
        return None
    if name == "judging" and name not in data:
        problems.append(((name,), 'missing; add the table with criteria = ["empathy"]'))
        raw = {"criteria": ["-"]}
    return _values(name, raw, (name,), reading)


def _values(name: str, raw: dict[str, Any], where: Where, reading: _Reading) -> Any:
    """Check every field of one table; a wrong one takes its default, so that the others are still checked."""
    kind = TABLES[name]
    known = {part.name: part for part in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        place = (*where, key)
        if any(spot[: len(place)] == place for spot in reading.hidden):
            continue
        if key not in known:
            reading.problems.append((place, f"unknown key{_hint(key, tuple(known))}"))
            continue
        try:
            values[key] = known[key].metadata["check"](value, reading.folder)
        except WrongValueError as exc:
            reading.problems.append((place, str(exc)))
    for key, part in known.items():
        required = part.default is MISSING and part.default_factory is MISSING
        if required and key not in values:
            if key not in raw:
                reading.problems.append((where, f"lacks {key!r}"))
            values[key] = None
    return kind(**values)


def _hint(name: str, known: tuple[str, ...]) -> str:
    other = _OTHER_NAMES.get(name.lower())
    if other in known:
        return f"; did you mean {other!r}?"
    return meant(name, known) or (f"; known: {', '.join(known)}" if len(known) < 20 else "")
