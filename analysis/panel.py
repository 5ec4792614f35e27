"""Several judges as one panel: the majority's verdict, the mean score, and how far they agree.

The judges are taken as they are (they are not a sample of judges): intervals are about the dialogues.
Repeats of a judge are averaged before its voice counts, so a judge with more samples has no more votes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.analysis.agreement.alpha import Labels, mean_alpha
from judge.analysis.estimate import finding
from judge.analysis.jackknife import cluster_mean
from judge.analysis.means import METHOD_MEAN, Scores, differences
from judge.analysis.outcomes import bounded
from judge.analysis.ranking.win_rate import win_rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable, Units
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

PANEL = "panel"
"""The name of all judges taken together, in the column `judge` of findings."""
SPREAD = "share of questions on which all judges give the same order-averaged verdict; cluster jackknife, t"


@dataclass(frozen=True)
class Ballots:
    """What all judges said on the questions that all of them answered.

    `question` has shape (n,), `votes` shape (judges, n); `left_out` counts the questions that some judge
    did not answer.
    """

    question: Ints
    votes: Floats
    left_out: int

    @property
    def judges(self) -> int:
        """The number of judges."""
        return int(self.votes.shape[0])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the questions that are missing."""
        if not self.left_out:
            return ()
        total = self.left_out + self.question.size
        return (f"{self.left_out} of {total} questions are left out: not every judge answered them",)


def ballots(voices: Sequence[tuple[Ints, Floats]]) -> Ballots:
    """Put the voices of several judges side by side.

    Parameters
    ----------
    voices
        Of each judge: question numbers (each once) and its votes; not-a-number where it gave none.

    Examples
    --------
    >>> one = (np.array([1, 2, 3]), np.array([1.0, 0.0, np.nan]))
    >>> two = (np.array([2, 1]), np.array([0.5, 1.0]))
    >>> found = ballots([one, two])
    >>> found.question.tolist(), found.votes.tolist(), found.left_out
    ([1, 2], [[1.0, 0.0], [1.0, 0.5]], 1)
    """
    asked = np.unique(np.concatenate([question for question, _ in voices]))
    votes = np.full((len(voices), asked.size), np.nan)
    for row, (question, given) in enumerate(voices):
        votes[row, np.searchsorted(asked, question)] = given
    whole = np.isfinite(votes).all(axis=0)
    return Ballots(asked[whole], votes[:, whole], int((~whole).sum()))


def sides(votes: Floats) -> Floats:
    """Turn order-averaged scores into verdicts: 1 for the first system, 0 for the second, .5 for neither.

    >>> sides(np.array([0.75, 0.5, 0.25]))
    array([1. , 0.5, 0. ])
    """
    return np.asarray((np.sign(np.round(votes - 0.5, 9)) + 1) / 2)


def majority(votes: Floats) -> Floats:
    """Return the verdict that more judges give than the opposite one; .5 where they balance.

    Parameters
    ----------
    votes
        Order-averaged scores of the first system in [0, 1], shape (judges, n).

    Examples
    --------
    Two for the first system and one against; one on each side and a tie:

    >>> majority(np.array([[1.0, 1.0], [0.75, 0.0], [0.0, 0.5]]))
    array([1. , 0.5])
    """
    return sides(0.5 + (sides(votes) - 0.5).mean(axis=0))


def panel_findings(
    ratings: RatingTable | None, duels: DuelTable | None, options: AuditOptions
) -> Iterator[Finding]:
    """Yield what the judges say together, where at least two judged the same criterion."""
    if duels is not None:
        yield from _of_duels(duels, options.confidence)
    if ratings is not None:
        yield from _of_ratings(ratings, options.confidence)


