"""Tables narrower than their cells lose nothing."""

from __future__ import annotations

import pytest
from rich.table import Table

from eventready.cli.render.console import print_table

ID, PATH = "20261127-111835-ed9b", "inventory/scenarios/opening.yaml"


def test_a_narrow_table_cuts_no_cell(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("run", "file", box=None, pad_edge=False)
    table.add_row(ID, PATH)
    print_table(table, width=40)
    shown = capsys.readouterr().out
    assert f"{ID}  " in shown
    assert PATH in "".join(line[len(ID) :].strip() for line in shown.splitlines()[1:])
    assert "…" not in shown
