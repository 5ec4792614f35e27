"""The logistic mixed model against R and against a second way of computing it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from judge.analysis.mixed.glmm import Cells, MixedFit, fit_mixed, to_cells
from tests.shared_data import shared

# glmmTMB on seed2_like_cells.csv (treatment coding; ECS and amb are the references).
TMB_COEF = [-1.1200120149, 0.7952262980, 1.0638340626, 0.1428777383, -0.0760153599, 0.1836370147,
            0.3654032542, 0.1259019955, 0.0546384464]  # fmt: skip
TMB_SE = [0.1555460370, 0.3049928556, 0.1947863728, 0.0814714817, 0.0835590659, 0.1479879909,
          0.0985999151, 0.1506886856, 0.1005432454]  # fmt: skip
# glmer (Laplace, default stopping) and AGQ-25 on glmer_main.csv.
GLMER_DEFAULT = [-1.09707342, 2.05055119, 0.53599685, 0.70329799, -0.75634024, -0.84385842]
GLMER_AGQ = [-1.09710204, 2.05058062, 0.53599915, 0.70330381, -0.75634281, -0.84386528]


def _three_way(frame: pd.DataFrame) -> Cells:
    kind, mood = frame["type"].to_numpy(), frame["sentiment"].to_numpy()
    columns = [kind == kind, kind == "HUM", kind == "LLM", mood == "neg", mood == "pos"]
    columns += [
        columns[1] & columns[3],
        columns[2] & columns[3],
        columns[1] & columns[4],
        columns[2] & columns[4],
    ]
    group = np.unique(frame["model"], return_inverse=True)[1]
    design = np.column_stack(columns).astype(float)
    return Cells(frame["k"].to_numpy(float), frame["n"].to_numpy(float), design, group)


def _rows(frame: pd.DataFrame) -> Cells:
    llm, mood = frame["is_llm"].to_numpy(), frame["sentiment"].to_numpy()
    neutral, positive = mood == "neutral", mood == "positive"
    design = np.column_stack([np.ones(len(frame)), llm, neutral, positive, llm * neutral, llm * positive])
    return to_cells(frame["y"].to_numpy(), design, frame["model"].to_numpy())


def test_laplace_equals_glmmtmb_to_1e5():
    """Coefficients, standard errors and sigma of a 22,905-row study agree with glmmTMB to 1e-5."""
    fit = fit_mixed(_three_way(pd.read_csv(shared("goldens/glmm/seed2_like_cells.csv"))))
    np.testing.assert_allclose(fit.coef, TMB_COEF, atol=1e-5)
    np.testing.assert_allclose(fit.std_error, TMB_SE, atol=1e-5)
    assert fit.sigma == pytest.approx(0.238792353, abs=1e-5)
    assert fit.log_likelihood == pytest.approx(-117.013956, abs=1e-5)
    assert fit.converged


def test_laplace_equals_default_glmer_within_its_own_slack():
    """Against a default glmer, which stops early: 1e-3 on coefficients."""
    fit = fit_mixed(_rows(pd.read_csv(shared("goldens/glmm/glmer_main.csv"))))
    np.testing.assert_allclose(fit.coef, GLMER_DEFAULT, atol=1e-3)
    assert fit.sigma == pytest.approx(0.59245323, abs=1e-4)


def test_quadrature_equals_glmer_with_25_nodes():
    """Adaptive Gauss-Hermite agrees with glmer nAGQ=25."""
    fit = fit_mixed(_rows(pd.read_csv(shared("goldens/glmm/glmer_main.csv"))), nodes=25)
    np.testing.assert_allclose(fit.coef, GLMER_AGQ, atol=5e-5)
    assert fit.sigma == pytest.approx(0.59248144, abs=1e-4)


def test_matched_pairs_have_their_known_answer():
    """On matched pairs the conditional likelihood is known: .8109, standard error .4249."""
    frame = pd.read_csv(shared("goldens/glmm/matched_pairs.csv"))
    design = np.column_stack([np.ones(len(frame)), frame["group"]])
    fit = fit_mixed(to_cells(frame["event"], design, frame["id"]), nodes=21)
    assert fit.coef[1] == pytest.approx(0.810939, abs=2e-5)
    assert fit.std_error[1] == pytest.approx(0.424926, abs=2e-5)
    assert fit.sigma == pytest.approx(2.68427, abs=2e-5)


def _simulated(seed: int, groups: int = 12, sigma: float = 0.8) -> Cells:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), 2)
    design = np.column_stack([np.ones(2 * groups), np.tile([0.0, 1.0], groups)])
    eta = design @ [-0.4, 0.7] + sigma * rng.normal(size=groups)[group]
    trials = np.full(2 * groups, 20.0)
    return Cells(rng.binomial(20, 1 / (1 + np.exp(-eta))).astype(float), trials, design, group)


def _by_numerical_integration(cells: Cells, fit: MixedFit) -> float:
    """The marginal log-likelihood at the fit, with scipy's integrator group by group."""
    total = 0.0
    for g in np.unique(cells.group):
        mine = cells.group == g
        eta = cells.design[mine] @ fit.coef

        def density(b: float, mine=mine, eta=eta) -> float:
            p = 1 / (1 + np.exp(-(eta + b)))
            return stats.binom.pmf(cells.successes[mine], cells.trials[mine], p).prod() * stats.norm.pdf(
                b, scale=fit.sigma
            )

        total += np.log(integrate.quad(density, -8, 8, epsabs=0, epsrel=1e-9, limit=200)[0])
    return float(total)


