"""The whole analysis of a study's tables, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.analysis.inputs import AuditInput, AuditOptions
from judge.analysis.outcomes import outcome_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.means import Differences
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

__all__ = ["AuditInput", "AuditOptions", "audit"]


def audit(data: AuditInput, options: AuditOptions | None = None) -> tuple[Finding, ...]:
    """Audit ratings and duels from anywhere.

    Parameters
    ----------
    data
        Ratings, duels, features and dialogues as frames; what is missing is left out of the findings.
    options
        Confidence, margin, clusters.

    Returns
    -------
    tuple of Finding
        In the order outcomes, ranking, means, agreement, position, calibration, bias, texts. What the data
        cannot tell is a finding with the verdict ``not_identified`` and the reason in its warnings. What
        each one means is in ``docs/findings.md``.

    Raises
    ------
    judge.errors.TableError
        A table lacks a column, an id is missing, a word is unknown, or a key occurs twice.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({
    ...     "dialogue_id": ["d1", "d2", "d3"], "system_id": "s", "criterion": "empathy",
    ...     "rater_id": "p", "rater_kind": "human", "score": [1.0, 2.0, 3.0]})
    >>> [f.estimate for f in audit(AuditInput(ratings=ratings)) if f.statistic == "mean_score"]
    [2.0]
    """
    return tuple(_all(data, options or AuditOptions()))


def _all(data: AuditInput, options: AuditOptions) -> Iterator[Finding]:
    # Each family is imported where the data call for it: a judge's duels without people need no agreement.
    ratings, duels = _encoded(data, options)
    if ratings is not None:
        yield from outcome_findings(ratings, options)
    if duels is not None:
        yield from outcome_findings(duels, options)
        yield from _ranking(duels, options)
    if ratings is not None:
        yield from _of_ratings(ratings, duels, options)
    if duels is not None and duels.people:
        yield from _agreement_of_duels(duels, options)
    if duels is not None and ratings is not None and ratings.people:
        from judge.analysis.agreement.implied import implied_findings

        yield from implied_findings(duels, ratings, options)
    if duels is not None:
        from judge.analysis.position import position_findings

        yield from position_findings(duels, options)
    yield from _of_several(ratings, duels, options)
    yield from _with_labels(ratings, duels, data, options)
    if (ratings is not None and ratings.judges) or (duels is not None and duels.judges):
        from judge.analysis.bias.findings import bias_findings

        yield from bias_findings(ratings, duels, data, options)
    if data.features is not None and len(data.features):
        from judge.analysis.texts import text_findings

        yield from text_findings(data.features, options)


def _encoded(data: AuditInput, options: AuditOptions) -> tuple[RatingTable | None, DuelTable | None]:
    ratings = duels = None
    if data.ratings is not None and len(data.ratings):
        from judge.analysis.rating_table import encode_ratings

        ratings = encode_ratings(data.ratings, data.dialogues, options.cluster)
    if data.duels is not None and len(data.duels):
        from judge.analysis.duel_table import encode_duels

        duels = encode_duels(data.duels, data.dialogues, options.cluster)
    return ratings, duels


def _ranking(duels: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    from judge.analysis.ranking.cycles import cycle_findings
    from judge.analysis.ranking.evidence import evidence_findings
    from judge.analysis.ranking.strengths import strength_findings
    from judge.analysis.ranking.win_rate import win_rate_findings

    yield from win_rate_findings(duels, options)
    yield from strength_findings(duels, options)
    yield from cycle_findings(duels, options)
    yield from evidence_findings(duels, options)


def _of_ratings(ratings: RatingTable, duels: DuelTable | None, options: AuditOptions) -> Iterator[Finding]:
    from judge.analysis.means import all_differences, mean_findings

    differences = all_differences(ratings, options.confidence)
    yield from _ranks_by_means(ratings, duels, differences, options)
    yield from mean_findings(ratings, options, differences)
    if not ratings.people:
        return
    from judge.analysis.agreement.levels import correlation_findings
    from judge.analysis.agreement.people import alpha_findings
    from judge.analysis.agreement.ratings import rating_agreement_findings

    yield from correlation_findings(ratings, options)
    yield from alpha_findings(ratings, options)
    yield from rating_agreement_findings(ratings, options)


def _agreement_of_duels(duels: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    from judge.analysis.agreement.majority import majority_findings
    from judge.analysis.agreement.verdicts import verdict_findings

    yield from verdict_findings(duels, options)
    yield from majority_findings(duels, options)


def _of_several(
    ratings: RatingTable | None, duels: DuelTable | None, options: AuditOptions
) -> Iterator[Finding]:
    """Yield what the judges say together, where there are several."""
    if any(table is not None and len(table.judges) > 1 for table in (ratings, duels)):
        from judge.analysis.panel import panel_findings

        yield from panel_findings(ratings, duels, options)


def _with_labels(
    ratings: RatingTable | None, duels: DuelTable | None, data: AuditInput, options: AuditOptions
) -> Iterator[Finding]:
    """Yield what rests on judges and people in one table."""
    if ratings is not None and ratings.people:
        from judge.analysis.calibration.quality import quality_findings

        yield from quality_findings(ratings, options)
    if any(table is not None and table.people and table.judges for table in (ratings, duels)):
        from judge.analysis.calibration.findings import calibrated_findings

        yield from calibrated_findings(ratings, duels, data, options)


def _ranks_by_means(
    ratings: RatingTable, duels: DuelTable | None, differences: Differences, options: AuditOptions
) -> Iterator[Finding]:
    """Yield ranks by mean scores of those who gave no duels on the criterion."""
    from judge.analysis.means import voices as rating_voices
    from judge.analysis.ranking.strengths import mean_rank_findings
    from judge.analysis.ranking.win_rate import voices as duel_voices

    done = {(v.judge, v.criterion) for v in duel_voices(duels)} if duels is not None else set()
    for scores, found in zip(rating_voices(ratings), differences, strict=True):
        if (scores.judge, scores.criterion) not in done:
            yield from mean_rank_findings(scores, found, ratings.system.names, options.confidence)
