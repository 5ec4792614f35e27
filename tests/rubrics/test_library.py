"""Rubrics are found by name, loaded from folders and packages, and never override one another silently."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from judge.errors import RubricError, UnknownNameError
from judge.rubrics import library as module
from judge.rubrics import load_rubrics, render
from tests.rubrics.helpers import HEADER, ask, load, user_block, write

LIBRARY = load_rubrics(plugins=False)


def test_bundled_rubrics_are_those_that_were_promised():
    """Empathy, relevance, fluency and overall both ways, EPITOME and the three together absolutely."""
    names = {(r.rubric_id, r.mode) for r in LIBRARY}
    both = {(i, m) for i in ("empathy", "relevance", "fluency", "overall") for m in ("pairwise", "absolute")}
    assert names == both | {("epitome", "absolute"), ("conversation", "absolute")}
    scales = {(c.name, c.low, c.high) for r in LIBRARY.list("absolute") for c in r.criteria}
    assert scales == {
        *((name, 1.0, 5.0) for name in ("empathy", "relevance", "fluency", "overall")),
        *((name, 0.0, 2.0) for name in ("emotional_reaction", "interpretation", "exploration")),
    }


def test_a_criterion_has_one_definition_in_every_rubric():
    """Empathy means the same in a pair, in a score, and together with the others."""
    found: dict[tuple[str, object], set[str]] = {}
    for rubric in LIBRARY:
        for criterion in rubric.criteria:
            found.setdefault((criterion.name, "definition"), set()).add(criterion.definition)
            if criterion.levels:
                found.setdefault((criterion.name, "levels"), set()).add(str(criterion.levels))
    assert {key: len(texts) for key, texts in found.items() if len(texts) > 1} == {}


def test_choosing_by_id_and_by_criterion():
    """The rubric of that id goes first; else the only one that judges the criterion."""
    assert LIBRARY.choose("empathy", "absolute").rubric_id == "empathy"
    assert LIBRARY.choose("interpretation", "absolute").rubric_id == "epitome"
    assert LIBRARY.choose("empathy@1", "pairwise").mode == "pairwise"


@pytest.mark.parametrize(
    ("name", "mode", "expected"),
    [
        ("empaty", "pairwise", "Did you mean 'empathy'?"),
        ("epitome", "pairwise", "there is one in mode absolute"),
        ("empathy@9", "pairwise", "unknown pairwise rubric"),
    ],
)
def test_unknown_names_come_with_the_nearest(name, mode, expected):
    """The error says what exists."""
    with pytest.raises(UnknownNameError, match=expected.replace("?", r"\?")):
        LIBRARY.choose(name, mode)


def test_a_name_without_mode_must_be_clear():
    """`get` asks for the mode where both exist."""
    assert LIBRARY.get("epitome").mode == "absolute"
    with pytest.raises(RubricError, match="stands for 2 rubrics"):
        LIBRARY.get("empathy")


def test_same_name_with_other_content_is_an_error(tmp_path):
    """A user's file cannot take the place of ours, and the same file twice is harmless."""
    ours = HEADER.replace("{id}", "empathy").replace('"calm"', '"empathy"')
    path = write(tmp_path, user_block(""), ours)
    with pytest.raises(
        RubricError, match=r"empathy@1 \(absolute\) is also in judge.rubrics/empathy.absolute"
    ):
        load_rubrics([path], plugins=False)
    mine = write(tmp_path, user_block(""), name="fine")
    assert len(load_rubrics([mine, mine], plugins=False)) == len(LIBRARY) + 1


def test_another_version_stands_beside_and_has_to_be_named(tmp_path):
    """With two versions the name alone is not enough."""
    ours = HEADER.replace("{id}", "empathy").replace('version = "1"', 'version = "2"')
    both = load_rubrics([write(tmp_path, user_block(""), ours)], plugins=False)
    with pytest.raises(RubricError, match=r"empathy@1 .*empathy@2"):
        both.choose("empathy", "absolute")
    assert both.choose("empathy@2", "absolute").criteria[0].name == "calm"


def test_a_criterion_of_two_rubrics_has_to_be_named_by_rubric(tmp_path):
    """Nothing is chosen where two would do."""
    write(tmp_path, user_block(""), name="one")
    write(tmp_path, user_block("x"), name="two")
    both = load_rubrics([tmp_path], plugins=False)
    with pytest.raises(RubricError, match="'calm' stands for 2 rubrics"):
        both.choose("calm", "absolute")
    assert both.choose("two", "absolute").rubric_id == "two"


def test_a_header_alone_is_a_rubric(tmp_path):
    """Without a template the standard one is used."""
    rubric = load(write(tmp_path, ""))
    system, user = render(rubric, ask(rubric, "There, there.")).messages
    assert "How calm the response is." in system.content
    assert "from 1 to 3" in system.content
    assert "There, there." in user.content


def test_the_digest_follows_all_that_decides_the_prompt(tmp_path):
    """Header or template changed: another digest; line ends changed: the same."""
    first = load(write(tmp_path, user_block("a"), name="mine")).sha256
    assert load(write(tmp_path, user_block("b"), name="mine")).sha256 != first
    path = write(tmp_path, user_block("a"), name="mine")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(path).sha256 == first


@pytest.mark.parametrize(
    ("name", "expected"), [("absent", "there is no such folder"), (".", "there is no rubric in this folder")]
)
def test_folders_that_hold_nothing_are_errors(tmp_path, name, expected):
    """A wrong path is not an empty library."""
    with pytest.raises(RubricError, match=expected):
        load_rubrics([tmp_path / name], plugins=False)


def declare(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Pretend that another package declares rubrics."""
    point = EntryPoint("other", value, "judge.rubrics")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point] * (group == "judge.rubrics"))


def folder_of_the_plugin() -> str:
    """Return the folder as a plugin's function does."""
    return FOLDER[0]


FOLDER: list[str] = [""]


def test_other_packages_can_add_a_folder(tmp_path, monkeypatch):
    """An entry point names a folder, or a function that returns one."""
    write(tmp_path, user_block(""), name="theirs")
    FOLDER[0] = str(tmp_path)
    declare(monkeypatch, f"{__name__}:folder_of_the_plugin")
    assert load_rubrics().get("theirs").source == "other:theirs.jinja"
    assert len(load_rubrics(plugins=False)) == len(LIBRARY)


def test_a_broken_package_is_named(monkeypatch):
    """The fault of another package is one clear error."""
    declare(monkeypatch, "no_such_module:folder")
    with pytest.raises(RubricError, match=r"entry point 'other'.*cannot be loaded: ModuleNotFoundError"):
        load_rubrics()


def test_nothing_heavy_at_import():
    """Importing the rubrics does not load Jinja, pandas or rich."""
    heavy = "[m for m in ('jinja2', 'pandas', 'rich') if m in sys.modules]"
    code = f"import sys, judge.rubrics, judge.cli.rubrics; print({heavy})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_module_reads_no_parts():
    """Files that begin with an underscore are parts, not rubrics."""
    assert not [s for s in module.bundled_sources() if "/_" in s.name]
