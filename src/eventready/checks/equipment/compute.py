"""Processor, memory, and the time since the last restart."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pydantic import Field

from eventready.checks.answer import blind, graded
from eventready.checks.check import DeviceView, Limits, check
from eventready.checks.finding import Finding
from eventready.facts.records import Cpu, Memory, System
from eventready.workspace.devices.device import Role

_DAY_S = 86_400
_ROLES: tuple[Role, ...] = ("router", "switch", "wifi_controller", "service_host")


class CpuLimits(Limits):
    """Percent of processor time, mean of five minutes, or of the processors, for a run queue.

    From 100% of the processors on processes wait for each other, and a run queue may be many times as long.
    """

    warn: float = Field(default=70, ge=0, le=100, description="Warning from this load on, % [K]")
    fail: float = Field(
        default=85, ge=0, le=100, description="Failure from this load on, %; Huawei's first alarm [S48]"
    )
    queue_warn: float | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="Warning from this run queue on, % of the processors; `warn` if absent [K]",
    )
    queue_fail: float | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="Failure from this run queue on, % of the processors; `fail` if absent [K]",
    )

    def of(self, row: Cpu) -> tuple[float, float]:
        """Return the limits of warning and failure for a row."""
        queue = (self.queue_warn, self.queue_fail) if row.run_queue else (None, None)
        warn, fail = (own if one is None else one for one, own in zip(queue, (self.warn, self.fail), strict=True))
        return warn, fail


class MemoryLimits(Limits):
    """Percent of memory in use."""

    warn: float = Field(default=80, ge=0, le=100, description="Warning from this use on, % [K]")
    fail: float = Field(default=90, ge=0, le=100, description="Failure from this use on, % [K]")
    ignore: tuple[str, ...] = Field(
        default=("lsmpi_io*", "reserve*"), description="Pools that are full by design, as globs [K]"
    )


class UptimeLimits(Limits):
    """Days since the last restart."""

    worse = "lower"
    warn: float = Field(default=7, ge=0, description="Warning when restarted within so many days [K]")
    fail: float = Field(default=1, ge=0, description="Failure when restarted within so many days [K]")


@check("cpu", kind="quality", roles=_ROLES, needs=("cpu",), limits=CpuLimits())
def cpu(view: DeviceView, limits: CpuLimits) -> Iterator[Finding]:
    """Processor load stays below the limit: the mean of five minutes, or of a period of the device."""
    for row in view.each_row("cpu", Cpu):
        warn, fail = limits.of(row)
        yield graded(
            f"CPU {row.slot}".strip(), _sentence(row), row.five_minutes, warn=warn, fail=fail, unit="%",
            seconds=row.period_s,
        )  # fmt: skip


def _sentence(row: Cpu) -> str:
    """Id of the message about a load over its period, and about a run queue."""
    if row.run_queue:
        return "checks:cpu.queue"
    if row.period_s is None:
        return "checks:cpu.load"
    return "checks:cpu.load_over" if row.period_s else "checks:cpu.load_now"


@check("memory", kind="quality", roles=_ROLES, needs=("memory",), limits=MemoryLimits())
def memory(view: DeviceView, limits: MemoryLimits) -> Iterator[Finding]:
    """Memory in use stays below the limit."""
    for row in view.each_row("memory", Memory):
        if any(fnmatchcase(row.pool.casefold(), pattern.casefold()) for pattern in limits.ignore):
            continue
        subject = f"memory {row.pool}".strip()
        yield graded(subject, "checks:memory.used", row.percent, warn=limits.warn, fail=limits.fail, unit="%")


@check("uptime", kind="care", roles=_ROLES, needs=("system",), limits=UptimeLimits())
def uptime(view: DeviceView, limits: UptimeLimits) -> Iterator[Finding]:
    """The device has not restarted lately."""
    for row in view.each_row("system", System):
        if row.uptime_s is None:
            yield blind("uptime", "checks:uptime.unsupported")
            continue
        yield graded(
            "uptime",
            "checks:uptime.restarted",
            row.uptime_s / _DAY_S,
            warn=limits.warn,
            fail=limits.fail,
            unit="d",
            worse="lower",
            beyond=True,
        )
