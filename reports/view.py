"""From a run to what the page says: pure, no templates, no files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import numbers, words
from judge.reports.agreement import agreement_section
from judge.reports.bias import bias_section
from judge.reports.calibrated import calibrated_section
from judge.reports.failures import failures_section
from judge.reports.families import family_sections
from judge.reports.gaps import gaps_of, some
from judge.reports.headline import NOTHING, headlines, trust
from judge.reports.index import PEOPLE, Findings
from judge.reports.made import made_tables
from judge.reports.model import Banner, Fact, ReportView
from judge.reports.position import position_section
from judge.reports.ranking import ranking_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.load import Run
    from judge.reports.model import Section
    from judge.types import Finding

SIMULATED = "simulated"
EMBEDDED = "embedded/"


def build_view(run: Run, title: str | None = None) -> ReportView:
    """Return everything that the page shows, save the single items.

    Parameters
    ----------
    run
        The run as read from disk.
    title
        The page's title; by default the study's name, else the folder's.
    """
    found = Findings(run.findings)
    people = people_label(people_of(run))
    views = found.views("ranking", "means")
    lines = headlines(found, views, people)
    first = lines[0] if lines else NOTHING
    return ReportView(
        title=title or _study_name(run) or run.name,
        subtitle=_subtitle(run),
        banners=tuple(_banners(run, people)),
        headline=first,
        others=lines[1:],
        trust=trust(found, first.judge, first.criterion, people),
        facts=_facts(run, found, people),
        sections=_sections(found, views, people, margin_of(run)),
        made=made_tables(run.manifest),
        words=_glossary(found.all),
        unidentified=gaps_of(found.all, people),
        corrections=_corrections(found.all),
    )


def _sections(
    found: Findings, views: Sequence[tuple[str, str]], people: str, margin: float | None
) -> tuple[Section, ...]:
    made = (
        ranking_section(found, views, people),
        calibrated_section(found, people),
        agreement_section(found, people),
        bias_section(found, people, margin),
        position_section(found, people, margin),
        failures_section(found, people),
    )
    return (*(s for s in made if s is not None), *family_sections(found, people, margin))


def margin_of(run: Run) -> float | None:
    """Return the margin of equivalence that the manifest names, of a study or of an audit.

    >>> from judge.reports.load import Run
    >>> margin_of(Run("r", (), {"study": {"analysis": {"margin": 0.2}}})), margin_of(Run("r", (), {}))
    (0.2, None)
    """
    study = run.manifest.get("study")
    places = (study.get("analysis") if isinstance(study, dict) else None, run.manifest.get("options"))
    given = (p.get("margin") for p in places if isinstance(p, dict))
    return next((float(m) for m in given if isinstance(m, int | float) and not isinstance(m, bool)), None)


def people_of(run: Run) -> tuple[str, ...]:
    """Return the ids of the people among the raters."""
    ids: dict[str, None] = {}
    for table in (run.ratings, run.duels):
        if table is not None and len(table):
            human = table.loc[table["rater_kind"].astype(str) == "human", "rater_id"]
            ids.update(dict.fromkeys(str(x) for x in human.unique()))
    return tuple(sorted(ids))


def people_label(ids: Sequence[str]) -> str:
    """Return how people are called on the page: simulated ones always as such.

    >>> people_label(["simulated-1", "simulated-2"]), people_label(["ann"]), people_label([])
    ('simulated people', 'people', 'people')
    """
    simulated = sum(i.startswith(SIMULATED) for i in ids)
    if simulated and simulated == len(ids):
        return "simulated people"
    return "people (partly simulated)" if simulated else "people"


def _judges(run: Run) -> list[str]:
    named = dict.fromkeys(f.judge for f in run.findings if f.judge and f.judge != PEOPLE)
    for table in (run.ratings, run.duels):
        if table is not None and len(table):
            judged = table.loc[table["rater_kind"].astype(str) == "judge", "rater_id"]
            named.update(dict.fromkeys(str(x) for x in judged.unique()))
    return list(named)


def _banners(run: Run, people: str) -> list[Banner]:
    banners = []
    embedded = [j for j in _judges(run) if j.startswith(EMBEDDED)]
    if embedded:
        text = "This judge is for trying the tool and for offline checks; do not base claims on it."
        banners.append(Banner(f"Judged by {', '.join(embedded)}", text))
    if people != PEOPLE:
        text = (
            "Their ratings were drawn by a program with known parameters. They show how the page works, not "
            "what people think."
        )
        banners.append(
            Banner(
                "The people’s ratings are simulated"
                if "partly" not in people
                else "Some ratings are simulated",
                text,
            )
        )
    if not run.findings:
        banners.append(
            Banner(
                "There are no findings yet", "The run has not come to its end; run the same command again."
            )
        )
    return banners


def _study_name(run: Run) -> str:
    study = run.manifest.get("study")
    if isinstance(study, dict):
        inner = study.get("study")
        study = study.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    return study if isinstance(study, str) else ""


def _subtitle(run: Run) -> str:
    when = next(
        (run.manifest[k] for k in ("finished", "created", "started") if isinstance(run.manifest.get(k), str)),
        "",
    )
    versions = run.manifest.get("versions")
    version = str(versions.get("judge", "")) if isinstance(versions, dict) else ""
    return " · ".join(p for p in (f"run {run.name}", when, f"judge {version}" if version else "") if p)


def _facts(run: Run, found: Findings, people: str) -> tuple[Fact, ...]:
    dialogues = len(run.dialogues) or max((f.n_dialogues or 0 for f in found.all), default=0)
    systems = sorted({r.system_id for r in run.responses} | {f.system for f in found.all if f.system})
    judges = _judges(run)
    shown = [
        Fact("Dialogues", numbers.whole(dialogues)),
        Fact("Systems", numbers.whole(len(systems)), some(systems)),
        Fact("Judges", numbers.whole(len(judges)), some(judges)),
    ]
    raters = people_of(run)
    shown.append(Fact(f"{people[:1].upper()}{people[1:]}", numbers.whole(len(raters))))
    if run.duels is not None and len(run.duels):
        shown.append(
            Fact(
                "Comparisons", numbers.whole(len(run.duels)), "one row for each pair, order, rater and repeat"
            )
        )
    if run.ratings is not None and len(run.ratings):
        shown.append(
            Fact("Scores", numbers.whole(len(run.ratings)), "one row for each response, criterion and rater")
        )
    return tuple(shown)


def _glossary(findings: Sequence[Finding]) -> tuple[tuple[str, str], ...]:
    """Return each statistic on the page with its meaning and the methods that made it."""
    methods: dict[str, dict[str, None]] = {}
    for f in findings:
        methods.setdefault(f.statistic, {}).update({f.method: None} if f.method else {})
    entries = []
    for statistic, made in methods.items():
        used = f"Method: {'; '.join(list(made)[:4])}." if made else ""
        text = " ".join(part for part in (words.GLOSSARY.get(statistic, ""), used) if part)
        if text:
            entries.append((words.name_of(statistic), text))
    return tuple(entries)


def _corrections(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Say which tests were corrected together, and how."""
    groups: dict[tuple[str, str, str, str], int] = {}
    for f in findings:
        if f.correction:
            key = (f.statistic, f.judge, f.criterion, f.correction)
            groups[key] = groups.get(key, 0) + 1
    return tuple(
        f"{words.name_of(s)}, {words.view_label(j, c, PEOPLE)}: {how}, {n} tests"
        for (s, j, c, how), n in groups.items()
    )
