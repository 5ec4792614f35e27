"""A study file is read whole: what is right becomes values, what is wrong is told at once, with its line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from judge.errors import StudyError
from judge.study import JudgeSpec, load_study

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
[study]
name = "first"
seed = 13

[dialogues]
path = "dialogues.jsonl"
sample = 500
emotions = ["sad", "lonely"]

[[systems]]
id = "kemp"
responses = "kemp.jsonl"

[[systems]]
id = "zero"
strategy = "zero-shot"
model = "openai/gpt-4o"
options = { k = 5 }

[[systems]]
id = "human"
reference = true

[[judges]]
model = "openai/gpt-4o"
base_url = "http://127.0.0.1:8000/v1"
requests_per_minute = 500
price = { input = 2.5, output = 10 }

[judging]
mode = "both"
criteria = ["empathy", "fluency"]
rubrics = ["my_rubrics/"]
pairs = "baseline"
baseline = "kemp"

[humans]
ratings = ["people.jsonl"]

[budget]
max_cost = 5

[analysis]
margin = 0.05
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder that holds the files of the study above."""
    for name in ("dialogues.jsonl", "kemp.jsonl", "people.jsonl"):
        (tmp_path / name).write_text("{}\n")
    (tmp_path / "my_rubrics").mkdir()
    return tmp_path


def _load(folder: Path, text: str):
    path = folder / "study.toml"
    path.write_text(text)
    return load_study(path)


def _problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(StudyError) as caught:
        _load(folder, text)
    return caught.value.problems


def test_a_right_file_becomes_values(folder):
    """Paths are found from the file, defaults are filled in, lists become tuples."""
    study = _load(folder, GOOD)
    assert (study.name, study.seed) == ("first", 13)
    assert study.dialogues.path == folder / "dialogues.jsonl"
    assert study.dialogues.emotions == ("sad", "lonely")
    assert [system.id for system in study.systems] == ["kemp", "zero", "human"]
    assert study.systems[1].options == {"k": 5}
    assert study.judges[0].price == {"input": 2.5, "output": 10.0}
    assert study.judging.rubrics == (folder / "my_rubrics",)
    assert (study.judging.orders, study.judging.repeats) == ("both", 1)
    assert study.budget.max_cost == 5.0
    assert study.analysis.confidence == 0.95


def test_the_dictionary_of_a_study_depends_on_no_machine(folder, tmp_path_factory):
    """The same study in another folder gives the same plain JSON."""
    other = tmp_path_factory.mktemp("other")
    for entry in folder.iterdir():
        (other / entry.name).mkdir() if entry.is_dir() else (other / entry.name).write_text("{}")
    first, second = _load(folder, GOOD).to_dict(), _load(other, GOOD).to_dict()
    assert json.loads(json.dumps(first)) == first == second
    assert str(folder) not in json.dumps(first)


def test_the_dictionary_reads_back_as_the_same_study(folder):
    """What the manifest holds is the whole study."""
    from judge.study.lines import Places
    from judge.study.load import check_study

    study = _load(folder, GOOD)
    assert check_study(study.to_dict(), folder, Places(), "manifest") == study


def test_every_mistake_is_told_at_once(folder):
    """Ten mistakes of ten kinds, in the order of the file, each with its line."""
    text = (
        GOOD.replace("seed = 13", "sede = 13")
        .replace('path = "dialogues.jsonl"', 'path = "dialogs.jsonl"')
        .replace("sample = 500", "sample = 0")
        .replace('"lonely"', '"lonly"')
        .replace('responses = "kemp.jsonl"', 'respones = "kemp.jsonl"')
        .replace('model = "openai/gpt-4o"\nbase', 'model = "gpt-4o"\nbase')
        .replace('"both"', '"bothh"')
        .replace('baseline = "kemp"', 'baseline = "kepm"')
        .replace("max_cost = 5", 'max_cost = "5"')
        .replace("[analysis]", "[analyse]")
    )
    expected = [
        (3, "sede: unknown key; did you mean 'seed'?"),
        (6, "no such file 'dialogs.jsonl'; did you mean 'dialogues.jsonl'?"),
        (7, "must be a whole number of at least 1, not 0"),
        (8, "no label is named 'lonly'; did you mean 'lonely'?"),
        (12, "respones: unknown key; did you mean 'responses'?"),
        (25, "must name provider and model, not 'gpt-4o', e.g. 'openai/gpt-4o'"),
        (31, "must be one of pairwise, absolute, both"),
        (35, "no system is named 'kepm'; did you mean 'kemp'?"),
        (41, "must be a number of at least 0, not '5'"),
        (43, "unknown table; did you mean 'analysis'?"),
    ]
    problems = _problems(folder, text)
    assert len(problems) == len(expected)
    for problem, (line, words) in zip(problems, expected, strict=True):
        assert problem.startswith(f"line {line}: ")
        assert words in problem


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ('responses = "kemp.jsonl"', 'responses = "kemp.jsonl"\nstrategy = "zero-shot"'),
            "responses or strategy, not both",
        ),
        (('model = "openai/gpt-4o"\noptions', "options"), "'zero-shot' needs a model"),
        (('id = "zero"\n', ""), "a strategy needs a name"),
        (('id = "zero"', 'id = "kemp"'), "is also the id of system number 1"),
        (("reference = true", "reference = false"), "says nothing of where its texts come from"),
        (("reference = true", 'reference = true\nmodel = "a/b"'), "has no use for a model"),
        (("[[judges]]", "[judges]"), "write [[judges]] with double brackets"),
        (('pairs = "baseline"\nbaseline = "kemp"', 'pairs = "baseline"'), "needs to know which"),
        (('criteria = ["empathy", "fluency"]', "criteria = []"), "must be a list of texts"),
        (('criteria = ["empathy", "fluency"]', 'criteria = ["a", "a"]'), "names 'a' twice"),
        (('criteria = ["empathy", "fluency"]\n', ""), "lacks 'criteria'"),
        (("price = { input = 2.5, output = 10 }", "price = { input = 2.5 }"), "lacks 'output'"),
        (
            ("price = { input = 2.5, output = 10 }", "price = { inptu = 2.5, output = 1 }"),
            "did you mean 'input'?",
        ),
        (("margin = 0.05", "margin = 0"), "must be a number between 0 and 0.5"),
        (("margin = 0.05", "confidence = 95"), "must be a number from 0.5 to 0.9999, not 95"),
        (("requests_per_minute = 500", "requests_per_minute = nan"), "must be a number above 0"),
        (("requests_per_minute = 500", "concurrency = true"), "must be a whole number"),
        (("http://127", "127"), "must begin with http"),
        (('"my_rubrics/"', '"my_rubics/"'), "did you mean 'my_rubrics'?"),
        (("reference = true", 'reference = "yes"'), "must be true or false without quotes"),
    ],
)
def test_contradictions_and_wrong_values(folder, change, words):
    """Each kind of mistake has its own words; the change makes this one mistake and no other."""
    problems = _problems(folder, GOOD.replace(*change))
    assert any(words in problem for problem in problems), problems
    assert all(problem.startswith("line ") for problem in problems)


