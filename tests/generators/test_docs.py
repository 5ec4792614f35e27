"""The pages on strategies and systems name all that there is, and their example works."""

from __future__ import annotations

import re
from pathlib import Path

from judge.generators import strategy_names
from judge.generators.registry import TEMPLATES, load_template
from judge.generators.strategy import make_strategy
from judge.generators.template import parse_template
from judge.generators.variables import USES
from tests.generators.helpers import RESOURCES, dialogue, messages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_strategy_and_option_is_on_the_page() -> None:
    """Each strategy has a row, each option of its template stands in it, each `uses` is named."""
    text = (DOCS / "strategies.md").read_text(encoding="utf-8")
    rows = {m.group(1): m.group(0) for m in re.finditer(r"^\| `([\w-]+)` \|.*$", text, re.MULTILINE)}
    assert set(rows) == set(strategy_names())
    for name, row in rows.items():
        path = TEMPLATES / f"{name}.jinja"
        options = load_template(path).options if path.exists() else {}
        assert all(f"`{option}`" in row for option in options), name
    assert all(name in text for name in USES)


def test_the_example_on_the_page_is_a_strategy() -> None:
    """The file shown to users parses and builds a prompt."""
    text = (DOCS / "strategies.md").read_text(encoding="utf-8")
    found = re.search(r"```\n(\+\+\+.*?)```", text, re.DOTALL)
    assert found
    strategy = make_strategy(parse_template(found.group(1)), {}, RESOURCES)
    assert messages(strategy, dialogue("My parrot sings."))[-1].content.endswith('"Need: ..."')


def test_every_system_of_the_papers_has_a_row() -> None:
    """Each system named in the three papers is on the page of systems."""
    text = (DOCS / "systems.md").read_text(encoding="utf-8")
    for system in (
        "KEMP", "MoEL", "MIME", "EmpDG", "CEM", "CASE", "ESCM", "ESCM_tt", "FE", "CAB", "GPT-4", "Vicuna",
        "PaLM-2", "Falcon", "Llama2", "ChatGLM3", "Mistral", "HEF", "similar-ICL", "two-stage", "human",
        "COMET",
    ):  # fmt: skip
        assert system in text, system
