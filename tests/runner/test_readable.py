"""Answers that nobody can read: mended, asked again, and kept in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.runner import Limits
from judge.store import request_key
from judge.types import Answer, Request, Usage
from tests.runner.virtual import Fake, go, jobs, request

if TYPE_CHECKING:
    from judge.store import SqliteStore, Stored


def unreadable(_job, answer):
    return None if answer.text in {"A", "B"} else "no verdict"


def mend(job, answer):
    return Request("fake", "m", {"q": f"What did you mean by {answer.text!r}?"})


def kept(store: SqliteStore, number: int) -> Stored:
    found = store.get(request_key(request(number)))
    assert found is not None
    return found


def test_garbage_is_asked_again(store):
    """One bad answer in three costs calls and no verdict."""
    fake = Fake(lambda _, nth: "A" if nth == 3 else "hm")
    tally, _ = go(store, fake, jobs(10), accept=unreadable)
    lane = tally.lanes["fake/m"]
    assert (tally.answered, tally.calls, lane.unreadable, lane.troubles) == (10, 30, 20, {})
    assert (kept(store, 0).answer.text, kept(store, 0).attempts) == ("A", 3)
    assert store.spent()[0] == 30


def test_what_stays_unreadable_is_kept_as_it_is(store):
    """After the last try the answer is stored: a better parser may read it later, without a call."""
    tally, _ = go(store, Fake(lambda *_: "hm"), jobs(3), accept=unreadable, limits=Limits(resample=1))
    assert tally.lanes["fake/m"].troubles == {"parse_failure": 3}
    assert tally.calls == 6
    assert kept(store, 1).answer.text == "hm"
    assert go(store, Fake(), jobs(3), accept=unreadable)[0].calls == 0
    assert store.spent()[0] == 6


def test_no_resampling(store):
    """With resample=0 each question is asked once."""
    tally, _ = go(store, Fake(lambda *_: "hm"), jobs(3), accept=unreadable, limits=Limits(resample=0))
    assert tally.calls == 3


def test_one_repair_question(store):
    """The repair is a request of its own, kept under its own key and linked to the first answer."""
    fake = Fake(lambda asked, _: "B" if asked.body["q"].startswith("What") else "hm")
    tally, _ = go(store, fake, jobs(4), accept=unreadable, repair=mend)
    assert (tally.answered, tally.calls) == (4, 8)
    first = kept(store, 0)
    assert (first.answer.text, first.repair and first.repair.text) == ("hm", "B")


def test_a_repair_that_does_not_help(store):
    """After one repair the question itself is asked again, as often as allowed."""
    fake = Fake(lambda *_: "hm")
    tally, _ = go(store, fake, jobs(1), accept=unreadable, repair=mend, limits=Limits(resample=2))
    assert [asked.body["q"][:4] for _, asked in fake.sent] == ["ques", "What", "ques", "ques"]
    assert tally.lanes["fake/m"].troubles == {"parse_failure": 1}
    assert kept(store, 0).answer.text == "hm"
    assert store.spent()[0] == 4


@pytest.mark.parametrize("finish", ["length", "refusal", "content_filter"])
def test_how_an_answer_ended_counts(store, finish):
    """Cut off, refused or filtered: kept at once, counted as trouble, asked again only where configured."""
    answer = Answer("hm", finish=finish, usage=Usage(1, 1))
    kind = "truncated" if finish == "length" else finish
    tally, _ = go(store, Fake(lambda *_: answer), jobs(2), accept=unreadable)
    assert (tally.calls, tally.lanes["fake/m"].troubles) == (2, {kind: 2})
    again = Limits(retry_finish=frozenset({finish}), resample=1)
    tally, _ = go(store, Fake(lambda *_: answer), jobs(2, start=10), accept=unreadable, limits=again)
    assert (tally.calls, tally.lanes["fake/m"].troubles) == (4, {kind: 2})


def test_a_better_parser_costs_no_call(store):
    """What an earlier run, cut short, could not read is read again before anything is sent."""
    key = request_key(request(0))
    store.reject(key, request(0), Answer("verdict: A"), attempt=1, why="no verdict", cost=0.5)
    tally, _ = go(store, Fake(), jobs(1), accept=lambda _job, answer: None if "A" in answer.text else "no")
    assert tally.calls == 0
    assert (kept(store, 0).answer.text, kept(store, 0).cost) == ("verdict: A", 0.5)
    assert store.spent() == (1, 0.5)


def test_tries_of_an_earlier_run_count(store):
    """A question that was unreadable often enough before is not paid for again."""
    for n in range(1, 4):
        store.reject(request_key(request(0)), request(0), Answer("hm"), attempt=n, why="no verdict")
    tally, _ = go(store, Fake(lambda *_: "hm"), jobs(1), accept=unreadable, limits=Limits(resample=2))
    assert (tally.calls, tally.lanes["fake/m"].troubles) == (0, {"parse_failure": 1})