def test_quadrature_equals_brute_force_integration():
    """The marginal likelihood is the integral that it claims to be."""
    cells = _simulated(5)
    fit = fit_mixed(cells, nodes=25)
    assert fit.log_likelihood == pytest.approx(_by_numerical_integration(cells, fit), abs=1e-7)


def test_rows_and_cells_give_the_same_fit():
    """Adding rows up to cells changes nothing but a constant."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 8, 800)
    x = rng.integers(0, 2, 800).astype(float)
    y = (rng.random(800) < 1 / (1 + np.exp(-(x - 0.5 + 0.6 * rng.normal(size=8)[group])))).astype(float)
    design = np.column_stack([np.ones(800), x])
    order = np.argsort(group, kind="stable")
    plain = Cells(y[order], np.ones(800), design[order], group[order])
    together = to_cells(y, design, group)
    assert len(together.trials) == 16
    np.testing.assert_allclose(fit_mixed(plain).coef, fit_mixed(together).coef, atol=1e-6)


def test_no_spread_between_groups_is_a_plain_logistic_regression():
    """With sigma at its boundary the answer is that of the model without groups, and said so."""
    design = np.column_stack([np.ones(8), np.tile([0.0, 1.0], 4)])
    cells = Cells(np.tile([4.0, 6.0], 4), np.full(8, 10.0), design, np.repeat(np.arange(4), 2))
    fit = fit_mixed(cells)
    assert fit.singular
    assert fit.coef[0] == pytest.approx(np.log(0.4 / 0.6), abs=1e-5)


def test_separation_is_an_error():
    """A coefficient without a maximum is reported, not printed as a large number."""
    design = np.column_stack([np.ones(8), np.tile([0.0, 1.0], 4)])
    cells = Cells(np.tile([0.0, 10.0], 4), np.full(8, 10.0), design, np.repeat(np.arange(4), 2))
    with pytest.raises(ValueError, match="separation"):
        fit_mixed(cells)


def test_a_design_that_cannot_be_told_apart_is_an_error():
    """A column that repeats another is named as the trouble."""
    with pytest.raises(ValueError, match="full rank"):
        fit_mixed(to_cells([0, 1, 1, 0], np.ones((4, 2)), [0, 0, 1, 1]))
