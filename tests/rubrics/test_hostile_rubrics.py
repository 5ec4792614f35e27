"""A rubric cannot reach Python, read files, loop for ever or fill the memory; each try is an error."""

from __future__ import annotations

import re
import time

import pytest

from judge.errors import RubricError
from judge.rubrics import render
from tests.rubrics.helpers import BODY_LINE, ask, load, user_block, write

HOSTILE = {
    "undefined name": ("{{ respones }}", "undefined name 'respones'. Did you mean 'response'?"),
    "undefined attribute": ("{{ criterion.meaning }}", "a criterion has no attribute 'meaning'"),
    "endless range": ("{% for i in range(10**9) %}x{% endfor %}", "range of more than 1,000 steps"),
    "endless range without power": ("{% for i in range(9999999999999) %}{% endfor %}", "1,000 steps"),
    "nested loops": (
        "{% for i in range(999) %}{% for j in range(999) %}{% endfor %}{% endfor %}",
        "more than 20,000 steps",
    ),
    "deep loops": ("{% for i in [1] %}" * 4 + "{% endfor %}" * 4, "nested deeper than 3"),
    "recursive loop": ("{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", "recursive loops"),
    "class": ('{{ "".__class__.__mro__ }}', "'__class__' reaches into Python's internals"),
    "class by key": ('{{ criterion["__class__"] }}', "'__class__' reaches into Python's internals"),
    "class by computed key": ('{{ criterion["_" ~ "_class__"] }}', "unsafe"),
    "globals": ("{{ range.__globals__ }}", "internals"),
    "self": ("{{ self._TemplateReference__context }}", "internals"),
    "hidden name": ("{{ _budget }}", "internals"),
    "method": ('{{ "x".upper() }}', "cannot call this"),
    "format": ('{{ "{0.__class__}".format(response) }}', "cannot call this"),
    "function as text": ("{{ range }}", "only text and numbers"),
    "list as text": ("{{ criteria }}", "only text and numbers"),
    "long string": ('{{ "a" * 10**9 }}', "'*' works on two numbers"),
    "huge power": ("{{ 10 ** 100 }}", "numbers that large"),
    "huge format": ('{{ "%999999999d" % 1 }}', "'%' works on two numbers"),
    "include": ('{% include "/etc/passwd" %}', "'include' is not part of the language"),
    "import": ('{% import "os" as os %}', "'import' is not part of the language"),
    "macro": ("{% macro m() %}{% endmacro %}", "'macro' is not part of the language"),
    "set": ("{% set x = 1 %}", "'assign' is not part of the language"),
    "filter": ("{{ response | pprint }}", "No filter named 'pprint'"),
    "private filter": ("{{ response | _steps }}", "no filter '_steps'"),
    "syntax": ("{% if %}", "Expected an expression"),
    "growing output": (
        "{% for i in range(999) %}{{ answer_format ~ answer_format ~ answer_format }}{% endfor %}",
        "grows far beyond",
    ),
    "division by zero": ("{{ 1 / 0 }}", "division by zero"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_is_refused_with_file_line_and_mend(tmp_path, name):
    """The error names the file and the line, says what is wrong, how to mend it, and comes at once."""
    inside, expected = HOSTILE[name]
    path = write(tmp_path, user_block(inside))
    start = time.process_time()
    with pytest.raises(RubricError, match=re.escape(expected)) as caught:
        load(path)
    assert time.process_time() - start < 2
    assert f"{path}:{BODY_LINE + 1}: " in str(caught.value)
    assert "mend: " in str(caught.value)


@pytest.mark.parametrize("template", ['{% extends "/etc/passwd" %}', '{% extends "a" ~ "b" %}'])
def test_extends_nothing_but_the_standard(tmp_path, template):
    """No other file is ever read."""
    with pytest.raises(RubricError, match="extend nothing but the standard one"):
        load(write(tmp_path, template))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("text outside\n" + user_block(""), "outside the blocks"),
        ("{% block system %}x{% endblock %}", "there is no block user"),
        ("{% block user %}nothing shown{% endblock %}", "never shows response"),
        ("{% block user %}{{ response }}{{ response_a }}{% endblock %}", "undefined name 'response_a'"),
        ("((" * 5000 + "{{" + "(" * 50_000 + "}}", "mend"),
        ("{% block user %}{{ response }}{{ " + "[" * 3000 + "]" * 3000 + " }}{% endblock %}", "nested"),
        ("x" * 300_000, "more than 200,000 characters"),
    ],
)
def test_template_that_cannot_work_is_refused(tmp_path, template, expected):
    """A template that would send nothing, or less than it judges, or that nobody can parse, is an error."""
    with pytest.raises(RubricError, match=re.escape(expected)):
        load(write(tmp_path, template))


def test_every_problem_of_every_file_is_reported_at_once(tmp_path):
    """Two files with two mistakes each give four lines."""
    write(tmp_path, user_block("{{ a }}\n{{ b }}"), name="one")
    write(tmp_path, user_block("{{ c }}\n{{ d }}"), name="two")
    from judge.rubrics import ProblemsError, load_rubrics

    with pytest.raises(ProblemsError) as caught:
        load_rubrics([tmp_path], plugins=False)
    found = [(problem.path[-9:], problem.line - BODY_LINE) for problem in caught.value.problems]
    assert found == [("one.jinja", 1), ("one.jinja", 2), ("two.jinja", 1), ("two.jinja", 2)]


def test_what_the_language_offers_works(tmp_path):
    """Loops, conditions, filters, arithmetic and the loop's helpers render as in Jinja."""
    inside = (
        "{% for c in criteria %}{% for l in c.levels %}{{ loop.index * 10 }}{{ loop.cycle('a', 'b') }} "
        "{% endfor %}{% endfor %}{{ criterion.title | upper }} {{ [c_name, 2] | join('-') }}"
    ).replace("c_name", "criterion.name")
    rubric = load(write(tmp_path, user_block(inside + "{% if situation %}S{% else %}no{% endif %}")))
    content = render(rubric, ask(rubric, "fine")).messages[-1].content
    assert content.endswith("10a 20b 30a CALM calm-2no")
