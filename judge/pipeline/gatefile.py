"""The gate file: TOML to rules, with every mistake at once and its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from judge.errors import StudyError
from judge.pipeline.gate import NUMBERS, SELECTORS, Bound, Rule
from judge.study.checks import WrongValueError, flag, mapping, meant, number, one_of, shown, text
from judge.study.lines import find_places
from judge.types import FindingVerdict

if TYPE_CHECKING:
    from judge.study.lines import Places, Where

_VERDICTS = tuple(verdict for verdict in get_args(FindingVerdict) if verdict)
_OTHERS = ("name", "verdict", "every", "missing")
_KEYS = (*_OTHERS, *SELECTORS, *NUMBERS)
_MISSING = {"undecided": "undecided", "pass": "passed", "breach": "breached"}

Problems = list[tuple["Where", str]]


def read_gate(path: Path | str) -> tuple[Rule, ...]:
    r"""Read a gate file.

    Parameters
    ----------
    path
        A TOML file with one table ``[[require]]`` a rule; see ``docs/gate.md``.

    Returns
    -------
    tuple of Rule
        In the order of the file.

    Raises
    ------
    StudyError
        With all mistakes at once, each with its line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "gate.toml"
    ...     _ = file.write_text("[[require]]\nstatistic = 'failure_rate'\nestimate = { max = 0.02 }\n")
    ...     read_gate(file)[0].bounds
    {'estimate': Bound(low=None, high=0.02)}
    """
    found = Path(path)
    source = _source(found)
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as exc:
        place = re.search(r"\(at line (\d+)", str(exc))
        line = int(place[1]) if place else source.count("\n") + 1
        raise StudyError(found, [f"line {line}: not TOML: {str(exc).partition(' (at ')[0]}"]) from None
    problems: Problems = []
    places = find_places(source)
    rules = _rules(data, places, problems)
    if problems:
        ordered = sorted(problems, key=lambda problem: places.line(problem[0]))
        raise StudyError(found, [f"{places.say(where)}: {words}" for where, words in ordered])
    return rules


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(path, ["no such file; check the path"]) from None
    except UnicodeDecodeError:
        raise StudyError(path, ["not UTF-8; save the file as UTF-8"]) from None
    except OSError as exc:
        raise StudyError(path, [f"cannot be read: {exc.strerror or exc}"]) from None


def _rules(data: dict[str, Any], places: Places, problems: Problems) -> tuple[Rule, ...]:
    for name in data:
        if name != "require":
            problems.append(((name,), f"unknown table{meant(name, ('require',)) or '; known: require'}"))
    raw = data.get("require", [])
    if not isinstance(raw, list) or not all(isinstance(part, dict) for part in raw):
        problems.append((("require",), "write [[require]] with double brackets, once for each rule"))
        return ()
    if not raw and not problems:
        problems.append((("require",), "there is no rule; write [[require]] and under it what must hold"))
    return tuple(_rule(part, ("require", k), places, problems) for k, part in enumerate(raw))


def _rule(raw: dict[str, Any], where: Where, places: Places, problems: Problems) -> Rule:
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in _KEYS:
            problems.append(
                ((*where, key), f"unknown key{meant(key, _KEYS) or '; known: ' + ', '.join(_KEYS)}")
            )
            continue
        try:
            values[key] = _value(key, value)
        except WrongValueError as exc:
            problems.append(((*where, key), str(exc)))
    if not any(key in raw for key in SELECTORS):
        problems.append((where, 'selects nothing; add at least one of family, statistic, ... = "..."'))
    if not any(key in raw for key in (*NUMBERS, "verdict")):
        problems.append((where, 'demands nothing; add estimate = { max = ... } or verdict = "equivalent"'))
    return Rule(
        select={key: values[key] for key in SELECTORS if key in values},
        bounds={key: values[key] for key in NUMBERS if key in values},
        verdicts=values.get("verdict", ()),
        every=values.get("every", True),
        missing=_MISSING[values.get("missing", "undecided")],  # type: ignore[arg-type]  # of State, by the table
        name=values.get("name", ""),
        line=places.line(where),
    )


def _value(key: str, value: Any) -> Any:
    here = Path()
    if key in SELECTORS:
        return _words(value)
    if key in NUMBERS:
        return _bound(value)
    if key == "verdict":
        return tuple(one_of(*_VERDICTS)(word, here) for word in _words(value))
    if key == "every":
        return flag(value, here)
    return one_of(*_MISSING)(value, here) if key == "missing" else text(value, here)


def _words(value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list) and value else [value]
    return tuple(text(part, Path()) for part in parts)


def _bound(value: Any) -> Bound:
    """Read limits; a bare number is refused, since nobody could tell which end is meant."""
    if not isinstance(value, dict):
        raise WrongValueError(
            f"must say which end, not {shown(value)}, e.g. {{ max = 0.05 }} or {{ min = 50 }}"
        )
    parts = mapping(value, Path())
    for name in parts:
        if name not in ("min", "max"):
            raise WrongValueError(
                f"has the unknown part {name!r}{meant(name, ('min', 'max')) or '; known: min, max'}"
            )
    if not parts:
        raise WrongValueError("has no limit; write { min = ... }, { max = ... } or both")
    limits = {name: number(float("-inf"))(part, Path()) for name, part in parts.items()}
    bound = Bound(limits.get("min"), limits.get("max"))
    if bound.low is not None and bound.high is not None and bound.low > bound.high:
        raise WrongValueError(f"has min {bound.low:g} above max {bound.high:g}: nothing could keep it")
    return bound
