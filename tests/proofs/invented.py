"""Invented networks: routers in tiers, switches, gateways, controllers and hosts, drawn from a seed.

An invented network is wiring and configuration alone. What it does, also after a failure, is up to `forwarding`; what
its devices show is up to `shown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from eventready.workspace.devices.device import Service

Port = tuple[str, str]
#: Administrative distances of static routes: before the routing protocol, and after it.
FIRST, FLOATING = 1, 200
SERVICES: tuple[Service, ...] = ("fixed", "internet", "mobile", "wifi")


@dataclass(frozen=True)
class Cable:
    """Cable between two ports; `bundle`: the logical port at both ends of which it is a member."""

    one: Port
    other: Port
    bundle: str = ""

    @property
    def devices(self) -> frozenset[str]:
        """Devices at its ends."""
        return frozenset((self.one[0], self.other[0]))

    @property
    def name(self) -> str:
        """Both ends in words, as the product names a cable."""
        return " - ".join(sorted(" ".join(end) for end in (self.one, self.other)))


@dataclass(frozen=True)
class Segment:
    """Network between devices: a cable, a bundle, or cables to one switch. `ends`: logical port of each device.

    `hidden`: no device and no inventory knows the cable; the network of its addresses tells the way.
    """

    number: int
    ends: tuple[Port, ...]
    cables: tuple[Cable, ...]
    switch: str = ""
    least: int = 1
    hidden: bool = False

    def address(self, device: str) -> str:
        """Address of a device in the network."""
        place = [name for name, _port in self.ends].index(device)
        return f"10.{self.number // 250}.{self.number % 250}.{place + 1}"

    def port(self, device: str) -> str:
        """Logical port of a device."""
        return next(port for name, port in self.ends if name == device)


@dataclass(frozen=True)
class Static:
    """Static default route over a segment (None: to the provider). `watched`: withdrawn with its BFD session."""

    segment: Segment | None
    to: str
    distance: int = FIRST
    watched: bool = False


@dataclass(frozen=True)
class Router:
    """Router. `ospf`: takes part in the routing protocol; `provider`: has a port to the provider."""

    name: str
    venues: tuple[str, ...]
    statics: tuple[Static, ...] = ()
    ospf: bool = False
    provider: bool = False


@dataclass(frozen=True)
class Group:
    """Gateway group of a venue's network: members, the one with the users first. `tracks`: hands over without a way."""

    number: int
    venue: str
    members: tuple[str, ...]
    tracks: bool
    switch: str = ""

    @property
    def address(self) -> str:
        """Virtual address."""
        return f"172.16.{self.number}.1"


@dataclass(frozen=True)
class Station:
    """Controller or host at a segment; without one nobody knows its way.

    `parts`: base stations or access points by venue. `servers`: core links or RADIUS servers, of which one is enough.
    """

    name: str
    role: Literal["bts_controller", "wifi_controller", "service_host"]
    segment: Segment | None
    venues: tuple[str, ...]
    parts: tuple[tuple[str, str], ...] = ()
    servers: tuple[str, ...] = ()
    standby: str = ""


@dataclass(frozen=True)
class Invented:
    """Wiring and configuration of a network."""

    seed: int
    routers: tuple[Router, ...]
    switches: tuple[tuple[str, tuple[str, ...]], ...]
    segments: tuple[Segment, ...]
    lans: tuple[Cable, ...]
    groups: tuple[Group, ...]
    stations: tuple[Station, ...]
    venues: tuple[tuple[str, tuple[Service, ...]], ...]
    risks: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def cables(self) -> tuple[Cable, ...]:
        """All cables that somebody knows."""
        return (*(cable for one in self.segments if not one.hidden for cable in one.cables), *self.lans)

    @property
    def hosts(self) -> tuple[Station, ...]:
        """Service hosts: portals of the Internet and of the Wi-Fi."""
        return tuple(one for one in self.stations if one.role == "service_host")

    def router(self, name: str) -> Router:
        """Router by name."""
        return next(one for one in self.routers if one.name == name)

    def station(self, name: str) -> Station:
        """Station by name."""
        return next(one for one in self.stations if one.name == name)

    @property
    def devices(self) -> tuple[str, ...]:
        """Names of all devices."""
        return (*(one.name for one in self.routers), *(name for name, _venues in self.switches),
                *(one.name for one in self.stations))  # fmt: skip

    @property
    def servers(self) -> tuple[str, ...]:
        """Core links as `device:link`, and RADIUS servers beside the inventory."""
        links = [f"{one.name}:{link}" for one in self.stations for link in one.servers if one.role == "bts_controller"]
        radius = (host for one in self.stations for host in one.servers if one.role == "wifi_controller")
        return (*links, *dict.fromkeys(radius))

    def failures(self) -> Iterator[tuple[str, ...]]:
        """Every failure by the names of what-if: devices, cables, bundles, ports of gateways, groups."""
        yield from ((name,) for name in self.devices)
        yield from ((cable.name,) for cable in self.cables)
        yield from (
            tuple(c.name for c in one.cables) for one in self.segments if len(one.cables) > 1 and not one.switch
        )
        yield from ((f"{router}:lan{one.number}",) for one in self.groups for router in one.members)
        yield from ((":".join(one.ends[1]),) for one in self.segments if one.hidden)
        yield from ((f"{one.name}:provider",) for one in self.routers if one.provider)
        yield from ((f"{one.name}:{part}",) for one in self.stations for part, _venue in one.parts[:1])
        yield from ((name,) for name in self.servers)
        yield from ((name,) for name, _members in self.risks)


