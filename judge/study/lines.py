"""On which line of a TOML file a key stands: tomllib does not tell, and an error needs its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

Where: TypeAlias = "tuple[str | int, ...]"

_TOKEN = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<comment>#[^\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<line>\n)|(?P<rest>[^\n]?)",
    re.DOTALL,
)
_BARE = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_BARE}(?:\s*\.\s*{_BARE})*"
_KEY = re.compile(rf"[ \t]*({_NAME})[ \t]*=")
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_NAME})[ \t]*\]\]?")


@dataclass(frozen=True)
class Places:
    """Where each part of a study was given: a line of the file, or a flag of the command line."""

    lines: dict[Where, int] = field(default_factory=dict)
    flags: dict[Where, str] = field(default_factory=dict)

    def line(self, where: Where) -> int:
        """Return the line of a key, or of the nearest table around it; 0 where neither is known."""
        for end in range(len(where), 0, -1):
            if where[:end] in self.lines:
                return self.lines[where[:end]]
        return 0

    def say(self, where: Where) -> str:
        """Return the place in words: "line 3: [[systems]] 2, id" or "--judge"."""
        for end in range(len(where), 0, -1):
            if where[:end] in self.flags:
                return self.flags[where[:end]]
        line = self.line(where)
        named = named_key(where)
        return f"line {line}: {named}" if line else named


def named_key(where: Where) -> str:
    """Write the place of a key as the file has it.

    >>> named_key(("judges", 1, "model"))
    '[[judges]] number 2, model'
    """
    table, *rest = where
    if rest and isinstance(rest[0], int):
        head, keys = f"[[{table}]] number {rest[0] + 1}", rest[1:]
    else:
        head, keys = f"[{table}]", rest
    return f"{head}, {'.'.join(map(str, keys))}" if keys else head


def find_places(source: str) -> Places:
    r"""Find the line of every table and key of a TOML text.

    Keys inside inline tables and lists over several lines count to the key that they belong to.

    Examples
    --------
    >>> find_places("[[judges]]\nmodel = 'a/b'\n").lines[("judges", 0, "model")]
    2
    """
    lines: dict[Where, int] = {}
    counts: dict[str, int] = {}
    table: Where = ()
    for line, statement in _statements(source):
        header = _HEADER.match(statement)
        if header:
            names = _split(header[2])
            table = tuple(names)
            if header[1] == "[[":
                counts[names[0]] = counts.get(names[0], -1) + 1
            if names[0] in counts:
                table = (names[0], counts[names[0]], *names[1:])
            lines.setdefault(table, line)
            lines.setdefault(table[:1], line)
            continue
        key = _KEY.match(statement)
        if key:
            where = (*table, *_split(key[1]))
            for end in range(len(table) + 1, len(where) + 1):
                lines.setdefault(where[:end], line)
    return Places(lines)


def _split(name: str) -> list[str]:
    return [part.strip("\"' \t") for part in re.findall(_BARE, name)]


def _statements(source: str) -> list[tuple[int, str]]:
    """Split the text into statements, each with its first line; strings and brackets may span lines."""
    found: list[tuple[int, str]] = []
    line, depth, begun, start = 1, 0, 1, 0
    for token in _TOKEN.finditer(source):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth = max(0, depth - 1)
        elif token["string"]:
            line += token["string"].count("\n")
        elif token["line"]:
            line += 1
            if depth == 0:
                found.append((begun, source[start : token.start()]))
                begun, start = line, token.end()
    found.append((begun, source[start:]))
    return found
