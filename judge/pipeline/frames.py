"""Putting frames together without losing what makes them small."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def concat(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack frames; categorical columns stay categorical (plain `concat` turns them to objects).

    Parameters
    ----------
    frames
        One or more, with columns that may differ; what a frame lacks is missing in its rows.
    """
    import pandas as pd
    from pandas.api.types import union_categoricals

    parts = [frame for frame in frames if len(frame)]
    if len(parts) <= 1:
        return parts[0] if parts else frames[0]
    categorical = [
        name
        for name in parts[0].columns
        if all(name in p.columns and isinstance(p[name].dtype, pd.CategoricalDtype) for p in parts)
    ]
    unions = {name: union_categoricals([p[name] for p in parts]) for name in categorical}
    stacked = pd.concat([p.drop(columns=categorical) for p in parts], ignore_index=True)
    for name, values in unions.items():
        stacked[name] = values
    order = [name for name in parts[0].columns if name in stacked.columns]
    rest = [name for name in stacked.columns if name not in order]
    return stacked[order + rest]
