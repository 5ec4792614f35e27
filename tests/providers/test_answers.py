from __future__ import annotations

from typing import Any

import pytest

from judge.errors import ServerFault
from judge.providers.anthropic import read_message
from judge.providers.openai import read_completion
from judge.types import Usage


def completion(**choice: Any) -> dict[str, Any]:
    return {"id": "c1", "model": "m-0613", "choices": [{"message": {"content": "A"}} | choice]}


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("tool_calls", "stop")],
)
def test_openai_says_how_it_ended(reason: str, finish: str) -> None:
    """The vendor's words for the end are turned into ours."""
    answer = read_completion(completion(finish_reason=reason))
    assert (answer.finish, answer.text, answer.served_model) == (finish, "A", "m-0613")


def test_an_empty_answer_is_kept_where_its_end_explains_it() -> None:
    """A reasoning model that thought up to the limit is truncated; a filtered one is filtered."""
    nothing = {"message": {"content": None}}
    assert read_completion(completion(**nothing, finish_reason="length")).finish == "length"
    assert read_completion(completion(**nothing, finish_reason="content_filter")).finish == "content_filter"
    with pytest.raises(ServerFault):
        read_completion(completion(**nothing, finish_reason="stop"))


def test_an_openai_refusal_is_a_refusal() -> None:
    """The refusal's words are the text, so that people can read them."""
    answer = read_completion(
        completion(message={"content": None, "refusal": "I can't."}, finish_reason="stop")
    )
    assert (answer.finish, answer.text) == ("refusal", "I can't.")


def test_hidden_and_cached_tokens_are_counted() -> None:
    """Usage is read in each vendor's form."""
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 15},
    }
    assert read_completion(completion() | {"usage": usage}).usage == Usage(10, 20, 4, 15)
    deepseek = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_cache_hit_tokens": 8}
    assert read_completion(completion() | {"usage": deepseek}).usage == Usage(10, 2, 8)
    assert read_completion(completion()).usage == Usage()
    anthropic = {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 3,
        "output_tokens_details": {"thinking_tokens": 12},
    }
    content = [{"type": "text", "text": "A"}]
    assert read_message({"content": content, "usage": anthropic}).usage == Usage(18, 20, 5, 12)


def test_token_probabilities_are_kept() -> None:
    """Each token comes with its alternatives."""
    part = {
        "token": "A",
        "logprob": -0.1,
        "top_logprobs": [{"token": "A", "logprob": -0.1}, {"token": "B", "logprob": -2.3}],
    }
    answer = read_completion(completion(logprobs={"content": [part]}))
    assert answer.logprobs == (("A", (("A", -0.1), ("B", -2.3))),)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_use", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
    ],
)
def test_anthropic_says_how_it_ended(reason: str, finish: str) -> None:
    """The vendor's words for the end are turned into ours."""
    data = {"content": [{"type": "text", "text": "A"}], "stop_reason": reason}
    assert read_message(data).finish == finish


def test_thinking_is_not_the_answer() -> None:
    """Only text and the input of a forced tool are read."""
    thinking = {"type": "thinking", "thinking": "Hmm"}
    tool = {"type": "tool_use", "name": "answer", "input": {"verdict": "A"}}
    assert read_message({"content": [thinking, tool]}).text == '{"verdict": "A"}'


def test_an_empty_refusal_of_anthropic_is_a_refusal() -> None:
    """A refusal may come without any text; its explanation is kept."""
    data = {"content": [], "stop_reason": "refusal", "stop_details": {"explanation": "harm"}}
    assert (read_message(data).finish, read_message(data).text) == ("refusal", "harm")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": {}},
    ],
)
def test_json_that_is_no_completion_is_a_fault(data: dict[str, Any]) -> None:
    """Any other JSON is the server's fault, worth another try."""
    with pytest.raises(ServerFault):
        read_completion(data)
