"""COMET is asked once for each utterance; the real loading code runs on a tiny random model."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from judge.errors import InputError
from judge.generators import Resources, get_strategy
from judge.generators.comet import Comet, comet_generator
from judge.generators.knowledge import read_precomputed
from tests.generators.helpers import dialogue, messages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Scribe:
    """Plays the model and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, model: str) -> Scribe:
        return self

    def answer(self, prompts: Sequence[str], k: int) -> list[list[str]]:
        self.asked += prompts
        return [[" none ", "to rest", "to rest", ""][: k + 2] for _ in prompts]


def comet(scribe: Scribe, folder: Path | None) -> Comet:
    return Comet("mine", folder, load=lambda _: scribe.answer)


def test_what_was_said_is_kept_by_content(tmp_path: Path) -> None:
    """A later run asks nothing again; another number of phrases or model has a file of its own."""
    scribe = Scribe()
    first = comet(scribe, tmp_path).infer("I am tired ", ["xWant", "xReact"], 3)
    assert first == {"xWant": ["to rest"], "xReact": ["to rest"]}
    assert scribe.asked == ["I am tired xWant [GEN]", "I am tired xReact [GEN]"]
    again = comet(scribe, tmp_path)
    assert again.infer("I am tired", ["xReact", "xWant"], 3) == first
    assert len(scribe.asked) == 2
    again.infer("I am tired", ["xWant"], 5)
    assert len(scribe.asked) == 3
    assert len(list(tmp_path.iterdir())) == 2
    other = Comet("other", tmp_path, load=lambda _: scribe.answer)
    other.infer("I am tired", ["xWant"], 3)
    assert len(scribe.asked) == 4


def test_the_file_is_one_of_precomputed_inferences(tmp_path: Path) -> None:
    """What COMET said can be given to others as a file of knowledge."""
    source = comet(Scribe(), tmp_path)
    source.infer("I am tired", ["xWant"], 2)
    path = source.path(2)
    assert path is not None
    assert read_precomputed(path).infer("I am tired", ["xWant"], 5) == {"xWant": ["to rest"]}


def test_a_line_that_a_kill_cut_is_asked_again(tmp_path: Path) -> None:
    """A half line is no answer, and does not end the run."""
    scribe = Scribe()
    source = comet(scribe, tmp_path)
    source.infer("I am tired", ["xWant"], 2)
    path = source.path(2)
    assert path is not None
    path.write_text(path.read_text()[:-9], encoding="utf-8")
    assert comet(scribe, tmp_path).infer("I am tired", ["xWant"], 2) == {"xWant": ["to rest"]}
    assert len(scribe.asked) == 2


def test_an_empty_utterance_is_not_asked_about() -> None:
    """Nothing is made up for a dialogue without words."""
    scribe = Scribe()
    assert comet(scribe, None).infer("  ", ["xWant"], 2) == {"xWant": []}
    assert not scribe.asked


def test_missing_packages_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without transformers the error names it and the way round."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match="pip install torch transformers"):
        comet_generator("any")


@pytest.fixture(scope="module")
def tiny_bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a BART of a few thousand random weights with a tokeniser of whole words."""
    transformers = pytest.importorskip("transformers", reason="needs the extra transformers")
    torch = pytest.importorskip("torch", reason="needs the extra torch")
    tokenizers = pytest.importorskip("tokenizers")
    words = ["<s>", "<pad>", "</s>", "<unk>", "[GEN]", "i", "won", "xReact", "happy", "proud", "glad"]
    held = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: k for k, word in enumerate(words)}, unk_token="<unk>")
    )
    held.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    folder = tmp_path_factory.mktemp("bart")
    transformers.PreTrainedTokenizerFast(tokenizer_object=held, **special).save_pretrained(folder)
    torch.manual_seed(1)
    shape = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "vocab_size": len(words)}
    shape |= {"encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "max_position_embeddings": 64}
    shape |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "decoder_start_token_id": 2}
    config = transformers.BartConfig(**shape, bos_token_id=0, pad_token_id=1, eos_token_id=2)
    transformers.BartForConditionalGeneration(config).save_pretrained(folder)
    return folder


@pytest.mark.filterwarnings("ignore")  # whatever the packages of others warn of
def test_the_real_code_loads_a_model(tiny_bart: Path, tmp_path: Path) -> None:
    """A BART is loaded from a folder, beams come back for each relation, and the strategy uses them."""
    said = comet_generator(str(tiny_bart))(["i won xReact [GEN]", "won xReact [GEN]"], 3)
    assert [len(phrases) for phrases in said] == [3, 3]
    assert all("<" not in phrase for phrases in said for phrase in phrases)
    source = Comet(str(tiny_bart), tmp_path)
    strategy = get_strategy("knowledge", {"k": 2}, Resources(knowledge=source))
    assert "xReact" in messages(strategy, dialogue("i won"))[0].content
    (kept,) = tmp_path.iterdir()
    assert set(json.loads(kept.read_text())) == {"text", "xIntent", "xNeed", "xWant", "xEffect", "xReact"}


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_is_not_there_is_an_error_of_the_user(tmp_path: Path) -> None:
    """A folder without a model is named."""
    pytest.importorskip("transformers", reason="needs the extra transformers")
    with pytest.raises(InputError, match="cannot be loaded"):
        comet_generator(str(tmp_path / "none"))
