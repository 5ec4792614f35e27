"""Every judged item as one compact payload that the page draws itself.

Columns of numbers point into lists of texts, so that 63,000 comparisons of 21,000 responses stay a few
megabytes. A row of the item table is one pair of responses (or one response) under one criterion by one
judge; it owns a run of consecutive judgments. What people said of the same item stands in the row.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.reports.columns import Strings, codes, group_any, group_mean, group_starts, numeric, plain
from judge.reports.text import cut, visible
from judge.reports.words import spaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from judge.reports.load import Run
    from judge.types import Response

TEXT_LIMIT = 20_000
REASON_LIMIT = 4_000
DETAIL_LIMIT = 2_000

A_WINS, B_WINS, TIE, DISAGREE, NO_RESULT = range(5)
"""Result of a pair: the orders are averaged first; `DISAGREE` is level because the orders contradict."""
FLAG_ORDERS, FLAG_FAILED, FLAG_PEOPLE, FLAG_REPEATS = 1, 2, 4, 8

Column = list[Any]


class _Names:
    """The lists of texts that the columns point into, shared by all parts of the payload."""

    def __init__(self) -> None:
        self.dialogues, self.systems, self.criteria = Strings(), Strings(), Strings()
        self.raters, self.outcomes, self.rubrics, self.reasons = (
            Strings(),
            Strings(["ok"]),
            Strings(),
            Strings(),
        )
        self.orders = Strings(["AB", "BA"])
        self.verdicts = Strings(["A", "B", "tie"])


def build_payload(run: Run) -> dict[str, Any]:
    """Return what the page needs to show every judged item.

    Parameters
    ----------
    run
        The run as read from disk.

    Returns
    -------
    dict
        JSON-ready: ``dialogues``, ``responses``, ``features``, ``duels``, ``ratings``, ``rows`` and the
        lists of names. Texts are made visible (`judge.reports.text.visible`) and cut where they are
        longer than `TEXT_LIMIT`, `REASON_LIMIT` or `DETAIL_LIMIT` characters, with a note that says so.
    """
    names = _Names()
    dialogues = _dialogues(run, names)
    responses = _responses(run.responses, names)
    features = _features(run.features, names)
    duels, pair_rows = _duels(run.duels, names)
    ratings, score_rows = _ratings(run.ratings, names)
    _people_by_scores(pair_rows, ratings)
    return {
        "dialogues": dialogues | {"id": _clean(names.dialogues)},
        "systems": _clean(names.systems),
        "criteria": [spaced(c) for c in _clean(names.criteria)],
        "raters": _raters(run, names),
        "outcomes": _clean(names.outcomes),
        "rubrics": _clean(names.rubrics),
        "reasons": [visible(cut(t, REASON_LIMIT, "the run's tables")) for t in names.reasons.texts()],
        "responses": responses,
        "features": features,
        "duels": duels,
        "ratings": ratings,
        "pairs": _listed({k: v for k, v in pair_rows.items() if k not in "dabc"}),
        "scores": _listed(score_rows),
    }


def _clean(strings: Strings) -> list[str]:
    return [visible(text) for text in strings.texts()]


def _text(value: str | None, where: str) -> str | None:
    return None if value is None else visible(cut(value, TEXT_LIMIT, where))


def _dialogues(run: Run, names: _Names) -> dict[str, Column]:
    for d in run.dialogues:
        names.dialogues.number(d.dialogue_id)
    where = "dialogues.jsonl"
    return {
        "emotion": [_text(d.emotion, where) for d in run.dialogues],
        "situation": [_text(d.situation, where) for d in run.dialogues],
        "reference": [_text(d.reference, where) for d in run.dialogues],
        "turns": [
            [part for t in d.context for part in (t.speaker, _text(t.text, where))] for d in run.dialogues
        ],
    }


def _responses(responses: Iterable[Response], names: _Names) -> dict[str, Column]:
    kept = list(responses)
    return {
        "d": [names.dialogues.number(r.dialogue_id) for r in kept],
        "s": [names.systems.number(r.system_id) for r in kept],
        "text": [_text(r.text, "responses.jsonl") for r in kept],
        "made": [" · ".join(visible(p) for p in (r.strategy, r.model) if p) for r in kept],
        "details": [_details(r.details) for r in kept],
    }


def _details(details: Mapping[str, Any]) -> list[str]:
    """Return names and values in turn; long values are cut."""
    out = []
    for key, value in details.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        out += [visible(str(key)), visible(cut(text, DETAIL_LIMIT, "responses.jsonl"))]
    return out


def _features(frame: pd.DataFrame | None, names: _Names) -> dict[str, Any]:
    if frame is None or not len(frame):
        return {"names": [], "d": [], "s": [], "columns": []}
    kinds = [
        c for c in frame.columns if c not in {"dialogue_id", "system_id"} and frame[c].dtype.kind in "biuf"
    ]
    return {
        "names": [visible(str(c)) for c in kinds],
        "d": codes(frame, "dialogue_id", names.dialogues).tolist(),
        "s": codes(frame, "system_id", names.systems).tolist(),
        "columns": [plain(numeric(frame, c)) for c in kinds],
    }


def _reasons(frame: pd.DataFrame, names: _Names) -> NDArray[np.int64]:
    return codes(frame, "reason", names.reasons)


def _common(frame: pd.DataFrame, names: _Names) -> dict[str, NDArray[Any]]:
    return {
        "d": codes(frame, "dialogue_id", names.dialogues),
        "c": codes(frame, "criterion", names.criteria),
        "r": codes(frame, "rater_id", names.raters),
        "k": numeric(frame, "repeat"),
        "f": codes(frame, "outcome", names.outcomes),
        "q": codes(frame, "rubric", names.rubrics),
        "w": _reasons(frame, names),
        "p": numeric(frame, "probability"),
        "human": np.asarray(frame["rater_kind"].astype(str) == "human").astype(np.int64),
    }


def _sorted(table: dict[str, NDArray[Any]], keys: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    order = np.lexsort([table[k] for k in reversed(keys)])
    return {name: values[order] for name, values in table.items()}


def _duels(frame: pd.DataFrame | None, names: _Names) -> tuple[dict[str, Column], dict[str, NDArray[Any]]]:
    """Return the duels as columns, judges' before people's, and the rows that the judges' make."""
    if frame is None or not len(frame):
        return {}, _pair_rows({})
    table = _common(frame, names) | {
        "a": codes(frame, "system_a", names.systems),
        "b": codes(frame, "system_b", names.systems),
        "o": codes(frame, "order", names.orders),
        "v": codes(frame, "verdict", names.verdicts),
    }
    table["v"][table["f"] != 0] = -1
    _one_way_round(table)
    table = _sorted(table, ("human", "d", "a", "b", "c", "r", "o", "k"))
    return _listed(table), _pair_rows(table)


