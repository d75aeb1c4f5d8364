"""Takeovers after a failure: gateways, standby controllers, bundle members, routes, adjacencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eventready.core.messages import Text, message
from eventready.facts.ports import parent_port, port_key
from eventready.facts.records import Route, StaticRoute
from eventready.network.graph.graph import Cut
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import DeviceFacts, ports_towards


@dataclass(frozen=True)
class Takeover:
    """Takeover in words; `seconds` of interruption by the timers of the device."""

    text: Text
    seconds: float | None = None


def takeovers(whatif: WhatIf, failure: Cut) -> tuple[Takeover, ...]:
    """All takeovers of a failure, each once, of devices with a way out of the network left."""
    found = dict.fromkeys((*_servers(whatif, failure), *_bundles(whatif, failure), *_routes(whatif, failure)))
    return tuple(found)


def _servers(whatif: WhatIf, failure: Cut) -> Iterator[Takeover]:
    for users, before, after in whatif.moved(failure):
        members = whatif.gateways.get(users.name, ())
        if members:
            seconds = next((one.takeover_s for one in members if one.device == after), None)
            yield Takeover(message("whatif:takeover.gateway", group=users.name, device=after, before=before), seconds)
        else:
            yield Takeover(message("whatif:takeover.controller", device=after, before=before))


def _bundles(whatif: WhatIf, failure: Cut) -> Iterator[Takeover]:
    led_out = whatif.led_out(failure)
    for device, bundle, left, members in whatif.topology.bundle_left(failure):
        if left and device in led_out:
            yield Takeover(message("whatif:takeover.bundle", device=device, bundle=bundle, count=left, members=members))


def _routes(whatif: WhatIf, failure: Cut) -> Iterator[Takeover]:
    """Other ways out of routers with a lost cable: the next default route by distance, else an adjacency."""
    topology = whatif.topology
    gone, before = _lost_ports(whatif, failure | whatif.given), _lost_ports(whatif, whatif.given)
    led_out = whatif.led_out(failure)
    for device, ports in gone.items():
        states = topology.known.ports[device]
        if states.reading.device.role != "router" or device not in led_out or ports == before.get(device):
            continue
        used, waiting = _defaults(states.reading, ports)
        others = [port for port in topology.ports_of(device) if port not in ports and states.routed(port)]
        if used and waiting:
            hop, distance = waiting
            yield Takeover(message("whatif:takeover.route", device=device, hop=hop, value=distance))
        elif others and (used or any(states.routed(port) for port in ports)):
            yield Takeover(message("whatif:takeover.adjacency", device=device))


def _lost_ports(whatif: WhatIf, failure: Cut) -> dict[str, set[str]]:
    """Ports without their cable after a failure, by surviving device."""
    topology = whatif.topology
    found: dict[str, set[str]] = {}
    for cable in topology.cables:
        ends = {topology.nodes[device] for device, _port in (cable.one, cable.other)}
        if topology.elements[cable.name].failure.arcs & failure.arcs or ends & failure.nodes:
            for device, port in (cable.one, cable.other):
                if topology.nodes[device] not in failure.nodes:
                    found.setdefault(device, set()).add(port_key(port))
    return found


def _defaults(reading: DeviceFacts, gone: set[str]) -> tuple[bool, tuple[str, int] | None]:
    """True for a default route in use over a lost port; next hop and distance of the best route elsewhere."""

    def port(row: Route | StaticRoute) -> str:
        return parent_port(port_key(row.interface or next(ports_towards(reading, row.next_hop or ""), "")))

    used = [row for row in reading.fact("default_route", Route).each_row() if row.leads_out and port(row) in gone]
    statics = reading.fact("static_route", StaticRoute).each_row()
    rest = [row for row in statics if row.leads_out and port(row) not in gone]
    best = min(rest, key=lambda row: row.distance, default=None)
    return bool(used), (best.next_hop or best.interface or "", best.distance) if best else None
