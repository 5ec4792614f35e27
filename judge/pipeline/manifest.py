"""The manifest: how a run was made, so that it can be checked and made again. Never holds a key."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from judge import __version__
from judge.errors import StoreError
from judge.pipeline.keys import file_digest
from judge.pipeline.runfolder import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

    from judge.pipeline.runfolder import RunFolder

_LIBRARIES = (
    "anthropic", "jinja2", "krippendorff", "matplotlib", "numpy", "openai", "pandas", "sacrebleu", "scipy",
)  # fmt: skip
_TABLES = ("dialogues", "responses", "ratings", "duels", "features", "findings")


def versions() -> dict[str, str]:
    """Return the versions that the numbers may depend on."""
    found = {"judge": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an extra that is not installed decides nothing
            continue
    return found


def table_digests(folder: RunFolder) -> dict[str, str]:
    """Return the hash of every table of the run."""
    found = {}
    for name in _TABLES:
        for ending in ("jsonl", "csv"):
            path = folder.table(name, ending)
            if path.exists():
                found[path.name] = file_digest(path)
    return found


def base_manifest(**parts: Any) -> dict[str, Any]:
    """Return a manifest with the parts that every run has, and those given."""
    return {
        "format": FORMAT,
        "versions": versions(),
        "command": ["judge", *sys.argv[1:]],
        **parts,
    }


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that the file is either the old one or the whole new one.

    Raises
    ------
    StoreError
        The disk would not take it; the old file is still there.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=1, ensure_ascii=False)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error.strerror}; free some space and start again") from error


def check_tables(folder: RunFolder) -> list[str]:
    """Compare the tables with the hashes of the manifest; return what differs, one line each."""
    problems = []
    recorded = folder.read_manifest().get("tables", {})
    for name, expected in recorded.items():
        path = folder.root / name
        if not path.exists():
            problems.append(f"{name}: missing")
        elif file_digest(path) != expected:
            problems.append(f"{name}: changed since the run (its hash differs from the manifest's)")
    return problems
