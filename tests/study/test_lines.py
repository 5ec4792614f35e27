"""The line of every key, whatever strings, comments, brackets and lists of tables stand around it."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from judge.study.lines import Places, find_places, named_key

TRICKY = '''\
# [study] in a comment
[study] # after a header
name = """a text
[[systems]]
fake = 1
"""
seed = 3
emotions = [
  "a", # ]
  "[x]",
]
[[systems]]
id = 'it # is'
options = { k = 5, "b c" = [1, 2] }
[[systems]]
id = "two \\" ]"
[systems.options]
k = 3
[[judges]]
"base_url" = "x"
price.input = 2
'''


def test_keys_in_hard_places():
    """Multi-line strings and lists, inline tables, quoted and dotted keys, tables inside lists of tables."""
    tomllib.loads(TRICKY)
    lines = find_places(TRICKY).lines
    expected = {
        ("study",): 2,
        ("study", "name"): 3,
        ("study", "seed"): 7,
        ("study", "emotions"): 8,
        ("systems",): 12,
        ("systems", 0, "id"): 13,
        ("systems", 0, "options"): 14,
        ("systems", 1): 15,
        ("systems", 1, "id"): 16,
        ("systems", 1, "options", "k"): 18,
        ("judges", 0, "base_url"): 20,
        ("judges", 0, "price"): 21,
        ("judges", 0, "price", "input"): 21,
    }
    assert {where: lines.get(where) for where in expected} == expected
    assert ("study", "fake") not in lines


def test_an_unknown_key_falls_back_to_its_table():
    """What is missing is told at the table that lacks it; what has no table has no line."""
    places = find_places("\n[judging]\nmode = 'x'\n")
    assert places.line(("judging", "criteria")) == 2
    assert places.line(("humans", "ratings")) == 0
    assert places.say(("judging", "mode")) == "line 3: [judging], mode"
    assert Places(flags={("judging", "mode"): "--mode"}).say(("judging", "mode")) == "--mode"
    assert named_key(("systems", 0)) == "[[systems]] number 1"


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), TEXT), unique_by=lambda pair: pair[0]))
def test_lines_are_those_on_which_the_keys_were_put(pairs: Any):
    """Any text as value leaves the lines of the keys after it where they are."""
    source, expected, line = "[t]\n", {}, 2
    for name, value in pairs:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        source += f'{name} = """\n{quoted}""" # [{name}\n'
        expected["t", name] = line
        line += 2
    tomllib.loads(source)
    lines = find_places(source).lines
    assert {where: lines.get(where) for where in expected} == expected
