"""The `eventready` command: loads subcommands when they are called, and turns every error into one sentence."""

from __future__ import annotations

import errno
import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from eventready import __version__
from eventready.cli.context import App
from eventready.clock import Clock
from eventready.errors import EventreadyError, Exit, UsageError

#: Subcommands in the order in which an engineer meets them, with what `--help` says of each.
COMMANDS: dict[str, str] = {
    "init": "Make a workspace from the Trà Vinh example",
    "doctor": "Say what is missing on this machine, and how to get it",
    "schema": "Print a JSON Schema for editors",
    "trust": "Record the devices' host keys after showing their fingerprints",
    "lab": "A province to rehearse on: up, down, status, fault",
    "matrix": "Devices x checks: what will be asked, and what cannot be",
    "audit": "Read every device and say what is ready, and what that rests on",
    "parse": "Read one saved output: the facts in it, or the reason why not",
    "plan": "Work out what a change would send to each device, and the way back; sealed",
    "approve": "Look at a plan and sign its hash, as a second person",
    "apply": "Carry out a plan: guarded, in waves, verified, on record",
    "rollback": "Take a finished change back",
    "changes": "What was changed, by whom, and which state every device is in",
    "runs": "List, show, compare and verify earlier runs",
    "roster": "The duty roster: check it, hand it on, and see what changed",
    "duties": "Every clause of the letter: its owner, deadline, state and evidence",
    "attest": "Sign for what no device can prove, with files and forms",
    "deadlines": "What is due when; warns ahead",
    "incident": "Record incidents and the notices that they demand",
    "report": "Turn a run into a document",
    "send": "Mail a draft or documents, when told, and record it",
    "schedule": "Audit, draft the weekly report and remind, each at its time",
    "bundle": "The signed report for the department's own eventready",
    "consolidate": "One provincial report from the operators' bundles",
}

#: Packages that only some commands need, and the extra of ours that brings each.
EXTRAS = {
    "ansible_vault": "secrets",
    "asyncssh": "lab",
    "keyring": "secrets",
    "psycopg": "postgresql",
    "typst": "documents",
}

#: A disk that is full, beyond its quota or broken, or a file as large as it may be.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})

_HELP = """Event readiness for carrier networks, as code.

\b
A first session:
  eventready init my-event && cd my-event   a workspace to edit
  eventready lab up                         a province to rehearse on
  eventready -w .eventready/lab audit       the main job
  eventready -w .eventready/lab report readiness
  eventready -w .eventready/lab plan backup --out tonight.plan
  eventready -w .eventready/lab apply tonight.plan

\b
Exit codes: 0 done, ready · 2 usage or workspace error · 3 findings at or above --fail-on
  4 something needed was not measured · 5 a change was taken back · 6 a device needs a person now
  7 refused, nothing was done · 8 late · 1 internal error
"""


def _set_workspace(app: App, value: Path) -> None:
    app.workspace_path = value


def _set_output(app: App, value: Any) -> None:
    app.output = value


def _set_now(app: App, value: str) -> None:
    app.clock = Clock.starting(value)


def _log_to(_app: App, path: Path) -> None:
    """What the libraries below us say, redacted. Without it nothing of theirs is printed."""
    from eventready.session.redaction import guard_logging  # noqa: PLC0415  only when somebody wants a log

    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the log cannot be written: {error.strerror}", where=str(path)) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(threadName)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    guard_logging()


def _setter(apply: Callable[[App, Any], None]) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        # The command before has taken the variable already; here it would win over what was typed there.
        source = context.get_parameter_source(parameter.name or "")
        inherited = context.parent is not None and source is not click.core.ParameterSource.COMMANDLINE
        if value is not None and not inherited:
            apply(context.ensure_object(App), value)

    return callback


