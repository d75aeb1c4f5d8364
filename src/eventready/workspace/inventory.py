"""Inventory: hosts.yaml, groups.yaml and defaults.yaml, validated by line and resolved by Nornir's classes.

The files are a Nornir SimpleInventory with own keys under `data`. Inheritance is Nornir's (host, groups from left to
right with their parents, defaults); `expect` and `intents` are merged key by key in that order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypedDict, TypeVar, cast

from nornir.core.inventory import ConnectionOptions, Group, Groups, Host, Hosts, Inventory, ParentGroups
from nornir.core.inventory import Defaults as NornirDefaults
from pydantic import BaseModel, ValidationError

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import Suggestions, suggest
from eventready.workspace.devices.access import Access
from eventready.workspace.devices.device import ROLES, Device
from eventready.workspace.devices.expect import Expect, ExpectedLink
from eventready.workspace.devices.intents import KNOWN_INTENTS, Intents, intent_names, merge_intents
from eventready.workspace.files.yaml_document import YamlDocument, load_optional, load_yaml, raise_errors
from eventready.workspace.inventory_schema import Defaults, Element
from eventready.workspace.keys.secrets import plain_secrets
from eventready.workspace.settings.event import Event, unknown_venue

_End = tuple[str, str]


def mirror_cables(devices: Sequence[Device]) -> tuple[tuple[Device, ...], list[WorkspaceError]]:
    """Add every cable at its other end. Return the devices, and errors for wrong ends and ports with two cables."""
    by_name = {device.name: device for device in devices}
    remedy = Suggestions(by_name)
    problems: list[WorkspaceError] = []
    far_end: dict[_End, tuple[_End, str]] = {}
    added: dict[str, list[ExpectedLink]] = {}
    for device, link in _links(devices):
        other = by_name.get(link.device)
        if other is None:
            do = remedy.of(link.device)
            what = message("workspace:cable.unknown", device=device.name, other=link.device)
            problems.append(WorkspaceError(what, where=device.origin, do=do))
            continue
        if other is device:
            what = message("workspace:cable.self", device=device.name, port=link.port)
            problems.append(WorkspaceError(what, where=device.origin, do=message("workspace:cable.self.do")))
            continue
        here, there = (device.name, link.port), (link.device, link.to_port)
        for end, opposite in ((here, there), (there, here)):
            known = far_end.setdefault(end, (opposite, device.origin))
            if known[0] != opposite:
                one = {"port": end[1], "device": end[0], "one_port": opposite[1], "one": opposite[0]}
                other_end = {"other_port": known[0][1], "other": known[0][0], "place": known[1]}
                problems.append(WorkspaceError(message("workspace:cable.two", **one, **other_end), where=device.origin))
        if not any(back.port == link.to_port and back.device == device.name for back in other.expect.links):
            added.setdefault(other.name, []).append(
                ExpectedLink(port=link.to_port, device=device.name, to_port=link.port)
            )
    return tuple(_with_links(device, added.get(device.name, [])) for device in devices), problems


def _links(devices: Sequence[Device]) -> Iterator[tuple[Device, ExpectedLink]]:
    return ((device, link) for device in devices for link in device.expect.links)


def _with_links(device: Device, added: list[ExpectedLink]) -> Device:
    if not added:
        return device
    links = (*device.expect.links, *added)
    return replace(device, expect=device.expect.model_copy(update={"links": links}))


E = TypeVar("E", Host, Group)
M = TypeVar("M", bound=BaseModel)


class WrittenConnection(TypedDict, total=False):
    """Entry of `connection_options` as written."""

    hostname: str | None
    port: int | None
    username: str | None
    password: str | None
    platform: str | None
    extras: dict[str, Any] | None


class WrittenElement(WrittenConnection, total=False):
    """Host, group or defaults as written."""

    groups: list[str] | None
    data: dict[str, Any] | None
    connection_options: dict[str, WrittenConnection | None] | None


#: Hosts or groups by name, as written.
WrittenElements: TypeAlias = Mapping[str, WrittenElement | None]


@dataclass(frozen=True)
class InventoryFiles:
    """Data of the three files, each validated by itself."""

    hosts: WrittenElements = field(default_factory=dict)
    groups: WrittenElements = field(default_factory=dict)
    defaults: WrittenElement = field(default_factory=WrittenElement)

    @property
    def groups_of(self) -> dict[str, tuple[str, ...]]:
        """Groups named by each host itself."""
        return {name: tuple((raw or {}).get("groups") or ()) for name, raw in self.hosts.items()}

    def inventory(self) -> Inventory:
        """New Nornir inventory, as loaded by the SimpleInventory plugin."""
        defaults = NornirDefaults(**_attributes(self.defaults))
        groups = Groups({name: _element(Group, name, raw or {}, defaults) for name, raw in self.groups.items()})
        hosts = Hosts({name: _element(Host, name, raw or {}, defaults) for name, raw in self.hosts.items()})
        for name, raw in self.groups.items():
            groups[name].groups = _parents(raw, groups)
        for name, raw in self.hosts.items():
            hosts[name].groups = _parents(raw, groups)
        return Inventory(hosts=hosts, groups=groups, defaults=defaults)


def _attributes(raw: WrittenElement) -> dict[str, Any]:
    options = {
        name: ConnectionOptions(**_values(entry or {}), extras=(entry or {}).get("extras"))
        for name, entry in (raw.get("connection_options") or {}).items()
    }
    return {**_values(raw), "data": dict(raw.get("data") or {}), "connection_options": options}


def _values(written: WrittenConnection) -> dict[str, Any]:
    return {key: written.get(key) for key in ("hostname", "port", "username", "password", "platform")}


def _element(kind: type[E], name: str, raw: WrittenElement, defaults: NornirDefaults) -> E:
    return kind(name=name, defaults=defaults, **_attributes(raw))


def _parents(raw: WrittenElement | None, groups: Groups) -> ParentGroups:
    return ParentGroups([groups[name] for name in (raw or {}).get("groups") or ()])


#: Devices of a workspace.
MAX_DEVICES = 20_000
#: Excludes the operators and globs of `-l`, and `/`.
NAME_PATTERN = re.compile(r"[^\W_]([\w.:-]| (?! ))*(?<! )")


def load_inventory(folder: Path, event: Event) -> tuple[InventoryFiles, tuple[Device, ...]]:
    """Read the inventory of a workspace. Raises WorkspaceError with every invalid line."""
    hosts = load_yaml(folder / "hosts.yaml", may_be_empty=True)
    if len(hosts.mapping()) > MAX_DEVICES:
        raise hosts.error(message("workspace:device.too_many", count=len(hosts.mapping()), limit=MAX_DEVICES))
    groups = load_optional(folder / "groups.yaml")
    defaults = load_optional(folder / "defaults.yaml")
    files = InventoryFiles(hosts.mapping(), groups.mapping(), cast("WrittenElement", defaults.mapping()))
    intents = intent_names(folder.parent / "templates")
    problems = [
        *_name_problems(hosts, files),
        *_entry_problems(defaults, (), Defaults, event, intents),
        *(p for name in files.groups for p in _entry_problems(groups, (name,), Element, event, intents)),
        *(p for name in files.hosts for p in _entry_problems(hosts, (name,), Element, event, intents)),
    ]
    raise_errors(problems)
    problems = [*_group_problems(groups, files), *_group_problems(hosts, files)]
    raise_errors(problems)
    return files, _devices(files, hosts.origins(), event.intents)


def _name_problems(hosts: YamlDocument, files: InventoryFiles) -> Iterator[WorkspaceError]:
    """Errors for names ambiguous in `-l` or unsafe as folder names."""
    for name in files.hosts:
        if not NAME_PATTERN.fullmatch(name):
            yield hosts.error(message("workspace:device.name", name=name), name)


def _entry_problems(
    document: YamlDocument, keys: tuple[str, ...], model: type[BaseModel], event: Event, intents: Collection[str]
) -> Iterator[WorkspaceError]:
    """Yield the validation errors of a host, a group or the defaults."""
    try:
        raw = document.mapping(*keys)
        entry = model.model_validate(raw, context={KNOWN_INTENTS: intents})
    except WorkspaceError as error:
        yield error
        return
    except ValidationError as error:
        yield from document.errors_of(error, model, *keys)
        return
    if not event.lab:
        for place in plain_secrets(raw):
            yield document.error(message("workspace:plain_secret_at", key=str(place[-1])), *keys, *place)
    if isinstance(entry, Defaults) and entry.data:
        for venue, place in _venues(entry.data.venues or (), entry.data.expect or Expect()):
            if venue not in event.venue_ids:
                what, do = unknown_venue(venue, event)
                yield document.error(what, *keys, "data", *place, do=do)


def _venues(served: tuple[str, ...], expect: Expect) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Every venue named, with its location."""
    yield from ((venue, ("venues", index)) for index, venue in enumerate(served))
    for name in ("sites", "cells", "access_points"):
        for index, item in enumerate(getattr(expect, name)):
            if item.venue is not None:
                yield item.venue, ("expect", name, index, "venue")


