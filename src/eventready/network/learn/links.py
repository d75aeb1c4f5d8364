"""Links and uplinks to propose: unexpected cables, and the ports towards the origins."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from eventready.core.messages import Text, message
from eventready.facts.ports import parent_port, port_key
from eventready.facts.records import Route
from eventready.network.learn.cables import End, ShownCable, ShownCables
from eventready.network.learn.proposal import Proposal, Source, State, partly_read, plain
from eventready.network.network_facts import DeviceFacts, NetworkFacts, ports_towards
from eventready.workspace.settings.event import ServiceOrigin

#: Roles with checks of links and uplinks.
ROLES = frozenset({"router", "switch", "wifi_controller"})


class NetworkLayout:
    """Devices with their cables, expected or shown, and how far each is from the origins."""

    def __init__(self, readings: NetworkFacts, origins: Sequence[ServiceOrigin] = ()) -> None:
        self.readings, self.cables = readings, ShownCables(readings)
        self.origins = tuple(origin for origin in origins if origin.device in readings.by_name)

    @cached_property
    def expected(self) -> Mapping[tuple[str, str], End]:
        """Far end expected at each end."""
        return {
            (reading.name, port_key(link.port)): (link.device, link.to_port)
            for reading in self.readings.all
            for link in reading.device.expect.links
        }

    @cached_property
    def shown(self) -> Mapping[str, tuple[ShownCable, ...]]:
        """Cables by device."""
        found: dict[str, list[ShownCable]] = defaultdict(list)
        for cable in self.cables.all:
            for name, _port in (cable.one, cable.other):
                found[name].append(cable)
        return {name: tuple(cables) for name, cables in found.items()}

    def ways(self, device: str) -> Iterator[tuple[str, str, State]]:
        """Ports with their far device and state, in the order expected, shown."""
        done = set()
        for link in self.readings.by_name[device].device.expect.links:
            done.add(port_key(link.port))
            yield link.port, link.device, "healthy"
        for cable in self.shown.get(device, ()):
            near, far = cable.far(device)
            if port_key(near[1]) not in done:
                yield near[1], far[0], cable.state

    @cached_property
    def distance(self) -> Mapping[str, int]:
        """Cables between each device and the nearest origin; a device without a way is absent.

        Upstreams and cores lead out of the network; a portal or a DNS server is an origin only without them.
        """
        outward = [origin.device for origin in self.origins if origin.outward]
        found = dict.fromkeys(outward or [origin.device for origin in self.origins], 0)
        waiting = deque(found)
        while waiting:
            name = waiting.popleft()
            for _port, far, state in self.ways(name):
                if state == "healthy" and far in self.readings.by_name and far not in found:
                    found[far] = found[name] + 1
                    waiting.append(far)
        return found

    def nearness(self, device: str) -> tuple[int, int]:
        """Sort key of a device: nearer to the origins first, then as in the inventory."""
        return self.distance.get(device, len(self.readings.all)), self.readings.order[device]


def links(layout: NetworkLayout) -> Iterator[Proposal]:
    """Unexpected cables, each at its end nearer to the origins, and expected ports missing from their devices."""
    by_name = layout.readings.by_name
    for cable in layout.cables.all:
        one, other = sorted((cable.one, cable.other), key=lambda end: layout.nearness(end[0]))
        if not all(by_name[name].device.role in ROLES for name, _port in (one, other)):
            continue
        known = [layout.expected.get((name, port_key(port))) for name, port in (one, other)]
        if not any(known):
            yield _link(cable, one, other)
        elif not _same(known[0], other) or not _same(known[1], one):
            yield _recabled(one, other, known)
    for reading in layout.readings.all:
        yield from _absent_links(reading, layout)


def _same(known: End | None, end: End) -> bool:
    return known is not None and (known[0], port_key(known[1])) == (end[0], port_key(end[1]))


def _link(cable: ShownCable, one: End, other: End) -> Proposal:
    value = {"port": one[1], "device": other[0], "to_port": other[1]}
    ends = {"here": f"{one[0]} {one[1]}", "there": f"{other[0]} {other[1]}"}
    question = message(f"learn:ask.{cable.why}", **ends) if cable.why else None
    subject, plain_value = _subject(one, other), None if cable.disputed else value
    return Proposal(one[0], "links", subject, plain_value, cable.source, cable.state, question)


def _subject(one: End, other: End) -> str:
    return f"{one[1]} - {other[0]} {other[1]}"


def _recabled(one: End, other: End, known: Sequence[End | None]) -> Proposal:
    """Contradiction between an expected cable and a shown cable, to be corrected by hand."""
    wanted = " ".join(next(end for end in known if end is not None))
    question = message("learn:ask.recabled", here=f"{one[0]} {one[1]}", there=f"{other[0]} {other[1]}", wanted=wanted)
    return Proposal(one[0], "links", _subject(one, other), None, "lldp", "unknown", question)


def _absent_links(reading: DeviceFacts, layout: NetworkLayout) -> Iterator[Proposal]:
    """Expected links at unlisted ports; each once."""
    if not reading.whole("interface"):
        return
    for link in reading.device.expect.links:
        far = layout.readings.by_name.get(link.device)
        listed = far is not None and far.whole("interface") and port_key(link.to_port) in far.ports
        if port_key(link.port) not in reading.ports and (listed or reading.name < link.device):
            subject = f"{link.port} - {link.device} {link.to_port}"
            question = message("learn:ask.no_port", device=reading.name, port=link.port)
            yield Proposal.absent(reading.name, "links", subject, plain(link), question)


# --- uplinks --------------------------------------------------------------------------------------------------------


def uplinks(layout: NetworkLayout) -> Iterator[Proposal]:
    """Unexpected ports towards a device nearer to the origins, and expected ports missing from the device."""
    for reading in layout.readings.all:
        if reading.device.role not in ROLES or not reading.measured("interface"):
            continue
        expected = {port_key(port) for port in reading.device.expect.uplinks}
        found: dict[str, Proposal] = {}
        for port, source, state in _candidates(reading, layout):
            if port_key(port) not in expected and port_key(port) not in found:
                found[port_key(port)] = _uplink(reading, reading.spelled(port), source, state)
        yield from found.values()
        for port in reading.device.expect.uplinks if reading.whole("interface") else ():
            if port_key(port) not in reading.ports:
                question = message("learn:ask.no_port", device=reading.name, port=port)
                yield Proposal.absent(reading.name, "uplinks", port, port, question)


def _candidates(reading: DeviceFacts, layout: NetworkLayout) -> Iterator[tuple[str, Source, State]]:
    """Ports out of the device: named origins; towards a nearer device; else default routes, else routers to ask about.

    A switch or a wireless controller has no routes to go by: its neighbours of role router are its ways out.
    """
    for origin in layout.origins:
        if origin.device == reading.name and origin.port:
            yield origin.port, "origin", "healthy"
    own = layout.distance.get(reading.name)
    if own:
        for port, far, state in layout.ways(reading.name):
            if layout.distance.get(far, own) < own:
                yield port, "nearer", "unknown" if state == "healthy" and reading.partly("neighbour") else state
    elif own == 0:
        yield from ((port, "default_route", "healthy") for port in _default_ports(reading))
    else:
        yield from _without_origins(reading, layout)


def _without_origins(reading: DeviceFacts, layout: NetworkLayout) -> Iterator[tuple[str, Source, State]]:
    ports = list(_default_ports(reading))
    yield from ((port, "default_route", "healthy") for port in ports)
    for port, far, state in () if ports else layout.ways(reading.name):
        other = layout.readings.by_name.get(far)
        if other is not None and other.device.role == "router":
            certain = reading.device.role != "router" and not reading.partly("default_route")
            yield port, "router", state if certain or state != "healthy" else "unknown"


def _default_ports(reading: DeviceFacts) -> Iterator[str]:
    """Ports of the default routes in use: as printed, else by the subnet of the next hop."""
    for row in reading.fact("default_route", Route).each_row():
        if not row.leads_out:
            continue
        port = row.interface or next(ports_towards(reading, row.next_hop or ""), "")
        if port:
            physical = reading.spelled(parent_port(port))
            yield physical if port_key(physical) in reading.ports else port


def _uplink(reading: DeviceFacts, port: str, source: Source, state: State) -> Proposal:
    up = reading.up(port)
    question: Text | None = None
    if up is False:
        state, question = "down", message("learn:ask.uplink_down", port=port)
    elif up is None:
        no_port = partly_read(reading, "interface") or message("learn:ask.no_port", device=reading.name, port=port)
        state, question = "unknown", no_port
    elif state != "healthy":
        question = message("learn:ask.uplink_unsure", port=port)
    return Proposal(reading.name, "uplinks", port, port, source, state, question)
