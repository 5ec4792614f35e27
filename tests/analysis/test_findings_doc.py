"""The pages of findings have an entry for every number that the project gives."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from judge.analysis.audit import AuditInput, audit
from judge.analysis.text_metrics.findings import TextOptions, text_metric_findings
from judge.pipeline.costs import KINDS
from judge.types import Dialogue, Response
from tests.analysis.frames import planted_ratings
from tests.analysis.test_audit import FAMILIES
from tests.analysis.test_ranking import random_duels

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = ("findings.md", "findings-bias.md", "findings-calibration.md", "probes.md")
ENTRY = re.compile(r"^### (\w+/\w+)$", re.MULTILINE)
SOURCES = ("analysis", "judge/pipeline")
MAKERS = {"finding", "_finding", "Finding"}


def text_of(page: str) -> str:
    """Read a page."""
    return (DOCS / page).read_text(encoding="utf-8")


def headings(page: str) -> set[str]:
    """Entries that are headings ``### family/statistic``."""
    return set(ENTRY.findall(text_of(page)))


def rows(page: str, section: str, family: str) -> set[str]:
    """Entries that are rows of the tables of a section: names in the first cell."""
    part = re.split(r"^## ", text_of(page), flags=re.MULTILINE)
    (body,) = (text for text in part if re.match(rf"{section}\b", text))
    cells = re.findall(r"^\| (`[^|]*`) \|", body, flags=re.MULTILINE)
    return {f"{family}/{name}" for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def documented() -> set[str]:
    """Every entry of every page."""
    found = set().union(*(headings(page) for page in PAGES))
    for family in ("calibrated", "calibration", "texts", "mixed"):
        found |= rows("findings-calibration.md", family, family)
    return found | rows("probes.md", "Findings", "probe")


@cache
def written() -> set[str]:
    """Findings that the sources make under a name that stands there."""
    found = set()
    for folder in SOURCES:
        for path in (ROOT / folder).resolve().rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
                    names = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
                    if len(names) == 2:
                        found.add("/".join(names))
    return found


@cache
def texts() -> set[str]:
    """Metrics of a small corpus of two systems with emotions."""
    dialogues = [Dialogue(f"d{k}", ("I lost my keys.",), "sad", reference=f"Oh no {k}.") for k in range(4)]
    responses = [
        Response(f"d{k}", system, f"That is hard {k}.", details={"predicted_emotion": "sad"})
        for k in range(4)
        for system in ("a", "b")
    ]
    options = TextOptions(bleu=True, chrf=True, rouge=find_spec("rouge_score") is not None)
    found = {f"texts/{f.statistic}" for f in text_metric_findings(responses, dialogues, options)}
    return found | {"texts/rouge_l"}  # of the extra `metrics`, which need not be installed


def rich_study() -> AuditInput:
    """A study in which every statistic of the first families has something to say, failures included."""
    rng = np.random.default_rng(0)
    ratings = planted_ratings(rng, judges=2).assign(outcome="ok")
    ratings.loc[ratings.rater_id.eq("j0") & ratings.dialogue_id.eq("d1"), "outcome"] = "refusal"
    ratings.loc[ratings.outcome != "ok", "score"] = np.nan
    duels = random_duels(rng, systems=5).assign(outcome="ok")
    duels.loc[3, ["outcome", "verdict"]] = ["refusal", None]
    people = [
        random_duels(rng, systems=5).assign(rater_id=name, rater_kind="human", outcome="ok")
        for name in ("p", "q")
    ]
    features = pd.DataFrame({"dialogue_id": ["d0"], "system_id": ["s0"], "n_tokens": [3]})
    return AuditInput(ratings=ratings, duels=pd.concat([duels, *people]), features=features)


def partly_labelled() -> AuditInput:
    """A study of which people labelled a part, in ratings and in duels."""
    rng = np.random.default_rng(1)
    ratings = planted_ratings(rng, 120, judges=2)
    number = ratings["dialogue_id"].str[1:].astype(int)
    duels = random_duels(rng, systems=2, dialogues=300)
    people = duels[duels["dialogue_id"].str[1:].astype(int) < 150].assign(rater_id="p", rater_kind="human")
    return AuditInput(
        ratings=ratings[ratings["rater_kind"].eq("judge") | (number < 80)], duels=pd.concat([duels, people])
    )


@cache
def audited() -> set[str]:
    """What an audit of both studies says."""
    studies = (rich_study(), partly_labelled())
    return {f"{f.family}/{f.statistic}" for study in studies for f in audit(study)}


def test_every_statistic_has_an_entry():
    """Each (family, statistic) that comes out, or is written in the sources, has an entry on some page."""
    cost = {f"cost/{name}" for name in (*KINDS, "dollars", "cached_share")}
    known = audited() | texts() | written() | cost
    assert known - documented() == set()


def test_every_entry_is_about_a_statistic():
    """No entry is about nothing (those of the bias family are held to it in a test of their own)."""
    known = audited() | texts() | written() | {f"cost/{name}" for name in (*KINDS, "dollars", "cached_share")}
    named = {name for name in documented() if not name.startswith("bias/")}
    dynamic = {"mixed/sigma", "mixed/log_likelihood"}
    assert named - known - dynamic == set()
    first = {name for name in headings("findings.md") if name.split("/")[0] in FAMILIES}
    assert first - audited() == set()


def test_every_family_is_in_the_index():
    """The page begins with a list of all families and where they are described."""
    index = text_of("findings.md").split("## What holds for all of them")[0]
    listed = set(re.findall(r"^\| `(\w+)` \|", index, flags=re.MULTILINE))
    families = {name.split("/")[0] for name in documented() | audited() | written()}
    assert families <= listed
    assert listed - families == {"published"}
