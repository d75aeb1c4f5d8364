"""Text tables in the width of the terminal, or in a fixed width without a terminal; long cells are wrapped."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from eventready.cli.render.console import print_table
from eventready.core.messages import text

#: Width without a terminal.
WIDTH = 160


def translated(family: str, columns: Sequence[str], lang: str) -> Table:
    """Empty table with the texts `family.column` of the catalogue as column heads."""
    return listing(*(text(f"{family}.{column}", lang) for column in columns))


def listing(*columns: str) -> Table:
    """Empty table; the last column takes the remaining width."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        last = number == len(columns) - 1
        table.add_column(column, overflow="fold", no_wrap=False, ratio=1 if last else None)
    return table


def show(table: Table) -> None:
    """Print a table without interpreting markup."""
    print_table(table, width=WIDTH)


def cell(content: str, style: str = "") -> Text:
    """Styled cell."""
    return Text(content, style=style)
