"""What a study will cost before anything is paid: calls, tokens, dollars, time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.pipeline import load, wiring
from judge.pipeline.measured import measured, tokenizer
from judge.pipeline.prices import BATCH_SHARE, UNKNOWN_LENGTH, longest_output, rates
from judge.pipeline.tasks import tasks
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from judge.pipeline.judging import Panel
    from judge.pipeline.measured import Rate
    from judge.study import Study
    from judge.types import Dialogue, Request

SAMPLE = 200
"""Questions that are rendered to measure the length of a prompt."""
SHORT_ANSWER = 80
"""Output tokens of a typical judgment: a sentence of reason and the verdict (measured on our rubrics)."""
SECONDS = (1.0, 4.0)
"""Seconds that a call of a hosted model takes, low and high, where nothing was measured."""
BATCH_SECONDS = (600.0, 86_400.0)
"""Seconds that a batch takes: minutes as a rule, a day at most."""


@dataclass(frozen=True)
class PanelPlan:
    """What one judge with one rubric will do.

    Dollars are None where the price is not known: unknown is not free. `dollars_low` takes a short answer,
    `dollars_high` the longest that is allowed. `hidden_tokens_high` are the most that a reasoning model may
    think; they are among the output tokens and paid like them. `tokens_by` and `time_by` say how the numbers
    were come by.
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
    hidden_tokens_high: int = 0
    tokens_by: str = ""
    time_by: str = ""


@dataclass(frozen=True)
class StudyPlan:
    """What the whole study will do; `generation_calls` are questions of the strategies' first round."""

    dialogues: int
    systems: tuple[str, ...]
    missing: dict[str, int]
    panels: tuple[PanelPlan, ...]
    generation_calls: int
    notes: tuple[str, ...]


def plan(study: Study, run: Path | None = None) -> StudyPlan:
    """Plan a study without asking anyone anything.

    Parameters
    ----------
    study
        What is planned.
    run
        The folder of an earlier run, whose rates and lengths of answers are taken where it has any.

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
    if study.judging.stop_when_decided:
        notes.append("comparisons stop when they are decided: the numbers are the most that can be asked")
    known = measured(run)
    return StudyPlan(
        dialogues=len(dialogues),
        systems=material.systems if isinstance(material.systems, tuple) else tuple(material.systems),
        missing={s: len(ids) for s, ids in material.missing().items()},
        panels=tuple(_plan_panel(p, study, known.get(p.handle)) for p in panels),
        generation_calls=len(strategies) * len(dialogues),
        notes=tuple(notes),
    )


def _stand_ins(system: str, dialogues: Sequence[Dialogue]) -> dict[str, Response]:
    plain = "That sounds like a lot to carry. How are you feeling about it now?"
    return {d.dialogue_id: Response(d.dialogue_id, system, d.reference or plain) for d in dialogues}


def _plan_panel(panel: Panel, study: Study, rate: Rate | None) -> PanelPlan:
    calls = panel.count()
    requests = _some_requests(panel, calls)
    count, how = tokenizer(panel.model)
    input_tokens = sum(count(r) for r in requests) / max(len(requests), 1)
    shown = panel.sampling.max_tokens or UNKNOWN_LENGTH
    free = panel.provider.name in ("embedded", "recorded", "scripted")
    limit = shown if free else max((longest_output(r) for r in requests), default=shown)
    typical = min(SHORT_ANSWER, shown)
    if rate is not None:
        input_tokens, typical = rate.input_tokens or input_tokens, round(rate.output_tokens or typical)
    batch = _of_judge(study, panel, "batch", default=False)
    price = rates(study)(f"{panel.provider.name}/{panel.model}")
    share = BATCH_SHARE if batch else 1.0
    low, high = (price.cost(round(input_tokens * calls), out * calls) for out in (typical, limit))
    return PanelPlan(
        judge=panel.rater_id,
        rubric=panel.rubric.ref,
        mode=panel.rubric.mode,
        calls=calls,
        input_tokens=round(input_tokens * calls),
        output_tokens_low=typical * calls,
        output_tokens_high=limit * calls,
        dollars_low=None if low is None else low * share,
        dollars_high=None if high is None else high * share,
        **_seconds(calls, free=free, batch=batch, rate=rate, wide=study_concurrency(study, panel)),
        hidden_tokens_high=max(limit - shown, 0) * calls,
        tokens_by="measured in an earlier run" if rate and rate.input_tokens else how,
        time_by="measured in an earlier run" if rate and not batch else "assumed",
    )


def _some_requests(panel: Panel, calls: int) -> list[Request]:
    step = max(1, calls // SAMPLE)
    numbered = enumerate(tasks(panel.material, panel.rubric, panel.design))
    return [panel.request(task) for number, task in numbered if number % step == 0]


def _seconds(calls: int, *, free: bool, batch: bool, rate: Rate | None, wide: int) -> dict[str, float]:
    """Say how long the calls will take: at the measured rate, else at that of a usual hosted model."""
    if batch:
        low, high = BATCH_SECONDS
    elif rate is not None:
        low = high = calls / rate.per_second
    elif free:
        low, high = 0.0, calls * 0.001
    else:
        low, high = (calls / wide * seconds for seconds in SECONDS)
    return {"seconds_low": low, "seconds_high": high}


def _of_judge(study: Study, panel: Panel, name: str, default: Any) -> Any:
    for spec, handle in zip(study.judges, wiring.handles(study.judges), strict=True):
        if handle == panel.handle:
            return getattr(spec, name)
    return default


def study_concurrency(study: Study, panel: Panel) -> int:
    """Return how many calls of a panel's judge may be in flight."""
    return int(_of_judge(study, panel, "concurrency", None) or 64)
