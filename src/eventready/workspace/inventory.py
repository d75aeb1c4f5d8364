"""hosts.yaml, groups.yaml, defaults.yaml: read fast, checked by line, resolved by Nornir's own classes.

The files are an ordinary Nornir SimpleInventory, with what we need to know under `data`. Inheritance is Nornir's (host,
its groups from left to right with their parents, defaults); only `expect` and `intents` are merged key by key in that
order, so that a group can hold what its members share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from nornir.core.inventory import ConnectionOptions, Group, Groups, Host, Hosts, Inventory, ParentGroups
from nornir.core.inventory import Defaults as NornirDefaults
from pydantic import BaseModel, ValidationError

from eventready.errors import WorkspaceError
from eventready.workspace.cables import both_ends
from eventready.workspace.complaints import suggest
from eventready.workspace.device import ROLES, Device
from eventready.workspace.entries import Defaults, Element
from eventready.workspace.event import Event, unknown_venue
from eventready.workspace.expect import Expect
from eventready.workspace.intents import merged
from eventready.workspace.secrets import plain_secrets
from eventready.workspace.yaml import Document, load_yaml, several

E = TypeVar("E", Host, Group)

_ATTRIBUTES = ("hostname", "port", "username", "password", "platform")


@dataclass(frozen=True)
class Files:
    """The three files as plain data, valid on their own; a fresh Nornir inventory can be made of them at any time."""

    hosts: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def inventory(self) -> Inventory:
        """Nornir's inventory, as its SimpleInventory plugin would load it."""
        defaults = NornirDefaults(**_attributes(self.defaults))
        groups = Groups({name: _element(Group, name, raw or {}, defaults) for name, raw in self.groups.items()})
        hosts = Hosts({name: _element(Host, name, raw or {}, defaults) for name, raw in self.hosts.items()})
        for name, raw in self.groups.items():
            groups[name].groups = _parents(raw, groups)
        for name, raw in self.hosts.items():
            hosts[name].groups = _parents(raw, groups)
        return Inventory(hosts=hosts, groups=groups, defaults=defaults)


def _attributes(raw: Mapping[str, Any]) -> dict[str, Any]:
    options = {
        name: ConnectionOptions(**{key: (entry or {}).get(key) for key in (*_ATTRIBUTES, "extras")})
        for name, entry in (raw.get("connection_options") or {}).items()
    }
    plain = {key: raw.get(key) for key in _ATTRIBUTES}
    return {**plain, "data": dict(raw.get("data") or {}), "connection_options": options}


def _element(kind: type[E], name: str, raw: Mapping[str, Any], defaults: NornirDefaults) -> E:
    return kind(name=name, defaults=defaults, **_attributes(raw))


def _parents(raw: Mapping[str, Any] | None, groups: Groups) -> ParentGroups:
    return ParentGroups([groups[name] for name in (raw or {}).get("groups") or ()])


#: No comma, equals sign, `!` or glob of `-l`, no `/`.
_NAME = re.compile(r"[^\W_]([\w.:-]| (?! ))*(?<! )")


def load_inventory(folder: Path, event: Event) -> tuple[Files, tuple[Device, ...]]:
    """Read the inventory of a workspace. Raises WorkspaceError that names every line which does not hold."""
    hosts = load_yaml(folder / "hosts.yaml", may_be_empty=True)
    groups = _optional(folder / "groups.yaml")
    defaults = _optional(folder / "defaults.yaml")
    files = Files(hosts.mapping(), groups.mapping(), defaults.mapping())
    problems = [
        *_name_problems(hosts, files),
        *_entry_problems(defaults, (), Defaults, event),
        *(p for name in files.groups for p in _entry_problems(groups, (name,), Element, event)),
        *(p for name in files.hosts for p in _entry_problems(hosts, (name,), Element, event)),
    ]
    if problems:
        raise several(problems)
    problems = [*_group_problems(groups, files), *_group_problems(hosts, files)]
    if problems:
        raise several(problems)
    return files, _devices(files, hosts.origins(), event.intents)


def _name_problems(hosts: Document, files: Files) -> Iterator[WorkspaceError]:
    """Names that `-l` could not tell, or that would lead out of a folder that is called by them."""
    for name in files.hosts:
        if not _NAME.fullmatch(name):
            yield hosts.error(
                f"a device cannot have the name {name!r}",
                name,
                do="Use letters, digits, `-`, `_`, `.`, `:` and single spaces, and begin with a letter or digit.",
            )


def _optional(path: Path) -> Document:
    return load_yaml(path, may_be_empty=True) if path.exists() else Document(path, {})


def _entry_problems(
    document: Document, keys: tuple[str, ...], model: type[BaseModel], event: Event
) -> Iterator[WorkspaceError]:
    """What is wrong with one host, group or the defaults, looked at alone."""
    try:
        raw = document.mapping(*keys)
        entry = model.model_validate(raw)
    except WorkspaceError as error:
        yield error
        return
    except ValidationError as error:
        yield from document.complaints(error, model, *keys)
        return
    if not event.lab:
        for place in plain_secrets(raw):
            yield document.error(
                f"a secret stands here in plain ({place[-1]})",
                *keys,
                *place,
                do="Write where it lies instead: env:NAME, keyring:service/user or vault:key.",
            )
    if isinstance(entry, Defaults) and entry.data:
        for venue, place in _venues(entry.data.venues or (), entry.data.expect or Expect()):
            if venue not in event.venue_ids:
                what, do = unknown_venue(venue, event)
                yield document.error(what, *keys, "data", *place, do=do)


