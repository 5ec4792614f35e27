"""Keys: the same for the same request, different for anything else."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.store.keys import canonical, request_key
from judge.types import Request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text(), JSON, max_size=4)


@given(BODIES)
def test_order_of_names_does_not_count(body):
    """The key does not depend on the order in which a body was put together."""
    turned = dict(reversed(list(body.items())))
    assert request_key(Request("p", "m", body)) == request_key(Request("p", "m", turned))


@given(BODIES, BODIES)
def test_keys_differ_exactly_where_the_texts_differ(one, other):
    """Two bodies share a key if and only if their canonical JSON is the same."""
    a, b = Request("p", "m", one), Request("p", "m", other)
    assert (request_key(a) == request_key(b)) == (canonical(a) == canonical(b))


def test_each_field_counts():
    """Provider, model, body and repeat each change the key."""
    base = Request("p", "m", {"a": 1}, 0)
    others = [
        Request("q", "m", {"a": 1}, 0),
        Request("p", "n", {"a": 1}, 0),
        Request("p", "m", {"a": 2}, 0),
        Request("p", "m", {"a": 1}, 1),
    ]
    assert len({request_key(r) for r in [base, *others]}) == 5


def test_the_key_is_the_plain_hash_of_sorted_json():
    """Anyone can compute a key with sha256 and a JSON writer."""
    request = Request("p", "m", {"text": "naïve", "n": [1, 2.5, None]}, 3)
    record = {"provider": "p", "model": "m", "body": dict(request.body), "repeat": 3}
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert request_key(request) == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_not_finite_numbers_are_refused():
    """A body that is no JSON has no key."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        request_key(Request("p", "m", {"a": float("nan")}))
    with pytest.raises(TypeError):
        request_key(Request("p", "m", {"a": object()}))


def test_lone_surrogates_have_a_key():
    """Broken text from a broken file still has a key."""
    assert request_key(Request("p", "m", {"a": "\ud800"})).startswith("sha256:")
