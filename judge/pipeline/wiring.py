"""The one place where a study's names become providers, rubrics and panels."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.errors import InputError, RubricError, UnknownNameError
from judge.pipeline.judging import Panel
from judge.pipeline.tasks import Design
from judge.providers.registry import make_provider, parse_model
from judge.runner.jobs import Limits
from judge.types import Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from judge.pipeline.tasks import Material
    from judge.providers.base import Provider
    from judge.rubrics import RubricLibrary
    from judge.study import JudgeSpec, JudgingSpec, Study, SystemSpec
    from judge.types import Mode, Rubric


@dataclass(frozen=True)
class Wired:
    """A model ready to be asked: its handle names it in the runner and in the tables."""

    handle: str
    provider: Provider
    model: str
    sampling: Sampling
    limits: Limits
    samples: int = 1
    repair: bool = True
    batch: bool = False


def wire(spec: JudgeSpec | SystemSpec, handle: str, *, env: Mapping[str, str] | None = None) -> Wired:
    """Make the provider of a judge or of a system that is a strategy on a model.

    Raises
    ------
    UnknownNameError
        There is no such provider or model.
    """
    name = str(spec.model)
    _, model = parse_model(name)
    timeout = float(getattr(spec, "timeout", None) or 60.0)
    concurrency = int(getattr(spec, "concurrency", None) or 64)
    provider = make_provider(
        name,
        base_url=spec.base_url,
        env=os.environ if env is None else env,
        api_key_env=getattr(spec, "api_key_env", None),
        timeout=timeout,
        concurrency=concurrency,
    )
    sampling = Sampling(
        temperature=spec.temperature,
        max_tokens=spec.max_tokens,
        logprobs=bool(getattr(spec, "logprobs", False)),
    )
    limits = Limits(
        concurrency=concurrency,
        timeout=timeout,
        requests_per_minute=getattr(spec, "requests_per_minute", None),
        tokens_per_minute=getattr(spec, "tokens_per_minute", None),
    )
    return Wired(
        handle,
        provider,
        model,
        sampling,
        limits,
        samples=int(getattr(spec, "samples", 1)),
        repair=bool(getattr(spec, "repair", True)),
        batch=bool(getattr(spec, "batch", False)),
    )


def handles(specs: Sequence[JudgeSpec]) -> list[str]:
    """Return one name a judge: its model, numbered where the same model judges twice.

    >>> from types import SimpleNamespace as Spec
    >>> handles([Spec(model="openai/a"), Spec(model="openai/b"), Spec(model="openai/a")])
    ['openai/a', 'openai/b', 'openai/a (2)']
    """
    seen: dict[str, int] = {}
    names = []
    for spec in specs:
        count = seen[spec.model] = seen.get(spec.model, 0) + 1
        names.append(spec.model if count == 1 else f"{spec.model} ({count})")
    return names


def modes(judging: JudgingSpec) -> tuple[Mode, ...]:
    """Return the modes that a study asks for."""
    if judging.mode == "both":
        return ("pairwise", "absolute")
    return ("pairwise",) if judging.mode == "pairwise" else ("absolute",)


def choose_rubrics(library: RubricLibrary, judging: JudgingSpec) -> list[Rubric]:
    """Return the rubrics for the criteria in the modes asked for.

    With both modes a criterion is judged in each mode that has a rubric for it.

    Raises
    ------
    UnknownNameError
        A criterion has no rubric in any of the modes.
    """
    chosen: dict[tuple[str, str], Rubric] = {}
    for criterion in judging.criteria:
        found, problem = [], None
        for mode in modes(judging):
            try:
                found.append(library.choose(criterion, mode))
            except UnknownNameError as error:
                problem = error
        if not found and problem is not None:
            raise problem
        chosen.update({(r.rubric_id, r.mode): r for r in found})
    return list(chosen.values())


def make_panels(
    study: Study, material: Material, library: RubricLibrary, wired: Sequence[Wired]
) -> tuple[list[Panel], list[str]]:
    """Pair every judge with every rubric that it can apply.

    Returns
    -------
    tuple
        The panels, and a note for every combination that is left out because the judge cannot do it.

    Raises
    ------
    InputError
        A judge can do none of what is asked, or pairs are asked for and there is one system only.
    """
    rubrics = choose_rubrics(library, study.judging)
    if any(r.mode == "pairwise" for r in rubrics) and len(material.systems) < 2:
        raise InputError(
            f"pairwise judging needs two systems; there is one ({material.systems[0]})\n"
            "  mend: add responses of another system, or use --mode absolute"
        )
    panels, notes = [], sample_notes(wired)
    for one in wired:
        reasons = {(r.rubric_id, r.mode): _cannot(one.provider, r) for r in rubrics}
        mine = [_panel(study, material, one, r) for r in rubrics if reasons[r.rubric_id, r.mode] is None]
        # A rubric that the judge applies in the other mode is no gap that anybody would miss.
        judged = {panel.rubric.rubric_id for panel in mine}
        missed = {name: why for (name, _), why in reasons.items() if why and name not in judged}
        notes += [f"{one.handle} does not judge {name}: {why}" for name, why in missed.items()]
        if not mine:
            raise InputError("\n".join([f"the judge {one.handle} can do none of what is asked", *notes]))
        panels.extend(mine)
    return panels, notes


def _panel(study: Study, material: Material, one: Wired, rubric: Rubric) -> Panel:
    design = Design(
        orders=study.judging.orders,
        repeats=study.judging.repeats * one.samples,
        baseline=study.judging.baseline if study.judging.pairs == "baseline" else None,
        seed=study.seed,
        pairs=None if isinstance(study.judging.pairs, str) else study.judging.pairs,
        shuffled=study.judging.stop_when_decided and rubric.mode == "pairwise",
    )
    return Panel(
        handle=one.handle,
        rater_id=one.handle,
        provider=one.provider,
        model=one.model,
        sampling=one.sampling,
        rubric=rubric,
        material=material,
        design=design,
        repair=one.repair,
    )


def sample_notes(wired: Sequence[Wired]) -> list[str]:
    """Return a note for each judge whose samples cannot differ much: no temperature to draw them with.

    A model that takes no temperature at all (a reasoning model) draws its samples anyway.
    """
    from judge.providers.presets import abilities

    return [
        f"{one.handle} gives {one.samples} samples a question at temperature 0: they will hardly differ; "
        "set its temperature above 0"
        for one in wired
        if one.samples > 1
        and one.sampling.temperature == 0.0
        and abilities(one.provider.name, one.model).temperature
    ]


def _cannot(provider: Any, rubric: Rubric) -> str | None:
    """Ask a provider that judges only some rubrics (it then has a method `supports`)."""
    supports = getattr(provider, "supports", None)
    if supports is None:
        return None
    reason: str | None = supports(rubric)
    return reason


def check_study_names(study: Study, library: RubricLibrary) -> None:
    """Look up every name of the study at once, before anything is read or asked.

    Raises
    ------
    StudyError
        With each unknown criterion, strategy and provider, its place and the nearest name.
    """
    from judge.generators import strategy_names
    from judge.providers.registry import provider_names
    from judge.study import require_names

    wanted = modes(study.judging)
    known = {
        name for r in library if r.mode in wanted for name in (r.rubric_id, *(c.name for c in r.criteria))
    }
    versions = {f"{r.rubric_id}@{r.version}" for r in library if r.mode in wanted}
    require_names(study, criteria=known | versions, strategies=strategy_names(), providers=provider_names())


def load_library(study: Study) -> RubricLibrary:
    """Load our rubrics and the study's own.

    Raises
    ------
    RubricError
        One of them cannot be used.
    """
    from judge.rubrics import load_rubrics

    try:
        return load_rubrics(study.judging.rubrics)
    except OSError as error:
        raise RubricError(f"rubrics cannot be read: {error}") from error
