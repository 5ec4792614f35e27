"""From a study file to material: dialogues sampled and filtered, responses by system, people's labels."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.errors import InputError
from judge.pipeline.tasks import Material
from judge.tables import check_links, read_dialogues, read_responses
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from judge.study import DialogueSource, Study, SystemSpec
    from judge.types import Dialogue


@dataclass(frozen=True)
class People:
    """What people said, as frames; None where they were not asked."""

    ratings: pd.DataFrame | None
    duels: pd.DataFrame | None

    @property
    def simulated(self) -> bool:
        """Whether any rater is made up: a rater_id that begins with ``simulated``."""
        frames = [frame for frame in (self.ratings, self.duels) if frame is not None]
        return any(str(r).startswith("simulated") for f in frames for r in f["rater_id"].unique())


def load_dialogues(source: DialogueSource, seed: int) -> tuple[list[Dialogue], list[Dialogue]]:
    """Read, filter and sample the dialogues, in the order of the file.

    Returns
    -------
    tuple
        All dialogues of the file, and those that are judged.

    Raises
    ------
    InputError
        No dialogue is left.
    """
    dialogues = read_dialogues(source.path)
    kept = [d for d in dialogues if _wanted(d, source)]
    if not kept:
        raise InputError(
            f"{source.path}: none of the {len(dialogues)} dialogues has the split and emotions asked for"
        )
    if source.sample is None or source.sample >= len(kept):
        return dialogues, kept
    rng = random.Random(seed if source.seed is None else source.seed)  # noqa: S311 - reproducible, no secret
    chosen = set(rng.sample(range(len(kept)), source.sample))
    return dialogues, [d for i, d in enumerate(kept) if i in chosen]


def _wanted(dialogue: Dialogue, source: DialogueSource) -> bool:
    if source.split is not None and dialogue.split != source.split:
        return False
    return not source.emotions or dialogue.emotion in source.emotions


def load_responses(
    systems: Iterable[SystemSpec], dialogues: Sequence[Dialogue], everything: Sequence[Dialogue]
) -> dict[str, dict[str, Response]]:
    """Read the systems that are files or the reference; strategies are left to the generation.

    Parameters
    ----------
    systems
        In the study's order, which the result keeps.
    dialogues
        The sampled dialogues.
    everything
        Every dialogue of the file: a response to one that was not sampled is no mistake.

    Raises
    ------
    InputError
        A response to a dialogue that does not exist, a system that comes from two files, or a reference
        that no dialogue has.
    """
    wanted = {d.dialogue_id for d in dialogues}
    found: dict[str, dict[str, Response]] = {}
    for spec in systems:
        if spec.reference:
            _add(found, spec.id or "reference", _references(spec.id or "reference", dialogues))
        elif spec.responses is not None:
            for system, mine in _from_file(spec, spec.responses, everything).items():
                _add(found, system, {d: r for d, r in mine.items() if d in wanted})
        else:
            _add(found, str(spec.id), {})
    return found


def _add(found: dict[str, dict[str, Response]], system: str, mine: dict[str, Response]) -> None:
    if system in found:
        raise InputError(
            f"the system {system!r} comes from two sources\n  mend: give one of them another id in the study"
        )
    found[system] = mine


def _references(system: str, dialogues: Sequence[Dialogue]) -> dict[str, Response]:
    made = {
        d.dialogue_id: Response(d.dialogue_id, system, d.reference, strategy="reference")
        for d in dialogues
        if d.reference
    }
    if not made:
        raise InputError("the reference was asked for as a system, but no dialogue has one")
    return made


def _from_file(
    spec: SystemSpec, path: Path, everything: Sequence[Dialogue]
) -> Mapping[str, dict[str, Response]]:
    rows = read_responses(path, default_system=spec.id or path.name.split(".")[0])
    systems = list(dict.fromkeys(row.system_id for row in rows))
    if spec.id is not None and len(systems) > 1:
        if spec.id not in systems:
            raise InputError(
                f"{path}: it holds the systems {', '.join(systems[:6])}, and none is {spec.id!r}\n"
                "  mend: write one of these as id, or leave the id out to take all of them"
            )
        rows = [row for row in rows if row.system_id == spec.id]
        systems = [spec.id]
    check_links(everything, rows, path=path)
    if spec.id is not None and systems != [spec.id]:
        rows = [_renamed(row, spec.id) for row in rows]
        systems = [spec.id]
    grouped: dict[str, dict[str, Response]] = {system: {} for system in systems}
    for row in rows:
        grouped[row.system_id][row.dialogue_id] = row
    return grouped


def _renamed(row: Response, system: str) -> Response:
    return Response(row.dialogue_id, system, row.text, row.strategy, row.model, row.details)


def material_of(dialogues: Sequence[Dialogue], responses: dict[str, dict[str, Response]]) -> Material:
    """Put dialogues and responses together; a system without any response is an error.

    Raises
    ------
    InputError
        A system answered none of the dialogues.
    """
    silent = [system for system, mine in responses.items() if not mine]
    if silent:
        raise InputError(
            f"the system {silent[0]!r} has no response to any of the {len(dialogues)} dialogues\n"
            "  mend: check that its file is about these dialogues (dialogue_id)"
        )
    return Material(dialogues, tuple(responses), responses)


def judged_part(material: Material, sample: int | None, seed: int) -> Material:
    """Return the material that is judged: a random sample of its dialogues, in their order."""
    if sample is None or sample >= len(material.dialogues):
        return material
    rng = random.Random(f"judged {seed}")  # noqa: S311 - reproducible, no secret
    chosen = set(rng.sample(range(len(material.dialogues)), sample))
    kept = [d for i, d in enumerate(material.dialogues) if i in chosen]
    return Material(kept, material.systems, material.responses)


def load_people(study: Study) -> People:
    """Read people's labels; several files are put one after the other."""
    if not (study.humans.ratings or study.humans.duels):
        return People(None, None)  # and pandas is not loaded before the first question is sent
    from judge.tables import read_duels, read_ratings

    return People(
        _together([read_ratings(path, scale=study.humans.scale) for path in study.humans.ratings]),
        _together([read_duels(path) for path in study.humans.duels]),
    )


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame | None:
    if not frames:
        return None
    from judge.pipeline.frames import concat

    return concat(frames)
