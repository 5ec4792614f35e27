"""Bad tables through `judge audit`: a finding that says why or an error that says where, never a NaN."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.analysis.audit import AuditInput, audit
from judge.cli.root import cli
from judge.errors import InputError, TableError
from tests.analysis.frames import duels_of, planted_ratings, ratings_of, wtl
from tests.analysis.test_ranking import random_duels

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from judge.types import Finding

NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "confidence", "p", "p_adjusted")
RATERS = {"p": "human", "q": "human", "j": "judge", "k": "judge"}


def refuse(constant: str) -> None:
    """Fail on NaN and infinity, which JSON does not have."""
    raise AssertionError(f"{constant} in the findings")


def audited(folder: Path, *frames: pd.DataFrame, report: bool = False) -> list[dict[str, Any]]:
    """Write tables as CSV, run `judge audit` on them, and return the findings that it prints."""
    paths = []
    for number, frame in enumerate(frames):
        paths.append(folder / f"table{number}.csv")
        frame.to_csv(paths[-1], index=False)
    args = ["audit", *map(str, paths), "--out", str(folder / "out"), "--json", "--quiet"]
    result = CliRunner().invoke(cli, args if report else [*args, "--no-report"], standalone_mode=False)
    if result.exception:
        raise result.exception
    assert not result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout, parse_constant=refuse)
    return found


def complaints(findings: Iterable[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Name what is malformed in findings."""
    found = []
    for f in findings:
        name = f"{f['family']}/{f['statistic']}"
        numbers = [f[key] for key in NUMBERS if f[key] is not None]
        if not all(math.isfinite(value) for value in numbers):
            found.append((name, "not finite", str(numbers)))
        if not f["method"]:
            found.append((name, "no method", f["level"]))
        if (f["estimate"] is None) != (f["verdict"] == "not_identified"):
            found.append((name, "verdict", f["verdict"]))
        if f["estimate"] is None and not any(f["warnings"]):
            found.append((name, "no reason", f["level"]))
        if f["ci_low"] is not None and not f["ci_low"] <= f["ci_high"]:
            found.append((name, "ends", str(numbers)))
    return found


def reasons(findings: Iterable[dict[str, Any]], statistic: str, **columns: str) -> set[str]:
    """Return the first warnings of what is not identified of a statistic."""
    return {
        f["warnings"][0]
        for f in findings
        if f["statistic"] == statistic
        and f["verdict"] == "not_identified"
        and all(f[name] == value for name, value in columns.items())
    }


def full(value: float, dialogues: int = 20, systems: int = 4) -> pd.DataFrame:
    """Ratings by two people and two judges, all the same."""
    return ratings_of(np.full((4, dialogues, systems), value), RATERS)


def apart() -> pd.DataFrame:
    """People rated the first half of the dialogues, judges the second."""
    scores = np.random.default_rng(0).integers(1, 6, (4, 20, 3)).astype(float)
    scores[:2, :10], scores[2:, 10:] = np.nan, np.nan
    return ratings_of(scores, RATERS)


def test_constant_scores(tmp_path):
    """All scores equal: means are given, whatever needs variation says that there is none."""
    found = audited(tmp_path, full(3.0))
    assert not complaints(found)
    assert "the judge's scores are constant" in reasons(found, "spearman", level="item")
    assert "all ratings are equal" in reasons(found, "krippendorff_alpha", level="people")
    means = [f for f in found if f["statistic"] == "mean_score"]
    assert means
    assert all(f["estimate"] == 3 and f["ci_low"] is None for f in means if f["family"] == "means")


def test_one_dialogue(tmp_path):
    """One dialogue is one independent unit: no interval anywhere, and the reason."""
    found = audited(tmp_path, planted_ratings(np.random.default_rng(0), 1, judges=2))
    assert not complaints(found)
    mean = next(f for f in found if f["family"] == "means" and f["statistic"] == "mean_score")
    assert mean["ci_low"] is None
    assert "one cluster only" in mean["warnings"][0]


def test_one_system(tmp_path):
    """One system: nothing to rank, and no correlation of systems."""
    found = audited(tmp_path, planted_ratings(np.random.default_rng(0), 30, 1, judges=2))
    assert not complaints(found)
    assert any(
        "a correlation of systems needs three" in r for r in reasons(found, "spearman", level="system")
    )
    assert not [f for f in found if f["statistic"] == "mean_difference"]


@pytest.mark.parametrize(("people", "judges"), [(1, 0), (0, 1), (1, 1)])
def test_one_rater(tmp_path, people, judges):
    """One person, one judge, or one of each: agreement among people is not identified."""
    found = audited(tmp_path, planted_ratings(np.random.default_rng(0), 20, people=people, judges=judges))
    assert found
    assert not complaints(found)
    assert reasons(found, "krippendorff_alpha", level="people") == (
        {"no unit has two ratings"} if people else set()
    )


