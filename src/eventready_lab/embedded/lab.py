"""The embedded lab: a single event loop with a port on loopback for every endpoint.

SSH for most devices, telnet for OsmoBSC, plain TCP for MML, where one manager may serve several elements.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh

from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import message
from eventready.workspace.devices.device import Device
from eventready.workspace.workspace import Workspace
from eventready_lab.control.active_fault import ActiveFault
from eventready_lab.control.workspace_copy import HOST, DeviceAccess, write_workspace_copy
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.view import STATION
from eventready_lab.embedded.flows import Flows
from eventready_lab.embedded.virtual_services import UNITS, ServicePorts, VirtualServices
from eventready_lab.faults.simulated.injector import FaultInjector
from eventready_lab.performance.exports import PerformanceExports
from eventready_lab.servers.connections import MmlConnection, SshServer, TcpConnection, TelnetConnection
from eventready_lab.servers.mml import ElementManager

_BACKLOG = 256
_LOGIN_TIMEOUT_S = 60
_TICK_S = 0.2
_DISCARD_PORT = 9  # the address of a device that is not simulated: nothing listens there

_LOG = logging.getLogger(__name__)
logging.getLogger("asyncssh").setLevel(logging.CRITICAL)


class _Endpoint:
    """Port on loopback and its devices. Connections to a silent device send nothing."""

    def __init__(self, devices: list[SimulatedDevice], options: asyncssh.SSHServerConnectionOptions) -> None:
        self.devices = devices
        self.transport = devices[0].dialect.transport
        self.port = 0
        self.key: asyncssh.SSHKey | None = None
        self._other_key: asyncssh.SSHKey | None = None
        self._options = options
        self._server: Any = None
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._silent = False
        device = devices[0]
        name = device.endpoint if any(m.element for m in devices) else device.state.name
        self._manager = ElementManager(name, devices, device.dialect.sessions)

    async def open(self) -> None:
        """Listen on a free port."""
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
            self._server = await loop.create_server(TcpConnection, sock=listening, backlog=_BACKLOG)
        elif self.transport == "ssh":
            options = asyncssh.SSHServerConnectionOptions(
                options=self._options, server_host_keys=[self._presented_key()]
            )
            self._acceptor = await asyncssh.listen(
                sock=listening, server_factory=partial(SshServer, self.devices[0]), options=options, backlog=_BACKLOG
            )
            self._server = self._acceptor
        elif self.transport == "telnet":
            telnet = partial(TelnetConnection, self.devices[0])
            self._server = await loop.create_server(telnet, sock=listening, backlog=_BACKLOG)
        else:
            mml = partial(MmlConnection, self._manager)
            self._server = await loop.create_server(mml, sock=listening, backlog=_BACKLOG)

    def _presented_key(self) -> asyncssh.SSHKey | None:
        if not self.devices[0].session_faults.other_key:
            return self.key
        self._other_key = self._other_key or asyncssh.generate_private_key("ssh-ed25519")
        return self._other_key

    async def refresh(self) -> None:
        """Apply faults `silent` and `changed-host-key` to the listening port."""
        silent = self.devices[0].session_faults.silent and (self.transport != "mml" or self._manager.direct is not None)
        if silent != self._silent:
            self._silent = silent
            listening = self._server.sockets[0].dup()
            self._server.close()
            await self._serve(listening)
        elif self._acceptor:
            self._acceptor.update(server_host_keys=[self._presented_key()])

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()


class EmbeddedLab:
    """All simulated devices of a lab, listening on loopback.

    inventory: the devices with their venues; without them flows begin at routers only.
    exports: the performance files of the base stations.
    """

    def __init__(
        self,
        devices: Sequence[SimulatedDevice],
        inventory: Sequence[Device] = (),
        exports: PerformanceExports | None = None,
    ) -> None:
        self.devices: Mapping[str, SimulatedDevice] = {device.state.name: device for device in devices}
        self._flows = Flows.of(self.devices, inventory)
        self._exports, self._unwritten = exports or PerformanceExports(), ""
        self._services = ServicePorts(VirtualServices(self.devices))
        self.faults = FaultInjector(self.devices)
        options = asyncssh.SSHServerConnectionOptions(
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],  # replaced by the key of each endpoint
            encoding=None,
            line_editor=False,
            login_timeout=_LOGIN_TIMEOUT_S,
            agent_forwarding=False,
            x11_forwarding=False,
            compression_algs=None,
            gss_host=None,
        )
        shared: dict[str, list[SimulatedDevice]] = {}
        for device in devices:
            alone = device.dialect.transport != "mml" or not device.element
            key = device.state.name if alone else f"endpoint {device.endpoint}"
            shared.setdefault(key, []).append(device)
        self._endpoints = [_Endpoint(group, options) for group in shared.values()]
        self._next_tick: asyncio.TimerHandle | None = None
        self._endpoint_of = {device.state.name: endpoint for endpoint in self._endpoints for device in endpoint.devices}

    async def start(self) -> None:
        """Listen on every endpoint."""
        for endpoint in self._endpoints:
            await endpoint.open()
        self._next_tick = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def _tick(self) -> None:
        """Fire the timers of all devices, and those of flows and services without requests."""
        self._flows.follow()
        self._services.follow()
        self._export()
        for device in self.devices.values():
            if device.timers:
                device.timers.tick()
        self._next_tick = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def _export(self) -> None:
        """Write due performance files; a full disk is a line in the log, and the files follow at a later time."""
        try:
            self._exports.follow()
        except EventreadyError as error:
            if str(error) != self._unwritten:
                _LOG.warning("performance files: %s", error)
            self._unwritten = str(error)

    async def refresh(self) -> None:
        """Apply injected and cleared faults to the listening ports and the performance files."""
        for endpoint in self._endpoints:
            await endpoint.refresh()
        self._export()

    def stop(self) -> None:
        """Stop listening."""
        if self._next_tick:
            self._next_tick.cancel()
        self._flows.close()
        self._services.close()
        for endpoint in self._endpoints:
            endpoint.close()

    @property
    def endpoints(self) -> int:
        """Number of listening addresses."""
        return len(self._endpoints)

    def port(self, device: str) -> int:
        """The device's port on 127.0.0.1."""
        return self._endpoint_of[device].port

    def host_key(self, device: str) -> str:
        """The device's public host key as `ssh-ed25519 AAAA...`; empty without SSH."""
        key = self._endpoint_of[device].key
        return "" if key is None else " ".join(key.export_public_key().decode().split()[:2])

    @property
    def names(self) -> Sequence[str]:
        """The devices."""
        return tuple(self.devices)

    @property
    def active_faults(self) -> Sequence[ActiveFault]:
        """The active faults."""
        return self.faults.active

    async def change(self, device: str, fault: str, args: Mapping[str, Any], *, clear: bool) -> Sequence[ActiveFault]:
        """Inject a fault, or clear the matching ones; the changed faults. Raises UsageError."""
        changed = self.faults.clear(device, fault, args) if clear else [self.faults.inject(device, fault, args)]
        await self.refresh()
        return changed

    async def flow(self, source: str, kind: str, target: str) -> Mapping[str, Any]:
        """A service at a virtual address, or the UDP echo of a flow to the Internet for any other `kind`.

        Raises UsageError.
        """
        if kind in UNITS and target != "internet":
            return {"kind": kind, "host": HOST, "port": await self._services.port(kind, target), "namespace": ""}
        if target != "internet":
            raise UsageError(message("lab:flow.unknown_target", kind=kind, target=target))
        return {"kind": "udp", "host": HOST, "port": await self._flows.port(source), "namespace": ""}

    @property
    def sessions(self) -> int:
        """Number of open sessions."""
        return sum(device.sessions for device in self.devices.values())


def write_embedded_copy(
    workspace: Workspace, devices: Sequence[Device], lab: EmbeddedLab, credentials: Credentials, out: Path
) -> None:
    """Write the workspace copy of an embedded lab, readable by its owner only.

    A device that is not simulated stays in the copy, at an address without a listener.
    """
    access = {
        name: DeviceAccess(lab.port(name), credentials, lab.host_key(name), device.shell_credentials)
        for name, device in lab.devices.items()
    }
    generated = not any(device.name in workspace.files.hosts for device in devices)
    absent = DeviceAccess(_DISCARD_PORT, credentials)
    hosts = {} if generated else workspace.files.hosts
    seen = {device.name: {"access": {"seen_from": STATION}} for device in devices}
    write_workspace_copy(workspace, {device: access.get(device.name, absent) for device in devices}, hosts, out, seen)
