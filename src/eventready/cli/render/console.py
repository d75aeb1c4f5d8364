"""The console of tables, plans and progress: rich's, with every text made visible."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.segment import Segment
from rich.table import Table

from eventready.core.strings.terminal_text import raw_stream, visible
from eventready.core.strings.text_lines import lines_of


class VisibleConsole(Console):
    """Rich console without escapes in texts; its own styles and cursor moves pass."""

    def __init__(self, *, stderr: bool = False, **options: Any) -> None:
        options = {"highlight": False, "markup": False, "emoji": False, **options}
        super().__init__(file=raw_stream(sys.stderr if stderr else sys.stdout), **options)

    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command line; rich would exit with 1, the code of a defect."""
        raise BrokenPipeError

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(
            segment if segment.control else Segment(visible(segment.text), segment.style) for segment in buffer
        )


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
        console = VisibleConsole(width=width, no_color=True)
    with console.capture() as captured:
        console.print(table)
    stream = raw_stream(sys.stdout)
    stream.write("".join(f"{line.rstrip()}\n" for line in lines_of(captured.get())))
    stream.flush()
