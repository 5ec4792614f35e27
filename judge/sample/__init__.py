"""The bundled sample: what `judge compare` runs on when no study is given; see ``docs/sample.md``.

All text is our own. The people's ratings are simulated (`judge.sample.simulate`), never collected.
"""

from __future__ import annotations

from pathlib import Path

from judge.errors import UnknownNameError

FILES: dict[str, str] = {
    "dialogues": "dialogues.jsonl",
    "responses": "responses.jsonl",
    "ratings": "ratings.jsonl",
    "parameters": "parameters.json",
    "study": "study.toml",
}
"""The name of each part and its file."""

__all__ = ["FILES", "sample_path"]


def sample_path(name: str) -> Path:
    """Return where a part of the sample lies.

    Parameters
    ----------
    name
        ``dialogues``, ``responses``, ``ratings``, ``parameters`` or ``study``.

    Raises
    ------
    UnknownNameError
        If the sample has no part of that name.

    Notes
    -----
    Assumes that the package is installed as files, which is how pip installs it: the study file names its
    tables relative to itself.

    Examples
    --------
    >>> sample_path("study").name
    'study.toml'
    """
    if name not in FILES:
        raise UnknownNameError("part of the sample", name, tuple(FILES))
    return Path(__file__).resolve().parent / FILES[name]
