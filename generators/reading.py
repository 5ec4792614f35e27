"""Read what a model was asked to name: one of the 32 emotions, or the text of a labelled line.

How an emotion is read (the declared normalisation):

1. Case, punctuation and markdown around words do not count. Only the 32 labels themselves count, as whole
   words: "anger" or "frustrated" is not made into a label.
2. Where the text has a labelled line ("Emotion: ..."), only that line is read. Otherwise labels in quotation
   marks go first; if there are none, the text up to the word "situation" is read, so that the retelling
   of what happened is not taken for the answer.
3. No label: None. It is counted as unreadable, never as some default.
4. One label, however often: that label.
5. Several labels: the one named first. What else was named is kept (`EmotionReading.named`).
6. A label directly after "not" or "n't" is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_QUOTED = re.compile(r"[\"“”'‘’*`]+([A-Za-z]+)[.,]?[\"“”'‘’*`]+")
_RETELLING = re.compile(r"\bthe situation (?:when|where|in which|is|was|may)\b", re.IGNORECASE)
_NEGATION = re.compile(r"(?:\bnot|n['’]t)\s+$")
_LABEL = re.compile(r"(?<![\w-])(" + "|".join(EMOTIONS) + r")(?![\w-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EmotionReading:
    """What was read: the label that counts (None if none), and all that were named, in order."""

    label: str | None
    named: tuple[str, ...] = ()


def read_emotion(text: str, label: str = "") -> EmotionReading:
    r"""Read one of the 32 emotions from a model's answer.

    Parameters
    ----------
    text
        The model's answer.
    label
        The word before the colon of the line to read, for example ``Emotion``; where no such line exists the
        whole text is read.

    Returns
    -------
    EmotionReading
        With label None where the text names none of the 32.

    Examples
    --------
    >>> read_emotion('The emotion may be "lonely". The situation is a sad evening.').label
    'lonely'
    >>> read_emotion("Emotion: **Proud**\nSituation: afraid of the stage, she sang", "Emotion").label
    'proud'
    >>> read_emotion("They feel frustrated.")
    EmotionReading(label=None, named=())
    >>> read_emotion("Angry, perhaps jealous").named
    ('angry', 'jealous')
    """
    line = read_fields(text, [label]).get(label) if label else None
    if line is not None:
        named = _labels(line)
    else:
        quoted = [word.lower() for word in _QUOTED.findall(text) if word.lower() in EMOTIONS]
        named = quoted or _labels(_RETELLING.split(text, maxsplit=1)[0])
    distinct = tuple(dict.fromkeys(named))
    return EmotionReading(distinct[0] if distinct else None, distinct)


def _labels(text: str) -> list[str]:
    found = _LABEL.finditer(text)
    return [
        m.group(1).lower() for m in found if not _NEGATION.search(text, max(0, m.start() - 12), m.start())
    ]


def read_fields(text: str, labels: Sequence[str]) -> Mapping[str, str]:
    r"""Cut a text at its labelled lines ("Response: ...") and return what follows each label.

    A field reaches to the next line that begins with one of `labels`. If a label comes more than once, the
    last counts: models that think aloud repeat themselves. Markdown around a label does not count.

    Examples
    --------
    >>> read_fields("Emotion: sad\n**Response:** I am sorry.\nTruly.", ["Emotion", "Response"])
    {'Emotion': 'sad', 'Response': 'I am sorry.\nTruly.'}
    >>> read_fields("no labels at all", ["Response"])
    {}
    """
    known = {label.lower(): label for label in labels}
    names = "|".join(re.escape(label) for label in labels)
    pattern = re.compile(rf"^[ \t>#*_-]*({names})[ \t*_]*:[ \t*_]*", re.IGNORECASE | re.MULTILINE)
    marks = list(pattern.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {
        known[mark.group(1).lower()]: text[mark.end() : end].strip()
        for mark, end in zip(marks, ends, strict=False)
    }
