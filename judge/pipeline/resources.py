"""What strategies draw on, made from the study's files: each once, and only where a strategy needs it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.generators import Resources, draws_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from judge.generators.base import CauseWordLike, EmpatheticModel, Exemplars, Knowledge
    from judge.study import Study, SystemSpec
    from judge.types import Dialogue

_MENDS = {
    "exemplars": 'answered dialogues: [resources] exemplars = "train.jsonl"',
    "knowledge": 'a source of knowledge: [resources] knowledge = "atomic.tsv", or comet = "MODEL"',
}


class Shelf:
    """The resources of one study.

    Parameters
    ----------
    study
        Says which files and models; a system's own choice goes before the table ``[resources]``.
    cache
        Folder for search indexes, where the study names none.
    note
        Is told what is read, since that may take a while.
    """

    def __init__(self, study: Study, cache: Path, note: Callable[[str], None] = lambda _: None) -> None:
        self._study, self._note = study, note
        named = study.resources.cache
        self._cache = study.folder / named if named else cache
        self._made: dict[tuple[Any, ...], Any] = {}

    def of(self, spec: SystemSpec) -> Resources:
        """Return what the strategy of a system draws on.

        Raises
        ------
        InputError
            The strategy needs what the study does not give, or a file of it is wrong.
        """
        wanted = draws_on(str(spec.strategy), dict(spec.options), folder=self._study.folder)
        makers = {"exemplars": self._exemplars, "sem": self._sem, "knowledge": self._knowledge}
        found: dict[str, Any] = {}
        for name, make in makers.items():
            if wanted is not None and name not in wanted:
                continue
            found[name] = make(spec)
            if found[name] is None and wanted is not None:
                raise InputError(
                    f"the system {spec.id!r}: its strategy {spec.strategy!r} needs {_MENDS[name]}"
                )
        return Resources(**found)

    def _choice(self, spec: SystemSpec, name: str) -> Any:
        own = getattr(spec, name)
        return getattr(self._study.resources, name) if own is None else own

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _index(self, spec: SystemSpec) -> Callable[[Sequence[str]], Any]:
        from judge.generators.stored import StoredDense, StoredTfidf

        model = self._choice(spec, "embedding")
        if model is None:
            return StoredTfidf(self._cache)
        from judge.generators.embeddings import lazy_encoder

        encoder = self._once(("encoder", model), lambda: lazy_encoder(model))
        return StoredDense(self._cache, model, encoder)

    def _exemplars(self, spec: SystemSpec) -> Exemplars | None:
        path = self._choice(spec, "exemplars")
        if path is None:
            return None
        key = ("exemplars", path, self._choice(spec, "embedding"))
        pool: Exemplars = self._once(key, lambda: self._pool(path, spec))
        return pool

    def _pool(self, path: Path, spec: SystemSpec) -> Exemplars:
        from judge.generators.exemplars import make_pool
        from judge.tables import read_dialogues

        def read() -> Any:
            self._note(f"reading exemplars from {path.name}")
            return read_dialogues(path)

        try:
            return make_pool(self._once(("dialogues", path), read), build=self._index(spec))
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def _sem(self, spec: SystemSpec) -> EmpatheticModel | None:
        source = self._choice(spec, "sem") or "embedded"
        model: EmpatheticModel = self._once(("sem", source), lambda: self._small_model(source))
        return model

    def _small_model(self, source: Path | str) -> EmpatheticModel:
        given = self._study.resources
        encoder = given.sem_encoder
        if encoder is not None and (folder := self._study.folder / encoder).is_dir():
            encoder = str(folder)
        return small_model(source, given.lexicon, encoder)

    def _knowledge(self, spec: SystemSpec) -> Knowledge | None:
        comet, path = self._choice(spec, "comet"), self._choice(spec, "knowledge")
        source: Knowledge | None = None
        if spec.knowledge is not None or (path is not None and spec.comet is None):
            key = ("knowledge", path, self._choice(spec, "embedding"))
            source = self._once(key, lambda: self._from_file(path, spec))
        elif comet is not None:
            from judge.generators.comet import Comet

            source = self._once(("comet", comet), lambda: Comet(comet, self._cache))
        return source

    def _from_file(self, path: Path, spec: SystemSpec) -> Knowledge:
        from judge.generators.knowledge import read_atomic, read_precomputed

        self._note(f"reading knowledge from {path.name}")
        if path.name.endswith(".jsonl"):
            return read_precomputed(path)
        return Remembered(replace(read_atomic(path), build=self._index(spec)), {})


def small_model(
    source: Path | str, lexicon: Path | None = None, encoder: str | None = None
) -> EmpatheticModel:
    """Return a small empathetic model.

    Parameters
    ----------
    source
        ``embedded``, ``embedding``, or a file: a head for embeddings (.npz), weights of the transformer
        (.pt), or the predictions of another model.
    lexicon
        Intensity of words, in the place of the model's own.
    encoder
        Model or folder of sentence-transformers for a head; by default the head's own name for it.
    """
    from judge.generators.sem import EmbeddingSEM, FileSEM, IntensityLexicon, LinearSEM, TorchSEM

    intensity = None if lexicon is None else IntensityLexicon.read(lexicon)
    model: EmpatheticModel
    if source == "embedded":
        model = LinearSEM.load(intensity)
    elif not isinstance(source, Path):
        model = EmbeddingSEM.load(encoder, intensity=intensity)
    elif source.suffix == ".npz":
        model = EmbeddingSEM.load(encoder, source, intensity)
    elif source.suffix == ".pt":
        model = TorchSEM.load(source, intensity)
    else:
        model = FileSEM.read(source, intensity=intensity)
    return RememberedModel(model, {}, {})


@dataclass(frozen=True)
class RememberedModel:
    """A small model that reads no dialogue twice: many systems ask it, and chains are replayed."""

    source: EmpatheticModel
    known: dict[str, Mapping[str, float]]
    words: dict[tuple[str, int], Sequence[CauseWordLike]]

    def probabilities(self, dialogue: Dialogue) -> Mapping[str, float]:
        """Return what the model says."""
        if dialogue.dialogue_id not in self.known:
            self.known[dialogue.dialogue_id] = self.source.probabilities(dialogue)
        return self.known[dialogue.dialogue_id]

    def cause_words(self, dialogue: Dialogue, k: int) -> Sequence[CauseWordLike]:
        """Return what the model says."""
        key = (dialogue.dialogue_id, k)
        if key not in self.words:
            self.words[key] = self.source.cause_words(dialogue, k)
        return self.words[key]


@dataclass(frozen=True)
class Remembered:
    """A source of knowledge that looks nothing up twice: a chain is replayed in every round."""

    source: Knowledge
    known: dict[tuple[str, tuple[str, ...], int], Mapping[str, Sequence[str]]]

    def infer(self, text: str, relations: Sequence[str], k: int) -> Mapping[str, Sequence[str]]:
        """Return what the source says."""
        key = (text, tuple(relations), k)
        if key not in self.known:
            self.known[key] = self.source.infer(text, relations, k)
        return self.known[key]
