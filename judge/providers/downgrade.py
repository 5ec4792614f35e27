"""What to leave out when a server does not know a parameter, pure.

A `Step` says how one parameter is taken back: to a weaker form first (a JSON schema to "any JSON object"),
then to nothing. A step is only taken when the server's own words name the parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from judge.providers.faults import Complaint

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One way back.

    Parameters
    ----------
    parameter
        Its name.
    named
        Words, any of which in the server's complaint means this parameter.
    change
        Gives the body without it, or None where the body does not have it.
    strictly
        Only when the complaint says that the parameter is unknown, not that its value is wrong.
    """

    parameter: str
    named: tuple[str, ...]
    change: Callable[[Mapping[str, Any]], Body | None]
    strictly: bool = False

    def is_meant(self, told: Complaint) -> bool:
        """Say whether the server complains about this parameter."""
        words = f"{told.parameter} {told.message} {told.code}".lower()
        if not any(name in words for name in self.named):
            return False
        return not self.strictly or any(sign in words for sign in _UNKNOWN)


_UNKNOWN = (
    "unsupported",
    "not supported",
    "unknown",
    "unrecognized",
    "not permitted",
    "does not support",
    "instead",
)


def drop(*names: str) -> Callable[[Mapping[str, Any]], Body | None]:
    """Return a change that leaves parameters out.

    >>> drop("seed")({"model": "m", "seed": 1}), drop("seed")({"model": "m"})
    ({'model': 'm'}, None)
    """

    def change(body: Mapping[str, Any]) -> Body | None:
        if not any(name in body for name in names):
            return None
        return {key: value for key, value in body.items() if key not in names}

    return change


def rename(old: str, new: str) -> Callable[[Mapping[str, Any]], Body | None]:
    """Return a change that gives a parameter its other name."""

    def change(body: Mapping[str, Any]) -> Body | None:
        if old not in body or new in body:
            return None
        return {new if key == old else key: value for key, value in body.items()}

    return change


def next_step(steps: Sequence[Step], body: Mapping[str, Any], told: Complaint) -> tuple[Step, Body] | None:
    """Return the first step that the server's complaint asks for, with the body after it."""
    for step in steps:
        if step.is_meant(told) and (changed := step.change(body)) is not None:
            return step, changed
    return None


def apply(steps: Sequence[Step], body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take the steps that were learnt; the same object comes back where none applies."""
    for step in steps:
        changed = step.change(body)
        if changed is not None:
            body = changed
    return body
