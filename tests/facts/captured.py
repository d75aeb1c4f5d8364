"""Where the captures of real equipment lie: EVENTREADY_CAPTURES, or `shared/captures` beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("EVENTREADY_CAPTURES") or REPOSITORY.parent / "shared" / "captures")

needs_captures = pytest.mark.skipif(
    not HOME.is_dir(), reason="no captures: set EVENTREADY_CAPTURES to the folder that holds them"
)


def captures(pattern: str = "*/*/*.raw") -> list[Path]:
    """The captures whose path under the folder matches, sorted."""
    return sorted(HOME.glob(pattern)) if HOME.is_dir() else []


def name_of(path: Path) -> str:
    """A capture's path under the folder, for test reports and the list of exceptions."""
    return str(path.relative_to(HOME))
