"""A rubric made ready to render: parsed, checked, compiled, its constant part rendered once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from jinja2 import TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError

from judge.rubrics import language
from judge.rubrics.problems import Problem, as_error
from judge.rubrics.sandbox import BUDGET, Budget, Exceeded, RubricEnvironment, bounded_range
from judge.rubrics.schema import answer_format
from judge.rubrics.standard import DATA_NOTICE, standard_source

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from jinja2 import Template
    from jinja2.runtime import Context

    from judge.types import Criterion, Rubric

MAX_SOURCE = 200_000
MAX_EXTRA = 400_000


_Block: TypeAlias = "Callable[[Context], Iterator[str]]"
_MARK = "\x1e"


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level of a scale as templates see it."""

    score: str
    meaning: str


@dataclass(frozen=True, slots=True)
class CriterionView:
    """A criterion as templates see it."""

    name: str
    title: str
    definition: str
    levels: tuple[LevelView, ...]
    low: str
    high: str


def view(criterion: Criterion) -> CriterionView:
    """Give a criterion's numbers the form in which they are read."""
    levels = tuple(LevelView(f"{score:g}", meaning) for score, meaning in criterion.levels)
    title = criterion.name.replace("_", " ").replace("-", " ")
    ends = (levels[0].score, levels[-1].score) if levels else ("", "")
    return CriterionView(criterion.name, title, criterion.definition, levels, *ends)


_SEEN = (
    (
        "'judge.rubrics.compiled.CriterionView object'",
        "a criterion",
        "name, title, definition, levels, low, high",
    ),
    ("'judge.rubrics.compiled.LevelView object'", "a level", "score, meaning"),
    ("'dict object'", "extra", "the columns of the dialogues that are not ours"),
)


def _fill(pieces: tuple[str, ...], item: dict[str, Any]) -> str:
    if len(pieces) == 1:
        return pieces[0]
    return "".join([item[piece] if at % 2 else piece for at, piece in enumerate(pieces)])


