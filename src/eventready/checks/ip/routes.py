"""The default route, its backup, and whether the backup would ever take over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from eventready.checks.answer import blind, failed, not_read, of_all, passed, unknown, warned
from eventready.checks.check import DeviceView, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.ports import port_key
from eventready.facts.records import Route, RouterAdvertisement, RoutingPeer, StaticRoute
from eventready.facts.subjects import owners
from eventready.workspace.devices.device import Device

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
