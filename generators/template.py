"""The file of a strategy: a TOML header and, for each question, the messages as Jinja text.

::

    +++
    name = "careful"
    version = "1"
    about = "One line that lists show."
    uses = ["random-exemplars"]     # optional, see judge.generators.variables
    [options]                       # optional, with defaults; a study may set them
    k = 5
    [reads.understand]              # optional: what to read from a question's answer
    emotion = "Emotion"
    +++
    === understand
    --- system
    You listen to somebody.
    --- context
    --- user
    Say on one line "Emotion: ..." what they feel.
    === respond
    --- system
    You listen. They seem to feel {{ answers.understand }}.
    --- context

``--- context`` puts the dialogue in as alternating chat messages; the other sections are messages of that
role. The file is cut at its marker lines *before* anything is rendered: what people write in a dialogue can
neither open a section nor run as a template.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES = ("system", "user", "assistant", "context")
KEYS = {"name", "version", "about", "source", "uses", "options", "reads"}
_MARKER = re.compile(r"^(===|---)[ \t]+([\w-]+)[ \t]*$", re.MULTILINE)
_HEADER = re.compile(r"\A\s*\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """One message: its role (or ``context``) and its Jinja text."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One call to the model. `reads` maps a detail's name to the label that its line begins with."""

    name: str
    sections: tuple[Section, ...]
    reads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StrategyTemplate:
    """A strategy's file, read and checked."""

    name: str
    version: str
    about: str
    questions: tuple[Question, ...]
    uses: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    path: str = ""

    @property
    def ref(self) -> str:
        """How the strategy is named in a manifest: name, version and 8 digits of the digest."""
        return f"{self.name}@{self.version}#{self.sha256[:8]}"


def parse_template(source: str, *, path: str = "", partials: str = "") -> StrategyTemplate:
    r"""Read a strategy's file.

    Parameters
    ----------
    source
        The text of the file.
    path
        Named in errors.
    partials
        The text of shared parts, which belong to the digest.

    Raises
    ------
    InputError
        If header or markers are wrong; the message says what and where.

    Examples
    --------
    >>> text = '+++\nname = "mine"\nversion = "1"\nabout = "Hm."\n+++\n=== respond\n--- context\n'
    >>> parse_template(text).questions[0].name
    'respond'
    """
    found = _HEADER.match(source)
    if not found:
        raise InputError(
            f"{path or 'template'}: no header; a strategy begins with TOML between two lines '+++'"
        )
    header = _header(found.group(1), path)
    reads = header.get("reads", {})
    questions = _questions(source[found.end() :], reads, path)
    strange = sorted(set(reads) - {q.name for q in questions})
    if strange:
        raise InputError(
            f"{path or 'template'}: [reads] names {', '.join(strange)}, but there is no such question"
        )
    return StrategyTemplate(
        name=header["name"],
        version=str(header["version"]),
        about=header["about"],
        questions=questions,
        uses=tuple(header.get("uses", ())),
        options=header.get("options", {}),
        sha256=hashlib.sha256(f"{source}\x00{partials}".encode()).hexdigest(),
        path=path,
    )


def _header(text: str, path: str) -> dict[str, Any]:
    where = path or "template"
    try:
        header = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: the header is not valid TOML: {error}") from error
    for key in ("name", "version", "about"):
        if not header.get(key):
            raise InputError(f"{where}: the header lacks {key!r}")
    unknown = sorted(set(header) - KEYS)
    if unknown:
        raise InputError(
            f"{where}: unknown keys in the header: {', '.join(unknown)}; known: {', '.join(sorted(KEYS))}"
        )
    for key, kind in (("options", dict), ("reads", dict), ("uses", list)):
        if not isinstance(header.get(key, kind()), kind):
            raise InputError(
                f"{where}: {key!r} of the header must be a {'table' if kind is dict else 'list'}"
            )
    return header


def _questions(body: str, reads: Mapping[str, Mapping[str, str]], path: str) -> tuple[Question, ...]:
    where = path or "template"
    marks = list(_MARKER.finditer(body))
    if not marks or marks[0].group(1) != "===" or body[: marks[0].start()].strip():
        raise InputError(f"{where}: after the header comes a line '=== NAME', the first question")
    found: list[tuple[str, list[Section]]] = []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        text = body[mark.end() : after.start() if after else len(body)].strip()
        kind, name = mark.groups()
        if kind == "===":
            if text:
                raise InputError(f"{where}: question {name!r}: text before its first '--- ROLE' line")
            found.append((name, []))
        elif name not in ROLES:
            raise InputError(f"{where}: '--- {name}': a section is one of {', '.join(ROLES)}")
        else:
            found[-1][1].append(Section(name, text))
    names = [name for name, _ in found]
    if len(set(names)) != len(names):
        raise InputError(f"{where}: two questions have the same name: {', '.join(names)}")
    empty = [name for name, sections in found if not sections]
    if empty:
        raise InputError(f"{where}: question {empty[0]!r} holds no section")
    return tuple(Question(name, tuple(sections), dict(reads.get(name, {}))) for name, sections in found)
