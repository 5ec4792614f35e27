"""Small empathetic models (SEM): what a context feels like, and which words say so.

`LinearSEM` is the one that comes with the package (``docs/sem-model-card.md``); `FileSEM` reads the
predictions of any other from a file. Both are `judge.generators.base.EmpatheticModel`.
"""

from __future__ import annotations

from judge.generators.sem.accuracy import TopK, top_k_accuracy
from judge.generators.sem.causes import CauseWord, WordFacts, heaviest, high_and_low
from judge.generators.sem.lexicon import IntensityLexicon
from judge.generators.sem.linear import LinearSEM
from judge.generators.sem.predictions import FileSEM

__all__ = [
    "CauseWord",
    "FileSEM",
    "IntensityLexicon",
    "LinearSEM",
    "TopK",
    "WordFacts",
    "heaviest",
    "high_and_low",
    "top_k_accuracy",
]
