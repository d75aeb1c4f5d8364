"""Files are whole, and for their owner only, whatever the umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from eventready.core.errors import UsageError
from eventready.core.files import write_atomic


@pytest.mark.parametrize("private", [False, True])
def test_only_the_owner_reads_it(tmp_path: Path, private: bool) -> None:
    before = os.umask(0)
    try:
        write_atomic(tmp_path / "folder" / "report.html", b"x", private=private)
        write_atomic(tmp_path / "folder" / "report.html", b"y", private=private)
    finally:
        os.umask(before)
    path = tmp_path / "folder" / "report.html"
    assert path.read_bytes() == b"y"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_a_folder_in_the_way_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    with pytest.raises(UsageError, match="the report cannot be written"):
        write_atomic(tmp_path / "report", b"x", what="the report")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]
