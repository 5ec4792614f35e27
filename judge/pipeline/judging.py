"""Putting every question to every judge, and reading what came back.

A *panel* is one judge with one rubric. Its plan (which question has which key) is kept in the store with a
fingerprint of all that it depends on: a run that is taken up again asks the store what is open, in SQL,
and builds only those prompts anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.pipeline.keys import dialogue_value, digest, response_value
from judge.pipeline.tasks import count_tasks, tasks
from judge.rubrics import read_answer, render, repair_prompt
from judge.runner.jobs import Job
from judge.store.base import PlanRow
from judge.types import JudgeTask, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from judge.pipeline.tasks import Design, Material
    from judge.providers.base import Provider
    from judge.store import SqliteStore
    from judge.store.base import PlanStore, Result
    from judge.types import Answer, Request, Rubric, Sampling


@dataclass(frozen=True)
class Panel:
    """One judge with one rubric: where its questions come from and how they are asked."""

    handle: str
    rater_id: str
    provider: Provider
    model: str
    sampling: Sampling
    rubric: Rubric
    material: Material
    design: Design
    repair: bool = True

    @property
    def stage(self) -> str:
        """The name of the panel's plan in the store."""
        return f"judge {self.handle} {self.rubric.rubric_id} {self.rubric.mode}"

    def request(self, task: JudgeTask) -> Request:
        """Build what is sent for one question. Pure."""
        return self.provider.request(self.model, render(self.rubric, task), self.sampling, task.repeat)

    def count(self) -> int:
        """How many questions there are."""
        return count_tasks(self.material, self.rubric, self.design)

    def read(self, answer: Answer) -> tuple[Outcome, ...]:
        """Read an answer by the rubric's rules: one outcome a criterion."""
        return read_answer(self.rubric, answer)

    def refusal_to_read(self, answer: Answer) -> str | None:
        """Say why an answer cannot be read, or None where it can (or asking again cannot help)."""
        bad = next((o for o in self.read(answer) if o.failure == "parse_failure"), None)
        return (bad.reason or "unreadable") if bad else None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job of judging is about: kept beside it while it is on its way."""

    panel: Panel
    task: JudgeTask

    def refusal_to_read(self, answer: Answer) -> str | None:
        """Say why an answer cannot be read, or None where it can."""
        return self.panel.refusal_to_read(answer)

    def mend(self, sent: Request, answer: Answer) -> Request | None:
        """Build the one cheap question that may mend an unreadable answer: the form only, not the judgement.

        None where the panel does not repair, or where the judge does not read text (the same request would
        be sent again).
        """
        panel = self.panel
        if not panel.repair:
            return None
        prompt = repair_prompt(panel.rubric, render(panel.rubric, self.task), answer)
        request = panel.provider.request(panel.model, prompt, panel.sampling, self.task.repeat)
        return None if request.body == sent.body else request


def fingerprint(panel: Panel, material_digest: str) -> str:
    """Return a digest of everything that decides which questions the panel asks, and how."""
    sample = next(tasks(panel.material, panel.rubric, panel.design), None)
    body = panel.request(sample).body if sample else {}
    # Every parameter that is sent shows in the first request; what varies between requests is the material.
    return digest([panel.rater_id, panel.rubric.ref, repr(panel.design), body, material_digest])


def material_digest(material: Material) -> str:
    """Return a digest of all dialogues and responses, in their order."""
    return digest(
        [
            list(material.systems),
            *(dialogue_value(d) for d in material.dialogues),
            *(response_value(response) for response in material.answers()),
        ]
    )


def jobs(panel: Panel, store: PlanStore, of_material: str) -> Iterator[Job]:
    """Yield what the panel still has to ask, making the plan on the way where there is none yet."""
    mark = fingerprint(panel, of_material)
    if store.plan_matches(panel.stage, mark):
        yield from planned_jobs(panel, store.pending(panel.stage))
        return
    store.begin_plan(panel.stage, mark)
    book = _Book(panel.material)
    for seq, task in enumerate(tasks(panel.material, panel.rubric, panel.design)):
        job = Job.of(panel.request(task), panel.handle, Asked(panel, task))
        store.add_plan(panel.stage, [PlanRow(seq, job.key, book.ref(task))])
        yield job
    store.finish_plan(panel.stage)


def planned_jobs(panel: Panel, rows: Iterable[PlanRow]) -> Iterator[Job]:
    """Yield the jobs of rows of the panel's plan."""
    book = _Book(panel.material)
    for row in rows:
        task = book.task(row.ref, panel.rubric)
        yield Job(row.key, panel.request(task), panel.handle, Asked(panel, task))


class _Book:
    """Turns a task into a short JSON value for the plan, and back."""

    def __init__(self, material: Material) -> None:
        self._dialogues = material.dialogues
        self._systems = material.systems
        self._responses = material.responses
        self._dialogue_no = {d.dialogue_id: i for i, d in enumerate(material.dialogues)}
        self._system_no = {s: i for i, s in enumerate(material.systems)}

    def ref(self, task: JudgeTask) -> list[Any]:
        systems = [self._system_no[r.system_id] for r in task.responses]
        return [self._dialogue_no[task.dialogue.dialogue_id], systems, task.order, task.repeat]

    def task(self, ref: Any, rubric: Rubric) -> JudgeTask:
        number, systems, order, repeat = ref
        dialogue = self._dialogues[number]
        shown = tuple(self._responses[self._systems[s]][dialogue.dialogue_id] for s in systems)
        return JudgeTask(rubric, dialogue, shown, order, repeat)


def outcomes(
    panel: Panel, store: PlanStore, spared: Callable[[Result], bool] | None = None
) -> Iterator[tuple[JudgeTask, Result, tuple[Outcome, ...]]]:
    """Yield every planned question with what came of it, in the plan's order.

    A question that was never sent (the budget ended, or the run was stopped) is ``skipped_budget``; one that
    needed no asking (`spared`) is left out.
    """
    book = _Book(panel.material)
    for result in store.results(panel.stage):
        if spared is None or not spared(result):
            yield book.task(result.ref, panel.rubric), result, read_result(panel, result)


def unread(panel: Panel, store: SqliteStore) -> Iterator[tuple[JudgeTask, Answer, float | None]]:
    """Yield the answers that were paid and could not be read, with what they cost."""
    book = _Book(panel.material)
    for ref, answer, cost in store.unread(panel.stage):
        yield book.task(ref, panel.rubric), answer, cost


def read_result(panel: Panel, result: Result) -> tuple[Outcome, ...]:
    """Read what came of a question: the repair's answer first, then the answer, else the failure."""
    if result.repair is not None:
        mended = panel.read(result.repair)
        if all(o.failure is None for o in mended):
            return mended
    if result.answer is not None:
        return panel.read(result.answer)
    kind = result.failure or "skipped_budget"
    return tuple(Outcome(c.name, failure=kind, reason=result.message) for c in panel.rubric.criteria)
