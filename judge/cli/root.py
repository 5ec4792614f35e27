"""The root of the command line: which commands there are, and how their ends become exit codes.

Exit codes: 0 done; 1 a gate or check found something; 2 wrong usage or input; 3 could not finish and can
be resumed; 130 interrupted and can be resumed.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from judge import __version__
from judge.errors import JudgeError

INTERRUPTED = 130

# name -> (module that holds `command`, one line for `judge --help`)
COMMANDS: dict[str, tuple[str, str]] = {
    "compare": ("judge.cli.compare", "Generate, judge, analyse, report: the main job."),
    "generate": ("judge.cli.generate", "Generate the responses of a study, and nothing else."),
    "plan": ("judge.cli.plan", "Calls, tokens, dollars and time before anything is paid."),
    "audit": ("judge.cli.audit", "Analyse ratings and duels from anywhere."),
    "gate": ("judge.cli.gate", "Hold a run's findings against thresholds."),
    "selftest": ("judge.cli.selftest", "Put the diagnostics to studies whose truth is known."),
    "label-plan": ("judge.cli.label_plan", "Draw the items that people should label next."),
    "report": ("judge.cli.report", "Render the report of a run again."),
    "verify": ("judge.cli.verify", "Check a run's manifest and store."),
    "explain": ("judge.cli.explain", "Say how one judgment came about."),
    "rubrics": ("judge.cli.rubrics", "List, show, render and check rubrics."),
    "models": ("judge.cli.models", "List judges with prices and abilities."),
    "data": ("judge.cli.data", "Fetch data sets, convert published outputs."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads a command's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which a study meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command, or None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown name is answered with the nearest one that exists."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="judge")
def cli() -> None:
    """Compare systems with LLM judges, and audit the judges.

    `judge compare` without anything else runs the bundled sample, offline and without a key.
    """


def main(argv: list[str] | None = None) -> Any:
    """Run the command line and turn every end into its exit code.

    A mistake of the user's is one message on standard error, not a traceback; set JUDGE_TRACEBACK=1 to see
    where it was raised.
    """
    # Our matrices are small: threads of the linear algebra would only spin beside the work.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = cli.main(args=argv, prog_name="judge", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        _say("interrupted; the same command goes on where it stopped")
        sys.exit(INTERRUPTED)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except KeyboardInterrupt:
        _say("interrupted; the same command goes on where it stopped")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader (`| head`) has gone: nothing is wrong. Python would complain again at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except JudgeError as error:
        if os.environ.get("JUDGE_TRACEBACK"):
            raise
        _say(f"error: {error}")
        sys.exit(error.exit_code)


def _say(text: str) -> None:
    click.echo(f"judge: {text}", err=True)
