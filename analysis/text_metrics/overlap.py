"""Overlap with the reference: corpus BLEU-4, corpus chrF, ROUGE-L, from sums of each response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.similarity import chrf_signature
from judge.analysis.text_metrics.matches import PAIRS_AT_ONCE, number_letters, shared_ngrams
from judge.analysis.text_metrics.tokens import number_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BLEU_ORDER = 4
CHRF_ORDER = 6
CHRF_BETA = 2.0


@dataclass(frozen=True)
class Overlap:
    """`sums` of each response, shape (n, k), from which the metric of any set of responses is computed.

    `signature` says which version of the metric it is.
    """

    sums: Floats
    signature: str


def bleu_sums(responses: Sequence[str], references: Sequence[str]) -> Overlap:
    """Return what each response adds to corpus BLEU-4 (sacrebleu, one reference, 13a tokens, case kept).

    References
    ----------
    Papineni et al. 2002, doi:10.3115/1073083.1073135; Post 2018, doi:10.18653/v1/W18-6319.
    """
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU()
    metric.corpus_score(["a"], [["a"]])  # the signature is known once something was scored
    rows = [np.empty((0, 2 * BLEU_ORDER + 2))]
    for part in _parts(len(responses)):
        texts = [*responses[part], *references[part]]
        words = number_words(metric.tokenizer(text.rstrip()).split() for text in texts)
        size = words.size.reshape(2, -1, 1)
        total = np.maximum(size[0] - np.arange(BLEU_ORDER), 0)
        rows.append(np.hstack([shared_ngrams(words, BLEU_ORDER), total, *size]))
    return Overlap(np.vstack(rows), str(metric.get_signature()))


def _parts(pairs: int) -> Iterator[slice]:
    return (slice(start, start + PAIRS_AT_ONCE) for start in range(0, pairs, PAIRS_AT_ONCE))


def bleu(sums: Floats) -> Floats:
    """Return corpus BLEU-4, 0 to 100, from added sums of shape (..., 10), smoothed like sacrebleu's.

    >>> bleu(np.array([5.0, 4, 3, 2, 5, 4, 3, 2, 5, 5])).round(6).item()
    100.0
    """
    s = np.asarray(sums, dtype=np.float64)
    counts, totals, length, wanted = s[..., :4], s[..., 4:8], s[..., 8], s[..., 9]
    with np.errstate(divide="ignore", invalid="ignore"):
        # Exponential smoothing: the k-th order without a match counts as half as much as the one before.
        empty = np.cumsum(counts == 0, axis=-1)
        precision = np.where(counts > 0, counts, 0.5 ** empty.astype(np.float64)) / totals
        logs = np.log(precision).mean(axis=-1)
        brevity = np.where(length < wanted, np.exp(1 - wanted / np.maximum(length, 1e-300)), 1.0)
        score = 100 * brevity * np.exp(logs)
    bad = (totals == 0).any(axis=-1) | (counts == 0).all(axis=-1)
    return np.where(bad, 0.0, score)


def chrf_sums(responses: Sequence[str], references: Sequence[str]) -> Overlap:
    """Return what each response adds to corpus chrF2 (character 6-grams, no words, case kept, spaces out).

    References
    ----------
    Popovic 2015, doi:10.18653/v1/W15-3049.
    """
    rows = [np.empty((0, 3 * CHRF_ORDER))]
    rows += [_chrf_counts(responses[part], references[part]) for part in _parts(len(responses))]
    return Overlap(np.vstack(rows), chrf_signature())


def _chrf_counts(responses: Sequence[str], references: Sequence[str]) -> Floats:
    """Count the n-grams of letters of each response, of its reference, and shared: shape (n, 18)."""
    letters = number_letters([*responses, *references])
    mine, theirs = np.maximum(letters.size.reshape(2, -1, 1) - np.arange(CHRF_ORDER), 0)
    # As sacrebleu: where the reference has no n-grams, those of the response do not count.
    counts = (np.where(theirs > 0, mine, 0), theirs, shared_ngrams(letters, CHRF_ORDER))
    return np.stack(counts, axis=-1).reshape(-1, 3 * CHRF_ORDER).astype(np.float64)


def sentence_chrf(responses: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return chrF2 of each response, 0 to 100, as sacrebleu computes it, a tenth of the time.

    >>> sentence_chrf(["are you okay ?", ""], ["are you okay ?", "yes"])
    [100.0, 0.0]
    """
    return [
        score
        for part in _parts(len(responses))
        for score in chrf(_chrf_counts(responses[part], references[part])).tolist()
    ]


def chrf(sums: Floats) -> Floats:
    """Return corpus chrF, 0 to 100, from added sums of shape (..., 18)."""
    s = np.asarray(sums, dtype=np.float64).reshape(*np.shape(sums)[:-1], CHRF_ORDER, 3)
    mine, theirs, shared = s[..., 0], s[..., 1], s[..., 2]
    # As sacrebleu: an order counts where both sides have n-grams of it; precision and recall are averaged.
    both = (mine > 0) & (theirs > 0)
    orders = np.maximum(both.sum(axis=-1), 1)
    precision = np.where(both, shared / np.maximum(mine, 1), 0.0).sum(axis=-1) / orders
    recall = np.where(both, shared / np.maximum(theirs, 1), 0.0).sum(axis=-1) / orders
    weight = CHRF_BETA**2
    bottom = weight * precision + recall
    score = np.divide((1 + weight) * precision * recall, bottom, out=np.zeros_like(bottom), where=bottom > 0)
    return np.asarray(100 * score)


def rouge_l(responses: Sequence[str], references: Sequence[str]) -> Overlap:
    """Return ROUGE-L F1 of each response, 0 to 100 (rouge-score, stemming on); its mean is the metric.

    Raises
    ------
    ImportError
        The package rouge-score is not installed.

    References
    ----------
    Lin 2004, https://aclanthology.org/W04-1013.
    """
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    rows = [
        [100 * scorer.score(reference, response)["rougeL"].fmeasure]
        for response, reference in zip(responses, references, strict=True)
    ]
    return Overlap(np.array(rows, dtype=np.float64).reshape(-1, 1), "rouge-score, rougeL F1, stemmed")