@dataclass
class _Drawing:
    """A network while it is drawn."""

    seed: int
    random: Random
    routing: str = ""
    segments: list[Segment] = field(default_factory=list)
    switches: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)

    def port(self, device: str) -> str:
        """The next free port of a device."""
        self.used[device] = self.used.get(device, 0) + 1
        return f"eth{self.used[device]}"

    def cable(self, one: str, other: str, bundle: str = "") -> Cable:
        return Cable((one, self.port(one)), (other, self.port(other)), bundle)

    def link(self, one: str, other: str, *, plain: bool = False, hidden: bool = False) -> Segment:
        """A cable, a bundle of two, or two cables to a switch, between two devices."""
        number, kind = len(self.segments) + 1, "cable" if plain else self._kind()
        if kind == "switch":
            name = f"sw{number}"
            self.switches.append((name, ()))
            cables = self.cable(one, name), self.cable(other, name)
            found = Segment(number, (cables[0].one, cables[1].one), cables, name)
        elif kind == "bundle":
            port = f"po{number}"
            pair = self.cable(one, other, port), self.cable(one, other, port)
            found = Segment(number, ((one, port), (other, port)), pair, least=self.random.choice((1, 1, 2)))
        else:
            cable = self.cable(one, other)
            found = Segment(number, (cable.one, cable.other), (cable,), hidden=hidden)
        self.segments.append(found)
        return found

    def _kind(self) -> str:
        return self.random.choices(("cable", "bundle", "switch"), (70, 18, 12))[0]

    def statics(self, ways: Sequence[tuple[Segment, str]]) -> tuple[Static, ...]:
        """Static default routes of a router with these ways, the best first."""
        habit = {"static": ("both", "both", "one"), "ospf": ("none",), "mixed": ("none", "one", "both", "floating")}
        chosen, found = self.random.choice(habit[self.routing]), list[Static]()
        for (segment, to), distance, when in zip(ways, (FIRST, FLOATING), (("one", "both"), ("both",)), strict=False):
            if chosen in when:
                found.append(Static(segment, to, distance, self.random.random() < 0.6))
        if chosen == "floating":
            segment, to = ways[-1]
            found.append(Static(segment, to, FLOATING, self.random.random() < 0.5))
        return tuple(found)


def invent(seed: int) -> Invented:
    """Draw a network of 5 to 25 devices."""
    drawing = _Drawing(seed, random := Random(f"network {seed}"))
    drawing.routing = random.choice(("static", "ospf", "mixed"))
    venues = tuple(
        (f"venue{number}", tuple(one for one in SERVICES if one != "fixed" or random.random() < 0.5))
        for number in range(1, random.randint(1, 4) + 1)
    )
    routers, cores = _cores(drawing, [name for name, _services in venues])
    uppers, lans, groups = list(cores), list[Cable](), list[Group]()
    for number in range(1, random.randint(0, 2) + 1):
        routers.append(_below(drawing, f"agg{number}", (), cores))
        uppers.append(f"agg{number}")
    for name, _services in venues:
        edges = [_below(drawing, f"edge{name[-1]}{letter}", (name,), uppers) for letter in "ab"[: random.randint(1, 2)]]
        if len(edges) == 2 and random.random() < 0.5:
            edges = _joined(drawing, edges)
        routers += edges
        group, more = _gateway(drawing, name, [one.name for one in edges])
        groups += group
        lans += more
    stations = _stations(drawing, venues, [one.name for one in routers])
    names = [one.name for one in routers if not one.name.startswith("core")]
    risks = [("duct", tuple(random.sample(names, 2)))] if len(names) > 1 else []
    return Invented(
        seed, tuple(routers), tuple(drawing.switches), tuple(drawing.segments), tuple(lans), tuple(groups),
        tuple(stations), venues, tuple(risks),
    )  # fmt: skip


