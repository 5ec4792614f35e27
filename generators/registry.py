"""Find a strategy by name: a bundled template, a template file of the user's, a plug-in, a model-free one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.generators.base import Resources, Strategy
    from judge.generators.template import StrategyTemplate

ENTRY_POINTS = "judge.strategies"
"""Plug-ins: each entry point is a function (options, resources) that returns a strategy."""
TEMPLATES = Path(__file__).resolve().parent / "templates"
ENDING = ".jinja"


def bundled_names() -> tuple[str, ...]:
    """Return the names of the bundled strategies that are templates."""
    return tuple(sorted(path.stem for path in TEMPLATES.glob(f"*{ENDING}") if not path.name.startswith("_")))


def strategy_names() -> tuple[str, ...]:
    """Return every name that `get_strategy` knows, plug-ins included.

    Examples
    --------
    >>> "zero-shot" in strategy_names()
    True
    """
    from judge.generators.baselines import MODEL_FREE

    return tuple(sorted({*bundled_names(), *MODEL_FREE, *_plugins()}))


def load_template(path: Path) -> StrategyTemplate:
    """Read a strategy's template from a file.

    Raises
    ------
    InputError
        If the file cannot be read or is not a strategy.
    """
    from judge.generators.render import referenced_partials
    from judge.generators.template import parse_template

    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the strategy's template cannot be read: {error}") from error
    parsed = parse_template(source, path=str(path))  # the header first: its mistakes are the plainer ones
    return parse_template(source, path=parsed.path, partials=referenced_partials(parsed))


def get_strategy(
    name: str,
    options: Mapping[str, Any] | None = None,
    resources: Resources | None = None,
    *,
    folder: Path | None = None,
) -> Strategy:
    """Return a strategy, ready to start.

    Parameters
    ----------
    name
        A bundled strategy, the path of a template file (it ends with ``.jinja``), or a plug-in.
    options
        The strategy's own options, for example ``{"k": 5}``.
    resources
        Exemplars, small model, knowledge: whatever the strategy needs.
    folder
        What a relative path starts from; the working directory by default.

    Raises
    ------
    UnknownNameError
        If there is no such strategy or option.
    InputError
        If a template cannot be used.

    Examples
    --------
    >>> get_strategy("zero-shot").name
    'zero-shot'
    """
    from judge.generators.strategy import make_strategy

    if name.endswith(ENDING):
        return make_strategy(load_template((folder or Path()) / name), options, resources)
    if name in bundled_names():
        return make_strategy(load_template(TEMPLATES / f"{name}{ENDING}"), options, resources)
    from judge.generators.base import Resources as NoResources
    from judge.generators.baselines import MODEL_FREE

    if name in MODEL_FREE:
        return MODEL_FREE[name](options or {}, resources or NoResources())
    plugins = _plugins()
    if name in plugins:
        made: Strategy = plugins[name].load()(dict(options or {}), resources or NoResources())
        return made
    raise UnknownNameError("strategy", name, strategy_names())


def draws_on(
    name: str, options: Mapping[str, Any] | None = None, *, folder: Path | None = None
) -> frozenset[str] | None:
    """Return which of `judge.generators.Resources` a strategy cannot do without.

    Parameters
    ----------
    name, options, folder
        As for `get_strategy`.

    Returns
    -------
    frozenset of str or None
        Names of ``exemplars``, ``sem``, ``knowledge``; None for a plug-in, which says so itself when it is
        made.

    Raises
    ------
    InputError
        If a template cannot be used.

    Examples
    --------
    >>> sorted(draws_on("hef")), sorted(draws_on("hef", {"categories": False, "words": False}))
    (['sem'], [])
    """
    from judge.generators.baselines import DRAWS_ON, MODEL_FREE
    from judge.generators.variables import RESOURCE_OF

    given = dict(options or {})
    if name in MODEL_FREE:
        return DRAWS_ON[name](given)
    if name.endswith(ENDING):
        template = load_template((folder or Path()) / name)
    elif name in bundled_names():
        template = load_template(TEMPLATES / f"{name}{ENDING}")
    else:
        return None
    chosen = {**template.options, **given}
    return frozenset(RESOURCE_OF[use](chosen) for use in template.uses if use in RESOURCE_OF) - {""}


def _plugins() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}
