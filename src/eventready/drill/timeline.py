"""Timeline of a drill: steps, device events and losses of the probes on a single time axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from eventready.drill.record import DrillRun
from eventready.drill.steps import STEPS, Failing, ProbesMeasured

Kind = Literal["step", "device", "lost", "answered"]


@dataclass(frozen=True, order=True)
class TimelineEntry:
    """Event of a drill. `at_s`: seconds since the failure, negative before; `subject`: step, device or probe.

    `detail`: fault with its action of a device; empty elsewhere. `duration_ms`: outage ended by an answer.
    """

    at_s: float
    kind: Kind
    subject: str
    detail: str = ""
    duration_ms: float | None = None


def timeline(run: DrillRun) -> tuple[TimelineEntry, ...]:
    """Entries of a drill in the order of time; empty for a drill without a failure."""
    begin = failed_at(run)
    if begin is None:
        return ()
    steps = (
        TimelineEntry((datetime.fromisoformat(entry.recorded) - begin).total_seconds(), "step", STEPS.name(entry.body))
        for entry in run.steps
    )
    return tuple(sorted((*steps, *_device_events(run), *_losses(run)), key=lambda entry: entry.at_s))


def failed_at(run: DrillRun) -> datetime | None:
    """Real time of the failure; None for a drill without a failure."""
    if measured := run.last(ProbesMeasured):
        return measured.failed
    failing = (datetime.fromisoformat(entry.recorded) for entry in run.steps if isinstance(entry.body, Failing))
    return next(failing, None)


def _device_events(run: DrillRun) -> Iterator[TimelineEntry]:
    measured = run.last(ProbesMeasured)
    for event in measured.events if measured else ():
        yield TimelineEntry(event.at_s, "device", event.device, f"{event.fault} {event.action}")


def _losses(run: DrillRun) -> Iterator[TimelineEntry]:
    for probe in run.probes:
        for begin, end in probe.outages:
            yield TimelineEntry(begin, "lost", probe.probe)
            if end is not None:
                yield TimelineEntry(end, "answered", probe.probe, duration_ms=1000 * (end - begin))
