"""Bytes come back as they went in, and damage is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.store.codec import RequestCodec, decode_answer, decode_request, encode_answer
from judge.store.keys import canonical
from judge.types import Answer, Request, Usage

TOKENS = st.none() | st.integers(0, 10**9)
LOGPROBS = st.lists(
    st.tuples(
        st.text(),
        st.lists(st.tuples(st.text(), st.floats(allow_nan=False)), max_size=3).map(tuple),
    ),
    max_size=3,
).map(tuple)
ANSWERS = st.builds(
    Answer,
    text=st.text(st.characters()),
    finish=st.sampled_from(["stop", "length", "content_filter", "refusal"]),
    usage=st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS),
    served_model=st.text(),
    response_id=st.text(),
    latency_s=st.floats(0, 1e6),
    logprobs=LOGPROBS,
)


@given(ANSWERS)
def test_answers_come_back(answer):
    """Every answer is read back equal, whatever characters it holds."""
    assert decode_answer(encode_answer(answer)) == answer


def test_long_answers_are_deflated():
    """A megabyte of the same word takes little room."""
    answer = Answer("again " * 200_000)
    blob = encode_answer(answer)
    assert len(blob) < 20_000
    assert decode_answer(blob) == answer


@given(st.lists(st.text(max_size=300), min_size=1, max_size=30))
def test_requests_come_back(texts):
    """Whatever dictionaries were learnt on the way, every request is read back, also by another process."""
    kept: dict[int, bytes] = {}
    codec = RequestCodec(kept.get, kept.__setitem__)
    requests = [Request("p", "m", {"q": text}, n) for n, text in enumerate(texts)]
    packed = [codec.encode(("p", "m"), canonical(r)) for r in requests]
    later = RequestCodec(kept.get, kept.__setitem__)
    assert [decode_request(later.decode(blob)) for blob in packed] == requests


def test_shared_text_is_kept_once():
    """A rubric that every request repeats costs next to nothing after the first, for several rubrics."""
    codec = RequestCodec(lambda _: None, lambda *_: None)
    rubrics = ["".join(f"{(n * k) % 997:x} " for n in range(400)) for k in (11, 13, 17)]
    sizes = [
        len(codec.encode(("p", "m"), canonical(Request("p", "m", {"q": rubrics[n % 3] + str(n)}))))
        for n in range(30)
    ]
    assert max(sizes[3:]) < 100


@pytest.mark.parametrize("blob", [b"", b"x", b"{", b'{"nothing":1}', b"[]", b"\x78\x01junk"])
def test_damaged_answers_are_told(blob):
    """What is no answer raises ValueError and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        decode_answer(blob)


@pytest.mark.parametrize("blob", [b"", b"x", b"\x78\x01junk", b"\x78\x20\0\0\0\1junk"])
def test_damaged_requests_are_told(blob):
    """What cannot be inflated raises ValueError and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        RequestCodec(lambda _: None, lambda *_: None).decode(blob)
