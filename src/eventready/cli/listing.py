"""Tables for people: as wide as the terminal, and of one fixed width elsewhere, with long cells wrapped."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Where nobody tells how wide it is.
WIDTH = 160


def listing(*columns: str) -> Table:
    """An empty table; the last column takes what room is left."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        last = number == len(columns) - 1
        table.add_column(column, overflow="fold", no_wrap=False, ratio=1 if last else None)
    return table


def show(table: Table) -> None:
    """Print it. Nothing in it is read as markup."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=WIDTH, no_color=True)
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def cell(text: str, style: str = "") -> Text:
    """A cell in a style."""
    return Text(text, style=style)
