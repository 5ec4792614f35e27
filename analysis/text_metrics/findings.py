"""Text metrics of a study's responses, as findings of the family ``texts``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.analysis.estimate import Estimate, finding, unidentified, wilson
from judge.analysis.jackknife import cluster_mean, dense_codes, from_replicates, leave_one_out, sum_by
from judge.analysis.text_metrics.distinct import EAD_VOCABULARY
from judge.analysis.text_metrics.diversity import Corpus, diversity_findings
from judge.analysis.text_metrics.emotion import mcnemar, recognise
from judge.analysis.text_metrics.overlap import bleu, bleu_sums, chrf, chrf_sums, rouge_l
from judge.analysis.text_metrics.perplexity import bits_per_byte
from judge.analysis.text_metrics.tokens import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from judge.analysis.similarity import Similarity
    from judge.analysis.text_metrics.emotion import Recognition
    from judge.analysis.text_metrics.overlap import Overlap
    from judge.analysis.text_metrics.tokens import Tokeniser
    from judge.types import Dialogue, Finding, Response


@dataclass(frozen=True)
class TextOptions:
    """How texts are measured.

    Attributes
    ----------
    tokeniser
        ``treebank`` (as nltk's word_tokenize) or ``whitespace``.
    vocabulary
        Size of EAD's vocabulary; fix it for every comparison.
    confidence, seed
        Of the intervals; of the halves that are drawn for them.
    draws
        Halves drawn for a standard error of Distinct.
    bleu, chrf, rouge
        Whether to compute them; None decides by size: up to `many` responses with a reference (ROUGE-L only
        where it is asked for, since it needs the package rouge-score).
    bertscore
        The measure (`judge.analysis.similarity.bertscore_similarity`), where it is asked for.
    many
        See above.
    meanings
        The declared map from other names of emotions to labels.
    """

    tokeniser: Tokeniser = "treebank"
    vocabulary: int = EAD_VOCABULARY
    confidence: float = 0.95
    seed: int = 0
    draws: int = 100
    bleu: bool | None = None
    chrf: bool | None = None
    rouge: bool = False
    bertscore: Similarity | None = None
    many: int = 6000
    meanings: Mapping[str, str] = field(default_factory=dict)


def text_metric_findings(
    responses: Sequence[Response], dialogues: Sequence[Dialogue], options: TextOptions | None = None
) -> Iterator[Finding]:
    """Yield diversity, overlap and recognised emotions of each system, and comparisons of systems.

    Parameters
    ----------
    responses
        Of all systems; one a dialogue and system.
    dialogues
        With references (for overlap) and emotions (for recognition), where there are any.
    options
        Tokeniser, vocabulary, which metrics.

    Yields
    ------
    Finding
        Level ``system``: ``distinct_1``, ``distinct_2``, ``distinct_1_intra``, ``distinct_2_intra``,
        ``ead_1``, ``ead_2`` (all times 100), ``bleu_4``, ``chrf_corpus``, ``rouge_l`` (0 to 100),
        ``bertscore_f1`` (rescaled: about 0 to 1), ``emotion_accuracy``, ``emotion_top_k``,
        ``emotion_out_of_label``, ``emotion_macro_f1`` (0 to 1), ``bits_per_byte`` (where responses tell the
        log-probability of their text).
        Level ``pair``:
        ``distinct_1_difference``, ``distinct_2_difference`` (on the same dialogues with an equal budget of
        tokens) and ``emotion_difference`` (McNemar's p).

    Notes
    -----
    An empty response counts as a response without tokens. A system that *is* the reference gets no overlap.
    """
    wishes = options or TextOptions()
    place = {d.dialogue_id: i for i, d in enumerate(dialogues)}
    corpora = _corpora([r for r in responses if r.dialogue_id in place], place, wishes)
    yield from diversity_findings(corpora, wishes)
    for corpus in corpora:
        surprise = bits_per_byte(corpus.system, corpus.responses, corpus.dialogue, wishes.confidence)
        if surprise is not None:
            yield surprise
    for corpus in corpora:
        yield from _overlaps(corpus, dialogues, wishes, len(responses))
    yield from _emotions(corpora, dialogues, wishes)


def _corpora(responses: Sequence[Response], place: dict[str, int], options: TextOptions) -> list[Corpus]:
    by_system: dict[str, list[Response]] = {}
    for response in responses:
        by_system.setdefault(response.system_id, []).append(response)
    return [
        Corpus(
            system,
            tuple(mine),
            np.array([place[r.dialogue_id] for r in mine], dtype=np.int64),
            encode((r.text for r in mine), options.tokeniser),
        )
        for system, mine in by_system.items()
    ]


def _overlaps(
    corpus: Corpus, dialogues: Sequence[Dialogue], options: TextOptions, total: int
) -> Iterator[Finding]:
    pairs = [
        (k, r.text, str(dialogues[int(d)].reference))
        for k, (r, d) in enumerate(zip(corpus.responses, corpus.dialogue, strict=True))
        if dialogues[int(d)].reference
    ]
    if not pairs or all(text.strip() == reference.strip() for _, text, reference in pairs):
        return
    kept = np.array([k for k, _, _ in pairs])
    texts, references = [t for _, t, _ in pairs], [r for _, _, r in pairs]
    small = total <= options.many
    wanted: list[tuple[str, Callable[..., Overlap], Callable[..., Any], bool]] = [
        ("bleu_4", bleu_sums, bleu, small if options.bleu is None else options.bleu),
        ("chrf_corpus", chrf_sums, chrf, small if options.chrf is None else options.chrf),
        ("rouge_l", rouge_l, lambda s: s[..., 0], options.rouge),
    ]
    for name, measure, score, asked in wanted:
        if asked:
            estimate = _overlap(measure(texts, references), score, corpus.dialogue[kept], name, options)
            yield finding("texts", name, estimate, level="system", system=corpus.system)
    if options.bertscore is not None:
        estimate = _bertscore(options.bertscore, texts, references, corpus.dialogue[kept], options)
        yield finding("texts", "bertscore_f1", estimate, level="system", system=corpus.system)


def _bertscore(
    measure: Similarity, texts: Sequence[str], references: Sequence[str], dialogue: Any, options: TextOptions
) -> Estimate:
    scores = np.array(measure.score(texts, references), dtype=np.float64)  # None becomes NaN
    known = np.isfinite(scores)
    method = f"mean F1, rescaled with the baseline; {measure.signature}; cluster jackknife, t"
    if not known.any():
        return unidentified("no response has a text", n=scores.size, method=method)
    made = cluster_mean(scores[known], dialogue[known], confidence=options.confidence, method=method)
    if known.all():
        return made
    return made.warn(f"{int((~known).sum())} responses are empty and are left out")


def _overlap(
    overlap: Overlap, score: Callable[..., Any], dialogue: Any, name: str, options: TextOptions
) -> Estimate:
    method = f"against one reference; {overlap.signature}; cluster jackknife, t"
    if name == "rouge_l":
        return cluster_mean(
            overlap.sums[:, 0], dialogue, confidence=options.confidence, method=f"mean {method}"
        ).clip(0.0, 100.0)
    code, count = dense_codes(dialogue)
    sums = np.column_stack([sum_by(code, column, count) for column in overlap.sums.T])
    if count < 2:
        value = float(score(sums.sum(axis=0)))
        return Estimate(value=value, n=count, clusters=count, method=f"corpus score {method}").warn(
            "one dialogue only: no interval can be given"
        )
    value, replicates = leave_one_out(sums, score)
    made = from_replicates(
        value, replicates, n=dialogue.size, confidence=options.confidence, method=f"corpus score {method}"
    )
    return made.clip(0.0, 100.0)


def _emotions(
    corpora: list[Corpus], dialogues: Sequence[Dialogue], options: TextOptions
) -> Iterator[Finding]:
    """Yield recognition of the systems whose responses say which emotion they predicted."""
    found: dict[str, dict[int, bool]] = {}
    for corpus in corpora:
        rows = [
            (int(d), _named(r.details))
            for r, d in zip(corpus.responses, corpus.dialogue, strict=True)
            if "predicted_emotion" in r.details and dialogues[int(d)].emotion
        ]
        if not rows:
            continue
        gold = [str(dialogues[d].emotion) for d, _ in rows]
        got = recognise(gold, [names for _, names in rows], meanings=options.meanings)
        found[corpus.system] = {d: right for (d, _), right in zip(rows, got.right, strict=True)}
        yield from _recognition(corpus.system, got, options)
    for one, two in combinations(found, 2):
        yield _emotion_difference(one, two, found, options)


def _named(details: Mapping[str, Any]) -> list[str | None]:
    """Return what a response's making named, the predicted label first."""
    others = details.get("named_emotions") or ()
    first = details["predicted_emotion"]
    rest = [str(name) for name in others if name != first] if not isinstance(others, str) else []
    return [None if first is None else str(first), *rest]


def _recognition(system: str, got: Recognition, options: TextOptions) -> Iterator[Finding]:
    n = len(got.right)
    columns = {"level": "system", "system": system}
    shares = (
        ("emotion_accuracy", got.right, "share of dialogues whose label was predicted"),
        ("emotion_top_k", got.top, "share of dialogues whose label is among all that were named"),
        ("emotion_out_of_label", got.outside, "share of predictions that are none of the labels"),
    )
    for name, hits, words in shares:
        share = float(np.mean(hits))
        low, high = wilson(share, n, options.confidence)
        estimate = Estimate(
            value=share, ci_low=low, ci_high=high, n=n, clusters=n, confidence=options.confidence,
            method=f"{words}; Wilson",
        )  # fmt: skip
        yield finding("texts", name, estimate, **columns)
    macro = Estimate(value=got.macro_f1, n=n, clusters=n, method="mean F1 of the labels that occur")
    yield finding("texts", "emotion_macro_f1", macro, **columns)


def _emotion_difference(
    one: str, two: str, found: dict[str, dict[int, bool]], options: TextOptions
) -> Finding:
    shared = sorted(found[one].keys() & found[two].keys())
    first, second = ([found[s][d] for d in shared] for s in (one, two))
    gap = np.array(first, dtype=float) - np.array(second, dtype=float)
    method = "difference of accuracies on the same dialogues; cluster jackknife, t; p by McNemar's exact test"
    estimate = cluster_mean(gap, np.arange(gap.size), confidence=options.confidence, method=method)
    if estimate.identified:
        estimate = replace(estimate, p=mcnemar(first, second))
    return finding("texts", "emotion_difference", estimate, level="pair", system=one, system_b=two)