def _global_options() -> list[click.Option]:
    """Fresh copies of the options that every command takes, before or after its name."""
    return [
        click.Option(
            ["-w", "--workspace"],
            type=click.Path(file_okay=False, path_type=Path),
            envvar="EVENTREADY_WORKSPACE",
            show_envvar=True,
            expose_value=False,
            callback=_setter(_set_workspace),
            help="The workspace folder.  [default: this folder]",
        ),
        click.Option(
            ["-o", "--output"],
            type=click.Choice(["table", "json", "ndjson"]),
            envvar="EVENTREADY_OUTPUT",
            show_envvar=True,
            expose_value=False,
            callback=_setter(_set_output),
            help="Form of what is printed.  [default: table]",
        ),
        click.Option(
            ["--now"],
            metavar="TIME",
            envvar="EVENTREADY_NOW",
            show_envvar=True,
            expose_value=False,
            callback=_setter(_set_now),
            help='The event\'s clock, to rehearse: "2022-04-25 07:00".',
        ),
        click.Option(
            ["--log"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            envvar="EVENTREADY_LOG",
            show_envvar=True,
            expose_value=False,
            callback=_setter(_log_to),
            help="Write what goes on underneath, without secrets, to this file.",
        ),
    ]


def with_global_options(command: click.Command) -> click.Command:
    """The command, and every command under it, taking the global options too."""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            with_global_options(child)
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params.extend(option for option in _global_options() if not taken & set(option.opts))
    return command


class LazyGroup(click.Group):
    """Imports a subcommand's module only when it is called: `eventready --help` stays instant."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            module = importlib.import_module(f"eventready.cli.{cmd_name}")
            self.add_command(with_global_options(module.command), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = get_close_matches(args[0], COMMANDS, n=1)
            do = f"Did you mean {close[0]!r}?" if close else "`eventready --help` lists the commands."
            raise UsageError(f"there is no command {args[0]!r}", do=do)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="eventready")
@click.pass_context
def cli(context: click.Context) -> None:
    """Entry of all commands; the options are added below."""
    context.ensure_object(App)


cli.params.extend(_global_options())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; a traceback never reaches the user."""
    # Whoever starts us may have closed them (`>&-`, a daemon).
    nowhere = Path(os.devnull)
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    logging.getLogger().addHandler(logging.NullHandler())
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        code = cli.main(arguments, prog_name="eventready", standalone_mode=False, auto_envvar_prefix="EVENTREADY")
        return code if isinstance(code, int) else Exit.OK
    except EventreadyError as error:
        click.echo(f"eventready: {error}", err=True)
        return error.exit
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("eventready: stopped. What was finished is kept.", err=True)
        return Exit.INCOMPLETE
    except BrokenPipeError:
        # The reader (`head`, a pager) went away: not an error, and nothing more can be said on stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # the last net
        return _broken(error)


def _broken(error: Exception) -> int:
    """What the machine lacks is said; the rest is a defect, whose traceback goes to a file."""
    if isinstance(error, OSError) and error.filename is None and error.errno in _DISK:
        return _unprinted(error)
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return _not_installed(missing) if missing and missing in EXTRAS else _internal(error)


def _unprinted(error: OSError) -> int:
    """What is printed goes into a file, and its disk takes no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    said = UsageError(
        f"not all could be printed: {error.strerror}",
        do="Look at the disk that the output goes to. What was recorded before is kept.",
    )
    click.echo(f"eventready: {said}", err=True)
    return said.exit


def _not_installed(package: str) -> int:
    """Not everyone needs every package: say which extra brings the one that is missing."""
    need = UsageError(
        f"this needs the package {package}, which is not installed",
        do=f"Get it with: pip install 'eventready[{EXTRAS[package]}]'",
    )
    click.echo(f"eventready: {need}", err=True)
    return need.exit


def _internal(error: Exception) -> int:
    """One sentence for the person, the traceback (redacted) into a file that can be sent to the developers."""
    from eventready.session.redaction import redactor  # noqa: PLC0415  only when something is broken

    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    path = Path.cwd() / f"eventready-crash-{stamp}.log"
    text = redactor.redact("".join(traceback.format_exception(error)))
    place = str(path)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError:
        place = "nowhere: the folder cannot be written"
    sentence = redactor.redact(f"{type(error).__name__}: {error}").splitlines()[0]
    click.echo(f"eventready: internal error ({sentence}). The details are in {place}; please report it.", err=True)
    return Exit.INTERNAL
