"""The sentence the page opens with, and how far the judge behind it can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import numbers, words
from judge.reports.against import measures
from judge.reports.bias import preference_views
from judge.reports.failures import asked_and_failed
from judge.reports.gaps import why
from judge.reports.index import PEOPLE, identified
from judge.reports.model import Fact, Headline
from judge.reports.ranking import pair_of, systems_in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

NOTHING = Headline(
    "No system was compared in this run.", "There is no ranking and no mean among the findings.", clear=False
)


def headlines(found: Findings, views: Sequence[tuple[str, str]], people: str) -> tuple[Headline, ...]:
    """Return one sentence for each judge and criterion; people's own come last."""
    return tuple(
        h for judge, criterion in views if (h := _headline(found, judge, criterion, people)) is not None
    )


def _headline(found: Findings, judge: str, criterion: str, people: str) -> Headline | None:
    systems = systems_in_order(found, judge, criterion)
    if not systems:
        return None
    detail = _detail(found, judge, criterion, people)
    if len(systems) == 1:
        return _single(found, systems[0], judge, criterion, detail)
    best, second = systems[:2]
    stopped = _by_stopped(found, systems, judge, criterion, detail)
    if stopped is not None:
        return stopped
    pair = pair_of(found, "win_rate", best, second, judge=judge, criterion=criterion)
    if pair is not None and pair.estimate is not None:
        tied = _tied(found, systems, judge, criterion, pair, level=0.5)
        return _by_duels(pair, best, second, tied, judge=judge, criterion=criterion, detail=detail)
    compared = found.where("ranking", "win_rate", level="pair", judge=judge, criterion=criterion)
    known = [f for f in compared if identified(f)]
    if known:
        return _by_some_pairs(found, known, judge=judge, criterion=criterion, detail=detail)
    return _by_means(found, systems, judge, criterion, detail)


def _by_stopped(
    found: Findings, systems: Sequence[str], judge: str, criterion: str, detail: str
) -> Headline | None:
    """Say who is ahead in a run that stopped when it was decided, by intervals that allow for that."""
    best, *others = systems
    pairs = {
        other: pair_of(found, "win_rate", best, other, judge=judge, criterion=criterion, family="stopping")
        for other in others
    }
    first = pairs[others[0]]
    if first is None or first.estimate is None:
        return None
    level = [other for other, f in pairs.items() if f is not None and (f.ci_low is None or f.ci_low <= 0.5)]
    told = f"{detail} that allow for stopping early"
    tied = [best, *level]
    return _by_duels(first, best, others[0], tied, judge=judge, criterion=criterion, detail=told)


def _by_some_pairs(
    found: Findings, pairs: Sequence[Finding], *, judge: str, criterion: str, detail: str
) -> Headline:
    """Say what a study of chosen pairs shows, where the systems at the top never met."""
    clear = [f for f in pairs if _excludes_even(f)]
    most = max(clear or pairs, key=lambda f: abs((f.estimate or 0.5) - 0.5))
    ahead = (most.estimate or 0.5) >= 0.5
    best, second = (most.system, most.system_b) if ahead else (most.system_b, most.system)
    pair = pair_of(found, "win_rate", best, second, judge=judge, criterion=criterion) or most
    number = str(len(clear)) if clear else "None"
    has = "have" if len(clear) > 1 else "has"
    sentence = (
        f"{number} of the {len(pairs)} pairs that were compared {has} a clear winner; the widest gap: "
        f"{best} wins {_share(pair)} against {second}"
    )
    return Headline(sentence, detail, clear=bool(clear), judge=judge, criterion=criterion)


def _excludes_even(pair: Finding) -> bool:
    low, high = pair.ci_low, pair.ci_high
    return low is not None and high is not None and (low > 0.5 or high < 0.5)


