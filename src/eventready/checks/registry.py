"""Registry of all checks, filled by importing the modules of this package, and those of other packages.

Another package names its module of checks as an entry point of the group `eventready.checks`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from eventready.checks.check import CHECKS, Check

CHECK_GROUP = "eventready.checks"


@cache
def _load() -> None:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{__package__}.{path.stem}")
    for point in entry_points(group=CHECK_GROUP):
        point.load()


def all_checks() -> tuple[Check, ...]:
    """Every registered check, by name."""
    _load()
    return tuple(CHECKS[name] for name in sorted(CHECKS))
