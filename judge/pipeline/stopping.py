"""Asking in rounds and stopping each comparison when it is decided.

After each round of dialogues (drawn in an order of their own before the run) every pair is looked at. A pair
that differs, or is equivalent within the margin, is asked no further; what was not asked is no failure and
has no row. Everything is computed again from the store, so a run that is taken up again decides alike.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from judge.errors import InputError
from judge.pipeline.judging import planned_jobs, read_result
from judge.pipeline.tasks import turn_of
from judge.types import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.ranking.stopping import Look
    from judge.pipeline.judging import Panel
    from judge.runner import Job
    from judge.store.base import PlanRow, PlanStore, Result
    from judge.study import Study

FIRST_LOOK = 20
"""Dialogues before the first look, and at least between looks."""
GROWTH = 1.1
"""Later looks come after a tenth more dialogues, so that their number stays small in a long run."""
METHOD = "dialogues asked until the bets decided (different: e-BH; equivalent: interval inside the margin)"

Pair: TypeAlias = tuple[int, int]
Points: TypeAlias = dict[tuple[str, Pair], dict[int, dict[str, list[float]]]]


@dataclass(frozen=True, slots=True)
class Settled:
    """A comparison of two systems on one criterion that is asked no further, after so many dialogues."""

    found: Look
    dialogues: int


def check_stopping(study: Study) -> None:
    """Refuse what would make early stopping unsound.

    Raises
    ------
    InputError
        The design fixes the first slot, or dialogues are not the independent units.
    """
    judging = study.judging
    if not judging.stop_when_decided:
        return
    if judging.mode == "absolute":
        raise InputError("stop_when_decided is for comparisons: the mode is absolute\n  mend: leave it out")
    if judging.orders == "AB":
        raise InputError(
            "stop_when_decided bets on equal systems winning alike, which one order does not give them\n"
            '  mend: orders = "both", or "random"'
        )
    if study.analysis.cluster != "dialogue_id":
        raise InputError(
            f"stop_when_decided takes dialogues as independent; the cluster is {study.analysis.cluster!r}\n"
            "  mend: leave one of the two out"
        )


def looks(dialogues: int) -> Iterator[int]:
    """Yield how many dialogues have been asked at each look.

    >>> list(looks(70))
    [20, 40, 60, 70]
    """
    upto = 0
    while upto < dialogues:
        upto = min(dialogues, max(upto + FIRST_LOOK, round(upto * GROWTH)))
        yield upto


class Stopper:
    """The state of one panel: what was decided, and what is therefore not asked.

    Parameters
    ----------
    panel, store
        A pairwise panel whose plan is whole.
    alpha, margin
        See `judge.analysis.ranking.stopping.look`.
    """

    def __init__(self, panel: Panel, store: PlanStore, *, alpha: float, margin: float) -> None:
        self.panel, self._store, self._alpha, self._margin = panel, store, alpha, margin
        self._place = {n: place for place, n in enumerate(turn_of(panel.material, panel.design))}
        self._settled: dict[tuple[str, Pair], Settled] = {}
        self._latest: dict[tuple[str, Pair], Settled] = {}
        self._done: dict[Pair, int] = {}

    def over(self) -> bool:
        """Whether every pair is decided."""
        return bool(self._latest) and all(pair in self._done for _, pair in self._latest)

    def rows(self, upto: int) -> Iterator[PlanRow]:
        """Yield what is open among the first dialogues, for pairs that are not decided."""
        for row in self._store.pending(self.panel.stage):
            if self._place[row.ref[0]] >= upto:
                return
            if _pair(row.ref[1]) not in self._done:
                yield row

    def jobs(self, upto: int) -> Iterator[Job]:
        """Yield the jobs of `rows`."""
        return planned_jobs(self.panel, self.rows(upto))

    def look(self, upto: int) -> None:
        """Look at every pair after its first dialogues; settle those that are decided."""
        from judge.analysis.ranking.stopping import look

        points = self._points(upto)
        for criterion in self.panel.rubric.criteria:
            keys = sorted(key for key in points if key[0] == criterion.name)
            scores = [self._scores(points[key], key) for key in keys]
            for key, found in zip(keys, look(scores, alpha=self._alpha, margin=self._margin), strict=True):
                if key in self._settled:
                    continue
                self._latest[key] = Settled(found, upto)
                if found.state != "open":
                    self._settled[key] = self._latest[key]
        for pair in {pair for _, pair in points} - self._done.keys():
            if all((c.name, pair) in self._settled for c in self.panel.rubric.criteria):
                self._done[pair] = upto

    def spared(self, result: Result) -> bool:
        """Say whether a question without an answer was not asked because its pair was decided before."""
        if result.answer is not None or result.failure is not None:
            return False
        return self._place[result.ref[0]] >= self._done.get(_pair(result.ref[1]), len(self._place))

    def saved(self) -> int:
        """Count the questions that were not asked because their pair was decided."""
        return sum(
            self._place[row.ref[0]] >= self._done.get(_pair(row.ref[1]), len(self._place))
            for row in self._store.pending(self.panel.stage)
        )

    def findings(self, saved: int) -> Iterator[Finding]:
        """Yield where each comparison stopped, and how many questions that saved."""
        names, total = self.panel.material.systems, len(self._place)
        for (criterion, pair), latest in sorted(self._latest.items()):
            settled = self._settled.get((criterion, pair), latest)
            yield Finding(
                "stopping", "stopped_after", "pair", self.panel.rater_id, criterion, names[pair[0]],
                names[pair[1]], term=settled.found.state, estimate=float(settled.dialogues),
                n_items=settled.found.dialogues, n_dialogues=total, method=METHOD,
            )  # fmt: skip
        yield Finding(
            "stopping", "questions_saved", "judge", self.panel.rater_id, term=self.panel.rubric.rubric_id,
            estimate=float(saved), n_items=self.panel.count(), method="planned questions that were not asked",
        )  # fmt: skip

    def note(self, saved: int) -> str:
        """Say in one line what was decided and saved."""
        pairs = {pair for _, pair in self._latest}
        early = [pair for pair, upto in self._done.items() if upto < len(self._place)]
        return (
            f"{self.panel.rater_id}, {self.panel.rubric.rubric_id}: {len(self._done)} of {len(pairs)} pairs "
            f"decided, {len(early)} of them early; {saved:,} of {self.panel.count():,} questions were not "
            "needed and not asked"
        )

    # -- inside -----------------------------------------------------------------------------------------

    def _points(self, upto: int) -> Points:
        """Collect the verdicts of the first dialogues as points of the pair's first system, by order."""
        found: Points = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for result in self._store.results(self.panel.stage):
            number, systems, order, _ = result.ref
            place, pair = self._place[number], _pair(systems)
            if place >= upto:
                break
            for outcome in read_result(self.panel, result):
                of_pair = found[outcome.criterion, pair]
                if outcome.verdict is not None:
                    first = {"A": 1.0, "B": 0.0, "tie": 0.5}[outcome.verdict]
                    of_pair[place][order].append(first if systems[0] == pair[0] else 1.0 - first)
        return found

    def _scores(self, by_place: dict[int, dict[str, list[float]]], key: tuple[str, Pair]) -> list[float]:
        """Average repeats, then orders; a settled comparison keeps what it had then."""
        settled = self._settled.get(key)
        both = self.panel.design.orders == "both"
        scores = []
        for place, by_order in sorted(by_place.items()):
            if settled is not None and place >= settled.dialogues:
                break
            if not by_order or (both and len(by_order) < 2):
                continue  # one order alone would bet on the slot
            means = [sum(points) / len(points) for points in by_order.values()]
            scores.append(sum(means) / len(means))
        return scores


def _pair(systems: list[int]) -> Pair:
    low, high = sorted(systems)
    return low, high
