"""Faults of service hosts: units, file systems, certificates, pools, DNS and DHCP."""

from __future__ import annotations

from eventready_lab.device.state import PoolState, UnitState
from eventready_lab.faults.simulated.gateway_groups import other_members
from eventready_lab.faults.simulated.target import FaultTarget, fault

_HOST = ("service_host",)


def _unit(target: FaultTarget, name: str) -> UnitState:
    chosen = next((unit for unit in target.state.units if name.removesuffix(".service") in (unit.name, "")), None)
    if chosen is None:
        raise target.unknown("service", name, [unit.name for unit in target.state.units])
    return chosen


@fault("service-down", roles=_HOST)
def service_down(target: FaultTarget, service: str = "") -> None:
    """A service has failed, with its sockets; the virtual address of keepalived moves to the other host."""
    unit = _unit(target, service)
    unit.up = False
    if unit.name == "keepalived":
        _lose_virtual_addresses(target)
    if unit.name == "chrony":
        target.state.ntp_synchronised = False


def _lose_virtual_addresses(target: FaultTarget) -> None:
    for group in target.state.gateways:
        group.state = "init"
        for member in other_members(target, group):
            member.state = "master"


@fault("disk-full", roles=_HOST)
def disk_full(target: FaultTarget, mount: str = "/var/log", percent: int = 97) -> None:
    """A file system is nearly full."""
    chosen = next((disk for disk in target.state.disks if disk.mount == mount), None)
    if chosen is None:
        raise target.unknown("file_system", mount, [disk.mount for disk in target.state.disks])
    chosen.used_percent = percent


@fault("certificate-ending", roles=_HOST)
def certificate_ending(target: FaultTarget, file: str = "", days: int = 3) -> None:
    """The validity of a certificate ends soon."""
    known = target.state.certificates
    name = file or next(iter(known), "")
    if name not in known:
        raise target.unknown("certificate", file, known)
    known[name] = days


def _pool(target: FaultTarget, name: str) -> PoolState:
    chosen = next((pool for pool in target.state.pools if name in (pool.name, "")), None)
    if chosen is None:
        raise target.unknown("pool", name, [pool.name for pool in target.state.pools])
    return chosen


@fault("backend-down", roles=_HOST)
def backend_down(target: FaultTarget, pool: str = "", count: int = 1) -> None:
    """Servers of a load balancer's pool do not answer."""
    servers = _pool(target, pool).servers
    for address in list(servers)[:count]:
        servers[address] = False


@fault("dns-silent", roles=_HOST)
def dns_silent(target: FaultTarget, name: str = "") -> None:
    """The DNS server does not answer for a name."""
    wanted = name or next(iter(target.state.dns), "")
    if wanted not in target.state.dns:
        raise target.unknown("dns_name", name, target.state.dns)
    target.state.dns[wanted] = ""


@fault("dns-wrong", roles=_HOST)
def dns_wrong(target: FaultTarget, name: str = "", address: str = "203.0.113.66") -> None:
    """The DNS server answers with another address for a name."""
    dns_silent(target, name)
    target.state.dns[name or next(iter(target.state.dns))] = address


@fault("http-error", roles=_HOST)
def http_error(target: FaultTarget, status: int = 500) -> None:
    """The portal answers every request with an error."""
    target.state.portal_status = status


@fault("dhcp-exhausted", roles=_HOST)
def dhcp_exhausted(target: FaultTarget, percent: int = 96) -> None:
    """Nearly all addresses of the DHCP pools are leased."""
    if not target.state.dhcp:
        raise target.unknown("dhcp_pool")
    for pool in target.state.dhcp:
        pool.used = pool.total * percent // 100
