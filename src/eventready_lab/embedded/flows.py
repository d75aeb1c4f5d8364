"""Traffic through the simulated network: UDP echoes with an answer while packets of a flow reach the Internet.

A flow begins at a venue or at a router. Its packets take the default route of each router, from the gateway of the
venue to the router whose next hop lies outside the lab. A route change and a takeover by a
backup gateway take the time of the configuration; until then packets follow the old path. A path whose
BFD session is down loses what is sent over it, whether or not a route watches the session.

Times without a configured value are the platforms' defaults: carrier loss at once, BFD 300 ms x 3 (FRR), VRRP 1 s x 3
plus skew (RFC 5798), HSRP hold 10 s (Cisco).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.devices.device import Device
from eventready_lab.control.workspace_copy import HOST
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import Bfd, Gateway, Impairment, Port, Static
from eventready_lab.device.topology import point_to_point_peer
from eventready_lab.dialects._shared.forwarding import in_use, works
from eventready_lab.embedded.delayed_choice import DelayedChoices

_BFD_S, _BFD_MULTIPLIER = 0.3, 3
_SLA_S = 60.0
_HOPS = 16
#: Bytes of the headers of IPv4 and UDP.
_HEADERS = 28
#: Prime to 100: successive packets spread evenly.
_SPREAD = 61

_INTERVAL = re.compile(r"(?:min_rx|receive-interval|min-rx-interval) (\d+)")
_MULTIPLIER = re.compile(r"(?:^|\s)(?:detect-)?multiplier (\d+)")
_FREQUENCY = re.compile(r"^frequency (\d+)$")
_DELAY_DOWN = re.compile(r"^delay down (\d+)")

Hop = tuple[str, str, int]


@dataclass
class Network:
    """The forwarding of a lab's routers over time. `monotonic` is a clock in seconds."""

    devices: Mapping[str, SimulatedDevice]
    monotonic: Callable[[], float]

    def __post_init__(self) -> None:
        """Begin without a choice."""
        self._packets = 0
        self._routes: DelayedChoices[tuple[Hop, ...]] = DelayedChoices(self.monotonic)
        self._masters: DelayedChoices[tuple[Hop, ...]] = DelayedChoices(self.monotonic)

    def delivers(self, source: str, members: Sequence[str]) -> bool:
        """True when a packet reaches the Internet now; `source` is a router, or a venue with its gateways `members`."""
        return self.delay_s(source, members, 0) is not None

    def delay_s(self, source: str, members: Sequence[str], size: int) -> float | None:
        """Seconds of a packet of a size (bytes) to the Internet and back beyond the usual; None for a lost packet."""
        router = source if source in self.devices else self._gateway(source, members)
        delay_s = 0.0
        for _hop in range(_HOPS):
            route = self._route(router) if router else None
            if route is None or not self._carries(router, route):
                return None
            impairment = self._impairment(router, route)
            if impairment and self._impaired(impairment, size):
                return None
            delay_s += 2 * impairment.delay_ms / 1000 if impairment else 0.0
            owner = self._owner(route.next_hop)
            if owner is None:
                return delay_s
            router = owner
        return None

    def _impairment(self, name: str, route: Static) -> Impairment | None:
        port = self._port(name, route)
        return port.impairment if port else None

    def _impaired(self, impairment: Impairment, size: int) -> bool:
        """True for a lost packet; partial loss is spread evenly over the packets."""
        self._packets += 1
        down = impairment.flap_s and self.monotonic() // impairment.flap_s % 2
        return (
            bool(down)
            or 0 < impairment.longest < size
            or self._packets * _SPREAD % 100 < impairment.loss_percent
        )  # fmt: skip

    def _route(self, name: str) -> Static | None:
        """Return the present default route of a router."""
        state = self.devices[name].state
        wanted = tuple((route.next_hop, route.interface, route.distance) for route in in_use(state))
        chosen = self._routes.choose(name, wanted, lambda: self._detection_s(name))
        by_hop = {(route.next_hop, route.interface, route.distance): route for route in state.statics}
        return next((by_hop[hop] for hop in chosen if hop in by_hop), None)

    def _carries(self, name: str, route: Static) -> bool:
        """True when packets from a router reach a next hop."""
        session, port = self._session(name, route), self._port(name, route)
        return (session is None or session.up) and (port is None or works(port))

    def _session(self, name: str, route: Static) -> Bfd | None:
        """BFD session to the next hop of a route."""
        return next((session for session in self.devices[name].state.bfd if session.peer == route.next_hop), None)

    def _port(self, name: str, route: Static) -> Port | None:
        """Port of a route."""
        session = self._session(name, route)
        return self.devices[name].state.ports.get(route.interface or (session.interface if session else ""))

    def _owner(self, address: str) -> str | None:
        """Return the router with an address: the router with a session to the other address of the /30."""
        other = point_to_point_peer(address)
        for name, device in self.devices.items():
            state = device.state
            if other and any(other in (peer.peer, peer.address) for peer in state.peers):
                return name
            if other and any(session.peer == other for session in state.bfd):
                return name
        return None

    def _gateway(self, venue: str, members: Sequence[str]) -> str:
        """Return the router with the venue's first gateway address; empty otherwise."""
        holders = [(name, group) for name in members for group in self.devices[name].state.gateways]
        if not holders:
            return next(iter(members), "")
        first = holders[0][1]
        same = [(name, group) for name, group in holders if group.virtual_ip == first.virtual_ip]
        wanted = [name for name, group in same if group.state == "master"] or [
            name for name, group in same if group.state == "backup"
        ]
        hops: tuple[Hop, ...] = tuple((name, "", 0) for name in wanted[:1])
        chosen = self._masters.choose(venue, hops, lambda: self._takeover_s(wanted[:1], first))
        name = chosen[0][0] if chosen else ""
        return name if any(holder == name for holder, _group in same) else ""

    def _detection_s(self, name: str) -> float:
        """Seconds until a router stops using its route: at once without carrier, else by BFD or by an IP SLA."""
        device = self.devices[name]
        state = device.state
        used = [route for route in state.statics if (route.next_hop, route.interface, route.distance) in
                self._routes.current(name)]  # fmt: skip
        for route in used:
            port = self._port(name, route)
            if port is not None and not works(port):
                return 0.0
            lines = list(_lines(device.configured or {}))
            probed = any(_FREQUENCY.search(line) for line in lines)
            if route.track and "bfd" not in route.track and (probed or not route.bfd):
                return _figure(lines, _FREQUENCY, _SLA_S) + _figure(lines, _DELAY_DOWN, 0)
            interval = _figure(lines, _INTERVAL, _BFD_S * 1000) / 1000
            return interval * _figure(lines, _MULTIPLIER, _BFD_MULTIPLIER)
        return 0.0

    def _takeover_s(self, names: Iterable[str], group: Gateway) -> float:
        """Seconds until a backup takes over an address."""
        key = (group.protocol, group.group, group.virtual_ip)
        members = (one for name in names for one in self.devices[name].state.gateways)
        taking = next((one for one in members if (one.protocol, one.group, one.virtual_ip) == key), group)
        return taking.takeover_ms / 1000


