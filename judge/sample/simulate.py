"""Simulate people's ratings of the sample from known parameters.

No person rated the sample. Since the true quality of every system and the habits of every rater are known,
what the audit says about them can be compared with the truth. The model, for dialogue *d*, system *s* and
rater *r*::

    quality(d, s)   = mean(s) + dialogue_sd * N(0, 1)[d] + item_sd * N(0, 1)[d, s]
    score(d, s, r)  = quality(d, s) + leniency(r) + noise_sd(r) * N(0, 1)[d, s, r], rounded to the scale

Every normal draw has a stream of its own, named by what it belongs to: to add a system or a dialogue
changes no other rating. ``python -m judge.sample.simulate`` prints the file ``ratings.jsonl``.
"""

from __future__ import annotations

import json
import math
import random
import sys
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from judge.sample import sample_path
from judge.types import Rating

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class SimulatedRater:
    """A rater's habits, in points of the scale: a constant shift and the spread of the random error."""

    rater_id: str
    leniency: float
    noise_sd: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """The truth behind the simulated ratings, in points of the scale.

    `systems` are (name, mean quality) pairs; `low` and `high` are the ends of the scale.
    """

    seed: int
    criterion: str
    low: int
    high: int
    systems: tuple[tuple[str, float], ...]
    dialogue_sd: float
    item_sd: float
    raters: tuple[SimulatedRater, ...]


def read_parameters(values: Mapping[str, Any]) -> Parameters:
    """Turn the content of ``parameters.json`` into `Parameters`."""
    low, high = values["scale"]
    return Parameters(
        seed=values["seed"],
        criterion=values["criterion"],
        low=low,
        high=high,
        systems=tuple(values["systems"].items()),
        dialogue_sd=values["dialogue_sd"],
        item_sd=values["item_sd"],
        raters=tuple(SimulatedRater(**rater) for rater in values["raters"]),
    )


def normal(seed: int, *names: str) -> float:
    """Draw one standard normal number from the stream with these names.

    Examples
    --------
    The same names give the same number, other names an independent one.

    >>> normal(1, "item", "d1") == normal(1, "item", "d1")
    True
    >>> normal(1, "item", "d1") == normal(1, "item", "d2")
    False
    """
    uniform = random.Random("\x1f".join((str(seed), *names))).random()  # noqa: S311 - a simulation
    return _STANDARD.inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12))


def quality(parameters: Parameters, dialogue_id: str, system_id: str, mean: float) -> float:
    """Return the true quality of one response, in points of the scale (may lie beyond its ends)."""
    seed = parameters.seed
    dialogue = parameters.dialogue_sd * normal(seed, "dialogue", dialogue_id)
    item = parameters.item_sd * normal(seed, "item", dialogue_id, system_id)
    return mean + dialogue + item


def score(parameters: Parameters, rater: SimulatedRater, true: float, *item: str) -> int:
    """Return what a rater gives for a response of the quality `true`: halves go up, the ends cut off."""
    error = rater.noise_sd * normal(parameters.seed, "rater", rater.rater_id, *item)
    rounded = math.floor(true + rater.leniency + error + 0.5)
    return min(max(rounded, parameters.low), parameters.high)


def simulate(parameters: Parameters, dialogue_ids: Iterable[str]) -> Iterator[Rating]:
    """Yield one rating of each rater for each dialogue and system.

    Parameters
    ----------
    parameters
        The known truth.
    dialogue_ids
        The dialogues, in the order wanted.

    Yields
    ------
    Rating
        With ``rater_kind`` ``human`` and ``simulated`` in every ``rater_id``.

    Examples
    --------
    >>> rater = SimulatedRater("simulated-1", leniency=0.0, noise_sd=0.0)
    >>> truth = Parameters(1, "empathy", 1, 5, (("warm", 4.0),), 0.0, 0.0, (rater,))
    >>> [rating.score for rating in simulate(truth, ["d1", "d2"])]
    [4, 4]
    """
    for dialogue_id in dialogue_ids:
        for system_id, mean in parameters.systems:
            true = quality(parameters, dialogue_id, system_id, mean)
            for rater in parameters.raters:
                yield Rating(
                    dialogue_id=dialogue_id,
                    system_id=system_id,
                    criterion=parameters.criterion,
                    rater_id=rater.rater_id,
                    rater_kind="human",
                    score=score(parameters, rater, true, dialogue_id, system_id),
                )


def as_jsonl(ratings: Iterable[Rating]) -> str:
    """Write ratings in the form of the bundled file: the columns that are not empty, one line each."""
    columns = ("dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score")
    return "".join(json.dumps({name: getattr(r, name) for name in columns}) + "\n" for r in ratings)


def bundled_ratings() -> str:
    """Return the text of ``ratings.jsonl`` as the bundled parameters make it."""
    parameters = read_parameters(json.loads(sample_path("parameters").read_text(encoding="utf-8")))
    lines = sample_path("dialogues").read_text(encoding="utf-8").splitlines()
    return as_jsonl(simulate(parameters, [json.loads(line)["dialogue_id"] for line in lines]))


if __name__ == "__main__":
    sys.stdout.write(bundled_ratings())
