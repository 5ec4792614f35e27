"""Templates to messages: a sandboxed Jinja environment in which an unknown name is an error."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.loaders import FunctionLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from judge.errors import InputError
from judge.generators.chat import context_messages, merged
from judge.types import EMOTIONS, Message, Prompt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template

    from judge.generators.template import Question, StrategyTemplate
    from judge.types import Dialogue

TEMPLATES = Path(__file__).resolve().parent / "templates"


def partial_source(name: str) -> str | None:
    """Return the text of a shared part (a bundled file whose name begins with ``_``), or None."""
    path = TEMPLATES / name
    if not name.startswith("_") or path.parent != TEMPLATES or not path.is_file():
        return None
    return path.read_text(encoding="utf-8")


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Return the environment of all strategies: no Python internals, no files but the shared parts."""
    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(partial_source),
        undefined=StrictUndefined,
        autoescape=False,  # prompts are plain text, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _compiled(text: str) -> Template:
    return environment().from_string(text)


def referenced_partials(template: StrategyTemplate) -> str:
    """Return the text of all shared parts that a strategy includes, for its digest.

    Raises
    ------
    InputError
        If a part does not exist, or a section is not valid Jinja.
    """
    from jinja2 import meta

    names: set[str] = set()
    for question in template.questions:
        check_syntax(question, template.path)
        for section in question.sections:
            names |= {
                name or "" for name in meta.find_referenced_templates(environment().parse(section.text))
            }
    for name in sorted(names):
        if partial_source(name) is None:
            raise InputError(
                f"{template.path}: there is no shared part {name or 'of a computed name'!r} to include"
            )
    return "\x00".join(partial_source(name) or "" for name in sorted(names))


def check_syntax(question: Question, path: str) -> None:
    """Compile every section, so that a mistake is found before any call.

    Raises
    ------
    InputError
        If a section is not valid Jinja.
    """
    for section in question.sections:
        try:
            _compiled(section.text)
        except TemplateError as error:
            raise InputError(
                f"{path}: question {question.name!r}, section {section.role!r}: {error}"
            ) from error


def dialogue_view(dialogue: Dialogue) -> dict[str, Any]:
    """Return what a template may know of a dialogue. The reference is never among it.

    ``emotion`` and ``situation`` are there only if the dialogue has them: to ask for one that is lacking is
    an error and not the word "None" in a prompt.
    """
    names = {"speaker": "Speaker", "listener": "Listener"}
    turns = [{"who": names.get(t.speaker, t.speaker), "text": t.text.strip()} for t in dialogue.context]
    view: dict[str, Any] = {k: v for k, v in dialogue.extra.items() if k != "reference"}
    view |= {"id": dialogue.dialogue_id, "turns": [turn for turn in turns if turn["text"]]}
    for name in ("emotion", "situation"):
        value = getattr(dialogue, name)
        if value is not None:
            view[name] = value
    return view


def build_prompt(question: Question, dialogue: Dialogue, variables: Mapping[str, Any], path: str) -> Prompt:
    """Render one question for one dialogue.

    Raises
    ------
    InputError
        If the template asks for what is not there, or for what the sandbox forbids.
    """
    names = {"dialogue": dialogue_view(dialogue), "emotions": EMOTIONS, **variables}
    messages: list[Message] = []
    for section in question.sections:
        if section.role == "context":
            messages.extend(context_messages(dialogue))
            continue
        try:
            text = _compiled(section.text).render(names).strip()
        except (TemplateError, TypeError, ArithmeticError) as error:
            raise InputError(
                f"{path}: question {question.name!r}, section {section.role!r}, dialogue"
                f" {dialogue.dialogue_id!r}: {error}"
            ) from error
        messages.append(Message(section.role, text))
    return Prompt(messages=merged(messages))
