"""JSON with remembered strings is the standard library's, to the last byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge import jsontext
from judge.jsontext import writer

if TYPE_CHECKING:
    from collections.abc import Callable

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=30)  # lone surrogates among them
VALUES = st.recursive(
    LEAVES | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
HAS_C = [True, False]


def made(*, sort_keys: bool, in_c: bool, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    if not in_c:
        monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    return writer(sort_keys=sort_keys)


@pytest.mark.parametrize("sort_keys", [True, False])
@given(value=st.dictionaries(TEXTS, VALUES, max_size=4))
def test_the_text_is_that_of_json(value: dict[str, object], sort_keys: bool):
    """Whatever a body holds, the text is what `json.dumps` gives."""
    want = json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False)
    write = writer(sort_keys=sort_keys)
    assert write(value) == want
    assert write(value) == want


@pytest.mark.parametrize("in_c", HAS_C)
def test_without_the_encoder_in_c_it_is_the_same(monkeypatch: pytest.MonkeyPatch, in_c: bool):
    """A Python without the encoder in C writes the same and refuses the same."""
    write = made(sort_keys=True, in_c=in_c, monkeypatch=monkeypatch)
    assert write({"b": ["x\n", 1.5], "a": {"é": None}}) == '{"a":{"é":null},"b":["x\\n",1.5]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write({"a": float("inf")})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write({"a": {1, 2}})


def test_long_strings_are_not_kept():
    """A megabyte of text is written and forgotten."""
    write, before = writer(sort_keys=True), jsontext._kept.cache_info().misses
    text = 'x"' * jsontext.LONG
    assert write({"": text}) == json.dumps({"": text}, separators=(",", ":"))
    assert jsontext._kept.cache_info().misses <= before + 1
