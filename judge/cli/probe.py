"""`judge audit STUDY --probe NAME`: run causal probes and print what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from judge.cli.say import Voice
    from judge.pipeline.compare import RunResult
    from judge.types import Finding


def run_probes(tables: Sequence[Path], names: Sequence[str], out: Path, voice: Voice) -> RunResult:
    """Run the probes on the one study that is named.

    Raises
    ------
    InputError
        There is not exactly one study file.
    """
    from judge.pipeline.probes import probe
    from judge.study import load_study

    if len(tables) != 1:
        raise InputError(
            "--probe needs one study file (TOML), since it asks the judges: judge audit STUDY --probe NAME"
        )
    result = probe(load_study(tables[0]), names, out, events=voice.events())
    if result.stopped == "interrupted":
        voice.interrupted(result)
    return result


def probe_lines(findings: Sequence[Finding]) -> list[str]:
    """Return one line an effect, by judge and criterion."""
    from judge.cli.say import number

    lines: list[str] = []
    place = ("", "")
    for one in findings:
        if one.family != "probe":
            continue
        if (one.judge, one.criterion) != place:
            place = (one.judge, one.criterion)
            what = "win share less .5" if one.statistic == "effect" else "score"
            lines += ["", f"{one.judge} on {one.criterion}: edited copy against original, {what}"]
        verdict = one.verdict.replace("_", " ")
        lines.append(f"  {one.term:<14} {number(one):<26} {verdict}, n = {one.n_items}")
    return [*lines[1:], ""] if lines else ["no probe gave a result; see the failures in the findings", ""]
