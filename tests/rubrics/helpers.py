"""What the tests of the rubrics share: a minimal rubric file and a question about given texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings

from judge.rubrics import load_rubrics
from judge.types import Dialogue, JudgeTask, Response, Turn

if TYPE_CHECKING:
    from pathlib import Path

    from judge.types import Rubric

STEADY = settings(deadline=None, derandomize=True, database=None)
"""The same examples each time, on machines however slow."""
PAIRWISE = load_rubrics(plugins=False).get("empathy", "pairwise")
ABSOLUTE = load_rubrics(plugins=False).get("empathy", "absolute")
EPITOME = load_rubrics(plugins=False).get("epitome", "absolute")

HEADER = """---
id = "{id}"
version = "1"
mode = "absolute"

[[criteria]]
name = "calm"
definition = "How calm the response is."
scale = [1, 3]
---
"""
BODY_LINE = HEADER.count("\n") + 1


def write(folder: Path, body: str, header: str = HEADER, name: str = "mine") -> Path:
    """Write a rubric file; `BODY_LINE` is the line where `body` begins."""
    path = folder / f"{name}.jinja"
    path.write_text(header.replace("{id}", name) + body, encoding="utf-8")
    return path


def user_block(inside: str) -> str:
    """Return a template that shows the response and then `inside`, on the second line."""
    return "{% block user %}{{ response }}\n" + inside + "\n{% endblock %}"


def load(path: Path) -> Rubric:
    """Load one file of the user's."""
    return next(r for r in load_rubrics([path], plugins=False) if r.source == str(path))


def ask(rubric: Rubric, *texts: str, context: str = "My cat died.") -> JudgeTask:
    """Ask about these responses."""
    dialogue = Dialogue("d1", (Turn("speaker", context),))
    return JudgeTask(rubric, dialogue, tuple(Response("d1", f"s{n}", text) for n, text in enumerate(texts)))
