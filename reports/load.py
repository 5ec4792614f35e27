"""Reading a run folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.pipeline.runfolder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from judge.types import Dialogue, Finding, Response


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it lies on disk; tables that are absent are None or empty."""

    name: str
    findings: tuple[Finding, ...]
    manifest: Mapping[str, Any]
    dialogues: tuple[Dialogue, ...] = ()
    responses: tuple[Response, ...] = ()
    ratings: pd.DataFrame | None = None
    duels: pd.DataFrame | None = None
    features: pd.DataFrame | None = None


def load_run(folder: Path) -> Run:
    """Read the tables of a run folder.

    Raises
    ------
    judge.errors.InputError
        There is no such folder or it has no findings.
    judge.errors.TableError
        A table does not keep its contract.
    """
    from judge import tables

    if not folder.is_dir():
        raise InputError(f"{folder}: no such run folder\n  mend: give the folder that `judge compare` wrote")
    if not (folder / "findings.jsonl").is_file():
        raise InputError(f"{folder}: holds no findings.jsonl\n  mend: finish the run with `judge compare`")

    home = RunFolder(folder)

    def path(name: str) -> Path | None:
        found = home.table(name)
        return found if found.is_file() and found.stat().st_size > 0 else None

    dialogues, responses = path("dialogues"), path("responses")
    ratings, duels, features = path("ratings"), path("duels"), path("features")
    findings = path("findings")
    return Run(
        name=folder.resolve().name,
        findings=tuple(tables.read_findings(findings)) if findings else (),
        manifest=home.read_manifest() if home.manifest.is_file() else {},
        dialogues=tuple(tables.read_dialogues(dialogues)) if dialogues else (),
        responses=tuple(tables.read_responses(responses)) if responses else (),
        ratings=tables.read_ratings(ratings) if ratings else None,
        duels=tables.read_duels(duels) if duels else None,
        features=tables.read_features(features) if features else None,
    )
