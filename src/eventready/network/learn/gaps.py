"""Lines of access switches: ports in use without a device of the inventory and without an access point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from eventready.core.messages import message
from eventready.facts.ports import is_physical, port_key
from eventready.facts.records import AccessPointUplink, Route, RoutingPeer, StaticRoute
from eventready.network.learn.directory import Directory
from eventready.network.learn.links import NetworkLayout
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.workspace.unsaid import Unsaid


def lines_in_use(reading: DeviceFacts, taken: Collection[str]) -> tuple[str, ...]:
    """Return the lines of a switch in use. `taken`: canonical names of ports with a cable or an access point."""
    known = {*taken, *map(port_key, reading.device.expect.uplinks)}
    known |= {port_key(port) for port, _address, _vrf in reading.addresses()}
    return tuple(
        row.name for key, row in reading.ports.items()
        if row.oper == "up" and key not in known and is_physical(row.name)
    )  # fmt: skip


def access_point_ports(readings: NetworkFacts, directory: Directory) -> Mapping[str, set[str]]:
    """Return the ports with an access point by canonical name, by switch."""
    found: dict[str, set[str]] = defaultdict(set)
    for reading in readings.all:
        for row in reading.fact("access_point_uplink", AccessPointUplink).each_row():
            if (owner := directory.owner(row.device)) and row.port:
                found[owner].add(port_key(row.port))
    return found


def gaps(layout: NetworkLayout) -> Iterator[Unsaid]:
    """Yield the gaps by the facts, in the order of the devices."""
    directory = Directory(layout.readings)
    ports = access_point_ports(layout.readings, directory)
    for reading in layout.readings.all:
        yield from _lines(reading, layout, ports.get(reading.name, set()))
        yield from _routes(reading, layout)
    yield from _switches(layout, directory)


def _lines(reading: DeviceFacts, layout: NetworkLayout, taken: set[str]) -> Iterator[Unsaid]:
    """Lines in use of a switch without services."""
    if reading.device.role == "switch" and not reading.device.services:
        cabled = {port_key(port) for port, _far, _state in layout.ways(reading.name)}
        if lines := lines_in_use(reading, cabled | taken):
            yield Unsaid("lines", reading.name, message("learn:ask.lines", count=len(lines)))


def _routes(reading: DeviceFacts, layout: NetworkLayout) -> Iterator[Unsaid]:
    """Router on the way to an upstream or the core, without a default route in use or in waiting, none expected."""
    core = [one.device for one in layout.origins if one.outward]
    concerns = reading.device.role == "router" and core and reading.name in layout.distance
    if not concerns or reading.device.expect.default_routes is not None:
        return
    if not reading.whole("default_route") or any(map(reading.partly, ("static_route", "bgp_neighbour"))):
        return
    in_use, waiting = reading.fact("default_route", Route), reading.fact("static_route", StaticRoute)
    if any(row.leads_out for row in in_use.each_row()) or any(row.leads_out for row in waiting.each_row()):
        return
    if reading.name not in core:
        yield Unsaid("routes", reading.name, message("learn:ask.routes", names=list(dict.fromkeys(core))))
    elif not any(row.up and row.prefixes for row in reading.fact("bgp_neighbour", RoutingPeer).each_row()):
        yield Unsaid("routes", reading.name, message("learn:ask.routes_upstream"))


def _switches(layout: NetworkLayout, directory: Directory) -> Iterator[Unsaid]:
    """Switches of access points outside the inventory."""
    points: dict[str, set[str]] = {}
    for reading in layout.readings.all:
        for row in reading.fact("access_point_uplink", AccessPointUplink).each_row():
            if not (directory.owner(row.device) or directory.owner(row.management_address or "")):
                points.setdefault(row.device, set()).add(row.ap)
    for name, own in points.items():
        yield Unsaid("access_switch", name, message("learn:ask.access_switch", count=len(own)))