def _of_duels(table: DuelTable, confidence: float) -> Iterator[Finding]:
    for number, criterion in enumerate(table.criterion.names):
        units = [table.of(number, judge) for judge in table.judges]
        units = [part for part in units if len(part)]
        if len(units) < 2:
            continue
        found = ballots([(part.pair * table.dialogues + part.dialogue, part.score) for part in units])
        if not found.question.size:
            continue
        cluster = _clusters(units, table.dialogues)[found.question % table.dialogues]
        pair = found.question // table.dialogues
        for code in np.unique(pair):
            rows = pair == code
            names = tuple(table.system.names[int(system)] for system in table.pairs[code])
            columns = _columns(found, criterion) | {"system": names[0], "system_b": names[1]}
            yield from _pair(found.votes[:, rows], cluster[rows], confidence, columns)
        labels = _labels(sides(found.votes), cluster)
        columns = _columns(found, criterion) | {"level": "verdicts"}
        yield from _alphas(labels, ("nominal",), confidence, columns)


def _clusters(units: Sequence[Units], dialogues: int) -> Ints:
    """Return the cluster of each dialogue that occurs."""
    cluster = np.zeros(dialogues, dtype=np.int64)
    for part in units:
        cluster[part.dialogue] = part.cluster
    return cluster


def _columns(found: Ballots, criterion: str) -> dict[str, Any]:
    return {"judge": PANEL, "criterion": criterion, "n_raters": found.judges, "warnings": found.notes}


def _pair(votes: Floats, cluster: Ints, confidence: float, columns: dict[str, Any]) -> Iterator[Finding]:
    columns = columns | {"level": "pair"}
    for term, score in (("majority", majority(votes)), ("mean", votes.mean(axis=0))):
        estimate = win_rate(score, cluster, confidence)
        yield finding("panels", "win_rate", estimate, **columns, term=term)
    verdict = sides(votes)
    same = (verdict == verdict[0]).all(axis=0).astype(float)
    share = bounded(cluster_mean(same, cluster, confidence=confidence, method=SPREAD), confidence)
    yield finding("panels", "unanimous", share, **columns)


def _of_ratings(table: RatingTable, confidence: float) -> Iterator[Finding]:
    for number, criterion in enumerate(table.criterion.names):
        voices = [table.cells.of(number, judge) for judge in table.judges]
        voices = [voice for voice in voices if voice[0].size]
        if len(voices) < 2:
            continue
        found = ballots(voices)
        if not found.question.size:
            continue
        dialogue, system = np.divmod(found.question, max(len(table.system), 1))
        cluster = table.cluster_of_dialogue[dialogue]
        mean = found.votes.mean(axis=0)
        scores = Scores(PANEL, criterion, dialogue, system, cluster, mean, found.judges)
        yield from _means(scores, table.system.names, found, confidence)
        labels = _labels(found.votes, cluster)
        columns = _columns(found, criterion) | {"level": "scores"}
        yield from _alphas(labels, ("ordinal", "interval"), confidence, columns)


def _means(scores: Scores, names: Sequence[str], found: Ballots, confidence: float) -> Iterator[Finding]:
    columns = _columns(found, scores.criterion) | {"term": "mean"}
    for code in np.unique(scores.system):
        rows = scores.system == code
        estimate = cluster_mean(
            scores.score[rows], scores.cluster[rows], confidence=confidence, method=METHOD_MEAN
        )
        yield finding("panels", "mean_score", estimate, level="system", system=names[int(code)], **columns)
    for one, two, estimate, adjusted in differences(scores, confidence):
        extra = {"p_adjusted": adjusted, "correction": "holm" if adjusted is not None else ""}
        pair = {"level": "pair", "system": names[one], "system_b": names[two]}
        yield finding("panels", "mean_difference", estimate, **pair, **extra, **columns)


def _labels(votes: Floats, cluster: Ints) -> Labels:
    judges, n = votes.shape
    return Labels(np.tile(np.arange(n), judges), votes.ravel(), cluster)


def _alphas(
    labels: Labels, levels: tuple[str, ...], confidence: float, columns: dict[str, Any]
) -> Iterator[Finding]:
    """Yield Krippendorff's alpha of the judges among themselves: agreement, which is not validity."""
    for level, estimate in mean_alpha([labels], levels, confidence=confidence).items():
        yield finding("panels", "krippendorff_alpha", estimate, term=level, **columns)
