"""The root of the command line."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from click.testing import CliRunner

from judge.cli.root import COMMANDS, cli


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists_and_explains_itself(name: str):
    """`judge NAME --help` works for each command that `judge --help` lists."""
    assert import_module(COMMANDS[name][0]).command.name == name
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_help_loads_nothing_heavy():
    """`judge --help` imports neither numpy nor pandas nor a vendor's SDK."""
    code = (
        "import sys; from judge.cli.root import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'matplotlib', 'openai', 'anthropic', 'jinja2', 'rich'}\n"
        "bad = heavy & set(sys.modules)\n"
        "sys.exit(f'loaded {bad}' if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _judge(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "judge", *args], capture_output=True, text=True, check=False)


def test_an_unknown_command_gets_the_nearest_one():
    """A slip of the finger is answered with the name that was meant, and exit code 2."""
    done = _judge("comprae")
    assert done.returncode == 2
    assert "Did you mean 'compare'?" in done.stderr


def test_a_mistake_is_one_message_and_exit_code_2(tmp_path):
    """Wrong input ends with a sentence on standard error, never with a traceback."""
    done = _judge("report", str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
