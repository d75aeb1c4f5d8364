"""Expectations to add and to remove, as entries of hosts.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nornir.core.inventory import Host

from eventready.workspace.devices.expect import Expect
from eventready.workspace.importing.entries import Entry
from eventready.workspace.inventory import InventoryFiles, written

#: Kind that is a key of the device itself.
VENUES = "venues"


@dataclass(frozen=True)
class ExpectationChange:
    """Value to add to, or to remove from, a kind of expectation of a device, as plain YAML."""

    device: str
    kind: str
    value: Any
    remove: bool = False


def expectation_entries(files: InventoryFiles, changes: Sequence[ExpectationChange]) -> list[Entry]:
    """Entries with the changed keys of each device, for `merge`; items of groups are kept in the host's own key.

    A part at a venue that the device does not serve yet adds the venue to the device.
    """
    hosts = files.inventory().hosts
    entries: dict[str, dict[str, Any]] = {}
    for change in changes:
        for name in _owners(change, hosts):
            data = entries.setdefault(name, {})
            _change(data, hosts[name], change)
    return [Entry(name, {"data": data}) for name, data in entries.items()]


def _owners(change: ExpectationChange, hosts: Mapping[str, Host]) -> Iterator[str]:
    """Devices to write at: a cable to remove may be written at either end, or at both."""
    if not (change.remove and change.kind == "links"):
        yield change.device
        return
    for name in dict.fromkeys((change.device, change.value["device"])):
        if name in hosts and any(_same(name, "links", item, change) for item in _items(hosts[name], "links")):
            yield name


def _items(host: Host, kind: str) -> list[Any]:
    return list((host.extended_data().get(VENUES) if kind == VENUES else written(host, "expect", kind)) or ())


def _change(data: dict[str, Any], host: Host, change: ExpectationChange) -> None:
    kind, value = change.kind, change.value
    if kind == VENUES:
        data[VENUES] = _with(data.get(VENUES) or _items(host, VENUES), value)
        return
    expect = data.setdefault("expect", {})
    if isinstance(value, bool | int):
        expect[kind] = value
        return
    items = expect[kind] if kind in expect else _items(host, kind)
    if change.remove:
        expect[kind] = [item for item in items if not _same(host.name, kind, item, change)]
        return
    expect[kind] = _with(items, value)
    venue = value.get("venue") if isinstance(value, Mapping) else None
    served = data.get(VENUES) or _items(host, VENUES)
    if venue and venue not in served:
        data[VENUES] = _with(served, venue)


def _with(items: list[Any], value: Any) -> list[Any]:
    return items if value in items else [*items, value]


def _same(device: str, kind: str, item: Any, change: ExpectationChange) -> bool:
    """Return True for a written item with the meaning of the value to remove; a cable has two ends."""
    wanted = [change.value]
    if kind == "links" and device != change.device:
        wanted = [{"port": change.value["to_port"], "device": change.device, "to_port": change.value["port"]}]
    return bool(_of(kind, [item]) == _of(kind, wanted))


def _of(kind: str, items: list[Any]) -> Any:
    return getattr(Expect.model_validate({kind: items}), kind)
