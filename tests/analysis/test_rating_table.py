"""How rows of ratings become cells."""

from __future__ import annotations

import pandas as pd

from judge.analysis.inputs import encode
from judge.analysis.rating_table import encode_ratings, people_scores


def table_of(scores: dict[str, list[float]], kind: str):
    """Code several ratings of each dialogue: repeats of a judge, or people."""
    rows = [
        {"dialogue_id": name, "rater_id": f"r{k if kind == 'human' else 0}", "repeat": k, "score": score}
        for name, given in scores.items()
        for k, score in enumerate(given)
    ]
    frame = pd.DataFrame(rows).assign(system_id="s", criterion="c", rater_kind=kind)
    return encode_ratings(frame, None, "dialogue_id")


def test_equal_means_tie():
    """0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in the last bit, but as means of repeats they tie."""
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    _, means = table_of({"a": [0.1, 0.2, 0.3], "b": [0.3, 0.2, 0.1], "c": [0.2] * 3}, "judge").cells.of(0, 0)
    assert len(set(means)) == 1


def test_equal_means_of_people_tie():
    """So it is with people: two sets of ratings with one sum have one mean."""
    table = table_of({"a": [0.1, 0.2, 0.3], "b": [0.2, 0.2, 0.2], "c": [0.6, 0.0, 0.0]}, "human")
    assert len(set(people_scores(table, 0).mean)) == 1


def test_a_score_alone_is_kept_as_it_is():
    """Without repeats a score is not rounded at all."""
    _, score = table_of({"a": [1 / 3]}, "judge").cells.of(0, 0)
    assert score[0] == 1 / 3


def test_names_are_sorted_texts_in_use():
    """Names are sorted, unused categories are left out, and the number 1 and the text "1" are one name."""
    mixed = encode(pd.Series(["b", 1, "1", 1.0, ""], dtype=object))
    assert (mixed.names, mixed.codes.tolist()) == (("", "1", "b"), [2, 1, 1, 1, 0])
    spare = encode(pd.Series(pd.Categorical(["c", "a", "a"], categories=["c", "b", "a"])))
    assert (spare.names, spare.codes.tolist()) == (("a", "c"), [1, 0, 0])
    none = encode(pd.Series([], dtype=object))
    assert (none.names, none.codes.tolist()) == ((), [])
