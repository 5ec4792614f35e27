"""Turn tokenised lower-case text back into what a person would write.

Published outputs of small systems are tokenised ("i am sorry to hear that . what 's up ?"). Beside the text
of a language model that alone tells a judge which is which.
"""

from __future__ import annotations

import re

_FIXES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), to)
    for pattern, to in (
        (r"\s+", " "),
        (r"(?<=\w) ?n 't\b", "n't"),
        (r"(?<=\w) (n't|'s|'m|'re|'ve|'ll|'d)\b", r"\1"),
        (r"\bcan not\b", "cannot"),
        (r"\b(gon|wan) na\b", r"\1na"),
        (r"\bgot ta\b", "gotta"),
        (r"(?<=[:;]) (?=[()]( |$))", ""),  # a smiley before its bracket is taken for punctuation
        (r" ([.,!?;:%])(?!\))", r"\1"),
        (r"([.!?]) (?=[.!?])", r"\1"),
        (r"(?<![:;])\( (?=\w)", "("),
        (r"(?<=[\w.!?]) \)", ")"),
        (r"\$ (?=\d)", "$"),
        (r"^ | $", ""),
    )
)
_SENTENCE = re.compile(r"(^|[.!?] +)([a-z])")
_I = re.compile(r"\bi\b(?!\.e)")


def detokenise(text: str, *, capitals: bool = True) -> str:
    """Join punctuation and clitics to their words and restore capitals where that is certain.

    Parameters
    ----------
    text
        Tokenised text.
    capitals
        Whether to write sentence beginnings and "I" large. Names stay small: that cannot be restored.

    Examples
    --------
    >>> detokenise("oh no ! i 'm so sorry . is n't that sad ? ! :)")
    "Oh no! I'm so sorry. Isn't that sad?! :)"
    """
    for pattern, to in _FIXES:
        text = pattern.sub(to, text)
    text = text.strip()
    if not capitals:
        return text
    text = _I.sub("I", text)
    return _SENTENCE.sub(lambda found: found.group(1) + found.group(2).upper(), text)
