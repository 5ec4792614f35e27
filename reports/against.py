"""The judge against people on equal terms: what the section and the head of the page say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.reports import words
from judge.reports.index import PEOPLE, identified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.reports.index import Findings
    from judge.types import Finding


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of the judge with people, and the same measure of people among themselves.

    `name` says what is measured (`short` beside a judge's name), `how` what the two numbers compare; `hint`
    explains it.
    """

    name: str
    how: str
    hint: str
    judge: Finding
    people: Finding | None = None
    short: str = ""

    @property
    def below(self) -> bool:
        """Say whether the judge's interval lies wholly below what people reach."""
        high = self.judge.ci_high if self.judge.ci_high is not None else self.judge.estimate
        return (
            self.people is not None
            and high is not None
            and self.people.estimate is not None
            and high < self.people.estimate
        )

    @property
    def standing(self) -> tuple[str, str]:
        """Return how the judge stands to people, and its tone: a wide interval is no praise."""
        if self.people is None:
            return "", ""
        if self.below:
            return "below", "warn"
        if (self.judge.estimate or 0.0) >= (self.people.estimate or 0.0):
            return "not below", "good"
        return "not clearly below", ""


def measures(found: Findings, judge: str, criterion: str) -> tuple[Measure, ...]:
    """Return the measures of a judge on a criterion, the most telling first.

    Verdicts on the same comparison come first, then agreement beyond chance in one rater's place, then the
    correlation with the mean of the raters; only what has a number for the judge.
    """
    return (
        *_duels(found, judge, criterion),
        *_alphas(found, judge, criterion),
        *_correlations(found, judge, criterion),
    )


_SETUPS = {"S1": "Same verdict, ties included", "S2": "Same verdict, where both decide"}
_SHORT = {"S1": "ties included", "S2": "both decide"}


def _duels(found: Findings, judge: str, criterion: str) -> Iterator[Measure]:
    given = found.where("agreement", "duel_agreement", criterion=criterion)
    among = {f.term: f for f in given if PEOPLE in (f.level, f.judge)}
    for f in given:
        if f.judge == judge and identified(f) and f.level != PEOPLE:
            setup = f.term.partition(" ")[0]
            name = _SETUPS.get(setup, words.name_of(f.statistic))
            chance = {"S1": "chance 33 %", "S2": "chance 50 %"}.get(setup, "")
            implied = "verdicts that ratings imply" if "implied" in f.term or f.level == "implied" else ""
            how = ", ".join(p for p in (chance, implied) if p)
            hint, short = words.GLOSSARY["duel_agreement"], _SHORT.get(setup, f.term)
            yield Measure(name, how, hint, f, _if_known(among.get(f.term)), short)


def _alphas(found: Findings, judge: str, criterion: str) -> Iterator[Measure]:
    given = found.where("agreement", "krippendorff_alpha", criterion=criterion)
    among = {f.term: f for f in given if f.level == PEOPLE}
    mine = [f for f in given if f.judge == judge and f.level != PEOPLE and identified(f)]
    chosen = next((f for f in mine if f.term == "ordinal"), mine[0] if mine else None)
    if chosen is not None:
        how = f"{words.plain(chosen.term)}; the judge in one rater’s place"
        name, hint = words.name_of(chosen.statistic), words.GLOSSARY[chosen.statistic]
        yield Measure(name, how, hint, chosen, _if_known(among.get(chosen.term)))


def _correlations(found: Findings, judge: str, criterion: str) -> Iterator[Measure]:
    where = {"judge": judge, "criterion": criterion, "level": "item"}
    r = next((f for f in found.where("agreement", "pearson", **where) if f.term != "people_median"), None)
    person = found.one("agreement", "lower_ceiling", criterion=criterion)
    if r is not None and identified(r):
        how = "with the mean of the raters; a single rater with the mean of the others"
        name, hint = "Correlation on single responses", words.GLOSSARY["pearson"]
        yield Measure(name, how, hint, r, _if_known(person))
    top = found.one("agreement", "disattenuated", **where)
    if top is not None and identified(top):
        name, hint = "The same without the raters’ noise", words.GLOSSARY["disattenuated"]
        yield Measure(name, "divided by the noise ceiling", hint, top)


def _if_known(f: Finding | None) -> Finding | None:
    return f if identified(f) else None
