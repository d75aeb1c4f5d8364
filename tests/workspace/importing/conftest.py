"""Fixtures of the tests of imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.workspace.examples.new_workspace import write_workspace
from tests.workspace.test_new_workspace import BULL_RACE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace of an own event."""
    write_workspace(tmp_path / "w", BULL_RACE)
    return tmp_path / "w"
