"""Reference pages of the commands, from the click definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import cleandoc

import click

from docsite.markdown import cell, code, fence, page, table
from eventready.cli.commands import EXAMPLES, GROUPS, load_command
from eventready.cli.main import cli

#: Options of every command, described on the index page only.
GLOBAL_OPTIONS = frozenset({"workspace", "output", "now", "log", "lang"})


def command_pages() -> dict[str, str]:
    """One page per command, and an index in the groups of `eventready --help`."""
    parts: list[str | Iterable[str]] = ["# Commands"]
    for title, commands in GROUPS.items():
        rows = [(f"[{name}]({name}.md)", cell(short)) for name, short in commands.items()]
        parts += [f"## {title}", table(("command", "purpose"), rows)]
    parts += [
        "## Global options",
        "Accepted before and after the name of a command. Every option has an environment variable "
        "`EVENTREADY_COMMAND_OPTION`.",
        table(("option", "meaning"), (_option(p) for p in cli.params if isinstance(p, click.Option))),
    ]
    pages = {"commands/index.md": page(*parts)}
    for name in (name for commands in GROUPS.values() for name in commands):
        pages[f"commands/{name}.md"] = page(*_command(load_command(name), f"eventready {name}", "#"))
    return pages


def _command(command: click.Command, words: str, level: str) -> Iterator[str | Iterable[str]]:
    yield f"{level} {words}"
    context = click.Context(command, info_name=words, **cli.context_settings)  # click keeps the help option's names
    yield from _help(command.help or command.short_help or "")
    yield fence(" ".join([words, *command.collect_usage_pieces(context)]))
    own = [p for p in command.params if isinstance(p, click.Option) and p.name not in GLOBAL_OPTIONS]
    yield table(("option", "meaning"), map(_option, own))
    if examples := EXAMPLES.get(words.removeprefix("eventready ")):
        yield "**Examples**"
        yield fence("\n".join(f"eventready {example}" for example in examples), "sh")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _command(child, f"{words} {name}", level + "#")


def _help(text: str) -> Iterator[str | Iterable[str]]:
    """Paragraphs of a help text; those with a preserved layout become code blocks."""
    for paragraph in cleandoc(text).split("\n\n"):
        body = paragraph.replace("\f", "").strip("\n")
        if body.startswith("\b"):
            lines = body.removeprefix("\b").strip("\n").splitlines()
            title = lines[0] if lines and not lines[0].startswith(" ") and len(lines) > 1 else ""
            if title:
                yield f"**{title.rstrip(':')}**"
            shown = lines[1:] if title else lines
            yield fence("\n".join(line.removeprefix("  ") for line in shown), "sh")
        elif body:
            yield " ".join(body.split())


def _option(option: click.Option) -> tuple[str, str]:
    context = click.Context(click.Command("x"))
    names, text = option.get_help_record(context) or ("", "")
    return code(names), cell(text.replace("[", "\\["))