def test_all_ties(tmp_path):
    """Nothing but ties: a win rate of one half, equal strengths, nobody ahead."""
    found = audited(tmp_path, duels_of(["tie"] * 40, orders=("AB", "BA")))
    assert not complaints(found)
    rates = [f["estimate"] for f in found if (f["family"], f["statistic"]) == ("ranking", "win_rate")]
    assert rates
    assert set(rates) == {0.5}


def test_separation(tmp_path):
    """One system wins always: its strength has no upper end, and the finding says so."""
    found = audited(tmp_path, wtl(40, 0, 0))
    assert not complaints(found)
    strengths = [f for f in found if f["statistic"] == "bt_strength"]
    assert strengths
    assert all(f["warnings"] for f in strengths)


def test_separation_into_groups(tmp_path):
    """Two groups of systems that never meet cannot be put on one scale."""
    both = [wtl(20, 5, 15), wtl(9, 5, 26).assign(system_a="u", system_b="v")]
    found = audited(tmp_path, pd.concat(both))
    assert not complaints(found)
    assert any(f["warnings"] for f in found if f["statistic"] == "bt_strength")


def test_missing_cells(tmp_path):
    """Nine cells of ten missing at random: findings on what is left."""
    frame = planted_ratings(np.random.default_rng(0), 40, 4, judges=2)
    found = audited(tmp_path, frame.sample(frac=0.1, random_state=1))
    assert not complaints(found)
    assert {f["family"] for f in found} >= {"outcomes", "means", "agreement", "bias"}


def test_raters_with_nothing_in_common(tmp_path):
    """Judges and people who rated different dialogues: agreement is not identified, and why."""
    found = audited(tmp_path, apart())
    assert not complaints(found)
    assert "the judge and people rated nothing in common" in reasons(found, "spearman", level="item")
    assert any("no item in common" in r for r in reasons(found, "leniency"))


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf", "1e300", "good", ""])
def test_scores_that_are_no_numbers(tmp_path, bad):
    """NaN, infinity, words, nothing, and what no float can square: a clear error with the row."""
    frame = planted_ratings(np.random.default_rng(0), 10, 2)
    frame["score"] = frame["score"].astype(str)
    frame.loc[4, "score"] = bad
    with pytest.raises(TableError) as caught:
        audited(tmp_path, frame)
    assert "score" in str(caught.value)
    assert "6" in str(caught.value) or caught.value.row == 5


def test_ids_of_mixed_type(tmp_path):
    """1, "1" and 1.0 are one dialogue, whatever the file made of them."""
    frame = planted_ratings(np.random.default_rng(0), 12, 3, judges=2)
    frame["dialogue_id"] = frame["dialogue_id"].str[1:].astype(int)
    path = tmp_path / "ratings.jsonl"
    rows = frame.to_dict("records")
    for number, row in enumerate(rows):
        row["dialogue_id"] = [str, int][number % 2](row["dialogue_id"])
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    args = ["audit", str(path), "--out", str(tmp_path / "out"), "--json", "--quiet", "--no-report"]
    result = CliRunner().invoke(cli, args, standalone_mode=False)
    found = json.loads(result.stdout, parse_constant=refuse)
    assert not complaints(found)
    mean = next(f for f in found if (f["family"], f["statistic"]) == ("means", "mean_score"))
    assert mean["n_dialogues"] == 12


@pytest.mark.parametrize("table", ["ratings", "duels"])
def test_duplicates(tmp_path, table):
    """The same rater about the same thing twice: an error that names both rows."""
    frame = planted_ratings(np.random.default_rng(0), 3, 2) if table == "ratings" else wtl(2, 1, 0)
    with pytest.raises(InputError, match="same"):
        audited(tmp_path, pd.concat([frame, frame.head(1)]))


def test_report_of_degenerate_tables(tmp_path):
    """The report is made of findings that hold no numbers too."""
    found = audited(tmp_path, full(3.0, 1, 1), duels_of(["tie"]), report=True)
    assert not complaints(found)
    assert (tmp_path / "out" / "report.html").stat().st_size > 1000


def test_a_list_for_an_id():
    """A cell that is neither text nor number is named."""
    for cell in (["s0"], ("s0",)):
        frame = planted_ratings(np.random.default_rng(0), 3, 2)
        frame["system_id"] = pd.Series([cell, *frame["system_id"][1:]], dtype=object)
        with pytest.raises(TableError, match="neither a text nor a number") as caught:
            audit(AuditInput(ratings=frame))
        assert caught.value.row == 1


