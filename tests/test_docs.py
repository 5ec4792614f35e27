"""The documents say what the program does: commands and options exist, files parse, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

from judge.cli.root import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
COMMAND_PAGE = ROOT / "docs" / "commands.md"
HEAD = """# Commands

Every command with its options, as `judge COMMAND --help` prints it.
(`UPDATE_DOCS=1 pytest tests/test_docs.py` writes this page anew.)
"""


def _blocks(page: Path, *languages: str) -> list[str]:
    return [
        text for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language in languages
    ]


def _calls() -> list[tuple[str, str]]:
    """Every line of a shell block that calls `judge`, continuation lines joined, comments cut."""
    found = []
    for page in PAGES:
        if page == COMMAND_PAGE:
            continue
        for block in _blocks(page, "", "sh", "bash", "console", "shell"):
            for line in block.replace("\\\n", " ").splitlines():
                text = line.strip().removeprefix("$ ").split("   #")[0].split("  # ")[0]
                if text.startswith("judge ") and "COMMAND" not in text:
                    found.append((page.name, text))
    return found


def _parse(args: list[str]) -> None:
    """Parse a command line as click does, without running it."""
    group: click.Command = cli
    context = click.Context(cli, info_name="judge")
    while isinstance(group, click.Group) and args and not args[0].startswith("-"):
        name = args.pop(0)
        found = group.get_command(context, name)
        assert found is not None, f"no command {name}"
        group, context = found, click.Context(found, info_name=name, parent=context)
    if "--help" in args or isinstance(group, click.Group):
        return
    group.parse_args(context, args)


@pytest.mark.parametrize(("page", "line"), _calls())
def test_every_documented_call_is_one_that_the_program_takes(page: str, line: str):
    """Commands and options in the documents exist."""
    words = shlex.split(line)
    for stop in ("|", ">", "&&", ";", "<", "2>"):
        if stop in words:
            words = words[: words.index(stop)]
    try:
        _parse(words[1:])
    except click.UsageError as error:
        pytest.fail(f"{page}: {line}: {error.format_message()}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_toml_block_parses(page: Path):
    """A study or a gate that is copied from a page is at least TOML."""
    for block in _blocks(page, "toml"):
        tomllib.loads(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path):
    """Links between pages are not broken."""
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_index_leads_to_every_page():
    """Whoever starts at the README finds the index, and from there every document."""
    index = ROOT / "docs" / "README.md"
    assert "docs/README.md" in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text(encoding="utf-8"))}
    assert {page.resolve() for page in (ROOT / "docs").glob("*.md") if page != index} <= linked


def _help(command: click.Command, name: str, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=100, terminal_width=100)
    lines = [f"\n## {context.command_path}\n", "```text", command.get_help(context), "```"]
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            lines += _help(found, sub, context)
    return lines


def commands_page() -> str:
    """Write the page of commands; in a fresh process, since click keeps the first help option it makes."""
    root = click.Context(cli, info_name="judge", **cli.context_settings)
    lines = [HEAD.rstrip()]
    for name, (module, _) in COMMANDS.items():
        lines += _help(import_module(module).command, name, root)
    return "\n".join(lines) + "\n"


def test_the_page_of_commands_is_what_the_program_prints():
    """`docs/commands.md` holds the help of every command, word by word."""
    code = "import sys; from tests.test_docs import commands_page; sys.stdout.write(commands_page())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    if os.environ.get("UPDATE_DOCS"):
        COMMAND_PAGE.write_text(done.stdout, encoding="utf-8")
    assert COMMAND_PAGE.read_text(encoding="utf-8") == done.stdout
