"""Descriptive means of the features of responses, by system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import finding
from judge.analysis.inputs import encode, require
from judge.analysis.jackknife import cluster_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

METHOD = "mean over responses; cluster jackknife, t"


def text_findings(features: pd.DataFrame, options: AuditOptions) -> Iterator[Finding]:
    """Yield the mean of every numeric or boolean feature of each system's responses."""
    require(features, ("dialogue_id", "system_id"), "features")
    dialogue, system = encode(features["dialogue_id"]), encode(features["system_id"])
    numeric = features.drop(columns=["dialogue_id", "system_id"]).select_dtypes(["number", "bool"])
    for column in numeric.columns:
        values = numeric[column].to_numpy(dtype=float, na_value=np.nan)
        known = np.isfinite(values)
        for code, name in enumerate(system.names):
            rows = known & (system.codes == code)
            estimate = cluster_mean(
                values[rows], dialogue.codes[rows], confidence=options.confidence, method=METHOD
            )
            yield finding("texts", "feature_mean", estimate, level="system", system=name, term=str(column))
