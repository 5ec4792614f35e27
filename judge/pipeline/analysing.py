"""From the tables of a run folder to its findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.analysis.audit import AuditInput, AuditOptions, audit
from judge.analysis.ranking.stopping import STOPPED
from judge.pipeline.frames import concat
from judge.pipeline.stage import warned
from judge.tables import (
    dialogue_frame,
    read_duels,
    read_features,
    read_ratings,
    write_duels,
    write_findings,
    write_ratings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from judge.pipeline.load import People
    from judge.pipeline.runfolder import RunFolder
    from judge.pipeline.stage import JudgingStage
    from judge.study import Study
    from judge.types import Dialogue, Finding


@dataclass(frozen=True)
class Known:
    """What an analysis needs and no judge says: the dialogues, as they are and as a frame, and features."""

    texts: Sequence[Dialogue]
    dialogues: pd.DataFrame
    features: pd.DataFrame


def read_known(folder: RunFolder, dialogues: Sequence[Dialogue]) -> Known:
    """Put dialogues and the folder's features together for `analyse`."""
    return Known(dialogues, dialogue_frame(dialogues), read_features(folder.table("features")))


def analyse(
    folder: RunFolder,
    study: Study,
    people: People,
    known: Known,
    *,
    stage: JudgingStage | None = None,
    more: Callable[[tuple[Finding, ...]], tuple[Finding, ...]] = lambda _: (),
) -> tuple[Finding, ...]:
    """Audit the run's tables together with people's labels, and write the findings.

    `stage` tells of comparisons that were decided early; `more` gives further findings when it sees those of
    the audit.

    People's labels about the judged dialogues and systems are added to the run's ratings and duels, so that
    the folder holds all that the findings rest on.
    """
    dialogues, features = known.dialogues, known.features
    ratings = read_ratings(folder.table("ratings"), allow_empty=True, without=_unread(people.ratings))
    duels = read_duels(folder.table("duels"), allow_empty=True, without=_unread(people.duels))
    ratings = _with_people(ratings, people.ratings, features)
    duels = _with_people(duels, people.duels, features)
    if people.ratings is not None:
        write_ratings(ratings, folder.table("ratings"))
    if people.duels is not None:
        write_duels(duels, folder.table("duels"))
    found = audit(
        AuditInput(
            ratings=ratings if len(ratings) else None,
            duels=duels if len(duels) else None,
            features=features,
            dialogues=dialogues,
        ),
        options_of(study),
    )
    decided = stage.findings(duels, dialogues, options_of(study)) if stage else ()
    found = (*(warned(found, STOPPED) if decided else found), *decided)
    if study.analysis.groups is not None:
        from judge.pipeline.grouping import group_findings

        kinds, cut = study.analysis.groups, study.analysis.threshold
        found = (*found, *group_findings(kinds, cut, ratings, known.texts, options_of(study)))
    found = (*found, *more(found))
    save_findings(folder, found)
    return found


def _unread(people: pd.DataFrame | None) -> tuple[str, ...]:
    """Return the columns that no analysis reads; all are needed where the table is written again."""
    return ("reason", "key") if people is None else ()


def options_of(study: Study) -> AuditOptions:
    """Return the study's wishes for the analysis."""
    wishes = study.analysis
    return AuditOptions(
        confidence=wishes.confidence, margin=wishes.margin, cluster=wishes.cluster, seed=study.seed
    )


def save_findings(folder: RunFolder, findings: tuple[Finding, ...]) -> None:
    """Write the findings as JSON lines and as CSV."""
    write_findings(list(findings), folder.table("findings"))
    write_findings(list(findings), folder.table("findings", "csv"))


def _with_people(judged: pd.DataFrame, people: pd.DataFrame | None, features: pd.DataFrame) -> pd.DataFrame:
    """Add people's rows that are about what was judged; others would be about responses nobody can see."""
    if people is None:
        return judged
    kept = people[people["dialogue_id"].isin(set(features["dialogue_id"]))]
    systems = set(features["system_id"])
    for name in ("system_id", "system_a", "system_b"):
        if name in kept.columns:
            kept = kept[kept[name].isin(systems)]
    if not len(kept):
        from judge.errors import InputError

        raise InputError(
            "people's labels are about none of the judged dialogues and systems\n"
            "  mend: check dialogue_id and system_id of the human labels against the study's"
        )
    return concat([judged, kept.reset_index(drop=True)]) if len(judged) else kept.reset_index(drop=True)
