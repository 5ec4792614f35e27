"""Drift: whether a judge says the same of the same items after its rubric or its model changed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.common import FAMILY
from judge.analysis.estimate import equivalence_verdict, finding, unidentified
from judge.analysis.inputs import encode
from judge.analysis.jackknife import cluster_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.inputs import AuditOptions, Codes
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Ints = NDArray[np.int64]

INSTRUMENT = ("rubric", "model_snapshot")
"""Columns of which a change makes another instrument."""
METHOD = "mean of paired differences on items that both instruments judged; cluster jackknife, t"
ANCHORS = 100
"""Items of an anchor set (with two repeats each)."""
REASON = (
    "no judge scored the same items with two instruments (another rubric or model_snapshot). What would help:"
    f" an anchor set of {ANCHORS} items or more, judged again at each change"
)


def drift_findings(table: RatingTable, frame: pd.DataFrame, options: AuditOptions) -> Iterator[Finding]:
    """Yield the change of each judge's scores between two instruments, in points.

    The instruments are compared in the order of their names (a rubric's version is in its name).
    """
    instrument = _instruments(frame)
    some = False
    for judge in table.judges:
        for criterion in range(len(table.criterion)):
            rows = table.ok & (table.rater.codes == judge) & (table.criterion.codes == criterion)
            used = np.unique(instrument.codes[rows])
            for old, new in pairwise(used):
                some = True
                yield _drift(table, rows, instrument, (int(old), int(new)), options)
    if not some and table.judges:
        yield finding(FAMILY, "drift", unidentified(REASON, method=METHOD), level="pooled")


def _instruments(frame: pd.DataFrame) -> Codes:
    import pandas as pd

    parts = [frame[name].astype("object").fillna("").astype(str) for name in INSTRUMENT if name in frame]
    if not parts:
        return encode(pd.Series(["" for _ in range(len(frame))], dtype=object))
    label = parts[0]
    for part in parts[1:]:
        label = label + " " + part
    return encode(label)


def _drift(
    table: RatingTable,
    rows: NDArray[np.bool_],
    instrument: Codes,
    between: tuple[int, int],
    options: AuditOptions,
) -> Finding:
    items = len(table.dialogue) * len(table.system)
    item = table.dialogue.codes * len(table.system) + table.system.codes
    means = []
    for code in between:
        at = rows & (instrument.codes == code)
        count = np.bincount(item[at], minlength=items)
        total = np.bincount(item[at], weights=table.score[at], minlength=items)
        means.append(np.divide(total, count, out=np.full(items, np.nan), where=count > 0))
    apart = means[1] - means[0]
    both = np.flatnonzero(np.isfinite(apart))
    cluster = table.cluster_of_dialogue[both // max(len(table.system), 1)]
    estimate = cluster_mean(apart[both], cluster, confidence=options.confidence, method=METHOD, null=0.0)
    if 0 < both.size < ANCHORS:
        estimate = estimate.warn(f"{both.size} anchor items; {ANCHORS} or more are wanted")
    if not both.size:
        estimate = unidentified("the two instruments judged no item in common", method=METHOD)
    sd = float(means[0][both].std(ddof=1)) if both.size > 1 else 0.0
    verdict, notes = equivalence_verdict(estimate, options.margin * sd)
    first = int(np.argmax(rows))
    return finding(
        FAMILY,
        "drift",
        estimate,
        level="pooled",
        judge=table.rater.names[int(table.rater.codes[first])],
        criterion=table.criterion.names[int(table.criterion.codes[first])],
        term=f"{instrument.names[between[0]]} -> {instrument.names[between[1]]}",
        verdict=verdict,
        warnings=notes,
    )
