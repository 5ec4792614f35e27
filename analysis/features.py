"""What can be measured of one response without asking anyone: length, form, likeness to the reference.

These are the columns of the features table, against which the audit tests a judge. Every function is pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
_LIST = re.compile(r"^\s*(?:[-*\u2022]|\d{1,2}[.)])\s+\S", re.MULTILINE)
_HEADER = re.compile(r"^\s{0,3}#{1,6}\s+\S", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def surface_features(text: str) -> dict[str, float]:
    """Measure length and form of one response.

    Parameters
    ----------
    text
        The response as it was shown to the judge.

    Returns
    -------
    dict
        ``n_words`` (words: runs of letters and digits, inner apostrophes and hyphens kept), ``n_chars``,
        ``n_questions`` and ``n_exclamations`` (marks), ``n_list_items``, ``n_headers``, ``n_bold``
        (Markdown), ``n_emoji``. All are counts.

    Examples
    --------
    >>> surface_features("Oh no! Are **you** okay?")["n_words"]
    5.0
    """
    return {
        "n_words": float(len(_WORD.findall(text))),
        "n_chars": float(len(text)),
        "n_questions": float(text.count("?")),
        "n_exclamations": float(text.count("!")),
        "n_list_items": float(len(_LIST.findall(text))),
        "n_headers": float(len(_HEADER.findall(text))),
        "n_bold": float(len(_BOLD.findall(text))),
        "n_emoji": float(len(_EMOJI.findall(text))),
    }


def chrf_scorer() -> Callable[[str, str], float]:
    """Return a function that gives the sentence chrF of a response against a reference, 0 to 100.

    Returns
    -------
    callable
        ``score(response, reference)``; sacrebleu's chrF2 (character 6-grams, beta 2, no word n-grams,
        case kept, effective order), which is deterministic and needs no model.

    References
    ----------
    Popovic 2015, doi:10.18653/v1/W15-3049; Post 2018, doi:10.18653/v1/W18-6319.

    Examples
    --------
    >>> score = chrf_scorer()
    >>> score("are you okay ?", "are you okay ?")
    100.0
    """
    from sacrebleu.metrics.chrf import CHRF

    metric = CHRF()

    def score(response: str, reference: str) -> float:
        return float(metric.sentence_score(response, [reference]).score)

    return score
