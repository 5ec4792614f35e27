"""The page's words: what families, statistics and features are called; what they mean is in the glossary."""

from __future__ import annotations

from judge.reports.glossary import GLOSSARY

__all__ = [
    "FAILURES",
    "FAMILIES",
    "FEATURES",
    "GLOSSARY",
    "LEADS",
    "LEVELS",
    "NAMES",
    "PROBES",
    "SIGNS",
    "VERDICTS",
    "family_name",
    "name_of",
    "plain",
    "probe",
    "spaced",
    "view_label",
]

VERDICTS: dict[str, tuple[str, str]] = {
    "bias_found": ("bias found", "bad"),
    "equivalent": ("no bias", "good"),
    "inconclusive": ("inconclusive", "warn"),
    "not_identified": ("not identified", "quiet"),
}
"""Verdict of a finding -> what the chip says and its tone. "No bias" is only said of an equivalence."""

SIGNS: dict[str, str] = {"bias_found": "◆", "equivalent": "●", "inconclusive": "○"}
"""The marks of the verdicts in pictures and narrow cells, so that none is told by colour alone."""

FAMILIES: dict[str, str] = {
    "ranking": "Ranking",
    "means": "Mean scores",
    "agreement": "Agreement with people",
    "position": "Position bias",
    "outcomes": "Failures",
    "bias": "What the judge favours",
    "calibrated": "What would people have said?",
    "calibration": "Calibration of the scores",
    "probe": "Probes",
    "panels": "The judges as a panel",
    "mixed": "Kinds of systems",
    "texts": "The texts themselves",
    "cost": "Cost",
    "published": "Beside published numbers",
    "metrics": "Text metrics",
    "stopping": "Where asking stopped early",
    "power": "Power",
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
    "people_majority": "majority of the raters",
    "log10_e_value": "Evidence (log₁₀ e-value)",
    "three_cycle": "Three-cycles",
    "cohen_kappa": "Cohen’s κ",
    "fleiss_kappa": "Fleiss’ κ",
    "gwet_ac1": "Gwet’s AC1",
    "duel_kappa": "Cohen’s κ of verdicts",
    "duel_ac1": "Gwet’s AC1 of verdicts",
    "duel_accuracy": "Verdicts like the majority’s",
    "duel_macro_precision": "Macro precision of verdicts",
    "duel_macro_recall": "Macro recall of verdicts",
    "duel_macro_f1": "Macro F1 of verdicts",
    "icc": "ICC",
    "lower_ceiling": "One person with the mean of the others",
    "noise_ceiling": "Noise ceiling",
    "people_reliability": "Reliability of the raters’ mean",
    "disattenuated": "Disattenuated correlation",
    "accuracy_with_ties": "Pairs ordered alike, ties calibrated",
    "tie_threshold": "Threshold of a tie",
    "accuracy_always_tie": "A judge that always ties",
    "alt_test_winning_rate": "Alt-test: winning rate",
    "alt_test_advantage": "Alt-test: advantage probability",
    "duel_alt_test_winning_rate": "Alt-test of verdicts: winning rate",
    "duel_alt_test_advantage": "Alt-test of verdicts: advantage probability",
    "system_pairs_ordered": "Pairs of systems in the same order",
    "spearman_difference": "Difference of two judges’ correlations",
    "preference": "Preference",
    "preference_points": "Preference in points",
    "sensitivity": "Preference under an assumed reliability",
    "tipping_reliability": "Tipping reliability",
    "placebo_contrast": "Less placebo",
    "length_curvature": "Curvature of length",
    "length_adjusted_win_rate": "Win rate at equal length",
    "quality_slope": "Slope on quality",
    "range_use": "Range used",
    "modal_share": "Most frequent score",
    "class_effect": "Differences between classes",
    "class_leniency": "Leniency by class",
    "self_preference": "Self-preference",
    "judge_weight": "Weight of the judge",
    "label_worth": "Worth of a label",
    "rmse": "Distance from the raters (RMSE)",
    "calibration_slope": "Calibration slope",
    "ece": "Calibration error (ECE)",
    "effect": "Effect on the win share",
    "score_effect": "Effect on the score",
    "coefficient": "Coefficients of the mixed model",
    "sigma": "Spread of the models’ intercepts",
    "log_likelihood": "Log-likelihood",
    "summary_difference": "Difference of two kinds",
    "summary_permutation": "Difference of two kinds, exact p",
    "summary_sentiment": "Change with a sentiment",
    "unanimous": "All judges agree",
    "dollars": "Dollars",
    "tokens_in": "Tokens read",
    "tokens_out": "Tokens written",
    "tokens_cached": "from cache",
    "tokens_reasoning": "hidden",
    "cached_share": "Share from cache",
    "distinct_1": "Distinct-1",
    "distinct_2": "Distinct-2",
    "distinct_1_intra": "Distinct-1 within a response",
    "distinct_2_intra": "Distinct-2 within a response",
    "distinct_1_difference": "Difference of Distinct-1 at an equal budget",
    "distinct_2_difference": "Difference of Distinct-2 at an equal budget",
    "bits_per_byte": "Bits per byte",
    "ead_1": "EAD-1",
    "ead_2": "EAD-2",
    "bleu_4": "BLEU-4",
    "chrf_corpus": "chrF",
    "rouge_l": "ROUGE-L",
    "bertscore_f1": "BERTScore F1",
    "emotion_accuracy": "Emotion accuracy",
    "emotion_top_k": "Emotion among those named",
    "emotion_out_of_label": "Emotion outside the labels",
    "emotion_macro_f1": "Emotion macro-F1",
    "emotion_difference": "Difference of emotion accuracy",
}

