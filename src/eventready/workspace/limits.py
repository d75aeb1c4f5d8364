"""limits.yaml: where the engineer wants other limits than a check's own, with the place of each.

    defaults: {cpu: {warn: 60, source: "VNPT rule of 2021"}}
    roles:    {bts_controller: {channel_load: {fail: 95}}}
    venues:   {hoi-nghi: {utilisation: {warn: 50}}}
    devices:  {core-1: {cpu: {fail: 90}}}

The nearer word wins: default, role, venue, device. What a limit may be is the check's own affair and is validated
there; here a value is any YAML value. `source` is not a limit: it says where the figure comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from eventready.errors import WorkspaceError
from eventready.workspace.complaints import suggest
from eventready.workspace.device import ROLES, Device
from eventready.workspace.yaml import Document, load_yaml, several

Scope = Literal["defaults", "roles", "venues", "devices"]
#: From the farthest to the nearest: a later one wins.
SCOPES: tuple[Scope, ...] = ("defaults", "roles", "venues", "devices")

_SHAPE = "Write `check: {limit: value}`."


@dataclass(frozen=True)
class Override:
    """One limit of one check for one role, venue or device (`of` is empty for defaults); `origin` is `file:line`."""

    scope: Scope
    of: str
    check: str
    limit: str
    value: Any
    source: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Limits:
    """All overrides of a workspace, farthest scope first."""

    overrides: tuple[Override, ...] = ()

    def for_check(self, check: str, device: Device) -> dict[str, Any]:
        """The overridden limits of a check at a device: limit name to value, the nearest word for each."""
        return {name: override.value for name, override in self.overrides_for(check, device).items()}

    def overrides_for(self, check: str, device: Device) -> dict[str, Override]:
        """As `for_check`, with the place and source of each."""
        meant = {
            ("defaults", ""),
            ("roles", device.role),
            ("devices", device.name),
            *(("venues", v) for v in device.venues),
        }
        found = (numbered for scope, of in meant for numbered in self._numbered.get((check, scope, of), ()))
        return {override.limit: override for _, override in sorted(found, key=itemgetter(0))}

    @cached_property
    def _numbered(self) -> dict[tuple[str, str, str], list[tuple[int, Override]]]:
        """By check and for whom: a country has an override for every device, and each device asks for its own."""
        numbered: dict[tuple[str, str, str], list[tuple[int, Override]]] = {}
        for number, override in enumerate(self.overrides):
            numbered.setdefault((override.check, override.scope, override.of), []).append((number, override))
        return numbered


def load_limits(path: Path, *, venues: Iterable[str], devices: Iterable[str]) -> Limits:
    """Read limits.yaml; without the file there are no overrides. Raises WorkspaceError."""
    if not path.exists():
        return Limits()
    document = load_yaml(path, may_be_empty=True)
    known: Mapping[Scope, Set[str]] = {"roles": set(ROLES), "venues": set(venues), "devices": set(devices)}
    problems: list[WorkspaceError] = []
    top = document.mapping()
    problems += [
        document.error(f"unknown key {key!r}", key, do=suggest(key, SCOPES)) for key in top if key not in SCOPES
    ]
    found: list[Override] = []
    for scope in SCOPES:
        try:
            found += _scope(document, scope, known.get(scope, set()))
        except WorkspaceError as error:
            problems.append(error)
    if problems:
        raise several(problems)
    return Limits(tuple(found))


def _scope(document: Document, scope: Scope, known: Set[str]) -> Iterator[Override]:
    if scope not in document.mapping():
        return
    if scope == "defaults":
        yield from _checks(document, scope, "", (scope,))
        return
    for name in document.mapping(scope):
        if name not in known:
            raise document.error(f"unknown {scope[:-1]} {name!r}", scope, name, do=suggest(name, known))
        yield from _checks(document, scope, name, (scope, name))


def _checks(document: Document, scope: Scope, of: str, keys: tuple[str, ...]) -> Iterator[Override]:
    for check, limits in document.mapping(*keys).items():
        if not isinstance(limits, dict):
            raise document.error(f"the limits of {check!r} must be a mapping", *keys, check, do=_SHAPE)
        source = limits.get("source", "")
        if not isinstance(source, str):
            raise document.error("'source' must be text", *keys, check, "source", do="Put it in quotes.")
        for limit, value in document.mapping(*keys, check).items():
            if limit != "source":
                yield Override(scope, of, check, limit, value, source, document.where(*keys, check, limit))
