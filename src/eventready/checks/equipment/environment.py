"""Temperature, power supplies, fans and boards."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from eventready.checks.answer import answered, failed, of_either, passed, tidy, unknown, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import Sensor
from eventready.facts.rows import FactRows


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
        yield _degrees(Outcome.FAIL, name, value, row.critical_at)
    elif row.state == "warning":
        yield warned(name, "checks:subject.reported_state", value=_figure(value), state=row.state)
    elif value is not None and row.warn_at is not None and value >= row.warn_at:
        yield _degrees(Outcome.WARN, name, value, row.warn_at)
    elif value is not None and row.critical_at is not None and row.critical_at - value < limits.margin:
        yield _degrees(Outcome.WARN, name, value, row.critical_at - limits.margin)
    elif row.state == "unknown":
        yield unknown(name, "checks:subject.no_state")
    elif row.state == "ok":
        yield passed(name, "checks:subject.ok", value=_figure(value))


def _figure(value: float | None) -> float | None:
    return None if value is None else tidy(value)


def _degrees(status: Outcome, subject: str, value: float, limit: float) -> Finding:
    return answered(
        status,
        "checks:temperature.degrees",
        subject=subject,
        value=tidy(value),
        limit=tidy(limit),
        unit="C",
    )


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
        Outcome.FAIL if severe else noticed, "checks:board.parts_broken",
        subject=row.name, state=row.state, broken=broken, count=count,
    )  # fmt: skip


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
