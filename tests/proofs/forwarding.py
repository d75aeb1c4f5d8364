"""What an invented network does at a moment: the oracle of the proofs. It knows nothing of the product.

Each router forwards by its default route in force, the one with the lowest distance of those in use: a static route is
in use while its port is up and, if it is watched, while its next hop answers; the default route of OSPF (110) while a
router that announces it is reached over adjacencies. Addresses inside are reached over a connected network, by OSPF, or
by the default route. A packet that meets a router twice, or a next hop that is gone, is lost.

The costs of OSPF are not in the readings: `costs` draws them, and what depends on them is nobody's prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
from random import Random

from tests.proofs.invented import Cable, Group, Invented, Router, Segment, Static, Station
from tests.proofs.product import Place, State

_OSPF = 110
_OUT = "provider"
#: A route in force: segment and next hop; no segment: to the provider.
Hop = tuple[Segment | None, str]
#: Users of a service: venue, service, and their network, cell or access point.
Group3 = tuple[str, str, str]


@dataclass(frozen=True)
class Failure:
    """Failed parts of a network, by kind."""

    devices: frozenset[str] = frozenset()
    cables: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, net: Invented, names: Iterable[str]) -> Failure:
        """Failure of devices, cables, groups, servers and `device:part` by name."""
        groups = dict(net.risks)
        flat = [one for name in names for one in groups.get(name, (name,))]
        return cls(
            frozenset(one for one in flat if one in net.devices), frozenset(one for one in flat if " - " in one),
            frozenset(one for one in flat if one not in net.devices and " - " not in one),
        )  # fmt: skip


@dataclass
class Moment:
    """Network during a failure."""

    net: Invented
    failure: Failure = field(default_factory=Failure)
    costs: int = 0

    # --- wires -------------------------------------------------------------------------------------------------------

    def alive(self, device: str) -> bool:
        return device not in self.failure.devices

    def carries(self, cable: Cable) -> bool:
        """True for a cable with light at both ends."""
        ends = {":".join(cable.one), ":".join(cable.other)}
        dark = cable.name in self.failure.cables or not ends.isdisjoint(self.failure.parts)
        return not dark and all(map(self.alive, cable.devices))

    def port_up(self, device: str, segment: Segment) -> bool:
        """State of a device's logical port as it shows itself."""
        own = [cable for cable in segment.cables if device in cable.devices]
        return self.alive(device) and sum(map(self.carries, own)) >= segment.least

    def connected(self, segment: Segment, one: str, other: str) -> bool:
        """True where frames pass between two devices."""
        return self.port_up(one, segment) and self.port_up(other, segment)

    def provider_up(self, router: Router) -> bool:
        return router.provider and self.alive(router.name) and f"{router.name}:{_OUT}" not in self.failure.parts

    def lan_up(self, router: str, group: Group) -> bool:
        """State of a member's port to the users."""
        cables = [one for one in self.net.lans if one.devices == {router, group.switch}]
        lit = self.alive(router) and f"{router}:lan{group.number}" not in self.failure.parts
        return lit and all(map(self.carries, cables))

    # --- routes ------------------------------------------------------------------------------------------------------

    @cached_property
    def adjacent(self) -> Mapping[str, Sequence[tuple[int, str, Segment]]]:
        """Neighbours of each router in OSPF with the cost of the segment."""
        found: dict[str, list[tuple[int, str, Segment]]] = {one.name: [] for one in self.net.routers}
        speaks = {one.name for one in self.net.routers if one.ospf}
        for segment in self.net.segments:
            ends = [name for name, _port in segment.ends]
            if speaks.issuperset(ends) and self.connected(segment, *ends):
                cost = Random(f"{self.costs} {segment.number}").randint(1, 9) if self.costs else 1
                for one, other in (ends, reversed(ends)):
                    found[one].append((cost, other, segment))
        return found

    def _towards(self, source: str, goals: set[str]) -> Hop | None:
        """First hop of the shortest path over adjacencies to a goal; None without one, and at a goal."""
        waiting: list[tuple[int, str, str, Segment | None]] = [(0, source, "", None)]
        seen: set[str] = set()
        while waiting:
            cost, name, first, segment = heappop(waiting)
            if name in seen:
                continue
            seen.add(name)
            if name in goals:
                return (segment, first) if segment else None
            for more, other, over in self.adjacent[name]:
                if other not in seen:
                    heappush(waiting, (cost + more, other, first or other, segment or over))
        return None

    def _in_use(self, router: Router) -> list[Static]:
        return sorted((one for one in router.statics if self._usable(router, one)), key=lambda one: one.distance)

    def _usable(self, router: Router, one: Static) -> bool:
        if one.segment is None:
            return self.provider_up(router)
        return self.port_up(router.name, one.segment) and (
            not one.watched or self.connected(one.segment, router.name, one.to)
        )

    @cached_property
    def _announcing(self) -> set[str]:
        """Routers that announce a default route: those with a way to the provider, else those with another route."""
        own = {one.name: self._in_use(one) for one in self.net.routers if one.provider and one.ospf}
        best = {name for name, routes in own.items() if routes and routes[0].distance < _OSPF}
        return best or {name for name, routes in own.items() if routes}

    @cached_property
    def defaults(self) -> Mapping[str, tuple[int, Hop] | None]:
        """Default route in force of each router, with its distance."""
        return {router.name: self._default(router) for router in self.net.routers}

    def _default(self, router: Router) -> tuple[int, Hop] | None:
        routes: list[tuple[int, Hop]] = [(one.distance, (one.segment, one.to)) for one in self._in_use(router)[:1]]
        if router.name not in self._announcing and (hop := self._towards(router.name, self._announcing)):
            routes.append((_OSPF, hop))
        return min(routes, key=lambda one: one[0], default=None)

    def _hop(self, router: str, goals: set[str]) -> Hop | None:
        """Next hop to an address at the goals; by default elsewhere."""
        inside = self._towards(router, goals) if goals else None
        default = self.defaults[router]
        return inside or (default[1] if default else None)

    def reaches(self, router: str, goal: str) -> bool:
        """True where packets from a router reach the provider, a core router or a station."""
        if (router, goal) not in self._reached:
            self._reached[router, goal] = self._walk(router, goal)
        return self._reached[router, goal]

    @cached_property
    def _reached(self) -> dict[tuple[str, str], bool]:
        return {}

    def _walk(self, router: str, goal: str) -> bool:
        station = next((one for one in self.net.stations if one.name == goal), None)
        goals = {goal} if station is None and goal != _OUT else self._beside(station) if station else set()
        seen: set[str] = set()
        while router not in seen and self.alive(router):
            seen.add(router)
            if router == goal:
                return True
            if station and station.segment and router in self._beside(station):
                return self.connected(station.segment, router, goal)
            hop = self._hop(router, goals)
            if hop is None:
                return False
            segment, other = hop
            if segment is None:
                return goal == _OUT
            if not self.connected(segment, router, other):
                return False
            router = other
        return False

    def _beside(self, station: Station) -> set[str]:
        """Routers with a port in the network of a station that is up."""
        ends = [name for name, _port in station.segment.ends if name != station.name] if station.segment else []
        return {name for name in ends if station.segment and self.port_up(name, station.segment)}

    # --- users -------------------------------------------------------------------------------------------------------

    @cached_property
    def lost(self) -> frozenset[Group3]:
        """Users without their service."""
        return frozenset(users for users, served in self._users() if not served)

    def _users(self) -> Iterator[tuple[Group3, bool]]:
        for venue, services in self.net.venues:
            for service in services:
                for name, served in self._of(venue, service):
                    yield (venue, service, name), served

    def _of(self, venue: str, service: str) -> Iterator[tuple[str, bool]]:
        if service == "mobile":
            yield from self._cells(venue)
        elif service == "wifi":
            yield from self._points(venue)
        else:
            groups = [one for one in self.net.groups if one.venue == venue]
            yield from ((one.address, self._group(one, service)) for one in groups)
            if not groups:
                edges = [one.name for one in self.net.routers if one.venues == (venue,)]
                yield from ((name, self.alive(name) and self._served(name, service)) for name in edges)

    def master(self, group: Group) -> str:
        """Member with the users; empty without one."""
        ready = [name for name in group.members if self.lan_up(name, group)]
        if group.tracks:
            ready.sort(key=lambda name: not self.reaches(name, _OUT))
        return next(iter(ready), "")

    def _group(self, group: Group, service: str) -> bool:
        master = self.master(group)
        return bool(master) and self._served(master, service)

    def _served(self, router: str, service: str) -> bool:
        """True where a router leads to all origins of a service."""
        portals = [one.name for one in self.net.hosts] if service != "fixed" else []
        return self.reaches(router, _OUT) and (not portals or any(self.reaches(router, one) for one in portals))

    def gateway(self, station: Station) -> str:
        """Router of a station; empty without a way to one."""
        ends = [name for name, _port in station.segment.ends if name != station.name] if station.segment else []
        return next(
            (name for name in ends if station.segment and self.connected(station.segment, station.name, name)), ""
        )

    def core_links(self, station: Station) -> list[str]:
        """Links to the core of a controller that are up."""
        cores = [one.name for one in self.net.routers if one.provider]
        gateway = self.gateway(station)
        way = station.segment is None or (bool(gateway) and any(self.reaches(gateway, core) for core in cores))
        return [one for one in station.servers if way and f"{station.name}:{one}" not in self.failure.parts]

    def _cells(self, venue: str) -> Iterator[tuple[str, bool]]:
        for station in self.net.stations:
            if station.role == "bts_controller":
                works = self.alive(station.name) and bool(self.core_links(station))
                for name, at in station.parts:
                    if at == venue:
                        yield name, works and f"{station.name}:{name}" not in self.failure.parts

    def radius(self, station: Station) -> list[str]:
        """RADIUS servers of a controller that answer."""
        return [one for one in station.servers if one not in self.failure.parts]

    def _points(self, venue: str) -> Iterator[tuple[str, bool]]:
        for station in self.net.stations:
            if station.role == "wifi_controller" and station.parts:
                known = not station.servers or bool(self.radius(station))
                works = known and bool(self.controller(station))
                for name, at in station.parts:
                    if at == venue:
                        yield name, works and f"{station.name}:{name}" not in self.failure.parts

    def controller(self, station: Station) -> str:
        """Controller that serves the access points of another or its own; empty without one."""
        pair = (station, *((self.net.station(station.standby),) if station.standby else ()))
        ways = {one.name: self.gateway(one) for one in pair if self.alive(one.name)}
        return next((name for name, gateway in ways.items() if gateway and self._served(gateway, "wifi")), "")


