"""Leniency towards classes of dialogues: emotions, sentiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.common import (
    RARE,
    adjusted,
    material_finding,
    verdict_of,
    what_helps,
)
from judge.analysis.bias.eiv import HumanMoments, NotIdentified, mom_eiv
from judge.analysis.estimate import Estimate, t_estimate, unidentified

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions, Codes
    from judge.types import Finding

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

COLUMNS = ("emotion", "sentiment")
METHOD = "class dummies in the errors-in-variables regression; delete-one-cluster jackknife"
RARE_CLASS = "(rare)"


@dataclass(frozen=True, slots=True)
class ClassEffects:
    """Leniency of each class against the mean of all items, in the judge's points.

    `class_df` are the degrees of freedom of each class (its clusters less one); `f`, `df` and `p` are of the
    test that no class differs from another; `shrunk` and `shrunk_error` are the
    class effects drawn towards nought as far as their spread warrants (empirical Bayes).
    """

    value: Floats
    std_error: Floats
    shrunk: Floats
    shrunk_error: Floats
    class_df: Floats
    f: float
    df: tuple[int, float]
    p: float
    n_items: int
    n_clusters: int


def class_effects(judge: Floats, klass: Ints, people: HumanMoments, cluster: Ints) -> ClassEffects:
    """Estimate by how much a judge favours classes of items, given their quality as people see it.

    Parameters
    ----------
    judge
        Scores, shape (n,).
    klass
        Class of each item, 0..K-1, each in use; -1 leaves an item out.
    people
        For the same items.
    cluster
        Units of independence, shape (n,). Usually nested in the classes.

    Returns
    -------
    ClassEffects

    Raises
    ------
    NotIdentified
        As `mom_eiv`; or fewer than 2 classes, or hardly more clusters than classes.

    Notes
    -----
    Wald test with the jackknife covariance of the K - 1 contrasts; since each class rests on its own few
    clusters, with Welch's correction and degrees of freedom (Welch 1951, doi:10.1093/biomet/38.3-4.330) where
    a class's weight is the inverse of its variance. Shrinkage by
    the moment estimate of the between-class variance (DerSimonian & Laird 1986,
    doi:10.1016/0197-2456(86)90046-2).
    """
    from scipy import special

    seen = (klass >= 0) & np.isfinite(judge) & np.isfinite(people.mean)
    size = np.bincount(klass[seen])
    if size.size < 2 or (size == 0).any():
        raise NotIdentified("fewer than two classes with rated items")
    d = int(np.unique(cluster[seen]).size)
    if d < 3 * size.size:
        raise NotIdentified(f"{d} dialogues for {size.size} classes; at least {3 * size.size} are needed")
    dummies = (klass[:, None] == np.arange(1, size.size)).astype(np.float64)
    fit = mom_eiv(np.where(seen, judge, np.nan), dummies, people, cluster)
    q = size.size - 1
    raw = np.vstack([fit.coef, fit.replicates])[:, 1 : 1 + q]
    full = np.column_stack([np.zeros(d + 1), raw])
    full -= (full @ (size / size.sum()))[:, None]
    value, replicates = full[0], full[1:]
    error = np.sqrt((d - 1) / d * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0))
    t2 = float(raw[0] @ np.linalg.pinv(fit.cov[1 : 1 + q, 1 : 1 + q]) @ raw[0])
    class_df = np.maximum(_clusters_of_classes(klass[seen], cluster[seen]) - 1.0, 1.0)
    f, df = _welch(t2, error, class_df)
    p = float(special.fdtrc(q, df, f))
    shrunk, shrunk_error = _shrink(value, error)
    return ClassEffects(value, error, shrunk, shrunk_error, class_df, f, (q, round(df, 1)), p, fit.n_items, d)


def _clusters_of_classes(klass: Ints, cluster: Ints) -> Floats:
    pairs = np.unique(np.column_stack([klass, cluster]), axis=0)
    return np.bincount(pairs[:, 0]).astype(np.float64)


def _welch(t2: float, error: Floats, class_df: Floats) -> tuple[float, float]:
    """Return Welch's F of a Wald statistic over classes, and its second degrees of freedom."""
    k = error.size
    weight = 1 / np.maximum(error, 1e-12) ** 2
    loss = float(((1 - weight / weight.sum()) ** 2 / class_df).sum())
    return t2 / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * loss), (k**2 - 1) / (3 * loss)


