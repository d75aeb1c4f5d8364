"""limits.yaml: overrides of the default limits of checks, with the origin of each.

    defaults: {cpu: {warn: 60, source: "VNPT rule of 2021"}}
    roles:    {bts_controller: {channel_load: {fail: 95}}}
    venues:   {hall: {utilisation: {warn: 50}}}
    devices:  {core-1: {cpu: {fail: 90}}}

The most specific scope wins: device, venue, role, default. Values are validated by the check. `source` documents the
origin of a figure and is not a limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.workspace.devices.device import ROLES, Device
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors

Scope = Literal["defaults", "roles", "venues", "devices"]
#: Scopes from the least to the most specific.
SCOPES: tuple[Scope, ...] = ("defaults", "roles", "venues", "devices")


@dataclass(frozen=True)
class LimitOverride:
    """Override of a limit of a check. `of`: role, venue or device, empty for defaults. `origin`: `file:line`."""

    scope: Scope
    of: str
    check: str
    limit: str
    value: Any
    source: str = ""
    origin: str = ""


@dataclass(frozen=True)
class LimitOverrides:
    """Overrides of a workspace, least specific scope first."""

    overrides: tuple[LimitOverride, ...] = ()

    def for_check(self, check: str, device: Device | None) -> dict[str, Any]:
        """Overridden limits of a check at a device, or (None) by default: limit name to the most specific value."""
        return {name: override.value for name, override in self.overrides_for(check, device).items()}

    def overrides_for(self, check: str, device: Device | None) -> dict[str, LimitOverride]:
        """Overrides of a check at a device by limit name, with origin and source."""
        meant = {("defaults", "")}
        if device is not None:
            meant |= {("roles", device.role), ("devices", device.name), *(("venues", v) for v in device.venues)}
        found = (numbered for scope, of in meant for numbered in self._numbered.get((check, scope, of), ()))
        return {override.limit: override for _, override in sorted(found, key=itemgetter(0))}

    @cached_property
    def _numbered(self) -> dict[tuple[str, str, str], list[tuple[int, LimitOverride]]]:
        """Index of the numbered overrides by check, scope and name, for inventories with an override per device."""
        numbered: dict[tuple[str, str, str], list[tuple[int, LimitOverride]]] = {}
        for number, override in enumerate(self.overrides):
            numbered.setdefault((override.check, override.scope, override.of), []).append((number, override))
        return numbered


def load_limits(path: Path, *, venues: Iterable[str], devices: Iterable[str]) -> LimitOverrides:
    """Read limits.yaml; an absent file means no overrides. Raises WorkspaceError."""
    if not path.exists():
        return LimitOverrides()
    document = load_yaml(path, may_be_empty=True)
    known: Mapping[Scope, Set[str]] = {"roles": set(ROLES), "venues": set(venues), "devices": set(devices)}
    problems: list[WorkspaceError] = []
    top = document.mapping()
    problems += [
        document.error(message("workspace:unknown_key", key=key), key, do=suggest(key, SCOPES))
        for key in top
        if key not in SCOPES
    ]
    found: list[LimitOverride] = []
    for scope in SCOPES:
        try:
            found += _scope(document, scope, known.get(scope, set()))
        except WorkspaceError as error:
            problems.append(error)
    raise_errors(problems)
    return LimitOverrides(tuple(found))


def _scope(document: YamlDocument, scope: Scope, known: Set[str]) -> Iterator[LimitOverride]:
    if scope not in document.mapping():
        return
    if scope == "defaults":
        yield from _checks(document, scope, "", (scope,))
        return
    for name in document.mapping(scope):
        if name not in known:
            raise document.error(
                message("workspace:limits.unknown", scope=scope[:-1], name=name), scope, name, do=suggest(name, known)
            )
        yield from _checks(document, scope, name, (scope, name))


def _checks(document: YamlDocument, scope: Scope, of: str, keys: tuple[str, ...]) -> Iterator[LimitOverride]:
    for check, limits in document.mapping(*keys).items():
        if not isinstance(limits, dict):
            raise document.error(message("workspace:limits.mapping", check=check), *keys, check)
        source = limits.get("source", "")
        if not isinstance(source, str):
            raise document.error(message("workspace:limits.source"), *keys, check, "source")
        for limit, value in document.mapping(*keys, check).items():
            if limit != "source":
                yield LimitOverride(scope, of, check, limit, value, source, document.where(*keys, check, limit))
