"""Where everything of one run lies, and whether this version may work in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
"""Version of the run folder's layout. A folder of a higher number was made by a newer version."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    root: Path

    @property
    def report(self) -> Path:
        """The rendered report."""
        return self.root / "report.html"

    @property
    def manifest(self) -> Path:
        """How the run was made."""
        return self.root / "manifest.json"

    @property
    def store(self) -> Path:
        """Every answer as it came."""
        return self.root / "run.sqlite"

    @property
    def indexes(self) -> Path:
        """Search indexes and inferences, each named by its content; may be deleted."""
        return self.root / "indexes"

    def table(self, name: str, ending: str = "jsonl") -> Path:
        """Return the path of one table: dialogues, responses, ratings, duels, features, findings."""
        return self.root / f"{name}.{ending}"

    def open(self) -> RunFolder:
        """Create the folder, or check that an existing one is a run of ours that we can read.

        Raises
        ------
        InputError
            If the path is a file, holds something else, or was made by a newer version.
        """
        if self.root.exists() and not self.root.is_dir():
            raise InputError(f"{self.root} is a file; --out needs a folder")
        if self.root.exists() and any(self.root.iterdir()):
            self._check_is_ours()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot create the run folder {self.root}: {error.strerror}") from error
        return self

    def read_manifest(self) -> dict[str, Any]:
        """Return the manifest.

        Raises
        ------
        InputError
            If there is none, it is damaged, or it was written by a newer version.
        """
        try:
            manifest = json.loads(self.manifest.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{self.root} is not a run folder: it holds no manifest.json") from None
        except (ValueError, OSError) as error:
            raise InputError(f"{self.manifest} cannot be read: {error}") from error
        if not isinstance(manifest, dict):
            raise InputError(f"{self.manifest} is not a manifest: a JSON object was expected")
        found = manifest.get("format", 0)
        if not isinstance(found, int) or found > FORMAT:
            raise InputError(
                f"{self.root} was made by a newer version of judge (folder format {found}, this version"
                f" reads up to {FORMAT}); update judge, or choose another folder with --out"
            )
        return manifest

    def _check_is_ours(self) -> None:
        if self.manifest.exists():
            self.read_manifest()
            return
        foreign = sorted(p.name for p in self.root.iterdir() if p.name not in _OURS)
        if foreign:
            listing = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
            raise InputError(
                f"{self.root} holds other files ({listing}) and no run; choose an empty folder with --out"
            )


_OURS = {"run.sqlite", "run.sqlite-wal", "run.sqlite-shm", "run.lock", "report.html", "indexes"} | {
    f"{name}.{ending}"
    for name in ("dialogues", "responses", "ratings", "duels", "features", "findings")
    for ending in ("jsonl", "csv")
}
