"""What a strategy's template may draw on besides the dialogue: exemplars, a small model, knowledge.

Each name that a header may list under ``uses`` is one function here: dialogue, resources and options in;
variables for the template and details for the response out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from judge.errors import InputError
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.generators.base import Resources
    from judge.types import Dialogue

RELATIONS: Mapping[str, str] = {
    "xIntent": "what the person wanted to bring about",
    "xNeed": "what the person had to have or do before",
    "xWant": "what the person may want to do next",
    "xEffect": "what happens to the person because of it",
    "xReact": "how the person feels about it",
}
"""The five relations of ATOMIC that the knowledge strategy hands over, each defined in our words."""


@dataclass(frozen=True, slots=True)
class Found:
    """Variables for the template, and what is kept in the response's details."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


Use: TypeAlias = Callable[["Dialogue", "Resources", Mapping[str, Any]], Found]


def _missing(what: str, mend: str) -> InputError:
    return InputError(f"this strategy needs {what}, and none was given\n  mend: {mend}")


def exemplar_view(examples: Sequence[Dialogue]) -> Found:
    """Return exemplars as templates see them: turns with ``who`` and ``text``, and the ``response``.

    The roles are those of the live dialogue: the response is the listener's, never the speaker's.
    """
    from judge.generators.render import dialogue_view

    views = [{**dialogue_view(example), "response": example.reference or ""} for example in examples]
    return Found({"exemplars": views}, {"exemplars": [example.dialogue_id for example in examples]})


def random_exemplars(dialogue: Dialogue, resources: Resources, options: Mapping[str, Any]) -> Found:
    """Draw ``k`` exemplars once by ``seed`` and use them for every dialogue."""
    if resources.exemplars is None:
        raise _missing("exemplars", "give answered dialogues of a train split")
    return exemplar_view(resources.exemplars.drawn(dialogue, options["k"], options["seed"]))


def similar_exemplars(dialogue: Dialogue, resources: Resources, options: Mapping[str, Any]) -> Found:
    """Take the ``k`` answered dialogues that are most like this one."""
    if resources.exemplars is None:
        raise _missing("exemplars", "give answered dialogues of a train split")
    return exemplar_view(resources.exemplars.nearest(dialogue, options["k"]))


def small_model(dialogue: Dialogue, resources: Resources, options: Mapping[str, Any]) -> Found:
    """Take ``k2`` emotion categories and ``k1`` cause words from the small empathetic model.

    ``categories`` and ``words`` (true or false) switch each part off.
    """
    details: dict[str, Any] = {"categories": [], "high_words": [], "low_words": []}
    if not _wants_small_model(options):
        return Found({**details, "others": list(EMOTIONS)}, details)
    if resources.sem is None:
        raise _missing("a small empathetic model", "use the embedded one or a file of predictions")
    if options["categories"]:
        ranked = sorted(resources.sem.probabilities(dialogue).items(), key=lambda item: (-item[1], item[0]))
        details["categories"] = [label for label, _ in ranked[: options["k2"]]]
    if options["words"]:
        words = resources.sem.cause_words(dialogue, options["k1"])
        details["high_words"] = [word.word for word in words if word.high]
        details["low_words"] = [word.word for word in words if not word.high]
    likely = set(details["categories"])
    return Found({**details, "others": [label for label in EMOTIONS if label not in likely]}, details)


def knowledge(dialogue: Dialogue, resources: Resources, options: Mapping[str, Any]) -> Found:
    """Ask the knowledge source for the five relations of the last utterance, ``k`` phrases each."""
    if resources.knowledge is None:
        raise _missing("a source of knowledge", "give a file of ATOMIC triples or of precomputed inferences")
    last = next((t.text for t in reversed(dialogue.context) if t.text.strip()), "")
    inferred = resources.knowledge.infer(last, tuple(RELATIONS), options["k"])
    rows = [
        {"relation": name, "meaning": meaning, "phrases": list(inferred.get(name, ()))}
        for name, meaning in RELATIONS.items()
    ]
    return Found({"knowledge": rows}, {"knowledge": {row["relation"]: row["phrases"] for row in rows}})


USES: Mapping[str, Use] = {
    "random-exemplars": random_exemplars,
    "similar-exemplars": similar_exemplars,
    "small-model": small_model,
    "knowledge": knowledge,
}
"""What a header's ``uses`` may name."""


def _wants_small_model(options: Mapping[str, Any]) -> str:
    return "sem" if options.get("categories", True) or options.get("words", True) else ""


RESOURCE_OF: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "random-exemplars": lambda _: "exemplars",
    "similar-exemplars": lambda _: "exemplars",
    "small-model": _wants_small_model,
    "knowledge": lambda _: "knowledge",
}
"""The field of `judge.generators.Resources` that each name draws on with these options; "" for none."""
