"""The scenarios of the certificate, by what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.analysis.simulate.certificate import Scenario

__all__ = ["scenarios"]


def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario, in the order in which the certificate prints them."""
    from judge.analysis.simulate.scenarios import (
        classes,
        correlations,
        duels,
        likeness,
        mixed,
        panels,
        partly,
        predictions,
        violations,
    )

    parts = (likeness, partly, violations, panels, classes, duels, correlations, predictions, mixed)
    return tuple(scenario for part in parts for scenario in part.scenarios())
