"""The engine of every strategy that is a template: asks its questions in turn and reads the answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from judge.errors import InputError, UnknownNameError
from judge.generators.base import Ask, Done, Failed, Resources, Step
from judge.generators.reading import read_emotion, read_fields
from judge.generators.variables import USES, Found, exemplar_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from judge.generators.template import Question, StrategyTemplate
    from judge.types import Dialogue


NO_RESOURCES = Resources()


@dataclass(frozen=True, slots=True)
class TemplateStrategy:
    """A strategy given by its template, its options and what it draws on.

    `neighbours` are exemplars fetched in bulk by `prepare`, by dialogue id.
    """

    template: StrategyTemplate
    options: Mapping[str, Any]
    resources: Resources = NO_RESOURCES
    neighbours: Mapping[str, Sequence[Dialogue]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The name of the template."""
        return self.template.name

    @property
    def ref(self) -> str:
        """Name, version and digest."""
        return self.template.ref

    @property
    def needs_model(self) -> bool:
        """A template always asks a model."""
        return True

    def prepare(self, dialogues: Sequence[Dialogue]) -> TemplateStrategy:
        """Fetch the neighbours of all dialogues at once, where the template uses similar exemplars."""
        if "similar-exemplars" not in self.template.uses or self.resources.exemplars is None:
            return self
        found = self.resources.exemplars.nearest_many(dialogues, self.options["k"])
        ids = [dialogue.dialogue_id for dialogue in dialogues]
        return replace(self, neighbours=dict(zip(ids, found, strict=True)))

    def start(self, dialogue: Dialogue) -> Step:
        """Return the first question, with everything the template draws on looked up."""
        found = [self._use(name, dialogue) for name in self.template.uses]
        variables = {key: value for part in found for key, value in part.variables.items()}
        details = {key: value for part in found for key, value in part.details.items()}
        return self._ask(0, dialogue, variables, {}, {"strategy_ref": self.ref, **details})

    def _use(self, name: str, dialogue: Dialogue) -> Found:
        if name == "similar-exemplars" and dialogue.dialogue_id in self.neighbours:
            return exemplar_view(self.neighbours[dialogue.dialogue_id])
        return USES[name](dialogue, self.resources, self.options)

    def _ask(
        self,
        index: int,
        dialogue: Dialogue,
        variables: Mapping[str, Any],
        answers: Mapping[str, str],
        details: Mapping[str, Any],
    ) -> Step:
        from judge.generators.render import build_prompt

        question = self.template.questions[index]
        names = {**variables, "options": self.options, "answers": answers}
        prompt = build_prompt(question, dialogue, names, self.template.path)

        def then(text: str) -> Step:
            read, missing = read_answer(question, text)
            kept = {**details, **{k: v for k, v in read.items() if k != "response"}}
            if index + 1 < len(self.template.questions):
                kept["answers"] = {**details.get("answers", {}), question.name: text}
                return self._ask(
                    index + 1, dialogue, variables, {**answers, question.name: text.strip()}, kept
                )
            return _finish(question, text, read, missing, kept)

        return Ask(prompt, then, question.name)


def _finish(
    question: Question, text: str, read: Mapping[str, Any], missing: bool, details: Mapping[str, Any]
) -> Step:
    response = read.get("response", "") if "response" in question.reads else text.strip()
    if "response" in question.reads:
        details = {**details, "answers": {**details.get("answers", {}), question.name: text}}
    if missing:
        return Failed(f"the answer has no line '{question.reads['response']}: ...'", details)
    return Done(response, details) if response else Failed("the answer is empty", details)


def read_answer(question: Question, text: str) -> tuple[dict[str, Any], bool]:
    """Read the fields that a question's header declares.

    Returns
    -------
    tuple
        The values by detail name, and whether the response was asked for on a labelled line and is not there.
        ``emotion`` is read with `read_emotion` and kept as ``predicted_emotion`` (None if unreadable) and
        ``named_emotions``; other fields are text, None where their line is missing.
    """
    labels = list(question.reads.values())
    fields = read_fields(text, labels) if labels else {}
    out: dict[str, Any] = {}
    for name, label in question.reads.items():
        if name == "emotion":
            reading = read_emotion(fields.get(label, "") if "response" in question.reads else text, label)
            out |= {"predicted_emotion": reading.label, "named_emotions": list(reading.named)}
        else:
            out[name] = fields.get(label)
    missing = "response" in question.reads and not out.get("response")
    return out, missing


def make_strategy(
    template: StrategyTemplate, options: Mapping[str, Any] | None = None, resources: Resources | None = None
) -> TemplateStrategy:
    """Bind a template to options and resources.

    Raises
    ------
    UnknownNameError
        If an option or a name under ``uses`` does not exist.
    InputError
        If an option is of another type than its default, or a section is not valid Jinja.
    """
    from judge.generators.render import check_syntax

    for name in template.uses:
        if name not in USES:
            raise UnknownNameError(
                f"name under 'uses' in {template.path or template.name}", name, tuple(USES)
            )
    for question in template.questions:
        check_syntax(question, template.path or template.name)
    chosen = checked_options(template.name, template.options, options or {})
    return TemplateStrategy(template, chosen, resources or NO_RESOURCES)


def checked_options(strategy: str, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the given options over the defaults.

    Examples
    --------
    >>> checked_options("few-shot", {"k": 5, "seed": 13}, {"k": 1})
    {'k': 1, 'seed': 13}
    """
    for name, value in given.items():
        if name not in defaults:
            raise UnknownNameError(f"option of strategy {strategy!r}", name, tuple(defaults))
        if type(value) is not type(defaults[name]):
            raise InputError(
                f"option {name!r} of strategy {strategy!r} is {value!r}, but must be like {defaults[name]!r}"
            )
        if type(value) is int and name != "seed" and value < 1:
            raise InputError(f"option {name!r} of strategy {strategy!r} is {value}, but must be at least 1")
    return {**defaults, **given}
