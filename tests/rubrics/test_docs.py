"""The page about rubrics says what is true: its examples load, and everything has its entry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge.rubrics import answers, header, language, load_rubrics, sandbox
from tests.rubrics.helpers import HEADER, load, write

PAGE = (Path(__file__).parents[2] / "docs" / "rubrics.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```jinja\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_load(tmp_path, example):
    """A whole file loads as it is; a template loads under a header."""
    whole = example.startswith("---")
    load(write(tmp_path, "" if whole else example, example if whole else HEADER))


@pytest.mark.parametrize(
    "name",
    [
        *header.FIELDS,
        *header.CRITERION_FIELDS,
        *language.STATIC_VARIABLES,
        *language.ITEM_VARIABLES,
        *language.FUNCTIONS,
        *(name for name in sandbox.RubricEnvironment().filters if not name.startswith("_")),
        *sorted({rubric.rubric_id for rubric in load_rubrics(plugins=False)}),
    ],
)
def test_everything_has_an_entry(name):
    """Every field, value, filter and rubric is on the page."""
    assert re.search(rf"\b{re.escape(name)}\b", PAGE)


def test_figures_on_the_page_are_those_of_the_code():
    """Limits are told as they are."""
    for figure in (sandbox.MAX_RANGE, sandbox.MAX_STEPS, answers.MAX_PATTERN_TEXT, 2_000_000):
        assert f"{figure:,}" in PAGE
