"""The words of the domain as frozen values; see ``docs/words.md`` for the same in prose.

Nothing here reads, writes or computes. Tables of many rows live in pandas frames with the column names of
these types; the types are for one thing at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

RaterKind: TypeAlias = Literal["human", "judge"]
Mode: TypeAlias = Literal["absolute", "pairwise", "listwise"]
Order: TypeAlias = Literal["AB", "BA"]
Verdict: TypeAlias = Literal["A", "B", "tie"]
FailureKind: TypeAlias = Literal[
    "parse_failure",
    "refusal",
    "truncated",
    "content_filter",
    "rate_limited",
    "provider_error",
    "timeout",
    "skipped_budget",
]
FindingVerdict: TypeAlias = Literal["bias_found", "equivalent", "inconclusive", "not_identified", ""]

OK = "ok"
"""The value of the column ``outcome`` where there is a verdict or a score."""
FAILURES: tuple[FailureKind, ...] = get_args(FailureKind)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

EMOTIONS: tuple[str, ...] = (
    "afraid", "angry", "annoyed", "anticipating", "anxious", "apprehensive", "ashamed", "caring",
    "confident", "content", "devastated", "disappointed", "disgusted", "embarrassed", "excited",
    "faithful", "furious", "grateful", "guilty", "hopeful", "impressed", "jealous", "joyful", "lonely",
    "nostalgic", "prepared", "proud", "sad", "sentimental", "surprised", "terrified", "trusting",
)  # fmt: skip
"""The 32 labels of EmpatheticDialogues (Rashkin et al. 2019, arXiv 1811.00207)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance. `speaker` is ``"speaker"`` (who tells) or ``"listener"`` (who answers)."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A context that is to be answered.

    `reference` is the gold response, where there is one; `extra` holds the columns that we do not know.
    """

    dialogue_id: str
    context: tuple[Turn, ...]
    emotion: str | None = None
    situation: str | None = None
    reference: str | None = None
    split: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What a system answered to a dialogue; `details` are the intermediate results that led to it."""

    dialogue_id: str
    system_id: str
    text: str
    strategy: str | None = None
    model: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is judged. `levels` maps each allowed score to its meaning; empty in pairwise mode."""

    name: str
    definition: str
    levels: tuple[tuple[float, str], ...] = ()

    @property
    def low(self) -> float:
        """The lowest score of the scale."""
        return self.levels[0][0]

    @property
    def high(self) -> float:
        """The highest score of the scale."""
        return self.levels[-1][0]


@dataclass(frozen=True, slots=True)
class Rubric:
    """A versioned prompt with its header.

    `schema` is the JSON schema of the answer, `sha256` the digest of the source (header and template).
    `pattern` is a regular expression for answers that are not JSON, where the header declares one.
    """

    rubric_id: str
    version: str
    mode: Mode
    criteria: tuple[Criterion, ...]
    template: str
    schema: Mapping[str, Any]
    sha256: str
    source: str = ""
    pattern: str = ""

    @property
    def ref(self) -> str:
        """How the rubric is named in tables: id, version and the first 8 digits of the digest."""
        return f"{self.rubric_id}@{self.version}#{self.sha256[:8]}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking: a verdict (about slots), a score, or a failure. Exactly one of the three.

    `verdict` speaks of the slots as shown (A is the first); `unswap` turns it to the systems.
    `probability` is the judge's own probability of A (a tie counts half), or the expected score over the
    scale, where the provider gives token probabilities.
    """

    criterion: str
    verdict: Verdict | None = None
    score: float | None = None
    failure: FailureKind | None = None
    reason: str = ""
    probability: float | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.verdict, self.score, self.failure)) != 1:
            raise ValueError("an outcome is a verdict, a score or a failure: exactly one of them")


def unswap(verdict: Verdict, order: Order) -> Verdict:
    """Turn a verdict about the slots as shown into one about ``system_a`` and ``system_b``.

    >>> unswap("A", "BA")
    'B'
    """
    if order == "AB" or verdict == "tie":
        return verdict
    return "B" if verdict == "A" else "A"


@dataclass(frozen=True, slots=True)
class Rating:
    """One absolute score of one response by one rater, or the failure to give one."""

    dialogue_id: str
    system_id: str
    criterion: str
    rater_id: str
    rater_kind: RaterKind
    score: float | None
    repeat: int = 0
    rubric: str = ""
    outcome: str = OK


@dataclass(frozen=True, slots=True)
class Duel:
    """One pairwise presentation in one order. `verdict` is in terms of system_a and system_b."""

    dialogue_id: str
    system_a: str
    system_b: str
    criterion: str
    rater_id: str
    rater_kind: RaterKind
    order: Order
    verdict: Verdict | None
    repeat: int = 0
    rubric: str = ""
    outcome: str = OK


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """One question to a judge: a rubric applied to one response, or to two in the order shown.

    `responses` are in the order in which they are shown. In pairwise mode `order` says whether that is
    (system_a, system_b) or the reverse.
    """

    rubric: Rubric
    dialogue: Dialogue
    responses: tuple[Response, ...]
    order: Order = "AB"
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat prompt; role is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is to be asked, before a provider gives it its own form.

    `schema` asks for structured output. `task` is the question behind a judge's prompt: a provider that
    reads structure and not text (embedded, recorded, scripted) answers from it; one that sends text
    ignores it.
    """

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    schema_name: str = "answer"
    task: JudgeTask | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is to be asked. None leaves the provider's default."""

    temperature: float | None = 0.0
    max_tokens: int | None = 512
    top_p: float | None = None
    seed: int | None = None
    logprobs: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """Exactly what is sent: `body` is the JSON body. Its hash is the key under which the answer is kept."""

    provider: str
    model: str
    body: Mapping[str, Any]
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call; None where the provider does not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider gave back, as it is kept. Reading it is a later, separate step.

    `finish` is ``stop``, ``length``, ``content_filter`` or ``refusal``, whatever the vendor calls it.
    `logprobs` are the alternatives per output token: ((token, ((alternative, logprob), ...)), ...).
    """

    text: str
    finish: Literal["stop", "length", "content_filter", "refusal"] = "stop"
    usage: Usage = Usage()
    served_model: str = ""
    response_id: str = ""
    latency_s: float = 0.0
    logprobs: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One number of the analysis with its interval, its method and its warnings.

    The same columns for every statistic; what does not apply stays None or empty. `estimate` is None
    where the data do not identify the number (verdict ``not_identified``, the reason in `warnings`).
    """

    family: str
    statistic: str
    level: str = ""
    judge: str = ""
    criterion: str = ""
    system: str = ""
    system_b: str = ""
    term: str = ""
    estimate: float | None = None
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    confidence: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    correction: str = ""
    verdict: FindingVerdict = ""
    n_items: int | None = None
    n_dialogues: int | None = None
    n_raters: int | None = None
    method: str = ""
    warnings: tuple[str, ...] = ()
