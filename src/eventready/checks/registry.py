"""Registry of all checks, filled by importing the modules of the domains, and those of other packages.

Another package names its module of checks as an entry point of the group `eventready.checks`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from eventready.checks.check import CHECKS, Check, Kind
from eventready.facts.catalogue import CATALOGUE

CHECK_GROUP = "eventready.checks"


@cache
def _load() -> None:
    folder = Path(__file__).parent
    for path in sorted(folder.glob("*/[!_]*.py")):
        import_module(f"{__package__}.{path.parent.name}.{path.stem}")
    for point in entry_points(group=CHECK_GROUP):
        point.load()


@cache
def network_checks() -> frozenset[str]:
    """Names of the checks of the whole network."""
    return frozenset(check.name for check in all_checks() if check.scope == "network")


@cache
def audit_checks() -> frozenset[str]:
    """Names of the checks of audits alone: of the whole network without a lost service, and of changes.

    A watch takes their findings from the last audit.
    """
    return frozenset(
        check.name for check in all_checks()
        if (check.scope == "network" and check.kind == "care")
        or any(CATALOGUE[need].of_changes for need in check.needs)
    )  # fmt: skip


def kind_of(check: str) -> Kind:
    """Kind of a check; `care` for the other names of findings, those of the run itself."""
    _load()
    return CHECKS[check].kind if check in CHECKS else "care"


def all_checks() -> tuple[Check, ...]:
    """Every registered check, by name."""
    _load()
    return tuple(CHECKS[name] for name in sorted(CHECKS))
