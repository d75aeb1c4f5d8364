"""Tables narrower than their cells lose nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from eventready.cli.render import console
from eventready.cli.console import print_table
from eventready.cli.console import listing

ID, PATH = "20261127-111835-ed9b", "inventory/scenarios/opening.yaml"


def test_a_narrow_table_cuts_no_cell(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("run", "file", box=None, pad_edge=False)
    table.add_row(ID, PATH)
    print_table(table, width=40)
    shown = capsys.readouterr().out
    assert f"{ID}  " in shown
    assert PATH in "".join(line[len(ID) :].strip() for line in shown.splitlines()[1:])
    assert "…" not in shown


def test_no_line_ends_with_the_padding_of_rich(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("finding", title="Findings")
    table.add_row("of a  device " * 9)
    console.VisibleConsole(width=60).print(table, "a text of two \nlines")
    lines = capsys.readouterr().out.splitlines()
    assert "a text of two" in lines
    assert all(line == line.rstrip() for line in lines)


_CELLS = st.text("aB9 .-đọ漢́🚂\u200d", max_size=9)


@given(rows=st.lists(st.tuples(_CELLS, _CELLS, _CELLS), min_size=1, max_size=4), width=st.integers(20, 60))
def test_a_table_without_a_terminal_is_that_of_rich(rows: list[tuple[str, str, str]], width: int) -> None:
    def table() -> Table:
        made = listing("run", "", "trạng thái")
        for row in rows:
            made.add_row(*row)
        return made

    with pytest.MonkeyPatch.context() as patch:
        outputs = []
        for plain in (console._plain, lambda *_: None):
            out: Any = io.StringIO()
            patch.setattr("sys.stdout", out)
            patch.setattr(console, "_plain", plain)
            print_table(table(), width=width)
            outputs.append(out.getvalue())
    assert outputs[0] == outputs[1]
