"""The section `power` of `judge plan`: what a study needs to find what its owner cares about."""

from __future__ import annotations

from typing import Any

from judge.errors import InputError


def power_plan(wishes: dict[str, Any], *, systems: int) -> dict[str, Any]:
    """Compute what was asked for; empty where nothing was.

    Parameters
    ----------
    wishes
        The options of the command; None where they were not given.
    systems
        How many systems the study has, where the wishes do not say.

    Raises
    ------
    InputError
        Something cannot be planned for.
    """
    try:
        return _power_plan(wishes, systems)
    except ValueError as error:
        raise InputError(str(error)) from error


def _power_plan(wishes: dict[str, Any], systems: int) -> dict[str, Any]:
    from dataclasses import asdict

    found: dict[str, Any] = {}
    power, icc = wishes["power"], wishes["icc"]
    if wishes["detect_win_rate"] is not None:
        from judge.analysis.power.duels import plan_win_rate

        found["win_rate"] = asdict(
            plan_win_rate(wishes["detect_win_rate"], power=power, ties=wishes["ties"], icc=icc)
        )
    if wishes["detect_correlation"] is not None:
        from judge.analysis.power.agreement import items_for_correlation

        rho = wishes["detect_correlation"]
        found["correlation"] = {"rho": rho, "items": items_for_correlation(rho, power=power)}
    if wishes["detect_bias"] is not None:
        import numpy as np

        from judge.analysis.power.bias import dialogues_for_bias
        from judge.analysis.simulate.planted import Design

        design = Design(
            slope=0.8, systems=wishes["systems"] or max(systems, 2), raters=wishes["raters"], icc=icc
        )
        rng = np.random.default_rng(0)
        number, tried = dialogues_for_bias(wishes["detect_bias"], design=design, power=power, rng=rng)
        found["bias"] = {
            "points_per_sd": wishes["detect_bias"],
            "dialogues": number,
            "systems": design.systems,
            "raters": design.raters,
            "simulated": [asdict(one) for one in tried],
        }
    return found


def power_lines(found: dict[str, Any], power: float, dialogues: int) -> list[str]:
    """Return the section as lines of text; `dialogues` is what the study has."""
    if not found:
        return []
    lines = ["", f"power {power:.0%}, two-sided .05; the study has {dialogues:,} dialogues"]
    if one := found.get("win_rate"):
        size = f"{one['dialogues']:,} dialogues ({one['decisive']:,} decisive duels; exact sign test)"
        lines.append(f"  win rate {one['win_rate']:g}: {size}")
    if one := found.get("correlation"):
        lines.append(f"  rank correlation {one['rho']:g}: {one['items']:,} independent items")
    if one := found.get("bias"):
        many = "more than 2,000" if one["dialogues"] is None else f"about {one['dialogues']:,}"
        size = f"{many} dialogues x {one['systems']} systems x {one['raters']} raters"
        last = one["simulated"][-1]
        share = (
            f"{last['power']:.2f} [{last['low']:.2f}, {last['high']:.2f}] at {last['dialogues']:,} dialogues"
        )
        lines.append(f"  liking of {one['points_per_sd']:g} points per SD: {size}")
        lines.append(f"    by {last['runs']} simulated studies a step; found in {share}")
    return lines
