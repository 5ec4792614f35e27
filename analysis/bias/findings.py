"""Every question about bias that the tables can answer, and what is missing for those that they cannot."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.columns import feature_columns, no_features
from judge.analysis.bias.material import duel_materials, items_of_pairs, rating_materials
from judge.analysis.bias.panel import panel
from judge.analysis.bias.self_preference import generator_families, self_preference_findings
from judge.analysis.bias.slope import slope_finding
from judge.analysis.inputs import AuditInput, AuditOptions, Codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
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
    if ratings is not None and data.ratings is not None and ratings.judges:
        yield from _of_ratings(ratings, data.ratings, data, options)
    if duels is not None and duels.judges:
        yield from _of_duels(duels, ratings, data, options)


def _of_ratings(
    table: RatingTable, frame: pd.DataFrame, data: AuditInput, options: AuditOptions
) -> Iterator[Finding]:
    from judge.analysis.bias.classes import class_findings
    from judge.analysis.bias.drift import drift_findings
    from judge.analysis.bias.halo import halo_findings
    from judge.analysis.bias.length import curvature_findings
    from judge.analysis.bias.leniency import leniency_finding, range_findings

    columns = no_features(table.dialogue, table.system)
    if data.features is not None:
        columns = feature_columns(data.features, table.dialogue, table.system)
    family = generator_families(data.features, table.dialogue, table.system)
    for name, group in groupby(rating_materials(table, columns), key=_criterion):
        materials = list(group)
        for material in materials:
            yield from panel(material, options)
            yield from curvature_findings(material, options)
            yield slope_finding(material, options)
            yield leniency_finding(material, table, table.criterion.names.index(name), options)
            yield from class_findings(material, table.dialogue, len(table.system), data.dialogues, options)
        sides: dict[str, tuple[NDArray[np.int64], NDArray[np.int64] | None]]
        sides = {m.judge: (m.item, None) for m in materials}
        yield from self_preference_findings(materials, sides, family, options)
    yield from range_findings(table, options)
    yield from halo_findings(table, frame, options)
    yield from drift_findings(table, frame, options)


def _of_duels(
    duels: DuelTable, ratings: RatingTable | None, data: AuditInput, options: AuditOptions
) -> Iterator[Finding]:
    dialogue = Codes(np.arange(len(duels.dialogue_names)), duels.dialogue_names)
    columns = no_features(dialogue, duels.system)
    if data.features is not None:
        columns = feature_columns(data.features, dialogue, duels.system)
    family = generator_families(data.features, dialogue, duels.system)
    for _, group in groupby(duel_materials(duels, ratings, columns), key=_criterion):
        materials = list(group)
        for material in materials:
            yield from panel(material, options)
            yield slope_finding(material, options)
        sides = {m.judge: items_of_pairs(duels, *np.divmod(m.item, duels.dialogues)) for m in materials}
        yield from self_preference_findings(materials, dict(sides), family, options)
    if columns.values:
        from judge.analysis.bias.length import adjusted_findings

        yield from adjusted_findings(duels, columns, options)


def _criterion(material: Material) -> str:
    return material.criterion
