"""The judging stage: what is asked at once, and what in rounds until it is decided."""

from __future__ import annotations

import asyncio
import time
from itertools import chain
from typing import TYPE_CHECKING, Any

from judge.pipeline import judging
from judge.pipeline.prices import BATCH_SHARE
from judge.pipeline.stopping import Stopper, check_stopping, looks
from judge.runner import Tally
from judge.runner.batch import BatchDesk, Lot, require_batches
from judge.runner.run import stops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd

    from judge.analysis.inputs import AuditOptions
    from judge.pipeline.judging import Panel
    from judge.pipeline.wiring import Wired
    from judge.runner import Budget, Job
    from judge.store import SqliteStore
    from judge.store.base import Result
    from judge.study import Study
    from judge.types import Finding

HOW: dict[str, Any] = {
    "accept": lambda job, answer: job.ref.refusal_to_read(answer),
    "repair": lambda job, answer: job.ref.mend(job.request, answer),
}
"""How the runner reads answers and mends them; jobs carry `judge.pipeline.judging.Asked`."""


class JudgingStage:
    """Puts the questions of all panels to their judges.

    Parameters
    ----------
    ask
        ``ask(sources, judges, label, total, **how)``: runs jobs and gives the tally.
    note
        Hears what happens.
    account
        Takes the tally of what was not asked through `ask`: the batches.
    budget
        The run's.
    batch_wait_s
        Seconds between the first looks at a batch.

    Attributes
    ----------
    notes
        What a reader of the result must know.
    saved
        Questions that were not asked because their pair was decided.
    """

    def __init__(
        self,
        study: Study,
        store: SqliteStore,
        ask: Callable[..., Tally],
        note: Callable[[str], None],
        *,
        account: Callable[[Tally], None],
        budget: Budget,
        batch_wait_s: float = 5.0,
    ) -> None:
        check_stopping(study)
        self._study, self._store, self._ask, self._note = study, store, ask, note
        self._account = account
        self._desk = BatchDesk(store, budget, BATCH_SHARE, note, batch_wait_s)
        self._stoppers: list[Stopper] = []
        self._saved: dict[str, int] = {}
        self.notes: list[str] = []

    @property
    def saved(self) -> int:
        """Questions that were not asked because their pair was decided."""
        return sum(self._saved.values())

    def run(self, panels: Sequence[Panel], judges: Sequence[Wired], of_material: str) -> str:
        """Ask everything; returns why it stopped early, or nothing."""
        at_once = [panel for panel in panels if not panel.design.shuffled]
        in_rounds = [panel for panel in panels if panel.design.shuffled]
        handles = {one.handle for one in judges if one.batch}
        by_batch = [panel for panel in at_once if panel.handle in handles]
        live = [panel for panel in at_once if panel.handle not in handles]
        if by_batch:
            self._check_batches(by_batch, judges)
            asyncio.run(self._submit(by_batch, of_material))
        stopped = self._at_once(live, judges, of_material) if live else ""
        if by_batch and not stopped:
            stopped = self._take_in(by_batch)
            # What a batch did not answer, or not readably, is asked live.
            stopped = stopped or self._at_once(by_batch, judges, of_material)
        self.notes += [
            f"{one.handle} is asked live and not by batch: comparisons stop when they are decided"
            for one in wired_of(in_rounds, judges)
            if one.batch
        ]
        for panel in in_rounds:
            drain(judging.jobs(panel, self._store, of_material))
        if in_rounds and not stopped:
            stopped = self._in_rounds(in_rounds, judges)
        return stopped

    def _at_once(self, panels: Sequence[Panel], judges: Sequence[Wired], of_material: str) -> str:
        sources = [
            chain.from_iterable([judging.jobs(p, self._store, of_material) for p in mine])
            for mine in by_handle(panels)
        ]
        total = sum(panel.count() for panel in panels)
        tally = self._ask(sources, wired_of(panels, judges), "judging", total, **HOW)
        if tally.stopped == "budget":
            # The plan must be whole, so that what was not asked is counted as such and not left out.
            for source in sources:
                drain(source)
        return tally.stopped

    # -- batches ----------------------------------------------------------------------------------------

    @property
    def reserved(self) -> tuple[int, float]:
        """Answers and dollars that batches under way may still cost."""
        return self._desk.reserved

    def _check_batches(self, panels: Sequence[Panel], judges: Sequence[Wired]) -> None:
        for one in wired_of(panels, judges):
            require_batches(one.provider, one.handle)

    def _lots(self, panels: Sequence[Panel], of_material: str) -> list[Lot]:
        return [
            Lot(
                stage=panel.stage,
                handle=panel.handle,
                endpoint=str(getattr(panel.provider, "base_url", "")),
                batches=require_batches(panel.provider, panel.handle),
                jobs=judging.jobs(panel, self._store, of_material) if of_material else (),
                readable=panel.refusal_to_read,
            )
            for panel in panels
        ]

    async def _submit(self, panels: Sequence[Panel], of_material: str) -> None:
        lots = self._lots(panels, of_material)
        try:
            await self._desk.submit(lots)
        finally:
            for lot in lots:
                drain(lot.jobs)  # the plan must be whole
                await lot.batches.aclose()

    def _take_in(self, panels: Sequence[Panel]) -> str:
        started = time.monotonic()
        ended = asyncio.run(self._collect(panels))
        tally = Tally(lanes=dict(self._desk.tallies), stopped="" if ended else "interrupted")
        tally.seconds = time.monotonic() - started
        self._account(tally)
        if not ended:
            self._note("the batches stay under way; the same command takes their results in")
        return tally.stopped

    async def _collect(self, panels: Sequence[Panel]) -> bool:
        lots, stop = self._lots(panels, ""), asyncio.Event()
        try:
            with stops(stop.set):
                return await self._desk.collect(lots, stop)
        finally:
            for lot in lots:
                await lot.batches.aclose()

    # -- rounds -----------------------------------------------------------------------------------------

    def _in_rounds(self, panels: Sequence[Panel], judges: Sequence[Wired]) -> str:
        wishes = self._study.analysis
        self._stoppers = [
            Stopper(panel, self._store, alpha=1 - wishes.confidence, margin=wishes.margin) for panel in panels
        ]
        stopped = ""
        for upto in looks(max(len(panel.material.dialogues) for panel in panels)):
            going = [stopper for stopper in self._stoppers if not stopper.over()]
            if not going:
                break
            stopped = self._round(going, judges, upto)
            if stopped:
                break
            for stopper in going:
                stopper.look(upto)
        for stopper in self._stoppers:
            saved = self._saved[stopper.panel.stage] = stopper.saved()
            self.notes.append(stopper.note(saved))
        return stopped

    def _round(self, going: Sequence[Stopper], judges: Sequence[Wired], upto: int) -> str:
        total = sum(sum(1 for _ in stopper.rows(upto)) for stopper in going)
        if not total:
            return ""
        by_judge: dict[str, list[Iterator[Job]]] = {}
        for stopper in going:
            by_judge.setdefault(stopper.panel.handle, []).append(stopper.jobs(upto))
        sources = [chain.from_iterable(streams) for streams in by_judge.values()]
        wired = wired_of([stopper.panel for stopper in going], judges)
        tally = self._ask(sources, wired, f"judging the first {upto:,} dialogues", total, **HOW)
        return tally.stopped

    # -- afterwards -------------------------------------------------------------------------------------

    def spared(self) -> dict[str, Callable[[Result], bool]]:
        """Return, by stage, which questions have no row because they needed no asking."""
        return {stopper.panel.stage: stopper.spared for stopper in self._stoppers}

    def findings(
        self, duels: pd.DataFrame, dialogues: pd.DataFrame | None, options: AuditOptions
    ) -> tuple[Finding, ...]:
        """Return where comparisons stopped, and win rates with intervals that allow for it."""
        if not self._stoppers:
            return ()
        from judge.analysis.ranking.stopping import stopping_findings

        where = [f for s in self._stoppers for f in s.findings(self._saved.get(s.panel.stage, 0))]
        judged = duels[duels["rater_kind"].astype(str) == "judge"] if len(duels) else duels
        rates = stopping_findings(judged, dialogues, options) if len(judged) else ()
        return (*where, *rates)


