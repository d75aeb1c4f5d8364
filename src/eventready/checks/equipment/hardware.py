"""Hardware of a device: processor, memory, uptime, temperature, fans and power supplies."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pydantic import Field

from eventready.checks.answer import (
    Between,
    Levels,
    answered,
    blind,
    failed,
    graded,
    of_either,
    passed,
    tidy,
    unknown,
    warned,
)
from eventready.checks.check import DeviceView, Limits, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import Cpu, Memory, Sensor, System
from eventready.facts.rows import FactRows
from eventready.workspace.devices.device import Role

#: Message about a temperature at a limit.
_DEGREES = "checks:temperature.degrees"


class TemperatureLimits(Limits):
    """Least distance of a sensor from the device's own critical value."""

    margin: float = Field(default=10, ge=0, description="Warning when fewer degrees than this are left [K]")


class FailedParts(Limits):
    """Numbers of failed parts of a kind for warning and failure."""

    warn: int = Field(default=1, ge=1, description="Warning from this number of failed or absent parts on [K]")
    fail: int = Field(default=2, ge=1, description="Failure from this number on, or when none is left [K]")


@check("temperature", kind="quality", roles=("router", "switch"), needs=("temperature",), limits=TemperatureLimits())
def temperature(view: DeviceView, limits: TemperatureLimits) -> Iterator[Finding]:
    """No sensor is near its critical temperature."""
    for row in view.each_row("temperature", Sensor):
        yield from _temperature(row, limits)


def _temperature(row: Sensor, limits: TemperatureLimits) -> Iterator[Finding]:
    name, value = row.name, row.value
    if row.state in ("critical", "failed"):
        yield failed(name, "checks:subject.reported_state", value=_figure(value), state=row.state)
    elif value is not None and row.critical_at is not None and value >= row.critical_at:
        yield failed(name, _DEGREES, value=tidy(value), limit=tidy(row.critical_at), unit="C")
    elif row.state == "warning":
        yield warned(name, "checks:subject.reported_state", value=_figure(value), state=row.state)
    elif value is not None and row.warn_at is not None and value >= row.warn_at:
        yield warned(name, _DEGREES, value=tidy(value), limit=tidy(row.warn_at), unit="C")
    elif value is not None and row.critical_at is not None and row.critical_at - value < limits.margin:
        yield warned(name, _DEGREES, value=tidy(value), limit=tidy(row.critical_at - limits.margin), unit="C")
    elif row.state == "unknown":
        yield unknown(name, "checks:subject.no_state")
    elif row.state == "ok":
        yield passed(name, "checks:subject.ok", value=_figure(value))


def _figure(value: float | None) -> float | None:
    return None if value is None else tidy(value)


@check("power", kind="care", roles=("router", "switch"), needs=("power",), limits=FailedParts())
def power(view: DeviceView, limits: FailedParts) -> Iterator[Finding]:
    """Every power supply works."""
    yield from _parts(view.fact("power", Sensor), limits)


@check("fan", kind="care", roles=("router", "switch"), needs=("fan",), limits=FailedParts())
def fan(view: DeviceView, limits: FailedParts) -> Iterator[Finding]:
    """Every fan works."""
    yield from _parts(view.fact("fan", Sensor), limits)


def _parts(parts: FactRows[Sensor], limits: FailedParts) -> Iterator[Finding]:
    """Findings of each part; an unread part may work or not, which counts if the others would change."""
    rows, unread = parts.each_row(), len(parts.unread_records)
    broken = sum(row.state in ("warning", "critical", "failed", "absent") for row in rows)
    for row in rows:
        if row.state == "ok":
            yield passed(row.name, "checks:subject.ok")
        elif row.state == "unknown":
            yield unknown(row.name, "checks:subject.no_state")
        else:
            yield of_either(*(_broken(row, limits, more, len(rows) + unread) for more in (broken, broken + unread)))


def _broken(row: Sensor, limits: FailedParts, broken: int, count: int) -> Finding:
    noticed = Outcome.WARN if broken >= limits.warn else Outcome.PASS
    severe = broken >= limits.fail or broken == count
    return answered(
        Outcome.FAIL if severe else noticed,
        row.name,
        "checks:board.parts_broken",
        state=row.state,
        broken=broken,
        count=count,
    )


@check("board", kind="quality", roles=("router", "switch"), needs=("board",))
def board(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every plugged-in board works."""
    for row in view.each_row("board", Sensor):
        if row.state == "ok":
            yield passed(row.name, "checks:subject.ok")
        elif row.state == "unknown":
            yield unknown(row.name, "checks:subject.no_state")
        elif row.state == "warning":
            yield warned(row.name, "checks:subject.reported_state", state=row.state)
        elif row.state in ("critical", "failed"):
            yield failed(row.name, "checks:subject.reported_state", state=row.state)


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

    def of(self, row: Cpu) -> Levels:
        """Return the limits of a row."""
        if not row.run_queue:
            return self
        warn, fail = self.queue_warn, self.queue_fail
        return Between(self.warn if warn is None else warn, self.fail if fail is None else fail)


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
        subject, bounds = f"CPU {row.slot}".strip(), limits.of(row)
        yield graded(subject, _sentence(row), row.five_minutes, bounds, unit="%", seconds=row.period_s)


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
        yield graded(subject, "checks:memory.used", row.percent, limits, unit="%")


@check("uptime", kind="care", roles=_ROLES, needs=("system",), limits=UptimeLimits())
def uptime(view: DeviceView, limits: UptimeLimits) -> Iterator[Finding]:
    """The device has not restarted lately."""
    for row in view.each_row("system", System):
        if row.uptime_s is None:
            yield blind("uptime", "checks:uptime.unsupported")
            continue
        yield graded("uptime", "checks:uptime.restarted", row.uptime_s / _DAY_S, limits, unit="d", beyond=True)
