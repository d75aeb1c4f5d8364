"""What a waiver may name: the checks, and a device that nothing is asked of."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from eventready.checks.registry import all_checks
from eventready.checks.runner import UNCHECKED
from eventready.errors import WorkspaceError
from eventready.workspace.complaints import suggest
from eventready.workspace.waivers import Waiver
from eventready.workspace.yaml import several


def require_known(waivers: Iterable[Waiver]) -> None:
    """Raises WorkspaceError, with file, line and a suggestion, for a waiver that no finding can ever fit."""
    names = [UNCHECKED, *(check.name for check in all_checks())]
    problems = [
        WorkspaceError(
            f"there is no check {waiver.check!r}", where=waiver.origin, do=suggest(waiver.check, names, noun="Checks")
        )
        for waiver in waivers
        if not any(fnmatchcase(name, waiver.check) for name in names)
    ]
    if problems:
        raise several(problems)
