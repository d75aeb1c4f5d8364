"""Tables of drills, what-if and watch on real software, printed at the end of `make test-real`."""

from __future__ import annotations

import pytest

#: Rows of the tables by title, in the order of the runs.
TABLES: dict[str, list[str]] = {
    "failure | noticed by its drill | announced before": [],
    "drill | worst of 16 flows | of an independent prober | difference": [],
    "failure | predicted | measured": [],
    "failure | interval | to the wall | to the call | mended: off the wall | and called": [],
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that have rows."""
    for title, rows in TABLES.items():
        if rows:
            terminalreporter.section(title)
            for row in rows:
                terminalreporter.write_line(row)
