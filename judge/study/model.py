"""The study as frozen values. One line a field: its type, its check, its default.

The reader in `judge.study.load` works from these lines alone: a new field needs no other change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.analysis.similarity import SIMILARITIES
from judge.study import checks as c

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.study.lines import Places


def _by(check: c.Check) -> dict[str, c.Check]:
    """Say by which check a field of the file is read."""
    return {"check": check}


@dataclass(frozen=True, kw_only=True)
class DialogueSource:
    """Which dialogues are judged: `sample` of them, drawn with `seed`, after the filters."""

    path: Path = field(metadata=_by(c.file))
    sample: int | None = field(default=None, metadata=_by(c.whole(1)))
    seed: int | None = field(default=None, metadata=_by(c.whole(0)))
    split: str | None = field(default=None, metadata=_by(c.text))
    emotions: tuple[str, ...] = field(default=(), metadata=_by(c.texts))


@dataclass(frozen=True, kw_only=True)
class SystemSpec:
    """One system: a file of responses, a strategy on a model, or the reference. Exactly one of the three."""

    id: str | None = field(default=None, metadata=_by(c.text))
    responses: Path | None = field(default=None, metadata=_by(c.file))
    strategy: str | None = field(default=None, metadata=_by(c.text))
    reference: bool = field(default=False, metadata=_by(c.flag))
    model: str | None = field(default=None, metadata=_by(c.model))
    base_url: str | None = field(default=None, metadata=_by(c.url))
    api_key_env: str | None = field(default=None, metadata=_by(c.variable))
    temperature: float | None = field(default=0.0, metadata=_by(c.number(0, 2)))
    max_tokens: int | None = field(default=256, metadata=_by(c.whole(1)))
    concurrency: int = field(default=64, metadata=_by(c.whole(1, 10_000)))
    requests_per_minute: float | None = field(default=None, metadata=_by(c.number(0, open_ends=True)))
    tokens_per_minute: float | None = field(default=None, metadata=_by(c.number(0, open_ends=True)))
    timeout: float = field(default=60.0, metadata=_by(c.number(0, open_ends=True)))
    price: Mapping[str, float] | None = field(default=None, metadata=_by(c.price))
    logprobs: bool = field(default=False, metadata=_by(c.flag))
    exemplars: Path | None = field(default=None, metadata=_by(c.file))
    embedding: str | None = field(default=None, metadata=_by(c.text))
    sem: Path | str | None = field(default=None, metadata=_by(c.file_or("embedded", "embedding")))
    knowledge: Path | None = field(default=None, metadata=_by(c.file))
    comet: str | None = field(default=None, metadata=_by(c.text))
    options: Mapping[str, Any] = field(default_factory=dict, metadata=_by(c.mapping))


@dataclass(frozen=True, kw_only=True)
class ResourceSpec:
    """What strategies draw on where their system names nothing of its own.

    `exemplars` are answered dialogues; `embedding` and `comet` name models of sentence-transformers and
    transformers; `sem` is ``embedded``, ``embedding`` (with sentence embeddings mixed in) or a file: a head
    for embeddings (.npz), weights of the transformer (.pt) or predictions. `sem_encoder` is the model or
    folder of sentence-transformers that goes with a head, where it is not found by the head's own name.
    `lexicon` is the intensity of words, `knowledge` a file of triples or inferences; `cache` is the folder
    of search indexes.
    """

    exemplars: Path | None = field(default=None, metadata=_by(c.file))
    embedding: str | None = field(default=None, metadata=_by(c.text))
    sem: Path | str | None = field(default=None, metadata=_by(c.file_or("embedded", "embedding")))
    sem_encoder: str | None = field(default=None, metadata=_by(c.text))
    lexicon: Path | None = field(default=None, metadata=_by(c.file))
    knowledge: Path | None = field(default=None, metadata=_by(c.file))
    comet: str | None = field(default=None, metadata=_by(c.text))
    cache: str | None = field(default=None, metadata=_by(c.text))


@dataclass(frozen=True, kw_only=True)
class JudgeSpec:
    """One judge: a model and how it is asked. `price` is in dollars for a million tokens."""

    model: str = field(metadata=_by(c.model))
    base_url: str | None = field(default=None, metadata=_by(c.url))
    api_key_env: str | None = field(default=None, metadata=_by(c.variable))
    temperature: float | None = field(default=0.0, metadata=_by(c.number(0, 2)))
    max_tokens: int | None = field(default=512, metadata=_by(c.whole(1)))
    concurrency: int = field(default=64, metadata=_by(c.whole(1, 10_000)))
    requests_per_minute: float | None = field(default=None, metadata=_by(c.number(0, open_ends=True)))
    tokens_per_minute: float | None = field(default=None, metadata=_by(c.number(0, open_ends=True)))
    logprobs: bool = field(default=False, metadata=_by(c.flag))
    timeout: float = field(default=60.0, metadata=_by(c.number(0, open_ends=True)))
    samples: int = field(default=1, metadata=_by(c.whole(1, 1000)))
    repair: bool = field(default=True, metadata=_by(c.flag))
    batch: bool = field(default=False, metadata=_by(c.flag))
    price: Mapping[str, float] | None = field(default=None, metadata=_by(c.price))


@dataclass(frozen=True, kw_only=True)
class JudgingSpec:
    """What is asked: criteria, mode, orders, repeats, pairs, on a `sample` of the dialogues."""

    mode: str = field(default="pairwise", metadata=_by(c.one_of("pairwise", "absolute", "both")))
    criteria: tuple[str, ...] = field(metadata=_by(c.texts))
    rubrics: tuple[Path, ...] = field(default=(), metadata=_by(c.several(c.anything)))
    orders: str = field(default="both", metadata=_by(c.one_of("both", "random", "AB")))
    repeats: int = field(default=1, metadata=_by(c.whole(1, 1000)))
    pairs: str | tuple[tuple[str, str], ...] = field(default="all", metadata=_by(c.pairs))
    baseline: str | None = field(default=None, metadata=_by(c.text))
    sample: int | None = field(default=None, metadata=_by(c.whole(1)))
    stop_when_decided: bool = field(default=False, metadata=_by(c.flag))


@dataclass(frozen=True, kw_only=True)
class HumanLabels:
    """Files of people's ratings and duels; `scale` is the lowest and highest score they could give."""

    ratings: tuple[Path, ...] = field(default=(), metadata=_by(c.several(c.file)))
    duels: tuple[Path, ...] = field(default=(), metadata=_by(c.several(c.file)))
    scale: tuple[float, float] | None = field(default=None, metadata=_by(c.span))


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Where the run stops: dollars and calls. None is no limit."""

    max_cost: float | None = field(default=None, metadata=_by(c.number(0)))
    max_calls: int | None = field(default=None, metadata=_by(c.whole(1)))


@dataclass(frozen=True, kw_only=True)
class AnalysisSpec:
    """How the analysis is done; `margin` is what counts as no difference, on the scale of a win rate.

    `groups` is a table of the kind of each system: it adds the mixed model of scores cut at `threshold`.
    `similarity` are the measures of likeness to the reference that the judge is tested against; the first
    enters the joint model.
    """

    confidence: float = field(default=0.95, metadata=_by(c.number(0.5, 0.9999)))
    margin: float = field(default=0.1, metadata=_by(c.number(0, 0.5, open_ends=True)))
    cluster: str = field(default="dialogue_id", metadata=_by(c.text))
    groups: Path | None = field(default=None, metadata=_by(c.file))
    threshold: float | None = field(default=None, metadata=_by(c.number(-1e9)))
    similarity: tuple[str, ...] = field(default=("chrf",), metadata=_by(c.some_of(*SIMILARITIES)))


@dataclass(frozen=True, kw_only=True)
class Header:
    """The table [study] of the file."""

    name: str = field(default="study", metadata=_by(c.text))
    seed: int = field(default=0, metadata=_by(c.whole(0)))
    published: tuple[Path, ...] = field(default=(), metadata=_by(c.several(c.file)))


@dataclass(frozen=True, kw_only=True)
class Study:
    """A whole study, checked. Paths are found from where the study file lies (`folder`)."""

    dialogues: DialogueSource
    systems: tuple[SystemSpec, ...]
    judges: tuple[JudgeSpec, ...]
    judging: JudgingSpec
    name: str = "study"
    seed: int = 0
    published: tuple[Path, ...] = ()
    resources: ResourceSpec = field(default_factory=ResourceSpec)
    humans: HumanLabels = field(default_factory=HumanLabels)
    budget: Budget = field(default_factory=Budget)
    analysis: AnalysisSpec = field(default_factory=AnalysisSpec)
    folder: Path = field(default=Path(), compare=False)
    source: str = field(default="", compare=False)
    places: Places | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the study in the shape of its file, as plain JSON values, for the manifest.

        Paths below the study's folder are relative to it, so that the same study gives the same dictionary
        on every machine; what has no value is left out.
        """
        parts = {name: getattr(self, name) for name in TABLES if name != "study"}
        rest = {name: _plain(part, self.folder) for name, part in parts.items()}
        header = _plain(Header(name=self.name, seed=self.seed, published=self.published), self.folder)
        return {"study": header, **{k: v for k, v in rest.items() if v}}


TABLES: dict[str, type] = {
    "study": Header,
    "dialogues": DialogueSource,
    "systems": SystemSpec,
    "resources": ResourceSpec,
    "judges": JudgeSpec,
    "judging": JudgingSpec,
    "humans": HumanLabels,
    "budget": Budget,
    "analysis": AnalysisSpec,
}
"""The tables of the file. A new table is one line here and one field of `Study`."""
LISTS = ("systems", "judges")
"""Tables that may come several times: [[systems]]."""


def _plain(value: Any, folder: Path) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((part.name, _plain(getattr(value, part.name), folder)) for part in fields(value))
        return {name: part for name, part in pairs if part not in (None, [], {})}
    if isinstance(value, Path):
        inside = value.is_relative_to(folder)
        return (value.relative_to(folder) if inside else value).as_posix()
    if isinstance(value, list | tuple):
        return [_plain(part, folder) for part in value]
    if hasattr(value, "items"):
        return {name: _plain(part, folder) for name, part in value.items()}
    return value
