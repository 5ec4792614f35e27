"""What the statistics on the page mean, in plain English; one without an entry has its method."""

from __future__ import annotations

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
    "duel_agreement": (
        "The share of comparisons on which two raters give the same verdict. All verdicts: ties count, "
        "chance is 1/3. Decisive verdicts only: chance is 1/2."
    ),
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
    "log10_e_value": (
        "Evidence against “equally good” that may be looked at after every dialogue: 1.3 is 20 to 1, 2 is "
        "100 to 1. It stays valid however often one looks."
    ),
    "three_cycle": (
        "How often A beats B, B beats C and C beats A. A strength for each system cannot show that."
    ),
    "preference": (
        "How far the judge moves, in standard deviations of its own, when a feature rises by one standard "
        "deviation and quality as these raters see it stays the same. The noise of their ratings is "
        "estimated and taken out. “No bias” is only said if the interval lies inside the margin."
    ),
    "preference_points": (
        "The same preference in the judge’s own points (in comparisons: in win share, 0.05 is five "
        "percentage points) for each standard deviation of the feature."
    ),
    "within_dialogue": (
        "The preference among answers to the same dialogue, so that no trait of a dialogue mixes in."
    ),
    "instrumental": (
        "A second way to take out the raters’ noise: each rater stands in for the others. It should agree "
        "with the first."
    ),
    "joint": (
        "The preference with all features held together: a part that two features share goes to neither."
    ),
    "fieller": "An interval that stays honest where only few items have two raters.",
    "placebo_contrast": (
        "The preference for likeness to this dialogue’s reference less that for likeness to another "
        "dialogue’s reference of the same emotion. What is left is a liking for this very answer."
    ),
    "sensitivity": (
        "The preference that would follow if people’s ratings were as reliable as assumed. With one rater "
        "for each item the reliability is not known, so that there is no test."
    ),
    "tipping_reliability": (
        "The highest assumed reliability at which the interval of the preference covers nought."
    ),
    "length_curvature": "Whether the effect of length bends. If it does, its one number is an average.",
    "length_adjusted_win_rate": (
        "The win rate at equal length. It takes out all association with length, that which people share "
        "included."
    ),
    "quality_slope": (
        "Points of the judge for each point of quality as people see it. Below 1 the judge keeps to the "
        "middle of the scale. In comparisons: win share for each point."
    ),
    "leniency": "Mean of the judge’s scores less people’s on the same items, in points.",
    "range_use": "How much of the scale is used: 1 if all levels are used alike.",
    "modal_share": "The share of the most frequent score.",
    "halo": (
        "Correlation of two criteria for the judge less that for people, both free of noise. Above nought "
        "the judge tells the criteria apart less well than people do."
    ),
    "class_effect": (
        "Whether the judge’s leniency differs between classes of dialogues, given quality (F test)."
    ),
    "class_leniency": "How much more leniently a class of dialogues is judged than all, in SD of the judge.",
    "self_preference": (
        "How much two judges of different families lift the responses of their own family, together, in SD "
        "of quality."
    ),
    "drift": "Change of the scores of the same items between two instruments (rubric or model), in points.",
    "lower_ceiling": (
        "How well one person agrees with the mean of the others: what a judge as good as a person reaches."
    ),
    "noise_ceiling": (
        "The largest correlation that any judge can have with the mean of these raters, since their mean "
        "itself is noisy."
    ),
    "disattenuated": (
        "The correlation divided by its ceiling: what it would be with the mean of very many such raters."
    ),
    "people_reliability": "The share of the variance of people’s mean that is not noise.",
    "icc": (
        "The intraclass correlation: reliability of one person (1) or of the mean of all (k), for absolute "
        "agreement (A) or consistency (C)."
    ),
    "cohen_kappa": "Agreement of two raters beyond chance. It sinks where one score prevails.",
    "fleiss_kappa": "Agreement of several raters beyond chance, with scores as mere categories.",
    "gwet_ac1": "Agreement beyond chance that does not sink where one score prevails.",
    "duel_kappa": "Cohen’s κ of verdicts: agreement beyond chance on win, tie and loss.",
    "duel_ac1": "Gwet’s AC1 of verdicts.",
    "duel_accuracy": "The share of the judge’s verdicts that more than half of the people gave.",
    "system_pairs_ordered": "The share of pairs of systems that judge and people put in the same order.",
    "accuracy_with_ties": (
        "The share of pairs of answers to one dialogue that judge and people order alike, ties included; a "
        "small difference of the judge’s scores counts as a tie."
    ),
    "tie_threshold": "The largest difference of the judge’s scores that counts as a tie in the line above.",
    "accuracy_always_tie": "What a judge that always ties would reach. Nearly that much means nothing.",
    "alt_test_winning_rate": (
        "The share of people whose place the judge may take: it is at least as near to the other people, but "
        "for an allowance ε (.2 for experts, .15 for skilled people, .1 for a crowd). Half passes."
    ),
    "alt_test_advantage": (
        "The share of items on which the judge is at least as near to the others as a person is, averaged "
        "over people."
    ),
    "duel_alt_test_winning_rate": "The same for verdicts.",
    "duel_alt_test_advantage": "The same for verdicts.",
    "spearman_difference": "How much better one judge agrees with people than another, on the items of both.",
    "judge_weight": "How far the judge’s answers are used: 0 is people’s labels alone, 1 is fully.",
    "label_worth": "How many labels one label is worth with the judge’s help.",
    "rmse": "How far the scores lie from people’s mean, in points.",
    "calibration_slope": (
        "By how many points people differ where the scores differ by one. 1 is calibrated; below 1 the "
        "scores overstate differences."
    ),
    "ece": "Mean distance of people’s mean from the score. Noise alone makes it positive: compare the rows.",
    "effect": (
        "By how many percentage points the edited copy wins more than half of its comparisons with the "
        "original. The only difference of the two is the edit."
    ),
    "score_effect": "Score of the edited copy less that of its original, in points.",
    "coefficient": "Fixed effects of the mixed logistic model, in logits. Go by the summary.",
    "sigma": "Spread of the models’ intercepts, in logits.",
    "summary_difference": (
        "Difference of two kinds, from one number for each model; the test is across models."
    ),
    "summary_permutation": "The same difference with the exact p over all ways to label the models.",
    "summary_sentiment": "Change with a sentiment within each model, tested across models.",
    "unanimous": "The share of questions on which all judges give the same verdict.",
    "dollars": "What was paid, unreadable answers included.",
    "tokens_in": "Tokens read by the models, cached ones included.",
    "tokens_out": "Tokens written by the models, hidden ones included.",
    "tokens_cached": "Tokens that came from a provider’s cache, at a lower price.",
    "tokens_reasoning": "Tokens of hidden reasoning.",
    "cached_share": "The share of tokens read that came from a provider’s cache.",
    "distinct_1": (
        "Different words over all words of all the system’s responses, times 100. It falls as texts grow."
    ),
    "distinct_2": "The same for pairs of words.",
    "distinct_1_intra": "Different words over all words within each response, averaged, times 100.",
    "distinct_2_intra": "The same for pairs of words.",
    "bits_per_byte": "How surprised the model was by its own text: bits of its tokens over its bytes.",
    "ead_1": "Different words over those that random words would give, times 100: not bound to the length.",
    "ead_2": "The same for pairs of words.",
    "bleu_4": "Overlap of up to four words in a row with the reference, over all responses (0 to 100).",
    "chrf_corpus": "Overlap of up to six characters in a row with the reference (0 to 100).",
    "rouge_l": "Longest common run of words with the reference (0 to 100).",
    "bertscore_f1": "Likeness of meaning to the reference: about 0 for unrelated texts, 1 for equal ones.",
    "emotion_accuracy": "The share of dialogues whose emotion was named.",
    "emotion_out_of_label": "The share of predictions that are none of the labels: failures of form.",
}
