"""A study from flags of the command line, or a study file that flags change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.study.lines import Places, Where
from judge.study.load import check_study

if TYPE_CHECKING:
    from judge.study.model import Study

EMBEDDED = "embedded/epitome"
NOWHERE = Path("/nowhere at all")

_PLAIN: dict[str, tuple[str, str]] = {
    "dialogues": ("dialogues", "path"),
    "sample": ("dialogues", "sample"),
    "split": ("dialogues", "split"),
    "emotions": ("dialogues", "emotions"),
    "name": ("study", "name"),
    "seed": ("study", "seed"),
    "criteria": ("judging", "criteria"),
    "mode": ("judging", "mode"),
    "orders": ("judging", "orders"),
    "repeats": ("judging", "repeats"),
    "rubrics": ("judging", "rubrics"),
    "baseline": ("judging", "baseline"),
    "pairs": ("judging", "pairs"),
    "stop_when_decided": ("judging", "stop_when_decided"),
    "human_ratings": ("humans", "ratings"),
    "human_duels": ("humans", "duels"),
    "human_scale": ("humans", "scale"),
    "max_cost": ("budget", "max_cost"),
    "max_calls": ("budget", "max_calls"),
    "confidence": ("analysis", "confidence"),
    "margin": ("analysis", "margin"),
    "cluster": ("analysis", "cluster"),
    "similarity": ("analysis", "similarity"),
}
"""Flags that are one value of the file. A new one is one line."""
_EACH_JUDGE = (
    "base_url",
    "concurrency",
    "temperature",
    "max_tokens",
    "logprobs",
    "timeout",
    "samples",
    "batch",
)
_EACH_STRATEGY = ("base_url", "concurrency", "timeout")
_LISTED = ("criteria", "emotions", "similarity")


def study_from_flags(**flags: Any) -> Study:
    """Build a study from flags alone.

    Parameters
    ----------
    **flags
        By the names of the command line with underscores: dialogues, responses (FILE or NAME=FILE, several),
        strategy (NAME@MODEL or ID=NAME@MODEL, several), reference, judges (several), criteria (a list or
        comma-separated), mode, orders, repeats, baseline, rubrics, sample, seed, human_ratings, human_duels,
        base_url, strategy_model, strategy_url, concurrency, max_cost, ... Without a judge it is the
        embedded one, without criteria empathy.

    Returns
    -------
    Study
        Paths are relative to the working folder.

    Raises
    ------
    StudyError
        With all mistakes at once, each with its flag.
    """
    flags = {"judges": (EMBEDDED,), "criteria": "empathy", **flags}
    return _changed({}, Places(flags={("dialogues",): "--dialogues"}), Path(), "command line", flags)


def override(study: Study, **flags: Any) -> Study:
    """Return a study in which flags have the last word.

    Flags for responses and strategies replace the systems of the file, those for judges its judges;
    ``strategy_model`` and ``strategy_url`` say what all strategies ask instead; ``base_url``,
    ``concurrency`` and the like hold for every judge.

    Raises
    ------
    StudyError
        With all mistakes at once, each with its flag or line.
    """
    places = study.places or Places()
    data = replace(study, folder=NOWHERE).to_dict()  # paths as they are found from the working folder
    return _changed(data, places, study.folder, study.source or "study", flags)


def _changed(data: dict[str, Any], places: Places, folder: Path, source: str, flags: dict[str, Any]) -> Study:
    given = {
        name: value
        for name, value in flags.items()
        if value is not None and value is not False and value != ()
    }
    at: dict[Where, str] = {}
    for name, where in _PLAIN.items():
        if name in given:
            value = given.pop(name)
            if name in _LISTED and isinstance(value, str):
                value = [part.strip() for part in value.split(",") if part.strip()]
            data.setdefault(where[0], {})[where[1]] = list(value) if isinstance(value, tuple) else value
            at[where] = _flag(name)
    if ("judging", "baseline") in at and ("judging", "pairs") not in at:
        data["judging"]["pairs"] = "baseline"
    _systems(data, given, at)
    _judges(data, given, at)
    if given:
        raise InputError(f"unknown flags of a study: {', '.join(sorted(given))}")
    study = check_study(data, Path(), Places(places.lines, {**places.flags, **at}), source)
    return replace(study, folder=folder)


def _flag(name: str) -> str:
    one = {"judges": "judge"}.get(name, name)
    return f"--{one.replace('_', '-')}"


def _systems(data: dict[str, Any], given: dict[str, Any], at: dict[Where, str]) -> None:
    responses, strategies = _many(given.pop("responses", ())), _many(given.pop("strategy", ()))
    systems = [] if responses or strategies else list(data.get("systems", []))
    systems += [_responses(item, at, len(systems) + k) for k, item in enumerate(responses)]
    common = {name: given[name] for name in _EACH_STRATEGY if name in given}
    systems += [{**_strategy(item, at, len(systems) + k), **common} for k, item in enumerate(strategies)]
    _asked_instead(systems, given, at)
    if given.pop("reference", False) and not any(system.get("reference") for system in systems):
        at["systems", len(systems)] = "--reference"
        systems.append({"id": "human", "reference": True})
    if systems:
        data["systems"] = systems
    elif not data.get("systems"):
        at[("systems",)] = "--responses"


def _asked_instead(systems: list[dict[str, Any]], given: dict[str, Any], at: dict[Where, str]) -> None:
    """Let every strategy that asks a model ask the given one, or the given server."""
    for flag, name in (("strategy_model", "model"), ("strategy_url", "base_url")):
        value = given.pop(flag, None)
        for k, system in enumerate(systems):
            if value is not None and "strategy" in system and "model" in system:
                system[name] = value
                at["systems", k, name] = _flag(flag)
                if name == "model":
                    system.pop("base_url", None)  # it belonged to the other model


def _responses(item: Any, at: dict[Where, str], k: int) -> dict[str, Any]:
    """Read FILE or NAME=FILE. A file that is there under the whole text is a file, whatever its name."""
    at["systems", k] = "--responses"
    name, equals, path = str(item).partition("=")
    if not equals or Path(str(item)).exists():
        return {"responses": str(item)}
    return {"id": name, "responses": path}


def _strategy(item: Any, at: dict[Where, str], k: int) -> dict[str, Any]:
    """Read STRATEGY@MODEL or ID=STRATEGY@MODEL; without an id the whole text names the system."""
    at["systems", k] = "--strategy"
    name, equals, rest = str(item).partition("=")
    what = rest if equals else str(item)
    strategy, sign, model = what.partition("@")
    found = {"id": name if equals else what, "strategy": strategy}
    return {**found, "model": model} if sign else found


def _judges(data: dict[str, Any], given: dict[str, Any], at: dict[Where, str]) -> None:
    named = _many(given.pop("judges", ()))
    if named:
        data["judges"] = [{"model": str(name)} for name in named]
        at.update({("judges", k): "--judge" for k in range(len(named))})
    common = {name: given.pop(name) for name in _EACH_JUDGE if name in given}
    for k, judge in enumerate(data.get("judges", [])):
        judge.update(common)
        at.update({("judges", k, name): _flag(name) for name in common})


def _many(value: Any) -> list[Any]:
    return [value] if isinstance(value, str | Path) else list(value)
