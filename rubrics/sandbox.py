"""Where rubric templates run: Jinja's immutable sandbox, strict, without a loader, with a budget.

Nothing outside the file can be read. Names that do not exist are errors, never empty text. Loops, strings
and output are bounded, so that a render ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, Undefined, pass_context
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jinja2.runtime import Context

MAX_RANGE = 1_000
MAX_STEPS = 20_000
MAX_TEXT = 10_000_000
BUDGET = "_budget"
_FILTERS = ("capitalize", "count", "d", "default", "first", "last", "length", "lower", "title", "trim",
            "upper", "wordcount")  # fmt: skip
_TESTS = ("defined", "undefined", "none", "string", "number", "odd", "even", "in", "eq", "==", "ne", "!=",
          "lt", "<", "le", "<=", "gt", ">", "ge", ">=")  # fmt: skip


class Exceeded(Exception):  # noqa: N818 - caught at once and told as a RubricError
    """A template asked for more than a render may take."""


class Budget:
    """Counts the steps of one render."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> None:
        """Count one step of a loop."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Exceeded(f"the loops take more than {MAX_STEPS:,} steps: is one of them endless?")


def bounded_range(*args: int) -> range:
    """Make a range of at most `MAX_RANGE` steps."""
    try:
        result = range(*args)
        steps = len(result)
    except OverflowError:
        steps = MAX_RANGE + 1
    except (TypeError, ValueError) as error:
        raise Exceeded(f"range: {error}") from None
    if steps > MAX_RANGE:
        raise Exceeded(f"a range of more than {MAX_RANGE:,} steps: is the loop endless?")
    return result


def text_of(value: Any) -> Any:
    """Let text and numbers through to the output; anything else is a mistake of the template's."""
    if isinstance(value, (str, int, float, Undefined)) and not isinstance(value, bool):
        return value
    raise Exceeded(f"only text and numbers can be written out, and this is a {type(value).__name__}")


@pass_context
def _steps(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    budget: Budget = context.parent[BUDGET]
    for item in items:
        budget.step()
        yield item


@pass_context
def _concat(_context: Context, parts: Sequence[Any]) -> str:
    return _bounded("".join(str(text_of(part)) for part in parts))


def _join(items: Iterable[Any], separator: str = "") -> str:
    parts = [str(text_of(item)) for item in items]
    size = sum(map(len, parts)) + len(separator) * len(parts)
    if size > MAX_TEXT:
        raise Exceeded(f"a text of more than {MAX_TEXT:,} characters")
    return separator.join(parts)


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Exceeded(f"a text of more than {MAX_TEXT:,} characters")
    return text


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class RubricEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox with the language's few filters, tests and functions."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            # Prompts are text: escaping for HTML would change the responses that are judged.
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=text_of,
            cache_size=0,
            auto_reload=False,
        )
        self.globals = {"range": bounded_range}
        self.tests = {name: TESTS[name] for name in _TESTS}
        self.filters = {name: FILTERS[name] for name in _FILTERS}
        self.filters.update({"join": _join, "_steps": _steps, "_concat": _concat})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute with numbers of a sane size; texts can be added."""
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right)
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return super().call_binop(context, operator, left, right)
        if not (_is_number(left) and _is_number(right)):
            raise Exceeded(f"{operator!r} works on two numbers" + (" or two texts" * (operator == "+")))
        if max(abs(left), abs(right)) > 1e12 or (operator == "**" and abs(right) > 12):
            raise Exceeded(f"{operator!r} on numbers that large")
        return super().call_binop(context, operator, left, right)
