"""Bits per byte of what a model wrote."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from judge.analysis.text_metrics.findings import text_metric_findings
from judge.analysis.text_metrics.perplexity import bits_per_byte, likelihood
from judge.types import Dialogue, Response, Turn


def _response(i: int, logprob: float | None, size: int = 10) -> Response:
    details = {} if logprob is None else {"logprob": logprob, "logprob_bytes": size}
    return Response(f"d{i}", "s", "x" * size, details=details)


def test_a_fair_coin_a_byte_is_one_bit():
    """Ten bytes of which each had probability one half are one bit a byte."""
    rows = [_response(i, -10 * math.log(2)) for i in range(20)]
    found = bits_per_byte("s", rows, np.arange(20), 0.95)
    assert found is not None
    assert found.estimate == pytest.approx(1.0)


def test_it_is_a_ratio_of_sums():
    """Long texts weigh more: all bits over all bytes, not the mean of ratios."""
    rows = [_response(0, -8.0, 4), _response(1, -1.0, 40), _response(2, -3.0, 10)]
    found = bits_per_byte("s", rows, np.arange(3), 0.95)
    assert found is not None
    assert found.estimate == pytest.approx(12.0 / math.log(2) / 54)


def test_silence_is_said_and_not_counted():
    """Responses without log-probabilities are left out, and their number is a warning."""
    rows = [_response(i, -5.0 if i % 2 else None) for i in range(30)]
    found = bits_per_byte("s", rows, np.arange(30), 0.95)
    assert found is not None
    assert found.n_items == 15
    assert any("15 responses" in warning for warning in found.warnings)


def test_a_token_that_is_not_among_the_alternatives_leaves_the_sum_unknown():
    """A sum with a hole is no sum."""
    assert likelihood((("a", (("b", -1.0),)),), "a") == {}


def test_the_finding_comes_with_the_other_text_metrics():
    """Where responses tell it, the family of texts holds it; where none does, it is absent."""
    dialogues = [Dialogue(f"d{i}", (Turn("speaker", "hi"),)) for i in range(20)]
    told = list(text_metric_findings([_response(i, -5.0) for i in range(20)], dialogues))
    silent = list(text_metric_findings([_response(i, None) for i in range(20)], dialogues))
    assert sum(f.statistic == "bits_per_byte" for f in told) == 1
    assert not any(f.statistic == "bits_per_byte" for f in silent)


def test_whoever_only_asks_loads_nothing_heavy():
    """What a model's answer tells is summed without numpy, and so is a run begun."""
    code = (
        "import sys, judge.analysis.text_metrics.perplexity, judge.analysis.similarity;"
        " print({'numpy', 'scipy', 'sacrebleu', 'importlib.metadata'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
