"""Cables as the devices show them: LLDP at both ends, LLDP with a subnet, or a subnet alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_interface

from eventready.facts.ports import is_physical, parent_port, port_key
from eventready.facts.records import GatewayGroup, Neighbour
from eventready.network.learn.directory import Directory, far_port
from eventready.network.learn.proposal import Source, State, UnknownNeighbour
from eventready.network.network_facts import DeviceFacts, NetworkFacts

#: Device and port.
End = tuple[str, str]
_Key = tuple[str, str]


@dataclass(frozen=True)
class ShownCable:
    """Cable between two ends, with its source and state; `why`: the open question, a key of `learn:ask`."""

    one: End
    other: End
    source: Source
    state: State
    why: str = ""

    @property
    def disputed(self) -> bool:
        """True where a port is shown with another cable too."""
        return self.why == "ends_differ"

    def far(self, device: str) -> tuple[End, End]:
        """Own end and far end as seen from a device."""
        return (self.one, self.other) if self.one[0] == device else (self.other, self.one)


def _key(end: End) -> _Key:
    return end[0], port_key(end[1])


def _ends(cable: ShownCable) -> frozenset[_Key]:
    return frozenset((_key(cable.one), _key(cable.other)))


def _undisputed(cables: list[ShownCable]) -> list[ShownCable]:
    """Cables, disputed where they share a port with another and their two ends do not agree."""
    agreed = {end for cable in cables if cable.source == "lldp" for end in _ends(cable)}
    uses = Counter(end for cable in cables for end in _ends(cable))
    return [
        replace(cable, state="one_side", source="lldp_one", why="ends_differ")
        if cable.source != "lldp" and (agreed & _ends(cable) or any(uses[end] > 1 for end in _ends(cable)))
        else cable
        for cable in cables
    ]


class ShownCables:
    """Cables of all devices, and neighbours outside the inventory."""

    def __init__(self, readings: NetworkFacts) -> None:
        self._readings = readings
        self._directory = Directory(readings)

    @cached_property
    def all(self) -> tuple[ShownCable, ...]:
        """Cables by LLDP, then those by subnet, in the order of the devices."""
        by_lldp = _undisputed(list({_ends(cable): cable for cable in self._by_lldp()}.values()))
        taken = {end for cable in by_lldp for end in _ends(cable)}
        return (*by_lldp, *self._by_subnet(taken))

    @cached_property
    def unknown_neighbours(self) -> tuple[UnknownNeighbour, ...]:
        """Neighbours outside the inventory, each with the ports towards the neighbour."""
        seen_by: dict[str, dict[End, None]] = defaultdict(dict)
        addresses: dict[str, str] = {}
        for reading in self._readings.all:
            for row in reading.fact("neighbour", Neighbour).each_row():
                if self._directory.device_of(row) is None:
                    seen_by[row.device][reading.name, reading.spelled(row.interface)] = None
                    addresses[row.device] = addresses.get(row.device) or row.management_address or ""
        return tuple(UnknownNeighbour(name, addresses[name], tuple(seen_by[name])) for name in sorted(seen_by))

    # --- LLDP ----------------------------------------------------------------------------------------------------

    @cached_property
    def _seen(self) -> Mapping[_Key, tuple[End, End]]:
        """Own end and far end, by own end, of every port with a single neighbour, a device with a known port."""
        seen: dict[_Key, set[tuple[End, End]]] = defaultdict(set)
        for reading in self._readings.all:
            for row in reading.fact("neighbour", Neighbour).each_row():
                near = (reading.name, reading.spelled(row.interface))
                other = self._directory.device_of(row)
                port = far_port(other, row.port) if other else None
                if is_physical(near[1]):
                    seen[_key(near)].add((near, (other.name if other else "", port or "")))
        return {
            key: next(iter(ends)) for key, ends in seen.items() if len(ends) == 1 and all(next(iter(ends))[1])
        }  # fmt: skip

    def _by_lldp(self) -> Iterator[ShownCable]:
        for near, far in self._seen.values():
            if near[0] == far[0]:
                continue
            back = self._seen.get(_key(far))
            if back is not None and _key(back[1]) == _key(near):
                yield self._judged(ShownCable(near, far, "lldp", "healthy"))
            elif back is not None:
                yield ShownCable(near, far, "lldp_one", "one_side", "ends_differ")
            elif self._readings.by_name[far[0]].whole("neighbour"):
                yield ShownCable(near, far, "lldp_one", "one_side", "one_side")
            elif _subnets(self._readings.by_name[near[0]], near[1]) & _subnets(self._readings.by_name[far[0]], far[1]):
                yield self._judged(ShownCable(near, far, "lldp_subnet", "healthy"))
            else:
                yield ShownCable(near, far, "lldp_one", "one_side", "no_lldp_there")

    def _judged(self, cable: ShownCable) -> ShownCable:
        states = [self._readings.by_name[name].up(port) for name, port in (cable.one, cable.other)]
        if False in states:
            return replace(cable, state="down", why="port_down")
        return cable if None not in states else replace(cable, state="unknown", why="port_unread")

    # --- subnets -------------------------------------------------------------------------------------------------

    def _by_subnet(self, taken: set[_Key]) -> Iterator[ShownCable]:
        ends: dict[tuple[str, str], set[End]] = defaultdict(set)
        for reading in self._readings.all:
            gateways = _gateway_ports(reading)
            for port, address, vrf in reading.addresses():
                network = ip_interface(address).network
                if network.num_addresses > 1 and not network.is_link_local and port_key(port) not in gateways:
                    ends[str(network), vrf].add((reading.name, port))
        for (subnet, _vrf), pair in ends.items():
            if len(pair) == 2 and len({name for name, _port in pair}) == 2:
                one, other = sorted(pair, key=self._place)
                yield from self._of_subnet(subnet, one, other, taken)

    def _place(self, end: End) -> tuple[int, str]:
        return self._readings.order[end[0]], end[1]

    def _of_subnet(self, subnet: str, one: End, other: End, taken: set[_Key]) -> Iterator[ShownCable]:
        one, other = (one[0], parent_port(one[1])), (other[0], parent_port(other[1]))
        if not (is_physical(one[1]) and is_physical(other[1])) or {_key(one), _key(other)} & taken:
            return
        taken |= {_key(one), _key(other)}
        cable = self._judged(ShownCable(one, other, "subnet", "healthy"))
        if cable.state != "healthy":
            yield cable
        elif ip_interface(subnet).network.num_addresses > 4:
            yield replace(cable, state="unknown", why="wide_subnet")
        elif any(self._readings.by_name[name].partly("neighbour") for name, _port in (one, other)):
            yield replace(cable, state="unknown", why="lldp_partly")
        elif all(self._readings.by_name[name].fact("neighbour", Neighbour).each_row() for name, _port in (one, other)):
            yield replace(cable, state="unknown", why="lldp_silent")
        else:
            yield cable


def _subnets(reading: DeviceFacts, port: str) -> set[str]:
    own = port_key(port)
    return {
        str(ip_interface(address).network)
        for name, address, _vrf in reading.addresses()
        if own in (port_key(name), parent_port(port_key(name)))
    }


def _gateway_ports(reading: DeviceFacts) -> set[str]:
    """Ports with a gateway group: the users' networks, which are no cables."""
    facts = ("vrrp_group", "hsrp_group")
    return {port_key(row.interface) for fact in facts for row in reading.fact(fact, GatewayGroup).each_row()}
