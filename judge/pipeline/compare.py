"""The main job, stage after stage: load, generate, judge, collect, measure, analyse.

Each stage leaves plain tables in the run folder. Whatever was answered is in the store before anything else
happens to it, so that the job can be killed anywhere and started again.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.pipeline import judging, load, manifest, wiring
from judge.pipeline.aside import Aside
from judge.pipeline.costs import CostBook
from judge.pipeline.features import signatures, similarities
from judge.pipeline.finishing import Finishing
from judge.pipeline.generating import Gap, Generation, check_starts
from judge.pipeline.grouping import read_groups
from judge.pipeline.prices import rates
from judge.pipeline.printed import read_printed
from judge.pipeline.resources import Shelf
from judge.pipeline.rounds import Rounds
from judge.pipeline.runfolder import RunFolder
from judge.pipeline.stage import JudgingStage
from judge.runner import Budget, Silent, Tally, run
from judge.store import RunLock, SqliteStore
from judge.tables import write_dialogues, write_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from judge.analysis.similarity import Similarity
    from judge.pipeline.judging import Panel
    from judge.pipeline.tasks import Material
    from judge.pipeline.wiring import Wired
    from judge.runner import Job, Observer
    from judge.study import Study, SystemSpec
    from judge.types import Answer, Dialogue, Finding, Request, Response


LOCAL = frozenset({"embedded", "recorded", "scripted"})
"""Judges that compute here: nobody waits for them."""


@dataclass(frozen=True)
class Events:
    """How the job tells what it does: a line for each stage, an observer for the calls.

    `batch_wait_s` are the seconds between the first looks at a batch.
    """

    note: Callable[[str], None] = lambda _: None
    observer: Callable[[str, int], AbstractContextManager[Observer]] = lambda _label, _total: nullcontext(
        Silent()
    )
    batch_wait_s: float = 5.0


@dataclass(frozen=True)
class Twist:
    """What another job does differently: what is judged in place of the responses, and more findings."""

    change: Callable[[Material], Material] = lambda material: material
    more: Callable[[RunFolder], tuple[Finding, ...]] = lambda _: ()


_PLAIN = Twist()


@dataclass
class RunResult:
    """What came of a run.

    `stopped` is empty, ``budget`` or ``interrupted``; `open_questions` got no answer (they are asked again
    by the same command); `saved` needed none, since their pair was decided; `gaps` are dialogues that a
    strategy gave no response to.
    """

    folder: RunFolder
    findings: tuple[Finding, ...] = ()
    asked: int = 0
    kept: int = 0
    open_questions: int = 0
    saved: int = 0
    stopped: str = ""
    cost: float = 0.0
    gaps: list[Gap] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    missing_ids: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    simulated: bool = False
    failures: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0


def compare(study: Study, out: Path, *, events: Events | None = None, twist: Twist = _PLAIN) -> RunResult:
    """Run a study from its dialogues to its findings; rendering the report is the caller's.

    Parameters
    ----------
    study
        From `judge.study`.
    out
        The run folder; made where it does not exist. A run that stopped there is taken up again.
    events
        How to tell what happens.
    twist
        What is done differently: judge something made from the responses, add findings.

    Returns
    -------
    RunResult
        With `stopped` set where the run ended early: after ``interrupted`` there are no findings yet.

    Raises
    ------
    InputError
        Something in the study, its files or its names is wrong; nothing was asked.
    Unfinished
        Another process works in the folder, or the disk is full; the same command goes on later.
    """
    events = events or Events()
    folder = RunFolder(out).open()
    started = time.monotonic()
    with RunLock(folder.root) as lock, SqliteStore(folder.store) as store:
        result = _Job(study, folder, store, events, twist).run(lock)
    result.seconds = time.monotonic() - started
    return result


def generate(study: Study, out: Path, *, events: Events | None = None) -> RunResult:
    """Run the strategies of a study and write their responses; `compare` goes on from there.

    Raises
    ------
    InputError
        The study has no strategy, or something in it is wrong.
    """
    if not any(spec.strategy is not None for spec in study.systems):
        raise InputError("the study has no system with a strategy: there is nothing to generate")
    folder = RunFolder(out).open()
    started = time.monotonic()
    with RunLock(folder.root), SqliteStore(folder.store) as store:
        result = _Job(study, folder, store, events or Events()).generate_only()
    result.seconds = time.monotonic() - started
    return result


class _Job:
    """The state of one run: what was loaded, what is wired, what was asked."""

    def __init__(
        self, study: Study, folder: RunFolder, store: SqliteStore, events: Events, twist: Twist = _PLAIN
    ) -> None:
        self.study, self.folder, self.store, self.events, self.twist = study, folder, store, events, twist
        self.result = RunResult(folder)
        self.tallies: list[Tally] = []
        self.likeness: tuple[Similarity, ...] = ()
        self.book = CostBook(rates(study))
        limits = study.budget
        budget = Budget(limits.max_cost, limits.max_calls, self._price())
        self.stage = JudgingStage(
            study,
            store,
            self._ask,
            events.note,
            account=self._account,
            budget=budget,
            batch_wait_s=events.batch_wait_s,
        )

    def run(self, lock: RunLock) -> RunResult:
        study = self.study
        library = wiring.load_library(study)
        wiring.check_study_names(study, library)
        everything, dialogues = load.load_dialogues(study.dialogues, study.seed)
        responses = load.load_responses(study.systems, dialogues, everything)
        judges = [
            wiring.wire(spec, handle)
            for spec, handle in zip(study.judges, wiring.handles(study.judges), strict=True)
        ]
        for one in judges:
            check_key(one)
        people = load.load_people(study)
        self.result.simulated = people.simulated
        # Everything that the user may have got wrong is looked at before the first call is paid.
        wiring.choose_rubrics(library, study.judging)
        self.likeness = similarities(study.analysis.similarity, study.resources.embedding)
        printed = read_printed(study.published)
        if study.analysis.groups is not None:
            read_groups(study.analysis.groups)
        generations = self._generations(dialogues)
        if generations and not self._generate(generations, dialogues, responses):
            return self.result
        material = self.twist.change(load.material_of(dialogues, responses))
        judged = load.judged_part(material, study.judging.sample, study.seed)
        panels, notes = wiring.make_panels(study, judged, library, judges)
        self.result.notes.extend(notes)
        unanswered = material.missing()
        self.result.missing = {s: len(ids) for s, ids in unanswered.items()}
        self.result.missing_ids = {s: ids[:5] for s, ids in unanswered.items()}
        finishing = Finishing(
            study,
            self.folder,
            panels,
            material,
            self.stage,
            people,
            self.likeness,
            self.book,
            self.result.gaps,
            printed,
            self.twist.more,
        )
        self.store.rest()
        with Aside(finishing, wanted=_waits(panels), drop=(lock.fileno(),)) as aside:
            digest = judging.material_digest(judged)
            if not self._judge(panels, judges, digest):
                return self.result
            self._finish(aside)
        whole = digest if judged is material else judging.material_digest(material)
        self._write_manifest(panels, judges, generations, material, whole)
        return self.result

    def generate_only(self) -> RunResult:
        study = self.study
        everything, dialogues = load.load_dialogues(study.dialogues, study.seed)
        responses = load.load_responses(study.systems, dialogues, everything)
        done = self._generate(self._generations(dialogues), dialogues, responses)
        if done or self.result.stopped == "budget":
            write_dialogues(dialogues, self.folder.table("dialogues"))
            rows = [r for mine in responses.values() for r in mine.values()]
            write_responses(rows, self.folder.table("responses"))
        return self.result

    def _generations(self, dialogues: Sequence[Dialogue]) -> list[Generation]:
        shelf = Shelf(self.study, self.folder.indexes, self.events.note)
        return _generations(self.study, dialogues, shelf)

    # -- asking -----------------------------------------------------------------------------------------

    def _ask(
        self, sources: Sequence[Iterable[Job]], wired: Sequence[Wired], label: str, total: int, **how: Any
    ) -> Tally:
        """Run the questions; providers are closed in the loop in which they were used."""
        with self.events.observer(label, total) as observer:
            tally = asyncio.run(self._work(sources, wired, observer, **how))
        self._account(tally)
        return tally

    def _account(self, tally: Tally) -> None:
        self.tallies.append(tally)
        self.result.asked += tally.answered
        self.result.kept += tally.kept
        self.result.cost += tally.cost
        self.result.stopped = tally.stopped

    async def _work(
        self, sources: Sequence[Iterable[Job]], wired: Sequence[Wired], observer: Observer, **how: Any
    ) -> Tally:
        try:
            return await run(
                sources,
                {w.handle: w.provider for w in wired},
                self.store,
                limits={w.handle: w.limits for w in wired},
                budget=self._budget(),
                observer=observer,
                **how,
            )
        finally:
            for one in wired:
                await one.provider.aclose()

    def _budget(self) -> Budget:
        """Return the run's budget less what batches under way may cost."""
        limits, (calls, dollars) = self.study.budget, self.stage.reserved
        return Budget(
            max_cost=None if limits.max_cost is None else max(limits.max_cost - dollars, 0.0),
            max_calls=None if limits.max_calls is None else max(limits.max_calls - calls, 0),
            price=self._price(),
        )

    def _price(self) -> Callable[[Request, Answer | None], float | None]:
        from judge.pipeline.prices import pricing

        return pricing(self.study)

    def _judge(self, panels: list[Panel], judges: Sequence[Wired], of_material: str) -> bool:
        self.events.note(_judging_line(panels, sum(panel.count() for panel in panels)))
        stopped = self.stage.run(panels, judges, of_material)
        self.result.notes.extend(self.stage.notes)
        return stopped != "interrupted"

    def _generate(
        self,
        generations: list[Generation],
        dialogues: Sequence[Dialogue],
        responses: dict[str, dict[str, Response]],
    ) -> bool:
        """Ask round by round until every chain has ended; False where the run was stopped."""
        wired = list({g.wired.handle: g.wired for g in generations if g.wired is not None}.values())
        rounds = Rounds(generations, dialogues, self.store, self.book.generated)
        stopped = ""
        while not stopped:
            sources, most = rounds.next_round()
            if not sources:
                break
            names = ", ".join(g.system_id for g in generations if g.wired is not None)
            self.events.note(f"generating responses: {most:,} questions ({names})")
            stopped = self._ask(sources, wired, "generating", most).stopped
        rounds.finish()
        self.result.gaps.extend(rounds.gaps)
        for system, mine in rounds.made.items():
            ids = [d.dialogue_id for d in dialogues if d.dialogue_id in mine]
            responses[system].update({dialogue_id: mine[dialogue_id] for dialogue_id in ids})
        if not stopped:
            rounds.check()
        return not stopped

    # -- writing ----------------------------------------------------------------------------------------

    def _finish(self, aside: Aside) -> None:
        self.store.flush()
        result, finished = self.result, aside.finish(self.events.note)
        result.findings, result.failures = finished.findings, finished.failures
        result.saved = self.stage.saved
        result.open_questions = finished.pending - self.stage.saved
        # A run that is taken up again does not even look at what it knows: count it here.
        result.kept = max(result.kept, finished.answered - result.asked)

    def _write_manifest(
        self,
        panels: list[Panel],
        judges: Sequence[Wired],
        generations: list[Generation],
        material: Material,
        digest: str,
    ) -> None:
        rubrics = {p.rubric.ref: p.rubric for p in panels}
        content = manifest.base_manifest(
            study=self.study.to_dict(),
            seed=self.study.seed,
            material=digest,
            counts={
                "dialogues": len(material.dialogues),
                "systems": {s: len(material.responses[s]) for s in material.systems},
                "questions": sum(p.count() for p in panels),
            },
            missing_responses={s: ids[:100] for s, ids in material.missing().items()},
            generation_failures=[vars_of(gap) for gap in self.result.gaps],
            judges=[
                {
                    "rater_id": w.handle,
                    "provider": w.provider.name,
                    "model": w.model,
                    "sampling": vars_of(w.sampling),
                }
                for w in judges
            ],
            strategies=[
                {"system_id": g.system_id, "strategy": g.strategy, "model": g.model_name} for g in generations
            ],
            rubrics=[
                {"ref": ref, "mode": r.mode, "sha256": r.sha256, "criteria": [c.name for c in r.criteria]}
                for ref, r in rubrics.items()
            ],
            stages=[p.stage for p in panels],
            similarity=signatures(self.likeness),
            calls=self._calls(),
            notes=self.result.notes,
            tables=manifest.table_digests(self.folder),
        )
        manifest.write_json(self.folder.manifest, content)

    def _calls(self) -> dict[str, Any]:
        answers, dollars = self.store.spent()
        return {
            "answers_in_store": answers,
            "dollars_in_store": dollars,
            "this_start": {
                "answered": self.result.asked,
                "kept": self.result.kept,
                "dollars": self.result.cost,
                "seconds": round(sum(t.seconds for t in self.tallies), 3),
                "lanes": {name: vars_of(lane) for t in self.tallies for name, lane in t.lanes.items()},
            },
        }


