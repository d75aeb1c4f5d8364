"""Timeline of a drill: steps, device events and losses in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from eventready.drill.record import replay, timeline
from eventready.drill.steps import (
    Closed,
    DeviceEvent,
    DrillStep,
    Failing,
    Opened,
    ProbeResult,
    ProbesMeasured,
    Repaired,
    Repairing,
)
from eventready.store.streams.journal import JournalEntry
from tests.drill.test_execution import DRILL

BEGIN = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def entries(*steps: tuple[float, DrillStep]) -> list[JournalEntry[DrillStep]]:
    """Journal entries of a drill, at seconds since the failure."""
    opened = Opened("uplink", DRILL, BEGIN, by="An", target="lab", network="embedded", rehearsal=True)
    moments = [(-9.0, opened), *steps]
    return [
        JournalEntry("drill", position, "DT-1", (BEGIN + timedelta(seconds=at)).isoformat(), step, "")
        for position, (at, step) in enumerate(moments)
    ]


def test_losses_stand_between_the_failure_and_the_repair() -> None:
    probe = ProbeResult("flow", "udp", None, 300.0, "ms", 20.0, 100, 5, outages=((0.4, 0.7), (4.0, None)))
    made, mended = DeviceEvent(0.3, "core-1", "link-down", "made"), DeviceEvent(5.2, "core-1", "link-down", "repaired")
    measured = ProbesMeasured((probe,), (made, mended), BEGIN)
    (run,) = replay(entries((0, Failing()), (5.1, Repairing()), (5.3, Repaired()), (6, measured)))
    assert [(at.kind, at.subject, at.detail) for at in timeline(run)] == [
        ("step", "opened", ""), ("step", "failing", ""), ("device", "core-1", "link-down made"), ("lost", "flow", ""),
        ("answered", "flow", ""), ("lost", "flow", ""), ("step", "repairing", ""),
        ("device", "core-1", "link-down repaired"), ("step", "repaired", ""), ("step", "measured", ""),
    ]  # fmt: skip
    assert timeline(run)[4].duration_ms == 1000 * (0.7 - 0.4)


def test_a_refused_drill_has_no_timeline() -> None:
    (run,) = replay(entries((1, Closed("refused", "x"))))
    assert timeline(run) == ()
