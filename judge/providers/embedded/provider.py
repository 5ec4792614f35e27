"""``embedded/epitome``: the judge that needs no key and no network, for trying the tool and offline checks.

It reads the structure of the question (`Prompt.task`), never its text, so no wording of a rubric or of a
response can talk it into anything. Its verdicts do not depend on the order of the two responses.
"""

from __future__ import annotations

import asyncio
import json
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from judge.errors import InputError, RequestRejected
from judge.types import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from judge.providers.embedded.model import EpitomeModel
    from judge.types import Dialogue, Prompt, Rubric, Sampling, Verdict

    _Pair: TypeAlias = tuple[tuple[str, ...], str]  # what the speaker said, and the response
    _Read: TypeAlias = tuple[tuple[int, ...], tuple[float, ...]]  # levels, expected levels

MODEL = "epitome"
CRITERIA = ("emotional_reaction", "interpretation", "exploration")
"""What it scores absolutely, 0-2, in the model's order."""
COMPARED = "empathy"
"""What it compares: the sum of the three expected levels, 0-6."""
TIE = 0.25
"""Two sums that differ by this much or less are a tie. See the model card for what that means in practice."""
DISCLAIMER = (
    "embedded/epitome is a small linear model for trying the tool and for offline checks; "
    "it is no evidence about which system is better."
)
"""What a report says on its face where this judge was used."""
_ONLY = "embedded/epitome judges `epitome` (absolute) and `empathy` (pairwise) only"
_MEND = "choose those, or a judge such as openai/... or anthropic/..."
_KEPT = 200_000


def supports(rubric: Rubric) -> str | None:
    """Say why this judge cannot use a rubric, or None where it can; loads nothing.

    Absolute rubrics may ask for any of the three mechanisms, on the scale 0, 1, 2 that the model was
    trained on; pairwise rubrics for ``empathy`` alone.
    """
    names = [criterion.name for criterion in rubric.criteria]
    asked = f"{rubric.rubric_id} ({rubric.mode}: {', '.join(names)})"
    if rubric.mode == "pairwise" and names == [COMPARED]:
        return None
    if rubric.mode != "absolute" or not names or not set(names) <= set(CRITERIA):
        return f"{_ONLY}, not {asked}; {_MEND}"
    if any(tuple(level for level, _ in criterion.levels) != (0, 1, 2) for criterion in rubric.criteria):
        return f"{_ONLY}, on the scale 0, 1, 2, not on that of {asked}; {_MEND}"
    return None


class EpitomeProvider:
    """Answers from the embedded model, at once and always the same.

    Parameters
    ----------
    model
        The shipped model where it is left out; it is loaded at the first question.

    Examples
    --------
    >>> provider = EpitomeProvider()
    >>> provider.name
    'embedded'
    """

    name = "embedded"

    def __init__(self, model: EpitomeModel | None = None) -> None:
        self._given = model
        self._seen: dict[_Pair, _Read] = {}
        self._waiting: dict[_Pair, None] = {}

    def supports(self, rubric: Rubric) -> str | None:
        """Say why a rubric cannot be judged here, or None; see the module's `supports`."""
        return supports(rubric)

    def request(self, model: str, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Request:
        """Put all that the answer depends on into the body; `sampling` changes nothing here.

        Raises
        ------
        InputError
            Another model than ``epitome``, a prompt that is no judge's question, or a rubric that this
            judge cannot use.
        """
        del sampling
        if model != MODEL:
            raise InputError(f"embedded/{model} does not exist; the embedded judge is embedded/{MODEL}")
        task = prompt.task
        if task is None:
            raise InputError(f"{_ONLY}; it cannot write text: {_MEND}")
        if problem := supports(task.rubric):
            raise InputError(problem)
        from judge.providers.embedded.model import VERSION

        body = {
            "version": VERSION,
            "weights": self._model.digest,
            "mode": task.rubric.mode,
            "criteria": [criterion.name for criterion in task.rubric.criteria],
            "said": list(_said(task.dialogue)),
            "responses": [response.text for response in task.responses],
        }
        return Request(self.name, model, body, repeat)

    async def send(self, request: Request) -> Answer:
        """Answer at once.

        Raises
        ------
        RequestRejected
            The request was made for other weights than those that are loaded, or is not one of ours.
        """
        start, body = perf_counter(), request.body
        if body.get("weights") != self._model.digest:
            raise RequestRejected(f"made for weights {body.get('weights')}, loaded are {self._model.digest}")
        said = tuple(body["said"])
        read = await self._read([(said, text) for text in body["responses"]])
        pairwise = body["mode"] == "pairwise"
        content = _compared([sum(e) for _, e in read]) if pairwise else _scored(read[0], body["criteria"])
        served = f"{MODEL}-{body['version']}-{self._model.digest}"
        return Answer(json.dumps(content), served_model=served, latency_s=perf_counter() - start)

    async def aclose(self) -> None:
        """Forget what was read."""
        self._seen.clear()

    @property
    def _model(self) -> EpitomeModel:
        if self._given is None:
            from judge.providers.embedded.model import EpitomeModel

            self._given = EpitomeModel.load()
        return self._given

    async def _read(self, pairs: Sequence[_Pair]) -> list[_Read]:
        """Return levels and expected levels; each response is read once however many duels it is in.

        Whoever asks at the same time is read in one batch, several times faster than one by one. A
        response's numbers do not depend on the batch.
        """
        known = {pair: self._seen[pair] for pair in pairs if pair in self._seen}
        new = [pair for pair in pairs if pair not in known]
        if new:
            self._waiting.update(dict.fromkeys(new))
            await asyncio.sleep(0)
            self._flush()
            known |= {pair: self._seen[pair] for pair in new}
        return [known[pair] for pair in pairs]

    def _flush(self) -> None:
        batch = [pair for pair in self._waiting if pair not in self._seen]
        self._waiting.clear()
        if not batch:
            return
        if len(self._seen) > _KEPT:
            self._seen.clear()
        done = self._model.predict([said for said, _ in batch], [text for _, text in batch])
        levels, expected = done.levels.tolist(), done.expected.round(6).tolist()
        found = zip(map(tuple, levels), map(tuple, expected), strict=True)
        self._seen.update(zip(batch, found, strict=True))


def _said(dialogue: Dialogue) -> tuple[str, ...]:
    """Return the speaker's turns; all turns where none is marked as the speaker's."""
    mine = tuple(turn.text for turn in dialogue.context if turn.speaker == "speaker")
    return mine or tuple(turn.text for turn in dialogue.context)


def _scored(read: _Read, criteria: Sequence[str]) -> Mapping[str, str | int | dict[str, int]]:
    levels = dict(zip(CRITERIA, read[0], strict=True))
    expected = dict(zip(CRITERIA, read[1], strict=True))
    reason = "expected levels: " + ", ".join(f"{name} {expected[name]:.2f}" for name in criteria)
    if len(criteria) == 1:
        return {"reason": reason, "score": levels[criteria[0]]}
    return {"reason": reason, "scores": {name: levels[name] for name in criteria}}


def _compared(sums: Sequence[float]) -> Mapping[str, Any]:
    first, second = sums
    verdict: Verdict = "tie" if abs(first - second) <= TIE else "A" if first > second else "B"
    return {"reason": f"expected empathy of 6: A {first:.2f}, B {second:.2f}", "verdict": verdict}