def vars_of(value: Any) -> dict[str, Any]:
    """Return a dataclass as a dictionary of JSON-able values."""
    from dataclasses import asdict

    return {k: v for k, v in asdict(value).items() if v is not None and v != {}}


def _waits(panels: Sequence[Panel]) -> bool:
    """Tell whether time is spent waiting for answers, and nothing that comes after depends on the course."""
    far = any(panel.provider.name not in LOCAL for panel in panels)
    return far and not any(panel.design.shuffled for panel in panels)


def check_key(one: Wired) -> None:
    """Look for a provider's key now, where it needs one: before anything is read or paid.

    Raises
    ------
    CredentialsError
        There is none.
    """
    check = getattr(one.provider, "check_key", None)
    if check is not None:
        check()


def _judging_line(panels: list[Panel], total: int) -> str:
    raters = list(dict.fromkeys(p.rater_id for p in panels))
    rubrics = list(dict.fromkeys(f"{p.rubric.rubric_id} ({p.rubric.mode})" for p in panels))
    return f"judging: {total:,} questions to {', '.join(raters)} on {', '.join(rubrics)}"


def _generations(study: Study, dialogues: Sequence[Dialogue], shelf: Shelf) -> list[Generation]:
    """Make the systems that are strategies; what they need is looked at before anything is asked."""
    from judge.generators import get_strategy

    made: list[Generation] = []
    lanes: dict[tuple[Any, ...], Wired] = {}
    for spec in study.systems:
        if spec.strategy is None:
            continue
        options, resources = dict(spec.options), shelf.of(spec)
        strategy = get_strategy(spec.strategy, options, resources, folder=study.folder).prepare(dialogues)
        if strategy.needs_model and spec.model is None:
            raise InputError(f"the system {spec.id!r} is a strategy that asks a model; give it one")
        wired = _wire_system(spec, lanes) if strategy.needs_model else None
        generation = Generation(str(spec.id), strategy.ref, strategy.start, wired, spec.model)
        check_starts(generation, dialogues)
        made.append(generation)
    return made


def _wire_system(spec: SystemSpec, lanes: dict[tuple[Any, ...], Wired]) -> Wired:
    """Wire a system; systems on the same model of the same server share its limits, as the server sees it."""
    key = (spec.model, spec.base_url, spec.api_key_env, spec.timeout)
    one = wiring.wire(spec, f"{spec.model} (generating{f', {len(lanes) + 1}' if lanes else ''})")
    if key not in lanes:
        lanes[key] = one
    return replace(lanes[key], sampling=one.sampling)
