"""What keeps a device accountable: its clock, its log, its saved configuration, and how it is spoken to."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from eventready.checks.answer import failed, passed, warned
from eventready.checks.check import Limits, Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import LogTarget, SavedConfig, TimeSync


class NtpLimits(Limits):
    """How good the clock's source must be."""

    stratum: int = Field(default=5, ge=1, le=15, description="Warning beyond this stratum [K]")
    offset_ms: float = Field(default=100, gt=0, description="Warning beyond this offset, ms [K]")


@check(
    "ntp",
    roles=("router", "bts_controller", "wifi_controller"),
    needs=("time_sync",),
    limits=NtpLimits(),
    duties=("1.2a",),
    applies=lambda device: device.expect.ntp,
)
def ntp(look: Look, limits: NtpLimits) -> Iterator[Finding]:
    """The clock is synchronised, so that logs of several devices can be laid side by side."""
    for row in look.rows("time_sync", TimeSync):
        if not row.synchronised:
            yield failed("clock", "The clock is not synchronised")
        elif row.stratum is not None and row.stratum > limits.stratum:
            yield warned(
                "clock",
                "The clock's source has stratum {value} (limit {limit})",
                value=row.stratum,
                limit=limits.stratum,
            )
        elif row.offset_ms is not None and abs(row.offset_ms) > limits.offset_ms:
            yield warned(
                "clock",
                "The clock is {value} ms off (limit {limit} ms)",
                value=row.offset_ms,
                limit=limits.offset_ms,
            )
        else:
            yield passed("clock", "The clock is synchronised")


@check(
    "syslog",
    roles=("router", "bts_controller", "wifi_controller"),
    needs=("log_target",),
    duties=("3.h",),
    applies=lambda device: device.expect.syslog,
)
def syslog(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """A remote host receives the device's log."""
    hosts = look.rows("log_target", LogTarget)
    if hosts:
        yield passed("log", "The log goes to {hosts}", hosts=", ".join(row.host for row in hosts))
    else:
        yield warned("log", "The log goes to no other host")


@check(
    "saved_config",
    roles=("router", "bts_controller", "wifi_controller"),
    needs=("saved_config",),
    duties=("1.2a",),
    applies=lambda device: device.expect.saved_config,
)
def saved_config(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """The running configuration is the one that a restart would bring back."""
    for row in look.rows("saved_config", SavedConfig):
        if row.saved:
            yield passed("configuration", "The running configuration is saved")
        else:
            yield warned("configuration", "The running configuration is not saved: a restart would undo it")


@check(
    "cleartext",
    roles=("router", "bts_controller", "wifi_controller", "service_host"),
    needs=(),
    duties=("3.k",),
    applies=lambda device: device.allow_cleartext,
)
def cleartext(_look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """No password crosses the network in clear text."""
    yield warned("login", "The device may be spoken to in clear text (allow_cleartext)")
