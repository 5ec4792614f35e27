"""What people see while a run goes on."""

from __future__ import annotations

import io
from typing import Any

import pytest

from judge.errors import ServerFault
from judge.runner import Job
from judge.runner.progress import Progress
from judge.types import Answer, Request

JOB = Job("sha256:0", Request("p", "m", {}), "p")


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self):
        return self.now


def answer(progress: Progress, count: int = 1, **more: Any) -> None:
    for _ in range(count):
        progress.answered(JOB, Answer("x"), more.get("cost"), more.get("trouble"))


def test_the_line_says_everything():
    """Done and total, kept, rate, time left, dollars, retries, failures by kind."""
    clock = Clock()
    progress = Progress(1000, clock=clock, silent=True)
    for _ in range(100):
        progress.kept(JOB)
    clock.now += 10.0
    answer(progress, 95, cost=0.01)
    answer(progress, 3, cost=0.01, trouble="parse_failure")
    progress.failed(JOB, "timeout", "late")
    progress.failed(JOB, "timeout", "late")
    progress.retried(JOB, ServerFault("500"), 1.0)
    progress.waiting("p/m", 30.0)
    line = progress.counts.line(clock.now)
    for part in ("200/1,000", "100 kept from before", "10.0/s", "1 min 20 s left", "$0.9800", "1 retried"):
        assert part in line
    assert line.endswith("3 parse_failure · 2 timeout · p/m waits 30 s")


def test_unknown_is_said():
    """No total: no time left. No price: no dollars that look like nothing."""
    clock = Clock()
    progress = Progress(clock=clock, silent=True)
    clock.now += 1.0
    answer(progress, 5)
    assert "left" not in progress.counts.line(clock.now)
    answer(progress, 1, cost=0.5)
    assert "$0.5000+ (some prices unknown)" in progress.counts.line(clock.now)


def test_plain_lines_are_rare():
    """Into a file goes a line every five seconds and one at the end."""
    out, clock = io.StringIO(), Clock()
    with Progress(100, stream=out, clock=clock) as progress:
        for _ in range(100):
            clock.now += 0.12
            answer(progress)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[-1].startswith("judging: 100/100 · ")
    assert "\x1b" not in out.getvalue()


def test_a_terminal_gets_a_live_line():
    """The line is redrawn at most ten times a second and stays at the end."""
    out, clock = Terminal(), Clock()
    with Progress(50, label="asking", stream=out, clock=clock) as progress:
        for _ in range(50):
            clock.now += 0.01
            answer(progress)
    text = out.getvalue()
    assert text.count("asking") <= 8
    assert "50/50" in text


@pytest.mark.parametrize("silent", [True, False])
def test_silence(silent):
    """Silent says nothing; nothing done says nothing either."""
    out = io.StringIO()
    with Progress(3, silent=silent, stream=out) as progress:
        if silent:
            answer(progress, 3)
        progress.started(JOB)
    assert out.getvalue() == ""
