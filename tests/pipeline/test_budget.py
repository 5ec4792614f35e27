"""A run that may not spend more: where it stops, what it says of the rest, how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.pipeline.compare import compare
from judge.study import study_from_flags
from judge.tables import read_duels
from tests.pipeline.material import flags, served, write_study

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_budget_left_out_is_counted_and_asked_later(tmp_path: Path):
    """With 10 calls allowed the other 26 questions are skipped_budget; without the limit they are asked."""
    folder, out = write_study(tmp_path / "study"), tmp_path / "run"
    with served() as server:
        given = flags(folder, judges=("openai/m",), base_url=server.openai_url, concurrency=1)
        first = compare(study_from_flags(**given, max_calls=10), out)
        duels = read_duels(out / "duels.jsonl")
        assert first.stopped == "budget"
        assert len(duels) == 36
        assert (duels["outcome"] == "skipped_budget").sum() == first.open_questions == 36 - first.asked
        second = compare(study_from_flags(**given), out)
    assert (second.asked, second.kept, second.open_questions) == (36 - first.asked, first.asked, 0)
