"""The judging stage: what is asked at once, and what in rounds until it is decided."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from judge.pipeline import judging
from judge.pipeline.stopping import Stopper, check_stopping, looks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd

    from judge.analysis.inputs import AuditOptions
    from judge.pipeline.judging import Panel
    from judge.pipeline.wiring import Wired
    from judge.runner import Job, Tally
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
    ) -> None:
        check_stopping(study)
        self._study, self._store, self._ask, self._note = study, store, ask, note
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
        stopped = self._at_once(at_once, judges, of_material) if at_once else ""
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
