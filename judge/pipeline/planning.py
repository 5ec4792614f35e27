"""What a study will cost before anything is paid: calls, tokens, dollars, time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.pipeline import load, wiring
from judge.pipeline.prices import estimated_input, pricing
from judge.pipeline.tasks import tasks
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.pipeline.judging import Panel
    from judge.study import Study
    from judge.types import Dialogue

SAMPLE = 200
"""Questions that are rendered to measure the length of a prompt."""
SHORT_ANSWER = 80
"""Output tokens of a typical judgment: a sentence of reason and the verdict (measured on our rubrics)."""
SECONDS = (1.0, 4.0)
"""Seconds that a call of a hosted model takes, low and high, where nothing was measured."""


@dataclass(frozen=True)
class PanelPlan:
    """What one judge with one rubric will do.

    Dollars are None where the price is not known: unknown is not free. `dollars_low` takes a short answer,
    `dollars_high` the longest that is allowed.
    """

    judge: str
    rubric: str
    mode: str
    calls: int
    input_tokens: int
    output_tokens_low: int
    output_tokens_high: int
    dollars_low: float | None
    dollars_high: float | None
    seconds_low: float
    seconds_high: float


@dataclass(frozen=True)
class StudyPlan:
    """What the whole study will do; `generation_calls` are questions of the strategies' first round."""

    dialogues: int
    systems: tuple[str, ...]
    missing: dict[str, int]
    panels: tuple[PanelPlan, ...]
    generation_calls: int
    notes: tuple[str, ...]


def plan(study: Study) -> StudyPlan:
    """Plan a study without asking anyone anything.

    Systems that are strategies have no responses yet: their prompts are measured with the reference, or
    with a sentence of ordinary length, in their place.
    """
    library = wiring.load_library(study)
    everything, dialogues = load.load_dialogues(study.dialogues, study.seed)
    responses = load.load_responses(study.systems, dialogues, everything)
    strategies = [s for s in study.systems if s.strategy is not None]
    for spec in strategies:
        responses[str(spec.id)] = _stand_ins(str(spec.id), dialogues)
    material = load.material_of(dialogues, responses)
    judges = [
        wiring.wire(spec, handle)
        for spec, handle in zip(study.judges, wiring.handles(study.judges), strict=True)
    ]
    judged = load.judged_part(material, study.judging.sample, study.seed)
    panels, notes = wiring.make_panels(study, judged, library, judges)
    return StudyPlan(
        dialogues=len(dialogues),
        systems=material.systems if isinstance(material.systems, tuple) else tuple(material.systems),
        missing={s: len(ids) for s, ids in material.missing().items()},
        panels=tuple(_plan_panel(p, study) for p in panels),
        generation_calls=len(strategies) * len(dialogues),
        notes=tuple(notes),
    )


def _stand_ins(system: str, dialogues: Sequence[Dialogue]) -> dict[str, Response]:
    plain = "That sounds like a lot to carry. How are you feeling about it now?"
    return {d.dialogue_id: Response(d.dialogue_id, system, d.reference or plain) for d in dialogues}


def _plan_panel(panel: Panel, study: Study) -> PanelPlan:
    calls = panel.count()
    step = max(1, calls // SAMPLE)
    requests = [
        panel.request(task)
        for number, task in enumerate(tasks(panel.material, panel.rubric, panel.design))
        if number % step == 0
    ]
    price = pricing(study)
    per_call = sum(estimated_input(r) for r in requests) / max(len(requests), 1)
    limit = panel.sampling.max_tokens or 1024
    longest = [price(r, None) for r in requests]
    known = [c for c in longest if c is not None]
    high = None if len(known) < len(longest) or not known else sum(known) / len(known) * calls
    shortest = _with_short_answer(panel, study, per_call)
    free = panel.provider.name in ("embedded", "recorded", "scripted")
    wide = study_concurrency(study, panel)
    seconds = (0.0, calls * 0.001) if free else tuple(calls / wide * s for s in SECONDS)
    return PanelPlan(
        judge=panel.rater_id,
        rubric=panel.rubric.ref,
        mode=panel.rubric.mode,
        calls=calls,
        input_tokens=round(per_call * calls),
        output_tokens_low=min(SHORT_ANSWER, limit) * calls,
        output_tokens_high=limit * calls,
        dollars_low=0.0 if free else (None if shortest is None else shortest * calls),
        dollars_high=0.0 if free else high,
        seconds_low=seconds[0],
        seconds_high=seconds[1],
    )


def _with_short_answer(panel: Panel, study: Study, per_call: float) -> float | None:
    from judge.pipeline.prices import own_prices
    from judge.providers.presets import price_of

    name = f"{panel.provider.name}/{panel.model}"
    rate = own_prices(study).get(name) or price_of(name)
    return rate.cost(round(per_call), min(SHORT_ANSWER, panel.sampling.max_tokens or SHORT_ANSWER))


def study_concurrency(study: Study, panel: Panel) -> int:
    """Return how many calls of a panel's judge may be in flight."""
    for spec, handle in zip(study.judges, wiring.handles(study.judges), strict=True):
        if handle == panel.handle:
            return int(spec.concurrency or 64)
    return 64
