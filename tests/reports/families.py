"""Made-up findings of every family that has a section or a panel of its own."""

from __future__ import annotations

from typing import Any

from judge.reports.index import Findings
from judge.types import Finding

FEATURES: dict[str, tuple[float, str]] = {
    "has_question": (0.41, "bias_found"),
    "my_feature": (0.06, "inconclusive"),
    "sim_chrf": (0.02, "equivalent"),
    "log_words": (-0.2, "bias_found"),
}
SHARED = "relative to these raters: a taste that judge and people share does not show"
ONE_RATER = "one rater for each item: the noise of the ratings is not known"


def row(family: str, statistic: str, estimate: float | None = None, **columns: Any) -> dict[str, Any]:
    """One row of the findings table; an interval of 0.05 to each side unless it is given."""
    made: dict[str, Any] = {"family": family, "statistic": statistic, "estimate": estimate}
    made |= {"confidence": 0.95, "n_items": 48, "n_dialogues": 24, "method": "made up", "warnings": []}
    if estimate is None:
        made["verdict"] = "not_identified"
    else:
        made |= {"ci_low": estimate - 0.05, "ci_high": estimate + 0.05}
    return made | columns


def found(*groups: list[dict[str, Any]]) -> Findings:
    """Rows as the report reads them."""
    return Findings(Finding(**(r | {"warnings": tuple(r["warnings"])})) for group in groups for r in group)


def bias(judge: str, criterion: str, shift: float = 0.0) -> list[dict[str, Any]]:
    """Preferences in all their forms, one feature that never varies, and how the scale is used."""
    same = {"judge": judge, "criterion": criterion}
    rows = []
    for term, (plain, verdict) in FEATURES.items():
        at, value = same | {"term": term}, plain + shift
        p = {"p": 0.001, "p_adjusted": 0.004, "correction": "benjamini-hochberg"}
        pooled = {"level": "pooled", "verdict": verdict, "warnings": [SHARED]}
        rows.append(row("bias", "preference", value, **at, **p, **pooled))
        rows.append(row("bias", "preference_points", value / 3, level="pooled", **at))
        rows += [
            row("bias", "preference", value, level=level, verdict=verdict, **at)
            for level in ("within_dialogue", "instrumental", "joint", "fieller")
        ]
    gone = ("has_list", "has_header")
    rows += [
        row(
            "bias",
            "preference",
            level="pooled",
            term=t,
            warnings=[f"{t} has the same value everywhere"],
            **same,
        )
        for t in gone
    ]
    placebo = {"level": "pooled", "term": "sim_chrf", "verdict": "equivalent"}
    rows.append(row("bias", "placebo_contrast", 0.01, **placebo, **same))
    rows.append(row("bias", "quality_slope", 0.8, level="pooled", term="ratings", **same))
    return rows


def sensitivity(judge: str, criterion: str) -> list[dict[str, Any]]:
    """Curves of two features that have one rater for each item; the second tips nowhere."""
    same = {"judge": judge, "criterion": criterion}
    rows = []
    for term, tip in (("log_words", 0.7), ("has_question", None)):
        rows.append(row("bias", "preference", level="pooled", term=term, warnings=[ONE_RATER], **same))
        for tenth in range(2, 11):
            at = {"level": f"reliability={tenth / 10:.1f}", "term": term}
            rows.append(row("bias", "sensitivity", 0.3 - 0.02 * tenth, **at, **same))
        text = f"the interval covers 0 from .2 to {tip}" if tip else "no assumed reliability makes it cover 0"
        tipping = {"level": "pooled", "term": term, "warnings": [text], "ci_low": None, "ci_high": None}
        rows.append(row("bias", "tipping_reliability", tip, **tipping, **same))
    return rows


def whole_judge(judge: str, criterion: str) -> list[dict[str, Any]]:
    """Leniency, range, classes and what else is asked of a judge as a whole."""
    same = {"judge": judge, "criterion": criterion}
    pair = {"level": "pair", "system": "warm", "system_b": "curious", "term": "log_words"}
    why = "no two judges of different families whose families both wrote responses"
    return [
        row("bias", "leniency", 0.3, level="pooled", verdict="bias_found", **same),
        row("bias", "range_use", 0.8, level="pooled", **same),
        row("bias", "range_use", 0.9, level="pooled", judge="people", criterion=criterion),
        row("bias", "modal_share", 0.4, level="pooled", **same),
        row("bias", "self_preference", level="pooled", warnings=[why], **same),
        row("bias", "length_adjusted_win_rate", 0.55, **pair, **same),
        row("bias", "class_effect", 2.1, level="omnibus", term="emotion", p=0.04, **same),
        row("bias", "class_leniency", 0.1, level="class", term="emotion=sad", **same),
    ]