def _cores(drawing: _Drawing, venues: Sequence[str]) -> tuple[list[Router], list[str]]:
    """One or two routers with the provider; two are connected and stand in for each other."""
    names = ["core1", "core2"][: 2 if drawing.random.random() < 0.75 else 1]
    ospf, between = drawing.routing != "static", drawing.link(*names) if len(names) == 2 else None
    found = []
    for name in names:
        statics = [Static(None, "", FIRST)]
        if between:
            statics.append(Static(between, next(one for one in names if one != name), FLOATING, watched=True))
        found.append(Router(name, tuple(venues), tuple(statics), ospf=ospf, provider=True))
    return found, names


def _below(drawing: _Drawing, name: str, venues: tuple[str, ...], uppers: Sequence[str]) -> Router:
    """A router below one or two others."""
    above = drawing.random.sample(uppers, min(len(uppers), 1 if drawing.random.random() < 0.3 else 2))
    ways = [(drawing.link(name, one), one) for one in above]
    return Router(name, venues, drawing.statics(ways), ospf=drawing.routing != "static")


def _joined(drawing: _Drawing, edges: Sequence[Router]) -> list[Router]:
    """Two routers of a venue with a cable between them, each a last way of the other."""
    between, found = drawing.link(edges[0].name, edges[1].name, plain=True), []
    for edge, other in zip(edges, reversed(edges), strict=True):
        more = [Static(between, other.name, FLOATING + 1, watched=True)] if edge.statics else []
        found.append(Router(edge.name, edge.venues, (*edge.statics, *more), edge.ospf))
    return found


def _gateway(drawing: _Drawing, venue: str, edges: Sequence[str]) -> tuple[list[Group], list[Cable]]:
    """The gateway of a venue's network, maybe behind a switch; none for a venue of a single router at times."""
    if len(edges) == 1 and drawing.random.random() < 0.7:
        return [], []
    number = int(venue[-1])
    switch = f"access{number}" if drawing.random.random() < 0.4 else ""
    group = Group(number, venue, tuple(edges), drawing.random.random() < 0.7, switch)
    if not switch:
        return [group], []
    drawing.switches.append((switch, (venue,)))
    return [group], [Cable((edge, f"lan{number}"), (switch, drawing.port(switch))) for edge in edges]


def _stations(
    drawing: _Drawing, venues: Sequence[tuple[str, tuple[Service, ...]]], routers: Sequence[str]
) -> list[Station]:
    random, found = drawing.random, list[Station]()
    names = tuple(name for name, _services in venues)

    def placed(name: str, *, hidden: bool = False) -> Segment:
        return drawing.link(name, random.choice(routers), plain=hidden or random.random() < 0.8, hidden=hidden)

    for number in range(1, random.randint(1, 2) + 1):
        name = f"bsc{number}"
        parts = tuple((f"site{number}{venue[-1]}{letter}", venue) for venue in names for letter in "ab"[: 3 - number])
        segment = placed(name, hidden=True) if random.random() < 0.7 else None
        found.append(Station(name, "bts_controller", segment, names, parts, ("0", "1")[: random.randint(1, 2)]))
    points = tuple((f"ap{venue[-1]}{letter}", venue) for venue in names for letter in "ab")
    servers = ("10.254.0.1", "10.254.0.2")[: random.randint(0, 2)]
    pair = random.random() < 0.5
    found.append(
        Station("wlc1", "wifi_controller", placed("wlc1"), names, points, servers, standby="wlc2" if pair else "")
    )
    if pair:
        found.append(Station("wlc2", "wifi_controller", placed("wlc2"), names, (), servers))
    for number in range(1, random.randint(0, 2) + 1):
        found.append(Station(f"host{number}", "service_host", placed(f"host{number}", hidden=True), names))
    return found


def renamed(net: Invented, names: Mapping[str, str]) -> Invented:
    """The same network with other names of its venues."""

    def of(venues: Sequence[str]) -> tuple[str, ...]:
        return tuple(names[venue] for venue in venues)

    return replace(
        net,
        routers=tuple(replace(one, venues=of(one.venues)) for one in net.routers),
        switches=tuple((name, of(venues)) for name, venues in net.switches),
        groups=tuple(replace(one, venue=names[one.venue]) for one in net.groups),
        stations=tuple(
            replace(one, venues=of(one.venues), parts=tuple((name, names[venue]) for name, venue in one.parts))
            for one in net.stations
        ),
        venues=tuple((names[venue], services) for venue, services in net.venues),
    )
