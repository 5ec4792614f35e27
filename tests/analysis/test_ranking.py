"""Win rates, strengths, ranks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from judge.analysis.audit import AuditInput, audit
from judge.analysis.ranking import bradley_terry
from judge.analysis.ranking.win_rate import sign_test, win_rate
from tests.analysis.frames import duels_of, number, one, pick, wtl

HEF = [
    ((86, 13, 1), (0.925, 0.887, 0.963), 0.0),
    ((48, 12, 40), (0.540, 0.447, 0.633), 0.46),
    ((34, 45, 21), (0.565, 0.492, 0.638), 0.105),
    ((51, 26, 23), None, 0.0015),
    ((63, 15, 22), None, 1e-5),
]


@pytest.mark.parametrize(("counts", "interval", "p"), HEF)
def test_published_table_retested(counts, interval, p):
    """Win/lose counts of a published comparison: 48 to 40 of 100 is no significant win."""
    found = one(audit(AuditInput(duels=wtl(*counts))), statistic="win_rate", level="pair")
    if interval:
        assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx(interval, abs=5e-4)
    assert found.p == pytest.approx(p, rel=0.15, abs=1e-6)
    assert found.n_items == 100


def test_sign_test_is_the_binomial_test():
    """The sign test equals scipy's exact binomial test, and is 1 without decisions."""
    for wins, losses in [(5, 3), (0, 7), (10, 10), (12, 4)]:
        assert sign_test(wins, losses) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)
    assert sign_test(0, 0) == 1.0


def test_orders_are_averaged_before_anything_else():
    """A verdict that flips with the order is one half, and counts once."""
    frame = pd.concat([duels_of(["A"] * 20), duels_of(["B"] * 20, orders=("BA",))])
    findings = audit(AuditInput(duels=frame))
    rate = one(findings, statistic="win_rate", level="pair")
    assert (rate.estimate, rate.n_items, rate.p) == (0.5, 20, 1.0)
    assert one(findings, statistic="ties").estimate == 1.0


def test_pair_and_reversed_pair_are_one():
    """(x, y) won by A and (y, x) won by B say the same."""
    swapped = duels_of(["B"] * 10, system_a="y", system_b="x").assign(
        dialogue_id=[f"e{k}" for k in range(10)]
    )
    found = one(
        audit(AuditInput(duels=pd.concat([duels_of(["A"] * 10), swapped]))),
        statistic="win_rate",
        level="pair",
    )
    assert (found.system, found.estimate, found.n_items) == ("x", 1.0, 20)


def test_clean_sweep_has_a_wilson_interval():
    """100 of 100 is 1 with Wilson's lower end, not a width of nought."""
    got = win_rate(np.ones(100), np.arange(100), 0.95)
    assert got.value == 1.0
    assert got.ci_low == pytest.approx(stats.binomtest(100, 100).proportion_ci(method="wilson").low)


def test_failures_are_no_verdicts_and_bound_the_rate():
    """A failed presentation is left out of the rate; worst and best case frame it."""
    frame = wtl(30, 0, 10)
    frame["outcome"] = ["ok"] * 35 + ["refusal"] * 5
    frame.loc[35:, "verdict"] = None
    findings = audit(AuditInput(duels=frame))
    rate = one(findings, statistic="win_rate", level="pair")
    assert rate.estimate == pytest.approx(30 / 35)
    assert rate.n_items == 35
    assert one(findings, statistic="win_rate_worst").estimate == pytest.approx(30 / 40)
    assert one(findings, statistic="win_rate_best").estimate == pytest.approx(35 / 40)
    assert one(findings, statistic="count", term="refusal").estimate == 5


def test_system_rate_is_the_mean_over_opponents():
    """A system's win rate weights opponents alike, however many duels there were; jackknife by hand."""
    rng = np.random.default_rng(2)
    frame = random_duels(rng, dialogues=25, systems=3)
    frame = frame[~((frame.system_b == "s2") & frame.dialogue_id.isin([f"d{k}" for k in range(10)]))]
    found = one(audit(AuditInput(duels=frame)), statistic="win_rate", level="system", system="s0")

    def rate(part: pd.DataFrame) -> float:
        points = part.verdict.map({"A": 1.0, "tie": 0.5, "B": 0.0})
        mine = part.assign(points=points)[part.system_a == "s0"]
        by_unit = mine.groupby(["system_b", "dialogue_id"]).points.mean()
        return float(by_unit.groupby("system_b").mean().mean())

    names = frame.dialogue_id.unique()
    reps = np.array([rate(frame[frame.dialogue_id != name]) for name in names])
    assert found.estimate == pytest.approx(rate(frame))
    error = np.sqrt((len(names) - 1) / len(names) * ((reps - reps.mean()) ** 2).sum())
    assert found.std_error == pytest.approx(error, rel=0.02)