def _one_way_round(table: dict[str, NDArray[Any]]) -> None:
    """Turn pairs that were written the other way round, so that each pair has one row."""
    turned = table["a"] > table["b"]
    a = table["a"].copy()
    table["a"] = np.where(turned, table["b"], table["a"])
    table["b"] = np.where(turned, a, table["b"])
    table["o"] = np.where(turned & (table["o"] >= 0), 1 - table["o"], table["o"])
    table["v"] = np.where(turned & ((table["v"] == 0) | (table["v"] == 1)), 1 - table["v"], table["v"])
    table["p"] = np.where(turned, 1 - table["p"], table["p"])


def _pair_rows(table: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    if not table:
        return {k: np.empty(0, dtype=np.int64) for k in ("start", "n", "result", "flags")} | {
            "people": np.empty(0)
        }
    share = np.array([1.0, 0.0, 0.5, np.nan])[table["v"]]
    keys = [table[k] for k in ("human", "d", "a", "b", "c", "r")]
    starts = group_starts(keys)
    first = group_mean(np.where(table["o"] == 0, share, np.nan), starts)
    second = group_mean(np.where(table["o"] == 1, share, np.nan), starts)
    both = _mean_of(first, second)
    failed = group_any(table["f"] != 0, starts)
    disagree = (first - 0.5) * (second - 0.5) < 0
    disagree |= (first != second) & ((first == 0.5) | (second == 0.5)) & ~np.isnan(first + second)
    repeats = _repeats_differ(table, share)
    human, keys_of = table["human"][starts] == 1, [k[starts] for k in keys]
    people = _people_said(keys_of[1:5], both, human)
    rows = {
        "start": starts,
        "n": np.diff(np.append(starts, len(share))),
        "result": _result(both, disagree=disagree),
        "share": both,
        "flags": disagree * FLAG_ORDERS + failed * FLAG_FAILED + repeats[starts] * FLAG_REPEATS,
        "people": people,
    } | dict(zip("dabc", keys_of[1:5], strict=True))
    keep = ~human if (~human).any() else human
    return {name: values[keep] for name, values in rows.items()}


def _mean_of(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    both = np.where(np.isnan(first), second, np.where(np.isnan(second), first, (first + second) / 2))
    return np.asarray(both, dtype=np.float64)


def _result(share: NDArray[np.float64], *, disagree: NDArray[np.bool_]) -> NDArray[np.int64]:
    level = np.where(disagree, DISAGREE, TIE)
    result = np.where(share > 0.5, A_WINS, np.where(share < 0.5, B_WINS, level))
    return np.where(np.isnan(share), NO_RESULT, result)


def _repeats_differ(table: dict[str, NDArray[Any]], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Say for each duel's row whether the same order, asked again, gave another verdict."""
    within = group_starts([table[k] for k in ("human", "d", "a", "b", "c", "r", "o")])
    mean = group_mean(share, within)
    sizes = np.diff(np.append(within, len(share)))
    spread = np.abs(share - np.repeat(mean, sizes)) > 1e-9
    rows = group_starts([table[k] for k in ("human", "d", "a", "b", "c", "r")])
    flags = group_any(spread, rows)
    return np.repeat(flags.astype(np.int64), np.diff(np.append(rows, len(share))))


def _people_said(
    item: list[NDArray[np.int64]], share: NDArray[np.float64], human: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return for each row the mean of what people said of the same item (the rows with equal keys)."""
    said: dict[tuple[int, ...], list[float]] = {}
    parts = list(zip(*(k.tolist() for k in item), strict=True))
    for i in np.flatnonzero(human & ~np.isnan(share)):
        said.setdefault(parts[i], []).append(float(share[i]))
    if not said:
        return np.full(len(share), np.nan)
    means = {key: sum(v) / len(v) for key, v in said.items()}
    return np.array([means.get(part, np.nan) for part in parts])


def _ratings(frame: pd.DataFrame | None, names: _Names) -> tuple[dict[str, Column], dict[str, NDArray[Any]]]:
    """Return the ratings as columns, judges' before people's, and the rows that the judges' make."""
    if frame is None or not len(frame):
        return {}, {k: np.empty(0, dtype=np.int64) for k in ("start", "n", "score", "flags", "people")}
    table = _common(frame, names) | {
        "s": codes(frame, "system_id", names.systems),
        "x": numeric(frame, "score"),
    }
    table["x"] = np.where(table["f"] == 0, table["x"], np.nan)
    table = _sorted(table, ("human", "d", "s", "c", "r", "k"))
    keys = [table[k] for k in ("human", "d", "s", "c", "r")]
    starts = group_starts(keys)
    score = group_mean(table["x"], starts)
    spread = np.abs(table["x"] - np.repeat(score, np.diff(np.append(starts, len(table["x"]))))) > 1e-9
    human = table["human"][starts] == 1
    rows = {
        "start": starts,
        "n": np.diff(np.append(starts, len(table["x"]))),
        "score": score,
        "flags": group_any(table["f"] != 0, starts) * FLAG_FAILED + group_any(spread, starts) * FLAG_REPEATS,
        "people": _people_said([k[starts] for k in keys[1:4]], score, human),
    }
    keep = ~human if (~human).any() else human
    return _listed(table), {name: values[keep] for name, values in rows.items()}


def _people_by_scores(rows: dict[str, NDArray[Any]], ratings: dict[str, Column]) -> None:
    """Where people scored the responses and did not compare them, read their preference from the means.

    Also sets the flag of the rows on which judge and people point in opposite directions.
    """
    if "share" not in rows:
        return
    means = _people_means(ratings)
    parts = zip(*(rows[k].tolist() for k in "dabc"), strict=True)
    for i, (d, a, b, c) in enumerate(parts):
        one, two = means.get((d, a, c)), means.get((d, b, c))
        if np.isnan(rows["people"][i]) and one is not None and two is not None:
            rows["people"][i] = 0.5 + 0.5 * np.sign(one - two)
    with np.errstate(invalid="ignore"):
        against = (rows["share"] - 0.5) * (rows["people"] - 0.5) < 0
    rows["flags"] = rows["flags"] + against * FLAG_PEOPLE


def _people_means(ratings: dict[str, Column]) -> dict[tuple[int, int, int], float]:
    sums: dict[tuple[int, int, int], tuple[float, int]] = {}
    if not ratings:
        return {}
    for human, d, s, c, x in zip(*(ratings[k] for k in ("human", "d", "s", "c", "x")), strict=True):
        if human and x is not None:
            total, n = sums.get((d, s, c), (0.0, 0))
            sums[(d, s, c)] = (total + x, n + 1)
    return {key: total / n for key, (total, n) in sums.items()}


def _raters(run: Run, names: _Names) -> dict[str, Column]:
    human: set[str] = set()
    for table in (run.ratings, run.duels):
        if table is not None and len(table):
            human.update(
                str(x) for x in table.loc[table["rater_kind"].astype(str) == "human", "rater_id"].unique()
            )
    ids = names.raters.texts()
    return {
        "id": [visible(i) for i in ids],
        "human": [int(i in human) for i in ids],
        "simulated": [int(i in human and i.startswith("simulated")) for i in ids],
    }


def _listed(table: dict[str, NDArray[Any]]) -> dict[str, Column]:
    """Return arrays as lists; columns in which nothing stands are left out."""
    kept = {}
    for name, values in table.items():
        if name in {"p", "w", "q", "k"} and _empty(values):
            continue
        kept[name] = plain(values)
    return kept


def _empty(values: NDArray[Any]) -> bool:
    if values.dtype.kind == "f":
        return bool(np.all(np.isnan(values) | (values == 0)))
    return bool(np.all(values < 0))