def _tied(
    found: Findings, systems: Sequence[str], judge: str, criterion: str, pair: Finding, *, level: float
) -> list[str]:
    """Return the systems that may be first: by rank intervals, else by the interval of the first pair.

    `level` is where the pair is level: one half for shares, zero for differences.
    """
    ranks = {f.system: f for f in found.where("ranking", "rank", judge=judge, criterion=criterion)}
    first = ranks.get(systems[0])
    if first is not None and first.ci_low is not None:
        return [s for s in systems if s in ranks and ranks[s].ci_low is not None and ranks[s].ci_low == 1]
    low = pair.ci_low
    return list(systems[:1]) if low is not None and low > level else list(systems[:2])


def _by_duels(
    pair: Finding, best: str, second: str, tied: Sequence[str], *, judge: str, criterion: str, detail: str
) -> Headline:
    share = _share(pair)
    if len(tied) <= 1:
        sentence = f"{best} beats {second} in {share} of comparisons"
        return Headline(sentence, detail, clear=True, judge=judge, criterion=criterion)
    names = _listed(tied)
    sentence = (
        f"No clear winner: {names} cannot be told apart. {best} wins {share} of comparisons with {second}"
    )
    return Headline(sentence, detail, clear=False, judge=judge, criterion=criterion)


def _share(pair: Finding) -> str:
    low, high = pair.ci_low, pair.ci_high
    close = any(x is not None and 0.49 < x < 0.51 for x in (pair.estimate, low, high))
    places = 1 if close else 0
    text = numbers.with_unit(pair.estimate, "share", places=places)
    return f"{text} {numbers.interval(low, high, 'share', places=places)}".strip()


def _listed(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} others"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _by_means(found: Findings, systems: Sequence[str], judge: str, criterion: str, detail: str) -> Headline:
    best, second = systems[:2]
    pair = pair_of(found, "mean_difference", best, second, judge=judge, criterion=criterion)
    if pair is None or pair.estimate is None:
        sentence = f"{best} has the highest mean score; there is no test of its difference from {second}"
        return Headline(sentence, detail, clear=False, judge=judge, criterion=criterion)
    tied = _tied(found, systems, judge, criterion, pair, level=0.0)
    low, high = pair.ci_low, pair.ci_high
    gap = " ".join(numbers.together(pair.estimate, low, high)).strip()
    if len(tied) == 1:
        sentence = f"{best} scores {gap} points higher than {second}"
        return Headline(sentence, detail, clear=True, judge=judge, criterion=criterion)
    sentence = (
        f"No clear winner: {_listed(tied)} cannot be told apart. "
        f"The difference of the means of {best} and {second} is {gap}"
    )
    return Headline(sentence, detail, clear=False, judge=judge, criterion=criterion)


def _single(found: Findings, system: str, judge: str, criterion: str, detail: str) -> Headline | None:
    mean = found.one("means", "mean_score", system=system, judge=judge, criterion=criterion)
    if mean is None or not identified(mean):
        return None
    return Headline(
        f"{system} scores {numbers.estimate(mean)}", detail, clear=True, judge=judge, criterion=criterion
    )


def _detail(found: Findings, judge: str, criterion: str, people: str) -> str:
    where = {"judge": judge, "criterion": criterion}
    some = [f for family in ("ranking", "means") for f in found.where(family, **where)]
    dialogues = max((f.n_dialogues or 0 for f in some), default=0)
    level = next((f.confidence for f in some if f.confidence is not None), None)
    parts = [words.spaced(criterion), people if judge == PEOPLE else f"judge {judge}" if judge else ""]
    parts.append(f"{numbers.whole(dialogues)} dialogues" if dialogues else "")
    parts.append(f"{numbers.with_unit(level, 'share', places=0)} intervals" if level else "")
    return ", ".join(p for p in parts if p)


def trust(found: Findings, judge: str, criterion: str, people: str) -> tuple[Fact, ...]:
    """Return what speaks for and against the judge of the headline: people, position, failures."""
    if not judge or judge == PEOPLE:
        return ()
    return (
        _people_fact(found, judge, criterion, people),
        *_preference_fact(found, judge, criterion, people),
        _position_fact(found, judge, criterion),
        _failure_fact(found),
    )


