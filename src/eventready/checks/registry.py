"""All checks there are: the modules of this package are imported, and those that hold checks register them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from eventready.checks.check import CHECKS, Check


@cache
def _load() -> None:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{__package__}.{path.stem}")


def all_checks() -> tuple[Check, ...]:
    """Every registered check, by name."""
    _load()
    return tuple(CHECKS[name] for name in sorted(CHECKS))
