"""HTTP and DNS of the service hosts at their virtual addresses: answers on loopback while the service is there.

keepalived of a host tracks its nginx and dnsmasq (playbooks/templates/keepalived.conf.j2): after a failed check, or
without advertisements, the other host takes over the address. Times are those of the template: a check every second
that fails twice, and advertisements every 0.3 s of which three are missed (RFC 5798).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import cast

from dns.exception import DNSException
from dns.message import from_wire, make_response
from dns.rcode import NXDOMAIN
from dns.rrset import from_text

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready_lab.control.workspace_copy import HOST
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import DeviceState, Gateway
from eventready_lab.embedded.delayed_choice import DelayedChoices

#: Unit that answers a kind of probe.
UNITS: Mapping[str, str] = {"http": "nginx", "dns": "dnsmasq"}
_CHECK_S, _ADVERTISEMENT_S = 2.0, 0.3
_TTL_S = 60


class VirtualServices:
    """State of the services at each virtual address over time. `monotonic`: clock in seconds."""

    def __init__(self, devices: Mapping[str, SimulatedDevice], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._devices = devices
        self._holders: DelayedChoices[str] = DelayedChoices(monotonic)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The virtual addresses."""
        return tuple(dict.fromkeys(group.virtual_ip for _state, group in self._members("")))

    def answers(self, kind: str, address: str) -> bool:
        """True while the holder of an address serves `http` or `dns`."""
        holder = self._devices[self._holder(address)].state
        ready = _up(holder, UNITS[kind])
        pools = [server for pool in holder.pools for server in pool.servers.values()]
        return ready and (kind != "http" or not pools or any(pools))

    def follow(self) -> None:
        """Begin and end takeovers: their times run from a change at a host, with or without requests."""
        for address in self.addresses:
            self._holder(address)

    def status(self, address: str) -> int:
        """HTTP status of the holder's answers."""
        return self._devices[self._holder(address)].state.portal_status

    def resolved(self, address: str, name: str) -> str | None:
        """Holder's address for a name; empty: no answer, None: no such name."""
        return self._devices[self._holder(address)].state.dns.get(name)

    def _members(self, address: str) -> list[tuple[DeviceState, Gateway]]:
        hosts = (device.state for device in self._devices.values() if device.state.role == "service_host")
        return [(state, group) for state in hosts for group in state.gateways if address in ("", group.virtual_ip)]

    def _holder(self, address: str) -> str:
        """The host with the address: advertising, with all tracked units, then by priority."""
        members = sorted(
            self._members(address),
            key=lambda one: (one[1].state != "init", _tracked(one[0]), one[1].state == "master", one[1].priority),
        )
        return self._holders.choose(address, members[-1][0].name, lambda: self._takeover_s(address))

    def _takeover_s(self, address: str) -> float:
        """Seconds until the other host has the address."""
        holder = self._devices[self._holders.current(address)].state
        silent = any(group.state == "init" for state, group in self._members(address) if state is holder)
        priority = min(group.priority for _state, group in self._members(address))
        down_s = (3 + (256 - priority) / 256) * _ADVERTISEMENT_S
        return down_s if silent else _CHECK_S + down_s


def _up(state: DeviceState, unit: str) -> bool:
    return any(one.up for one in state.units if one.name == unit)


def _tracked(state: DeviceState) -> bool:
    return all(_up(state, unit) for unit in UNITS.values())


def dns_answer(query: bytes, resolve: Callable[[str], str | None]) -> bytes | None:
    """Answer to a query for an address; None for a silent name, and for an incomplete message."""
    try:
        answer = make_response(from_wire(query), recursion_available=True)
        name = answer.question[0].name
    except (DNSException, IndexError):
        return None
    address = resolve(name.to_text(omit_final_dot=True).lower())
    if address is None:
        answer.set_rcode(NXDOMAIN)
    elif address:
        answer.answer.append(from_text(name, _TTL_S, "IN", "A", address))
    return None if address == "" else answer.to_wire()


class _DnsAnswer(asyncio.DatagramProtocol):
    """Answers queries while the service is there. `answers`: to a query, None for silence."""

    def __init__(self, answers: Callable[[bytes], bytes | None]) -> None:
        self._answers = answers
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # no subclass of it before Python 3.12

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if self._transport and (answer := self._answers(data)):
            self._transport.sendto(answer, address)


class ServicePorts:
    """Ports on loopback for HTTP and DNS of the virtual addresses, opened on demand."""

    def __init__(self, services: VirtualServices) -> None:
        self._services = services
        self._ports: dict[tuple[str, str], int] = {}
        self._open: list[asyncio.DatagramTransport | asyncio.Server] = []

    async def port(self, kind: str, address: str) -> int:
        """The port of a service. Raises UsageError for an unknown address."""
        known = self._services.addresses
        if address not in known:
            raise UsageError(
                message("lab:flow.unknown_address", address=address),
                do=message("lab:flow.addresses", addresses=known) if known else "",
            )
        if (kind, address) not in self._ports:
            self._ports[kind, address] = await (self._http if kind == "http" else self._dns)(address)
        return self._ports[kind, address]

    def follow(self) -> None:
        """Begin and end takeovers, once a port is open."""
        if self._ports:
            self._services.follow()

    async def _http(self, address: str) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            if self._services.answers("http", address):
                status = HTTPStatus(self._services.status(address))
                line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
                writer.write(f"{line}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            writer.close()

        server = await asyncio.start_server(serve, HOST, 0)
        self._open.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _dns(self, address: str) -> int:
        def answer(query: bytes) -> bytes | None:
            there = self._services.answers("dns", address)
            return dns_answer(query, lambda name: self._services.resolved(address, name)) if there else None

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _DnsAnswer(answer), local_addr=(HOST, 0))
        self._open.append(transport)
        return int(transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Close every port."""
        for opened in self._open:
            opened.close()
