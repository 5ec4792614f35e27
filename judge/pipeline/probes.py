"""Causal probes: edited copies of the user's own responses against the originals, through the ordinary run.

The edit is the experiment: original and edited copy differ in nothing else, so that no human label is needed.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from judge.errors import InputError
from judge.pipeline.compare import Twist, compare
from judge.pipeline.edits import choose_probes
from judge.pipeline.tasks import Material
from judge.study import HumanLabels
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from judge.pipeline.compare import Events, RunResult
    from judge.pipeline.edits import Probe
    from judge.pipeline.runfolder import RunFolder
    from judge.study import Study
    from judge.types import Dialogue, Finding

ORIGINAL = "original"


def probe(study: Study, names: Sequence[str], out: Path, *, events: Events | None = None) -> RunResult:
    """Run probes on the responses of a study.

    Parameters
    ----------
    study
        Its dialogues, systems, judges and criteria are used; people's labels are not needed.
    names
        Of probes (`judge.pipeline.edits.PROBES`), or ``all``.
    out
        The run folder. A probing that stopped there is taken up again.
    events
        How to tell what happens.

    Returns
    -------
    RunResult
        Its findings have the family ``probe`` besides those of the audit.

    Raises
    ------
    UnknownNameError
        There is no such probe.
    InputError
        No response can be edited so, or the study has a mistake; nothing was asked.

    Notes
    -----
    One response a dialogue, of a system drawn by the study's seed: dialogues are the independent units. Every
    edited copy meets its original in both orders; with absolute rubrics both are scored alone.
    """
    probes = choose_probes(names)
    judging = replace(study.judging, orders="both", pairs="baseline", baseline=ORIGINAL)
    derived = replace(study, judging=judging, humans=HumanLabels(), published=())
    twist = Twist(
        change=lambda material: probe_material(material, probes, study.seed),
        more=lambda folder: _findings(folder, derived, probes),
    )
    return compare(derived, out, events=events, twist=twist)


def probe_material(material: Material, probes: Sequence[Probe], seed: int) -> Material:
    """Return the originals and their edited copies as systems; the first system is the original.

    Raises
    ------
    InputError
        None of the probes applies to any response.
    """
    originals: dict[str, Response] = {}
    copies: dict[str, dict[str, Response]] = {}
    for dialogue in material.dialogues:
        source = _source(material, dialogue.dialogue_id, seed)
        if source is None:
            continue
        details = {"copied_from": source.system_id}
        originals[dialogue.dialogue_id] = Response(
            dialogue.dialogue_id, ORIGINAL, source.text, strategy="probe", details=details
        )
        for one in probes:
            for name, text in _edited(one, source, dialogue, seed).items():
                copies.setdefault(name, {})[dialogue.dialogue_id] = Response(
                    dialogue.dialogue_id, name, text, strategy="probe", details=details | {"probe": one.name}
                )
    if not copies:
        listed = ", ".join(one.name for one in probes)
        raise InputError(f"no response can be edited by {listed} (the reference probe needs references)")
    return Material(material.dialogues, (ORIGINAL, *copies), {ORIGINAL: originals, **copies})


def _source(material: Material, dialogue_id: str, seed: int) -> Response | None:
    """Draw the response of one dialogue that is edited; empty ones are left out."""
    mine = [material.responses[s].get(dialogue_id) for s in material.systems]
    found = [response for response in mine if response is not None and response.text.strip()]
    return random.Random(f"{seed}|{dialogue_id}").choice(found) if found else None  # noqa: S311 - no secret


def _edited(one: Probe, source: Response, dialogue: Dialogue, seed: int) -> dict[str, str]:
    rng = random.Random(f"{seed}|{one.name}|{dialogue.dialogue_id}")  # noqa: S311 - reproducible, no secret
    made = one.edit(source.text, dialogue, rng)
    return {
        name: text for name, text in made.items() if one.name == "swap" or text.strip() != source.text.strip()
    }


def _findings(folder: RunFolder, study: Study, probes: Sequence[Probe]) -> tuple[Finding, ...]:
    from judge.analysis.probes import probe_findings
    from judge.pipeline.analysing import options_of
    from judge.tables import dialogue_frame, read_dialogues, read_duels, read_ratings

    notes = {one.name: one.note for one in probes if one.note}
    return tuple(
        probe_findings(
            read_ratings(folder.table("ratings"), allow_empty=True),
            read_duels(folder.table("duels"), allow_empty=True),
            dialogue_frame(read_dialogues(folder.table("dialogues"))),
            options_of(study),
            original=ORIGINAL,
            notes=notes,
        )
    )
