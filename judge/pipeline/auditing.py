"""The analysis without a run: tables in, the same findings and the same folder out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.pipeline import manifest
from judge.pipeline.analysing import save_findings
from judge.pipeline.features import feature_rows, signatures, similarities
from judge.pipeline.frames import concat
from judge.pipeline.generated import text_findings
from judge.pipeline.keys import file_digest
from judge.pipeline.load import People
from judge.pipeline.runfolder import RunFolder
from judge.tables import (
    dialogue_frame,
    read_dialogues,
    read_duels,
    read_features,
    read_ratings,
    read_responses,
    table_kind,
    write_dialogues,
    write_duels,
    write_features,
    write_ratings,
    write_responses,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from judge.analysis.similarity import Similarity
    from judge.types import Dialogue, Finding, Response


@dataclass(frozen=True)
class AuditResult:
    """Where the findings lie, the findings, and whether the human raters are made up."""

    folder: RunFolder
    findings: tuple[Finding, ...]
    simulated: bool = False


@dataclass(frozen=True)
class Tables:
    """What was read, whatever of it there is."""

    ratings: pd.DataFrame | None
    duels: pd.DataFrame | None
    features: pd.DataFrame | None
    dialogues: list[Dialogue]
    responses: list[Response]
    likeness: tuple[Similarity, ...] = ()
    """What the features were measured with, where they were measured here."""


def audit_tables(
    paths: Sequence[Path],
    out: Path,
    *,
    dialogues: Path | None = None,
    responses: Sequence[Path] = (),
    features: Path | None = None,
    cluster: str = "dialogue_id",
    confidence: float = 0.95,
    margin: float = 0.1,
    scale: tuple[float, float] | None = None,
    seed: int = 0,
    groups: Path | None = None,
    threshold: float | None = None,
    similarity: Sequence[str] = ("chrf",),
    note: Callable[[str], None] = lambda _: None,
) -> AuditResult:
    """Audit ratings and duels from anywhere and write a run folder without a run.

    Parameters
    ----------
    paths
        Files of ratings or duels, or run folders (whose tables are then read).
    out
        Where findings, tables and manifest are written.
    dialogues, responses, features
        More tables: the report then shows the texts, and the panel tests the features. Where dialogues
        and responses are given but no features, the features are measured.
    cluster, confidence, margin, seed
        See `judge.analysis.inputs.AuditOptions`.
    scale
        Lowest and highest score that are allowed.
    groups, threshold
        A table of the systems' kinds, and the score from which on a rating counts as 1: adds the mixed
        logistic model (see `judge.pipeline.grouping`).
    similarity
        Measures of likeness to the reference, where the features are measured here.

    Raises
    ------
    InputError
        There is nothing to audit, or a table does not keep its contract.
    """
    from judge.analysis.audit import AuditInput, AuditOptions, audit

    folder = RunFolder(out)
    note(f"reading {len(paths)} table{'s' if len(paths) != 1 else ''}")
    tables = read_tables(paths, dialogues, responses, features, scale, likeness=similarities(similarity))
    folder.open()
    note("analysing")
    options = AuditOptions(confidence=confidence, margin=margin, cluster=cluster, seed=seed)
    found = audit(
        AuditInput(
            ratings=tables.ratings,
            duels=tables.duels,
            features=tables.features,
            dialogues=dialogue_frame(tables.dialogues) if tables.dialogues else None,
        ),
        options,
    )
    if groups is not None:
        from judge.pipeline.grouping import group_findings

        found += group_findings(groups, threshold, tables.ratings, tables.dialogues, options)
    if tables.responses and tables.dialogues:
        found += text_findings(
            tables.responses, tables.dialogues, confidence=confidence, seed=seed, likeness=tables.likeness
        )
    note("writing")
    _write(folder, tables)
    save_findings(folder, found)
    given = (*paths, dialogues, *responses, features, groups)
    inputs = [p for p in given if p is not None and Path(p).is_file()]
    content = manifest.base_manifest(
        kind="audit",
        options={"cluster": cluster, "confidence": confidence, "margin": margin, "seed": seed},
        inputs={str(path): file_digest(Path(path)) for path in inputs},
        similarity=signatures(tables.likeness),
        tables=manifest.table_digests(folder),
    )
    manifest.write_json(folder.manifest, content)
    people = People(tables.ratings, tables.duels)
    return AuditResult(folder, found, simulated=people.simulated)


def read_tables(
    paths: Sequence[Path],
    dialogues: Path | None,
    responses: Sequence[Path],
    features: Path | None,
    scale: tuple[float, float] | None,
    *,
    likeness: tuple[Similarity, ...] | None = None,
) -> Tables:
    """Read everything that is to be audited; each file's kind is told by its columns.

    Raises
    ------
    InputError
        None of the files holds ratings or duels.
    """
    kinds: dict[str, list[Path]] = {
        "ratings": [], "duels": [], "dialogues": [], "responses": [], "features": [],
    }  # fmt: skip
    for path in paths:
        for file in _files_of(path):
            kinds[_kind(file)].append(file)
    kinds["dialogues"] += [dialogues] if dialogues else []
    kinds["responses"] += list(responses)
    kinds["features"] += [features] if features else []
    ratings = _stack([read_ratings(p, scale=scale) for p in kinds["ratings"]])
    duels = _stack([read_duels(p) for p in kinds["duels"]])
    if ratings is None and duels is None:
        raise InputError("none of the tables holds ratings or duels: there is nothing to audit")
    texts = [r for p in kinds["responses"] for r in read_responses(p)]
    contexts = [d for p in kinds["dialogues"] for d in read_dialogues(p)]
    measured = _stack([read_features(p) for p in kinds["features"]])
    used: tuple[Similarity, ...] = ()
    if measured is None and texts and contexts:
        used = similarities() if likeness is None else likeness
        measured = _measure(texts, contexts, used)
    return Tables(ratings, duels, measured, contexts, texts, used)


def _files_of(path: Path) -> list[Path]:
    """Return the files of an argument: a run folder stands for its tables."""
    if not path.is_dir():
        return [path]
    folder = RunFolder(path)
    names = ("dialogues", "responses", "ratings", "duels", "features")
    found = [folder.table(name) for name in names if folder.table(name).exists()]
    found = [p for p in found if p.stat().st_size > 0]
    if not found:
        raise InputError(f"{path} is a folder without tables; name files, or a run folder")
    return found


def _kind(path: Path) -> str:
    return str(table_kind(path))


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame | None:
    return concat(frames) if frames else None


def _measure(
    texts: list[Response], contexts: list[Dialogue], likeness: tuple[Similarity, ...]
) -> pd.DataFrame:
    import pandas as pd

    by_id = {d.dialogue_id: d for d in contexts}
    known = (r for r in texts if r.dialogue_id in by_id)
    rows: list[dict[str, Any]] = list(feature_rows(known, by_id, likeness))
    return pd.DataFrame(rows)


def _write(folder: RunFolder, tables: Tables) -> None:
    if tables.ratings is not None:
        write_ratings(tables.ratings, folder.table("ratings"))
    if tables.duels is not None:
        write_duels(tables.duels, folder.table("duels"))
    if tables.features is not None:
        write_features(tables.features, folder.table("features"))
    if tables.dialogues:
        write_dialogues(tables.dialogues, folder.table("dialogues"))
    if tables.responses:
        write_responses(tables.responses, folder.table("responses"))
