"""The servers of a lab: one event loop, a port on loopback for every address that answers.

SSH for most devices, telnet for OsmoBSC, plain TCP for MML, where one manager may answer for several elements.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import asyncssh

from eventready.lab.book import FaultBook, Made
from eventready.lab.machine import Machine
from eventready.lab.mml import Manager
from eventready.lab.transport import Gatekeeper, MmlConnection, Tcp, Telnet

HOST = "127.0.0.1"
_BACKLOG = 256
_LOGIN_TIMEOUT_S = 60
_TICK_S = 0.2

logging.getLogger("asyncssh").setLevel(logging.CRITICAL)


class _Address:
    """A port on loopback and who answers there. A silent device's port is taken over by one that says nothing."""

    def __init__(self, machines: list[Machine], options: asyncssh.SSHServerConnectionOptions) -> None:
        self.machines = machines
        self.transport = machines[0].dialect.transport
        self.port = 0
        self.key: asyncssh.SSHKey | None = None
        self._other_key: asyncssh.SSHKey | None = None
        self._options = options
        self._server: Any = None
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._silent = False
        machine = machines[0]
        name = machine.endpoint if any(m.element for m in machines) else machine.state.name
        self._manager = Manager(name, machines, machine.dialect.sessions)

    async def open(self) -> None:
        """Take a port that the system chooses."""
        if self.transport == "ssh":
            self.key = asyncssh.generate_private_key("ssh-ed25519")
        listening = socket.create_server((HOST, 0), backlog=_BACKLOG)
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        await self._serve(listening)

    async def _serve(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._acceptor = None
        if self._silent:
            self._server = await loop.create_server(Tcp, sock=listening, backlog=_BACKLOG)
        elif self.transport == "ssh":
            options = asyncssh.SSHServerConnectionOptions(options=self._options, server_host_keys=[self._shown_key()])
            self._acceptor = await asyncssh.listen(
                sock=listening,
                server_factory=partial(Gatekeeper, self.machines[0]),
                options=options,
                backlog=_BACKLOG,
            )
            self._server = self._acceptor
        elif self.transport == "telnet":
            speaking = partial(Telnet, self.machines[0])
            self._server = await loop.create_server(speaking, sock=listening, backlog=_BACKLOG)
        else:
            answering = partial(MmlConnection, self._manager)
            self._server = await loop.create_server(answering, sock=listening, backlog=_BACKLOG)

    def _shown_key(self) -> asyncssh.SSHKey | None:
        if not self.machines[0].wire.other_key:
            return self.key
        self._other_key = self._other_key or asyncssh.generate_private_key("ssh-ed25519")
        return self._other_key

    async def refresh(self) -> None:
        """Follow the faults that change who answers, or with which key."""
        silent = self.machines[0].wire.silent and (self.transport != "mml" or self._manager.direct is not None)
        if silent != self._silent:
            self._silent = silent
            listening = self._server.sockets[0].dup()
            self._server.close()
            await self._serve(listening)
        elif self._acceptor:
            self._acceptor.update(server_host_keys=[self._shown_key()])

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()


class Lab:
    """All devices of a lab, listening."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self.machines: Mapping[str, Machine] = {machine.state.name: machine for machine in machines}
        self.faults = FaultBook(self.machines)
        options = asyncssh.SSHServerConnectionOptions(
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],  # each address shows its own instead
            encoding=None,
            line_editor=False,
            login_timeout=_LOGIN_TIMEOUT_S,
            agent_forwarding=False,
            x11_forwarding=False,
            compression_algs=None,
            gss_host=None,
        )
        shared: dict[str, list[Machine]] = {}
        for machine in machines:
            alone = machine.dialect.transport != "mml" or not machine.element
            key = machine.state.name if alone else f"endpoint {machine.endpoint}"
            shared.setdefault(key, []).append(machine)
        self._addresses = [_Address(group, options) for group in shared.values()]
        self._ticking: asyncio.TimerHandle | None = None
        self._of = {machine.state.name: address for address in self._addresses for machine in address.machines}

    async def start(self) -> None:
        """Listen on every address."""
        for address in self._addresses:
            await address.open()
        self._ticking = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def _tick(self) -> None:
        """What devices do by themselves, whether anybody is logged in or not."""
        for machine in self.machines.values():
            if machine.timers:
                machine.timers.tick()
        self._ticking = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    async def refresh(self) -> None:
        """Follow what was done to the fault book."""
        for address in self._addresses:
            await address.refresh()

    def stop(self) -> None:
        """Stop listening."""
        if self._ticking:
            self._ticking.cancel()
        for address in self._addresses:
            address.close()

    @property
    def endpoints(self) -> int:
        """How many addresses answer."""
        return len(self._addresses)

    def port(self, device: str) -> int:
        """The port on 127.0.0.1 at which the device answers."""
        return self._of[device].port

    def host_key(self, device: str) -> str:
        """The device's public host key as `ssh-ed25519 AAAA...`; empty for one without SSH."""
        key = self._of[device].key
        return "" if key is None else " ".join(key.export_public_key().decode().split()[:2])

    @property
    def names(self) -> Sequence[str]:
        """The devices."""
        return tuple(self.machines)

    @property
    def standing(self) -> Sequence[Made]:
        """The faults that stand."""
        return self.faults.made

    async def change(self, device: str, fault: str, args: Mapping[str, Any], *, clear: bool) -> Sequence[Made]:
        """Make a fault, or clear those it fits; what was done. Raises UsageError."""
        done = self.faults.clear(device, fault, args) if clear else [self.faults.make(device, fault, args)]
        await self.refresh()
        return done

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return sum(machine.sessions for machine in self.machines.values())
