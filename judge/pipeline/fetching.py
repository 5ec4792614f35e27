"""Fetch one file over HTTP: resumed where it broke off, and only taken if its checksum is right."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.errors import InputError, Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK = 1 << 16
ATTEMPTS = 4
"""Times that a broken transfer is taken up again by itself."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file on the network: its name here, its address, the sha256 of its bytes."""

    name: str
    url: str
    sha256: str
    about: str = ""


EMPATHETIC_DIALOGUES = Source(
    "empatheticdialogues.tar.gz",
    "https://dl.fbaipublicfiles.com/parlai/empatheticdialogues/empatheticdialogues.tar.gz",
    "56f234d77b7dd1f005fd365bb17769cfe346c3c84295b69bc069c8ccb83be03d",
    "24,850 conversations about 32 emotions (Rashkin et al. 2019, arXiv 1811.00207), CC BY-NC 4.0, 28 MB",
)
DATA_SETS = {"empathetic-dialogues": EMPATHETIC_DIALOGUES}


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch(
    source: Source,
    folder: Path,
    *,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    timeout: float = 30.0,
) -> Path:
    """Fetch a file into a folder and return its path; one that is there with the right bytes is kept.

    Parameters
    ----------
    source
        What to fetch.
    folder
        Where to; made where it does not exist. What has arrived lies there as ``NAME.part`` until all is.
    progress
        Is told how many bytes there are and how many there will be (None if the server does not say).
    timeout
        Seconds without a byte after which the connection is given up.

    Raises
    ------
    InputError
        The address cannot be used, or the bytes are not the ones that were expected.
    Unfinished
        The server cannot be reached, or broke off again and again; the same call goes on later.
    """
    if not source.url.startswith(("http://", "https://")):
        raise InputError(f"the address must begin with http:// or https://, not {source.url!r}")
    target, part = folder / source.name, folder / f"{source.name}.part"
    if target.exists() and sha256_of(target) == source.sha256:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create the folder {folder}: {error.strerror}") from error
    problem = ""
    for _ in range(ATTEMPTS):
        before = _size(part)
        problem = _transfer(source.url, part, progress, timeout)
        if not problem:
            return _checked(source, part, target)
        if _size(part) <= before:
            break  # nothing came: trying again at once would not help
    kept = f"; {_size(part):,} bytes have arrived and are kept" if _size(part) else ""
    raise Unfinished(
        f"{source.url} could not be fetched: {problem}{kept}\n  mend: run the same command again when the"
        f" network is there, or fetch the file by another way, put it at {target} and run the command"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _checked(source: Source, part: Path, target: Path) -> Path:
    found = sha256_of(part)
    if found == source.sha256:
        part.replace(target)
        return target
    part.unlink()
    raise InputError(
        f"{source.url}: the file that came is not the one that was expected\n  sha256 expected"
        f" {source.sha256}\n  sha256 found    {found}\n  mend: if you trust this file, name its checksum with"
        " --sha256; nothing of it was kept"
    )


def _transfer(url: str, part: Path, progress: Callable[[int, int | None], None], timeout: float) -> str:
    """Fetch what is still lacking; returns what went wrong, or nothing."""
    have = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - http(s) only, see fetch
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - as above
            resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
            return _save(answer, part, have if resumed else 0, progress)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return ""  # it was whole already: the checksum decides
        return f"the server answers {error.code} ({error.reason})"
    except urllib.error.URLError as error:
        return f"no connection ({getattr(error.reason, 'strerror', None) or error.reason})"
    except (OSError, http.client.HTTPException) as error:
        return f"the connection broke ({error or type(error).__name__})"


def _save(answer: Any, part: Path, start: int, progress: Callable[[int, int | None], None]) -> str:
    length = answer.headers.get("Content-Length")
    total = start + int(length) if length and length.isdigit() else None
    done = start
    with part.open("ab" if start else "wb") as stream:
        progress(done, total)
        while block := answer.read(BLOCK):
            stream.write(block)
            done += len(block)
            progress(done, total)
    return "" if total is None or done >= total else f"the connection broke after {done:,} of {total:,} bytes"
