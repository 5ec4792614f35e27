"""The page as a whole: self-contained, strict, honest, and safe with hostile text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError, TableError
from judge.reports import render_report
from judge.reports.load import load_run
from judge.reports.render import PLAIN_LIMIT, pack
from judge.reports.text import visible
from tests.reports.fixtures import HOSTILE, build_run

if TYPE_CHECKING:
    from pathlib import Path


class Elements(HTMLParser):
    """Collects the elements with their attributes, and the text of style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.inside: dict[str, list[str]] = {"style": [], "script": []}
        self._open = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag in self.inside:
            self._open = tag
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == self._open else self._open

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open][-1] += data


def _policy(elements: Elements) -> str:
    return next(a["content"] for t, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_policy_names_exactly_this_style_and_this_script(page: str) -> None:
    """Nothing runs and nothing styles but the one style sheet and the one script of ours."""
    elements = Elements(page)
    policy = dict(part.split(" ", 1) for part in _policy(elements).split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == _hash(elements.inside["style"][0])
    assert policy["script-src"] == _hash(elements.inside["script"][1])
    assert len(elements.inside["style"]) == 1
    assert len(elements.inside["script"]) == 2


def test_nothing_comes_from_elsewhere(page: str) -> None:
    """No element points outside the file, and none carries what the policy would block."""
    for tag, attributes in Elements(page).found:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"style", "src"}
            assert name != "href" or value.startswith("#"), (tag, value)
    assert "url(" not in Elements(page).inside["style"][0]


def test_hostile_text_makes_no_element(page: str) -> None:
    """Texts with tags, comments and the end of a script stay text wherever they appear."""
    elements = Elements(page)
    assert [t for t, _ in elements.found].count("script") == 2
    assert not [t for t, a in elements.found if "onerror" in a]
    payload = json.loads(elements.inside["script"][0])
    assert payload["responses"]["text"][0] == visible(HOSTILE)
    assert "<" not in elements.inside["script"][0]


def test_hidden_characters_are_visible(page: str) -> None:
    """Control characters and marks that turn the line never reach the page."""
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)


def test_long_text_is_cut_and_says_so(page: str) -> None:
    """A response of a million characters is cut with a note that names the file that has it all."""
    payload = json.loads(Elements(page).inside["script"][0])
    text = payload["responses"]["text"][1]
    assert len(text) < 21_000
    assert "1,000,000 characters; the whole is in responses.jsonl" in text


def test_same_run_same_bytes(folder: Path, page: str, tmp_path: Path) -> None:
    """Rendering twice gives the same file, pictures included."""
    assert render_report(folder, tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_ids_are_unique_and_references_lead_somewhere(page: str) -> None:
    """Each id stands once, and every link, label and marker finds its target."""
    elements = Elements(page)
    ids = [a["id"] for _, a in elements.found if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in elements.found:
        targets = [attributes.get("href", "").removeprefix("#"), attributes.get("for", "")]
        targets += attributes.get("aria-labelledby", "").split()
        missing = {t for t in targets if t} - set(ids) - {"item-title"}
        assert not missing


@pytest.mark.parametrize(
    "text",
    [
        "This judge is for trying the tool and for offline checks; do not base claims on it.",
        "ratings are simulated",
        "no repeats in the same order: set judging.repeats = 2",
        "one rater per item: reliability is unknown",
        "Thing never seen",
        "empathy-pair",
        "sha256:abab",
        "judge compare &#39;my study.toml&#39;",
    ],
)  # fmt: skip
def test_page_says(page: str, text: str) -> None:
    """Warnings, reasons, unknown findings, hashes and the command are on the page."""
    assert text in page.replace("&amp;#39;", "&#39;")


def test_people_are_called_simulated_everywhere(page: str) -> None:
    """Where the raters are simulated, no label speaks of plain people."""
    labels = re.findall(r"<(?:label|th|dt|figcaption|h2|title|desc)[^>]*>([^<]*)<", page)
    named = [x for x in labels if re.search(r"\bpeople\b", x) and "simulated" not in x.lower()]
    assert named == []


def test_large_payload_is_packed_and_unpacks() -> None:
    """Beyond the limit the items are deflated; what comes out is what went in."""
    payload = {"text": ["<" + str(i) * 50 for i in range(PLAIN_LIMIT // 100)]}
    packed = pack(payload)
    assert packed.packed
    assert len(packed.text) < PLAIN_LIMIT / 4
    assert json.loads(zlib.decompress(base64.b64decode(packed.text))) == payload


@given(st.text(st.characters(codec=None)))
def test_any_text_survives(text: str) -> None:
    """Any text can be written as UTF-8, cannot end its element, and comes out as it went in."""
    shown = visible(text)
    packed = pack({"t": shown}).text
    packed.encode("utf-8")
    assert "<" not in packed
    assert json.loads(packed) == {"t": shown}
    assert visible(shown) == shown


def test_a_run_without_tables_still_has_a_page(bare: Path) -> None:
    """Findings alone are enough: an audit of foreign tables has no dialogues and no manifest."""
    page = render_report(bare).read_text(encoding="utf-8")
    assert "warm beats curious" in page
    assert "The run has no manifest." in page


def test_a_run_without_findings_says_so(tmp_path: Path) -> None:
    """An unfinished run is shown as one."""
    (tmp_path / "findings.jsonl").write_text("", encoding="utf-8")
    page = render_report(tmp_path).read_text(encoding="utf-8")
    assert "There are no findings yet" in page
    assert "No system was compared in this run." in page


def test_bad_folders_are_refused(tmp_path: Path) -> None:
    """A folder that is absent or no run, or a damaged table, is an error that names it."""
    with pytest.raises(InputError, match="no such run folder"):
        load_run(tmp_path / "absent")
    with pytest.raises(InputError, match=r"findings\.jsonl"):
        load_run(tmp_path)
    build_run(tmp_path / "run", n=2)
    (tmp_path / "run" / "duels.jsonl").write_text('{"dialogue_id": "d0"}\n', encoding="utf-8")
    with pytest.raises(TableError, match=r"duels\.jsonl"):
        load_run(tmp_path / "run")


def test_title_and_place_can_be_chosen(bare: Path, tmp_path: Path) -> None:
    """The report goes where it is told and is called what it is told."""
    path = render_report(bare, tmp_path / "deep" / "r.html", title="<Mine>")
    assert "<title>&lt;Mine&gt;: report</title>" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["r.html"]
