"""The mixed model as findings: the published numbers, the warnings, and the summary tests beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

from judge.analysis.inputs import AuditOptions
from judge.analysis.mixed.findings import Binary, mixed_findings, mixed_from_ratings
from judge.analysis.mixed.summary import WARNING
from judge.analysis.rating_table import encode_ratings
from judge.cli.root import cli
from judge.tables import read_findings
from tests.shared_data import shared

if TYPE_CHECKING:
    from pathlib import Path

    from judge.types import Finding


def _study(
    rng: np.random.Generator, models: int = 8, rows: int = 90, slope_spread: float = 0.0, spread: float = 0.5
) -> Binary:
    code = np.repeat(np.arange(models), rows)
    kind = np.where(code < models // 2, "older", "llm")
    mood = np.array(["neg", "pos", "amb"])[rng.integers(0, 3, code.size)]
    own = spread * rng.normal(size=models)[code] + slope_spread * rng.normal(size=models)[code] * (
        mood == "neg"
    )
    y = rng.random(code.size) < 1 / (1 + np.exp(-own))
    return Binary([f"m{c}" for c in code], list(kind), list(mood), list(y.astype(float)))


def _by(found: list[Finding], statistic: str) -> dict[str, Finding]:
    return {f.term: f for f in found if f.statistic == statistic}


def test_coefficients_of_a_published_design_are_glmmtmb_s():
    """Kinds and sentiments from rows, references as asked: glmmTMB's coefficients and errors to 1e-5."""
    cells = pd.read_csv(shared("goldens/glmm/seed2_like_cells.csv"))
    rows: list[tuple[str, str, str, float]] = []
    for cell in cells.itertuples():
        names = (str(cell.model), str(cell.type), str(cell.sentiment))
        rows += [(*names, 1.0)] * int(cell.k) + [(*names, 0.0)] * int(cell.n - cell.k)
    data = Binary(*(list(column) for column in zip(*rows, strict=True)))  # type: ignore[arg-type]  # four columns
    found = list(mixed_findings(data, reference_kind="ECS", reference_sentiment="amb"))
    coefficients = _by(found, "coefficient")
    for term, value, error in (
        ("intercept", -1.1200120149, 0.1555460370),
        ("kind: LLM", 1.0638340626, 0.1947863728),
        ("sentiment: neg", 0.1428777383, 0.0814714817),
        ("kind: LLM x sentiment: neg", 0.3654032542, 0.0985999151),
    ):
        assert coefficients[term].estimate == pytest.approx(value, abs=1e-5)
        assert coefficients[term].std_error == pytest.approx(error, abs=1e-5)
    assert _by(found, "sigma")[""].estimate == pytest.approx(0.238792353, abs=1e-5)
    assert "Laplace" in coefficients["intercept"].method
    assert WARNING in coefficients["kind: LLM"].warnings
    assert coefficients["intercept"].warnings == ()
    assert _by(found, "summary_permutation")["kind: LLM less ECS"].p == pytest.approx(1 / 56, abs=1e-6)


def test_the_summary_is_a_t_test_of_one_number_a_model():
    """The difference, its p and its interval are the two-sample t test's on the models' logits."""
    data = _study(np.random.default_rng(1))
    frame = pd.DataFrame({"model": data.model, "kind": data.kind, "y": data.outcome})
    cells = frame.groupby(["kind", "model"]).y.agg(["sum", "size"]).reset_index()
    cells["logit"] = np.log((cells["sum"] + 0.5) / (cells["size"] - cells["sum"] + 0.5))
    one, two = (cells[cells.kind == k].logit for k in ("older", "llm"))
    expected = stats.ttest_ind(one, two)
    found = _by(list(mixed_findings(data)), "summary_difference")["kind: older less llm"]
    assert found.p == pytest.approx(expected.pvalue)
    assert found.estimate == pytest.approx(one.mean() - two.mean())
    assert found.n_items == 8


def test_the_summary_holds_where_the_mixed_model_does_not():
    """Random slopes and no true effect: Wald rejects the interaction far too often, the summary does not."""
    wald = summary = 0
    runs = 40
    for seed in range(runs):
        data = _study(np.random.default_rng(seed), rows=300, slope_spread=0.7, spread=0.3)
        found = list(mixed_findings(data, reference_kind="older", reference_sentiment="amb"))
        wald += _by(found, "coefficient")["kind: llm x sentiment: neg"].p < 0.05  # type: ignore[operator]
        term = "kind: llm less older x sentiment: neg less the rest"
        summary += _by(found, "summary_difference")[term].p < 0.05  # type: ignore[operator]
    assert wald / runs > 0.25
    assert summary / runs < 0.15