FEATURES: dict[str, str] = {
    "log_words": "length (log words)",
    "n_words": "words",
    "n_chars": "characters",
    "n_questions": "question marks",
    "n_exclamations": "exclamation marks",
    "n_list_items": "list items",
    "n_headers": "headings",
    "n_bold": "bold passages",
    "n_emoji": "emoji",
    "has_list": "contains a list",
    "has_header": "contains a heading",
    "has_bold": "contains bold text",
    "has_emoji": "contains an emoji",
    "has_question": "contains a question",
    "has_exclamation": "contains an exclamation mark",
    "is_reference": "is the reference",
    "sim_chrf": "likeness to the reference (chrF)",
    "sim_rouge": "likeness to the reference (ROUGE)",
    "sim_rouge_l": "likeness to the reference (ROUGE-L)",
    "sim_bleu": "likeness to the reference (BLEU)",
    "sim_embedding": "likeness to the reference (sentence embeddings)",
    "sim_bertscore": "likeness to the reference (BERTScore)",
    "sim_chrf_placebo": "likeness to another reference (chrF)",
    "sim_rouge_l_placebo": "likeness to another reference (ROUGE-L)",
    "sim_bleu_placebo": "likeness to another reference (BLEU)",
    "sim_embedding_placebo": "likeness to another reference (sentence embeddings)",
    "sim_bertscore_placebo": "likeness to another reference (BERTScore)",
    "all features": "all features",
}
"""What the features are called; a user's own are spelled out."""

PROBES: dict[str, str] = {
    "swap": "the same text twice",
    "padding": "a sentence without content",
    "markdown": "bullets and bold type",
    "paraphrase": "contractions written out",
    "sympathy": "a stock opener of sympathy",
    "emotion-words": "a row of words of feeling",
    "reference": "the reference instead",
    "injection": "an order to prefer it",
}
"""What the copy of each probe has."""

LEADS: dict[str, str] = {
    "calibrated": (
        "A judge’s own mean has an interval around the judge’s number, not people’s. Where people labelled a "
        "part of the items, their labels correct the judge, and the judge makes the interval shorter than "
        "the labels alone would. This is what these raters would say of everything that was judged."
    ),
    "calibration": (
        "How well the judge’s scores can be read as people’s scores: as the judge gave them, and after "
        "fitting them to people (cross-fitted, so that no item is predicted by a model that saw its "
        "dialogue). Calibrated scores are for reading; tests belong to “What would people have said?”."
    ),
    "probe": (
        "Each probe edits a copy of a response and lets the judge compare the copy with the original in both "
        "orders; nothing else differs. An effect is a bias as far as the edit is worth nothing to people."
    ),
    "panels": (
        "Several judges taken together. Judges that share a bias agree well: agreement among judges is not "
        "agreement with people."
    ),
    "mixed": (
        "Do kinds of systems differ? The sample is the number of systems, not of responses: go by the "
        "summaries. The coefficients of the mixed model are below, with their warnings."
    ),
    "texts": "What the responses look like, without any judgment.",
    "cost": (
        "What judging and generating cost. What is not known stays unknown and is not counted as nothing."
    ),
    "published": (
        "Numbers as printed elsewhere, with what this run found beside them. The printed ones come without "
        "the data behind them: read differences with care."
    ),
}
"""The sentence under the heading of a family."""

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
    "implied": "verdicts implied by ratings",
    "constant_judge": "a judge that always gives the most frequent score",
    "people_majority": "majority of the raters",
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
    """Return a term, level or feature in words.

    >>> plain("log_words"), plain("my_own_feature")
    ('length (log words)', 'my own feature')
    """
    return LEVELS.get(term) or FEATURES.get(term) or NAMES.get(term) or spaced(term)


def probe(term: str) -> str:
    """Return what the copy of a probe has, in words.

    >>> probe("padding"), probe("reference-25"), probe("my-own")
    ('a sentence without content', '25 % of the reference', 'my-own')
    """
    name, _, degree = term.rpartition("-")
    if name == "reference" and degree.isdigit():
        return f"{degree} % of the reference"
    return PROBES.get(term, term)


def view_label(judge: str, criterion: str, people: str) -> str:
    """Name a tab by criterion and judge.

    >>> view_label("openai/gpt-4o", "empathy", "people")
    'empathy · openai/gpt-4o'
    """
    who = people if judge == "people" else judge
    return " · ".join(part for part in (spaced(criterion), who) if part) or "all"
