"""Subcommands: groups of the help page, and import on first use."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from eventready.cli.blocks import blocks
from eventready.cli.deferred import declared, loading

#: Subcommands by group, in order of use, with their line in `--help`.
GROUPS: dict[str, dict[str, str]] = {
    group: dict(line.split(": ", 1) for line in lines) for group, lines in blocks("commands.txt").items()
}

#: Line in `--help` by subcommand.
COMMANDS: dict[str, str] = {name: line for commands in GROUPS.values() for name, line in commands.items()}

#: Entry points of subcommands from other packages, such as `lab`.
COMMAND_GROUP = "eventready.commands"


def load_command(name: str) -> click.Command:
    """Load the declaration of a subcommand from its entry point, or from the package of its group."""
    for point in entry_points(group=COMMAND_GROUP, name=name):
        return loading(getattr(declared(point.module), point.attr))
    group = next(group for group, commands in GROUPS.items() if name in commands)
    return loading(declared(f"eventready.cli.{group.lower()}.{name}").command)
