"""The negative control of likeness to the reference: likeness to another dialogue's reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.common import METHOD, jackknife_error, material_finding, verdict_of, what_helps
from judge.analysis.bias.eiv import NotIdentified, mom_eiv
from judge.analysis.estimate import t_estimate, unidentified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.types import Dialogue, Finding

    Floats = NDArray[np.float64]

CONTRAST = f"{METHOD}; coefficient less that of the placebo reference, jackknife of the difference"


def placebo_references(dialogues: Iterable[Dialogue], *, seed: int = 0) -> dict[str, str]:
    """Give each dialogue the reference of another dialogue of the same emotion.

    Parameters
    ----------
    dialogues
        Those without a reference get none and lend none.
    seed
        Of the order in which references go round.

    Returns
    -------
    dict
        Placebo reference by dialogue_id. Within an emotion every reference is lent exactly once; a dialogue
        alone in its emotion borrows from those alone in theirs, and none is given to the only dialogue of
        all, nor where the texts are equal.

    Examples
    --------
    >>> from judge.types import Dialogue
    >>> two = [Dialogue(f"d{n}", (), emotion="sad", reference=f"text {n}") for n in (1, 2)]
    >>> placebo_references(two)
    {'d1': 'text 2', 'd2': 'text 1'}
    """
    groups: dict[str, list[Dialogue]] = {}
    for dialogue in dialogues:
        if dialogue.reference is not None and dialogue.reference.strip():
            groups.setdefault(dialogue.emotion or "", []).append(dialogue)
    lonely = [members[0] for members in groups.values() if len(members) == 1]
    rounds = [members for _, members in sorted(groups.items()) if len(members) > 1] + [lonely]
    rng = np.random.default_rng(seed)
    out: dict[str, str] = {}
    for members in rounds:
        ordered = sorted(members, key=lambda d: d.dialogue_id)
        order = [ordered[int(place)] for place in rng.permutation(len(ordered))]
        for one, other in zip(order, order[1:] + order[:1], strict=True):
            if one.reference != other.reference and other.reference is not None:
                out[one.dialogue_id] = other.reference
    return dict(sorted(out.items()))


def placebo_findings(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """Compare the true reference with another one: what is left is a liking for *this* answer."""
    for name in material.placebos:
        yield _contrast(material, name, options)
    for name in material.features:
        if name.startswith("sim_") and name not in material.placebos:
            reason = (
                f"no column {name}_placebo: the same likeness to the reference of another dialogue of the"
                " same emotion"
            )
            nothing = unidentified(reason, method=CONTRAST)
            yield material_finding(material, "placebo_contrast", nothing, level="pooled", term=name)


def _contrast(material: Material, name: str, options: AuditOptions) -> Finding:
    true, placebo = material.features[name], material.placebos[name]
    both = (
        np.isfinite(true)
        & np.isfinite(placebo)
        & np.isfinite(material.score)
        & np.isfinite(material.people.mean)
    )
    people, cluster, score = material.people.take(both), material.cluster[both], material.score[both]
    if score.size < 2 or score.std() == 0:
        nothing = unidentified("the judge gives the same score everywhere", n=score.size, method=CONTRAST)
        return material_finding(material, "placebo_contrast", nothing, level="pooled", term=name)
    try:
        fits = [mom_eiv(score, _unit(x[both]), people, cluster) for x in (true, placebo)]
    except NotIdentified as reason:
        nothing = unidentified(what_helps(str(reason)), n=int(both.sum()), method=CONTRAST)
        return material_finding(material, "placebo_contrast", nothing, level="pooled", term=name)
    sd = float(score.std(ddof=1))
    estimate = t_estimate(
        float(fits[0].coef[1] - fits[1].coef[1]) / sd,
        jackknife_error(fits[0].replicates[:, 1] - fits[1].replicates[:, 1]) / sd,
        fits[0].df,
        n=fits[0].n_items,
        confidence=options.confidence,
        method=CONTRAST,
        null=0.0,
    )
    verdict, notes = verdict_of(estimate, options)
    return material_finding(
        material, "placebo_contrast", estimate, level="pooled", term=name, verdict=verdict, warnings=notes
    )


def _unit(x: Floats) -> Floats:
    """Scale to a standard deviation of 1; what does not vary stays as it is (and is refused by the fit)."""
    sd = float(x.std(ddof=1)) if x.size > 1 else 0.0
    return x / sd if sd > 0 else x
