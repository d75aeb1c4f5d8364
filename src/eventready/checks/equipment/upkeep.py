"""Upkeep of a device: clock, log, saved configuration, access protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import get_args

from pydantic import Field

from eventready.checks.answer import Value, answered, failed, of_all, passed, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check, expects
from eventready.checks.finding import Finding, Outcome
from eventready.core.strings.texts import at
from eventready.core.timezone import local_time
from eventready.facts.records import EventConfiguration, LogTarget, SavedConfig, TimeSync
from eventready.workspace.devices.device import Role


class NtpLimits(Limits):
    """Required quality of the clock's source."""

    stratum: int = Field(default=5, ge=1, le=15, description="Warning beyond this stratum [K]")
    offset_ms: float = Field(default=100, gt=0, description="Warning beyond this offset, ms [K]")


_security_check = partial(
    check, topic="security", roles=("router", "switch", "bts_controller", "wifi_controller", "service_host")
)


@_security_check("ntp", kind="care", needs=("time_sync",), limits=NtpLimits(), applies=expects("ntp"))
def ntp(view: DeviceView, limits: NtpLimits) -> Iterator[Finding]:
    """The clock is synchronised, for comparable logs across devices."""
    for row in view.each_row("time_sync", TimeSync):
        if not row.synchronised:
            yield failed("clock", "checks:clock.unsynchronised")
        elif row.stratum is not None and row.stratum > limits.stratum:
            yield warned("clock", "checks:clock.stratum", value=row.stratum, limit=limits.stratum)
        elif row.offset_ms is not None and abs(row.offset_ms) > limits.offset_ms:
            yield warned("clock", "checks:clock.offset", value=row.offset_ms, limit=limits.offset_ms)
        else:
            yield passed("clock", "checks:clock.synchronised")


@_security_check("syslog", kind="care", needs=("log_target",), applies=expects("syslog"))
def syslog(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """A remote host receives the device's log."""
    hosts = view.each_row("log_target", LogTarget)
    if hosts:
        yield passed("log", "checks:log.hosts", hosts=", ".join(row.host for row in hosts))
    else:
        yield of_all(warned("log", "checks:log.no_host"))


@check(
    "saved_config",
    kind="care",
    roles=("router", "switch", "bts_controller", "wifi_controller"),
    needs=("saved_config",),
    applies=expects("saved_config"),
)
def saved_config(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """The running configuration equals the startup configuration."""
    for row in view.each_row("saved_config", SavedConfig):
        if row.saved:
            yield passed("configuration", "checks:configuration.saved")
        else:
            yield warned("configuration", "checks:configuration.unsaved")


class EventConfigurationLimits(Limits):
    """Days after the end of an event in which its lines are removed."""

    days: float = Field(default=14, ge=0, le=365, description="Failure from so many days after the end on [K]")


@check("event_configuration", kind="care", roles=get_args(Role), needs=("event_configuration",),
       limits=EventConfigurationLimits())  # fmt: skip
def event_configuration(view: DeviceView, limits: EventConfigurationLimits) -> Iterator[Finding]:
    """No line for an event is left on the device after the event."""
    for row in view.each_row("event_configuration", EventConfiguration):
        days = max(0, (view.moment - row.ended).days) if view.moment else 0
        values: dict[str, Value] = {
            "n": row.present, "total": row.present + row.changed + row.absent, "changed": row.changed,
            "plan": row.plan, "end": at(row.ended), "value": days, "limit": limits.days,
        }  # fmt: skip
        if row.present:
            status, state = (Outcome.FAIL if days >= limits.days else Outcome.WARN), "left"
        else:
            status, state = Outcome.PASS, "changed" if row.changed else "gone"
        yield answered(status, row.plan, f"checks:event_configuration.{state}", unit="d", venues=(), **values)


@_security_check("cleartext", kind="care", needs=(), applies=lambda device: device.allow_cleartext)
def cleartext(_look: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """No password crosses the network in clear text."""
    yield warned("login", "checks:cleartext.allowed")


@_security_check("legacy_ssh", kind="care", needs=(), applies=lambda device: bool(device.access.allow_legacy_ssh))
def legacy_ssh(_look: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """SSH sessions use current algorithms only."""
    yield warned("login", "checks:legacy_ssh.allowed")


#: The name under which outputs older than a day are reported; no check is called so.
CAPTURE = "capture"
_DAY = timedelta(days=1)


def outdated(captured: datetime | None, devices: Iterable[str], now: datetime) -> list[Finding]:
    """A warning per device for outputs older than a day: the device may have changed since."""
    if captured is None or now - captured <= _DAY:
        return []
    at = f"{local_time(captured):%d/%m/%Y %H:%M}"
    finding = warned("", "checks:capture.old", at=at, n=(now - captured).days)
    return [finding.replace(check=CAPTURE, device=name) for name in sorted(devices)]