def _lines(tree: Tree) -> Iterable[str]:
    """Every line of a configuration, without its indentation."""
    for line, beneath in tree.items():
        yield line.strip()
        yield from _lines(beneath)


def _figure(lines: Iterable[str], pattern: re.Pattern[str], default: float) -> float:
    """Return the first figure of a pattern in the lines."""
    return next((float(match[1]) for line in lines if (match := pattern.search(line))), default)


class _Echo(asyncio.DatagramProtocol):
    """Echoes datagrams while the flow's packets arrive. `delay_s`: of a packet of so many bytes, None when lost."""

    def __init__(self, delay_s: Callable[[int], float | None]) -> None:
        self._delay_s = delay_s
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # no subclass of it before Python 3.12

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        delay_s = self._delay_s(len(data) + _HEADERS) if self._transport else None
        if self._transport is None or delay_s is None:
            return
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._transport.sendto, data, address)
        else:
            self._transport.sendto(data, address)


class Flows:
    """The UDP echoes of a lab, opened on demand."""

    def __init__(self, network: Network, gateways: Mapping[str, Sequence[str]]) -> None:
        """Prepare flows. `gateways`: the routers with the gateway addresses of each venue."""
        self._network, self.gateways = network, gateways
        self._open: dict[str, asyncio.DatagramTransport] = {}

    @classmethod
    def of(cls, simulated: Mapping[str, SimulatedDevice], devices: Sequence[Device]) -> Flows:
        """Return the flows of a lab. A venue's gateways are the routers with groups for the fewest venues."""
        by_venue: dict[str, list[Device]] = {}
        for device in devices:
            if device.role == "router" and device.name in simulated and simulated[device.name].state.gateways:
                for venue in device.venues:
                    by_venue.setdefault(venue, []).append(device)
        nearest = {
            venue: tuple(one.name for one in found if len(one.venues) == min(len(other.venues) for other in found))
            for venue, found in by_venue.items()
        }
        return cls(Network(simulated, time.monotonic), nearest)

    async def port(self, source: str) -> int:
        """The UDP port on loopback of a venue or a router. Raises UsageError."""
        members = self.gateways.get(source, ())
        if not members and source not in self._network.devices:
            raise UsageError(message("lab:flow.unknown_source", source=source, venues=sorted(self.gateways)))
        if source not in self._open:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Echo(lambda size: self._network.delay_s(source, members, size)), local_addr=(HOST, 0)
            )
            self._open[source] = transport
        port: int = self._open[source].get_extra_info("sockname")[1]
        return port

    def follow(self) -> None:
        """Begin and end takeovers and changes of routes on the ways of the open ports."""
        for source in self._open:
            self._network.delivers(source, self.gateways.get(source, ()))

    def close(self) -> None:
        """Close every port."""
        for transport in self._open.values():
            transport.close()
