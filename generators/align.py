"""Find for each record of a published file the dialogue it answers: by content, not by its position.

Context and reference are compared as bare letters and digits with contractions written out, since published
files are lower-case, tokenised and expanded. A record without an equal dialogue is then placed between its
neighbours: if the file left out or changed a few turns, the rest still finds its place, and what is missing
is named.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.errors import InputError
from judge.generators.detokenise import detokenise
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from judge.generators.published import Published, PublishedRecord
    from judge.types import Dialogue

LIKENESS = 0.6
"""Share of common words from which two texts that stand at the same place are taken for the same turn."""
_EXPAND = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"[’`´]", "'"),
        (r"\bwo ?n ?'?t\b", "will not"),
        (r"\bca ?n ?'t\b|\bcannot\b", "can not"),
        (r"(?<=[a-z]) ?n ?'t\b", " not"),
        (r" ?'m\b", " am"),
        (r" ?'re\b", " are"),
        (r" ?'ve\b", " have"),
        (r" ?'ll\b", " will"),
        (r" ?'d\b", " would"),
        (r"\b(it|that|he|she|what|there|let|who|how|where|here) ?'s\b", r"\1 is"),
    )
)


def bare(text: str) -> str:
    """Return the letters and digits of a text in lower case, contractions written out.

    Examples
    --------
    >>> bare("I don't know, it's odd.") == bare("i do not know , it is odd .")
    True
    """
    text = text.lower()
    for pattern, to in _EXPAND:
        text = pattern.sub(to, text)
    return re.sub(r"[\W_]+", "", text)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which dialogue each record answers.

    `dialogue_ids` has one entry for each record, None where no dialogue was found. `exact` counts the records
    found by equal content, `placed` those found by likeness at their place; `missing` are dialogues that no
    record answers.
    """

    dialogue_ids: tuple[str | None, ...]
    exact: int
    placed: int
    missing: tuple[str, ...]

    @property
    def unmatched(self) -> tuple[int, ...]:
        """Positions of the records without a dialogue."""
        return tuple(i for i, found in enumerate(self.dialogue_ids) if found is None)


def align(records: Sequence[PublishedRecord], dialogues: Sequence[Dialogue]) -> Alignment:
    """Match records to dialogues; every dialogue is used at most once.

    Parameters
    ----------
    records
        Of a published file, in its order.
    dialogues
        The turns that may have been answered, in the usual order. Equal turns are matched in order.
    """
    places: dict[str, deque[int]] = defaultdict(deque)
    for place, dialogue in enumerate(dialogues):
        texts = [turn.text for turn in dialogue.context]
        places[bare(" ".join(texts)) + "\x1f" + bare(dialogue.reference or "")].append(place)
    found: list[int | None] = []
    for record in records:
        queue = places.get(bare(" ".join(record.context)) + "\x1f" + bare(record.reference or ""))
        found.append(queue.popleft() if queue else None)
    exact = sum(place is not None for place in found)
    _place_the_rest(found, records, dialogues)
    used = {place for place in found if place is not None}
    return Alignment(
        dialogue_ids=tuple(None if place is None else dialogues[place].dialogue_id for place in found),
        exact=exact,
        placed=len(used) - exact,
        missing=tuple(d.dialogue_id for place, d in enumerate(dialogues) if place not in used),
    )


def _place_the_rest(
    found: list[int | None], records: Sequence[PublishedRecord], dialogues: Sequence[Dialogue]
) -> None:
    """Give records without an equal the first free dialogue like them after their neighbour's."""
    used = {place for place in found if place is not None}
    before = -1
    for position, place in enumerate(found):
        if place is not None:
            before = place
            continue
        after = next((p for p in found[position + 1 :] if p is not None), len(dialogues))
        window = [p for p in range(before + 1, max(after, before + 1)) if p not in used]
        best = max(window, key=lambda p: likeness(records[position], dialogues[p]), default=None)
        if best is not None and likeness(records[position], dialogues[best]) >= LIKENESS:
            found[position] = before = best
            used.add(best)


def likeness(record: PublishedRecord, dialogue: Dialogue) -> float:
    """Return the share of common words (Jaccard) of context and reference, 0 to 1."""
    mine = _words(" ".join([*record.context, record.reference or ""]))
    theirs = _words(" ".join([*(turn.text for turn in dialogue.context), dialogue.reference or ""]))
    return len(mine & theirs) / max(len(mine | theirs), 1)


def _words(text: str) -> set[str]:
    text = text.lower()
    for pattern, to in _EXPAND:
        text = pattern.sub(to, text)
    return set(re.findall(r"\w+", text))


def published_responses(
    published: Published,
    dialogues: Sequence[Dialogue],
    systems: Mapping[str, str],
    *,
    clean: bool = True,
) -> tuple[list[Response], Alignment]:
    """Turn a published file into responses of our dialogues.

    Parameters
    ----------
    published
        From `read_published`.
    dialogues
        The turns that were answered.
    systems
        Response field (``pred``, ``greedy``, ...) to the system's name.
    clean
        Whether to detokenise.

    Returns
    -------
    tuple
        The responses (empty ones left out) and the alignment, which says what is missing.

    Raises
    ------
    InputError
        If a field does not occur in the file, or two fields have one name.
    """
    unknown = [name for name in systems if name not in published.fields()]
    if unknown:
        raise InputError(f"the file has no field {unknown[0]!r}; it has {', '.join(published.fields())}")
    if len(set(systems.values())) != len(systems):
        raise InputError(f"two fields were given the same system name: {', '.join(systems.values())}")
    alignment = align(published.records, dialogues)
    out = []
    for record, dialogue_id in zip(published.records, alignment.dialogue_ids, strict=True):
        if dialogue_id is None:
            continue
        for name, system_id in systems.items():
            text = record.responses.get(name, "")
            if text.strip():
                out.append(
                    Response(
                        dialogue_id, system_id, detokenise(text) if clean else text, details=record.details
                    )
                )
    return out, alignment
