"""The mixed logistic model of model kinds, and the summary test beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from judge.analysis.mixed.glmm import Cells, fit_mixed
from judge.analysis.mixed.summary import empirical_logit, summary_test
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.scenarios.tools import ALPHA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIRST, SECOND = 5, 3
PROMPTS = 400


def scenarios() -> Iterator[Scenario]:
    """Yield a true null of the kind of model, and one of its interaction with sentiment."""
    yield Scenario(
        "mixed-kind",
        "no difference between 5 and 3 models; 400 prompts of two sentiments each, models' SD .5 logits",
        _Mixed(0.0),
        (
            Measure("summary", "model-level summary test of the kind", "fpr"),
            Measure("wald", "mixed model, Wald z of the kind", "violation", low=0.08, high=0.3),
        ),
        runs=400,
        quick=20,
    )
    yield Scenario(
        "mixed-interaction",
        "no interaction; models' sentiment effects vary by .2 logits",
        _Mixed(0.2),
        (
            Measure("summary_interaction", "model-level summary test of kind x sentiment", "fpr"),
            Measure("interaction", "mixed model, Wald z of the interaction", "violation", low=0.15, high=0.6),
        ),
        runs=400,
    )


class _Mixed:
    """Cells of models by sentiment; `spread` is the SD of the models' own sentiment effects."""

    def __init__(self, spread: float) -> None:
        self.spread = spread

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        count = FIRST + SECOND
        kind = (np.arange(count) < FIRST).astype(float)
        level = 0.5 + 0.5 * rng.normal(size=count)
        effect = -0.3 + self.spread * rng.normal(size=count)
        logit = level[:, None] + np.column_stack([np.zeros(count), effect])
        wins = rng.binomial(PROMPTS, special.expit(logit))
        z = _wald(wins, kind)
        own = empirical_logit(wins, np.full(wins.shape, PROMPTS))
        by_kind = summary_test(own.mean(axis=1), kind == 1)
        by_both = summary_test(own[:, 1] - own[:, 0], kind == 1)
        return {
            "summary": by_kind.p < ALPHA,
            "summary_interaction": by_both.p < ALPHA,
            "wald": bool(abs(z[0]) > 1.96),
            "interaction": bool(abs(z[1]) > 1.96),
        }


def _wald(wins: np.ndarray, kind: np.ndarray) -> tuple[float, float]:
    """Return z of the kind (averaged over sentiments) and of its interaction."""
    group = np.repeat(np.arange(kind.size), 2)
    k, negative = np.repeat(kind, 2), np.tile([-0.5, 0.5], kind.size)
    design = np.column_stack([np.ones(group.size), k, negative, k * negative])
    fit = fit_mixed(Cells(wins.ravel().astype(float), np.full(group.size, float(PROMPTS)), design, group))
    z = fit.coef / fit.std_error
    return float(z[1]), float(z[3])
