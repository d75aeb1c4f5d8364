"""The real lab: start, convergence, faults and recovery of all its parts."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready_lab.control.active_fault import ActiveFault
from eventready_lab.control.workspace_copy import DeviceAccess
from eventready_lab.device.credentials import Credentials
from eventready_lab.faults.errors import not_active, unknown_device
from eventready_lab.faults.fault import FaultType
from eventready_lab.real.faults.catalogue import REAL_FAULT_TYPES
from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget
from eventready_lab.real.machinery import udp_echo
from eventready_lab.real.machinery.commands import in_namespace, run, spawn
from eventready_lab.real.machinery.listeners import DeviceListeners
from eventready_lab.real.province import frr
from eventready_lab.real.province.equipment import Equipment
from eventready_lab.real.province.layout import (
    AIR_HOST,
    CONTROLLER,
    INTERNET_ADDRESS,
    NET,
    NET_ADDRESS,
    ROUTERS,
    SERVICE_HOSTS,
    SERVICE_IP,
    SITE,
    VIRTUAL_IP,
    service_address,
)
from eventready_lab.real.province.logins import RouterLogins
from eventready_lab.real.province.osmocom import VTY_COMMAND, OsmocomNetwork
from eventready_lab.real.province.service_hosts import ServiceHost
from eventready_lab.real.province.wifi.radio import AccessPoint
from eventready_lab.real.province.wifi_host import WifiHost

_SETTLE_S = 75.0
_POLL_S = 0.3


@dataclass
class _InjectedFault:
    """An active fault and its remaining steps."""

    fault: ActiveFault
    steps: FaultSteps


class RealLab:
    """All parts of the lab, inside the sandbox."""

    def __init__(
        self,
        folder: Path,
        credentials: Credentials,
        air: Sequence[AccessPoint] = (),
        hosts: Sequence[str] = SERVICE_HOSTS,
    ) -> None:
        self.credentials = credentials
        self.folder = folder
        wifi = WifiHost(folder / "wifi", tuple(air)) if air else None
        served = _service_hosts(hosts, credentials)
        self.equipment = Equipment(DeviceListeners(), RouterLogins(credentials), OsmocomNetwork(folder), wifi, served)
        self._injected: list[_InjectedFault] = []
        self._lock = asyncio.Lock()

    def start(self) -> None:
        """Start every part, without waiting for convergence. Raises UsageError."""
        parts = self.equipment
        if parts.wifi:
            parts.wifi.start(self.credentials.password)  # its machine takes longest
        frr.lay_cables()
        parts.logins.prepare()
        frr.start(self.folder)
        words = (sys.executable, "-m", udp_echo.__name__, INTERNET_ADDRESS, NET_ADDRESS)
        spawn(in_namespace(NET, *words), self.folder / "udp_echo.log")
        parts.radio.start()
        for router in ROUTERS:
            parts.listeners.open(router, partial(parts.logins.command, router))
        parts.listeners.open(CONTROLLER, lambda: VTY_COMMAND)
        for name, host in parts.hosts.items():
            host.start()
            parts.listeners.open(name, host.sshd)
        parts.listeners.start()

    def wait_until_ready(self) -> None:
        """Wait for the WiFi host and for convergence. Raises UsageError."""
        if self.equipment.wifi:
            self.equipment.wifi.ready()
        self.settle()

    def settle(self, seconds: float = _SETTLE_S) -> None:
        """Wait for convergence. Raises UsageError with the parts not yet up."""
        deadline = time.monotonic() + seconds
        while waiting := self._waiting_for():
            if time.monotonic() > deadline:
                raise UsageError(message("lab:real.not_converged", parts=waiting[:6]))
            time.sleep(_POLL_S)

    def _waiting_for(self) -> list[str | Message]:
        parts = self.equipment
        waiting: list[str | Message] = [*frr.waiting_for(), *parts.radio.waiting_for()]
        waiting += [message("lab:waiting.floating_address", name=name) for name in _without_floating(parts.hosts)]
        return waiting or [*(parts.wifi.waiting_for() if parts.wifi else ())]

    def access(self) -> Mapping[str, DeviceAccess]:
        """Port and credentials of every device."""
        listeners, logins = self.equipment.listeners, self.equipment.logins
        routers = {
            name: DeviceAccess(listeners[name].port, self.credentials, logins.public_key(name), logins.shell)
            for name in ROUTERS
        }
        access = {**routers, CONTROLLER: DeviceAccess(listeners[CONTROLLER].port, self.credentials)}
        access |= {name: host.access(listeners[name].port) for name, host in self.equipment.hosts.items()}
        return {**access, AIR_HOST: self.equipment.wifi.access()} if self.equipment.wifi else access

    @property
    def names(self) -> Sequence[str]:
        """The devices."""
        return (*ROUTERS, CONTROLLER, *([AIR_HOST] if self.equipment.wifi else []), *self.equipment.hosts)

    @property
    def endpoints(self) -> int:
        """Number of listening addresses."""
        return len(self.names)

    @property
    def sessions(self) -> int:
        """Number of open sessions."""
        return self.equipment.listeners.sessions

    @property
    def active_faults(self) -> Sequence[ActiveFault]:
        """The active faults."""
        return [injected.fault for injected in self._injected]

    async def change(self, device: str, fault: str, args: Mapping[str, Any], *, clear: bool) -> Sequence[ActiveFault]:
        """Inject a fault, or clear the matching ones, and wait for the effect. Raises UsageError."""
        async with self._lock:
            change = self._clear if clear else self._inject
            return await asyncio.to_thread(change, device, fault, args)

    async def flow(self, source: str, kind: str, target: str) -> Mapping[str, Any]:
        """A probe stream from the site to `internet`, `provider`, `gateway` or `services`, the floating address of the
        service hosts. Raises UsageError."""
        hosts = {
            "internet": INTERNET_ADDRESS, "provider": NET_ADDRESS, "gateway": VIRTUAL_IP, "services": SERVICE_IP
        }  # fmt: skip
        if source != SITE or target not in hosts:
            raise UsageError(message("lab:flow.no_path", source=source, target=target, site=SITE, targets=list(hosts)))
        port = udp_echo.PORT if kind == "udp" else 0
        return {"kind": kind, "host": hosts[target], "port": port, "namespace": SITE}

    def _inject(self, device: str, name: str, args: Mapping[str, Any]) -> Sequence[ActiveFault]:
        fault_type = self._fault_type(device, name)
        fault = ActiveFault(device, name, {**fault_type.parameters, **fault_type.arguments(args)})
        if fault in self.active_faults:
            return [fault]
        steps = fault_type.run(RealFaultTarget(self.equipment, device), **fault.args)
        effect = next(steps)
        self._injected.append(_InjectedFault(fault, steps))
        deadline = time.monotonic() + fault_type.effect_s
        while not effect():
            if time.monotonic() > deadline:
                raise UsageError(message("lab:fault.no_effect", fault=name, device=device))
            time.sleep(_POLL_S)
        return [fault]

    def _clear(self, device: str, name: str, args: Mapping[str, Any]) -> Sequence[ActiveFault]:
        given = self._fault_type(device, name).arguments(args)
        cleared = [
            one
            for one in self._injected
            if (one.fault.device, one.fault.fault) == (device, name) and given.items() <= dict(one.fault.args).items()
        ]
        if not cleared:
            raise not_active(device, name, (one.fault for one in self.active_faults if one.device == device))
        for one in cleared:
            self._injected.remove(one)
            next(one.steps, None)
        if not self._injected:
            self.settle()
        return [one.fault for one in cleared]

    def _fault_type(self, device: str, name: str) -> FaultType[FaultSteps]:
        if device not in self.names:
            raise unknown_device(device, self.names)
        fault_type = REAL_FAULT_TYPES.named(name)
        served = dict.fromkeys(self.equipment.hosts, "service_host")
        role = {CONTROLLER: "bts_controller", AIR_HOST: "wifi_controller", **served}.get(device, "router")
        fault_type.require_applicable(device, role)
        return fault_type

    def close(self) -> None:
        """Stop listening; everything else ends with the sandbox."""
        self.equipment.listeners.close()


def _service_hosts(names: Sequence[str], credentials: Credentials) -> Mapping[str, ServiceHost]:
    """Return the service hosts, each with the address of the other host; root logs in."""
    root = Credentials("root", credentials.password)
    addresses = {name: service_address(name) for name in SERVICE_HOSTS}
    return {
        name: ServiceHost(name, addresses[name], next(addresses[one] for one in SERVICE_HOSTS if one != name), root)
        for name in names
    }


def _without_floating(hosts: Mapping[str, ServiceHost]) -> list[str]:
    """Return the first host while without the floating address."""
    first = next(iter(hosts), None)
    there = first and run("ip", "-n", first, "-o", "address", "show", "to", SERVICE_IP)
    return [first] if first and not there else []
