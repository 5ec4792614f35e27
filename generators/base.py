"""What a strategy is: a small pure unit that asks a model zero, one or more times and then has a response.

A strategy does no I/O. It says what it wants to ask (`Ask`), is told what the model said, and says what
comes next, until it is `Done` or `Failed`. Whoever drives it (the asynchronous runner, `respond` in a test)
decides how models are called, how answers are kept, and what becomes of a call that fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from judge.types import Dialogue, Prompt


@dataclass(frozen=True, slots=True)
class Ask:
    """The strategy wants a model's answer; `then` takes its text and gives the next step.

    `step` names the question, so that progress and records can tell the parts of a chain apart.
    """

    prompt: Prompt
    then: Callable[[str], Step]
    step: str = "respond"


@dataclass(frozen=True, slots=True)
class Done:
    """The response, with everything that led to it."""

    text: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The model answered, but in a form from which no response can be read: an outcome, not a response."""

    reason: str
    details: Mapping[str, Any] = field(default_factory=dict)


Step: TypeAlias = Ask | Done | Failed


@runtime_checkable
class Strategy(Protocol):
    """How a response to a dialogue is made."""

    @property
    def name(self) -> str:
        """The name in study files and tables."""
        ...

    @property
    def ref(self) -> str:
        """Name, version and digest: what a run's manifest records."""
        ...

    @property
    def needs_model(self) -> bool:
        """Whether it ever asks a model."""
        ...

    def prepare(self, dialogues: Sequence[Dialogue]) -> Strategy:
        """Do at once, for all dialogues, what is faster in bulk (retrieval); returns a strategy."""
        ...

    def start(self, dialogue: Dialogue) -> Step:
        """Return the first step for a dialogue."""
        ...


class Knowledge(Protocol):
    """A source of commonsense inferences (ATOMIC, COMET, a file)."""

    def infer(self, text: str, relations: Sequence[str], k: int) -> Mapping[str, Sequence[str]]:
        """Return up to `k` short phrases for each relation, best first."""
        ...


class EmpatheticModel(Protocol):
    """A small empathetic model (SEM): emotions by probability, words by their weight."""

    def probabilities(self, dialogue: Dialogue) -> Mapping[str, float]:
        """Return the probability of each emotion label; they sum to 1."""
        ...

    def cause_words(self, dialogue: Dialogue, k: int) -> Sequence[CauseWordLike]:
        """Return up to `k` words of the context that carry the emotion, heaviest first."""
        ...


class CauseWordLike(Protocol):
    """A word of the context and whether it weighs much (HEF's algorithm 1)."""

    @property
    def word(self) -> str:
        """The word as it stands in the context."""
        ...

    @property
    def high(self) -> bool:
        """Whether intensity and IDF are both above their means."""
        ...


class Exemplars(Protocol):
    """A pool of answered dialogues from which examples are drawn."""

    def drawn(self, dialogue: Dialogue, k: int, seed: int) -> Sequence[Dialogue]:
        """Return `k` random dialogues, the same for every dialogue save where one must be left out."""
        ...

    def nearest(self, dialogue: Dialogue, k: int) -> Sequence[Dialogue]:
        """Return the `k` most similar dialogues, most similar first."""
        ...

    def nearest_many(
        self, dialogues: Sequence[Dialogue], k: int, *, with_response: bool = True
    ) -> Sequence[Sequence[Dialogue]]:
        """Return the same as `nearest` for each dialogue, faster; by context alone if so wished."""
        ...


@dataclass(frozen=True, slots=True)
class Resources:
    """What strategies may draw on; a strategy that needs what is None says so when it is made."""

    exemplars: Exemplars | None = None
    sem: EmpatheticModel | None = None
    knowledge: Knowledge | None = None


def respond(
    strategy: Strategy, dialogue: Dialogue, ask: Callable[[Prompt], str], *, system_id: str = ""
) -> Response | Failed:
    """Drive a strategy to its end with a plain function in the model's place.

    Parameters
    ----------
    strategy
        What to drive.
    dialogue
        What to answer.
    ask
        Takes a prompt, returns the model's text. Its exceptions pass through.
    system_id
        The system's name in tables; the strategy's name by default.

    Returns
    -------
    Response or Failed
        `Failed` where no response could be read from the model's answer.

    Examples
    --------
    >>> from judge.generators import get_strategy
    >>> from judge.types import Dialogue, Turn
    >>> dialogue = Dialogue("d1", (Turn("speaker", "My cat is back!"),))
    >>> respond(get_strategy("zero-shot"), dialogue, lambda prompt: "Oh, how lovely!").text
    'Oh, how lovely!'
    """
    step = strategy.start(dialogue)
    while isinstance(step, Ask):
        step = step.then(ask(step.prompt))
    if isinstance(step, Failed):
        return step
    return Response(
        dialogue_id=dialogue.dialogue_id,
        system_id=system_id or strategy.name,
        text=step.text,
        strategy=strategy.name,
        details=step.details,
    )
