"""Knowledge comes from the user's files; what is broken in them is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.errors import TableError
from judge.generators import Ask, Resources, get_strategy
from judge.generators.knowledge import read_atomic, read_precomputed
from tests.generators.helpers import dialogue

if TYPE_CHECKING:
    from pathlib import Path

TRIPLES = """PersonX loses PersonX's parrot\txReact\tsad
PersonX loses PersonX's parrot\txReact\tworried
PersonX loses PersonX's parrot\txReact\tsad
PersonX loses PersonX's parrot\txWant\tto find it
PersonX loses PersonX's parrot\toReact\tsorry
PersonX bakes ___\txReact\tnone
PersonX bakes ___\txIntent\tto eat

PersonX sees a parrot\txReact\tamused
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "knowledge.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_phrases_come_from_the_nearest_events(tmp_path: Path) -> None:
    """The event most like the utterance speaks first; no phrase twice, no "none", no other relation."""
    source = read_atomic(write(tmp_path, TRIPLES))
    found = source.infer("I lost my parrot, it loses feathers", ["xReact", "xWant", "xNeed"], 5)
    assert found == {"xReact": ["sad", "worried", "amused"], "xWant": ["to find it"], "xNeed": []}
    assert source.infer("I lost my parrot, it loses feathers", ["xReact"], 1) == {"xReact": ["sad"]}


def test_an_unknown_event_has_no_phrases(tmp_path: Path) -> None:
    """Where no word is shared, nothing is made up."""
    assert read_atomic(write(tmp_path, TRIPLES)).infer("zebra", ["xReact"], 5) == {"xReact": []}


def test_the_strategy_uses_the_file(tmp_path: Path) -> None:
    """The strategy puts the file's phrases into its prompt."""
    strategy = get_strategy("knowledge", resources=Resources(knowledge=read_atomic(write(tmp_path, TRIPLES))))
    step = strategy.start(dialogue("I saw a parrot"))
    assert isinstance(step, Ask)
    assert "amused" in step.prompt.messages[0].content


@pytest.mark.parametrize(
    ("text", "message"),
    [("a\txReact\n", "row 1: 2 columns"), ("", "holds no triple"), ("a\toReact\tb\n", "holds no triple")],
)
def test_broken_triples_are_named(tmp_path: Path, text: str, message: str) -> None:
    """A line with too few columns or a file without a usable triple is refused."""
    with pytest.raises(TableError, match=message):
        read_atomic(write(tmp_path, text))


def test_precomputed_inferences(tmp_path: Path) -> None:
    """Inferences of COMET or others are looked up by utterance; an unknown one has none."""
    source = read_precomputed(
        write(tmp_path, '{"text": "I won!", "xReact": ["happy", "proud"], "note": 1}\n')
    )
    assert source.infer("I won! ", ["xReact", "xNeed"], 1) == {"xReact": ["happy"], "xNeed": []}
    assert source.infer("I lost", ["xReact"], 1) == {"xReact": []}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "row 1.*not JSON"),
        ('{"x": 1}', "column 'text'"),
        ('{"text": "a", "xNeed": "b"}', "column 'xNeed'"),
    ],
)
def test_broken_precomputed_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    """Row and column of a wrong line are in the error."""
    with pytest.raises(TableError, match=message):
        read_precomputed(write(tmp_path, line))