def _shrink(value: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Draw estimates towards their mean by the share of their spread that is noise."""
    weight = 1 / np.maximum(error, 1e-12) ** 2
    centre = (weight * value).sum() / weight.sum()
    q = float((weight * (value - centre) ** 2).sum())
    spread = weight.sum() - (weight**2).sum() / weight.sum()
    between = max(0.0, (q - (value.size - 1)) / spread) if spread > 0 else 0.0
    keep = between / (between + error**2)
    return centre + keep * (value - centre), np.sqrt(keep) * error


def class_findings(
    material: Material, dialogue: Codes, systems: int, dialogues: pd.DataFrame | None, options: AuditOptions
) -> Iterator[Finding]:
    """Yield the omnibus test and each class's leniency, for emotion and sentiment."""
    if material.mode != "ratings" or material.n_rated == 0:
        return
    for column in COLUMNS:
        found = _class_of_dialogue(dialogues, dialogue, column)
        if found is None:
            if column == "emotion":
                reason = "no column emotion in the dialogues: give each dialogue its class"
                nothing = unidentified(reason, method=METHOD)
                yield material_finding(material, "class_effect", nothing, term=column)
            continue
        names, of_dialogue = found
        yield from _findings(
            material, column, *_pool_rare(material, names, of_dialogue[material.item // systems]), options
        )


def _class_of_dialogue(
    dialogues: pd.DataFrame | None, dialogue: Codes, column: str
) -> tuple[tuple[str, ...], Ints] | None:
    """Return class names and the class of each dialogue (-1: none)."""
    if dialogues is None or column not in dialogues.columns or "dialogue_id" not in dialogues.columns:
        return None
    known = dialogues.loc[dialogues[column].notna(), ["dialogue_id", column]]
    if not len(known):
        return None
    labels = {_name(i): str(c) for i, c in zip(known["dialogue_id"], known[column], strict=True)}
    names = tuple(sorted(set(labels.values())))
    place = {name: number for number, name in enumerate(names)}
    codes = [place.get(labels.get(name, ""), -1) for name in dialogue.names]
    return names, np.array(codes, dtype=np.int64)


def _name(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _pool_rare(material: Material, names: tuple[str, ...], klass: Ints) -> tuple[tuple[str, ...], Ints]:
    """Give the classes new numbers, those of fewer than 10 rated clusters one together."""
    used = (klass >= 0) & np.isfinite(material.people.mean)
    pairs = np.unique(np.column_stack([klass[used], material.cluster[used]]), axis=0)
    count = np.bincount(pairs[:, 0], minlength=len(names))
    common = np.flatnonzero(count >= RARE)
    lookup = np.full(len(names), common.size)
    lookup[common] = np.arange(common.size)
    rare = bool(((count > 0) & (count < RARE)).any())
    kept = tuple(names[k] for k in common) + ((RARE_CLASS,) if rare else ())
    return kept, np.where(used, lookup[np.maximum(klass, 0)], -1)


def _findings(
    material: Material, column: str, names: tuple[str, ...], klass: Ints, options: AuditOptions
) -> Iterator[Finding]:
    used = klass >= 0
    sd = float(material.score[used].std(ddof=1)) if used.sum() > 1 else 0.0
    try:
        if sd == 0:
            raise _same()
        found = class_effects(material.score, klass, material.people, material.cluster)
    except NotIdentified as reason:
        nothing = unidentified(what_helps(str(reason)), n=material.n_rated, method=METHOD)
        yield material_finding(material, "class_effect", nothing, level="omnibus", term=column)
        return
    yield _omnibus(material, column, found)
    estimates = [
        t_estimate(
            float(v) / sd,
            float(e) / sd,
            float(found.class_df[k]),
            n=int((klass == k).sum()),
            confidence=options.confidence,
            method=f"{METHOD}, t; SD of the judge above the mean of all dialogues",
            null=0.0,
        )
        for k, (v, e) in enumerate(zip(found.value, found.std_error, strict=True))
    ]
    for k, (estimate, p) in enumerate(zip(estimates, adjusted(estimates), strict=True)):
        verdict, notes = verdict_of(estimate, options, p)
        term = f"{column}={names[k]}"
        shrunk = f"drawn towards nought for being one of {len(names)} classes: {found.shrunk[k] / sd:+.3f}"
        yield material_finding(
            material,
            "class_leniency",
            estimate,
            level="class",
            term=term,
            verdict=verdict,
            p_adjusted=p,
            correction="benjamini-hochberg" if p is not None else "",
            warnings=(*notes, shrunk),
        )


def _same() -> NotIdentified:
    return NotIdentified("the judge gives the same score everywhere")


def _omnibus(material: Material, column: str, found: ClassEffects) -> Finding:
    estimate = Estimate(
        value=found.f,
        p=found.p,
        n=found.n_items,
        clusters=found.n_clusters,
        method=f"{METHOD}; Wald F with {found.df[0]} and {found.df[1]} degrees of freedom",
    )
    verdict = "bias_found" if found.p < 0.05 else "inconclusive"
    return material_finding(material, "class_effect", estimate, level="omnibus", term=column, verdict=verdict)
