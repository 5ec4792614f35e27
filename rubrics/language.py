"""The part of Jinja that a rubric may use, checked before anything runs.

Rubrics travel: people use each other's. The language is therefore small enough that a rubric cannot loop
for ever, fill the memory or reach Python: blocks, values, `if`, bounded `for`, comparisons, arithmetic, and a
few filters. What is outside is refused with its line. The sandbox stands behind this as a second wall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from judge.rubrics.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STANDARD = "standard"
MAX_DEPTH = 3
STATIC_VARIABLES = ("answer_format", "criteria", "criterion", "data_notice", "rubric_id")
ITEM_VARIABLES = (
    "dialogue", "emotion", "extra", "reference", "response", "response_a", "response_b", "situation",
)  # fmt: skip
FUNCTIONS = ("range", "super")
_LOOP_CALLS = ("cycle", "changed")
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Block, nodes.Extends, nodes.If, nodes.For,
    nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Slice,
    nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.CondExpr, nodes.Concat, nodes.Keyword,
    nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Call,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow,
)  # fmt: skip
_WHERE = "all text stands in {% block system %} and {% block user %}"


def check_language(tree: nodes.Template, path: str, *, mode: str) -> list[Problem]:
    """Return every place where a parsed template leaves the language, with its line."""
    problems = [*_structure(tree, path), *_forbidden(tree, path), *_undefined(tree, path, mode)]
    return sorted(set(problems), key=lambda problem: problem.line)


def _structure(tree: nodes.Template, path: str) -> Iterator[Problem]:
    for place, node in enumerate(tree.body):
        if isinstance(node, nodes.Block) or (isinstance(node, nodes.Extends) and place <= 1):
            continue
        for part in node.nodes if isinstance(node, nodes.Output) else [node]:
            if not isinstance(part, nodes.TemplateData) or part.data.strip():
                line = part.lineno + _blank_lines(part)
                yield Problem(path, line, "this stands outside the blocks and would never be sent", _WHERE)
    for extends in tree.find_all(nodes.Extends):
        if not isinstance(extends.template, nodes.Const) or extends.template.value != STANDARD:
            mend = f'write {{% extends "{STANDARD}" %}}, or leave it out and write both blocks'
            yield Problem(path, extends.lineno, "a rubric can extend nothing but the standard one", mend)
    if not any(isinstance(node, nodes.Extends) for node in tree.body):
        names = {node.name for node in tree.body if isinstance(node, nodes.Block)}
        if "user" not in names:
            yield Problem(path, 0, "there is no block user", f'{_WHERE}, or {{% extends "{STANDARD}" %}}')
    yield from _deep_loops(tree, path, 0)


def _blank_lines(part: nodes.Node) -> int:
    """Count the lines before the first visible character of a piece of text."""
    if not isinstance(part, nodes.TemplateData):
        return 0
    return part.data[: len(part.data) - len(part.data.lstrip())].count("\n")


def _deep_loops(node: nodes.Node, path: str, depth: int) -> Iterator[Problem]:
    for child in node.iter_child_nodes():
        inner = depth + isinstance(child, nodes.For)
        if inner > MAX_DEPTH:
            yield Problem(path, child.lineno, f"loops nested deeper than {MAX_DEPTH}", "flatten the loops")
        else:
            yield from _deep_loops(child, path, inner)


def _forbidden(tree: nodes.Template, path: str) -> Iterator[Problem]:
    for node in tree.find_all(nodes.Node):
        if isinstance(node, (nodes.Getattr, nodes.Name)) and _attribute(node).startswith("_"):
            yield _internals(path, node, _attribute(node))
        elif isinstance(node, nodes.Getitem) and _key(node).startswith("_"):
            yield _internals(path, node, _key(node))
        elif isinstance(node, nodes.Call) and not _is_allowed_call(node):
            mend = "use filters ({{ x | upper }}); the functions are range and super"
            yield Problem(path, node.lineno, "a rubric cannot call this", mend)
        elif isinstance(node, nodes.For) and node.recursive:
            yield Problem(path, node.lineno, "recursive loops are not allowed", "write the loop out")
        elif isinstance(node, nodes.Filter) and node.name.startswith("_"):
            yield Problem(path, node.lineno, f"there is no filter {node.name!r}", "remove it")
        elif not isinstance(node, _ALLOWED):
            word = type(node).__name__.lower()
            mend = "rubrics know block, extends, if, for and values; see docs/rubrics.md"
            yield Problem(path, node.lineno, f"{word!r} is not part of the language of rubrics", mend)


def _internals(path: str, node: nodes.Node, name: str) -> Problem:
    message = f"{name!r} reaches into Python's internals, which a rubric cannot"
    return Problem(path, node.lineno, message, "remove it; rubrics see only the listed values")


def _attribute(node: nodes.Getattr | nodes.Name) -> str:
    return node.attr if isinstance(node, nodes.Getattr) else node.name


def _key(node: nodes.Getitem) -> str:
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""


def _is_allowed_call(node: nodes.Call) -> bool:
    if isinstance(node.node, nodes.Name):
        return node.node.name in FUNCTIONS
    called = node.node
    if not isinstance(called, nodes.Getattr) or not isinstance(called.node, nodes.Name):
        return False
    return called.node.name == "loop" and called.attr in _LOOP_CALLS


def known_names(mode: str) -> tuple[str, ...]:
    """Return the values that a template of this mode sees, in alphabetical order."""
    other = {"pairwise": {"response"}, "absolute": {"response_a", "response_b"}}.get(mode, set())
    return tuple(sorted({*STATIC_VARIABLES, *ITEM_VARIABLES} - other))


def _undefined(tree: nodes.Template, path: str, mode: str) -> Iterator[Problem]:
    known = known_names(mode)
    bound = {n.name for n in tree.find_all(nodes.Name) if n.ctx in {"store", "param"}}
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name not in {*known, *FUNCTIONS, *bound, "loop"}:
            if node.name.startswith("_"):
                continue
            hint = did_you_mean(node.name, known)
            mend = f"the names are {', '.join(known)}"
            yield Problem(path, node.lineno, f"undefined name {node.name!r}.{hint}", mend)


def names_under(block: str, layers: Sequence[nodes.Template]) -> frozenset[str]:
    """Return the names read by a block, its nested blocks, and what they inherit; the child comes first."""
    found: set[str] = set()
    _collect(block, layers, found, set())
    return frozenset(found)


def _collect(block: str, layers: Sequence[nodes.Template], found: set[str], seen: set[str]) -> None:
    if block in seen:
        return
    seen.add(block)
    for layer in layers:
        node = next((b for b in layer.find_all(nodes.Block) if b.name == block), None)
        if node is None:
            continue
        names = {n.name for part in node.body for n in _names_outside_blocks(part)}
        found |= names
        for part in node.body:
            nested = [*part.find_all(nodes.Block), *([part] if isinstance(part, nodes.Block) else [])]
            for inner in nested:
                _collect(inner.name, layers, found, seen)
        if "super" not in names:
            return


def _names_outside_blocks(node: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Block):
        return
    if isinstance(node, nodes.Name) and node.ctx == "load":
        yield node
    for child in node.iter_child_nodes():
        yield from _names_outside_blocks(child)


def only_written_out(layers: Sequence[nodes.Template]) -> bool:
    """Tell whether the item's values are only written out, and nothing is decided or computed from them."""
    return all(
        isinstance(parent, nodes.Output)
        for layer in layers
        for parent in layer.find_all(nodes.Node)
        for child in parent.iter_child_nodes()
        if isinstance(child, nodes.Name) and child.name in ITEM_VARIABLES
    )


class Meter(NodeTransformer):
    """Puts a meter on what can grow: every loop counts its steps, every ``~`` its characters.

    Extends is taken out, since the layers are put together by us and not by a loader.
    """

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - the visitor finds it by this name
        """Count the steps of a loop."""
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_steps", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Bound the length of a concatenation."""
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, "_concat", [], [], None, None, lineno=node.lineno)

    def visit_Extends(self, node: nodes.Extends) -> None:  # noqa: N802
        """Drop it."""
