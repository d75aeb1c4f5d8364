"""Routing neighbours and BFD sessions, held against the expected lists.

An unexpected neighbour that is up is no fault; one that is not up gives a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import Field

from eventready.checks.answer import blind, failed, missing, not_read, of_all, of_subject, passed, unknown, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.ports import port_key
from eventready.facts.records import BfdSession, Route, RouterAdvertisement, RoutingPeer, StaticRoute
from eventready.facts.subjects import owners, peer_name, peers_of, sessions_of
from eventready.workspace.devices.device import Device


class BgpLimits(Limits):
    """Prefixes received, against the baseline run."""

    lost_percent: float = Field(
        default=20, gt=0, le=100, description="Warning from this loss of prefixes against the baseline on, % [K]"
    )


_router_check = partial(check, roles=("router",))


@_router_check("ospf", kind="state", needs=("ospf_neighbour",), applies=lambda device: device.expect.ospf is not None)
def ospf(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected OSPF neighbour is there and usable."""
    yield from _neighbours(view, "ospf_neighbour", view.device.expect.ospf or (), "OSPF")


@_router_check("isis", kind="state", needs=("isis_neighbour",), applies=lambda device: device.expect.isis is not None)
def isis(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected IS-IS neighbour is there and up."""
    yield from _neighbours(view, "isis_neighbour", view.device.expect.isis or (), "IS-IS")


@_router_check(
    "bgp",
    kind="state",
    needs=("bgp_neighbour",),
    limits=BgpLimits(),
    applies=lambda device: device.expect.bgp is not None,
)
def bgp(view: DeviceView, limits: BgpLimits) -> Iterator[Finding]:
    """Every expected BGP neighbour is established and sends as many prefixes as before."""
    yield from _neighbours(view, "bgp_neighbour", view.device.expect.bgp or (), "BGP")
    baseline = view.baselined("bgp_neighbour", RoutingPeer)
    rows = view.each_row("bgp_neighbour", RoutingPeer)
    matched = {id(row) for name in view.device.expect.bgp or () for row in peers_of(name, rows)}
    for row in rows:
        if row.up and row.prefixes is not None and id(row) in matched:
            earlier = baseline.get(row.subject)
            families = [other for other in rows if peer_name(other) == peer_name(row)]
            yield from _prefixes(row, families, earlier.prefixes if earlier else None, limits)


def _prefixes(
    row: RoutingPeer, families: Sequence[RoutingPeer], earlier: int | None, limits: BgpLimits
) -> Iterator[Finding]:
    """Findings of the prefixes of an address family; a warning if the neighbour sends none of any family."""
    count = row.prefixes or 0
    subject = " ".join(part for part in (peer_name(row), row.family, "prefixes") if part)
    if earlier and 100.0 * (earlier - count) / earlier >= limits.lost_percent:
        changed, limit = "checks:routing.prefixes_changed", limits.lost_percent
        yield warned(subject, changed, peer=row.peer, value=count, earlier=earlier, limit=limit)
    elif not earlier and not any(one.prefixes for one in families):
        none = warned(subject, "checks:routing.no_prefixes", peer=row.peer, value=0)
        yield of_all(none) if len(families) > 1 else none
    else:
        yield passed(subject, "checks:routing.prefixes", peer=row.peer, value=count)


def _neighbours(view: DeviceView, fact: str, expected: tuple[str, ...], protocol: str) -> Iterator[Finding]:
    rows = view.each_row(fact, RoutingPeer)
    matched: set[int] = set()
    for name in expected:
        own = peers_of(name, rows)
        matched.update(map(id, own))
        yield _neighbour(name, own, protocol)
    for row in rows:
        if id(row) not in matched and not row.up:
            yield warned(row.subject, "checks:routing.unexpected_state", protocol=protocol, state=row.state)
    if not expected:
        yield from _none_expected(rows, protocol)


def _neighbour(name: str, rows: list[RoutingPeer], protocol: str) -> Finding:
    up = [row for row in rows if row.up]
    if not rows:
        return missing(name, "checks:routing.missing", protocol=protocol)
    if not up:
        return of_subject(failed(name, "checks:routing.not_up", protocol=protocol, state=rows[0].state))
    if len(up) < len(rows):
        return warned(name, "checks:routing.some_up", protocol=protocol, up=len(up), count=len(rows))
    return of_subject(passed(name, "checks:routing.up", protocol=protocol))


def _none_expected(rows: tuple[RoutingPeer, ...], protocol: str) -> Iterator[Finding]:
    up = sum(row.up for row in rows)
    if up:
        yield of_all(warned(protocol, "checks:routing.unexpected", protocol=protocol, count=up))
    else:
        yield of_all(passed(protocol, "checks:routing.none_expected", protocol=protocol))


@_router_check("bfd", kind="state", needs=("bfd_session",), applies=lambda device: device.expect.bfd is not None)
def bfd(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected BFD session is up."""
    rows = view.each_row("bfd_session", BfdSession)
    expected = view.device.expect.bfd or ()
    matched: set[int] = set()
    for peer in expected:
        own = sessions_of(peer, rows)
        matched.update(map(id, own))
        yield _session(peer, own)
    for row in rows:
        if id(row) not in matched and row.state != "up":
            name = " ".join(filter(None, (peer_name(row), row.hops)))
            yield warned(name, "checks:bfd.unexpected_state", state=row.state)
    if not expected:
        yield of_all(passed("BFD", "checks:bfd.none_expected"))


def _session(peer: str, rows: list[BfdSession]) -> Finding:
    if not rows:
        return missing(peer, "checks:bfd.missing")
    for row in rows:
        if row.state != "up":
            return of_subject(failed(peer, "checks:bfd.not_up", state=row.state))
    return of_subject(passed(peer, "checks:bfd.up"))


#: Subject of the findings about the IPv6 default route.
_V6 = "IPv6 default route"
_route_check = partial(check, topic="backup", roles=("router",))


def _expects_default(device: Device) -> bool:
    return device.expect.default_routes is not None


def _in_use(view: DeviceView) -> list[Route]:
    return [row for row in view.each_row("default_route", Route) if row.leads_out]


def _statics(view: DeviceView) -> list[StaticRoute]:
    return [row for row in view.each_row("static_route", StaticRoute) if row.leads_out]


@_route_check("default_route", kind="state", needs=("default_route",), applies=_expects_default)
def default_route(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """A default route is in use."""
    rows = _in_use(view)
    if rows:
        yield passed("default route", "checks:route.default", count=len(rows))
    else:
        yield of_all(failed("default route", "checks:route.no_default"))


@_route_check(
    "router_advertisement",
    kind="quality",
    needs=("router_advertisement", "default_route_v6"),
    applies=lambda device: _expects_default(device) or bool(device.expect.gateways),
)
def router_advertisement(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Routers announced to users as IPv6 default routers have an IPv6 default route in use."""
    rows = [row for row in view.each_row("router_advertisement", RouterAdvertisement) if row.lifetime_s != 0]
    rows = [row for row in rows if _leads_to_users(view.device, port_key(row.interface))]
    for row in rows:
        if row.vrf:
            yield blind(row.interface, "checks:route.advertised_in_vrf", vrf=row.vrf)
    ports = ", ".join(row.interface for row in rows if not row.vrf)
    defaults = view.each_row("default_route_v6", Route)
    routes = [row for row in defaults if row.leads_out and (row.next_hop or row.interface)]
    if not ports:
        if not rows:
            yield of_all(passed(_V6, "checks:route.not_advertised"))
    elif routes:
        yield passed(_V6, "checks:route.advertised", count=len(routes), ports=ports)
    else:
        yield of_all(failed(_V6, "checks:route.advertised_without", ports=ports))


def _leads_to_users(device: Device, port: str) -> bool:
    """Return True for a declared gateway, and for a port beside cables, uplinks and their parts."""
    if port in {port_key(one.interface) for one in device.expect.gateways if one.interface}:
        return True
    uplinks, cabled = ({*map(port_key, names)} for names in (device.expect.uplinks, _cabled(device)))
    return port.removesuffix(".0") not in uplinks | cabled and port.partition(".")[0] not in uplinks


def _cabled(device: Device) -> Iterator[str]:
    """Ports of cables to other devices of the inventory, and the bundles."""
    yield from (link.port for link in device.expect.links)
    yield from (bundle.name for bundle in device.expect.bundles)


@_route_check(
    "backup_route",
    kind="state",
    needs=("default_route", "static_route"),
    applies=lambda device: (device.expect.default_routes or 0) > 1,
)
def backup_route(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Behind the default route in use stands a backup."""
    expected = view.device.expect.default_routes or 0
    hops = {row.next_hop or row.interface for row in _in_use(view)}
    hops |= {row.next_hop or row.interface for row in _statics(view)}
    if len(hops) < expected:
        yield of_all(warned("backup route", "checks:route.ways_out_expected", value=len(hops), limit=expected))
    else:
        yield passed("backup route", "checks:route.ways_out", value=len(hops))


@_route_check(
    "floating_route",
    kind="care",
    needs=("static_route",),
    also_reads=("ospf_neighbour",),
    applies=_expects_default,
)
def floating_route(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """A static default route with a backup route is monitored by BFD or tracking.

    A floating route takes over only when the preferred one is withdrawn. Across a switch the port stays up when the
    next hop dies, nothing withdraws the route, and traffic is lost in silence: the hazard of the unwatched route. A BFD
    session that OSPF shares ends with OSPF: on FRR 10.3 half of the losses in one direction left such a route in use.
    """
    statics = _statics(view)
    last = max((row.distance for row in statics), default=0)
    guarded = [row for row in statics if row.distance < last]
    for row in guarded:
        way = row.next_hop or row.interface or row.prefix
        if row.protected:
            yield passed(way, "checks:route.watched")
            if row.bfd and "multi-hop" not in row.bfd:
                yield from _shared_session(view, way, row.next_hop or "")
        else:
            yield warned(way, "checks:route.unwatched")
    if not guarded:
        yield of_all(passed("static default routes", "checks:route.no_static"))


def _shared_session(view: DeviceView, way: str, next_hop: str) -> Iterator[Finding]:
    """Return a warning for a BFD session shared by OSPF, or not measured beside unread neighbours."""
    peers, subject = view.fact("ospf_neighbour", RoutingPeer), f"BFD {way}"
    unread = [one for one in peers.unread_records if not one.text or owners(one, (next_hop,))]
    if any(row.bfd and row.address == next_hop for row in peers.each_row()):
        yield warned(subject, "checks:route.shared_session", way=way)
    elif unread:
        yield not_read(subject, unread)
    elif view.device.expect.ospf and not peers.measured:
        yield unknown(subject, "checks:run.not_read", fact="ospf_neighbour")
