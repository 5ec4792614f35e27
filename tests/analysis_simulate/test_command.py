"""`judge selftest`: table, JSON, exit codes, and the design of one's own study."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from judge.analysis.bias.eiv import NotIdentified
from judge.analysis.simulate.like import design_like
from judge.analysis.simulate.planted import Design, simulate
from judge.analysis.simulate.scenarios.tools import material_of
from judge.cli.selftest import command
from judge.errors import InputError
from tests.analysis_bias.studies import frames


def test_one_scenario_as_a_table():
    """A row tells its mark, share, error, number of studies and range."""
    done = CliRunner().invoke(command, ["--only", "one-rater", "--runs", "20"], standalone_mode=False)
    assert done.return_value == 0
    assert "pass" in done.output
    assert "(20 studies)" in done.output
    assert "2 of 2 promises kept" in done.output


def test_json_holds_every_row():
    """Each row has its design, share, error, runs, range and verdict; the seed is told."""
    arguments = ["--only", "one-rater", "--runs", "10", "--seed", "7", "--json"]
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    told = json.loads(done.output)
    assert told["seed"] == 7
    assert [row["passed"] for row in told["rows"]] == [True, True, None]
    assert {"design", "value", "error", "n_runs", "low", "high"} <= set(told["rows"][0])


def test_a_broken_promise_ends_with_one(monkeypatch):
    """Exit code 1 and the name of what failed."""
    from judge.analysis.simulate import scenarios as package
    from judge.analysis.simulate.certificate import Measure, Scenario

    bad = Scenario("bad", "always rejects", lambda _: {"x": True}, (Measure("x", "broken", "fpr"),), quick=9)
    monkeypatch.setattr(package, "scenarios", lambda: (bad,))
    done = CliRunner().invoke(command, ["--runs", "50"], standalone_mode=False)
    assert done.return_value == 1
    assert "not kept: bad: broken" in done.output


def test_an_unknown_name_is_an_input_error():
    """Whoever misspells a scenario is told how to list them."""
    done = CliRunner().invoke(command, ["--only", "nothing-like-it"], standalone_mode=False)
    assert isinstance(done.exception, InputError)
    assert "--list" in str(done.exception)


def test_the_list_names_scenarios():
    """--list draws nothing."""
    done = CliRunner().invoke(command, ["--list"], standalone_mode=False)
    assert "halo-planted" in done.output


@pytest.mark.parametrize("scale", ["points", "continuous"])
def test_a_design_is_read_off_its_own_studies(scale):
    """Sizes and noises of a simulated study come back within sampling error."""
    design = Design(dialogues=400, noise=0.8, slope=0.7, scale=scale, severity=0.0)
    read = design_like(material_of(simulate(design, rng=np.random.default_rng(0))))
    assert (read.dialogues, read.systems, read.raters, read.double) == (400, 5, 3, 1.0)
    assert read.scale == scale
    assert read.noise == pytest.approx(0.8, abs=0.12)
    assert read.slope == pytest.approx(0.7, abs=0.1)
    assert read.rho == pytest.approx(0.5, abs=0.1)
    assert read.icc == pytest.approx(0.3, abs=0.1)
    # The ends of the scale take a part of the spread.
    assert read.spread == pytest.approx(1.0, abs=0.15)


def test_a_partly_double_design_is_read_as_such():
    """The share of items with two raters is kept."""
    study = simulate(Design(dialogues=200, raters=5, double=0.3), rng=np.random.default_rng(1))
    read = design_like(material_of(study))
    assert read.double == pytest.approx(0.3, abs=0.01)
    assert read.raters == 5


def test_one_rater_has_no_design_to_copy():
    """Without two raters the noise is not known, and nothing is made up."""
    study = simulate(Design(raters=1), rng=np.random.default_rng(2))
    with pytest.raises(NotIdentified):
        design_like(material_of(study))


def test_like_a_run(tmp_path):
    """A table of ratings is enough: false positives and power at its own design."""
    path = tmp_path / "ratings.csv"
    frames().ratings.to_csv(path, index=False)
    done = CliRunner().invoke(command, ["--like", str(path), "--runs", "20"], standalone_mode=False)
    assert done.exception is None, done.exception
    assert "60 dialogues x 4 systems" in done.output
    assert "liking 0.3" in done.output
