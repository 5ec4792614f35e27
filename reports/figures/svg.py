"""Turning matplotlib's SVG into one that fits the page.

The page's Content-Security-Policy forbids style attributes, and the page is light or dark. So styles
become presentation attributes, and marker colours become classes that the style sheet colours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from markupsafe import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

INK, QUIET, ACCENT, LINE = "#000001", "#000002", "#000003", "#000004"
GOOD, WARN, BAD, PAPER, BAND = "#000005", "#000006", "#000007", "#000008", "#000009"
_CLASSES = {
    INK: "ink", QUIET: "quiet", ACCENT: "accent", LINE: "line", GOOD: "good", WARN: "warn", BAD: "bad",
    PAPER: "paper", BAND: "band",
}  # fmt: skip
_KEPT = frozenset(
    {
        "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "opacity",
        "fill-opacity", "stroke-opacity", "text-anchor", "font-size", "font-weight",
    }
)  # fmt: skip
_FONT = re.compile(r"(?P<size>[\d.]+)px")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def fit_to_page(svg: str, *, prefix: str, title: str, description: str, css_class: str) -> str:
    """Return matplotlib's `svg` as an element for the page.

    Parameters
    ----------
    svg
        A whole SVG file as matplotlib writes it (our own output, not a stranger's).
    prefix
        Put before every id that is kept, so that several pictures may stand on one page.
    title, description
        For those who cannot see the picture.
    css_class
        Class of the element.
    """
    root = ET.fromstring(svg)  # noqa: S314 - written by matplotlib a moment ago
    used = set(_references(root))
    for element in root.iter():
        _strip_namespaces(element)
        _unstyle(element)
        _rename(element, prefix, used)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {"metadata", "style"}:
                parent.remove(child)
    box = root.get("viewBox", "0 0 100 100")
    inner = "".join(ET.tostring(child, encoding="unicode") for child in root)
    label = f"{prefix}title {prefix}desc"
    return (
        f'<svg class="{escape(css_class)}" viewBox="{box}" role="img" aria-labelledby="{label}">'
        f'<title id="{prefix}title">{escape(title)}</title>'
        f'<desc id="{prefix}desc">{escape(description)}</desc>'
        f"{inner}</svg>"
    )


def _references(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.endswith("href"):
                yield value.removeprefix("#")
            yield from _REFERENCE.findall(value)


def _strip_namespaces(element: ET.Element) -> None:
    element.tag = element.tag.rpartition("}")[2]
    for name in list(element.attrib):
        if name.startswith("{"):
            element.set(name.rpartition("}")[2], element.attrib.pop(name))
    if element.text is not None and not element.text.strip():
        element.text = None
    element.tail = None if element.tail is None or not element.tail.strip() else element.tail


def _unstyle(element: ET.Element) -> None:
    style = element.attrib.pop("style", "")
    for part in filter(None, (p.strip() for p in style.split(";"))):
        name, _, value = (x.strip() for x in part.partition(":"))
        if name == "font" and (size := _FONT.search(value)):
            element.set("font-size", size["size"])
        elif name in _KEPT:
            element.set(name, value)
    _colour(element)


def _colour(element: ET.Element) -> None:
    classes = []
    for name in ("fill", "stroke"):
        colour = _CLASSES.get(element.get(name, ""))
        if colour is not None:
            del element.attrib[name]
            classes.append(f"{name}-{colour}")
    if element.tag == "text" and not any(c.startswith("fill") for c in classes):
        classes.append("fill-ink")
    if classes:
        element.set("class", " ".join(classes))


def _rename(element: ET.Element, prefix: str, used: set[str]) -> None:
    name = element.attrib.pop("id", None)
    if name in used:
        element.set("id", prefix + str(name))
    for key, value in element.attrib.items():
        if key == "href":
            element.set(key, "#" + prefix + value.removeprefix("#"))
        elif "url(#" in value:
            element.set(key, _REFERENCE.sub(rf"url(#{prefix}\1)", value))