class Promised(Moment):
    """What the wiring promises: everything works but the failure, and routers lead to each other by every cable."""

    def reaches(self, router: str, goal: str) -> bool:
        near = self._reach(router)
        return (
            any(one.name in near and self.provider_up(one) for one in self.net.routers)
            if goal == _OUT
            else goal in near
        )

    def _group(self, group: Group, service: str) -> bool:
        ready = [name for name in group.members if self.lan_up(name, group)]
        return any(self._served(name, service) for name in (ready if group.tracks else ready[:1]))

    def _reach(self, router: str) -> set[str]:
        """Devices in reach of a router by way of routers."""
        routers, waiting = {one.name for one in self.net.routers}, [router]
        found = {router} if self.alive(router) else set()
        for name in waiting if found else ():  # grows while it is read
            for near in self._near(name):
                if near not in found:
                    found.add(near)
                    waiting += [near] if near in routers else []
        return found

    def _near(self, device: str) -> Iterator[str]:
        for segment in self.net.segments:
            ends = [name for name, _port in segment.ends]
            if device in ends and self.connected(segment, ends[0], ends[1]):
                yield from (name for name in ends if name != device)


class Oracle:
    """State of each service of an invented network after failures."""

    #: Drawings of the costs of OSPF; what differs between them is not to be known.
    DRAWINGS = 3

    def __init__(self, net: Invented) -> None:
        self.net = net
        self._costs = range(self.DRAWINGS) if any(one.ospf for one in net.routers) else range(1)
        self._known: dict[tuple[Failure, int], frozenset[Group3]] = {}
        self._promised: dict[tuple[str, ...], frozenset[Group3]] = {}
        self._single = (
            *((name,) for name in net.devices), *((cable.name,) for cable in net.cables),
            *((f"{one.name}:{_OUT}",) for one in net.routers if one.provider), *((name,) for name in net.servers),
        )  # fmt: skip

    def moment(self, names: Sequence[str] = ()) -> Moment:
        """Network during a failure, as its devices show it."""
        return Moment(self.net, Failure.of(self.net, names))

    def healthy(self) -> bool:
        """True for a network in which every service is there."""
        return not any(self._lost((), costs) for costs in self._costs)

    def _lost(self, names: Sequence[str], costs: int) -> frozenset[Group3]:
        failure = Failure.of(self.net, names)
        if (failure, costs) not in self._known:
            self._known[failure, costs] = Moment(self.net, failure, costs).lost
        return self._known[failure, costs]

    def _without(self, names: tuple[str, ...]) -> frozenset[Group3]:
        """Users whom the wiring promises nothing without some elements."""
        if names not in self._promised:
            self._promised[names] = Promised(self.net, Failure.of(self.net, names)).lost
        return self._promised[names]

    def states(self, names: Sequence[str]) -> Mapping[Place, State]:
        """State of each service after a failure; services are left out that depend on the costs of OSPF."""
        drawn = [self._states(names, costs) for costs in self._costs]
        return {place: state for place, state in drawn[0].items() if all(one[place] == state for one in drawn)}

    def _states(self, names: Sequence[str], costs: int) -> dict[Place, State]:
        lost, left = self._lost(names, costs), set[Place]()
        for more in self._single:
            anew = self._lost((*names, *more), costs) - self._without(more) - lost
            left |= {(venue, service) for venue, service, _users in anew}
        gone = {(venue, service) for venue, service, _users in lost}
        places = [(venue, service) for venue, services in self.net.venues for service in services]
        return {one: "lost" if one in gone else "one_way_left" if one in left else "unharmed" for one in places}
