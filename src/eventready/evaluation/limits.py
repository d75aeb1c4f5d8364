"""Limits of a check at a device: defaults of the check, then overrides of limits.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import ValidationError

from eventready.checks.check import Check, Limits
from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import describe_error, suggest
from eventready.workspace.devices.device import Device
from eventready.workspace.files.yaml_document import combine_errors
from eventready.workspace.settings.limits import LimitOverride
from eventready.workspace.settings.limits import LimitOverrides as Overrides


class ResolvedLimits:
    """Valid limits for every check at every device, an object per distinct set of values."""

    def __init__(self, overrides: Overrides | None = None) -> None:
        self._overrides = overrides = overrides or Overrides()
        self._touched = frozenset(override.check for override in overrides.overrides)
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], Limits] = {}

    def of(self, check: Check, device: Device | None = None) -> Limits:
        """The limits of a check at a device, or (None) everywhere. Raises pydantic's ValidationError."""
        if check.name not in self._touched:
            return check.limits
        changed = self._overrides.for_check(check.name, device)
        key = (check.name, tuple(sorted((name, repr(value)) for name, value in changed.items())))
        if key not in self._known:
            self._known[key] = _with(check, changed)
        return self._known[key]

    def blocks(self, check: Check, device: Device | None = None) -> bool:
        """True where `limits.yaml` makes a failure of a check of kind `care` count as quality."""
        return self.of(check, device).blocks


def _with(check: Check, changed: Mapping[str, object]) -> Limits:
    return type(check.limits).model_validate({**check.limits.model_dump(), **changed})


def resolve_limits(overrides: Overrides, devices: Sequence[Device]) -> ResolvedLimits:
    """Validate every override, alone and in combination at each device.

    Raises WorkspaceError, with file, line and a suggestion, for an unknown check or limit, a value that a limit cannot
    have, and a warning that lies beyond its failure.
    """
    checks = {check.name: check for check in all_checks()}
    problems = [problem for override in overrides.overrides for problem in _alone(override, checks)]
    if problems:
        raise combine_errors(problems)
    resolved = ResolvedLimits(overrides)
    together = {str(problem): problem for problem in _together(resolved, overrides, checks.values(), devices)}
    if together:
        raise combine_errors(together.values())
    return resolved


def _alone(override: LimitOverride, checks: Mapping[str, Check]) -> Iterator[WorkspaceError]:
    check = checks.get(override.check)
    if check is None:
        do = suggest(override.check, checks, noun="Checks")
        yield WorkspaceError(message("checks:unknown", check=override.check), where=override.origin, do=do)
        return
    known = type(check.limits).model_fields
    if override.limit not in known:
        unknown = message("checks:limit.unknown", check=check.name, limit=override.limit)
        yield WorkspaceError(unknown, where=override.origin, do=suggest(override.limit, known))
        return
    try:
        _with(check, {override.limit: override.value})
    except ValidationError as error:
        for detail in error.errors():
            if detail["loc"]:  # what speaks of the limits as a whole is judged when all overrides are known
                what, do = describe_error(detail, type(check.limits))
                yield WorkspaceError(
                    message("checks:limit.of_check", check=check.name, what=what), where=override.origin, do=do
                )


def _together(
    resolved: ResolvedLimits, overrides: Overrides, checks: Iterable[Check], devices: Sequence[Device]
) -> Iterator[WorkspaceError]:
    touched = {override.check for override in overrides.overrides}
    for check in checks:
        if check.name not in touched:
            continue
        for device in devices:
            try:
                resolved.of(check, device)
            except ValidationError as error:
                nearest = list(overrides.overrides_for(check.name, device).values())[-1]
                what, do = describe_error(error.errors()[0], type(check.limits))
                yield WorkspaceError(
                    message("checks:limit.at_device", check=check.name, device=device.name, what=what),
                    where=nearest.origin,
                    do=do or message("checks:limit.change"),
                )
