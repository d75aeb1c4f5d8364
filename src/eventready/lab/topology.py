"""Who is at the other end: what the expectations of several devices say together about cables and addresses.

The inventory names neighbours by address or router id and cables by port; here the two are brought together, so that
what the simulated devices say of one another fits. Point-to-point addresses are taken for pairs (/30).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from eventready.workspace.device import Device


def figure(name: str, low: int, high: int) -> int:
    """A figure between `low` and `high` (both possible) that is always the same for the same name."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return low + int.from_bytes(digest, "big") % (high - low + 1)


def partner(address: str) -> str:
    """The other usable address of a /30; empty for a network or broadcast address, or what is no IPv4 address."""
    try:
        number = int(IPv4Address(address))
    except AddressValueError:
        return ""
    return str(IPv4Address(number + {1: 1, 2: -1}[number % 4])) if number % 4 in (1, 2) else ""


@dataclass(frozen=True)
class Way:
    """How a device reaches a neighbour: its own port and address, the neighbour's name (or empty) and address."""

    port: str
    own: str
    device: str
    address: str


#: Names of ports that nobody expects, by the beginning of the platform's name; `{slot}` and `{port}` count from 0.
_SPARE_PORTS = {"cisco": "TenGigabitEthernet0/9/{slot}{port}", "huawei": "XGigabitEthernet0/9/{slot}{port}"}


def spare_port(platform: str, slot: int, port: int) -> str:
    """The name of a port as the platform writes it, for ports that only the lab knows."""
    return _SPARE_PORTS.get(platform.partition("_")[0], "eth9{slot}{port}").format(slot=slot, port=port)


class Topology:
    """The devices of one inventory, seen together."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self.devices: Mapping[str, Device] = {device.name: device for device in devices}
        self._owner = {
            partner(address): device.name for device in devices for address in _addresses(device) if partner(address)
        }
        self.router_ids = self._router_ids()
        self._named = {router_id: name for name, router_id in self.router_ids.items()}

    def bundle_members(self, device: Device) -> dict[str, tuple[str, ...]]:
        """The ports of each expected bundle: parallel cables to one device first, invented ports after them."""
        parallel: dict[str, list[str]] = {}
        for link in device.expect.links:
            parallel.setdefault(link.device, []).append(link.port)
        groups = iter([ports for ports in parallel.values() if len(ports) > 1])
        members = {}
        for place, bundle in enumerate(device.expect.bundles):
            ports = list(next(groups, []))[: bundle.members]
            spare = (spare_port(device.platform, place, number) for number in range(bundle.members))
            members[bundle.name] = (*ports, *list(spare)[len(ports) :])
        return members

    def way_to(self, device: Device, neighbour: str) -> Way:
        """How `device` reaches a neighbour that its expectations name by address, router id or name."""
        name = neighbour if neighbour in self.devices else self._named.get(neighbour, "")
        if name:
            return Way(self._port_to(device, name), *self._addresses_to(device, name))
        own = partner(neighbour)
        name = self._owner.get(neighbour, "")
        name = "" if name == device.name else name
        return Way(self._port_to(device, name), own, name, neighbour)

    def _addresses_to(self, device: Device, other: str) -> tuple[str, str, str]:
        """(own address, name, its address) of the pair of addresses that the two expect of each other."""
        for address in _addresses(device):
            if partner(address) and self._owner.get(address) == other:
                return partner(address), other, address
        low, high = sorted((device.name, other))
        base = figure(f"{low} {high}", 0, 16_000) * 4 + int(IPv4Address("10.128.0.0"))
        mine, theirs = (base + 1, base + 2) if device.name == low else (base + 2, base + 1)
        return str(IPv4Address(mine)), other, str(IPv4Address(theirs))

    def _port_to(self, device: Device, other: str) -> str:
        """The port, or the bundle over it, towards a device; the first uplink where no cable is declared."""
        ports = [link.port for link in device.expect.links if link.device == other]
        if ports:
            for bundle, members in self.bundle_members(device).items():
                if ports[0] in members:
                    return bundle
            return ports[0]
        return device.expect.uplinks[0] if device.expect.uplinks else ""

    def _router_ids(self) -> dict[str, str]:
        """Each router's id: the one that all its OSPF neighbours expect; where several fit, others rule them out."""
        speakers = {name: device for name, device in self.devices.items() if device.expect.ospf}
        fits = {name: self._ids_that_fit(device, speakers) for name, device in speakers.items()}
        found = _one_each(fits)
        for name, device in self.devices.items():
            if device.role == "router" and name not in found:
                found[name] = f"10.254.{figure(name + ' id', 0, 255)}.{figure(name, 1, 254)}"
        return found

    @staticmethod
    def _ids_that_fit(device: Device, speakers: Mapping[str, Device]) -> list[str]:
        """What every OSPF neighbour over a cable expects, in the order in which the first of them does."""
        near = [speakers[link.device] for link in device.expect.links if link.device in speakers]
        lists = [other.expect.ospf or () for other in near]
        own = device.expect.ospf or ()
        return [one for one in (lists[0] if lists else ()) if one not in own and all(one in ids for ids in lists)]


def _one_each(fits: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """One of its candidates for every name, none twice: those with a single one left first, then in order."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    open_names = list(fits)
    while open_names:
        waiting = []
        for name in open_names:
            left = [one for one in fits[name] if one not in taken]
            if len(left) == 1:
                found[name] = left[0]
                taken.add(left[0])
            elif left:
                waiting.append(name)
        if len(waiting) == len(open_names):
            name = waiting.pop(0)
            found[name] = next(one for one in fits[name] if one not in taken)
            taken.add(found[name])
        open_names = waiting
    return found


def _addresses(device: Device) -> Iterable[str]:
    return dict.fromkeys((*(device.expect.bfd or ()), *(device.expect.bgp or ()), *(device.expect.ospf or ())))
