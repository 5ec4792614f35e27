"""Writing the page: template, style, script, pictures and payload become one file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from judge.errors import StoreError
from judge.reports import words
from judge.reports.figures import draw_curves, draw_forest
from judge.reports.gaps import NOT_TESTED
from judge.reports.items import build_payload
from judge.reports.load import load_run
from judge.reports.text import visible
from judge.reports.view import build_view

if TYPE_CHECKING:
    from jinja2 import Environment

    from judge.reports.load import Run
    from judge.reports.model import ReportView

PLAIN_LIMIT = 2_000_000
"""Payloads of more bytes are deflated; the page unpacks them with DecompressionStream."""
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, slots=True)
class Payload:
    """The items as text for a data block of the page."""

    text: str
    packed: bool


def render_report(run_folder: Path | str, out: Path | str | None = None, *, title: str | None = None) -> Path:
    """Render the report of a run as one self-contained HTML file.

    Parameters
    ----------
    run_folder
        A folder that `judge compare` or `judge audit` wrote.
    out
        The file to write; by default ``report.html`` in the folder.
    title
        The page's title; by default the study's name, else the folder's.

    Returns
    -------
    Path
        The file written. It is either the old one or the whole new one.

    Raises
    ------
    judge.errors.InputError
        The folder is not a run, or one of its tables does not keep its contract.
    judge.errors.StoreError
        The file could not be written.

    Notes
    -----
    No provider is asked and no statistic is computed: the page shows findings and rows of tables. The
    same run gives the same bytes.
    """
    folder = Path(run_folder)
    target = Path(out) if out is not None else folder / "report.html"
    page = render_page(load_run(folder), title=title)
    _write(target, page)
    return target


def render_page(run: Run, *, title: str | None = None) -> str:
    """Return the whole page of a run as text."""
    view = build_view(run, title)
    style, script = _asset("report.css"), _asset("report.js")
    payload = pack(build_payload(run))
    environment = _environment()
    return environment.get_template("report.html.jinja").render(
        view=view,
        signs=words.SIGNS,
        verdicts=words.VERDICTS,
        style=_safe(style),
        script=_safe(script),
        policy=policy(style, script),
        figures={key: tuple(_safe(f) for f in pair) for key, pair in _figures(view).items()},
        payload=_safe(payload.text),
        packed=payload.packed,
    )


def policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy: nothing but this very style and this very script.

    >>> policy("a", "b").split("; ")[0]
    "default-src 'none'"
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def pack(payload: dict[str, Any]) -> Payload:
    r"""Return the payload as JSON that cannot end its element, deflated and in base64 where it is large.

    >>> pack({"text": "</script>"}).text
    '{"text":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(text) < PLAIN_LIMIT:
        return Payload(text.translate(_ESCAPES), packed=False)
    packed = zlib.compress(text.encode("utf-8"), 6)
    return Payload(base64.b64encode(packed).decode("ascii"), packed=True)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _asset(name: str) -> str:
    return resources.files("judge.reports.templates").joinpath(name).read_text(encoding="utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("judge.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.tests["untested"] = lambda note: note.startswith(NOT_TESTED)
    return environment


def _finalize(value: Any) -> Any:
    # A plain string may come from anyone; Markup is ours alone.
    return visible(value) if type(value) is str else value


def _safe(text: str) -> Markup:
    """Mark text of our own (style, script, pictures, escaped JSON) as ready for the page."""
    return Markup(text)  # noqa: S704 - never called on text from outside


def _figures(view: ReportView) -> dict[str, tuple[str, str]]:
    """Return each panel's pictures in two widths, by section and number of the panel."""
    drawn = {}
    for section in view.sections:
        for i, panel in enumerate(section.panels):
            key = f"{section.anchor}-{i}"
            if panel.forest is not None:
                wide, narrow = (
                    draw_forest(panel.forest, prefix=f"{key}-{s[0]}-", size=s) for s in ("wide", "narrow")
                )
                drawn[key] = (wide, narrow)
            if panel.curves is not None:
                wide, narrow = (
                    draw_curves(panel.curves, prefix=f"{key}-c{s[0]}-", size=s) for s in ("wide", "narrow")
                )
                drawn[f"{key}-curves"] = (wide, narrow)
    return drawn


def _write(target: Path, page: str) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(page)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"cannot write {target}: {error.strerror}; free some space and start again"
        ) from error
