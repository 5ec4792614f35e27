"""The features table of a run: one row a response, written as it is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from judge.types import Dialogue, Response


def feature_rows(
    responses: Iterable[Response], dialogues: Mapping[str, Dialogue]
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
    """
    from judge.analysis.bias.placebo import placebo_references
    from judge.analysis.features import chrf_scorer, surface_features

    chrf = chrf_scorer()
    lent = placebo_references(list(dialogues.values()))
    for response in responses:
        reference = dialogues[response.dialogue_id].reference
        other = lent.get(response.dialogue_id)
        same = reference is not None and reference.strip() == response.text.strip()
        yield {
            "dialogue_id": response.dialogue_id,
            "system_id": response.system_id,
            **surface_features(response.text),
            "sim_chrf": None if reference is None or same else chrf(response.text, reference),
            "sim_chrf_placebo": None if other is None or same else chrf(response.text, other),
            "is_reference": same,
        }