def _group_problems(document: YamlDocument, files: InventoryFiles) -> Iterator[WorkspaceError]:
    """Yield errors for undefined groups and for groups with cyclic inheritance."""
    for name, raw in document.mapping().items():
        for index, parent in enumerate((raw or {}).get("groups") or ()):
            place = (name, "groups", index)
            if parent not in files.groups:
                do = suggest(parent, files.groups, noun="Defined")
                yield document.error(message("workspace:group.undefined", group=str(parent)), *place, do=do)
            elif document.data is files.groups and _is_ancestor(name, parent, files.groups):
                yield document.error(message("workspace:group.cycle", name=name), *place)


def _is_ancestor(name: str, of: str, groups: WrittenElements) -> bool:
    """True when `name` is `of` or an ancestor of `of`."""
    pending, seen = [of], set()
    while pending:
        current = pending.pop()
        if current == name:
            return True
        if current not in seen:
            seen.add(current)
            pending += (groups.get(current) or {}).get("groups") or ()
    return False


def _devices(files: InventoryFiles, origins: Mapping[str, str], values: Intents) -> tuple[Device, ...]:
    devices, problems = [], []
    for host in files.inventory().hosts.values():
        try:
            device = device_of(host, origins.get(host.name, ""), values)
        except WorkspaceError as error:
            problems.append(error)
            continue
        devices.append(device)
        problems += _device_problems(device)
    cabled, cable_problems = mirror_cables(devices)
    problems += cable_problems
    raise_errors(problems)
    return cabled