def agreement(judge: str, criterion: str) -> list[dict[str, Any]]:
    """Verdicts of judge and people, ceilings, and the measures that others report."""
    same = {"criterion": criterion, "n_raters": 3}
    people, mine = {"level": "people", "judge": "people"}, {"level": "judge", "judge": judge}
    item = {"level": "item", "judge": judge, "term": "people_mean"}
    rows = [
        row("agreement", "duel_agreement", x, term=t, **mine, **same) for t, x in (("S1", 0.6), ("S2", 0.8))
    ]
    rows += [
        row("agreement", "duel_agreement", x, term=t, **people, **same)
        for t, x in (("S1", 0.7), ("S2", 0.82))
    ]
    rows += [
        row("agreement", "icc", x, term=t, **people, **same) for t, x in (("ICC(1)", 0.6), ("ICC(A,k)", 0.8))
    ]
    rows += [
        row("agreement", "cohen_kappa", 0.4, term="quadratic", **people, **same),
        row("agreement", "cohen_kappa", 0.3, term="quadratic", **mine, **same),
        row("agreement", "fleiss_kappa", 0.35, **people, **same),
        row("agreement", "gwet_ac1", 0.45, **people, **same),
        row("agreement", "lower_ceiling", 0.7, **people, **same),
        row("agreement", "noise_ceiling", 0.9, **item, **same),
        row("agreement", "disattenuated", 0.69, **item, **same),
        row("agreement", "alt_test_advantage", 0.61, **mine, **same),
        row("agreement", "accuracy_with_ties", 0.66, level="context", judge=judge, **same),
        row("agreement", "accuracy_always_tie", 0.4, level="context", judge=judge, **same),
    ]
    bare = {"ci_low": None, "ci_high": None}
    for level, rates in (("judge", (0.67, 0.33)), ("constant_judge", (0.0, 0.0))):
        for epsilon, rate in zip(("0.2", "0.1"), rates, strict=True):
            at = {"level": level, "judge": judge, "term": f"epsilon={epsilon}"}
            rows.append(row("agreement", "alt_test_winning_rate", rate, **at, **bare, **same))
    return rows


def calibrated(judge: str, criterion: str) -> list[dict[str, Any]]:
    """People's means and one win rate from a part that they labelled; one pair has too few labels."""
    same = {"judge": judge, "criterion": criterion}
    rows = []
    for system, value in (("warm", 3.9), ("curious", 3.4)):
        at = {"level": "system", "system": system}
        rows.append(row("calibrated", "mean_score", value, **at, **same))
        help_ = {"term": "mean_score", "ci_low": None, "ci_high": None}
        rows.append(row("calibrated", "label_worth", 1.6, **help_, **at, **same))
    pair = {"level": "pair", "system": "warm"}
    rows.append(row("calibrated", "win_rate", 0.6, system_b="curious", **pair, **same))
    few = ["12 labelled items: at least 50 are needed"]
    rows.append(row("calibrated", "win_rate", system_b="advising", warnings=few, **pair, **same))
    return rows


def calibration(judge: str, criterion: str) -> list[dict[str, Any]]:
    """Distance, slope and error of raw and fitted scores; the ordinal model has too few items."""
    same = {"level": "judge", "judge": judge, "criterion": criterion}
    values = {"rmse": 0.9, "calibration_slope": 0.7, "ece": 0.2}
    rows = [row("calibration", s, x, term=t, **same) for t in ("raw", "isotonic") for s, x in values.items()]
    return [*rows, row("calibration", "rmse", term="ordinal", warnings=["more than 11 levels"], **same)]


def probe(judge: str, criterion: str) -> list[dict[str, Any]]:
    """Effects of four edits, one of them on scores as well."""
    same = {"level": "judge", "judge": judge, "criterion": criterion, "system_b": "original"}
    edits = {
        "padding": (0.2, "bias_found"),
        "swap": (0.01, "equivalent"),
        "reference-25": (0.06, "inconclusive"),
        "injection": (-0.3, "bias_found"),
    }
    rows = [
        row("probe", "effect", x, term=t, system=t, verdict=v, p_adjusted=0.01, correction="bh", **same)
        for t, (x, v) in edits.items()
    ]
    scored = {"term": "padding", "system": "padding", "verdict": "inconclusive"}
    return [*rows, row("probe", "score_effect", 0.1, **scored, **same)]


def study(judge: str, criterion: str) -> list[dict[str, Any]]:
    """Panels, kinds of systems, texts, costs and published numbers."""
    pair = {"level": "pair", "system": "warm", "system_b": "curious"}
    bare = {"ci_low": None, "ci_high": None, "confidence": None}
    paid = {"level": "judge", "judge": judge} | bare
    texts = {"level": "system", "term": "treebank"}
    printed = {"level": "pair", "system": "warm", "system_b": "curious", "criterion": criterion}
    return [
        row("panels", "win_rate", 0.7, judge="panel", criterion=criterion, term="majority", **pair),
        row(
            "panels",
            "krippendorff_alpha",
            0.5,
            judge="panel",
            criterion=criterion,
            level="scores",
            term="ordinal",
        ),
        row("mixed", "summary_difference", 0.8, level="kind", term="a - b", p=0.06),
        row(
            "mixed", "coefficient", 0.9, level="model", term="kind[b]", p=0.01, warnings=["rejects too often"]
        ),
        *(row("texts", "distinct_1", x, system=s, **texts) for s, x in (("warm", 29.0), ("curious", 31.0))),
        row("texts", "distinct_1_difference", -1.5, term="treebank", **pair),
        row("cost", "dollars", 1.25, **paid),
        row("cost", "tokens_in", 120_400, **paid),
        row("cost", "tokens_out", 9_800, **paid),
        row("cost", "dollars", 0.5, level="system", judge=judge, system="warm", **bare),
        row("cost", "dollars", level="generation", system="curious", warnings=["no price is known"]),
        row(
            "published",
            "wins",
            0.62,
            term="printed",
            method="as printed in A paper, table 3",
            **bare,
            **printed,
        ),
        row("published", "wins", 0.58, term="this run", judge=judge, **printed),
    ]


def families(judge: str, other: str, criterion: str) -> list[dict[str, Any]]:
    """All of it: `judge` scored and compared, `other` has one rater for each item."""
    parts = (bias, whole_judge, agreement, calibrated, calibration, probe, study)
    rows = [r for part in parts for r in part(judge, criterion)]
    return [*rows, *bias(judge, criterion, shift=0.02), *sensitivity(other, criterion)]