def _venues(served: tuple[str, ...], expect: Expect) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Every venue that is named, and where."""
    yield from ((venue, ("venues", index)) for index, venue in enumerate(served))
    for name in ("sites", "cells", "access_points"):
        for index, item in enumerate(getattr(expect, name)):
            if item.venue is not None:
                yield item.venue, ("expect", name, index, "venue")


def _group_problems(document: Document, files: Files) -> Iterator[WorkspaceError]:
    """Groups that nobody defined, and groups that are their own ancestors."""
    for name, raw in document.mapping().items():
        for index, parent in enumerate((raw or {}).get("groups") or ()):
            place = (name, "groups", index)
            if parent not in files.groups:
                do = suggest(parent, files.groups, noun="Defined")
                yield document.error(f"the group {parent!r} is not defined", *place, do=do)
            elif document.data is files.groups and _is_ancestor(name, parent, files.groups):
                yield document.error(f"the group {name!r} inherits from itself", *place, do="Remove one of the groups.")


def _is_ancestor(name: str, of: str, groups: Mapping[str, Any]) -> bool:
    """True when `name` is `of`, or stands somewhere above it."""
    pending, seen = [of], set()
    while pending:
        current = pending.pop()
        if current == name:
            return True
        if current not in seen:
            seen.add(current)
            pending += (groups.get(current) or {}).get("groups") or ()
    return False


def _devices(files: Files, origins: Mapping[str, str], values: Mapping[Any, Any]) -> tuple[Device, ...]:
    devices, problems = [], []
    for host in files.inventory().hosts.values():
        try:
            device = device_of(host, origins.get(host.name, ""), values)
        except WorkspaceError as error:
            problems.append(error)
            continue
        devices.append(device)
        problems += _device_problems(device)
    cabled, loose = both_ends(devices)
    problems += loose
    if problems:
        raise several(problems)
    return cabled


def _device_problems(device: Device) -> Iterator[WorkspaceError]:
    """What contradicts itself in one device's expectations."""
    expect = device.expect
    for kind in ("sites", "cells", "access_points"):
        names = [item.name for item in getattr(expect, kind)]
        for name in sorted({name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()):
            yield WorkspaceError(
                f"{device.name} expects {name!r} twice among its {kind}", where=device.origin, do="Remove one."
            )
    sites = {site.name for site in expect.sites}
    for cell in expect.cells:
        if sites and cell.site is not None and cell.site not in sites:
            what = f"{device.name} expects the cell {cell.name!r} at {cell.site!r}, which is not among its sites"
            yield WorkspaceError(what, where=device.origin, do=suggest(cell.site, sites))
    for venue, place in _venues((), expect):
        if venue not in device.venues:
            what = f"{device.name} expects {place[1]} at {venue!r} and does not serve that venue"
            yield WorkspaceError(what, where=device.origin, do=f"Add {venue} to its `venues`.")
            return


def device_of(host: Host, origin: str = "", values: Mapping[Any, Any] | None = None) -> Device:
    """A Nornir host as a Device, from any Nornir inventory. `values` are the event's, by intent.

    Raises WorkspaceError for what is missing or wrong.
    """
    data = host.extended_data()
    role, platform = data.get("role"), host.platform
    if role is None:
        raise WorkspaceError(
            f"{host.name} has no role", where=origin, do=f"Add `role` under `data`: {', '.join(ROLES)}."
        )
    if role not in ROLES:
        raise WorkspaceError(f"{host.name} has the unknown role {role!r}", where=origin, do=suggest(str(role), ROLES))
    if not platform:
        raise WorkspaceError(f"{host.name} has no platform", where=origin, do="Add `platform` to it or to a group.")
    if not host.hostname:
        raise WorkspaceError(f"{host.name} has no address", where=origin, do="Add `hostname` to it or to a group.")
    return Device(
        name=host.name,
        role=role,
        platform=platform,
        hostname=host.hostname,
        port=host.port,
        venues=tuple(data.get("venues") or ()),
        services=tuple(data.get("services") or ()),
        endpoint=data.get("endpoint") or (f"{host.hostname}:{host.port}" if host.port else host.hostname),
        expect=_expectations(host, origin),
        allow_cleartext=bool(data.get("allow_cleartext", False)),
        element=data.get("element") or "",
        origin=origin,
        intents=merged(values or {}, (layer.get("intents") or {} for layer in _layers(host))),
        pair=data.get("pair") or "",
    )


def _layers(host: Host) -> tuple[Mapping[str, Any], ...]:
    """`data` of the defaults, the groups and the host, the most special last."""
    return (host.defaults.data, *(group.data for group in reversed(host.extended_groups())), host.data)


def _expectations(host: Host, origin: str) -> Expect:
    """`expect` of the host over that of its groups over the defaults', key by key."""
    found: dict[str, Any] = {}
    for layer in _layers(host):
        found.update(layer.get("expect") or {})
    if not found:
        return Expect()
    try:
        return Expect.model_validate(found)
    except ValidationError as error:
        raise several(Document(Path(origin or host.name), found).complaints(error, Expect)) from None
