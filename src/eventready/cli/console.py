"""The console and its tables; every text is made visible."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from eventready.cli.folding import width
from eventready.core.messages import Param, in_language, text
from eventready.core.strings.terminal_text import raw_stream, visible
from eventready.core.strings.texts import lines_of

#: Between two columns of a table.
_GAP = "  "
#: Spaces with which rich fills a line; a file or a pipe has no use for them.
_PADDING = re.compile(r" +(?=\n)")


class VisibleConsole(Console):
    """Rich console without escapes in texts; its own styles and cursor moves pass."""

    def __init__(self, *, stderr: bool = False, **options: Any) -> None:
        file = raw_stream(sys.stderr if stderr else sys.stdout)
        known = {} if file.isatty() else {"width": width()}
        super().__init__(file=file, **{"highlight": False, "markup": False, "emoji": False, **known, **options})

    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command line; rich would exit with 1, the code of a defect."""
        raise BrokenPipeError

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        rendered = super()._render_buffer(
            segment if segment.control else Segment(visible(segment.text), segment.style) for segment in buffer
        )
        return rendered if self.is_terminal else _PADDING.sub("", rendered)


#: Text, message, or text in a style.
Cell: TypeAlias = Param | Text


@dataclass(frozen=True)
class Listing:
    """Table for people, no wider than the console: no cell is cut, long words are folded.

    Heads are the texts `family.column` of the catalogue, `""` is a column without a head. A cell is a text, a message,
    or a styled text (`styled`). `none`: id of the sentence in place of a table without rows.
    """

    family: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    none: str = ""

    def print(self, lang: str) -> bool:
        """Print the table on stdout; return False without rows where a sentence takes its place."""
        heads = [text(f"{self.family}.{column}", lang) if column else "" for column in self.columns]
        rows = [[cell if isinstance(cell, Text) else in_language(cell, lang) for cell in row] for row in self.rows]
        if self.none and not rows:
            return False
        console = VisibleConsole()
        lines = None if console.is_terminal else _plain([heads, *rows])
        if lines is None:
            with console.capture() as captured:
                console.print(_table(heads, rows))
            lines = lines_of(captured.get())
        stream = raw_stream(sys.stdout)
        stream.write("".join(f"{line.rstrip()}\n" for line in lines))
        stream.flush()
        return True


def styled(content: str, style: str = "") -> Text:
    """Cell in a style of rich."""
    return Text(content, style=style)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> Table:
    """Table of rich; the first column is not broken."""
    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    widths = _widths(list(zip(*(map(str, row) for row in (heads, *rows)), strict=True)))
    for place, column in enumerate(table.columns):
        column.overflow, column.width = "fold", widths[place] if widths else None
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*row)
    return table


def _widths(columns: Sequence[Sequence[str]]) -> list[int] | None:
    """Widths with every word whole, those of long columns equal, twice as much for the last; None without the room."""
    wanted = [max(map(cell_len, column)) for column in columns]
    least = [max(cell_len(word) for cell in column for word in (cell.split() or [""])) for column in columns]
    least[0] = wanted[0]
    room = width() - len(_GAP) * (len(columns) - 1)
    for level in range(room, 0, -1):
        shares = [*(level for _ in columns[1:]), 2 * level]
        widths = [min(most, max(few, share)) for most, few, share in zip(wanted, least, shares, strict=True)]
        if sum(widths) <= room:
            return [*widths[:-1], widths[-1] + min(room - sum(widths), wanted[-1] - widths[-1])]
    return None


def _plain(rows: Sequence[Sequence[str | Text]]) -> list[str] | None:
    """Lines of a table as those of rich without styles; None for wide tables and unprintable cells.

    Rich takes 0.4 ms of a row.
    """
    columns = list(zip(*([str(cell) for cell in row] for row in rows), strict=True))
    if not all(cell.isprintable() for column in columns for cell in column):
        return None
    sizes = [[cell_len(cell) for cell in column] for column in columns]
    widest = [max(column) for column in sizes]
    if sum(widest) + len(_GAP) * (len(widest) - 1) > width():
        return None
    padded = (
        [cell + " " * (wide - size) for cell, size in zip(column, own, strict=True)]
        for column, own, wide in zip(columns, sizes, widest, strict=True)
    )
    return list(map(_GAP.join, zip(*padded, strict=True)))
