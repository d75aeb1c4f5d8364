"""Gaps by the facts: lines of unknown users, routers without a default route, unknown switches of access points."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.core.messages import message
from eventready.facts.ports import port_key
from eventready.facts.records import AccessPointUplink, Route, RoutingPeer, StaticRoute
from eventready.network.learn.directory import Directory
from eventready.network.learn.lines import access_point_ports, lines_in_use
from eventready.network.learn.links import NetworkLayout
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.unsaid import Unsaid


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
