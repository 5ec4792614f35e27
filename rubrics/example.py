"""A tiny made-up item, to show and to try a rubric without any data."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from judge.types import Answer, Dialogue, JudgeTask, Response, Turn

if TYPE_CHECKING:
    from judge.types import Rubric

_CONTEXT = (
    Turn("speaker", "I finally handed in the thesis I have been fighting with for two years."),
    Turn("listener", "Two years! How does it feel to have it out of your hands?"),
    Turn("speaker", "Strange. I thought I would be happy, and I mostly feel empty."),
)
_FULL = Dialogue(
    "example",
    _CONTEXT,
    emotion="sentimental",
    situation="I handed in my thesis and felt empty afterwards.",
    reference="That makes sense, it was your whole world for so long. What do you miss about it?",
)
_COLUMN = re.compile(r"\bextra(?:\.|\[\s*[\"'])([A-Za-z]\w*)")
_TEXTS = (
    "Two years, and now the thing that filled your days is gone. What was the last evening with it like?",
    "Congratulations! You should take a holiday now.",
)


def example_task(rubric: Rubric, *, bare: bool = False) -> JudgeTask:
    """Return a question to `rubric` about a made-up dialogue.

    Parameters
    ----------
    rubric
        Decides how many responses there are.
    bare
        Leave out what a dialogue may lack: emotion, situation and reference. Further columns are there
        whenever the template names them (``extra.column``).
    """
    columns = {name: f"the dialogue's {name}" for name in _COLUMN.findall(rubric.template)}
    dialogue = replace(Dialogue("example", _CONTEXT) if bare else _FULL, extra=columns)
    texts = _TEXTS if rubric.mode == "pairwise" else _TEXTS[:1]
    responses = tuple(Response("example", f"system-{n}", text) for n, text in enumerate(texts, start=1))
    return JudgeTask(rubric, dialogue, responses)


def example_answer(rubric: Rubric) -> Answer:
    """Return an answer as a judge would give it that keeps to the form."""
    from judge.rubrics.schema import answer_key

    values: dict[str, Any] = {
        c.name: "A" if rubric.mode == "pairwise" else int(c.high) for c in rubric.criteria
    }
    value = values if len(values) > 1 else next(iter(values.values()))
    return Answer(json.dumps({"reason": "It fits.", answer_key(rubric.mode, rubric.criteria): value}))
