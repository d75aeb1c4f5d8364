"""The topology of the simulated devices: neighbours, cables and addresses, combined from their expectations.

The inventory names neighbours by address or router id, and cables by port; their combination makes the answers of the
devices consistent. Point-to-point addresses are taken as /30 pairs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from eventready.workspace.devices.device import Device


def stable_number(name: str, low: int, high: int) -> int:
    """A number from `low` to `high`, the same for the same name."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return low + int.from_bytes(digest, "big") % (high - low + 1)


def point_to_point_peer(address: str) -> str:
    """The other usable address of a /30; empty for a network or broadcast address, or for no IPv4 address."""
    try:
        number = int(IPv4Address(address))
    except AddressValueError:
        return ""
    return str(IPv4Address(number + {1: 1, 2: -1}[number % 4])) if number % 4 in (1, 2) else ""


@dataclass(frozen=True)
class Path:
    """The path to a neighbour: own port and address, the neighbour's name (or empty) and address."""

    port: str
    own: str
    device: str
    address: str


#: Names of unexpected ports, by the beginning of the platform's name; `{slot}` and `{port}` count from 0.
_SPARE_PORTS = {
    "cisco_ios": "GigabitEthernet0/9/{slot}{port}",
    "cisco_xr": "TenGigE0/9/0/{slot}{port}",
    "cisco": "TenGigabitEthernet0/9/{slot}{port}",
    "huawei": "XGigabitEthernet0/9/{slot}{port}",
    "juniper": "xe-9/0/{slot}{port}",
    "mikrotik": "sfp-sfpplus9{slot}{port}",
}


def spare_port(platform: str, slot: int, port: int) -> str:
    """Return the name of a port for the lab only."""
    pattern = next((name for prefix, name in _SPARE_PORTS.items() if platform.startswith(prefix)), "eth9{slot}{port}")
    return pattern.format(slot=slot, port=port)


class Topology:
    """The devices of an inventory, and their connections."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self.devices: Mapping[str, Device] = {device.name: device for device in devices}
        self._owner = {
            point_to_point_peer(address): device.name
            for device in devices
            for address in _addresses(device)
            if point_to_point_peer(address)
        }
        self.router_ids = self._router_ids()
        self._named = {router_id: name for name, router_id in self.router_ids.items()}

    def bundle_members(self, device: Device) -> dict[str, tuple[str, ...]]:
        """The ports of each expected bundle: parallel cables to a device, then spare ports."""
        parallel: dict[str, list[str]] = {}
        for link in device.expect.links:
            parallel.setdefault(link.device, []).append(link.port)
        groups = iter([ports for ports in parallel.values() if len(ports) > 1])
        members = {}
        for slot, bundle in enumerate(device.expect.bundles):
            ports = list(next(groups, []))[: bundle.members]
            spare = (spare_port(device.platform, slot, number) for number in range(bundle.members))
            members[bundle.name] = (*ports, *list(spare)[len(ports) :])
        return members

    def path_to(self, device: Device, neighbour: str) -> Path:
        """The path from a device to a neighbour given by address, router id or name."""
        name = neighbour if neighbour in self.devices else self._named.get(neighbour, "")
        if name:
            return Path(self._port_to(device, name), *self._addresses_to(device, name))
        own = point_to_point_peer(neighbour)
        name = self._owner.get(neighbour, "")
        name = "" if name == device.name else name
        return Path(self._port_to(device, name), own, name, neighbour)

    def _addresses_to(self, device: Device, other: str) -> tuple[str, str, str]:
        """Return (own address, name, address) of the address pair expected between two devices."""
        for address in _addresses(device):
            if point_to_point_peer(address) and self._owner.get(address) == other:
                return point_to_point_peer(address), other, address
        low, high = sorted((device.name, other))
        base = stable_number(f"{low} {high}", 0, 16_000) * 4 + int(IPv4Address("10.128.0.0"))
        mine, theirs = (base + 1, base + 2) if device.name == low else (base + 2, base + 1)
        return str(IPv4Address(mine)), other, str(IPv4Address(theirs))

    def _port_to(self, device: Device, other: str) -> str:
        """The port, or its bundle, towards a device; the first uplink without a declared cable."""
        ports = [link.port for link in device.expect.links if link.device == other]
        if ports:
            for bundle, members in self.bundle_members(device).items():
                if ports[0] in members:
                    return bundle
            return ports[0]
        return device.expect.uplinks[0] if device.expect.uplinks else ""

    def _router_ids(self) -> dict[str, str]:
        """Return the router id of each router: the id expected by all its OSPF neighbours and by no others."""
        speakers = {name: device for name, device in self.devices.items() if device.expect.ospf}
        candidates = {name: self._candidate_ids(device, speakers) for name, device in speakers.items()}
        found = _assign_distinct(candidates)
        for name, device in self.devices.items():
            if device.role == "router" and name not in found:
                found[name] = f"10.254.{stable_number(name + ' id', 0, 255)}.{stable_number(name, 1, 254)}"
        return found

    @staticmethod
    def _candidate_ids(device: Device, speakers: Mapping[str, Device]) -> list[str]:
        """Return the router ids expected by every OSPF neighbour over a cable, in the order of the first neighbour."""
        near = [speakers[link.device] for link in device.expect.links if link.device in speakers]
        lists = [other.expect.ospf or () for other in near]
        own = device.expect.ospf or ()
        return [one for one in (lists[0] if lists else ()) if one not in own and all(one in ids for ids in lists)]


def _assign_distinct(candidates: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A distinct candidate for every name: names with a single remaining candidate first, then in order."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    open_names = list(candidates)
    while open_names:
        waiting = []
        for name in open_names:
            left = [one for one in candidates[name] if one not in taken]
            if len(left) == 1:
                found[name] = left[0]
                taken.add(left[0])
            elif left:
                waiting.append(name)
        if len(waiting) == len(open_names):
            name = waiting.pop(0)
            found[name] = next(one for one in candidates[name] if one not in taken)
            taken.add(found[name])
        open_names = waiting
    return found


def _addresses(device: Device) -> Iterable[str]:
    return dict.fromkeys((*device.expect.bfd_addresses, *(device.expect.bgp or ()), *(device.expect.ospf or ())))
