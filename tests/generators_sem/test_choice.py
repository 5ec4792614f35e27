"""Which small empathetic model a study file chooses."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from judge.errors import InputError, JudgeError
from judge.pipeline.resources import small_model
from judge.study.checks import WrongValueError, file_or
from judge.types import Dialogue, Turn

SAD = Dialogue("d", (Turn("speaker", "My grandmother died and the funeral is tomorrow."),))


def test_the_embedded_model_needs_nothing():
    """`embedded` gives the linear model, which reads a dialogue once."""
    model = small_model("embedded")
    assert model.probabilities(SAD) is model.probabilities(SAD)
    assert max(model.probabilities(SAD), key=model.probabilities(SAD).__getitem__) == "sad"


def test_the_ending_says_what_a_file_is(tmp_path):
    """A head, weights and predictions are told apart by their endings; a wrong file is named."""
    for name in ("head.npz", "weights.pt", "escm.jsonl"):
        path = tmp_path / name
        path.write_text("no")
        expected = "torch" if name == "weights.pt" and find_spec("torch") is None else name
        with pytest.raises(JudgeError, match=expected):
            small_model(path)


@pytest.mark.skipif(
    find_spec("sentence_transformers") is not None, reason="sentence-transformers is installed"
)
def test_embedding_without_its_package():
    """`embedding` says which package it needs."""
    with pytest.raises(InputError, match="pip install sentence-transformers"):
        small_model("embedding")


def test_other_words_are_no_model(tmp_path):
    """A word that is none of the two is taken for a file, which must be there."""
    check = file_or("embedded", "embedding")
    assert check("embedding", tmp_path) == "embedding"
    with pytest.raises(WrongValueError):
        check("embeded", tmp_path)
