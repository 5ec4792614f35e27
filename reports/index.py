"""Finding the findings: a small index over the tidy table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from judge.types import Finding

PEOPLE = "people"
KNOWN_FAMILIES = ("outcomes", "ranking", "means", "agreement", "position", "bias", "calibrated")
_FIRST = ("overall", "empathy")


class Findings:
    """The findings of a run, grouped by family and statistic in their order.

    >>> from judge.types import Finding
    >>> found = Findings([Finding("ranking", "win_rate", level="pair", judge="j", criterion="empathy")])
    >>> len(found.where("ranking", "win_rate", judge="j")), found.where("means")
    (1, [])
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.all = tuple(findings)
        self._by: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.all:
            self._by.setdefault((finding.family, finding.statistic), []).append(finding)

    def where(self, family: str, statistic: str | None = None, **want: str) -> list[Finding]:
        """Return the findings of a family (and statistic) whose columns equal `want`."""
        groups = (
            [self._by.get((family, statistic), [])]
            if statistic is not None
            else [group for (name, _), group in self._by.items() if name == family]
        )
        return [f for group in groups for f in group if all(getattr(f, k) == v for k, v in want.items())]

    def one(self, family: str, statistic: str, **want: str) -> Finding | None:
        """Return the first finding that fits, or None."""
        found = self.where(family, statistic, **want)
        return found[0] if found else None

    def families(self) -> list[str]:
        """Return the families in the order in which they come."""
        return list(dict.fromkeys(f.family for f in self.all))

    def views(self, *families: str) -> list[tuple[str, str]]:
        """Return the pairs (judge, criterion) of some families: judges first, people last."""
        pairs = dict.fromkeys((f.judge, f.criterion) for f in self.all if f.family in families)
        criteria = criteria_in_order({c for _, c in pairs})
        judges = list(dict.fromkeys(j for j, _ in pairs))
        return sorted(
            pairs,
            key=lambda pair: (pair[0] == PEOPLE, criteria.index(pair[1]), judges.index(pair[0])),
        )


def criteria_in_order(criteria: Iterable[str]) -> list[str]:
    """Put overall and empathy first, then by name.

    >>> criteria_in_order(["relevance", "empathy", "fluency"])
    ['empathy', 'fluency', 'relevance']
    """
    return sorted(criteria, key=lambda c: (_FIRST.index(c) if c in _FIRST else len(_FIRST), c))


def identified(finding: Finding | None) -> bool:
    """Say whether there is a number to show."""
    return finding is not None and finding.estimate is not None
