"""Rubrics: versioned prompts with a header, and the strict reading of what judges answer.

A rubric is one Jinja file with a TOML header; `load_rubrics` finds ours and the user's, `render` makes a
prompt in which every foreign text is fenced data, `read_answer` turns an answer into outcomes.
"""

from __future__ import annotations

from judge.rubrics.answers import read_answer
from judge.rubrics.example import example_answer, example_task
from judge.rubrics.library import RubricLibrary, load_rubrics
from judge.rubrics.problems import Problem, ProblemsError
from judge.rubrics.render import RenderOptions, render, repair_prompt
from judge.rubrics.schema import answer_format

__all__ = [
    "Problem",
    "ProblemsError",
    "RenderOptions",
    "RubricLibrary",
    "answer_format",
    "example_answer",
    "example_task",
    "load_rubrics",
    "read_answer",
    "render",
    "repair_prompt",
]
