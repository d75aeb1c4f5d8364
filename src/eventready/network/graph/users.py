"""Users of each service, and their needs: networks behind a gateway, lines of a switch, cells, access points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeVar

from eventready.facts.ports import port_key
from eventready.facts.records import (
    AccessPoint,
    AccessPointUplink,
    Cell,
    ControllerPair,
    CoreLink,
    GatewayFailover,
    GatewayGroup,
    RadiusServer,
    Site,
)
from eventready.facts.rows import FactRows
from eventready.facts.subjects import may_be
from eventready.network.graph.topology import Topology
from eventready.network.learn.gaps import access_point_ports, lines_in_use
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.device import Device, Service
from eventready.workspace.devices.expect import ExpectedGateway
from eventready.workspace.devices.offered import offered
from eventready.workspace.settings.event import OUTWARD, ServiceOrigin

_GATEWAYS, _FAILOVERS = ("vrrp_group", "hsrp_group"), ("vrrp_failover", "hsrp_failover")
_PAIR = "controller_pair"


class _Named(Protocol):
    @property
    def name(self) -> str:
        """Name of the record."""


R = TypeVar("R", bound=_Named)


@dataclass(frozen=True)
class Users:
    """Users of a service at a venue with a common fate.

    They are served while one node of each of `needs` lives, and the first living node of `attach` is in reach of every
    set of `origins`; a node of `stays` out of reach keeps its users, another hands them to the next. `up`: state as
    measured; None without a measurement. `people`: expected number. `perhaps`: the same with all that may serve them,
    where some of it was not read. `promised`: the same with all that is configured or expected to serve them.
    """

    venue: str
    service: Service
    name: str
    attach: tuple[int, ...]
    needs: tuple[tuple[int, ...], ...] = ()
    origins: tuple[frozenset[int], ...] = ()
    stays: frozenset[int] = frozenset()
    up: bool | None = True
    people: int = 0
    perhaps: Users | None = None
    promised: Users | None = None


@dataclass(frozen=True)
class GatewayMember:
    """Member of a gateway group. `tracks`: hands over without a way out; None: not read.

    `takeover_s`: seconds until its takeover.
    """

    device: str
    node: int
    state: bool | None
    master: bool
    priority: int
    tracks: bool | None
    takeover_s: float | None


class UserGroups:
    """Users of all services of a topology; its parts for them are added to the graph."""

    def __init__(self, topology: Topology) -> None:
        self._topology, self._readings = topology, topology.readings
        self._directory = topology.directory
        self._setting = topology.setting
        self.gateways: dict[str, list[GatewayMember]] = {}

    @cached_property
    def all(self) -> tuple[Users, ...]:
        """Users in the order of the venues and services."""
        return tuple(
            users
            for venue in self._setting.venues
            for service in venue.services
            for users in self._of(venue.id, service)
        )

    def _of(self, venue: str, service: Service) -> Iterator[Users]:
        """Users of a service at a venue; unmeasured where its way out of the network is not known.

        Controllers of base stations know their links to the core themselves.
        """
        if service == "mobile":
            yield from self._cells(venue)
            return
        found = self._access_points(venue) if service == "wifi" else self._networks(venue, service)
        found = map(self._with_unplaced, found)
        outward = any(self._leads_out(origin, service) for origin in self._setting.origins)
        yield from found if outward else (replace(users, up=None) for users in found)

    def _leads_out(self, origin: ServiceOrigin, service: Service) -> bool:
        known = origin.kind in OUTWARD and origin.device in self._topology.nodes
        return known and service in origin.offered

    def _serving(self, venue: str, service: Service) -> list[DeviceFacts]:
        return [one for one in self._readings.all if one.device.serves(venue, service)]

    @cached_property
    def _cut_off(self) -> frozenset[str]:
        """Silent devices without light in any of their cables, as the far ends show, and without origins."""
        cabled = {name for cable in self._topology.cables for name in cable.devices}
        lit = {name for one in self._topology.cables if False not in (one.there, one.back) for name in one.devices}
        origins = {origin.device for origin in self._setting.origins}
        return frozenset(name for name in cabled - lit - origins if not self._readings.by_name[name].facts)

    # --- origins -------------------------------------------------------------------------------------------------

    def _origins(self, venue: str, service: Service) -> tuple[tuple[frozenset[int], ...], tuple[tuple[int, ...], ...]]:
        """Sets of nodes: at least a node in reach, or, without a known way, at least a living node."""
        kinds: dict[str, dict[int, bool]] = defaultdict(dict)
        for origin in self._setting.origins:
            if origin.device in self._topology.nodes and service in origin.offered:
                node = self._topology.nodes[origin.device]
                end = self._topology.part(origin.device, origin.port, element=True) if origin.port else node
                kinds["out" if origin.kind in OUTWARD else origin.kind][end] = origin.device in self._topology.afloat
        for reading in self._serving(venue, service):
            for kind in offered(reading.device):
                kinds[kind][self._topology.nodes[reading.name]] = reading.name in self._topology.afloat
        reached = tuple(frozenset(nodes) for nodes in kinds.values() if not any(nodes.values()))
        return reached, tuple(tuple(nodes) for nodes in kinds.values() if any(nodes.values()))

    def _with_unplaced(self, users: Users) -> Users:
        """Users to whom hosts without a known place are promised, and perhaps serve them: behind a silent router."""
        unplaced = {self._topology.nodes[name] for name in self._topology.unplaced}
        moved = [one for one in users.origins if one & unplaced]
        if not moved:
            return users
        origins = tuple(one for one in users.origins if one not in moved)
        alive = tuple(tuple(sorted(one)) for one in moved)

        def anywhere(one: Users) -> Users:
            return replace(one, origins=origins, needs=(*one.needs, *alive))

        return replace(users, perhaps=anywhere(users.perhaps or users), promised=anywhere(users.promised or users))

    # --- fixed and Internet --------------------------------------------------------------------------------------

    def _networks(self, venue: str, service: Service) -> Iterator[Users]:
        """Networks behind the gateways of the venue, else those of its routers; and the lines of its access switches.

        A device at an origin has users at its only venue, or by its `services`, and only where there are no others.
        """
        origins, needs = self._origins(venue, service)
        core = {origin.device for origin in self._setting.origins if origin.kind in OUTWARD}
        access = [one for one in self._serving(venue, service) if one.device.gives_access(service)]
        own = [one for one in access if one.name not in core] or [
            one for one in access if one.device.venues == (venue,) or service in one.device.services
        ]
        switches = [one for one in own if one.device.role == "switch"]
        own = [one for one in own if one not in switches]
        groups = self._gateways(own)
        for name, members in groups.items():
            states = [member.state for member in members]
            doubted = any(one.state is None and one.device not in self._cut_off for one in members)
            up = True if True in states else None if doubted else False
            ready = [member for member in members if member.state] or members
            ready.sort(key=lambda member: (not member.master, -member.priority))
            stays = frozenset(member.node for member in ready if not member.tracks)
            all_needs = (*needs, *self._switches_below(members, switches))
            users = Users(venue, service, name, tuple(member.node for member in ready), all_needs, origins, stays, up)
            everyone = tuple(dict.fromkeys(member.node for member in (*ready, *members)))
            users = replace(users, promised=replace(users, attach=everyone, up=True))
            yield _or_perhaps(
                users,
                _perhaps_attached(ready, [one for one in members if one.state is None and one not in ready]),
                stays=stays - {member.node for member in ready if member.tracks is None},
            )
        for reading in () if groups else _leaves(own):
            yield Users(venue, service, reading.name, (self._topology.nodes[reading.name],), needs, origins)
        for reading in switches:
            yield from (replace(users, needs=needs, origins=origins) for users in self._lines(reading, venue, service))

    def _lines(self, reading: DeviceFacts, venue: str, service: Service) -> Iterator[Users]:
        """Lines in use of an access switch; without any, the switch itself."""
        ports = lines_in_use(reading, {*self._cabled[reading.name], *self._access_point_ports[reading.name]})
        for port in ports:
            yield Users(venue, service, f"{reading.name} {port}", (self._topology.part(reading.name, port),))
        if not ports:
            up = True if reading.measured("interface") else None
            yield Users(venue, service, reading.name, (self._topology.nodes[reading.name],), up=up)

    def _switches_below(
        self, members: Iterable[GatewayMember], switches: Iterable[DeviceFacts]
    ) -> Iterator[tuple[int, ...]]:
        """Access switches below a gateway, any of them needed; none with another switch at its members."""
        far = dict.fromkeys(name for member in members for name in self._cabled[member.device].values())
        below = [name for name in far if self._readings.by_name[name].device.role == "switch"]
        if below and {one.name for one in switches}.issuperset(below):
            yield tuple(self._topology.nodes[name] for name in below)

    @cached_property
    def _cabled(self) -> Mapping[str, Mapping[str, str]]:
        """Far device of each port with a cable, by device."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for cable in self._topology.cables:
            for (name, port), (far, _port) in ((cable.one, cable.other), (cable.other, cable.one)):
                found[name][port_key(port)] = far
        return found

    @cached_property
    def _access_point_ports(self) -> Mapping[str, set[str]]:
        return access_point_ports(self._readings, self._directory)

    def _gateways(self, access: Iterable[DeviceFacts]) -> dict[str, list[GatewayMember]]:
        found: dict[str, list[GatewayMember]] = {}
        for reading in access:
            groups = [reading.fact(fact, GatewayGroup) for fact in _GATEWAYS]
            rows = {_membership(row): row for group in groups for row in group.each_row()}
            timers = {
                _membership(row): row for fact in _FAILOVERS for row in reading.fact(fact, GatewayFailover).each_row()
            }
            keys = {_membership(one): one.virtual_ip or "" for one in reading.device.expect.gateways}
            keys |= {key: keys.get(key) or row.virtual_ip or "" for key, row in rows.items()}
            for key, address in keys.items():
                row, timer = rows.get(key), timers.get(key)
                absent = _absent(reading.fact(f"{key[0]}_group", GatewayGroup), key, keys)
                state = row.state != "init" if row else False if absent else None
                node = self._topology.part(reading.name, reading.spelled(row.interface if row else key[2]))
                priority = (row and row.priority) or (timer and timer.priority) or 0
                member = GatewayMember(
                    reading.name, node, state, row is not None and row.state == "master", priority,
                    bool(timer.tracks) if timer else False if reading.whole(f"{key[0]}_failover") else None,
                    timer.takeover_s if timer else None,
                )  # fmt: skip
                found.setdefault(f"{key[0]} {key[1]} {address}".strip(), []).append(member)
        self.gateways |= found
        return found

    # --- mobile --------------------------------------------------------------------------------------------------

    def _cells(self, venue: str) -> Iterator[Users]:
        origins, needs = self._origins(venue, "mobile")
        for reading in self._serving(venue, "mobile"):
            if reading.device.role != "bts_controller":
                continue
            sites = {row.name.casefold(): row for row in reading.fact("site", Site).each_row()}
            cells, names = reading.fact("cell", Cell), [cell.name for cell in reading.device.expect.cells]
            core, core_whole = self._core_links(reading), reading.whole("core_link")
            every = self._core_links(reading, waiting=True)
            for cell in _at(reading.device, reading.device.expect.cells, venue):
                found = cells.for_subject(cell.name, names)
                row = found.row
                site = cell.site or (row.site if row else None)
                of_site = (self._part(reading, site, element=True),) if site else ()
                known_needs = (*needs, *filter(None, (of_site, (self._part(reading, cell.name),))))
                own = (*known_needs, core) if core or (every and core_whole) else known_needs  # all down: no way
                known = (
                    None
                    if not cells.measured or (row is None and found.unread_records)
                    else row is not None and row.state != "down" and row.admin == "unlocked"
                )
                if site and site.casefold() in sites and sites[site.casefold()].link == "down":
                    known = False
                attach = (self._topology.nodes[reading.name],)
                users = Users(venue, "mobile", cell.name, attach, own, origins, up=known, people=cell.users or 0)
                users = replace(
                    users, promised=replace(users, needs=(*known_needs, every) if every else known_needs, up=True)
                )
                yield users if core_whole else _or_perhaps(users, needs=known_needs)

    def _core_links(self, reading: DeviceFacts, *, waiting: bool = False) -> tuple[int, ...]:
        """Links to the core in use; `waiting`: all of them, expected ones included."""
        rows = reading.fact("core_link", CoreLink).each_row()
        names = [row.name for row in rows if waiting or row.state == "up"]
        names += (reading.device.expect.core_links or ()) if waiting else ()
        return tuple(dict.fromkeys(self._part(reading, name, element=True) for name in names))

    # --- Wi-Fi ---------------------------------------------------------------------------------------------------

    def _access_points(self, venue: str) -> Iterator[Users]:
        origins, needs = self._origins(venue, "wifi")
        for reading in self._serving(venue, "wifi"):
            if reading.device.role != "wifi_controller":
                continue
            points = reading.fact("access_point", AccessPoint)
            names = [point.name for point in reading.device.expect.access_points]
            attach = tuple(self._topology.nodes[name] for name in (reading.name, *self._standby(reading)))
            perhaps = tuple(self._topology.nodes[name] for name in self._perhaps_standby(reading))
            switches, pair = self._switches(reading), tuple(self._pair_of(reading, attach))
            radiuses = tuple(filter(None, (self._radius(reading, waiting=True),)))
            others = tuple(self._beside(reading))
            cut_off = reading.name in self._cut_off and all(one.whole("access_point") for one in others)
            for point in _at(reading.device, reading.device.expect.access_points, venue):
                found = points.for_subject(point.name, names)
                unsure = not points.measured or (found.row is None and found.unread_records)
                known = None if unsure else found.row is not None and found.row.state == "up"
                known = False if unsure and cut_off else known
                taken = self._taken_over(reading, point.name)
                needed = (
                    switches.get(point.name.casefold()),
                    (self._topology.part(reading.name, point.name, owned=False),),
                )
                known_needs = (*needs, *filter(None, needed))
                asking = taken if taken and not known else reading  # the controller that serves asks RADIUS
                radius, radius_whole = self._radius(asking), asking.whole("radius_server")
                own = (*known_needs, radius) if radius or (radiuses and radius_whole) else known_needs
                other = (self._topology.nodes[taken.name],) if taken else ()
                servers = tuple(dict.fromkeys((*attach, *other) if known else other or attach))
                up = True if taken else known
                users = Users(venue, "wifi", point.name, servers, own, origins, up=up, people=point.clients or 0)
                users = replace(
                    users, promised=replace(users, attach=(*attach, *pair), needs=(*known_needs, *radiuses), up=True)
                )
                more = tuple(node for node in perhaps if node not in attach)
                yield _or_perhaps(users, (*attach, *more), own if radius_whole else known_needs)

    def _taken_over(self, reading: DeviceFacts, name: str) -> DeviceFacts | None:
        """Another controller at the same venues with the access point in service; None without such a controller."""
        for one in self._beside(reading):
            row = one.fact("access_point", AccessPoint).for_subject(name).row
            if row is not None and row.state == "up":
                return one
        return None

    def _standby(self, reading: DeviceFacts) -> Iterator[str]:
        """Standby controllers of an active controller, at the same venues, ready on both sides."""
        if any(row.local_state == "active" and row.ready for row in _pairs(reading)):
            others = [
                one.name for one in self._beside(reading)
                if any(row.local_state == "standby" and row.ready for row in _pairs(one))
            ]  # fmt: skip
            yield from others if len(others) == 1 else ()

    def _perhaps_standby(self, reading: DeviceFacts) -> Iterator[str]:
        """Other controllers at the same venues, where a state of the pair was not read."""
        for one in self._beside(reading):
            both = (reading, one)
            if all(map(_may_be_ready, both)) and not all(each.whole(_PAIR) for each in both):
                yield one.name

    def _pair_of(self, reading: DeviceFacts, attach: tuple[int, ...]) -> Iterator[int]:
        """Other controllers of an expected or configured pair, ready or not."""
        for one in self._beside(reading):
            both = (reading, one)
            paired = all(each.device.expect.controller_pair or _pairs(each) for each in both)
            if paired and self._topology.nodes[one.name] not in attach:
                yield self._topology.nodes[one.name]

    def _beside(self, reading: DeviceFacts) -> Iterator[DeviceFacts]:
        """Other controllers with the venues of a controller."""
        for one in self._readings.all:
            same = one.device.role == "wifi_controller" and one.device.venues == reading.device.venues
            if same and one.name != reading.name:
                yield one

    def _radius(self, reading: DeviceFacts, *, waiting: bool = False) -> tuple[int, ...]:
        """RADIUS servers with an answer, shared by the controllers; `waiting`: servers without an answer as well."""
        found = []
        for row in reading.fact("radius_server", RadiusServer).each_row():
            if waiting or row.state == "up":
                owner = self._directory.owner(row.host)
                found.append(self._topology.nodes[owner] if owner else self._topology.server(reading.name, row.host))
        return tuple(found)

    def _switches(self, reading: DeviceFacts) -> dict[str, tuple[int, ...]]:
        """Switches of the inventory behind the access points."""
        found: dict[str, tuple[int, ...]] = {}
        for row in reading.fact("access_point_uplink", AccessPointUplink).each_row():
            owner = self._directory.owner(row.device) or self._directory.owner(row.management_address or "")
            if owner:
                found[row.ap.casefold()] = (self._topology.nodes[owner],)
        return found

    def _part(self, reading: DeviceFacts, name: str, *, element: bool = False) -> int:
        return self._topology.part(reading.name, name, element=element)


