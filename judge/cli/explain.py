"""`judge explain`: how one judgment came about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.store.explain import Explanation
    from judge.types import Answer, Request


@click.command("explain")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(run: Path, key: str, as_json: bool) -> int:
    """Say how the judgment KEY of RUN came about, or why there is none.

    KEY stands in the column `key` of duels.jsonl and ratings.jsonl; its first digits are enough. Shown are
    the prompt as it was sent, the raw answer, attempts, cost and endpoint; for a question without an answer
    its last failure and the stored request that is most like it, with the fields that differ.
    """
    from judge.store import SqliteStore
    from judge.store.explain import explain

    with SqliteStore(run / "run.sqlite", must_exist=True) as store:
        explanation = explain(store, key)
    if as_json:
        click.echo(json.dumps(as_value(explanation), ensure_ascii=False, indent=1))
    else:
        for line in lines(explanation):
            click.echo(line)
    return 0


def as_value(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as plain JSON values."""
    from dataclasses import asdict

    return asdict(explanation)


def lines(explanation: Explanation) -> Iterator[str]:
    """Yield an explanation for people, a paragraph for each thing that is known."""
    yield f"key       {explanation.key}"
    yield f"state     {_STATES[explanation.state]}"
    for stage, seq, ref in explanation.planned:
        yield f"planned   {stage}, number {seq:,} {json.dumps(ref, ensure_ascii=False)}"
    if (stored := explanation.stored) is not None:
        if explanation.asked_as:
            yield f"asked as  {explanation.asked_as} (the server did not know a parameter)"
        yield f"sent to   {stored.endpoint or '-'}, {_when(stored.created_at)}"
        yield f"attempts  {stored.attempts}"
        yield f"cost      {'unknown' if stored.cost is None else f'{stored.cost:.6f} dollars'}"
    if explanation.failure is not None:
        failure = explanation.failure
        tries = f"{failure.attempts} attempts" if failure.attempts != 1 else "1 attempt"
        yield f"failure   {failure.kind} after {tries}, {_when(failure.at)}: {failure.message}"
    if explanation.request is not None:
        yield from _request_lines(explanation.request)
    for answer, why in explanation.rejected:
        yield from _answer_lines(f"unreadable answer ({why})", answer)
    if explanation.stored is not None:
        yield from _answer_lines("answer", explanation.stored.answer)
    if explanation.repair is not None:
        yield from _answer_lines("answer to the repair question", explanation.repair.answer)
    yield from _nearest_lines(explanation)


_STATES = {
    "answered": "answered: a hit, not asked again",
    "failed": "failed: a miss, asked again by the next run",
    "unreadable": "not readable so far: a miss, asked again by the next run",
    "open": "not asked yet: a miss",
}


def _nearest_lines(explanation: Explanation) -> Iterator[str]:
    if explanation.state != "answered" and explanation.request is None:
        yield "request   never sent, so not kept; the next run makes it from the plan"
    near = explanation.nearest
    if near is not None:
        count = "1 field differs" if len(near.differences) == 1 else f"{len(near.differences)} fields differ"
        yield f"\nnearest   {near.key} ({count})"
        for difference in near.differences:
            yield f"  {difference.field}"
            yield f"    asked: {_absent(difference.asked)}"
            yield f"    kept:  {_absent(difference.kept)}"
    yield from (f"note      {note}" for note in explanation.notes)


def _absent(text: str | None) -> str:
    return "(absent)" if text is None else repr(text)


def _request_lines(request: Request) -> Iterator[str]:
    yield f"model     {request.provider}/{request.model}, repeat {request.repeat}"
    rest = {name: value for name, value in request.body.items() if name not in {"messages", "system"}}
    yield f"body      {json.dumps(rest, ensure_ascii=False)}"
    if "system" in request.body:
        yield from _block("system", request.body["system"])
    messages = request.body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            yield from _block(str(message.get("role", "?")), message.get("content"))


def _answer_lines(title: str, answer: Answer) -> Iterator[str]:
    usage = answer.usage
    tokens = f"{_count(usage.input_tokens)} tokens in, {_count(usage.output_tokens)} out"
    model = f", {answer.served_model}" if answer.served_model else ""
    yield from _block(f"{title} ({answer.finish}, {answer.latency_s:.2f} s, {tokens}{model})", answer.text)


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _block(title: str, content: Any) -> Iterator[str]:
    yield f"\n--- {title}"
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    # A hostile answer must not steer the reader's terminal.
    yield "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)


def _when(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