def random_duels(
    rng: np.random.Generator,
    dialogues: int = 30,
    systems: int = 4,
    spread: float = 0.4,
    ties: float = 0.4,
    slot: float = 0.0,
    orders: tuple[str, ...] = ("AB", "BA"),
) -> pd.DataFrame:
    """Duels of all pairs in both orders, larger numbers weaker."""
    rows = []
    for d in range(dialogues):
        taste = rng.normal(size=systems) * 0.5 - spread * np.arange(systems)
        for a in range(systems):
            for b in range(a + 1, systems):
                for order in orders:
                    gap = taste[a] - taste[b] + rng.logistic() + (slot if order == "AB" else -slot)
                    verdict = "tie" if abs(gap) < ties else ("A" if gap > 0 else "B")
                    rows.append((f"d{d}", f"s{a}", f"s{b}", "c", "j", "judge", order, verdict))
    names = ["dialogue_id", "system_a", "system_b", "criterion", "rater_id", "rater_kind", "order", "verdict"]
    return pd.DataFrame(rows, columns=names)


def test_two_systems_are_saturated():
    """W=48, L=40, T=12: log-strength difference ln(48/40), nu = 12 / sqrt(48 * 40)."""
    findings = audit(AuditInput(duels=wtl(48, 12, 40)))
    assert one(findings, statistic="bt_difference").estimate == pytest.approx(np.log(48 / 40), abs=1e-8)
    assert one(findings, statistic="tie_parameter").estimate == pytest.approx(12 / np.sqrt(48 * 40), abs=1e-8)
    assert one(findings, statistic="order_effect").verdict == "not_identified"


def test_strengths_maximise_the_likelihood():
    """Newton's answer equals a general optimiser's on the likelihood written out by hand."""
    frame = random_duels(np.random.default_rng(7), slot=0.3)
    findings = audit(AuditInput(duels=frame))
    place = {f"s{k}": k for k in range(4)}
    first = frame.system_a.where(frame.order == "AB", frame.system_b).map(place).to_numpy()
    second = frame.system_b.where(frame.order == "AB", frame.system_a).map(place).to_numpy()
    won = np.where(frame.verdict == "tie", 1, np.where((frame.verdict == "A") == (frame.order == "AB"), 0, 2))

    def loss(theta: np.ndarray) -> float:
        log_p = np.append(theta[:3], -theta[:3].sum())
        parts = np.stack(
            [
                theta[4] + log_p[first],
                theta[3] + (log_p[first] + log_p[second]) / 2,
                log_p[second],
            ],
            axis=1,
        )
        chosen = parts[np.arange(len(won)), won]
        return float(-(chosen - np.logaddexp.reduce(parts, axis=1)).sum())

    best = optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    got = [one(findings, statistic="bt_strength", system=f"s{k}").estimate for k in range(3)]
    assert got == pytest.approx(best[:3], abs=1e-5)
    assert one(findings, statistic="tie_parameter").estimate == pytest.approx(np.exp(best[3]), abs=1e-5)
    assert one(findings, statistic="order_effect").estimate == pytest.approx(best[4], abs=1e-5)


def test_sandwich_is_close_to_the_jackknife():
    """The clustered sandwich agrees with refitting without each dialogue."""
    frame = random_duels(np.random.default_rng(11), dialogues=40, systems=3)
    whole = one(audit(AuditInput(duels=frame)), statistic="bt_difference", system="s0", system_b="s1")
    pair = {"statistic": "bt_difference", "system": "s0", "system_b": "s1"}
    parts = [audit(AuditInput(duels=frame[frame.dialogue_id != f"d{d}"])) for d in range(40)]
    reps = [number(one(findings, **pair).estimate) for findings in parts]
    error = np.sqrt(39 / 40 * ((np.array(reps) - np.mean(reps)) ** 2).sum())
    assert whole.std_error == pytest.approx(error, rel=0.1)


def test_order_effect_finds_a_planted_slot_preference():
    """A judge that favours the first slot has a positive log gamma whose interval excludes nought."""
    frame = random_duels(np.random.default_rng(1), dialogues=60, slot=0.6)
    found = one(audit(AuditInput(duels=frame)), statistic="order_effect")
    assert found.ci_low is not None
    assert found.ci_low > 0


def test_separation_is_flagged_and_finite():
    """A system that never loses gets a finite strength and a warning."""
    frame = pd.concat(
        [
            random_duels(np.random.default_rng(3), systems=3),
            *(
                duels_of(["A"] * 30, orders=("AB", "BA"), criterion="c", system_a="best", system_b=f"s{k}")
                for k in range(3)
            ),
        ]
    )
    findings = audit(AuditInput(duels=frame))
    best = one(findings, statistic="bt_strength", system="best")
    assert best.estimate is not None
    assert 0 < best.estimate < 12
    assert any("separated" in text for text in best.warnings)
    assert one(findings, statistic="rank", system="best").estimate == 1.0