def _perhaps_attached(ready: Sequence[GatewayMember], unread: Sequence[GatewayMember]) -> tuple[int, ...]:
    """Return the nodes of the members, the likeliest to have the users first: without a master the unread ones.

    Of several masters the one whose priority was not read may be the first.
    """
    order = sorted(ready, key=lambda member: (not member.master, member.priority > 0))
    found = (*order, *unread) if any(member.master for member in ready) else (*unread, *order)
    return tuple(member.node for member in found)


def _or_perhaps(
    users: Users,
    attach: tuple[int, ...] = (),
    needs: tuple[tuple[int, ...], ...] | None = None,
    stays: frozenset[int] | None = None,
) -> Users:
    """Return users with all possible servers: more nodes to attach to, fewer needs, or fewer to stay at."""
    perhaps = replace(
        users,
        attach=attach or users.attach,
        needs=users.needs if needs is None else needs,
        stays=users.stays if stays is None else stays,
    )
    return users if perhaps == users else replace(users, perhaps=perhaps)


def _pairs(reading: DeviceFacts) -> tuple[ControllerPair, ...]:
    return reading.fact(_PAIR, ControllerPair).each_row()


def _may_be_ready(reading: DeviceFacts) -> bool:
    """Return True for a controller with a ready or an unread pair."""
    rows = _pairs(reading)
    return all(row.ready for row in rows) if rows else not reading.whole(_PAIR)


def _at(device: Device, expected: Iterable[R], venue: str) -> Iterator[R]:
    """Cells or access points at a venue; without a venue in the inventory, at each venue of the device."""
    for one in expected:
        if getattr(one, "venue", None) == venue or (getattr(one, "venue", None) is None and venue in device.venues):
            yield one


def _membership(row: GatewayGroup | GatewayFailover | ExpectedGateway) -> tuple[str, int, str]:
    return row.protocol, row.group, port_key(row.interface)


def _absent(rows: FactRows[GatewayGroup], key: tuple[str, int, str], keys: Iterable[tuple[str, int, str]]) -> bool:
    """Return True for a group without a record, read or unread, of a measured fact."""
    names = {one: f"{one[1]} {one[2]}" for one in keys}
    return rows.measured and not any(may_be(one, names[key], names.values()) for one in rows.unread_records)


def _leaves(access: list[DeviceFacts]) -> list[DeviceFacts]:
    """Routers of a single venue where there are some: the nearest to its users."""
    venues = min((len(one.device.venues) for one in access), default=0)
    return [one for one in access if len(one.device.venues) == venues]
