"""Light received on uplinks and declared links."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from eventready.checks.answer import answered, blind, of_absence, passed, tidy, unknown
from eventready.checks.check import DeviceView, Limits, check, expects
from eventready.checks.finding import Finding, Outcome
from eventready.facts.ports import optic_key, port_key
from eventready.facts.records import Optic
from eventready.workspace.devices.device import Device


class OpticLimits(Limits):
    """Received light in dBm, held against the module's own thresholds."""

    margin_db: float = Field(default=2, ge=0, description="Warning within this distance of an alarm threshold, dB [K]")
    drift_db: float = Field(default=3, gt=0, description="Warning beyond this change against the baseline, dB [K]")
    rx_low_alarm: float = Field(
        default=-19, ge=-40, description="Low alarm where the module tells none, dBm; SFP LX [K]"
    )
    dark: float = Field(default=-40, ge=-40, description="At or below this no light arrives, dBm [K]")


def _judged_ports(device: Device) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*device.expect.uplinks, *(link.port for link in device.expect.links))))


@check(
    "optic",
    kind="quality",
    roles=("router", "switch"),
    needs=("optic",),
    limits=OpticLimits(),
    applies=expects("uplinks"),
)
def optic(view: DeviceView, limits: OpticLimits) -> Iterator[Finding]:
    """Every optical uplink and link receives light well within its thresholds."""
    lanes: dict[str, list[Optic]] = {}
    for row in view.each_row("optic", Optic):
        lanes.setdefault(port_key(row.interface), []).append(row)
    baseline = view.baselined("optic", Optic)
    for port in _judged_ports(view.device):
        rows = lanes.get(port_key(port)) or lanes.get(optic_key(port), [])
        if not rows and port in view.device.expect.uplinks:
            yield of_absence(blind(port, "checks:optic.unsupported"))
        for row in rows:
            yield _light(f"{port} {row.lane}" if row.lane else port, row, baseline.get(row.subject), limits)


def _light(subject: str, row: Optic, earlier: Optic | None, limits: OpticLimits) -> Finding:
    if row.rx_dbm is None:
        return unknown(subject, "checks:subject.no_figure")
    rx = row.rx_dbm
    low = limits.rx_low_alarm if row.rx_low_alarm is None else row.rx_low_alarm
    if rx <= limits.dark:
        return answered(
            Outcome.FAIL, "checks:optic.no_light", subject=subject, value=tidy(rx), limit=tidy(low), unit="dBm"
        )
    alarms = [low] if row.rx_high_alarm is None else [low, row.rx_high_alarm]
    nearest = min(alarms, key=lambda alarm: abs(rx - alarm))
    if rx <= low or rx >= max(alarms) > low:
        return _received(Outcome.FAIL, subject, rx, nearest)
    if abs(rx - nearest) < limits.margin_db:
        return _received(Outcome.WARN, subject, rx, nearest)
    if earlier is not None and earlier.rx_dbm is not None and abs(rx - earlier.rx_dbm) > limits.drift_db:
        return answered(
            Outcome.WARN,
            "checks:optic.changed",
            subject=subject,
            value=tidy(rx),
            earlier=tidy(earlier.rx_dbm),
            limit=tidy(limits.drift_db),
            unit="dBm",
        )
    return passed(subject, "checks:optic.power", value=tidy(rx))


def _received(status: Outcome, subject: str, rx: float, limit: float) -> Finding:
    return answered(status, "checks:optic.alarm", subject=subject, value=tidy(rx), limit=tidy(limit), unit="dBm")
