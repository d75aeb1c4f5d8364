"""The console of tables, plans and progress: rich's, with every text made visible."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.table import Table

from eventready.core.strings.terminal_text import raw_stream, visible
from eventready.core.strings.texts import lines_of

#: Between two columns of a table.
_GAP = "  "
#: Spaces with which rich fills a line; a file or a pipe has no use for them.
_PADDING = re.compile(r" +(?=\n)")


class VisibleConsole(Console):
    """Rich console without escapes in texts; its own styles and cursor moves pass."""

    def __init__(self, *, stderr: bool = False, **options: Any) -> None:
        options = {"highlight": False, "markup": False, "emoji": False, **options}
        super().__init__(file=raw_stream(sys.stderr if stderr else sys.stdout), **options)

    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command line; rich would exit with 1, the code of a defect."""
        raise BrokenPipeError

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        rendered = super()._render_buffer(
            segment if segment.control else Segment(visible(segment.text), segment.style) for segment in buffer
        )
        return rendered if self.is_terminal else _PADDING.sub("", rendered)


def print_table(table: Table, *, width: int) -> None:
    """Print a table on stdout in the width of the terminal, or in `width` without a terminal.

    No cell is cut: the first column keeps its width, words too long for another column are folded.
    """
    for column in table.columns:
        column.overflow = "fold"
    if table.columns:
        table.columns[0].no_wrap = True
    console = VisibleConsole()
    if not console.is_terminal:
        if lines := _plain(table, width):
            _write(lines)
            return
        console = VisibleConsole(width=width, no_color=True)
    with console.capture() as captured:
        console.print(table)
    _write(lines_of(captured.get()))


def _write(lines: Iterable[str]) -> None:
    stream = raw_stream(sys.stdout)
    stream.write("".join(f"{line.rstrip()}\n" for line in lines))
    stream.flush()


def _plain(table: Table, width: int) -> list[str] | None:
    """Lines of a table as rich prints them without styles; None where a cell is none of plain printable text.

    Rich takes 0.4 ms of a row.
    """
    cells = ((column.header, *column.cells) for column in table.columns)
    columns = [[cell for cell in every if isinstance(cell, str) and cell.isprintable()] for every in cells]
    if table.box or table.title or any(len(column) != table.row_count + 1 for column in columns):
        return None
    sizes = [[cell_len(cell) for cell in column] for column in columns]
    widest = [max(column) for column in sizes]
    if sum(widest) + len(_GAP) * len(widest) > width:
        return None
    padded = (
        [cell + " " * (wide - size) for cell, size in zip(column, own, strict=True)]
        for column, own, wide in zip(columns, sizes, widest, strict=True)
    )
    return list(map(_GAP.join, zip(*padded, strict=True)))
