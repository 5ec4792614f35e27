"""Diversity of the systems' responses, as findings: Distinct, EAD, the differences of pairs of systems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.analysis.estimate import Estimate, finding, t_estimate, unidentified
from judge.analysis.jackknife import cluster_mean
from judge.analysis.text_metrics.distinct import (
    difference,
    distinct,
    distinct_intra,
    expectation_adjusted,
    half_spread,
    hold,
    random_halves,
    random_orders,
    word_ngrams,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from judge.analysis.text_metrics.distinct import Held, NGrams, Orders
    from judge.analysis.text_metrics.findings import TextOptions
    from judge.analysis.text_metrics.tokens import Words
    from judge.types import Finding, Response

    Draw = Callable[[int], Orders]

ORDERS = (1, 2)
UNEQUAL = 1.1
"""Corpora whose sizes differ by more than this factor are not comparable by Distinct as it is."""


@dataclass(frozen=True)
class Corpus:
    """What one system wrote: its responses, the place of each one's dialogue, and the words as numbers."""

    system: str
    responses: tuple[Response, ...]
    dialogue: np.ndarray[Any, np.dtype[np.int64]]
    words: Words


@dataclass(frozen=True)
class _Part:
    """The n-grams of one system, and which dialogues hold them."""

    corpus: Corpus
    n: int
    grams: NGrams
    held: Held


@dataclass(frozen=True)
class _Setting:
    """What holds for all systems. Those that answered equally many dialogues see the same random draws."""

    options: TextOptions
    note: tuple[str, ...]
    halves: Draw
    orders: Draw


def diversity_findings(corpora: Sequence[Corpus], options: TextOptions) -> Iterator[Finding]:
    """Yield Distinct and EAD of each system, then the differences of all pairs of systems."""
    setting = _setting(corpora, options)
    # The n-grams of one order are held at a time: they take the most memory here.
    found = [_of_order(n, corpora, setting) for n in ORDERS]
    for systems in zip(*(single for single, _ in found), strict=True):
        yield from chain.from_iterable(systems)
    for pairs in zip(*(double for _, double in found), strict=True):
        yield from pairs


def _setting(corpora: Sequence[Corpus], options: TextOptions) -> _Setting:
    pairs = len(corpora) * (len(corpora) - 1) // 2
    # Many systems: fewer halves each, so that the whole stays a matter of seconds.
    few = max(30, min(options.draws, 3000 // max(pairs, 1)))

    @lru_cache(maxsize=1)
    def halves(size: int) -> Orders:
        return random_halves(size, rng=np.random.default_rng(options.seed), draws=options.draws)

    @lru_cache(maxsize=1)
    def orders(size: int) -> Orders:
        return random_orders(size, rng=np.random.default_rng(options.seed), draws=few)

    return _Setting(options, _size_note([corpus.words.code.size for corpus in corpora]), halves, orders)


def _size_note(sizes: list[int]) -> tuple[str, ...]:
    if not sizes or max(sizes) <= UNEQUAL * max(min(sizes), 1):
        return ()
    note = (
        f"the systems' texts differ in size ({min(sizes):,} to {max(sizes):,} tokens), and this number falls"
        " with size: compare systems by the differences at an equal budget"
    )
    return (note,)


def _of_order(
    n: int, corpora: Sequence[Corpus], setting: _Setting
) -> tuple[list[list[Finding]], list[Finding]]:
    """Return the findings about n-grams: some of each system, and one of each pair of systems."""
    single, parts = [], []
    for corpus in corpora:
        grams = word_ngrams(corpus.words, n)
        parts.append(_Part(corpus, n, grams, hold(grams, corpus.dialogue)))
        single.append(list(_diversity(parts[-1], setting)))
    return single, [_difference(one, two, setting) for one, two in combinations(parts, 2)]


def _diversity(part: _Part, setting: _Setting) -> Iterator[Finding]:
    n, grams, options = part.n, part.grams, setting.options
    columns = {"level": "system", "system": part.corpus.system, "term": options.tokeniser}
    words = f"{options.tokeniser} tokens, case kept"
    method = (
        f"distinct {n}-grams over all {n}-grams of all responses, x100; {words};"
        " interval from halves without replacement"
    )
    if not grams.code.size:
        missing = unidentified(f"no response has {n} tokens", n=grams.count.size, method=method)
        yield finding("texts", f"distinct_{n}", missing, **columns)
        return
    error = half_spread(part.held, setting.halves)
    made = _with_error(100 * distinct(grams), 100 * error, part, options, method)
    yield finding("texts", f"distinct_{n}", made, **columns, warnings=setting.note)
    yield finding("texts", f"distinct_{n}_intra", _within(part, options), **columns)
    ead = 100 * expectation_adjusted(grams.kinds, grams.code.size, options.vocabulary)
    how = f"distinct {n}-grams over those expected of a vocabulary of {options.vocabulary:,}, x100; {words}"
    # The denominator is a function of the size alone: the relative error is that of Distinct.
    relative = error / distinct(grams)
    yield finding("texts", f"ead_{n}", _with_error(ead, ead * relative, part, options, how), **columns)


def _within(part: _Part, options: TextOptions) -> Estimate:
    n = part.n
    shares = 100 * distinct_intra(part.grams)
    known = np.isfinite(shares)
    method = f"mean over responses of distinct {n}-grams over {n}-grams, x100; cluster jackknife, t"
    inner = cluster_mean(
        shares[known], part.corpus.dialogue[known], confidence=options.confidence, method=method
    ).clip(0.0, 100.0)
    if known.all():
        return inner
    return inner.warn(f"{int((~known).sum())} responses have fewer than {n} tokens and are left out")


def _with_error(value: float, error: float, part: _Part, options: TextOptions, method: str) -> Estimate:
    n, clusters = part.grams.count.size, part.held.dialogue.size
    if not np.isfinite(error):
        return Estimate(value=value, n=n, clusters=clusters, method=method).warn(
            "fewer than 4 dialogues: no interval can be given"
        )
    made = t_estimate(value, error, clusters - 1, n=n, confidence=options.confidence, method=method)
    return made.clip(0.0, np.inf)


def _difference(one: _Part, two: _Part, setting: _Setting) -> Finding:
    n, options = one.n, setting.options
    gap = difference(one.held, two.held, setting.orders)
    method = (
        f"difference of Distinct-{n}, x100, on the same dialogues at {gap.budget:,} {n}-grams each;"
        f" {options.tokeniser} tokens; halves without replacement"
    )
    systems = {"system": one.corpus.system, "system_b": two.corpus.system}
    if np.isfinite(gap.value):
        made = t_estimate(
            100 * gap.value, 100 * gap.std_error, gap.shared - 1, n=gap.shared,
            confidence=options.confidence, method=method, null=0.0,
        )  # fmt: skip
    else:
        reason = "fewer than 4 dialogues in common"
        made = unidentified(reason, n=gap.shared, clusters=gap.shared, method=method)
    return finding("texts", f"distinct_{n}_difference", made, level="pair", term=options.tokeniser, **systems)
