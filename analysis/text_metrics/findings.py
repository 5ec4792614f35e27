"""Text metrics of a study's responses, as findings of the family ``texts``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.analysis.estimate import Estimate, finding, t_estimate, unidentified, wilson
from judge.analysis.jackknife import cluster_mean, dense_codes, from_replicates, leave_one_out, sum_by
from judge.analysis.text_metrics.distinct import (
    EAD_VOCABULARY,
    difference,
    distinct,
    distinct_intra,
    expectation_adjusted,
    half_spread,
    ngrams,
)
from judge.analysis.text_metrics.emotion import mcnemar, recognise
from judge.analysis.text_metrics.overlap import bleu, bleu_sums, chrf, chrf_sums, rouge_l
from judge.analysis.text_metrics.perplexity import bits_per_byte
from judge.analysis.text_metrics.tokens import tokeniser_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from judge.analysis.similarity import Similarity
    from judge.analysis.text_metrics.distinct import NGrams
    from judge.analysis.text_metrics.emotion import Recognition
    from judge.analysis.text_metrics.overlap import Overlap
    from judge.analysis.text_metrics.tokens import Tokeniser
    from judge.types import Dialogue, Finding, Response

ORDERS = (1, 2)
UNEQUAL = 1.1
"""Corpora whose sizes differ by more than this factor are not comparable by Distinct as it is."""


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


@dataclass(frozen=True)
class _Corpus:
    system: str
    responses: tuple[Response, ...]
    dialogue: np.ndarray[Any, np.dtype[np.int64]]
    grams: tuple[NGrams, ...]

    @property
    def tokens(self) -> int:
        return int(self.grams[0].words.sum())


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
    sizes = [c.tokens for c in corpora]
    note = _size_note(sizes)
    for corpus in corpora:
        yield from _diversity(corpus, wishes, note)
    yield from _differences(corpora, wishes)
    for corpus in corpora:
        surprise = bits_per_byte(corpus.system, corpus.responses, corpus.dialogue, wishes.confidence)
        if surprise is not None:
            yield surprise
    for corpus in corpora:
        yield from _overlaps(corpus, dialogues, wishes, len(responses))
    yield from _emotions(corpora, dialogues, wishes)


def _corpora(responses: Sequence[Response], place: dict[str, int], options: TextOptions) -> list[_Corpus]:
    by_system: dict[str, list[Response]] = {}
    for response in responses:
        by_system.setdefault(response.system_id, []).append(response)
    split = tokeniser_function(options.tokeniser)
    found = []
    for system, mine in by_system.items():
        words = [split(r.text) for r in mine]
        dialogue = np.array([place[r.dialogue_id] for r in mine], dtype=np.int64)
        found.append(_Corpus(system, tuple(mine), dialogue, tuple(ngrams(words, n) for n in ORDERS)))
    return found


def _size_note(sizes: list[int]) -> tuple[str, ...]:
    if not sizes or max(sizes) <= UNEQUAL * max(min(sizes), 1):
        return ()
    note = (
        f"the systems' texts differ in size ({min(sizes):,} to {max(sizes):,} tokens), and this number falls"
        " with size: compare systems by the differences at an equal budget"
    )
    return (note,)


def _diversity(corpus: _Corpus, options: TextOptions, note: tuple[str, ...]) -> Iterator[Finding]:
    columns = {"level": "system", "system": corpus.system, "term": options.tokeniser}
    words = f"{options.tokeniser} tokens, case kept"
    for n, grams in zip(ORDERS, corpus.grams, strict=True):
        method = (
            f"distinct {n}-grams over all {n}-grams of all responses, x100; {words};"
            " interval from halves without replacement"
        )
        if not grams.code.size:
            missing = unidentified(f"no response has {n} tokens", n=grams.size, method=method)
            yield finding("texts", f"distinct_{n}", missing, **columns)
            continue
        rng = np.random.default_rng(options.seed)
        error = half_spread(grams, corpus.dialogue, rng=rng, draws=options.draws)
        value = 100 * distinct(grams)
        yield finding(
            "texts", f"distinct_{n}", _with_error(value, 100 * error, corpus, options, method), **columns,
            warnings=note,
        )  # fmt: skip
        yield from _within(corpus, grams, n, options, columns)
        ead = 100 * expectation_adjusted(grams.kinds, grams.code.size, options.vocabulary)
        how = (
            f"distinct {n}-grams over those expected of a vocabulary of {options.vocabulary:,}, x100; {words}"
        )
        # The denominator is a function of the size alone: the relative error is that of Distinct.
        relative = error / distinct(grams)
        yield finding("texts", f"ead_{n}", _with_error(ead, ead * relative, corpus, options, how), **columns)


def _within(
    corpus: _Corpus, grams: NGrams, n: int, options: TextOptions, columns: dict[str, str]
) -> Iterator[Finding]:
    shares = 100 * distinct_intra(grams)
    known = np.isfinite(shares)
    method = f"mean over responses of distinct {n}-grams over {n}-grams, x100; cluster jackknife, t"
    inner = cluster_mean(
        shares[known], corpus.dialogue[known], confidence=options.confidence, method=method
    ).clip(0.0, 100.0)
    if not known.all():
        inner = inner.warn(f"{int((~known).sum())} responses have fewer than {n} tokens and are left out")
    yield finding("texts", f"distinct_{n}_intra", inner, **columns)


def _with_error(value: float, error: float, corpus: _Corpus, options: TextOptions, method: str) -> Estimate:
    n, clusters = len(corpus.responses), int(np.unique(corpus.dialogue).size)
    if not np.isfinite(error):
        return Estimate(value=value, n=n, clusters=clusters, method=method).warn(
            "fewer than 4 dialogues: no interval can be given"
        )
    made = t_estimate(value, error, clusters - 1, n=n, confidence=options.confidence, method=method)
    return made.clip(0.0, np.inf)


def _differences(corpora: list[_Corpus], options: TextOptions) -> Iterator[Finding]:
    pairs = list(combinations(corpora, 2))
    # Many systems: fewer halves each, so that the whole stays a matter of seconds.
    draws = max(30, min(options.draws, 3000 // max(len(pairs), 1)))
    for one, two in pairs:
        for n, first, second in zip(ORDERS, one.grams, two.grams, strict=True):
            rng = np.random.default_rng(options.seed)
            value, error, budget = difference(
                first, second, (one.dialogue, two.dialogue), rng=rng, draws=draws
            )
            shared = int(np.intersect1d(one.dialogue, two.dialogue).size)
            method = (
                f"difference of Distinct-{n}, x100, on the same dialogues at {budget:,} {n}-grams each;"
                f" {options.tokeniser} tokens; halves without replacement"
            )
            columns = {
                "level": "pair",
                "system": one.system,
                "system_b": two.system,
                "term": options.tokeniser,
            }
            if not np.isfinite(value):
                made = unidentified(
                    "fewer than 4 dialogues in common", n=shared, clusters=shared, method=method
                )
            else:
                made = t_estimate(
                    100 * value, 100 * error, shared - 1, n=shared, confidence=options.confidence,
                    method=method, null=0.0,
                )  # fmt: skip
            yield finding("texts", f"distinct_{n}_difference", made, **columns)


def _overlaps(
    corpus: _Corpus, dialogues: Sequence[Dialogue], options: TextOptions, total: int
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
    corpora: list[_Corpus], dialogues: Sequence[Dialogue], options: TextOptions
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