class Compiled:
    """One rubric, ready to render; made once and used for every item.

    Parameters
    ----------
    rubric
        With its template as written (without the header).

    Raises
    ------
    judge.errors.RubricError
        The template cannot be parsed or leaves the language; every problem is listed.
    """

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self._path = rubric.source or rubric.rubric_id
        self._environment = RubricEnvironment()
        own = self._parse(rubric.template, self._path)
        problems = language.check_language(own, self._path, mode=rubric.mode)
        if problems:
            raise as_error(problems)
        layers = [own]
        if own.find(nodes.Extends) is not None:
            layers.append(self._parse(standard_source(rubric.mode), "standard"))
        self._names = {name: language.names_under(name, layers) for name in ("system", "user")}
        self._only_written_out = language.only_written_out(layers)
        self._check_shown()
        self._templates = [self._compile(tree) for tree in layers]
        self._blocks = self._layer_blocks()

    def _parse(self, source: str, name: str) -> nodes.Template:
        if len(source) > MAX_SOURCE:
            raise as_error([Problem(self._path, 0, f"more than {MAX_SOURCE:,} characters", "shorten it")])
        try:
            return self._environment.parse(source, name)
        except TemplateSyntaxError as error:
            mend = "see docs/rubrics.md for the language of rubrics"
            raise as_error([Problem(self._path, error.lineno, str(error.message), mend)]) from error
        except (RecursionError, ValueError, OverflowError) as error:
            raise as_error([Problem(self._path, 0, "too deeply nested to be read", "simplify it")]) from error

    def _compile(self, tree: nodes.Template) -> Template:
        try:
            return self._environment.from_string(language.Meter().visit(tree))
        except TemplateSyntaxError as error:
            known = sorted(name for name in self._environment.filters if not name.startswith("_"))
            mend = f"the filters are {', '.join(known)}"
            raise as_error([Problem(self._path, error.lineno, str(error.message), mend)]) from error
        except (RecursionError, SyntaxError, MemoryError) as error:
            raise as_error(
                [Problem(self._path, 0, "too deeply nested to be compiled", "simplify it")]
            ) from error

    def _check_shown(self) -> None:
        """Refuse a rubric that does not show what it judges."""
        wanted = ("response_a", "response_b") if self.rubric.mode == "pairwise" else ("response",)
        missing = [name for name in wanted if name not in self.item_names]
        if missing:
            message = f"the template never shows {' and '.join(missing)}"
            mend = "write " + " ".join(f"{{{{ {name} }}}}" for name in missing) + " in the block user"
            raise as_error([Problem(self._path, 0, message, mend)])

    def _layer_blocks(self) -> dict[str, list[_Block]]:
        blocks: dict[str, list[_Block]] = {}
        for template in self._templates:
            for name, block in template.blocks.items():
                blocks.setdefault(name, []).append(block)
        return blocks

    @cached_property
    def item_names(self) -> frozenset[str]:
        """The values of an item that the template reads; others need not be prepared."""
        return (self._names["system"] | self._names["user"]) & frozenset(language.ITEM_VARIABLES)

    @cached_property
    def _constants(self) -> dict[str, Any]:
        criteria = tuple(view(criterion) for criterion in self.rubric.criteria)
        return {
            "range": bounded_range,
            "criteria": criteria,
            "criterion": criteria[0],
            "rubric_id": self.rubric.rubric_id,
            "answer_format": answer_format(self.rubric),
            "data_notice": DATA_NOTICE,
        }

    @cached_property
    def _pieces(self) -> dict[str, tuple[str, ...]] | None:
        """The messages cut at the item's values, where these are only written out: text, name, text, ...

        Such a template needs Jinja only once: it is rendered with a mark in the place of each value.
        """
        if not self._only_written_out:
            return None
        marks = {name: f"{_MARK}{name}{_MARK}" for name in self.item_names}
        pieces = {name: tuple(self._message(name, marks).split(_MARK)) for name in ("system", "user")}
        sound = all(name in marks for cut in pieces.values() for name in cut[1::2])
        return pieces if sound else None

    def _message(self, name: str, item: dict[str, Any]) -> str:
        text = self._block(name, item) if name in self._blocks else ""
        if name == "user" or "data_notice" in self._names["system"] | self._names["user"]:
            return text
        # The notice is not the author's to forget: without it, data might be taken for orders.
        return f"{text}\n\n{DATA_NOTICE}".strip()

    def texts(self, item: dict[str, Any]) -> tuple[str, str]:
        """Render the system and the user message for one item's values.

        Raises
        ------
        judge.errors.RubricError
            The template fails on this item; file, line and mend are named.
        """
        if self._pieces is None:
            return self._message("system", item), self._message("user", item)
        return _fill(self._pieces["system"], item), _fill(self._pieces["user"], item)

    def _block(self, name: str, item: dict[str, Any]) -> str:
        values = {**self._constants, **item, BUDGET: Budget()}
        context = self._templates[0].new_context(values, shared=True)
        context.blocks = self._blocks
        room = MAX_EXTRA + 4 * sum(len(value) for value in item.values() if isinstance(value, str))
        parts: list[str] = []
        try:
            output = cast("Generator[str, None, None]", self._blocks[name][0](context))
            for part in output:
                room -= len(part)
                parts.append(part)
                if room < 0:  # thrown into the template, so that the error knows the line
                    output.throw(Exceeded("the prompt grows far beyond what it shows"))
        except (Exceeded, TemplateError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise as_error([self._explain(error)]) from error
        return "".join(parts).strip("\n")

    def _explain(self, error: Exception) -> Problem:
        line, path, traceback = 0, self._path, error.__traceback__
        while traceback is not None:
            template = traceback.tb_frame.f_globals.get("__jinja_template__")
            if template is not None:
                line = template.get_corresponding_lineno(traceback.tb_lineno)
                path = self._path if template is self._templates[0] else "the standard template"
            traceback = traceback.tb_next
        return Problem(path, line, *_in_words(error))


def _in_words(error: Exception) -> tuple[str, str]:
    """Return message and mend of a template's fault, without the names of our classes."""
    message = str(error) or type(error).__name__
    for shown, word, fields in _SEEN:
        if shown in message:
            return message.replace(shown, word), f"it has {fields}"
    return message, "see docs/rubrics.md for the values and the limits"
