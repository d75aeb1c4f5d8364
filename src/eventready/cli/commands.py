"""Subcommands: groups of the help page, examples, and import on first use."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import click

from eventready.core.strings.texts import lines_of


def _blocks(name: str) -> dict[str, tuple[str, ...]]:
    """Return the indented lines of a text file of this package by the line above."""
    parts = Path(__file__).with_name(name).read_text(encoding="utf-8").split("\n\n")
    return {head: tuple(map(str.strip, lines)) for head, *lines in map(lines_of, parts)}


#: Subcommands by group, in order of use, with their line in `--help`.
GROUPS: dict[str, dict[str, str]] = {
    group: dict(line.split(": ", 1) for line in lines) for group, lines in _blocks("commands.txt").items()
}

#: Line in `--help` by subcommand.
COMMANDS: dict[str, str] = {name: line for commands in GROUPS.values() for name, line in commands.items()}

#: Two or more examples by command, shown in its help and in the documentation.
EXAMPLES = _blocks("examples.txt")


def _followers() -> dict[str, list[str]]:
    lines = lines_of(Path(__file__).with_name("followers.txt").read_text(encoding="utf-8"))
    return {head: names.split(", ") for head, names in (line.split(": ") for line in lines)}


#: The two commands that usually follow a command.
FOLLOWERS = _followers()

#: Entry points of subcommands from other packages, such as `lab`.
COMMAND_GROUP = "eventready.commands"


#: Section that the short list of commands leaves out.
HIDDEN = "Help"


def subcommands(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    """Yield the commands below a command, with the words of each."""
    for name, child in command.commands.items() if isinstance(command, click.Group) else ():
        yield f"{words} {name}", child
        yield from subcommands(child, f"{words} {name}")


def load_command(name: str) -> click.Command:
    """Load the declaration of a subcommand from its entry point, or from the module of its section."""
    for point in entry_points(group=COMMAND_GROUP, name=name):
        found: click.Command = point.load()
        return found
    section = next(group for group, commands in GROUPS.items() if name in commands)
    declared: click.Command = getattr(import_module(f"eventready.cli.declare.{section.lower()}"), name)
    return declared
