"""From a question to a prompt: the item's texts become fenced data, the rubric's template does the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.rubrics.data import Fence, visible
from judge.types import Message, Prompt

if TYPE_CHECKING:
    from judge.rubrics.compiled import Compiled
    from judge.types import Answer, Dialogue, JudgeTask, Rubric

REPAIR_QUOTE = 4_000
_OPTIONAL: tuple[str, ...] = ("emotion", "situation", "reference")


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What to do with long texts.

    Parameters
    ----------
    max_chars
        Show at most this many characters of each text; the closing marker then says how many were cut.
        None (the default) cuts nothing.
    refuse_chars
        A text longer than this is refused with an error, whatever `max_chars` says.
    """

    max_chars: int | None = None
    refuse_chars: int = 2_000_000


DEFAULT = RenderOptions()


class _Same:
    """A rubric as a key: the same object, not an equal one (rubrics hold dicts and cannot be hashed)."""

    __slots__ = ("rubric",)

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric

    def __hash__(self) -> int:
        return id(self.rubric)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.rubric is self.rubric


@lru_cache(maxsize=128)
def _compiled(key: _Same) -> Compiled:
    from judge.rubrics.compiled import Compiled

    return Compiled(key.rubric)


def render(rubric: Rubric, task: JudgeTask, options: RenderOptions = DEFAULT) -> Prompt:
    """Make the prompt for one question.

    Pure: the same rubric, dialogue and responses give the same prompt, byte for byte.

    Parameters
    ----------
    rubric
        From `judge.rubrics.load_rubrics`.
    task
        One response in absolute mode, two (in the order shown) in pairwise mode.
    options
        What to do with long texts.

    Returns
    -------
    judge.types.Prompt
        With messages, schema and the task. The schema is None where the rubric declares a `pattern`, so
        that the model may answer in the rubric's own form.

    Raises
    ------
    judge.errors.RubricError
        The template fails on this item.
    judge.errors.InputError
        Wrong number of responses, or a text over `options.refuse_chars`.

    Examples
    --------
    >>> from judge.rubrics import example_task, load_rubrics
    >>> rubric = load_rubrics().get("empathy", "pairwise")
    >>> prompt = render(rubric, example_task(rubric))
    >>> [message.role for message in prompt.messages], prompt.schema_name
    (['system', 'user'], 'empathy_pairwise')
    """
    compiled = _compiled(_Same(rubric))
    system, user = compiled.texts(_item(rubric, task, options, compiled.item_names))
    messages = (Message("system", system), Message("user", user)) if system else (Message("user", user),)
    schema = None if rubric.pattern else rubric.schema
    return Prompt(messages, schema, f"{rubric.rubric_id}_{rubric.mode}"[:64], task)


def _item(rubric: Rubric, task: JudgeTask, options: RenderOptions, names: frozenset[str]) -> dict[str, Any]:
    wanted = 2 if rubric.mode == "pairwise" else 1
    if len(task.responses) != wanted:
        raise InputError(
            f"rubric {rubric.ref} is {rubric.mode} and shows {wanted} response(s), not {len(task.responses)}"
            f" (dialogue {task.dialogue.dialogue_id!r})"
        )
    limit = options.refuse_chars
    labels = (
        {"response": "response"} if wanted == 1 else {"response_a": "response A", "response_b": "response B"}
    )
    texts = {"dialogue": _turns(task.dialogue, limit)}
    for name, response in zip(labels, task.responses, strict=True):
        where = f"the response of {response.system_id!r} to dialogue {response.dialogue_id!r}"
        texts[name] = _clean(response.text, limit, where)
    if names & {"emotion", "situation", "reference", "extra"}:
        texts.update(_optional(task.dialogue, names, limit))
    fence = Fence.around(list(texts.values()))
    item: dict[str, Any] = {
        name: _block(fence, labels.get(name, name), text, options)
        for name, text in texts.items()
        if name in names and not name.startswith("extra.")
    }
    if "extra" in names:
        item["extra"] = {
            name.removeprefix("extra."): _block(fence, name.removeprefix("extra."), text, options)
            for name, text in texts.items()
            if name.startswith("extra.")
        }
    for name in _OPTIONAL:
        if name in names:
            item.setdefault(name, "")
    return item


def _clean(text: str, limit: int, where: str) -> str:
    if len(text) > limit:
        raise InputError(
            f"{where} has {len(text):,} characters; at most {limit:,} are judged\n"
            "  mend: shorten it, or leave the item out"
        )
    return visible(text)


def _turns(dialogue: Dialogue, limit: int) -> str:
    """Write the turns, numbered, with further lines indented, so that no turn can pose as two."""
    lines = [
        f"[{number}] {_speaker(turn.speaker)}: {visible(turn.text)}".replace("\n", "\n    ")
        for number, turn in enumerate(dialogue.context, start=1)
    ]
    return _clean("\n".join(lines), limit, f"dialogue {dialogue.dialogue_id!r}")


def _speaker(name: str) -> str:
    name = " ".join(visible(name).split())
    return name[:1].upper() + name[1:]


def _optional(dialogue: Dialogue, names: frozenset[str], limit: int) -> dict[str, str]:
    """Collect the item's optional texts that the template reads and that are there."""
    where = f"of dialogue {dialogue.dialogue_id!r}"
    found: dict[str, str] = {
        name: _clean(value, limit, f"the {name} {where}")
        for name in _OPTIONAL
        if name in names and (value := getattr(dialogue, name))
    }
    if "extra" in names:
        for name, value in dialogue.extra.items():
            label = re.sub(r"\W+", "_", str(name))
            found[f"extra.{label}"] = _clean(str(value), limit, f"the column {name!r} {where}")
    return found


def _block(fence: Fence, label: str, text: str, options: RenderOptions) -> str:
    limit = options.max_chars
    if limit is None or len(text) <= limit:
        return fence.block(label, text)
    note = f"(cut: {limit:,} of {len(text):,} characters shown)"
    return fence.block(label, text[:limit], note)


def repair_prompt(rubric: Rubric, prompt: Prompt, answer: Answer) -> Prompt:
    """Ask once more for the form only, after an answer that could not be read.

    The judgement stays the model's first one: it sees its own answer and is asked to write it as JSON.

    Parameters
    ----------
    rubric, prompt, answer
        The question as it was asked, and the answer that `read_answer` found unreadable.

    Returns
    -------
    judge.types.Prompt
        The same conversation with the answer (its last 4,000 characters) and the request.
    """
    from judge.rubrics.answers import read_answer
    from judge.rubrics.schema import answer_format

    failed = next((o for o in read_answer(rubric, answer) if o.failure == "parse_failure"), None)
    why = f" ({visible(failed.reason)})" if failed and failed.reason else ""
    said = visible(answer.text[-REPAIR_QUOTE:]).strip()
    request = (
        f"Your last answer could not be read{why}. Keep your judgement as it is and give it in the form "
        f"that was asked for. {answer_format(rubric)}"
    )
    again = (Message("assistant", said), Message("user", request)) if said else (Message("user", request),)
    if not said:
        # Two messages of the user in a row are refused by some servers: one message, then.
        last = prompt.messages[-1]
        again = (Message(last.role, f"{last.content}\n\n{request}"),)
        return Prompt((*prompt.messages[:-1], *again), rubric.schema, prompt.schema_name, prompt.task)
    return Prompt((*prompt.messages, *again), rubric.schema, prompt.schema_name, prompt.task)
