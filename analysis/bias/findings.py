"""Every question about bias that the tables can answer, and what is missing for those that they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.columns import feature_columns
from judge.analysis.bias.material import duel_materials, rating_materials
from judge.analysis.bias.panel import panel
from judge.analysis.inputs import AuditInput, AuditOptions, Codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding


def bias_findings(
    ratings: RatingTable | None, duels: DuelTable | None, data: AuditInput, options: AuditOptions
) -> Iterator[Finding]:
    """Yield the bias family of every judge and criterion.

    Parameters
    ----------
    ratings, duels
        Coded tables, either may be missing.
    data
        The frames behind them, with the features and dialogues.
    options
        Confidence and margin (in SD of the judge).
    """
    if data.features is None:
        return
    if ratings is not None:
        columns = feature_columns(data.features, ratings.dialogue, ratings.system)
        for material in rating_materials(ratings, columns):
            yield from panel(material, options)
    if duels is not None:
        dialogue = Codes(np.arange(len(duels.dialogue_names)), duels.dialogue_names)
        columns = feature_columns(data.features, dialogue, duels.system)
        for material in duel_materials(duels, ratings, columns):
            yield from panel(material, options)