def test_an_empty_file_lists_what_is_needed(folder):
    """Dialogues, systems, judges and criteria: the least that a study is."""
    text = "\n".join(_problems(folder, ""))
    assert all(f"[{name}]" in text for name in ("dialogues", "judging", "systems", "judges"))


def test_the_same_judge_twice_is_told(folder):
    """Asking the same judge again is what repeats are for; another temperature is another judge."""
    twice = GOOD + '\n[[judges]]\nmodel = "a/b"\n\n[[judges]]\nmodel = "a/b"\n'
    assert "the same as judge number 2; to ask it again use repeats" in _problems(folder, twice)[0]
    _load(folder, twice + "temperature = 1.0\n")


def test_two_systems_are_needed_to_compare(folder):
    """One file with an id is one system; a file without an id may hold many."""
    one = '[dialogues]\npath = "dialogues.jsonl"\n[[systems]]\nid = "a"\nresponses = "kemp.jsonl"\n'
    rest = '[[judges]]\nmodel = "a/b"\n[judging]\ncriteria = ["empathy"]\n'
    assert "comparing needs two systems" in _problems(folder, one + rest)[0]
    assert _load(folder, (one + rest).replace('id = "a"\n', "")).systems[0].id is None


@pytest.mark.parametrize("value", ["sk-CANARY0123456789abcdef", "canary"])
def test_keys_are_refused_and_never_repeated(folder, value):
    """A key by name or by its looks is an error that says where keys belong; its value is not shown."""
    name = "api_key" if value == "canary" else "base_url"
    text = GOOD.replace('base_url = "http://127.0.0.1:8000/v1"', f'{name} = "{value}"')
    (problem,) = _problems(folder, text)
    assert "environment" in problem
    assert problem.startswith("line 26:")
    assert value not in problem


def test_a_password_in_an_address_is_a_key(folder):
    """user:password@host is refused like any key; the name of a variable is welcome."""
    (problem,) = _problems(folder, GOOD.replace("http://127.0.0.1", "http://me:canary@127.0.0.1"))
    assert "canary" not in problem
    ours = _load(folder, GOOD.replace("requests_per_minute = 500", 'api_key_env = "MY_KEY"'))
    assert ours.judges[0].api_key_env == "MY_KEY"
    (problem,) = _problems(folder, GOOD.replace("requests_per_minute = 500", 'api_key_env = "canary-key"'))
    assert "canary" not in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[study]\nname = yes\n", "line 2: not TOML: Invalid value; text needs quotes"),
        ('[study]\nname = "a"\nname = "b"\n', "line 3: not TOML"),
        ("[study\n", "line 1: not TOML"),
    ],
)
def test_what_is_no_toml_has_a_line(folder, text, words):
    """Syntax stops the reading, so it is the only mistake told."""
    (problem,) = _problems(folder, text)
    assert problem.startswith(words)


def test_files_that_cannot_be_read(tmp_path):
    """No file, a folder, Latin-1: one plain line each."""
    (tmp_path / "study.toml").write_bytes(b"[study]\nname = 'caf\xe9'\n")
    with pytest.raises(StudyError, match="line 2: byte 19 is not UTF-8"):
        load_study(tmp_path / "study.toml")
    with pytest.raises(StudyError, match=r"no such file; did you mean 'study\.toml'"):
        load_study(tmp_path / "studdy.toml")
    with pytest.raises(StudyError, match="cannot be read"):
        load_study(tmp_path)


def test_a_byte_order_mark_and_windows_line_ends(folder):
    """Files from Windows editors read as any other."""
    path = folder / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_study(path) == _load(folder, GOOD)


def test_the_judge_has_what_later_stages_need():
    """Samples, repair and batch are fields of the file from the beginning, with quiet defaults."""
    judge = JudgeSpec(model="a/b")
    assert (judge.samples, judge.repair, judge.batch, judge.price) == (1, True, False, None)
