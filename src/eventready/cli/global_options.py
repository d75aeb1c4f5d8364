"""Global options, accepted before and after the name of a command; help of subcommands with examples."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from eventready.cli.commands import EXAMPLES, FOLLOWERS
from eventready.cli.context import App
from eventready.cli.help_language import HelpContext
from eventready.core.clock import written_moment
from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import LANGS, message

#: Columns of an example in the help.
_WIDTH = 70


def _set_workspace(app: App, value: Path) -> None:
    app.workspace_path = value


def _set_output(app: App, value: Any) -> None:
    app.output = value


def _set_now(app: App, value: str) -> None:
    written_moment(value)
    app.chosen_now = value


def _set_lang(app: App, value: Any) -> None:
    app.chosen_lang = value


def _log_to(_app: App, path: Path) -> None:
    """Write the redacted log of the libraries to a file; without a file nothing is logged."""
    from eventready.core.redaction.redaction import guard_logging  # noqa: PLC0415  only when somebody wants a log

    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UsageError(message("cli:log_unwritable", reason=os_reason(error)), where=str(path)) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(threadName)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    guard_logging()


def _setter(apply: Callable[[App, Any], None]) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        # The command before has taken the variable already; here it would win over what was typed there.
        source = context.get_parameter_source(parameter.name or "")
        inherited = context.parent is not None and source is not click.core.ParameterSource.COMMANDLINE
        completes = context.resilient_parsing and apply is _log_to  # a completion writes nothing
        if value is not None and not inherited and not completes:
            apply(context.ensure_object(App), value)

    return callback


def global_options(*, hidden: bool = False) -> list[click.Option]:
    """New instances of the global options; `hidden` ones are accepted and not listed in the help."""

    def option(*names: str, apply: Callable[[App, Any], None], **more: Any) -> click.Option:
        variable = f"EVENTREADY_{names[-1].lstrip('-').upper()}"
        return click.Option(
            names, envvar=variable, show_envvar=True, expose_value=False, hidden=hidden, callback=_setter(apply), **more
        )

    folder = click.Path(file_okay=False, path_type=Path)
    file = click.Path(dir_okay=False, path_type=Path)
    forms = click.Choice(["table", "json", "ndjson"])
    return [
        option("-w", "--workspace", apply=_set_workspace, type=folder, is_eager=True,
               help="Folder of the workspace.  [default: this folder]"),
        option("-o", "--output", apply=_set_output, type=forms, help="Form of the output.  [default: table]"),
        option("--now", apply=_set_now, metavar="TIME", help='Clock of a rehearsal: "2033-07-25 07:00".'),
        option("--lang", apply=_set_lang, type=click.Choice(LANGS), is_eager=True,
               help="Language.  [default: en; in papers vi, or en abroad]"),
        option("--log", apply=_log_to, type=file, metavar="FILE",
               help="Write the log of the libraries, without secrets, to this file."),
    ]  # fmt: skip


class _Known(click.types.StringParamType):
    """Text with known values in the workspace, for completion."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        loaded = import_module("eventready.cli.workspace.completion_values")  # for a completion only, as work is loaded
        values: list[str] = loaded.values_of(param, ctx.ensure_object(App).workspace_path, incomplete)
        return [CompletionItem(value) for value in values if value.startswith(incomplete)]


_KNOWN = _Known()


def all_option() -> click.Option:
    """Return the hidden option `--all` beside `--help`, which `main` reads."""
    return click.Option(["--all"], is_flag=True, expose_value=False, hidden=True)


def with_global_options(command: click.Command, words: str) -> click.Command:
    """Add hidden global options, examples and full subcommand lines to a command and its subcommands."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            child.short_help = child.short_help or (child.help or "").strip().split("\n\n")[0]
            with_global_options(child, f"{words} {name}")
    for parameter in command.params:
        parameter.type = _KNOWN if parameter.type is click.STRING else parameter.type
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params.extend(
        option for option in (*global_options(hidden=True), all_option()) if not taken & set(option.opts)
    )
    command.epilog = _epilog(words)
    command.context_class = HelpContext
    return command


def _epilog(words: str) -> str:
    lines = [f"  {_wrapped(f'eventready {example}')}" for example in EXAMPLES.get(words, ())]
    shown = "\b\nExamples:\n" + "\n".join(lines) + "\n\n" if lines else ""
    then = "".join(f"\n  eventready {one}" for one in FOLLOWERS.get(words, ()))
    then = f"\n\n\b\nThen:{then}" if then else ""
    return f"{shown}Global options: -w, -o, --now, --lang, --log; see `eventready --help`.{then}"


def _wrapped(example: str) -> str:
    """A command, broken in front of options for the width of a terminal."""
    lines = [""]
    for word in re.split(r" (?=-)", example):
        if lines[-1] and len(lines[-1]) + len(word) > _WIDTH:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return " \\\n      ".join(lines)
