"""Baselines answer without a model, and say so when they cannot."""

from __future__ import annotations

import pytest

from judge.errors import InputError, UnknownNameError
from judge.generators import Done, Failed, Resources, get_strategy, respond
from judge.types import Response
from tests.generators.helpers import POOL, RESOURCES, FakeModel, dialogue


def never(prompt: object) -> str:
    raise AssertionError("a baseline must not ask a model")


@pytest.mark.parametrize("name", ["human", "retrieval", "template"])
def test_no_model_is_asked(name: str) -> None:
    """A baseline is done at its first step and declares that it needs no model."""
    strategy = get_strategy(name, resources=RESOURCES)
    asked = dialogue("My parrot flew off.", emotion="sad", reference="Oh dear.")
    found = respond(strategy.prepare([asked]), asked, never)
    assert isinstance(found, Response)
    assert (found.system_id, strategy.needs_model) == (name, False)


def test_human_is_the_reference_or_nothing() -> None:
    """The reference comes back word for word; without one there is no response."""
    human = get_strategy("human")
    assert human.start(dialogue("Hi", reference="Hey you!")) == Done("Hey you!", {"strategy_ref": human.ref})
    assert isinstance(human.start(dialogue("Hi")), Failed)


def test_retrieval_takes_the_nearest_response() -> None:
    """The nearest train context's response is given, in bulk or alone, with its source."""
    strategy = get_strategy("retrieval", resources=Resources(POOL))
    asked = dialogue("My tooth, it hurts!")
    alone, bulk = strategy.start(asked), strategy.prepare([asked]).start(asked)
    assert isinstance(alone, Done)
    assert alone == bulk
    assert (alone.text, alone.details["exemplars"]) == ("That sounds painful.", ["train-2"])


def test_template_fills_in_the_emotion() -> None:
    """The label, or the small model's guess, stands in the phrase; no label is a failure."""
    given = get_strategy("template", {"text": "So {emotion}?"})
    assert given.start(dialogue("Hi", emotion="proud")) == Done("So proud?", {"strategy_ref": given.ref})
    assert isinstance(given.start(dialogue("Hi")), Failed)
    guessed = get_strategy("template", {"emotion": "predicted"}, Resources(sem=FakeModel())).start(
        dialogue("Hi")
    )
    assert isinstance(guessed, Done)
    assert guessed.details["predicted_emotion"] == "afraid"


def test_wrong_options_are_refused() -> None:
    """A phrase without the emotion, a wrong source, a missing model, an unknown option."""
    for options in ({"text": "Hi"}, {"emotion": "guess"}, {"emotion": "predicted"}):
        with pytest.raises(InputError):
            get_strategy("template", options)
    with pytest.raises(UnknownNameError):
        get_strategy("human", {"k": 1})
