"""Lab of the commands about changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.bsc_lab import Lab, bsc_lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The two base station controllers of the example, all in order."""
    with bsc_lab(tmp_path_factory.mktemp("bscs")) as place:
        yield place


@pytest.fixture
def plan(lab: Lab, tmp_path: Path) -> Path:
    """A plan for both."""
    path = tmp_path / "tonight.plan"
    lab.run("plan", "load_balancing", "--out", path)
    return path
