"""One entry for many systems: ``sweep = { k1 = [1, 5] }`` stands for one system a value.

A swept name is a field of the system (``model``, ``strategy``) or, if there is no such field, an option of
its strategy. Several names give every combination. The id says which is which: ``id = "hef-{k1}"``.
"""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import product
from typing import TYPE_CHECKING, Any

from judge.study.lines import Places
from judge.study.model import SystemSpec

if TYPE_CHECKING:
    from judge.study.lines import Where

    Problems = list[tuple[Where, str]]

_OWN = frozenset(part.name for part in fields(SystemSpec))
_SLOT = re.compile(r"\{(\w+)\}")


def expand_sweeps(data: dict[str, Any], places: Places, problems: Problems) -> tuple[dict[str, Any], Places]:
    """Write every sweep of the raw tables out; mistakes are added to `problems`.

    Parameters
    ----------
    data
        The tables of the file.
    places
        Where they stand; each system written out keeps the lines of its entry.
    problems
        Takes what is wrong.

    Examples
    --------
    >>> entry = {"id": "hef-{k1}", "strategy": "hef", "sweep": {"k1": [1, 5]}}
    >>> expand_sweeps({"systems": [entry]}, Places(), [])[0]["systems"][1]
    {'id': 'hef-5', 'strategy': 'hef', 'options': {'k1': 5}}
    """
    systems = data.get("systems")
    if not isinstance(systems, list) or not any(isinstance(s, dict) and "sweep" in s for s in systems):
        return data, places
    written: list[Any] = []
    origin: list[int] = []
    for k, system in enumerate(systems):
        found = [system]
        if isinstance(system, dict) and "sweep" in system:
            wrong = _wrong(system)
            if wrong:
                problems.append((("systems", len(written), "sweep"), wrong))
            found = [{n: v for n, v in system.items() if n != "sweep"}] if wrong else _written_out(system)
        written += found
        origin += [k] * len(found)
    return {**data, "systems": written}, Places(_moved(places.lines, origin), _moved(places.flags, origin))


def _wrong(system: dict[str, Any]) -> str:
    sweep = system["sweep"]
    if not isinstance(sweep, dict) or not sweep:
        return "must be a table of lists, e.g. { k1 = [1, 5, 10] }"
    for name, values in sweep.items():
        if not isinstance(values, list) or not values:
            return f"{name!r} must be a list of values, e.g. {name} = [1, 5]"
        if name not in _SLOT.findall(str(system.get("id", ""))):
            return f'the id must say the value, so that each system has its own: id = "...-{{{name}}}"'
    return ""


def _written_out(system: dict[str, Any]) -> list[dict[str, Any]]:
    names = list(system["sweep"])
    plain = {name: value for name, value in system.items() if name != "sweep"}
    made = []
    for values in product(*system["sweep"].values()):
        chosen = dict(zip(names, values, strict=True))
        one = {**plain, **{n: v for n, v in chosen.items() if n in _OWN}}
        options = {n: v for n, v in chosen.items() if n not in _OWN}
        if options:
            one["options"] = {**plain.get("options", {}), **options}
        one["id"] = _filled(str(plain["id"]), chosen)
        made.append(one)
    return made


def _filled(text: str, chosen: dict[str, Any]) -> str:
    """Put values into an id; of a model only what comes after its provider."""
    return _SLOT.sub(
        lambda slot: str(chosen[slot[1]]).rpartition("/")[2] if slot[1] in chosen else slot[0], text
    )


def _moved(known: dict[Where, Any], origin: list[int]) -> dict[Where, Any]:
    kept = {where: at for where, at in known.items() if where[0] != "systems" or len(where) < 2}
    of_old: dict[int, list[tuple[Where, Any]]] = {}
    for where, at in known.items():
        if where[0] == "systems" and len(where) > 1:
            of_old.setdefault(int(where[1]), []).append((where[2:], at))
    for new, old in enumerate(origin):
        kept.update({("systems", new, *rest): at for rest, at in of_old.get(old, ())})
    return kept
