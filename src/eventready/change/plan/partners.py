"""Partners of a device: the far ends of its links, and its redundant devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from eventready.workspace.devices.device import Device

#: Partners that are read to verify one change; a distribution router may have hundreds of links.
MAX_PARTNERS = 8


def redundancy_groups(device: Device, groups: Sequence[str]) -> Iterable[str]:
    """Yield the shared names of redundant partners: the pair, a gateway's address, a pair of controllers.

    `groups` are the inventory groups of the device itself.
    """
    if device.pair:
        yield f"pair {device.pair}"
    for gateway in device.expect.gateways:
        if gateway.virtual_ip:
            yield f"gateway {gateway.virtual_ip}"
        else:
            yield from (f"gateway {gateway.protocol} {gateway.group} {gateway.interface} of {name}" for name in groups)
    if device.expect.controller_pair:
        yield from (f"controllers of {name}" for name in groups)


def links_of(devices: Iterable[Device]) -> dict[str, frozenset[str]]:
    """Return the names at the far ends of each device's declared links, whichever end declares them."""
    ends: dict[str, set[str]] = {}
    for device in devices:
        for link in device.expect.links:
            ends.setdefault(device.name, set()).add(link.device)
            ends.setdefault(link.device, set()).add(device.name)
    return {name: frozenset(far) for name, far in ends.items()}


def partners_of(devices: Sequence[Device], groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the partners of every device, redundant ones first, at most MAX_PARTNERS each."""
    members: dict[str, list[str]] = {}
    for device in devices:
        for name in redundancy_groups(device, groups.get(device.name, ())):
            members.setdefault(name, []).append(device.name)
    redundant: dict[str, list[str]] = {}
    for names in members.values():
        for name in names:
            redundant.setdefault(name, []).extend(names)
    known = {device.name for device in devices}
    links = links_of(devices)
    partners = {}
    for name in known:
        found = dict.fromkeys((*redundant.get(name, ()), *sorted(links.get(name, ()))))
        partners[name] = tuple(one for one in found if one != name and one in known)[:MAX_PARTNERS]
    return partners