def test_gauss_hermite_is_named_and_close():
    """More nodes: another method in the words, nearly the same numbers in a study of this size."""
    data = _study(np.random.default_rng(5))
    laplace = _by(list(mixed_findings(data)), "coefficient")["kind: older"]
    quadrature = _by(list(mixed_findings(data, nodes=15)), "coefficient")["kind: older"]
    assert "Gauss-Hermite with 15 nodes" in quadrature.method
    assert laplace.estimate == pytest.approx(quadrature.estimate, abs=0.02)


def test_what_cannot_be_fitted_is_not_identified():
    """One model, or separation: a reason and no number; the summary says its own."""
    one = Binary(["m"] * 20, ["k"] * 20, ["-"] * 20, [0.0, 1.0] * 10)
    found = list(mixed_findings(one))
    assert _by(found, "coefficient")["intercept"].verdict == "not_identified"
    perfect = Binary(
        ["a"] * 20 + ["b"] * 20 + ["c"] * 20, ["x"] * 20 + ["y"] * 40, ["-"] * 60, [1.0] * 20 + [0.0] * 40
    )
    found = list(mixed_findings(perfect))
    assert "separation" in _by(found, "coefficient")["kind: y"].warnings[0]
    assert _by(found, "summary_difference")["kind: y less x"].estimate is not None


def test_mistakes_are_errors():
    """A model of two kinds, a reference that does not occur, an outcome that is no 0 or 1."""
    with pytest.raises(ValueError, match="has two kinds"):
        list(mixed_findings(Binary(["m", "m"], ["a", "b"], ["-", "-"], [0, 1])))
    with pytest.raises(ValueError, match="no kind is named"):
        list(mixed_findings(Binary(["m", "n"], ["a", "b"], ["-", "-"], [0, 1]), reference_kind="c"))
    with pytest.raises(ValueError, match="0 or 1"):
        list(mixed_findings(Binary(["m", "n"], ["a", "b"], ["-", "-"], [0, 2])))


def test_ratings_are_cut_at_a_threshold():
    """Each judge and people get a model of their own; systems without a kind take no part."""
    rng = np.random.default_rng(3)
    rows = [
        (f"d{d}", f"s{s}", "empathy", rater, kind, float(rng.integers(0, 3)))
        for d in range(60)
        for s in range(7)
        for rater, kind in (("j", "judge"), ("p", "human"))
    ]
    columns = ["dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score"]
    table = encode_ratings(pd.DataFrame(rows, columns=columns), None, "dialogue_id")
    kinds = {f"s{s}": "llm" if s < 3 else "older" for s in range(6)}
    moods = {f"d{d}": "neg" if d % 2 else "pos" for d in range(60)}
    found = list(mixed_from_ratings(table, kinds, moods, 1, AuditOptions(), reference_kind="older"))
    assert {f.judge for f in found} == {"j", "people"}
    intercepts = [f for f in found if f.statistic == "coefficient" and f.term == "intercept"]
    assert [f.n_items for f in intercepts] == [360, 360]
    assert all(f.method.startswith("score of at least 1; ") for f in found)


def test_the_audit_fits_it_where_kinds_are_given(tmp_path: Path):
    """`judge audit --groups FILE --threshold X` adds the model's findings; without a threshold it asks."""
    rng = np.random.default_rng(3)
    rows = [
        (f"d{d}", f"s{s}", "empathy", "j", "judge", int(rng.integers(0, 3)))
        for d in range(30)
        for s in range(6)
    ]
    names = ["dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score"]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "ratings.csv", index=False)
    kinds = pd.DataFrame({"system_id": [f"s{s}" for s in range(6)], "kind": ["llm"] * 3 + ["older"] * 3})
    kinds.to_csv(tmp_path / "groups.csv", index=False)
    args = ["audit", str(tmp_path / "ratings.csv"), "--out", str(tmp_path / "out"), "--no-report", "-q"]
    args += ["--groups", str(tmp_path / "groups.csv")]
    wrong = CliRunner().invoke(cli, args, standalone_mode=False)
    assert "--groups needs --threshold" in str(wrong.exception)
    done = CliRunner().invoke(cli, [*args, "--threshold", "1"], standalone_mode=False)
    assert done.exception is None, done.exception
    mixed = [f for f in read_findings(tmp_path / "out" / "findings.jsonl") if f.family == "mixed"]
    assert {f.statistic for f in mixed} >= {"coefficient", "sigma", "summary_difference"}
