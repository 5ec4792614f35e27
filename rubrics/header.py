"""The header of a rubric file: TOML between two lines of ``---``, read and checked field by field."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from judge.rubrics.problems import Problem, did_you_mean
from judge.types import Criterion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.types import Mode

FIELDS = ("id", "version", "mode", "criteria", "ties", "pattern", "schema")
CRITERION_FIELDS = ("name", "definition", "scale", "levels")
MODES = ("absolute", "pairwise")
MAX_LEVELS = 101
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_FENCE = "---"


@dataclass(frozen=True, slots=True)
class Header:
    """A header without mistakes."""

    rubric_id: str
    version: str
    mode: Mode
    criteria: tuple[Criterion, ...]
    ties: bool = True
    pattern: str = ""
    schema: dict[str, Any] | None = None


@dataclass(slots=True)
class HeaderReader:
    """Reads one header and collects every problem on the way."""

    path: str
    text: str
    problems: list[Problem] = field(default_factory=list)

    def say(self, message: str, mend: str = "", *, key: str = "", nth: int = 0) -> None:
        """Note a problem at the line where `key` stands (the `nth` time), or at the top."""
        self.problems.append(Problem(self.path, self._line(key, nth), message, mend))

    def _line(self, key: str, nth: int) -> int:
        found = [
            number
            for number, line in enumerate(self.text.splitlines(), start=2)
            if key and re.match(rf"\s*\[*\s*{re.escape(key)}\s*(=|\])", line)
        ]
        return found[min(nth, len(found) - 1)] if found else 1

    def read(self) -> Header | None:
        """Return the header, or None where `problems` says why not."""
        raw = self._toml()
        if raw is None:
            return None
        for key in raw:
            if key not in FIELDS:
                hint = did_you_mean(key, FIELDS)
                self.say(f"unknown field {key!r}.{hint}", f"fields are {', '.join(FIELDS)}", key=key)
        rubric_id, version, mode = self._id(raw), self._version(raw), self._mode(raw)
        criteria = self._criteria(raw.get("criteria"), mode)
        ties, pattern, schema = self._ties(raw, mode), self._pattern(raw), self._schema(raw, mode, criteria)
        if self.problems:
            return None
        return Header(rubric_id, version, cast("Mode", mode), criteria, ties, pattern, schema)

    def _toml(self) -> dict[str, Any] | None:
        try:
            return tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            match = re.search(r"at line (\d+)", str(error))
            at_end = len(self.text.splitlines()) + 1 if "end of document" in str(error) else 1
            line = int(match[1]) + 1 if match else at_end
            message = re.sub(r" \(at line .*\)", "", str(error))
            mend = 'the header is TOML: id = "name", lists of criteria as [[criteria]]'
            self.problems.append(Problem(self.path, line, f"the header is not valid TOML: {message}", mend))
            return None

    def _id(self, raw: dict[str, Any]) -> str:
        value = raw.get("id")
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self.say(
                "no usable id" if "id" in raw else "no id",
                'give it a name of its own in small letters, digits, - and _, such as id = "my-empathy"',
                key="id",
            )
        return str(value)

    def _version(self, raw: dict[str, Any]) -> str:
        value = raw.get("version")
        if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}", value):
            self.say("no usable version", 'write it in quotes, such as version = "1"', key="version")
        return str(value)

    def _mode(self, raw: dict[str, Any]) -> str:
        value = raw.get("mode")
        if value == "listwise":
            self.say("mode listwise is not judged yet", "use pairwise or absolute", key="mode")
        elif value not in MODES:
            hint = did_you_mean(str(value), MODES)
            self.say(f"mode is {value!r}.{hint}", "modes are " + " and ".join(MODES), key="mode")
        return str(value)

    def _criteria(self, raw: Any, mode: str) -> tuple[Criterion, ...]:
        if not isinstance(raw, list) or not raw or not all(isinstance(part, dict) for part in raw):
            self.say("no criteria", "add a table [[criteria]] with name and definition", key="criteria")
            return ()
        criteria = tuple(self._criterion(part, mode, nth) for nth, part in enumerate(raw))
        names = [c.name for c in criteria]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.say(f"criterion {name!r} is there twice", "give each its own name", key="criteria")
        return criteria

    def _criterion(self, raw: dict[str, Any], mode: str, nth: int) -> Criterion:
        name, definition = raw.get("name"), raw.get("definition")
        for key in raw:
            if key not in CRITERION_FIELDS:
                hint = did_you_mean(key, CRITERION_FIELDS)
                mend = f"fields of a criterion are {', '.join(CRITERION_FIELDS)}"
                self.say(f"unknown field {key!r}.{hint}", mend, key=key)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            mend = "small letters, digits, - and _"
            self.say(f"criterion {nth + 1} has no usable name", mend, key="criteria", nth=nth)
        if not isinstance(definition, str) or not definition.strip():
            mend = "say what counts and what does not count"
            self.say(f"criterion {name!r} has no definition", mend, key="criteria", nth=nth)
        levels = self._levels(raw, str(name), nth) if mode == "absolute" else ()
        if mode == "pairwise" and ("levels" in raw or "scale" in raw):
            mend = 'remove levels and scale, or set mode = "absolute"'
            self.say(f"criterion {name!r} has a scale, but a pair is compared", mend, key="criteria", nth=nth)
        return Criterion(str(name), str(definition).strip(), levels)

    def _levels(self, raw: dict[str, Any], name: str, nth: int) -> tuple[tuple[float, str], ...]:
        meanings = raw.get("levels", {})
        mend = '[criteria.levels] with one line a score, 1 = "what a 1 looks like", or scale = [1, 10]'
        if not isinstance(meanings, dict) or not all(isinstance(text, str) for text in meanings.values()):
            self.say(f"the levels of {name!r} are not a table of meanings", mend, key="criteria", nth=nth)
            return ()
        try:
            levels = {int(score): text.strip() for score, text in meanings.items()}
            low, high = raw["scale"] if "scale" in raw else (min(levels), max(levels))
            whole = all(isinstance(end, int) and not isinstance(end, bool) for end in (low, high))
        except (ValueError, TypeError):
            whole, low, high, levels = False, 0, 0, {}
        if not whole or not low < high or high - low >= MAX_LEVELS:
            self.say(f"criterion {name!r} has no scale of whole numbers", mend, key="criteria", nth=nth)
            return ()
        outside = sorted(score for score in levels if not low <= score <= high)
        missing = [score for score in range(low, high + 1) if score not in levels]
        if outside or ("scale" not in raw and missing):
            what = f"level {outside[0]} is off the scale" if outside else f"level {missing[0]} has no meaning"
            self.say(f"criterion {name!r}: {what}", mend, key="criteria", nth=nth)
        return tuple((float(score), levels.get(score, "")) for score in range(low, high + 1))

    def _ties(self, raw: dict[str, Any], mode: str) -> bool:
        value = raw.get("ties", True)
        if not isinstance(value, bool) or ("ties" in raw and mode == "absolute"):
            self.say("ties is true or false, and for pairwise rubrics only", "remove it", key="ties")
        return bool(value)

    def _pattern(self, raw: dict[str, Any]) -> str:
        value = raw.get("pattern", "")
        if not isinstance(value, str):
            self.say("pattern is not a string", "write it in single quotes", key="pattern")
            return ""
        try:
            groups = set(re.compile(value).groupindex) if value else {"verdict"}
        except (re.error, RecursionError, OverflowError) as error:
            self.say(f"pattern is not a regular expression: {error}", "mend the expression", key="pattern")
            return ""
        wanted = {"verdict", "score"} if raw.get("mode") == "absolute" else {"verdict", "A", "B", "tie"}
        if not groups & wanted:
            mend = r"name it: '\[\[(?P<verdict>A|B|tie)\]\]', or (?P<score>[0-9]+) for an absolute rubric"
            self.say("pattern has no group that holds the verdict or score", mend, key="pattern")
        if value and len(raw.get("criteria") or ()) > 1:
            self.say("pattern serves one criterion only", "remove it, or split the rubric", key="pattern")
        return value

    def _schema(self, raw: dict[str, Any], mode: str, criteria: Sequence[Criterion]) -> dict[str, Any] | None:
        from judge.rubrics.schema import answer_key

        value = raw.get("schema")
        if value is None or mode not in MODES or not criteria:
            return None
        key = answer_key(cast("Mode", mode), criteria)
        properties = value.get("properties") if isinstance(value, dict) else None
        if not isinstance(properties, dict) or key not in properties or value.get("type") != "object":
            mend = f"a JSON schema of an object with the property {key!r}; or remove it to have it derived"
            self.say(f"schema does not describe an object that holds {key!r}", mend, key="schema")
            return None
        return dict(value)


def split_source(text: str, path: str) -> tuple[str, str, int] | Problem:
    r"""Split a rubric file into header, template and the number of lines before the template.

    Examples
    --------
    >>> split_source('---\nid = "x"\n---\nHello', "x.jinja")
    ('id = "x"', 'Hello', 3)
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    mend = "begin the file with ---, the header as TOML, and --- again; the template follows"
    if lines[0].rstrip() != _FENCE:
        return Problem(path, 1, "the file does not begin with a header", mend)
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == _FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 1
    return Problem(path, 1, "the header has no end", mend)