def test_unconnected_systems_are_not_compared():
    """Two pairs that never meet have no common scale."""
    other = duels_of(["A", "B"] * 10, system_a="u", system_b="v")
    findings = audit(AuditInput(duels=pd.concat([duels_of(["A", "B"] * 10), other])))
    strengths = pick(findings, statistic="bt_strength")
    assert {f.verdict for f in strengths} == {"not_identified"}
    assert "connect" in strengths[0].warnings[0]


def test_all_ties_give_no_strengths():
    """Ties only: a win rate of one half, and no strengths."""
    findings = audit(AuditInput(duels=wtl(0, 50, 0)))
    assert one(findings, statistic="win_rate", level="pair").estimate == 0.5
    assert {f.verdict for f in pick(findings, statistic="bt_strength")} == {"not_identified"}


def test_rank_intervals_hold_the_true_ranks():
    """Simultaneous rank intervals contain the planted order and narrow with the data."""
    findings = audit(AuditInput(duels=random_duels(np.random.default_rng(5), dialogues=150, spread=0.8)))
    for place in range(1, 5):
        found = one(findings, statistic="rank", system=f"s{place - 1}")
        assert number(found.ci_low) <= place <= number(found.ci_high)
        assert found.estimate == place
    assert one(findings, statistic="rank", system="s0").ci_high == 1


def test_people_are_pooled():
    """Human duels make one voice, averaged over raters first."""
    frame = pd.concat(
        [
            duels_of(["A"] * 20, rater_id="p1", rater_kind="human"),
            duels_of(["tie"] * 20, rater_id="p2", rater_kind="human"),
        ]
    )
    found = one(audit(AuditInput(duels=frame)), statistic="win_rate", level="pair")
    assert (found.judge, found.estimate, found.n_raters, found.n_items) == ("people", 0.75, 2, 20)


def test_intervals_cover_and_tests_hold_their_level():
    """Win-rate intervals cover in 92-98.5 % of runs; equal systems are told apart in at most 7.5 %."""
    hits = rejected = 0
    runs = 400
    for run in range(runs):
        rng = np.random.default_rng(run)
        score = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], p=[0.3, 0.1, 0.2, 0.1, 0.3], size=60)
        got = win_rate(score, np.arange(60), 0.95)
        assert got.ci_low is not None
        assert got.ci_high is not None
        assert got.p is not None
        hits += got.ci_low <= 0.5 <= got.ci_high
        rejected += got.p < 0.05
    assert 0.92 <= hits / runs <= 0.985
    assert rejected / runs <= 0.075


def test_design_without_verdicts_is_refused():
    """The fit names what is missing."""
    with pytest.raises(ValueError, match="no verdict"):
        bradley_terry.check(np.array([[0, 1]]), 2, np.zeros((1, 2, 3)))


def test_connection_is_that_of_the_graph():
    """Strengths are refused, or called separated, just where scipy finds several components."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    seen = set()
    for run in range(200):
        rng = np.random.default_rng(run)
        systems = int(rng.integers(2, 7))
        every = np.array(list(combinations(range(systems), 2)))
        pairs = every[rng.random(len(every)) < 0.6]
        counts = np.zeros((len(pairs), 2, 3))
        counts[:, 0] = rng.integers(0, 2, (len(pairs), 3))
        won = [pairs[counts[:, 0, k].astype(bool)] for k in (0, 2)]
        tied = pairs[counts[:, 0, 1].astype(bool)]
        edges = np.concatenate([won[0], won[1][:, ::-1], tied, tied[:, ::-1]])
        if not len(won[0]) + len(won[1]):
            continue
        graph = coo_array((np.ones(len(edges)), edges.T), shape=(systems, systems))
        connected = connected_components(graph, directed=False)[0] == 1
        strong = connected_components(graph, directed=True, connection="strong")[0] == 1
        seen.add((connected, strong))
        if connected:
            assert bradley_terry._separated(pairs, systems, counts, has_order=False) != strong
        else:
            with pytest.raises(ValueError, match="do not connect"):
                bradley_terry.fit(pairs, systems, counts)
    assert len(seen) == 3


def test_verdicts_alone_need_no_list_of_cells():
    """Without clusters the covariance is that of each verdict as a cluster of its own."""
    rng = np.random.default_rng(0)
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    counts = rng.integers(1, 30, (3, 2, 3)).astype(float)
    cells = np.repeat(np.arange(counts.size), counts.ravel().astype(int))
    listed = bradley_terry.fit(
        pairs, 3, counts, bradley_terry.Cells(np.arange(cells.size), cells, np.ones(cells.size))
    )
    alone = bradley_terry.fit(pairs, 3, counts)
    assert alone.clusters == listed.clusters == cells.size
    assert alone.covariance == pytest.approx(listed.covariance)
