"""The page's words: what the statistics are called and what they mean in plain English."""

from __future__ import annotations

VERDICTS: dict[str, tuple[str, str]] = {
    "bias_found": ("bias found", "bad"),
    "equivalent": ("no bias", "good"),
    "inconclusive": ("inconclusive", "warn"),
    "not_identified": ("not identified", "quiet"),
}
"""Verdict of a finding -> what the chip says and its tone. "No bias" is only said of an equivalence."""

FAMILIES: dict[str, str] = {
    "ranking": "Ranking",
    "means": "Mean scores",
    "agreement": "Agreement with people",
    "position": "Position bias",
    "outcomes": "Failures",
    "texts": "Texts",
    "bias": "Bias panel",
    "metrics": "Text metrics",
    "calibration": "Calibration",
    "probes": "Probes",
    "power": "Power",
    "mixed": "Mixed model",
    "panels": "Panels and repeats",
    "drift": "Drift",
}

NAMES: dict[str, str] = {
    "win_rate": "Win rate",
    "win_rate_worst": "Win rate, worst case",
    "win_rate_best": "Win rate, best case",
    "wins": "Wins",
    "ties": "Ties",
    "losses": "Losses",
    "bt_strength": "Strength",
    "bt_difference": "Difference in strength",
    "rank": "Rank",
    "tie_parameter": "Tie parameter",
    "order_effect": "Order effect (log)",
    "mean_score": "Mean score",
    "mean_difference": "Mean difference",
    "mean_score_worst": "Mean score, worst case",
    "mean_score_best": "Mean score, best case",
    "spearman": "Spearman",
    "kendall_tau_b": "Kendall τ-b",
    "kendall_tau_c": "Kendall τ-c",
    "pearson": "Pearson",
    "krippendorff_alpha": "Krippendorff’s α",
    "duel_agreement": "Agreement on comparisons",
    "first_slot_effect": "First-slot effect",
    "conflict_rate": "Conflict rate",
    "excess_conflict": "Excess conflict",
    "failure_rate": "Failure rate",
    "count": "Count",
    "feature_mean": "Measures of the responses",
    "n_tokens": "Tokens",
    "people_mean": "mean of the raters",
    "people_median": "median of the raters",
}

GLOSSARY: dict[str, str] = {
    "win_rate": (
        "The share of comparisons won. The two presentation orders of a pair are averaged first and a tie "
        "counts half, so that swapped orders are one observation. The interval treats the dialogue as the "
        "unit of independence."
    ),
    "wins": "The share of pairs won after the two orders are averaged.",
    "ties": "The share of pairs that are level after the two orders are averaged.",
    "losses": "The share of pairs lost after the two orders are averaged.",
    "win_rate_worst": "The win rate if every failed comparison had gone against the system.",
    "win_rate_best": "The win rate if every failed comparison had gone the system’s way.",
    "bt_strength": (
        "The strength of a system on a logarithmic scale whose sum is zero, from the Bradley–Terry model "
        "with ties (Davidson). A difference of 0.7 means about two wins for each loss."
    ),
    "bt_difference": "The difference of two strengths, tested for all pairs at once (Holm).",
    "rank": (
        "The ranks that the data allow. They hold for all systems together: a system’s best possible rank "
        "is one more than the number of systems that are significantly stronger."
    ),
    "tie_parameter": "How readily the rater calls a tie, in the Bradley–Terry model with ties.",
    "order_effect": "The logarithm of the advantage of being shown first, in the same model. Zero is none.",
    "mean_score": "The mean of the scores, with dialogues as the unit of independence.",
    "mean_difference": "The mean difference of two systems’ scores on the same dialogues.",
    "mean_score_worst": "The mean if every failed score had been the lowest of the scale.",
    "mean_score_best": "The mean if every failed score had been the highest of the scale.",
    "spearman": "Correlation of the ranks of two raters’ scores; 1 is the same order, 0 is no relation.",
    "kendall_tau_b": "Pairs in the same order minus pairs in opposite order, corrected for ties.",
    "kendall_tau_c": "As τ-b, for scales with different numbers of levels.",
    "pearson": "Linear correlation of two raters’ scores.",
    "krippendorff_alpha": (
        "Agreement beyond chance among raters; 1 is perfect, 0 is chance. Among people it is the bar; "
        "for the judge it is computed with the judge in one rater’s place, so that both sides have as "
        "many raters."
    ),
    "duel_agreement": "The share of comparisons on which two raters give the same verdict.",
    "first_slot_effect": (
        "How many percentage points the response shown first gains by its place. “No bias” is only said "
        "if the interval lies wholly inside the margin of equivalence; a wide interval is inconclusive, "
        "not clean."
    ),
    "conflict_rate": (
        "The share of pairs on which the verdict changes when the order is swapped. A noisy judge has many "
        "conflicts without any bias, so that this rate alone proves nothing."
    ),
    "excess_conflict": (
        "The conflict rate minus the rate at which the verdict changes when the same order is asked again. "
        "Needs repeats in the same order."
    ),
    "failure_rate": "The share of questions without a usable answer. A failure is never a score or a tie.",
    "count": "How many answers had this outcome.",
}

FAILURES: dict[str, str] = {
    "parse_failure": "unreadable",
    "refusal": "refused",
    "truncated": "cut short",
    "content_filter": "filtered",
    "rate_limited": "rate limited",
    "provider_error": "provider error",
    "timeout": "timed out",
    "skipped_budget": "skipped (budget)",
}

LEVELS: dict[str, str] = {
    "item": "single responses",
    "context": "within a dialogue",
    "system": "system means",
    "people": "raters among themselves",
    "judge_replaces_one": "judge in one rater’s place",
}


def name_of(statistic: str) -> str:
    """Return the heading of a statistic; unknown ones are spelled out.

    >>> name_of("win_rate"), name_of("halo_difference")
    ('Win rate', 'Halo difference')
    """
    known = NAMES.get(statistic)
    if known:
        return known
    words = statistic.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def family_name(family: str) -> str:
    """Return the heading of a family of findings."""
    return FAMILIES.get(family, name_of(family))


def spaced(name: str) -> str:
    """Return a name of the tables as words.

    >>> spaced("emotional_reaction")
    'emotional reaction'
    """
    return name.replace("_", " ")


def plain(term: str) -> str:
    """Return a term or level in words."""
    return LEVELS.get(term, NAMES.get(term, spaced(term)))


def view_label(judge: str, criterion: str, people: str) -> str:
    """Name a tab by criterion and judge.

    >>> view_label("openai/gpt-4o", "empathy", "people")
    'empathy · openai/gpt-4o'
    """
    who = people if judge == "people" else judge
    return " · ".join(part for part in (spaced(criterion), who) if part) or "all"
