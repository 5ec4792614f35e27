"""What must hold between the parts of a study, and the names that later layers know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.errors import StudyError
from judge.study.checks import meant
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from judge.study.lines import Where
    from judge.study.model import Study, SystemSpec

    Problems = list[tuple[Where, str]]


def contradictions(study: Study, told: Collection[Where]) -> Problems:
    """Return what does not fit together; parts that already have a problem of their own are left alone."""
    found = [
        *_systems(study),
        *_judges(study),
        *_judging(study),
        *_dialogues(study),
        *_analysis(study),
    ]
    return [(where, words) for where, words in found if not any(_within(where, spot) for spot in told)]


def _within(where: Where, spot: Where) -> bool:
    return where == spot or (len(spot) > len(where) and spot[: len(where)] == where and len(where) > 1)


def _systems(study: Study) -> Iterator[tuple[Where, str]]:
    if not study.systems:
        yield ("systems",), 'none; add [[systems]] with responses = "...", or with strategy and model'
    seen: dict[str, int] = {}
    for k, system in enumerate(study.systems):
        yield from ((("systems", k, *key), words) for key, words in _system(system))
        if system.id is not None and seen.setdefault(system.id, k) != k:
            first = seen[system.id] + 1
            yield ("systems", k, "id"), f"{system.id!r} is also the id of system number {first}"


def _system(system: SystemSpec) -> Iterator[tuple[Where, str]]:
    ways = [
        name
        for name, there in (
            ("responses", system.responses is not None),
            ("strategy", system.strategy is not None),
            ("reference", system.reference),
        )
        if there
    ]
    if not ways:
        yield (), 'says nothing of where its texts come from; give responses = "...", strategy or reference'
    if len(ways) > 1:
        yield (ways[1],), f"a system has {ways[0]} or {ways[1]}, not both"
    if ways == ["strategy"]:
        if system.model is None and _asks(str(system.strategy)):
            yield ("strategy",), f'{system.strategy!r} needs a model, e.g. model = "openai/gpt-4o"'
        if system.id is None:
            yield (), 'a strategy needs a name for its system: id = "..."'
    elif system.model is not None and ways:
        yield ("model",), f"a system from {ways[0]} has no use for a model; drop it, or name a strategy"


def _asks(strategy: str) -> bool:
    """Say whether a strategy asks a model: every template does; a plug-in says so itself, later."""
    from judge.generators.registry import ENDING, bundled_names

    return strategy.endswith(ENDING) or strategy in bundled_names()


def _judges(study: Study) -> Iterator[tuple[Where, str]]:
    if not study.judges:
        yield ("judges",), 'none; add [[judges]] with model = "openai/gpt-4o" (offline: "embedded/epitome")'
    for k, judge in enumerate(study.judges):
        if judge in study.judges[:k] and judge.model is not None:
            first = study.judges.index(judge) + 1
            yield ("judges", k), f"the same as judge number {first}; to ask it again use repeats"


def _judging(study: Study) -> Iterator[tuple[Where, str]]:
    judging, ids = study.judging, known_ids(study)
    if judging.pairs == "baseline" and judging.baseline is None:
        yield ("judging", "pairs"), '"baseline" needs to know which: baseline = "..."'
    for name in sorted({n for pair in judging.pairs for n in pair} if _listed(judging.pairs) else ()):
        if ids is not None and name not in ids:
            yield ("judging", "pairs"), f"no system is named {name!r}{meant(name, ids)}"
    if judging.baseline is not None and ids is not None and judging.baseline not in ids:
        hint = meant(judging.baseline, ids) or f"; there are {', '.join(ids) or 'none'}"
        yield ("judging", "baseline"), f"no system is named {judging.baseline!r}{hint}"
    if judging.mode == "pairwise" and ids is not None and len(ids) == 1:
        yield (
            ("judging", "mode"),
            'comparing needs two systems and there is one; add one, or mode = "absolute"',
        )


def _analysis(study: Study) -> Iterator[tuple[Where, str]]:
    if study.analysis.groups is not None and study.analysis.threshold is None:
        yield ("analysis", "groups"), "scores are cut for it: threshold = 1 makes 1 of a score of at least 1"
    if study.analysis.groups is not None and study.judging.mode == "pairwise":
        yield ("analysis", "groups"), 'it needs scores: mode = "absolute" or "both"'


def _listed(pairs: str | tuple[tuple[str, str], ...]) -> bool:
    return not isinstance(pairs, str)


def _dialogues(study: Study) -> Iterator[tuple[Where, str]]:
    for emotion in study.dialogues.emotions if study.dialogues is not None else ():
        hint = meant(emotion, EMOTIONS, cutoff=0.75)
        if emotion not in EMOTIONS and hint:
            yield ("dialogues", "emotions"), f"no label is named {emotion!r}{hint}"


def known_ids(study: Study) -> tuple[str, ...] | None:
    """Return the ids of all systems, or None where a file without an id may hold any number of systems."""
    ids = [system.id or ("reference" if system.reference else None) for system in study.systems]
    named = tuple(name for name in ids if name is not None)
    return named if len(named) == len(ids) else None


def check_names(
    study: Study,
    *,
    criteria: Collection[str] | Callable[[str, str], bool] | None = None,
    strategies: Collection[str] | None = None,
    providers: Collection[str] | None = None,
) -> list[str]:
    """Look up the names that only later layers know.

    Parameters
    ----------
    study
        A checked study.
    criteria
        The criteria for which there is a rubric, or a function (criterion, mode) that tells.
    strategies, providers
        The names there are; None checks nothing. A strategy that is a path to a template is left alone.

    Returns
    -------
    list of str
        One line a mistake, with its place and the nearest name; empty where all are known.

    Examples
    --------
    >>> from types import SimpleNamespace as N
    >>> s = N(judging=N(criteria=("empaty",), mode="pairwise"), systems=(), judges=(), places=None)
    >>> check_names(s, criteria=["empathy"])
    ["[judging], criteria: no rubric judges 'empaty'; did you mean 'empathy'?"]
    """
    from judge.study.lines import Places

    found: Problems = []
    for criterion in study.judging.criteria:
        near = () if criteria is None or callable(criteria) else tuple(criteria)
        known = criteria(criterion, study.judging.mode) if callable(criteria) else criterion in near
        if criteria is not None and not known:
            hint = meant(criterion, near) or "; see `judge rubrics list`"
            found.append((("judging", "criteria"), f"no rubric judges {criterion!r}{hint}"))
    for k, system in enumerate(study.systems):
        name = system.strategy
        if strategies is not None and name is not None and name not in strategies and "." not in name:
            hint = meant(name, tuple(strategies)) or f"; known: {', '.join(sorted(strategies))}"
            found.append((("systems", k, "strategy"), f"no strategy is named {name!r}{hint}"))
    for where, model in _models(study):
        provider = model.split("/")[0]
        if providers is not None and provider not in providers:
            hint = meant(provider, tuple(providers)) or f"; known: {', '.join(sorted(providers))}"
            found.append((where, f"no provider is named {provider!r}{hint}"))
    places = study.places or Places()
    return [f"{places.say(where)}: {words}" for where, words in found]


def require_names(study: Study, **known: Collection[str] | None) -> None:
    """Call `check_names` and raise what it finds.

    Raises
    ------
    StudyError
        With every name that nothing answers to.
    """
    problems = check_names(study, **known)
    if problems:
        raise StudyError(study.source or "study", problems)


def _models(study: Study) -> Iterator[tuple[Where, str]]:
    for k, judge in enumerate(study.judges):
        yield ("judges", k, "model"), judge.model
    for k, system in enumerate(study.systems):
        if system.model is not None:
            yield ("systems", k, "model"), system.model
