"""Service hosts: disks, services, sockets, certificates, load balancers, DNS and DHCP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from eventready.checks.answer import (
    Levels,
    failed,
    graded,
    missing,
    of_absence,
    of_subject,
    passed,
    tidy,
    unknown,
    warned,
)
from eventready.checks.check import DeviceView, Limits, NoLimits, check, expects
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import Backend, Certificate, DhcpPool, Disk, DnsAnswer, Listener, ServiceUnit
from eventready.workspace.devices.device import Role

_DAY = timedelta(days=1)


def expiry(subject: str, not_after: datetime, moment: datetime, limits: Levels) -> Finding:
    """Grade the days until the end; an ended certificate is a failure with the days since."""
    days = (not_after - moment) / _DAY
    if days < 0:
        value, limit, gone = tidy(days, 0), tidy(limits.fail, 3), max(1, round(-days))
        return failed(subject, "checks:host.certificate_ended", value=value, limit=limit, unit="d", days=gone)
    return graded(subject, "checks:host.certificate_days", days, limits, unit="d", digits=0)


_HOST: tuple[Role, ...] = ("service_host",)


class DiskLimits(Limits):
    """Percent of a file system in use."""

    warn: float = Field(default=80, ge=0, le=100, description="Warning from this use on, % [K]")
    fail: float = Field(default=90, ge=0, le=100, description="Failure from this use on, % [K]")


class CertificateLimits(Limits):
    """Days until a certificate's validity ends."""

    worse = "lower"
    warn: float = Field(default=30, ge=0, description="Warning with so many days left; usual renewal period [K]")
    fail: float = Field(default=7, ge=0, description="Failure with so many days left [K]")


class DhcpPoolLimits(Limits):
    """Leased share of a pool's addresses, in percent."""

    warn: float = Field(default=75, ge=0, le=100, description="Warning from this use on, % [K]")
    fail: float = Field(default=90, ge=0, le=100, description="Failure from this use on, % [K]")


class BackendLimits(Limits):
    """Number of answering servers of a pool."""

    worse = "lower"
    warn: int = Field(default=1, ge=0, description="Warning with so many servers left: one more failure ends it [K]")
    fail: int = Field(default=0, ge=0, description="Failure with so many servers left [K]")


@check("disk", kind="quality", roles=_HOST, needs=("disk",), limits=DiskLimits())
def disk(view: DeviceView, limits: DiskLimits) -> Iterator[Finding]:
    """File systems have room."""
    for row in view.each_row("disk", Disk):
        yield graded(row.mount, "checks:host.disk_use", row.percent, limits, unit="%")


@check("service", kind="quality", roles=_HOST, needs=("service",), applies=expects("services"))
def service(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected service runs."""
    rows = {row.name: row for row in view.each_row("service", ServiceUnit)}
    for name in view.device.expect.services:
        row = rows.get(name)
        if row is None:
            yield missing(name, "checks:subject.missing")
        elif row.state == "absent":
            yield failed(name, "checks:subject.missing")
        elif row.state == "up":
            yield passed(name, "checks:subject.up")
        elif row.state == "starting":
            yield warned(name, "checks:subject.state", state="starting")
        else:
            yield failed(name, "checks:subject.down")


@check("listener", kind="quality", roles=_HOST, needs=("listener",), applies=expects("listeners"))
def listener(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected port accepts traffic."""
    rows = view.each_row("listener", Listener)
    local = {f"{row.protocol}/{row.port}" for row in rows if row.is_local}
    opened = {f"{row.protocol}/{row.port}" for row in rows if not row.is_local}
    for name in view.device.expect.listeners:
        if name in opened:
            yield passed(name, "checks:host.port_open")
        elif name in local:
            yield of_subject(failed(name, "checks:host.port_local"), name.replace("/", " "))
        else:
            yield of_absence(failed(name, "checks:host.port_closed"), name.replace("/", " "))


@check(
    "certificate",
    kind="quality",
    roles=_HOST,
    needs=("certificate",),
    limits=CertificateLimits(),
    topic="security",
    applies=expects("certificates"),
)
def certificate(view: DeviceView, limits: CertificateLimits) -> Iterator[Finding]:
    """Certificates are valid beyond the event."""
    rows = view.each_row("certificate", Certificate)
    if not rows:
        yield missing("certificate", "checks:subject.missing")
    for row in rows:
        if view.moment is None:
            yield unknown(row.file, "checks:subject.no_figure")
            continue
        yield expiry(row.file, row.not_after, view.moment, limits)


@check(
    "backend",
    kind="quality",
    roles=_HOST,
    needs=("backend",),
    limits=BackendLimits(),
    topic="backup",
    applies=expects("backends"),
)
def backend(view: DeviceView, limits: BackendLimits) -> Iterator[Finding]:
    """Every expected pool of the load balancer has servers to spare."""
    rows = view.each_row("backend", Backend)
    for pool in view.device.expect.backends:
        servers = [row for row in rows if row.pool == pool]
        if not servers:
            yield missing(pool, "checks:subject.missing")
            continue
        alive = sum(row.state == "up" for row in servers)
        share = graded(pool, "checks:host.backends", alive, limits, digits=0, count=len(servers))
        yield share if share.status is Outcome.PASS else of_subject(share)


@check("dns_answer", kind="quality", roles=_HOST, needs=("dns_answer",), applies=expects("dns"))
def dns_answer(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """The DNS server answers for every expected name."""
    answers = {row.name: row.address for row in view.each_row("dns_answer", DnsAnswer)}
    for name in view.device.expect.dns:
        address = answers.get(name)
        if name not in answers:
            yield missing(name, "checks:subject.missing")
        elif address:
            yield passed(name, "checks:host.dns_answered", address=address)
        else:
            yield failed(name, "checks:host.dns_silent")


@check(
    "dhcp_pool",
    kind="quality",
    roles=_HOST,
    needs=("dhcp_pool",),
    limits=DhcpPoolLimits(),
    topic="traffic",
    applies=expects("dhcp"),
)
def dhcp_pool(view: DeviceView, limits: DhcpPoolLimits) -> Iterator[Finding]:
    """Address pools have room for the crowd."""
    rows = view.each_row("dhcp_pool", DhcpPool)
    if not rows:
        yield missing("DHCP", "checks:subject.missing")
    for row in rows:
        yield graded(row.pool, "checks:host.pool_use", row.percent, limits, unit="%", used=row.used, count=row.total)
