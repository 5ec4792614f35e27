"""Systems that need no model: the reference, the nearest neighbour's response, a fixed phrase.

They are strategies whose first step is already the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from judge.errors import InputError
from judge.generators.base import Done, Failed, Resources, Step
from judge.generators.strategy import checked_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.generators.base import EmpatheticModel, Exemplars, Strategy
    from judge.types import Dialogue

Factory: TypeAlias = Callable[[Mapping[str, Any], Resources], "Strategy"]


@dataclass(frozen=True, slots=True)
class Human:
    """The reference of the dialogue, taken as a system.

    Examples
    --------
    >>> from judge.types import Dialogue, Turn
    >>> Human().start(Dialogue("d", (Turn("speaker", "Hi"),), reference="Hello!")).text
    'Hello!'
    """

    name: str = "human"
    ref: str = "human@1"
    needs_model: bool = False

    def prepare(self, dialogues: Sequence[Dialogue]) -> Human:  # noqa: ARG002 - the protocol's
        """Nothing to prepare."""
        return self

    def start(self, dialogue: Dialogue) -> Step:
        """Return the reference."""
        if not (dialogue.reference or "").strip():
            return Failed("the dialogue has no reference")
        return Done(str(dialogue.reference), {"strategy_ref": self.ref})


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The response of the train dialogue whose context is most like this one."""

    exemplars: Exemplars
    found: Mapping[str, Dialogue] = field(default_factory=dict, repr=False)
    name: str = "retrieval"
    ref: str = "retrieval@1"
    needs_model: bool = False

    def prepare(self, dialogues: Sequence[Dialogue]) -> Retrieval:
        """Look up all neighbours at once."""
        rows = self.exemplars.nearest_many(dialogues, 1, with_response=False)
        ids = [dialogue.dialogue_id for dialogue in dialogues]
        return replace(self, found={i: row[0] for i, row in zip(ids, rows, strict=True)})

    def start(self, dialogue: Dialogue) -> Step:
        """Return the neighbour's response, the neighbour's id in the details."""
        near = self.found.get(dialogue.dialogue_id)
        if near is None:
            near = self.exemplars.nearest_many([dialogue], 1, with_response=False)[0][0]
        return Done(str(near.reference), {"strategy_ref": self.ref, "exemplars": [near.dialogue_id]})


@dataclass(frozen=True, slots=True)
class Phrase:
    """A fixed phrase with the emotion's word in it.

    `text` is the phrase with ``{emotion}``; `sem` predicts the emotion, or it is the dialogue's own where
    `sem` is None.
    """

    text: str
    sem: EmpatheticModel | None = None
    name: str = "template"
    ref: str = "template@1"
    needs_model: bool = False

    def prepare(self, dialogues: Sequence[Dialogue]) -> Phrase:  # noqa: ARG002 - the protocol's
        """Nothing to prepare."""
        return self

    def start(self, dialogue: Dialogue) -> Step:
        """Return the phrase with the emotion filled in."""
        if self.sem is not None:
            likely = self.sem.probabilities(dialogue)
            emotion: str | None = min(likely, key=lambda label: (-likely[label], label))
            details: dict[str, Any] = {"predicted_emotion": emotion}
        else:
            emotion, details = dialogue.emotion, {}
        if not emotion:
            return Failed("the dialogue has no emotion label")
        text = self.text.replace("{emotion}", emotion)
        return Done(text, {"strategy_ref": self.ref, **details})


def _human(options: Mapping[str, Any], resources: Resources) -> Strategy:  # noqa: ARG001 - one signature
    checked_options("human", {}, options)
    return Human()


def _retrieval(options: Mapping[str, Any], resources: Resources) -> Strategy:
    checked_options("retrieval", {}, options)
    if resources.exemplars is None:
        raise InputError(
            "the strategy 'retrieval' needs answered dialogues to retrieve from\n  mend: give a train set"
        )
    return Retrieval(resources.exemplars)


def _template(options: Mapping[str, Any], resources: Resources) -> Strategy:
    default = "It sounds as if you feel {emotion}. Do you want to tell me more about it?"
    chosen = checked_options("template", {"text": default, "emotion": "true"}, options)
    if chosen["emotion"] not in ("true", "predicted"):
        raise InputError(
            "option 'emotion' of strategy 'template' is 'true' (the label) or 'predicted' (small model)"
        )
    if "{emotion}" not in chosen["text"]:
        raise InputError("option 'text' of strategy 'template' must hold {emotion}")
    if chosen["emotion"] == "predicted" and resources.sem is None:
        raise InputError("the strategy 'template' with emotion = 'predicted' needs a small empathetic model")
    return Phrase(chosen["text"], resources.sem if chosen["emotion"] == "predicted" else None)


MODEL_FREE: Mapping[str, Factory] = {"human": _human, "retrieval": _retrieval, "template": _template}
"""The baselines by name."""

DRAWS_ON: Mapping[str, Callable[[Mapping[str, Any]], frozenset[str]]] = {
    "human": lambda _: frozenset(),
    "retrieval": lambda _: frozenset({"exemplars"}),
    "template": lambda options: frozenset({"sem"} if options.get("emotion") == "predicted" else ()),
}
"""What each baseline cannot do without, with these options."""