def plain(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as the command prints them."""
    from dataclasses import asdict

    return [asdict(f) for f in findings]


KINDS = st.sampled_from(["random", "constant", "judge constant", "people constant", "fractions", "apart"])


@st.composite
def studies(draw: st.DrawFn) -> AuditInput:
    """Any small study: ratings, duels, features, dialogues, each perhaps missing, with gaps and failures."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    dialogues, systems = draw(st.sampled_from([1, 2, 5, 14, 30])), draw(st.integers(1, 4))
    people, judges = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    kept, failed = draw(st.sampled_from([1.0, 0.7, 0.2])), draw(st.sampled_from([0.0, 0.0, 0.3, 1.0]))
    ratings = planted_ratings(rng, dialogues, systems, people, judges).assign(outcome="ok")
    ratings["score"] = shaped(ratings, draw(KINDS), rng)
    duels = random_duels(rng, systems=max(systems, 2), dialogues=dialogues).assign(outcome="ok")
    if people:
        duels = pd.concat([duels, duels.assign(rater_id="p0", rater_kind="human")], ignore_index=True)
    if draw(st.booleans()):
        duels["verdict"] = draw(st.sampled_from(["A", "B", "tie"]))
    tables = {}
    for name, frame, value in (("ratings", ratings, "score"), ("duels", duels, "verdict")):
        part = frame[rng.random(len(frame)) < kept].reset_index(drop=True)
        bad = rng.random(len(part)) < failed
        part["outcome"] = part["outcome"].where(~bad, "refusal")
        part[value] = part[value].where(~bad)
        tables[name] = part if draw(st.booleans()) or name == "ratings" else None
    return AuditInput(
        **tables,
        features=features_of(rng, dialogues, systems) if draw(st.booleans()) else None,
        dialogues=dialogues_of(rng, dialogues) if draw(st.booleans()) else None,
    )


def shaped(ratings: pd.DataFrame, kind: str, rng: np.random.Generator) -> pd.Series:
    """Scores of a degenerate kind."""
    score, judge = ratings["score"], ratings["rater_kind"].eq("judge")
    if kind == "fractions":
        return score + rng.random(len(score)).round(1)
    if kind == "apart":
        return score.where(judge == (ratings["dialogue_id"].str[-1].isin(list("02468"))))
    flat = {"constant": judge | True, "judge constant": judge, "people constant": ~judge}.get(
        kind, judge & False
    )
    return score.mask(flat, 3.0)


def features_of(rng: np.random.Generator, dialogues: int, systems: int) -> pd.DataFrame:
    """Features, some of them constant, rare, missing or infinite."""
    n = dialogues * systems
    items = [(f"d{d}", f"s{s}") for d in range(dialogues) for s in range(systems)]
    frame = pd.DataFrame(items, columns=["dialogue_id", "system_id"])
    frame["n_words"] = rng.integers(0, 30, n)
    frame["sim_chrf"], frame["sim_chrf_placebo"] = rng.normal(size=(2, n))
    frame["sentiment"] = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))
    frame["constant"], frame["rare"] = 1.0, np.arange(n) == 0
    frame["infinite"] = np.inf
    return frame


def dialogues_of(rng: np.random.Generator, dialogues: int) -> pd.DataFrame:
    """Dialogues with an emotion that some lack."""
    emotion = rng.choice(np.array(["sad", "proud", None], dtype=object), dialogues)
    return pd.DataFrame({"dialogue_id": [f"d{k}" for k in range(dialogues)], "emotion": emotion})


@given(studies())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_study(study):
    """Whatever small study comes, a finding is finite or says why not, and by what method; nothing warns."""
    assert not complaints(plain(audit(study)))


JUNK = st.sampled_from(
    [
        None,
        math.nan,
        math.inf,
        "",
        "abc",
        "1",
        1,
        1.5,
        -3,
        True,
        1e300,
        pd.NA,
        "A",
        "AB",
        "human",
        "ok",
        [1],
        ("x",),
    ]
)


@given(studies(), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_junk_in_a_cell(study, data):
    """Junk in any cell is an error of the input, or findings as well formed as ever; nothing else."""
    name = data.draw(st.sampled_from(["ratings", "duels", "features", "dialogues"]))
    frame = getattr(study, name)
    if frame is None or not len(frame):
        return
    column = data.draw(st.sampled_from(list(frame.columns)))
    cells = list(frame[column].astype(object))
    cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(JUNK)
    frame[column] = pd.Series(cells, dtype=object)
    try:
        found = audit(study)
    except InputError:
        return
    assert not complaints(plain(found))
