"""The tree of commands, as declared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import click

from eventready.cli.commands import COMMANDS, load_command


def tree(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and the commands below, with the words of each."""
    yield words, command
    for name, child in command.commands.items() if isinstance(command, click.Group) else ():
        yield from tree(child, f"{words} {name}")


@cache
def declared() -> dict[str, click.Command]:
    """Return all commands by their words."""
    return dict(pair for name in COMMANDS for pair in tree(load_command(name), name))