def by_handle(panels: Sequence[Panel]) -> list[list[Panel]]:
    """Group panels by their judge: one stream a judge, so that a slow one does not hold the others up."""
    groups: dict[str, list[Panel]] = {}
    for panel in panels:
        groups.setdefault(panel.handle, []).append(panel)
    return list(groups.values())


def wired_of(panels: Sequence[Panel], judges: Sequence[Wired]) -> list[Wired]:
    """Return the judges of these panels."""
    handles = {panel.handle for panel in panels}
    return [one for one in judges if one.handle in handles]


def drain(stream: Iterable[Any]) -> None:
    """Read a stream to its end."""
    for _ in stream:
        pass


def warned(findings: Sequence[Finding], warning: str) -> tuple[Finding, ...]:
    """Add a warning to the findings of rankings that have an interval or a p-value for a fixed number.

    >>> from judge.types import Finding
    >>> warned([Finding("ranking", "win_rate", p=0.03), Finding("texts", "n_tokens")], "careful")[0].warnings
    ('careful',)
    """
    from dataclasses import replace

    def wants(f: Finding) -> bool:
        fixed = f.p is not None or f.ci_low is not None
        return f.family == "ranking" and fixed and f.statistic != "log10_e_value"

    return tuple(replace(f, warnings=(*f.warnings, warning)) if wants(f) else f for f in findings)
