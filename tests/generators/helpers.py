"""Small dialogues and stand-ins that the tests of the generators share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.generators import Ask, Resources, Strategy
from judge.generators.exemplars import make_pool
from judge.types import EMOTIONS, Dialogue, Message, Turn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def dialogue(*texts: str, did: str = "d1", first: str = "speaker", **fields: object) -> Dialogue:
    order = ("speaker", "listener") if first == "speaker" else ("listener", "speaker")
    turns = tuple(Turn(order[i % 2], text) for i, text in enumerate(texts))
    return Dialogue(did, turns, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Word:
    word: str
    high: bool


class FakeModel:
    """Gives the labels falling probability in their order."""

    def probabilities(self, dialogue: Dialogue) -> Mapping[str, float]:
        weights = [2.0**-i for i in range(len(EMOTIONS))]
        return {label: weight / sum(weights) for label, weight in zip(EMOTIONS, weights, strict=True)}

    def cause_words(self, dialogue: Dialogue, k: int) -> Sequence[Word]:
        return [Word("storm", True), Word("Tuesday", False), Word("roof", True)][:k]


class FakeKnowledge:
    """Knows one thing."""

    def infer(self, text: str, relations: Sequence[str], k: int) -> Mapping[str, Sequence[str]]:
        return {"xReact": [f"moved by: {text}"]}


POOL = make_pool(
    dialogue(context, did=f"train-{i}", reference=answer, split="train", emotion="sad")
    for i, (context, answer) in enumerate(
        [
            ("My parrot flew out of the window.", "Oh no, did it come back?"),
            ("We won the cup!", "Congratulations, all of you!"),
            ("My tooth hurts again.", "That sounds painful."),
            ("The parrot next door sings opera.", "I would love to hear that."),
            ("I burned the soup.", "It happens to the best."),
            ("I found a coin in the garden.", "What is on it?"),
        ]
    )
)
RESOURCES = Resources(POOL, FakeModel(), FakeKnowledge())


def messages(strategy: Strategy, asked: Dialogue) -> tuple[Message, ...]:
    """The first prompt's messages."""
    step = strategy.start(asked)
    assert isinstance(step, Ask)
    return step.prompt.messages
