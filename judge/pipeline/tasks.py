"""Which questions a study asks: every judge task, lazily and always in the same order.

A million duels are never held at once: the generators below yield one task at a time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from judge.types import JudgeTask

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from judge.types import Dialogue, Order, Response, Rubric


@dataclass(frozen=True, slots=True)
class Material:
    """What is judged.

    `responses` maps a system to its responses by dialogue; `systems` gives their order, which fixes who is
    ``system_a`` (the earlier) in every pair.
    """

    dialogues: Sequence[Dialogue]
    systems: Sequence[str]
    responses: Mapping[str, Mapping[str, Response]]

    def answers(self) -> list[Response]:
        """Return every response, system by system, in the order of the dialogues."""
        return [
            self.responses[system][dialogue.dialogue_id]
            for system in self.systems
            for dialogue in self.dialogues
            if dialogue.dialogue_id in self.responses[system]
        ]

    def missing(self) -> dict[str, list[str]]:
        """Return, by system, the dialogues that it did not answer; systems that answered all are left out."""
        gaps = {
            system: [d.dialogue_id for d in self.dialogues if d.dialogue_id not in self.responses[system]]
            for system in self.systems
        }
        return {system: ids for system, ids in gaps.items() if ids}


@dataclass(frozen=True, slots=True)
class Design:
    """How the material is judged: which orders, how often, which pairs.

    `shuffled`: dialogues come in an order drawn with the seed, as stopping early needs it.
    """

    orders: str = "both"
    repeats: int = 1
    baseline: str | None = None
    seed: int = 0
    shuffled: bool = False
    pairs: tuple[tuple[str, str], ...] | None = None


def system_pairs(
    systems: Sequence[str],
    baseline: str | None = None,
    only: Collection[tuple[str, str]] | None = None,
) -> list[tuple[str, str]]:
    """Return the pairs to compare: all of them, each system against the baseline, or those of a list.

    Examples
    --------
    >>> system_pairs(["a", "b", "c"])
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    >>> system_pairs(["a", "b", "c"], baseline="b")
    [('a', 'b'), ('b', 'c')]
    >>> system_pairs(["a", "b", "c"], only=[("c", "a")])
    [('a', 'c')]
    """
    wanted = None if only is None else {frozenset(pair) for pair in only}
    return [
        pair
        for pair in combinations(systems, 2)
        if (baseline is None or baseline in pair) and (wanted is None or frozenset(pair) in wanted)
    ]


def tasks(material: Material, rubric: Rubric, design: Design) -> Iterator[JudgeTask]:
    """Yield every question that one rubric puts to one judge.

    Dialogue by dialogue, so that an interrupted run has whole dialogues. A pair of which one response is
    missing is left out (see `Material.missing`, which the run shows).
    """
    ask = _ratings if rubric.mode == "absolute" else _duels
    for number in turn_of(material, design):
        yield from ask(material.dialogues[number], material, rubric, design)


def turn_of(material: Material, design: Design) -> Sequence[int]:
    """Return the places of the dialogues in the order in which they are judged.

    A dialogue's place depends on the seed and its id alone, so that a run that is taken up again, or a
    longer one, goes on in the same order.
    """
    count = len(material.dialogues)
    if not design.shuffled:
        return range(count)

    def lot(number: int) -> bytes:
        text = f"{design.seed}\x1fturn\x1f{material.dialogues[number].dialogue_id}"
        return hashlib.sha256(text.encode()).digest()

    return sorted(range(count), key=lot)


def count_tasks(material: Material, rubric: Rubric, design: Design) -> int:
    """Count what `tasks` would yield, without yielding it."""
    have = {
        system: {d.dialogue_id for d in material.dialogues} & material.responses[system].keys()
        for system in material.systems
    }
    if rubric.mode == "absolute":
        return design.repeats * sum(len(ids) for ids in have.values())
    orders = 2 if design.orders == "both" else 1
    pairs = system_pairs(material.systems, design.baseline, design.pairs)
    return design.repeats * orders * sum(len(have[a] & have[b]) for a, b in pairs)


def _ratings(dialogue: Dialogue, material: Material, rubric: Rubric, design: Design) -> Iterator[JudgeTask]:
    for system in material.systems:
        response = material.responses[system].get(dialogue.dialogue_id)
        if response is None:
            continue
        for repeat in range(design.repeats):
            yield JudgeTask(rubric, dialogue, (response,), repeat=repeat)


def _duels(dialogue: Dialogue, material: Material, rubric: Rubric, design: Design) -> Iterator[JudgeTask]:
    for a, b in system_pairs(material.systems, design.baseline, design.pairs):
        first = material.responses[a].get(dialogue.dialogue_id)
        second = material.responses[b].get(dialogue.dialogue_id)
        if first is None or second is None:
            continue
        for order in _orders(design, dialogue.dialogue_id, a, b):
            shown = (first, second) if order == "AB" else (second, first)
            for repeat in range(design.repeats):
                yield JudgeTask(rubric, dialogue, shown, order=order, repeat=repeat)


def _orders(design: Design, dialogue_id: str, a: str, b: str) -> tuple[Order, ...]:
    if design.orders == "both":
        return ("AB", "BA")
    if design.orders == "AB":
        return ("AB",)
    # A coin that depends on nothing but the seed and the pair: the same after a restart, in any order.
    coin = hashlib.sha256(f"{design.seed}\x1f{dialogue_id}\x1f{a}\x1f{b}".encode()).digest()[0] & 1
    return ("AB",) if coin else ("BA",)
