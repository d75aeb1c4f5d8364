"""Options shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

#: A command to which options are added.
F = TypeVar("F", bound=Callable[..., Any])

#: `-l EXPR`: selection of devices, see `eventready.workspace.select`.
limit_option = click.option(
    "-l",
    "--limit",
    metavar="EXPR",
    help="Only these devices: role=router,venue=ID, names, globs; ! excludes.  [default: all]",
)


def reading_options(command: F) -> F:
    """Add the options for reading devices: --workers, --interval, --time-limit."""
    for option in reversed(
        (
            click.option("--workers", type=click.IntRange(1, 500), default=32, show_default=True,
                         help="Devices at once."),
            click.option("--interval", type=click.FloatRange(0, 3600), default=10.0, show_default=True,
                         help="Seconds between the two readings of counters; 0 reads once, without rates."),
            click.option("--time-limit", type=click.FloatRange(min=1), default=7200.0, show_default=True,
                         help="Seconds of the whole run; devices that remain then are not read."),
        )
    ):  # fmt: skip
        command = option(command)
    return command
