"""Names of checks in waivers and duties, checked against the registry."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.evaluation.runner import UNCHECKED
from eventready.workspace.files.yaml_document import combine_errors
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.waivers import Waiver


def require_known(waivers: Iterable[Waiver], duties: Iterable[Duty] = ()) -> None:
    """Raise WorkspaceError with place and suggestion for a waiver or duty without a matching check."""
    names = [UNCHECKED, *(check.name for check in all_checks())]
    problems = [
        WorkspaceError(
            message("checks:unknown", check=pattern),
            where=f"inventory/duties.yaml (duty {duty.id})",
            do=suggest(pattern, names, noun="Checks"),
        )
        for duty in duties
        for pattern in duty.proof.checks
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
    problems += [
        WorkspaceError(
            message("checks:unknown", check=waiver.check),
            where=waiver.origin,
            do=suggest(waiver.check, names, noun="Checks"),
        )
        for waiver in waivers
        if not any(fnmatchcase(name, waiver.check) for name in names)
    ]
    if problems:
        raise combine_errors(problems)
