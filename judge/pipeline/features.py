"""The features table of a run: one row a response, written as it is computed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from judge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from judge.analysis.similarity import Similarity
    from judge.types import Dialogue, Response


EMBEDDING = "all-mpnet-base-v2"
"""The model of sentence-transformers that is taken where the study names none."""
AT_ONCE = 256
"""Responses that are measured together: models are fast on many texts only."""


def similarities(names: Sequence[str] = ("chrf",), embedding: str | None = None) -> tuple[Similarity, ...]:
    """Make the measures of likeness ready, models loaded: what is missing is told before anything is paid.

    Parameters
    ----------
    names
        Of `judge.analysis.similarity.SIMILARITIES`.
    embedding
        Model of sentence-transformers for the measure of that name.

    Raises
    ------
    InputError
        A package is not installed, or a model cannot be loaded.
    """
    return tuple(_similarity(name, embedding or EMBEDDING) for name in names)


def _similarity(name: str, model: str) -> Similarity:
    from judge.analysis import similarity as known

    if name == "embedding":
        from judge.generators.embeddings import sentence_encoder  # brings numpy and scipy

        try:
            return known.embedding_similarity(sentence_encoder(model), model)
        except InputError as error:
            if isinstance(error.__cause__, ImportError):
                raise known.missing_extra(name, "sentence-transformers", "embeddings") from error
            raise
    make = {
        "chrf": known.chrf_similarity,
        "bleu": known.bleu_similarity,
        "rouge_l": known.rouge_l_similarity,
        "bertscore": known.bertscore_similarity,
    }
    if name not in make:
        from judge.errors import UnknownNameError

        raise UnknownNameError("similarity", name, tuple(make))
    return make[name]()


def feature_rows(
    responses: Iterable[Response],
    dialogues: Mapping[str, Dialogue],
    likeness: Sequence[Similarity] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the measured columns of each response.

    Parameters
    ----------
    responses
        The responses that were judged.
    dialogues
        By id; a response's reference is looked up here. Where there is none, or where the response *is*
        the reference, ``sim_chrf`` is None: likeness to itself would say nothing. ``sim_chrf_placebo`` is
        the likeness to the reference of another dialogue of the same emotion, the negative control.
    likeness
        From `similarities`; two columns each, named after it. None is chrF alone.
    """
    measures = similarities() if likeness is None else likeness
    lent = _placebos(dialogues.values())
    left = iter(responses)
    while part := list(islice(left, AT_ONCE)):
        yield from _rows(part, dialogues, lent, measures)


def _placebos(dialogues: Iterable[Dialogue]) -> Mapping[str, str]:
    told = [dialogue for dialogue in dialogues if dialogue.reference is not None]
    if not told:
        return {}
    # Here: what lends references brings the models of bias along, which take longer to load than most runs.
    from judge.analysis.bias.placebo import placebo_references

    return placebo_references(told)


def _rows(
    part: Sequence[Response],
    dialogues: Mapping[str, Dialogue],
    lent: Mapping[str, str],
    measures: Sequence[Similarity],
) -> Iterator[dict[str, Any]]:
    from judge.analysis.features import surface_features

    own = [dialogues[r.dialogue_id].reference for r in part]
    same = [ref is not None and ref.strip() == r.text.strip() for r, ref in zip(part, own, strict=True)]
    others = [lent.get(r.dialogue_id) for r in part]
    columns = {}
    for measure in measures:
        columns[f"sim_{measure.name}"] = _scores(measure, part, own, same)
        columns[f"sim_{measure.name}_placebo"] = _scores(measure, part, others, same)
    for k, response in enumerate(part):
        yield {
            "dialogue_id": response.dialogue_id,
            "system_id": response.system_id,
            **surface_features(response.text),
            **{name: values[k] for name, values in columns.items()},
            "is_reference": same[k],
        }


def _scores(
    measure: Similarity, part: Sequence[Response], references: Sequence[str | None], same: Sequence[bool]
) -> list[float | None]:
    """Score the responses that have a reference and are not it; None for the others."""
    pairs = [
        (k, response.text, reference)
        for k, (response, reference) in enumerate(zip(part, references, strict=True))
        if reference is not None and not same[k]
    ]
    found: list[float | None] = [None] * len(part)
    if pairs:
        scores = measure.score([text for _, text, _ in pairs], [reference for *_, reference in pairs])
        for (k, *_), score in zip(pairs, scores, strict=True):
            found[k] = score
    return found


def signatures(likeness: Sequence[Similarity]) -> dict[str, str]:
    """Return what each measure is, for the manifest."""
    return {measure.name: measure.signature for measure in likeness}
