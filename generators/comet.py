"""Commonsense inferences from COMET through ``transformers``, which is no dependency of ours.

COMET-ATOMIC 2020 (Hwang et al. 2021, arXiv 2010.05953) is a BART that was trained to go on from
"event relation [GEN]". Any sequence-to-sequence model that was trained so can be named: by its name on the
hub or by its folder. What it said is kept in a file that `judge.generators.knowledge.read_precomputed` reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from judge.errors import InputError
from judge.generators.tfidf import content_digest

if TYPE_CHECKING:
    from pathlib import Path

Generator: TypeAlias = Callable[[Sequence[str], int], list[list[str]]]
"""Takes prompts and a number of phrases, returns so many phrases for each prompt, likeliest first."""
MAX_NEW_TOKENS = 24


@dataclass(frozen=True)
class Comet:
    """A source of knowledge that asks COMET, and asks nothing twice.

    Parameters
    ----------
    model
        Name or folder of the model; with the number of phrases it names the file of what was said.
    folder
        Where that file lies; None keeps it in memory only.
    load
        Makes the generator at the first question.

    Examples
    --------
    >>> echo = lambda model: lambda prompts, k: [[prompt.upper()] for prompt in prompts]
    >>> Comet("mine", load=echo).infer("I won", ["xReact"], 1)
    {'xReact': ['I WON XREACT [GEN]']}
    """

    model: str
    folder: Path | None = None
    load: Callable[[str], Generator] = field(default_factory=lambda: comet_generator, repr=False)
    _known: dict[tuple[str, str, int], list[str]] = field(default_factory=dict, repr=False)
    _loaded: dict[str, Generator] = field(default_factory=dict, repr=False)
    _read: set[int] = field(default_factory=set, repr=False)

    def infer(self, text: str, relations: Sequence[str], k: int) -> dict[str, list[str]]:
        """Return up to `k` phrases for each relation, likeliest first; none twice, no empty one."""
        text = text.strip()
        self._recall(k)
        missing = [r for r in relations if (text, r, k) not in self._known]
        if missing and text:
            said = self._generator()([f"{text} {relation} [GEN]" for relation in missing], k)
            fresh = {r: _clean(phrases) for r, phrases in zip(missing, said, strict=True)}
            self._known.update({(text, r, k): phrases for r, phrases in fresh.items()})
            self._keep(text, fresh, k)
        return {relation: list(self._known.get((text, relation, k), ())) for relation in relations}

    def path(self, k: int) -> Path | None:
        """Return the file of what this model said with `k` beams."""
        if self.folder is None:
            return None
        return self.folder / f"comet-{content_digest([self.model, str(k), str(MAX_NEW_TOKENS)])[:16]}.jsonl"

    def _generator(self) -> Generator:
        if self.model not in self._loaded:
            self._loaded[self.model] = self.load(self.model)
        return self._loaded[self.model]

    def _recall(self, k: int) -> None:
        path = self.path(k)
        if k in self._read or path is None:
            return
        self._read.add(k)
        if not path.exists():
            return
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # the last line of a run that was killed: it is asked again
                continue
            text = row.pop("text")
            self._known.update({(text, relation, k): phrases for relation, phrases in row.items()})

    def _keep(self, text: str, fresh: dict[str, list[str]], k: int) -> None:
        path = self.path(k)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{json.dumps({'text': text, **fresh}, ensure_ascii=False)}\n")


def _clean(phrases: Sequence[str]) -> list[str]:
    kept = (phrase.strip() for phrase in phrases)
    return list(dict.fromkeys(phrase for phrase in kept if phrase and phrase.lower() != "none"))


def comet_generator(model: str) -> Generator:
    """Load a sequence-to-sequence model of transformers; phrases come from a beam search.

    Raises
    ------
    InputError
        If the package is not installed, or the model cannot be loaded (no such model, no network).
    """
    try:
        import torch  # type: ignore[import-not-found, unused-ignore]
        from transformers import (  # type: ignore[import-not-found, unused-ignore]
            AutoModelForSeq2SeqLM,
            AutoTokenizer,
        )
    except ImportError as error:
        raise InputError(
            "COMET needs the packages torch and transformers\n  mend: pip install torch transformers, or give"
            " a file of ATOMIC triples or of precomputed inferences as knowledge"
        ) from error
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(model)
        loaded: Any = AutoModelForSeq2SeqLM.from_pretrained(model)
    except Exception as error:  # the package raises whatever its backends raise
        raise InputError(f"the COMET model {model!r} cannot be loaded: {error}") from error
    loaded.eval()

    def generate(prompts: Sequence[str], k: int) -> list[list[str]]:
        batch = tokenizer(list(prompts), return_tensors="pt", truncation=True, padding=True)
        with torch.no_grad():
            rows = loaded.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                num_beams=max(k, 1),
                num_return_sequences=k,
                max_new_tokens=MAX_NEW_TOKENS,
            )
        texts = tokenizer.batch_decode(rows, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return [list(texts[start : start + k]) for start in range(0, len(texts), k)]

    return generate
