"""Elements resting on a lost element, by the graph: peers over a lost cable, cells of a lost site, second ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from eventready.checks.ip.ways import device_of
from eventready.evaluation.causes import Element
from eventready.facts.ports import parent_port, port_key
from eventready.facts.records import BfdSession, Cell, RoutingPeer
from eventready.network.graph.cables import Cable
from eventready.network.graph.outcome import WhatIf
from eventready.network.learn.cables import End
from eventready.network.network_facts import ADJACENCIES, DeviceFacts, ports_towards

#: Subject of the finding about the number of access points in service.
_ACCESS_POINTS = "access points"


def rests(network: WhatIf | None) -> dict[Element, Element]:
    """Return the elements resting on lost elements, with the element below each; nothing without a network."""
    return dict(_Rests(network).all()) if network else {}


class _Rests:
    """Lost elements of a network, and the elements resting on them."""

    def __init__(self, network: WhatIf) -> None:
        self._network, self._topology = network, network.topology

    def all(self) -> Iterator[tuple[Element, Element]]:
        """Yield each element with the element below; later pairs are of more certain proof."""
        yield from self._silent()
        for cable in self._cables.values():
            for near, far in ((cable.one, cable.other), (cable.other, cable.one)):
                yield from (((near[0], peer), near) for peer in self._peers(near, far))
        yield from self._sites()
        yield from self._access()
        yield from self._services()
        yield from self._single_points()

    @cached_property
    def _cables(self) -> Mapping[str, Cable]:
        """Cables without traffic in a direction, by name."""
        return {one.name: one for one in self._topology.cables if False in (one.there, one.back)}

    def _silent(self) -> Iterator[tuple[Element, Element]]:
        """Lost cables of devices without a reading: each rests on the first cable, which rests on the device."""
        for one in self._topology.readings.all:
            lost = self._ends_towards(one.name) if one.missing and not one.facts else []
            yield from ((end, lost[0]) for end in lost[1:])
            yield from ((end, (one.name, "")) for end in lost[:1])
            known = {name for end in lost for name in self._peers(end, (one.name, ""))}
            yield from (((end[0], name), end) for end in lost for name in sorted(known))

    def _ends_towards(self, device: str) -> list[End]:
        """Far ends of the lost cables of a device."""
        cables = (one for one in self._cables.values() if device in one.devices)
        return [one.other if one.one[0] == device else one.one for one in cables]

    def _peers(self, near: End, far: End) -> Iterator[str]:
        """Names of the neighbours over a port: of the rows not up, and of addresses without a row."""
        reading = self._topology.known.ports[near[0]].reading
        elsewhere: set[str] = set()
        bundle = self._topology.known.ports[near[0]].bundle_of(near[1])
        own = {_plain(near[1])}
        if bundle and not bundle.bundled:
            own.add(_plain(bundle.name))
            yield bundle.name
        for name, peer, port, up in _sessions(reading):
            if port is None or up or _plain(port) not in own:
                elsewhere.update((name, peer) if up or port else ())
            else:
                yield from (name, peer)
        cabled = {_plain(port) for port in self._topology.ports_of(far[0])} - {_plain(far[1])}
        for port, address, _vrf in self._topology.known.ports[far[0]].reading.addresses():
            host = address.partition("/")[0]
            if _plain(port) not in cabled and host not in elsewhere:
                yield host

    def _sites(self) -> Iterator[tuple[Element, Element]]:
        for reading in self._topology.readings.all:
            for cell in reading.fact("cell", Cell).each_row():
                if cell.site and cell.state != "up":
                    yield (reading.name, cell.name), (reading.name, cell.site)

    def _access(self) -> Iterator[tuple[Element, Element]]:
        """Access points and cells without a way, and the number of access points in service."""
        for number, users in enumerate(self._network.users):
            if users.service not in {"mobile", "wifi"} or self._network.state(number) != "lost":
                continue
            for device in dict.fromkeys(map(self._network.walks.device, users.attach)):
                if users.service == "wifi":
                    yield (device, _ACCESS_POINTS), (device, users.name)
                if below := self._below(self._network.walks.missing(number)):
                    yield (device, users.name), below

    def _services(self) -> Iterator[tuple[Element, Element]]:
        """Services with a single way left, with the lost element of the second way."""
        for (venue, service), numbers in self._network.services.items():
            left = [number for number in numbers if self._network.state(number) != "served"]
            if left and all(self._network.state(number) == "one_way_left" for number in left):
                below = self._below(name for number in left for name in self._network.walks.missing(number))
                if below:
                    yield (device_of(self._network, venue, service).name, f"{venue} {service}"), below

    def _single_points(self) -> Iterator[tuple[Element, Element]]:
        """Elements able to take services only since the loss of the second way."""
        taken: dict[str, list[int]] = {}
        for number, names in self._network.takes_next.items():
            for name in names:
                taken.setdefault(name, []).append(number)
        for name, numbers in taken.items():
            if self._took_before(name, frozenset(numbers)):
                continue
            below = self._below(one for number in numbers for one in self._network.walks.missing(number))
            if below:
                yield (self._topology.elements[name].devices[0], name), below

    def _took_before(self, name: str, now: frozenset[int]) -> bool:
        """True for an element able to take a service whole without any of the users taken only `now`."""
        lost, served = self._network.losses[name], self._network.served
        wholes = (served.intersection(numbers) for numbers in self._network.services.values())
        return any(whole and whole <= lost and not whole & now for whole in wholes)

    def _below(self, names: Iterable[str]) -> Element | None:
        """First lost cable or device among the names of elements."""
        for name in names:
            if cable := self._cables.get(name):
                return cable.one
            if ends := self._ends_towards(name) if name in self._topology.nodes else []:
                return ends[0]
        return None


def _sessions(reading: DeviceFacts) -> Iterator[tuple[str, str, str | None, bool]]:
    """Yield the sessions and adjacencies of a device: subject, address of the neighbour, port, and True for up."""
    for session in reading.fact("bfd_session", BfdSession).each_row():
        port = session.interface or next(ports_towards(reading, session.peer), None)
        yield session.subject, session.peer, port, session.state == "up"
    for row in (row for fact in ADJACENCIES for row in reading.fact(fact, RoutingPeer).each_row()):
        yield (
            row.subject,
            row.peer,
            row.interface or next(ports_towards(reading, row.address or row.peer), None),
            row.up,
        )


def _plain(port: str) -> str:
    return parent_port(port_key(port))
