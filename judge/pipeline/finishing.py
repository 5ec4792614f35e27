"""What follows the answers: tables, measured texts, findings.

Texts are known before the first question is asked, so everything about them is done ahead (by a second
process, see `judge.pipeline.aside`); what waits for the answers is kept short.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from judge.pipeline import collect, judging
from judge.pipeline.features import feature_rows
from judge.pipeline.generated import gap_findings, text_findings
from judge.pipeline.printed import beside
from judge.store import SqliteStore
from judge.tables import write_dialogues, write_duels, write_features, write_ratings, write_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from judge.analysis.similarity import Similarity
    from judge.pipeline.analysing import Known
    from judge.pipeline.costs import CostBook
    from judge.pipeline.generating import Gap
    from judge.pipeline.judging import Panel
    from judge.pipeline.load import People
    from judge.pipeline.runfolder import RunFolder
    from judge.pipeline.stage import JudgingStage
    from judge.pipeline.tasks import Material
    from judge.study import Study
    from judge.types import Finding


@dataclass(frozen=True)
class Finished:
    """What came of the answers.

    `failures` holds, by kind, how many questions have no verdict or score and the first reason; `pending`
    questions have no answer, `answered` ones have.
    """

    findings: tuple[Finding, ...]
    failures: dict[str, tuple[int, str]]
    pending: int
    answered: int


@dataclass
class Finishing:
    """Writes the tables of a run and analyses them; a `judge.pipeline.aside.Work`.

    Parameters
    ----------
    panels, material
        What was asked, and everything that the run holds (the panels may judge a part of it).
    stage
        Knows which comparisons were decided early.
    book
        Has what generating did cost, and takes what judging did.
    gaps
        Dialogues without a response.
    printed
        Results of a paper, from `judge.pipeline.printed.read_printed`.
    more
        Gives further findings when all tables are written.
    """

    study: Study
    folder: RunFolder
    panels: Sequence[Panel]
    material: Material
    stage: JudgingStage
    people: People
    likeness: tuple[Similarity, ...]
    book: CostBook
    gaps: Sequence[Gap]
    printed: Any
    more: Callable[[RunFolder], tuple[Finding, ...]]

    def ahead(self) -> None:
        """Write the tables of texts, measure them, and load the analysis."""
        folder, material, wishes = self.folder, self.material, self.study.analysis
        answers = material.answers()
        write_dialogues(material.dialogues, folder.table("dialogues"))
        write_responses(answers, folder.table("responses"))
        by_id = {d.dialogue_id: d for d in material.dialogues}
        write_features(feature_rows(answers, by_id, self.likeness), folder.table("features"))
        self._texts = text_findings(
            answers,
            material.dialogues,
            confidence=wishes.confidence,
            seed=self.study.seed,
            likeness=self.likeness,
        )
        from judge.pipeline.analysing import read_known

        self._known: Known = read_known(folder, material.dialogues)

    def finish(self, note: Callable[[str], None]) -> Finished:
        """Write what the judges said and analyse it."""
        from judge.pipeline.analysing import analyse

        note("writing tables")
        with SqliteStore(self.folder.store, must_exist=True) as store:
            failures = self._collect(store, note)
            states = [store.plan_state(panel.stage) for panel in self.panels]
        note("analysing")
        findings = analyse(
            self.folder, self.study, self.people, self._known, stage=self.stage, more=self._more
        )
        return Finished(
            tuple(map(plain, findings)),
            failures,
            sum(state.pending for state in states),
            sum(state.answered for state in states),
        )

    def _collect(self, store: SqliteStore, note: Callable[[str], None]) -> dict[str, tuple[int, str]]:
        seen = collect.FailureCount(note)
        how: dict[str, Any] = {"spared": self.stage.spared(), "book": self.book}
        duels = collect.judgment_rows(self.panels, store, absolute=False, **how)
        ratings = collect.judgment_rows(self.panels, store, absolute=True, **how)
        write_duels(seen.watch(duels), self.folder.table("duels"))
        write_ratings(seen.watch(ratings), self.folder.table("ratings"))
        for panel in self.panels:
            for task, answer, cost in judging.unread(panel, store):
                self.book.unread(panel, task, answer, cost)
        return seen.kinds

    def _more(self, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return (
            *self._texts,
            *gap_findings(self.gaps, len(self.material.dialogues)),
            *self.book.findings(),
            *beside(self.printed, [*found, *self._texts]),
            *self.more(self.folder),
        )


def plain(finding: Finding) -> Finding:
    """Return the finding without numpy's scalars: a process that never needed numpy can take it.

    >>> import numpy as np
    >>> from judge.types import Finding
    >>> type(plain(Finding("means", "mean_score", estimate=np.float64(2.5))).estimate)
    <class 'float'>
    """
    cells = {part.name: getattr(finding, part.name) for part in fields(finding)}
    found = {name: cell.item() for name, cell in cells.items() if hasattr(cell, "item")}
    return replace(finding, **found) if found else finding
