"""Read EmpatheticDialogues as its authors publish it (Rashkin et al. 2019, arXiv 1811.00207; CC BY-NC 4.0).

The archive holds ``train.csv``, ``valid.csv`` and ``test.csv``, one utterance a line::

    conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags
    hit:1_conv:2,1,joyful,We won_comma_ at last,7,We won the cup!,5|5|5_5|5|5,

``context`` is the emotion, ``prompt`` the situation; commas inside a text are written ``_comma_`` and
nothing is quoted, so that these are no CSV files in the usual sense: quotation marks are text. A ninth field
with candidates stands in some lines of the valid and test parts; it is not read.
"""

from __future__ import annotations

import io
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from judge.errors import TableError
from judge.types import EMOTIONS, Dialogue, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

HEADER = ("conv_id", "utterance_idx", "context", "prompt", "speaker_idx", "utterance", "selfeval", "tags")
SPLITS = ("train", "valid", "test")
Lines: TypeAlias = "list[tuple[int, Utterance]]"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of a file: whose utterance, in which conversation, at which place (from 1)."""

    conversation: str
    place: int
    emotion: str
    situation: str
    person: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation; who says the first utterance is the speaker, the other one the listener."""

    conversation_id: str
    emotion: str
    situation: str
    turns: tuple[Turn, ...]
    split: str | None = None


def unescape(text: str) -> str:
    """Return a text with its commas.

    >>> unescape("Well_comma_ yes ")
    'Well, yes'
    """
    return text.replace("_comma_", ",").strip()


@contextmanager
def _opened(path: Path, split: str) -> Iterator[TextIO]:
    """Open the file of a split, from the archive or beside it."""
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8", newline="\n") as stream:
            yield stream
        return
    with tarfile.open(path, "r:*") as archive:
        names = [name for name in archive.getnames() if name.rpartition("/")[2] == f"{split}.csv"]
        held = archive.extractfile(names[0]) if names else None
        if held is None:
            raise TableError(f"the archive holds no {split}.csv", path=path)
        with io.TextIOWrapper(held, encoding="utf-8", newline="\n") as stream:
            yield stream


def read_conversations(path: Path, split: str) -> list[Conversation]:
    """Read one split, in the order of the file.

    Parameters
    ----------
    path
        The archive as it was fetched, or one of the files in it.
    split
        ``train``, ``valid`` or ``test``: which file of the archive, and the split that is written down.

    Raises
    ------
    TableError
        Not such a file, or a line of another form; the line is named.
    """
    try:
        with _opened(path, split) as stream:
            grouped = _grouped(stream, path)
    except (OSError, UnicodeDecodeError, tarfile.TarError, EOFError) as error:
        raise TableError(f"cannot be read: {error}", path=path) from error
    if not grouped:
        raise TableError("holds no conversation", path=path)
    return [_conversation(name, lines, split, path) for name, lines in grouped.items()]


def _grouped(stream: TextIO, path: Path) -> Mapping[str, Lines]:
    grouped: dict[str, Lines] = {}
    for number, line in enumerate(stream, start=1):
        fields = line.rstrip("\r\n").split(",")
        if number == 1:
            if tuple(fields[: len(HEADER)]) != HEADER:
                raise TableError(f"the header is not {','.join(HEADER)}", path=path, row=1)
        elif line.strip():
            said = _utterance(fields, path, number)
            grouped.setdefault(said.conversation, []).append((number, said))
    return grouped


def _utterance(fields: Sequence[str], path: Path, number: int) -> Utterance:
    if len(fields) not in (len(HEADER), len(HEADER) + 1):
        raise TableError(
            f"{len(fields)} fields instead of {len(HEADER)}",
            path=path,
            row=number,
            mend="commas inside a text are written _comma_; fetch the archive again",
        )
    if not fields[1].isdigit():
        raise TableError(f"{fields[1]!r} is not a place", path=path, row=number, column="utterance_idx")
    emotion = fields[2].strip().lower()
    if emotion not in EMOTIONS:
        raise TableError(f"{emotion!r} is none of the 32 emotions", path=path, row=number, column="context")
    return Utterance(
        conversation=fields[0],
        place=int(fields[1]),
        emotion=emotion,
        situation=unescape(fields[3]),
        person=fields[4],
        text=unescape(fields[5]),
    )


def _conversation(name: str, lines: Lines, split: str, path: Path) -> Conversation:
    ordered = sorted(lines, key=lambda line: line[1].place)
    for (_, before), (number, after) in pairwise(ordered):
        if before.place == after.place:
            raise TableError(
                f"place {after.place} of {name} comes twice", path=path, row=number, column="utterance_idx"
            )
    first = ordered[0][1]
    who = {True: "speaker", False: "listener"}
    turns = tuple(Turn(who[said.person == first.person], said.text) for _, said in ordered)
    return Conversation(name, first.emotion, first.situation, turns, split)


def listener_turns(conversation: Conversation, *, first_only: bool = False) -> Iterator[Dialogue]:
    """Yield one dialogue for each turn of the listener: what came before it, and the turn as reference.

    The dialogue's id is conversation and place (from 0), as ``hit:1_conv:2:1``; the column
    ``conversation_id`` keeps exemplars of the same conversation away.

    Parameters
    ----------
    conversation
        From `read_conversations`.
    first_only
        Only the answer to the first prompt.

    Examples
    --------
    >>> turns = (Turn("speaker", "We won!"), Turn("listener", "Hooray!"))
    >>> talk = Conversation("c", "joyful", "A cup", turns)
    >>> [(d.dialogue_id, d.reference) for d in listener_turns(talk)]
    [('c:1', 'Hooray!')]
    """
    for place, turn in enumerate(conversation.turns):
        context = conversation.turns[:place]
        if turn.speaker != "listener" or not turn.text or not any(t.text for t in context):
            continue
        yield Dialogue(
            dialogue_id=f"{conversation.conversation_id}:{place}",
            context=tuple(t for t in context if t.text),
            emotion=conversation.emotion,
            situation=conversation.situation,
            reference=turn.text,
            split=conversation.split,
            extra={"conversation_id": conversation.conversation_id},
        )
        if first_only:
            return
