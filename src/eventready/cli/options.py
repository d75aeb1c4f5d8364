"""Options shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

#: A command to which options are added.
F = TypeVar("F", bound=Callable[..., Any])

#: Types of options and arguments: a file, a folder, either.
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
PATH = click.Path(path_type=Path)


def with_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return a decorator for a command with these options, in the order of its help."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


#: `-l EXPR`: selection of devices, see `eventready.workspace.devices.select`.
limit_option = click.option(
    "-l",
    "--limit",
    metavar="EXPR",
    help="Only these devices: role=router,venue=ID, names, globs; ! excludes.  [default: all]",
)


#: `--workers`: devices at once.
workers_option = click.option(
    "--workers", type=click.IntRange(1, 2000), default=32, show_default=True, help="Devices at once."
)
#: `--interval`: seconds between the readings of counters.
interval_option = click.option(
    "--interval", type=click.FloatRange(0, 3600), default=10.0, show_default=True,
    help="Seconds between the two readings of counters; 0 reads once, without rates.",
)  # fmt: skip


def key_option(text: str) -> Callable[[F], F]:
    """Add the option `--key`: file or reference of a signing key, as the parameter `source`."""
    return click.option("--key", "source", default="", metavar="KEY", help=text)


#: Options for reading devices.
reading_options = with_options(
    workers_option,
    interval_option,
    click.option("--time-limit", type=click.FloatRange(min=1), default=7200.0, show_default=True,
                 help="Seconds of the whole run; devices that remain then are not read."),
)  # fmt: skip
