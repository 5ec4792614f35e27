"""The long tables on disk: dialogues, responses, ratings, duels, features and findings.

Every table is read and written as .jsonl, .jsonl.gz, .csv, .csv.gz or .parquet (with the extra ``parquet``),
told by the ending, and checked at the border: a `judge.errors.TableError` names file, row, column and mend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judge.tables.findings import FINDING_COLUMNS, read_findings, write_findings
from judge.tables.sniff import table_kind
from judge.tables.texts import Links, check_links, dialogue_frame, read_dialogues, read_responses
from judge.tables.write import (
    atomic_text,
    write_dialogues,
    write_duels,
    write_features,
    write_ratings,
    write_responses,
)

if TYPE_CHECKING:
    from judge.tables.frames import read_duels, read_features, read_ratings

__all__ = [
    "FINDING_COLUMNS",
    "Links",
    "atomic_text",
    "check_links",
    "dialogue_frame",
    "read_dialogues",
    "read_duels",
    "read_features",
    "read_findings",
    "read_ratings",
    "read_responses",
    "table_kind",
    "write_dialogues",
    "write_duels",
    "write_features",
    "write_findings",
    "write_ratings",
    "write_responses",
]


def __getattr__(name: str) -> Any:
    # The frames need pandas, which costs half a second: loaded when first asked for.
    if name in ("read_duels", "read_features", "read_ratings"):
        from judge.tables import frames

        return getattr(frames, name)
    raise AttributeError(f"module 'judge.tables' has no attribute {name!r}")
