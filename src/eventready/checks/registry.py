"""All checks there are: every module of this package that registers some is imported here, by discovery."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from eventready.checks.check import CHECKS, Check

#: Modules that judge or serve the judging, and register nothing.
_NO_CHECKS = frozenset(
    {
        "__init__",
        "answer",
        "check",
        "diff",
        "finding",
        "limits",
        "matrix",
        "ports",
        "registry",
        "runner",
        "texts",
        "verdict",
        "waivers",
    }
)


@cache
def _load() -> None:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in _NO_CHECKS:
            import_module(f"{__package__}.{path.stem}")


def all_checks() -> tuple[Check, ...]:
    """Every registered check, by name."""
    _load()
    return tuple(CHECKS[name] for name in sorted(CHECKS))
