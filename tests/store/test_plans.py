"""The plan tells in SQL what is open."""

from __future__ import annotations

import pytest

from judge.store import PlanRow, PlanState, SqliteStore, request_key
from judge.types import Answer, Request


def asked(n: int) -> Request:
    return Request("p", "m", {"q": n})


def plan(store: SqliteStore, count: int, stage: str = "judge", fingerprint: str = "f") -> None:
    store.begin_plan(stage, fingerprint)
    store.add_plan(stage, [PlanRow(n, request_key(asked(n)), {"item": n}) for n in range(count)])
    store.finish_plan(stage)


def answer(store: SqliteStore, *numbers: int) -> None:
    for n in numbers:
        store.put(request_key(asked(n)), asked(n), Answer(f"answer {n}"), cost=1.0)
    store.flush()


def test_only_a_whole_plan_of_the_same_inputs_matches(store):
    """An interrupted plan, another fingerprint and another stage do not match."""
    store.begin_plan("judge", "f")
    store.add_plan("judge", [PlanRow(0, request_key(asked(0)), None)])
    store.flush()
    assert not store.plan_matches("judge", "f")
    store.finish_plan("judge")
    assert store.plan_matches("judge", "f")
    assert not store.plan_matches("judge", "g")
    assert not store.plan_matches("generate", "f")


def test_state_and_pending(store):
    """Answered, failed and open rows are told apart; failed rows are open."""
    plan(store, 5)
    answer(store, 0, 3)
    store.fail(request_key(asked(1)), "timeout", "late")
    assert store.plan_state("judge") == PlanState(total=5, answered=2, failed=1)
    assert store.plan_state("judge").pending == 3
    assert [(row.seq, row.ref["item"]) for row in store.pending("judge")] == [(1, 1), (2, 2), (4, 4)]


def test_results_come_in_order_with_what_came_of_them(store):
    """Answer, failure, or neither; the ref comes back as it went in."""
    plan(store, 3)
    answer(store, 2)
    store.fail(request_key(asked(0)), "refusal", "no")
    first, second, third = store.results("judge")
    assert (first.answer, first.failure, first.message) == (None, "refusal", "no")
    assert (second.answer, second.failure) == (None, None)
    assert (third.answer.text, third.failure, third.ref, third.cost) == ("answer 2", None, {"item": 2}, 1.0)


def test_linked_answers_count(store):
    """A question that was asked in another form is answered; a repair comes beside its answer."""
    plan(store, 2)
    store.link(request_key(asked(0)), request_key(asked(10)), "instead")
    assert store.plan_state("judge").answered == 0
    answer(store, 1, 10, 11)
    store.link(request_key(asked(1)), request_key(asked(11)), "repair")
    assert store.plan_state("judge") == PlanState(2, 2, 0)
    assert list(store.pending("judge")) == []
    first, second = store.results("judge")
    assert first.answer.text == "answer 10"
    assert (second.answer.text, second.repair.text, second.cost) == ("answer 1", "answer 11", 2.0)


def test_writing_while_streaming(store):
    """Rows may be answered while the open ones are streamed, over more than one page."""
    plan(store, 4500)
    seen = 0
    for row in store.pending("judge"):
        answer(store, row.ref["item"]) if seen % 500 == 0 else None
        seen += 1
    assert seen == 4500
    assert store.plan_state("judge").answered == 9


def test_a_new_plan_replaces_the_old_and_keeps_answers(store):
    """Changing the study forgets the plan, never an answer."""
    plan(store, 3)
    answer(store, 0, 1, 2)
    plan(store, 2, fingerprint="g")
    assert store.plan_state("judge") == PlanState(2, 2, 0)
    assert sum(1 for _ in store.answers()) == 3


def test_stages_are_apart(store):
    """Two stages number their rows on their own."""
    plan(store, 2, "generate")
    plan(store, 3, "judge")
    assert store.plan_state("generate").total == 2
    assert store.plan_state("judge").total == 3


def test_an_unknown_stage_is_a_fault_of_the_caller(store):
    """Adding to a plan that was not begun is told at once."""
    with pytest.raises(KeyError, match="no plan was begun"):
        store.add_plan("judge", [PlanRow(0, request_key(asked(0)), None)])
    assert store.plan_state("judge") == PlanState(0, 0, 0)
    assert list(store.results("judge")) == []


def test_a_plan_survives(tmp_path):
    """Another process finds the plan."""
    with SqliteStore(tmp_path / "s") as store:
        plan(store, 3)
    with SqliteStore(tmp_path / "s") as store:
        assert store.plan_matches("judge", "f")
        assert [row.ref["item"] for row in store.pending("judge")] == [0, 1, 2]
