"""A header is checked field by field; every mistake is told with its line and the mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.rubrics.loading import Source, check_source
from tests.rubrics.helpers import HEADER, load, write

if TYPE_CHECKING:
    from pathlib import Path


def problems(tmp_path: Path, text: str | bytes) -> list[tuple[int, str]]:
    """Return the problems of a file with this text, as (line, message)."""
    path = tmp_path / "x.jinja"
    path.write_bytes(text if isinstance(text, bytes) else text.replace("{id}", "x").encode())
    rubric, found = check_source(Source(str(path), path))
    assert (rubric is None) == bool(found)
    assert all(problem.mend for problem in found)
    return [(problem.line, problem.message) for problem in found]


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ('id = "{id}"', 'id = "My Rubric"', 2, "no usable id"),
        ('id = "{id}"', "", 1, "no id"),
        ('version = "1"', "version = 1", 3, "no usable version"),
        ('"absolute"', '"absolut"', 4, "Did you mean 'absolute'?"),
        ('"absolute"', '"listwise"', 4, "listwise is not judged yet"),
        ('"absolute"', '"pairwise"', 6, "has a scale, but a pair is compared"),
        ("[[criteria]]", "[[criterias]]", 6, "unknown field 'criterias'. Did you mean 'criteria'?"),
        ('name = "calm"', 'nam = "calm"', 7, "unknown field 'nam'. Did you mean 'name'?"),
        ('name = "calm"', 'name = "Very Calm"', 6, "no usable name"),
        ('definition = "How calm the response is."', "", 6, "has no definition"),
        ("scale = [1, 3]", "", 6, "has no scale"),
        ("scale = [1, 3]", "scale = [3, 1]", 6, "has no scale"),
        ("scale = [1, 3]", "scale = [0.5, 3]", 6, "has no scale"),
        ("scale = [1, 3]", "scale = [1, 1000000000]", 6, "has no scale"),
        ("scale = [1, 3]", "scale = true", 6, "has no scale"),
        ("scale = [1, 3]", '[criteria.levels]\n1 = "a"\n3 = "c"', 6, "level 2 has no meaning"),
        ("scale = [1, 3]", 'scale = [1, 3]\n[criteria.levels]\n4 = "d"', 6, "level 4 is off the scale"),
        ("scale = [1, 3]", '[criteria.levels]\nlow = "a"', 6, "has no scale"),
        ("scale = [1, 3]", "levels = [1, 2]", 6, "are not a table"),
        ('version = "1"', 'version = "1"\nties = true', 4, "pairwise rubrics only"),
        ('version = "1"', 'version = "1"\npattern = "("', 4, "not a regular expression"),
        ('version = "1"', 'version = "1"\npattern = "[0-9]"', 4, "no group"),
        ('version = "1"', 'version = "1"\npattern = 3', 4, "pattern is not a string"),
        ('version = "1"', 'version = "1"\nschema = {type = "object"}', 4, "schema does not describe"),
        ('version = "1"', "version = ", 3, "not valid TOML"),
        ('version = "1"', 'version = "1"\nversion = "1"', 4, "not valid TOML"),
    ],
)
def test_mistakes_in_the_header(tmp_path, old, new, line, expected):
    """Each mistake names its line."""
    assert old in HEADER
    found = problems(tmp_path, HEADER.replace(old, new))
    assert any(at == line and expected in message for at, message in found), found


def test_all_mistakes_of_a_header_come_at_once(tmp_path):
    """Three mistakes, three problems."""
    text = (
        HEADER.replace('version = "1"', "version = 1")
        .replace('"absolute"', '"both"')
        .replace('"calm"', '"C"')
    )
    assert len(problems(tmp_path, text)) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "does not begin with a header"),
        ("Judge this: {{ response }}", "does not begin with a header"),
        ('---\nid = "x"\n', "the header has no end"),
        (b'---\nid = "caf\xe9"\n---\n', "not UTF-8"),
        ("---\n" + "x = " + "[" * 100_000 + "\n---\n", "not valid TOML"),
        ("---\n" + "#" * 600_000, "more than 500,000 characters"),
    ],
)
def test_files_that_are_no_rubrics(tmp_path, text, expected):
    """Empty, headless, endless, Latin-1, huge: one clear problem each."""
    ((_, message),) = problems(tmp_path, text)
    assert expected in message


def test_criterion_twice_is_told(tmp_path):
    """Two criteria of one name would overwrite each other in the answer."""
    second = '[[criteria]]\nname = "calm"\ndefinition = "d"\nscale = [1, 3]\n'
    text = HEADER.replace("[[criteria]]", second + "[[criteria]]")
    assert "criterion 'calm' is there twice" in [message for _, message in problems(tmp_path, text)]


def test_scale_with_anchors_only(tmp_path):
    """A long scale may say what its ends mean and leave the rest open."""
    anchors = 'scale = [1, 10]\n[criteria.levels]\n1 = "stormy"\n10 = "still"'
    (criterion,) = load(write(tmp_path, "", HEADER.replace("scale = [1, 3]", anchors))).criteria
    assert (criterion.low, criterion.high, len(criterion.levels)) == (1.0, 10.0, 10)
    assert (criterion.levels[0], criterion.levels[4]) == ((1.0, "stormy"), (5.0, ""))


def test_own_schema_is_sent_as_it_is(tmp_path):
    """A schema in the header replaces the derived one, if the parser can find the score in it."""
    schema = (
        'schema = {type = "object", properties = {steps = {type = "string"}, score = {type = "integer"}}}'
    )
    rubric = load(write(tmp_path, "", HEADER.replace('version = "1"', 'version = "1"\n' + schema)))
    assert list(rubric.schema["properties"]) == ["steps", "score"]


def test_windows_line_ends_and_byte_order_mark(tmp_path):
    """A file written on Windows is read like any other."""
    text = "\ufeff" + HEADER.replace("{id}", "x").replace("\n", "\r\n")
    assert problems(tmp_path, text) == []
