"""Thresholds on findings: which of them a release must keep, and whether it does; pure.

A rule selects findings by their columns and says what must hold of them. Each finding that breaks it is one
line. What the data cannot decide is never a pass and never a breach: it is undecided, and says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from judge.types import Finding

State: TypeAlias = Literal["passed", "breached", "undecided"]

SELECTORS = ("family", "statistic", "level", "judge", "criterion", "system", "system_b", "term")
"""Columns by which a rule chooses findings; ``*`` and ``?`` stand for anything."""
NUMBERS = (
    "estimate", "abs_estimate", "ci_low", "ci_high", "ci_width", "std_error", "p", "p_adjusted",
    "n_items", "n_dialogues", "n_raters",
)  # fmt: skip
"""Numbers of a finding that a rule may bound."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Limits of one number, both allowed; None is no limit."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold.

    Parameters
    ----------
    select
        Column -> patterns, of which one must match; a column that is not named matches anything.
    bounds
        Number -> limits.
    verdicts
        Allowed verdicts; empty asks for none in particular.
    every
        All selected findings must keep the rule; else one that keeps it is enough.
    missing
        What it means that no finding is selected.
    name, line
        How the rule is called, and its line in the file.
    """

    select: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    verdicts: tuple[str, ...] = ()
    every: bool = True
    missing: State = "undecided"
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class GateLine:
    """What came of one rule for one finding, in one line of text."""

    state: State
    rule: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """What came of all rules: one line for each breach and each undecided finding."""

    lines: tuple[GateLine, ...]
    rules: int
    checked: int

    @property
    def breaches(self) -> tuple[GateLine, ...]:
        """What breaks a rule."""
        return tuple(line for line in self.lines if line.state == "breached")

    @property
    def undecided(self) -> tuple[GateLine, ...]:
        """What could not be decided."""
        return tuple(line for line in self.lines if line.state == "undecided")

    @property
    def exit_code(self) -> int:
        """0 where all rules hold, 1 where one is broken, 3 where none is but one could not be decided."""
        if self.breaches:
            return 1
        return 3 if self.undecided else 0


def check_gate(rules: Sequence[Rule], findings: Sequence[Finding]) -> GateResult:
    """Hold findings against rules.

    Parameters
    ----------
    rules
        From `judge.pipeline.gatefile.read_gate`, or made by hand.
    findings
        Of an audit.

    Returns
    -------
    GateResult

    Notes
    -----
    A number that is missing (not identified, or no interval) is undecided. So is the verdict
    ``inconclusive`` where it is not among the allowed ones: too few data neither keep nor break a rule.

    Examples
    --------
    >>> from judge.types import Finding
    >>> rule = Rule({"statistic": ("first_slot_effect",)}, {"abs_estimate": Bound(high=0.05)}, name="slot")
    >>> found = [Finding("position", "first_slot_effect", judge="m", estimate=-0.12)]
    >>> check_gate([rule], found).lines[0].reason
    'position first_slot_effect judge=m: abs_estimate 0.12 is above 0.05'
    """
    lines: list[GateLine] = []
    checked = 0
    for number, rule in enumerate(rules, 1):
        chosen = [f for f in findings if selects(rule, f)]
        checked += len(chosen)
        name = rule.name or f"rule {number}"
        lines += [GateLine(state, name, rule.line, why) for state, why in _judge(rule, chosen, findings)]
    return GateResult(tuple(lines), len(rules), checked)


def selects(rule: Rule, finding: Finding) -> bool:
    """Say whether a rule is about a finding.

    >>> from judge.types import Finding
    >>> selects(Rule({"judge": ("openai/*",)}), Finding("means", "mean_score", judge="openai/gpt-4o"))
    True
    """
    return all(
        any(fnmatchcase(getattr(finding, column), pattern) for pattern in patterns)
        for column, patterns in rule.select.items()
    )


def _judge(rule: Rule, chosen: Sequence[Finding], findings: Sequence[Finding]) -> list[tuple[State, str]]:
    if not chosen:
        return [] if rule.missing == "passed" else [(rule.missing, _nothing(rule, findings))]
    results = [_hold(rule, finding) for finding in chosen]
    bad = [result for result in results if result[0] != "passed"]
    if rule.every or not bad:
        return bad
    if len(bad) < len(results):
        return []
    # None of them keeps the rule: while one is undecided the rule is, else all the breaches are told.
    open_ones = [result for result in bad if result[0] == "undecided"]
    return open_ones[:1] or bad


def _hold(rule: Rule, finding: Finding) -> tuple[State, str]:
    """Hold one finding against one rule; a breach counts before what is undecided."""
    parts = [_verdict(rule, finding)] if rule.verdicts else []
    parts += [_bounded(name, bound, finding) for name, bound in rule.bounds.items()]
    for wanted in ("breached", "undecided"):
        reasons = [why for state, why in parts if state == wanted]
        if reasons:
            return wanted, f"{describe(finding)}: {'; '.join(reasons)}"
    return "passed", ""


def _verdict(rule: Rule, finding: Finding) -> tuple[State, str]:
    if finding.verdict in rule.verdicts:
        return "passed", ""
    wanted = " or ".join(rule.verdicts)
    if finding.verdict in ("", "not_identified", "inconclusive"):
        return "undecided", f"{_open(finding)}, {wanted} is demanded"
    return "breached", f"the verdict is {finding.verdict}, {wanted} is demanded"


def _open(finding: Finding) -> str:
    if finding.verdict == "inconclusive":
        return "the verdict is inconclusive"
    if not finding.verdict:
        return "it has no verdict"
    reason = finding.warnings[0] if finding.warnings else "no reason given"
    return f"not identified ({reason})"


def _bounded(name: str, bound: Bound, finding: Finding) -> tuple[State, str]:
    value = number_of(finding, name)
    if value is None:
        why = _open(finding) if finding.verdict == "not_identified" else "missing"
        return "undecided", f"{name} is not known: {why}" if why != "missing" else f"it has no {name}"
    if bound.low is not None and value < bound.low:
        return "breached", f"{name} {value:.4g} is below {bound.low:g}"
    if bound.high is not None and value > bound.high:
        return "breached", f"{name} {value:.4g} is above {bound.high:g}"
    return "passed", ""


def number_of(finding: Finding, name: str) -> float | None:
    """Return one of `NUMBERS` of a finding; None where it is not known."""
    if name == "abs_estimate":
        return None if finding.estimate is None else abs(finding.estimate)
    if name == "ci_width":
        low, high = finding.ci_low, finding.ci_high
        return None if low is None or high is None else high - low
    value: float | None = getattr(finding, name)
    return value


def describe(finding: Finding) -> str:
    """Name a finding in one line.

    >>> from judge.types import Finding
    >>> describe(Finding("means", "mean_difference", judge="m", system="a", system_b="b"))
    'means mean_difference judge=m system=a over b'
    """
    words = [finding.family, finding.statistic]
    words += [
        f"{column}={getattr(finding, column)}"
        for column in ("level", "judge", "criterion", "system", "term")
        if getattr(finding, column)
    ]
    if finding.system_b:
        place = next((i for i, word in enumerate(words) if word.startswith("system=")), len(words) - 1)
        words.insert(place + 1, f"over {finding.system_b}")
    return " ".join(words)


def _nothing(rule: Rule, findings: Sequence[Finding]) -> str:
    """Say that nothing was selected, and which of the rule's names is the one that nothing has."""
    wanted = " ".join(f"{column}={'|'.join(names)}" for column, names in rule.select.items())
    for column, patterns in rule.select.items():
        known = sorted({getattr(f, column) for f in findings} - {""})
        if not any(fnmatchcase(name, pattern) for name in known for pattern in patterns):
            close = get_close_matches(patterns[0], known, n=1, cutoff=0.6)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return f"no finding matches {wanted}: none has {column}={'|'.join(patterns)}{hint}"
    return f"no finding matches {wanted}"
