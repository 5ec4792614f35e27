"""The e-process of each pair, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, finding
from judge.analysis.jackknife import count_by, dense_codes, sum_by
from judge.analysis.ranking.eprocess import e_bh, log_betting_at_end
from judge.analysis.ranking.win_rate import voices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

METHOD = "e-value of a mixture of bets on cluster means; p = 1/e holds however often one has looked; e-BH"


def evidence_findings(table: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield the e-value of each pair against equality, with e-BH over the pairs of a judge and criterion.

    The logarithm (base 10) is given, since e-values grow beyond what a table can hold.
    """
    alpha = 1 - options.confidence
    for voice in voices(table):
        found = []
        known = np.isfinite(voice.score)
        for pair in np.unique(voice.units.pair[known]):
            rows = known & (voice.units.pair == pair)
            code, count = dense_codes(voice.units.cluster[rows])
            means = sum_by(code, voice.score[rows], count) / count_by(code, count)
            found.append((int(pair), int(rows.sum()), count, log_betting_at_end(means)))
        chosen = e_bh([float(np.exp(min(item[3], 700.0))) for item in found], alpha)
        for (pair, n, clusters, log_e), counts in zip(found, chosen, strict=True):
            one, two = (table.system.names[int(code)] for code in table.pairs[pair])
            estimate = Estimate(
                value=log_e / np.log(10),
                p=float(np.exp(-max(log_e, 0.0))),
                n=n,
                clusters=clusters,
                method=METHOD,
            )
            yield finding(
                "ranking", "log10_e_value", estimate, level="pair", judge=voice.judge,
                criterion=voice.criterion, system=one, system_b=two, n_raters=voice.raters,
                correction="e-bh", term="differ" if counts else "open",
            )  # fmt: skip