def _device_problems(device: Device) -> Iterator[WorkspaceError]:
    """Yield errors for contradictory expectations of a device."""
    expect = device.expect
    for kind in ("sites", "cells", "access_points"):
        names = [item.name for item in getattr(expect, kind)]
        for name in sorted({name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()):
            yield WorkspaceError(
                message("workspace:device.expects_twice", device=device.name, name=name, kind=kind), where=device.origin
            )
    subjects = [answer.subject for answer in expect.answers]
    for subject in sorted({subject for subject in subjects if subjects.count(subject) > 1}):
        what = message("workspace:answer.twice", subject=subject, name=device.name)
        yield WorkspaceError(what, where=device.origin)
    sites = {site.name for site in expect.sites}
    for cell in expect.cells:
        if sites and cell.site is not None and cell.site not in sites:
            what = message("workspace:device.cell_site", device=device.name, cell=cell.name, site=cell.site)
            yield WorkspaceError(what, where=device.origin, do=suggest(cell.site, sites))
    for venue, place in _venues((), expect):
        if venue not in device.venues:
            what = message("workspace:device.venue_not_served", device=device.name, what=str(place[1]), venue=venue)
            yield WorkspaceError(what, where=device.origin)
            return


def device_of(host: Host, origin: str = "", values: Intents | None = None) -> Device:
    """Device from a host of any Nornir inventory. `values`: template values of the event, by intent.

    Raises WorkspaceError for missing or invalid data.
    """
    data = host.extended_data()
    role, platform = data.get("role"), host.platform
    if role is None:
        raise WorkspaceError(message("workspace:device.no_role", device=host.name, roles=ROLES), where=origin)
    if role not in ROLES:
        raise WorkspaceError(
            message("workspace:device.role", device=host.name, role=str(role)),
            where=origin,
            do=suggest(str(role), ROLES),
        )
    if not platform:
        raise WorkspaceError(message("workspace:device.no_platform", device=host.name), where=origin)
    if not host.hostname:
        raise WorkspaceError(message("workspace:device.no_address", device=host.name), where=origin)
    return Device(
        name=host.name,
        role=role,
        platform=platform,
        hostname=host.hostname,
        port=host.port,
        venues=tuple(data.get("venues") or ()),
        services=tuple(data.get("services") or ()),
        endpoint=data.get("endpoint") or (f"{host.hostname}:{host.port}" if host.port else host.hostname),
        expect=_merged(host, "expect", Expect, origin),
        allow_cleartext=bool(data.get("allow_cleartext", False)),
        access=_merged(host, "access", Access, origin),
        element=data.get("element") or "",
        origin=origin,
        intents=merge_intents(values or {}, _layers(host, "intents")),
        pair=data.get("pair") or "",
        reach=data.get("reach") or "",
    )


def connection_data(host: Host) -> dict[str, Any]:
    """Return the extras of our Nornir connection named by the data of a host of any Nornir inventory."""
    data = host.extended_data()
    found = {key: data[key] for key in ("endpoint", "element", "allow_cleartext") if data.get(key)}
    return {**found, "access": _merged(host, "access", Access, "")}


def _layers(host: Host, part: str) -> list[dict[str, Any]]:
    """Part of `data` of defaults, groups and host, most specific last."""
    layers = (host.defaults.data, *(group.data for group in reversed(host.extended_groups())), host.data)
    return [layer.get(part) or {} for layer in layers]


def written(host: Host, part: str, key: str) -> Any:
    """Value of `part.key` as written for a host: its own, else of its groups, else the default; None for none."""
    values = (layer.get(key) for layer in reversed(_layers(host, part)))
    return next((value for value in values if value is not None), None)


@cache
def _empty(model: type[M]) -> M:
    """Empty part, shared by devices; models are frozen."""
    return model()


def _merged(host: Host, key: str, model: type[M], origin: str) -> M:
    """Part `key` of the defaults, the groups and the host, merged key by key."""
    found = {name: value for layer in _layers(host, key) for name, value in layer.items()}
    return YamlDocument(Path(origin or host.name), found).validate(model) if found else _empty(model)