def _people_fact(found: Findings, judge: str, criterion: str, people: str) -> Fact:
    """Return the measure that the section on agreement leads with."""
    label = f"Agreement with {people}"
    first = next(iter(measures(found, judge, criterion)), None)
    if first is not None and first.people is not None:
        sign = "α " if first.judge.statistic == "krippendorff_alpha" else ""
        name = first.name[:1].lower() + first.name[1:] if not sign else "in one rater’s place"
        detail = f"{name}; among themselves {numbers.estimate(first.people)}"
        return Fact(label, sign + numbers.estimate(first.judge), detail, first.standing[1])
    other = first.judge if first is not None else _other_agreement(found, judge, criterion)
    if other is not None:
        level = f", {words.plain(other.level)}" if other.level in {"item", "context", "system"} else ""
        return Fact(label, numbers.estimate(other), words.name_of(other.statistic) + level)
    return Fact(label, "not known", f"nothing sets this judge’s answers beside those of {people}", "warn")


def _other_agreement(found: Findings, judge: str, criterion: str) -> Finding | None:
    """Return a correlation, single responses first, else whatever else the family has of this judge."""
    where = {"judge": judge, "criterion": criterion}
    correlations = (
        found.one("agreement", "spearman", level=s, **where) for s in ("item", "context", "system")
    )
    rest = (f for f in found.where("agreement", **where) if not f.term.startswith("share"))
    return next((f for f in (*correlations, *rest) if f is not None and identified(f)), None)


def _preference_fact(found: Findings, judge: str, criterion: str, people: str) -> tuple[Fact, ...]:
    """Return which features the judge likes or dislikes beyond what people credit, if that was tested."""
    views = [v for v in preference_views(found) if (v.judge, v.criterion) == (judge, criterion)]
    tested = [f for v in views for f in v.pooled()]
    known = [f for f in tested if identified(f)]
    if not tested:
        return ()
    label = f"Likes beyond {people}"
    if not known:
        return (Fact(label, "not tested", why(tested[0]), "warn"),)
    liked = sorted((f for f in known if f.verdict == "bias_found"), key=lambda f: -abs(f.estimate or 0.0))
    if liked:
        names = ", ".join(f"{'+' if (f.estimate or 0) > 0 else '−'} {words.plain(f.term)}" for f in liked[:3])
        more = f" and {len(liked) - 3} more" if len(liked) > 3 else ""
        first = f"{words.plain(liked[0].term)}: {numbers.estimate(liked[0])} SD per SD"
        return (Fact(label, names + more, first, "warn"),)
    settled = sum(f.verdict == "equivalent" for f in known)
    if settled == len(known):
        return (Fact(label, "nothing", f"all {settled} tested features lie within the margin", "good"),)
    detail = f"{settled} of {len(known)} tested features are within the margin, the rest is inconclusive"
    return (Fact(label, "none found", detail, "warn"),)


def _position_fact(found: Findings, judge: str, criterion: str) -> Fact:
    f = found.one("position", "first_slot_effect", judge=judge, criterion=criterion)
    if f is None or not f.verdict or f.verdict == "not_identified":
        reason = "; ".join(f.warnings) if f is not None else "nothing was compared in both orders"
        return Fact("Position", "not identified", reason, "warn")
    text, tone = words.VERDICTS[f.verdict]
    return Fact("Position", text, f"being first is worth {numbers.estimate(f)}", tone)


def _failure_fact(found: Findings) -> Fact:
    asked, failed = asked_and_failed(found)
    if not asked:
        return Fact("Failures", "not counted", "", "warn")
    share = failed / asked
    detail = f"{numbers.whole(failed)} of {numbers.whole(asked)} judgments have no usable answer"
    return Fact("Failures", numbers.with_unit(share, "share"), detail, "good" if share <= 0.02 else "warn")
