"""The `eventready` command: lazy subcommands, global options, errors as a sentence."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from eventready import __version__
from eventready.cli.commands import COMMANDS, GROUPS, HIDDEN, load_command, subcommands
from eventready.cli.context import App
from eventready.cli.declare.work import work
from eventready.cli.failures import report_exception
from eventready.cli.global_options import all_option, global_options, with_global_options
from eventready.cli.help_language import HelpContext, command_line_in, requested_lang
from eventready.core.errors import EventreadyError, Exit, UsageError, describe_exit
from eventready.core.messages import message
from eventready.core.strings.terminal_text import VisibleStream, raw_stream

_HELP = """Event readiness for carrier networks, as code.

\b
A first session:
  eventready init my-event --example && cd my-event
  eventready lab up                              simulate the devices
  eventready -w .eventready/lab audit            verdict per venue and service
  eventready -w .eventready/lab report readiness
  eventready -w .eventready/lab plan backup --out tonight.plan
  eventready -w .eventready/lab apply tonight.plan

Alone in a workspace: its state. Also: `COMMAND --help`, `eventready docs`.
"""


#: Letters of the line of a subcommand.
_LONGEST = 1000
#: Options of the root in its short help.
_SHORT = "Options: -w, -o, --now, --lang. All, exit codes: `eventready --help --all`."


class LazyGroup(click.Group):
    """Group with subcommands imported on first use, for a fast `eventready --help`."""

    context_class = HelpContext

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            self.add_command(with_global_options(load_command(cmd_name), cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = get_close_matches(args[0], COMMANDS, n=1)
            do = message("cli:main.did_you_mean", name=close[0]) if close else message("cli:main.commands")
            raise UsageError(message("cli:main.no_command", name=args[0]), do=do)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if ctx.ensure_object(App).whole_help:
            super().format_options(ctx, formatter)
            return
        formatter.write_paragraph()
        for title, commands in GROUPS.items():
            if title != HIDDEN:
                formatter.write_heading(title)
                formatter.indent()
                formatter.write_dl(list(commands.items()))
                formatter.dedent()
        formatter.write_paragraph()
        formatter.write_text(_SHORT)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """All commands with their subcommands."""
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([row for name in commands for row in self._rows(ctx, name)])

    def _rows(self, ctx: click.Context, name: str) -> Iterator[tuple[str, str]]:
        yield name, COMMANDS[name]
        command = self.get_command(ctx, name)
        for words, child in subcommands(command, name) if command else ():
            yield words, child.get_short_help_str(_LONGEST)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Exit codes, after the commands."""
        app = ctx.ensure_object(App)
        if not app.whole_help:
            return
        lang = app.lang
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), describe_exit(code, "meaning", lang)) for code in Exit])


@click.command(
    cls=LazyGroup,
    help=_HELP,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="eventready", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> Any:
    """Root command; global options are added below. Alone: the overview of the workspace, or the help."""
    app = context.ensure_object(App)
    if context.invoked_subcommand:
        return None
    if app.for_people and app.workspace_path == Path() and not (app.workspace_path / "inventory").is_dir():
        click.echo(context.get_help())
        return Exit.OK
    return _overview()


@work("eventready.cli.overview:overview")
def _overview() -> None:
    """State of the event in the workspace, and the next commands."""


cli.params.extend([*global_options(), all_option()])


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; no traceback reaches the user."""
    # Whatever a command writes names people and networks: files and folders are for their owner only.
    os.umask(0o077)
    # The parent process may have closed the streams (`>&-`, a daemon).
    nowhere = Path(os.devnull)
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.stdout, sys.stderr = VisibleStream(raw_stream(sys.stdout)), VisibleStream(raw_stream(sys.stderr))
    logging.getLogger().addHandler(logging.NullHandler())
    words = sys.argv[1:] if arguments is None else arguments
    with command_line_in(requested_lang(words, os.environ) or "en"):
        sys.exit(_run(words))


def _run(arguments: list[str]) -> int:
    """Run the command line and return its exit code. click's own `main` leaves with 1 where stdout is closed."""
    app = App(chosen_lang=requested_lang(arguments, os.environ), whole_help="--all" in arguments)
    try:
        with cli.make_context("eventready", list(arguments), obj=app, auto_envvar_prefix="EVENTREADY") as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as done:  # of --help and --version
        code = done.exit_code
    except EventreadyError as error:
        app.say(f"eventready: {app.hint(error.render(app.lang))}")
        return error.exit
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, EOFError, KeyboardInterrupt) as error:
        line_end = "" if isinstance(error, click.Abort) else "\n"  # behind the ^C of the terminal
        click.echo(f"{line_end}eventready: {app.text('cli:main.interrupted')}", err=True)
        return Exit.INCOMPLETE
    except BrokenPipeError:
        # `head` or a pager closed stdout: no error, and no further output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # the last net
        return report_exception(error, app.lang)
    return code if isinstance(code, int) else Exit.OK
