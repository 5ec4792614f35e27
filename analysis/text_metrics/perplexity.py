"""How surprised a model was by its own output: bits per byte, which can be compared across tokenisers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from judge.types import Finding, Response

METHOD = "bits of the generated tokens over bytes of their text; ratio of sums, cluster jackknife, t"
NOTE = "of the output under the model that wrote it: not the perplexity of the reference that papers print"


def likelihood(logprobs: Sequence[tuple[str, Sequence[tuple[str, float]]]], text: str) -> dict[str, float]:
    """Sum the log-probabilities of what a model wrote, where it told all of them.

    Parameters
    ----------
    logprobs
        For each output token its alternatives with natural log-probabilities (`judge.types.Answer`).
    text
        What the tokens spell.

    Returns
    -------
    dict
        ``logprob`` (nats, at most 0) and ``logprob_bytes`` (length of the text in UTF-8); empty where the
        model told none, or left the token that it wrote out of its alternatives.

    Examples
    --------
    >>> likelihood((("Hi", (("Hi", -0.5), ("Oh", -1.0))), ("!", (("!", -0.25),))), "Hi!")
    {'logprob': -0.75, 'logprob_bytes': 3.0}
    >>> likelihood((), "Hi!")
    {}
    """
    total = 0.0
    for token, alternatives in logprobs:
        value = next((value for name, value in alternatives if name == token), None)
        if value is None or not math.isfinite(value):
            return {}
        total += value
    size = len(text.encode("utf-8", "replace"))
    return {"logprob": total, "logprob_bytes": float(size)} if logprobs and size else {}


def bits_per_byte(
    system: str,
    responses: Sequence[Response],
    dialogue: npt.NDArray[np.int64],
    confidence: float,
) -> Finding | None:
    """Return a system's bits per byte, or None where no response tells its log-probability.

    Parameters
    ----------
    system
        Name in the finding.
    responses
        Of one system; ``details`` of a response may hold what `likelihood` returns.
    dialogue
        Codes of the unit of independence, shape (n,).
    confidence
        Of the interval.

    Notes
    -----
    Only responses that tell it count; the others are said in a warning. Two systems can be compared only
    under the same model.
    """
    # Here: whoever asks models needs `likelihood` alone, and not what computes estimates.
    import numpy as np

    from judge.analysis.estimate import finding
    from judge.analysis.jackknife import cluster_mean

    told = [i for i, r in enumerate(responses) if _has(r.details)]
    if not told:
        return None
    nats = np.array([float(responses[i].details["logprob"]) for i in told])
    size = np.array([float(responses[i].details["logprob_bytes"]) for i in told])
    estimate = cluster_mean(
        -nats / math.log(2), dialogue[told], confidence=confidence, method=METHOD, weights=size
    )
    silent = len(responses) - len(told)
    notes = (NOTE, f"{silent} responses do not tell it") if silent else (NOTE,)
    return finding("texts", "bits_per_byte", estimate, level="system", system=system, warnings=notes)


def _has(details: Mapping[str, object]) -> bool:
    if not details:
        return False
    values = (details.get("logprob"), details.get("logprob_bytes"))
    return all(isinstance(v, int | float) and math.isfinite(v) for v in values) and values[1] != 0
