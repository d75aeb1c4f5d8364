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
    """Empty table with the texts `family.column` of the catalogue as column heads; `""` is a column without a head."""
    return listing(*(text(f"{family}.{column}", lang) if column else "" for column in columns))


def listing(*columns: str) -> Table:
    """Empty table; the last column takes the remaining width."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    table.columns[-1].ratio = 1
    return table


def show(table: Table, *, width: int = WIDTH) -> None:
    """Print a table without interpreting markup. `width`: without a terminal."""
    print_table(table, width=width)


def cell(content: str, style: str = "") -> Text:
    """Styled cell."""
    return Text(content, style=style)
