"""Cables as expected and as seen, and whether each of their two ways carries traffic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from eventready.facts.observation import Unread
from eventready.facts.ports import parent_port, port_key
from eventready.facts.records import BfdSession, Fact, LinkBundle, Route, RoutingPeer, StaticRoute
from eventready.facts.subjects import names_port
from eventready.network.learn.cables import End, ShownCables
from eventready.network.network_facts import ADJACENCIES, DeviceFacts, NetworkFacts, ports_towards

#: Roles of devices with other traffic than their own.
TRANSIT = frozenset({"router", "switch"})


@dataclass(frozen=True)
class Cable:
    """Cable with its two ways: True carries traffic, False does not, None was not measured.

    `unrouted`: between routers, without an adjacency or a route of its own. `seen`: shown by the devices.
    `expected`: of the inventory.
    """

    one: End
    other: End
    there: bool | None
    back: bool | None
    unrouted: bool = False
    seen: bool = False
    expected: bool = True

    @property
    def devices(self) -> tuple[str, str]:
        """Devices of both ends, in the order of the name."""
        one, other = sorted((self.one[0], self.other[0]))
        return one, other

    @property
    def name(self) -> str:
        """Both ends in words, as in the findings about links."""
        return " - ".join(sorted(" ".join(end) for end in (self.one, self.other)))


class PortStates:
    """State of the ports of a device as receivers: port, bundle, BFD and adjacencies."""

    def __init__(self, reading: DeviceFacts) -> None:
        self.reading = reading

    def bundle_of(self, port: str) -> LinkBundle | None:
        """Return the bundle of a member port."""
        return self._bundles.get(port_key(port))

    @cached_property
    def _bundles(self) -> Mapping[str, LinkBundle]:
        rows = self.reading.fact("link_bundle", LinkBundle).each_row()
        return {port_key(member): row for row in rows for member in row.members}

    def members_of(self, port: str) -> tuple[str, ...]:
        """Members of a bundle by its name; none for another port."""
        name = parent_port(port_key(port))
        rows = self.reading.fact("link_bundle", LinkBundle).each_row()
        return next((tuple(row.members) for row in rows if parent_port(port_key(row.name)) == name), ())

    @cached_property
    def _sessions(self) -> Mapping[str, list[bool]]:
        """BFD sessions by port, True for up; without sessions shut by hand."""
        found: dict[str, list[bool]] = defaultdict(list)
        for row in self.reading.fact("bfd_session", BfdSession).each_row():
            if row.interface and row.state != "admin_down":
                found[_plain(row.interface)].append(row.state == "up")
        return found

    @cached_property
    def _adjacencies(self) -> Mapping[str, list[bool]]:
        found: dict[str, list[bool]] = defaultdict(list)
        for row in (row for fact in ADJACENCIES for row in self.reading.fact(fact, RoutingPeer).each_row()):
            for port in (row.interface,) if row.interface else ports_towards(self.reading, row.address or row.peer):
                found[_plain(port)].append(row.up)
                break
        return found

    @cached_property
    def _routes(self) -> frozenset[str]:
        """Ports of the routes in use and of the static ones in waiting."""
        rows: list[Route | StaticRoute] = [*self.reading.fact("default_route", Route).each_row()]
        rows += self.reading.fact("static_route", StaticRoute).each_row()
        ports = (row.interface or next(ports_towards(self.reading, row.next_hop or ""), "") for row in rows)
        return frozenset(_plain(port) for port in ports if port)

    @property
    def routing_measured(self) -> bool:
        """True where adjacencies or routes were read, none of them in part, and none is missing."""
        facts = (*ADJACENCIES, "default_route", "static_route")
        read = [fact for fact in facts if self.reading.measured(fact)]
        return bool(read) and all(map(self.reading.whole, read)) and self.reading.missing.isdisjoint(facts)

    def _unsure(self, port: str) -> bool:
        """True for a port named by an unread bundle, BFD session or adjacency."""
        return any(names_port(record, port) for record in self._unread)

    @cached_property
    def _unread(self) -> list[Unread]:
        facts = ("link_bundle", "bfd_session", *ADJACENCIES)
        return [record for fact in facts for record in self.reading.fact(fact, Fact).unread_records]

    def _keys(self, port: str) -> tuple[str, ...]:
        bundle = self.bundle_of(port)
        return (_plain(port), _plain(bundle.name)) if bundle else (_plain(port),)

    def receives(self, port: str) -> bool | None:
        """False for a port without traffic from outside: port, bundle, BFD session or all adjacencies are down."""
        bundle, up = self.bundle_of(port), self.reading.up(port)
        if bundle is not None and port_key(port) not in {port_key(name) for name in bundle.bundled}:
            return False
        states = (rows for key in self._keys(port) for rows in (self._sessions.get(key), self._adjacencies.get(key)))
        if up is False or any(rows and not any(rows) for rows in states):
            return False
        return None if self._unsure(port) else up

    def adjacent(self, port: str) -> bool:
        """True for a port with an adjacency in use: both ends receive the other."""
        return any(any(self._adjacencies.get(key, ())) for key in self._keys(port))

    def watched(self, port: str) -> bool:
        """True for a port with a BFD session in use: frames of the neighbour arrive."""
        return any(any(self._sessions.get(key, ())) for key in self._keys(port))

    def routed(self, port: str) -> bool:
        """True for a port with a route, or an adjacency in use."""
        return self.adjacent(port) or not self._routes.isdisjoint(self._keys(port))


def _plain(port: str) -> str:
    return parent_port(port_key(port))


class KnownCables:
    """Cables of the inventory and of the devices' neighbours; cables agreed on by both ends come first."""

    def __init__(self, readings: NetworkFacts) -> None:
        self._readings, self.shown = readings, ShownCables(readings)
        self.ports = {reading.name: PortStates(reading) for reading in readings.all}

    @cached_property
    def all(self) -> tuple[Cable, ...]:
        """Cables, each once, in the order of the inventory's links, then of those shown alone."""
        shown = [cable for cable in self.shown.all if not cable.disputed and cable.state != "unknown"]
        agreed = {
            _key(end): _ends(one.one, one.other) for one in shown if one.source == "lldp" for end in one.far(one.one[0])
        }
        seen = {_ends(one.one, one.other) for one in shown}
        found: dict[frozenset[End], Cable] = {}
        for one, other in self._expected():
            ends = _ends(one, other)
            if all(agreed.get(end, ends) == ends for end in ends):  # else plugged in elsewhere
                found.setdefault(ends, self._cable(one, other, seen=ends in seen))
        for cable in shown:
            ends, known = _ends(cable.one, cable.other), cable.state in ("healthy", "down")
            if ends not in found:
                found[ends] = replace(self._cable(cable.one, cable.other, seen=True, known=known), expected=False)
        return tuple(found.values())

    @property
    def elsewhere(self) -> tuple[tuple[End, End], ...]:
        """Cables of the inventory with another cable at their ports, as both of its ends show."""
        kept = {_ends(cable.one, cable.other) for cable in self.all if cable.expected}
        lost = {_ends(one, other): (one, other) for one, other in self._expected() if _ends(one, other) not in kept}
        return tuple(lost.values())

    def _expected(self) -> Iterator[tuple[End, End]]:
        by_name = self._readings.by_name
        for reading in self._readings.all:
            for link in reading.device.expect.links:
                if link.device in by_name and link.device != reading.name:
                    yield (
                        (reading.name, reading.spelled(link.port)),
                        (link.device, by_name[link.device].spelled(link.to_port)),
                    )

    def _cable(self, one: End, other: End, *, seen: bool, known: bool = True) -> Cable:
        near, far = self.ports[one[0]], self.ports[other[0]]
        there, back = far.receives(other[1]), near.receives(one[1])
        if (there is None and back is None) or not known:
            return Cable(one, other, None, None, seen=seen)
        there, back = there is not False, back is not False
        routers = [state for state in (near, far) if state.reading.device.role == "router"]
        if there and back and len(routers) == 2 and not near.routed(one[1]) and not far.routed(other[1]):
            if not all(state.routing_measured for state in routers):
                return Cable(one, other, None, None, seen=seen)
            return Cable(one, other, there, back, unrouted=True, seen=seen)
        return Cable(one, other, there, back, seen=seen)


def _key(end: End) -> End:
    return end[0], port_key(end[1])


def _ends(one: End, other: End) -> frozenset[End]:
    return frozenset((_key(one), _key(other)))


def least_members(states: PortStates, bundle: LinkBundle) -> int:
    """Least number of members of a bundle, as read or as expected; 1 by default."""
    expected: Sequence[int] = [
        one.min_links for one in states.reading.device.expect.bundles if port_key(one.name) == port_key(bundle.name)
    ]
    return bundle.min_links or next(iter(expected), 1)
