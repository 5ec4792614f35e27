"""What judging and generating did cost: dollars and tokens by judge, criterion and system, as findings.

Everything that was paid counts: answers that nobody could read, questions that mended them, answers from a
provider's cache. What is not known stays unknown and is never nought.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from judge.types import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from judge.pipeline.judging import Panel
    from judge.providers.presets import Price
    from judge.store.base import Result
    from judge.types import Answer, JudgeTask, Usage

METHOD = (
    "sum over all answers that were paid, unreadable ones too; a duel counts half for each system, a "
    "question about several criteria alike for each"
)
KINDS = {
    "tokens_in": "input_tokens",
    "tokens_out": "output_tokens",
    "tokens_cached": "cached_tokens",
    "tokens_reasoning": "reasoning_tokens",
}
"""Statistic and the field of `judge.types.Usage`. Cached tokens are among those read, hidden ones among those
written."""
Place: TypeAlias = tuple[str, str, str, str]
"""Level, judge, criterion and system of a finding."""


@dataclass
class Sum:
    """What was paid in one place; `unpriced` answers have no known price, `uncounted` ones no token count."""

    answers: float = 0.0
    dollars: float = 0.0
    unpriced: float = 0.0
    uncounted: float = 0.0
    tokens: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, usage: Usage, dollars: float | None) -> None:
        """Add one answer."""
        self.answers += 1
        if dollars is None:
            self.unpriced += 1
        else:
            self.dollars += dollars
        if usage.input_tokens is None or usage.output_tokens is None:
            self.uncounted += 1
            if usage.input_tokens is usage.output_tokens:
                return
        for statistic, name in KINDS.items():
            if tokens := getattr(usage, name):
                self.tokens[statistic] += tokens

    def take(self, other: Sum, share: float) -> None:
        """Add a share of everything that another sum holds."""
        self.answers += other.answers * share
        self.dollars += other.dollars * share
        self.unpriced += other.unpriced * share
        self.uncounted += other.uncounted * share
        for statistic, tokens in other.tokens.items():
            self.tokens[statistic] += tokens * share


class CostBook:
    """Adds up what was paid while the tables are written.

    Parameters
    ----------
    rate
        Gives the price of ``provider/model``, for answers whose price was not known when they came.
    """

    def __init__(self, rate: Callable[[str], Price]) -> None:
        self._rate = rate
        # One sum an answer while a million rows pass by; they are shared out at the end.
        self._asked: dict[tuple[str, tuple[str, ...]], Sum] = defaultdict(Sum)
        self._panels: dict[str, Panel] = {}
        self._generated: dict[str, Sum] = defaultdict(Sum)
        self._models: dict[str, str] = {}

    def judged(self, panel: Panel, task: JudgeTask, result: Result) -> None:
        """Enter a question with its answer and the repair of it."""
        answers = [answer for answer in (result.answer, result.repair) if answer is not None]
        for number, answer in enumerate(answers):
            # The store gives the two prices as one sum: it is entered with the first.
            known = result.cost if number == 0 else 0.0
            if result.cost is None:
                known = self._priced(panel, answer)
            self._enter(panel, task, answer, known)

    def unread(self, panel: Panel, task: JudgeTask, answer: Answer, dollars: float | None) -> None:
        """Enter an answer that was paid and that nobody could read."""
        self._enter(panel, task, answer, self._priced(panel, answer) if dollars is None else dollars)

    def generated(self, system: str, model: str, answer: Answer, dollars: float | None) -> None:
        """Enter an answer of a strategy's model."""
        self._models[system] = model
        known = self._price(model, answer) if dollars is None else dollars
        self._generated[system].add(answer.usage, known)

    def _enter(self, panel: Panel, task: JudgeTask, answer: Answer, dollars: float | None) -> None:
        self._panels[panel.stage] = panel
        systems = tuple([part.system_id for part in task.responses])
        self._asked[panel.stage, systems].add(answer.usage, dollars)

    def _sums(self) -> dict[Place, Sum]:
        """Share out what was paid among judges, criteria and systems."""
        sums: dict[Place, Sum] = defaultdict(Sum)
        for (stage, systems), found in self._asked.items():
            panel = self._panels[stage]
            judge, criteria = panel.rater_id, panel.rubric.criteria
            self._models[judge] = f"{panel.provider.name}/{panel.model}"
            sums["judge", judge, "", ""].take(found, 1.0)
            for criterion in criteria:
                sums["criterion", judge, criterion.name, ""].take(found, 1 / len(criteria))
            for system in systems:
                sums["system", judge, "", system].take(found, 1 / len(systems))
        for system, found in self._generated.items():
            sums["generation", "", "", system].take(found, 1.0)
        return sums

    def _priced(self, panel: Panel, answer: Answer) -> float | None:
        return self._price(f"{panel.provider.name}/{panel.model}", answer)

    def _price(self, model: str, answer: Answer) -> float | None:
        usage = answer.usage
        if usage.input_tokens is None or usage.output_tokens is None:
            return 0.0 if self._rate(model).cost(1, 1) == 0 else None
        return self._rate(model).cost(usage.input_tokens, usage.output_tokens, usage.cached_tokens or 0)

    # -- findings ---------------------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """Yield dollars and tokens of each place, in the order judge, criterion, system, generation."""
        order = ("judge", "criterion", "system", "generation")
        for place, found in sorted(
            self._sums().items(), key=lambda item: (order.index(item[0][0]), item[0][1:])
        ):
            if found.uncounted == found.answers and found.dollars == 0 and not found.unpriced:
                continue  # it runs here: it has neither a price nor tokens that anybody would pay
            yield self._dollars(place, found)
            yield from self._tokens(place, found)

    def _dollars(self, place: Place, found: Sum) -> Finding:
        unknown = ""
        if found.unpriced:
            model = self._models.get(place[1] or place[3], "")
            unknown = (
                f"no price is known for {round(found.unpriced)} of {round(found.answers)} answers ({model})"
            )
            unknown += f"; the others cost {found.dollars:.4f} dollars" if found.dollars else ""
        return _finding("dollars", place, found, found.dollars, unknown)

    def _tokens(self, place: Place, found: Sum) -> Iterator[Finding]:
        unknown = ""
        if found.uncounted:
            unknown = f"{round(found.uncounted)} of {round(found.answers)} answers came without token counts"
        for statistic in KINDS:
            if statistic in ("tokens_in", "tokens_out") or found.tokens[statistic]:
                yield _finding(statistic, place, found, found.tokens[statistic], unknown)
        read = found.tokens["tokens_in"]
        if place[0] == "judge" and found.tokens["tokens_cached"] and read:
            yield _finding("cached_share", place, found, found.tokens["tokens_cached"] / read, unknown)


def _finding(statistic: str, place: Place, found: Sum, value: float, unknown: str) -> Finding:
    level, judge, criterion, system = place
    return Finding(
        "cost", statistic, level, judge, criterion, system,
        estimate=None if unknown else value, n_items=round(found.answers), method=METHOD,
        verdict="not_identified" if unknown else "", warnings=(unknown,) if unknown else (),
    )  # fmt: skip
