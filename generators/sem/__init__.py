"""Small empathetic models (SEM): what a context feels like, and which words say so.

`LinearSEM` is the one that comes with the package (``docs/sem-model-card.md``); `EmbeddingSEM` mixes sentence
embeddings into it and `TorchSEM` is a transformer with attention, each with an extra; `FileSEM` reads the
predictions of any other model from a file. All are `judge.generators.base.EmpatheticModel`.
"""

from __future__ import annotations

from judge.generators.sem.accuracy import TopK, top_k_accuracy
from judge.generators.sem.causes import CauseWord, WordFacts, heaviest, high_and_low
from judge.generators.sem.contexts import ContextModel
from judge.generators.sem.embedding import EmbeddingSEM
from judge.generators.sem.lexicon import IntensityLexicon
from judge.generators.sem.linear import LinearSEM
from judge.generators.sem.predictions import FileSEM
from judge.generators.sem.torch_sem import TorchSEM

__all__ = [
    "CauseWord",
    "ContextModel",
    "EmbeddingSEM",
    "FileSEM",
    "IntensityLexicon",
    "LinearSEM",
    "TopK",
    "TorchSEM",
    "WordFacts",
    "heaviest",
    "high_and_low",
    "top_k_accuracy",
]
