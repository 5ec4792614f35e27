"""Which answered dialogues are shown as examples: random or nearest, never the same conversation or the test.

A candidate is left out for a dialogue if both come from the same conversation: by the id of the conversation
(the column ``conversation_id``, or the dialogue's own id), or because the conversations begin with the same
words. So a train set that holds the test dialogue under another id gives nothing away.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.generators.tfidf import TfidfIndex, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from judge.types import Dialogue

FORBIDDEN_SPLITS = frozenset({"test"})


def query_text(dialogue: Dialogue) -> str:
    """Return what is looked for: the whole context, not only its first utterance."""
    return "\n".join(turn.text for turn in dialogue.context)


def candidate_text(dialogue: Dialogue) -> str:
    """Return what a candidate is found by: its context and its response."""
    return f"{query_text(dialogue)}\n{dialogue.reference or ''}"


def conversation_marks(dialogue: Dialogue) -> tuple[str, str]:
    """Return what tells a conversation: its id, and its first turn without case and punctuation."""
    first = next((turn.text for turn in dialogue.context if turn.text.strip()), "")
    named = dialogue.extra.get("conversation_id") or dialogue.dialogue_id
    return f"id:{named}", f"text:{' '.join(tokens(first))}"


@dataclass(frozen=True)
class ExemplarPool:
    """Answered dialogues to draw examples from.

    Make it with `make_pool`. `build` makes the index that neighbours are looked up in, at the first use.
    """

    candidates: tuple[Dialogue, ...]
    build: Callable[[Sequence[str]], Any] = field(default=TfidfIndex.build, repr=False)

    @cached_property
    def index(self) -> Any:
        """The search index over contexts with their responses."""
        return self.build([candidate_text(candidate) for candidate in self.candidates])

    @cached_property
    def context_index(self) -> Any:
        """The search index over contexts alone."""
        return self.build([query_text(candidate) for candidate in self.candidates])

    @cached_property
    def _by_mark(self) -> Mapping[str, list[int]]:
        marks: dict[str, list[int]] = {}
        for position, candidate in enumerate(self.candidates):
            for mark in conversation_marks(candidate):
                marks.setdefault(mark, []).append(position)
        return marks

    def _own(self, dialogue: Dialogue) -> NDArray[np.intp]:
        import numpy as np

        found = {p for mark in conversation_marks(dialogue) for p in self._by_mark.get(mark, ())}
        return np.array(sorted(found), dtype=np.intp)

    def drawn(self, dialogue: Dialogue, k: int, seed: int) -> list[Dialogue]:
        """Return `k` random candidates, the same for all dialogues.

        Where one of them is from the dialogue's own conversation, the next of the same draw takes its place.

        Raises
        ------
        InputError
            If the pool holds fewer than `k` that may be shown.
        """
        own = set(self._own(dialogue).tolist())
        ranked = random.Random(seed).sample(  # noqa: S311 - a draw, not a secret
            range(len(self.candidates)), min(k + len(own), len(self.candidates))
        )
        chosen = [self.candidates[i] for i in ranked if i not in own][:k]
        return _enough(chosen, k, dialogue)

    def nearest(self, dialogue: Dialogue, k: int) -> list[Dialogue]:
        """Return the `k` most similar candidates, most similar first."""
        return self.nearest_many([dialogue], k)[0]

    def nearest_many(
        self, dialogues: Sequence[Dialogue], k: int, *, with_response: bool = True
    ) -> list[list[Dialogue]]:
        """Return the `k` most similar candidates of each dialogue, most similar first.

        A candidate is found by its context and response, or by its context alone (`with_response` false).

        Raises
        ------
        InputError
            If the pool holds fewer than `k` that may be shown to one of the dialogues.
        """
        texts = [query_text(dialogue) for dialogue in dialogues]
        index = self.index if with_response else self.context_index
        found = index.nearest(texts, k, excluded=[self._own(dialogue) for dialogue in dialogues])
        return [
            _enough([self.candidates[i] for i in row if i >= 0], k, dialogue)
            for row, dialogue in zip(found.indices.tolist(), dialogues, strict=True)
        ]


def _enough(chosen: list[Dialogue], k: int, dialogue: Dialogue) -> list[Dialogue]:
    if len(chosen) < k:
        raise InputError(
            f"only {len(chosen)} of {k} exemplars may be shown for dialogue {dialogue.dialogue_id!r}"
        )
    return chosen


def make_pool(
    dialogues: Iterable[Dialogue], *, build: Callable[[Sequence[str]], Any] | None = None
) -> ExemplarPool:
    """Make a pool of the dialogues that have a response and are not of the test split.

    Parameters
    ----------
    dialogues
        Where examples may come from. `split` tells what to leave out; without it all are taken.
    build
        Makes another index than TF-IDF from the candidates' texts; the index has `nearest` like `TfidfIndex`.

    Raises
    ------
    InputError
        If nothing is left.

    Examples
    --------
    >>> from judge.types import Dialogue, Turn
    >>> cat = Dialogue("1", (Turn("speaker", "My cat ran away"),), reference="Oh no!", split="train")
    >>> sea = Dialogue("2", (Turn("speaker", "I saw the sea"),), reference="Nice!", split="train")
    >>> asked = Dialogue("3", (Turn("speaker", "My cat is back"),), split="test")
    >>> [found.dialogue_id for found in make_pool([cat, sea, asked]).nearest(asked, 1)]
    ['1']
    """
    kept = tuple(d for d in dialogues if d.reference and d.split not in FORBIDDEN_SPLITS)
    if not kept:
        raise InputError(
            "no dialogue can serve as an exemplar: none has a reference and is outside the test split"
        )
    return ExemplarPool(kept) if build is None else ExemplarPool(kept, build)
