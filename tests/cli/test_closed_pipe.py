"""A closed stdout (`| head -1`) ends a command without an error, also inside tables."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.change.fake_fleet import write_workspace

#: click writes the matrix, rich the table of clauses.
_COMMANDS = ("doctor matrix", "duties", "docs howto/platform", "--help", "--version", "audit --help")


@pytest.mark.slow
@pytest.mark.parametrize("line", _COMMANDS)
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, line: str) -> None:
    folder = write_workspace(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "eventready", "-w", str(folder), *line.split()],
            check=False, stdout=writing, stderr=subprocess.PIPE, timeout=60,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr
