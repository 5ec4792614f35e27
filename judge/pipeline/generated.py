"""What the systems wrote, as findings: metrics of the texts, recognised emotions, what is missing and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from judge.types import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from judge.analysis.similarity import Similarity
    from judge.pipeline.generating import Gap
    from judge.types import Dialogue, Response


def gap_findings(gaps: Iterable[Gap], asked: int) -> tuple[Finding, ...]:
    """Count the dialogues without a response, by system and reason.

    Parameters
    ----------
    gaps
        From the generation.
    asked
        Dialogues that each system was to answer.

    Examples
    --------
    >>> from judge.pipeline.generating import Gap
    >>> found = gap_findings([Gap("d1", "hef", "refusal", "I cannot"), Gap("d2", "hef", "refusal", "")], 10)
    >>> found[0].system, found[0].term, found[0].estimate, found[0].n_items
    ('hef', 'refusal', 2.0, 10)
    """
    counts = Counter((gap.system_id, gap.kind) for gap in gaps)
    return tuple(
        Finding(
            "generation",
            "no_response",
            level="system",
            system=system,
            term=kind,
            estimate=float(count),
            n_items=asked,
            n_dialogues=asked,
            method="count of dialogues without a response, by reason",
        )
        for (system, kind), count in sorted(counts.items())
    )


def text_findings(
    responses: Sequence[Response],
    dialogues: Sequence[Dialogue],
    *,
    confidence: float,
    seed: int,
    likeness: Sequence[Similarity] = (),
) -> tuple[Finding, ...]:
    """Measure the responses of every system: diversity, overlap, recognised emotions.

    ROUGE-L and BERTScore are metrics of the systems too where `likeness` holds them.

    The predicted emotion comes from the details of a response, where its strategy (or its file) keeps one.
    """
    from judge.analysis.text_metrics.findings import TextOptions, text_metric_findings

    asked = {measure.name: measure for measure in likeness}
    options = TextOptions(
        confidence=confidence, seed=seed, rouge="rouge_l" in asked, bertscore=asked.get("bertscore")
    )
    return tuple(text_metric_findings(responses, dialogues, options))
