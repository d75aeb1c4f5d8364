"""Timeline of a drill: steps, device events and losses in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from eventready.drill.record import replay
from eventready.drill.timeline import timeline
from eventready.store.streams.journal import JournalEntry
from tests.drill.test_execution import DRILL

BEGIN = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def entries(*steps: tuple[float, dict[str, Any]]) -> list[JournalEntry[Any]]:
    """Journal entries of a drill, at seconds since the failure."""
    opened = {"step": "opened", "drill": "uplink", "spec": DRILL.model_dump(mode="json", by_alias=True),
              "event_time": BEGIN.isoformat()}  # fmt: skip
    moments = [(-9.0, opened), *steps]
    return [
        JournalEntry("drill", position, "DT-1", (BEGIN + timedelta(seconds=at)).isoformat(), body, "")
        for position, (at, body) in enumerate(moments)
    ]


def test_losses_stand_between_the_failure_and_the_repair() -> None:
    probe = {"probe": "flow", "kind": "udp", "value": None, "limit": 300.0, "unit": "ms", "resolution": 20.0,
             "sent": 100, "lost": 5, "reordered": 0, "outages": [[0.4, 0.7], [4.0, None]], "detail": ""}  # fmt: skip
    made, mended = ({"at_s": at, "device": "core-1", "fault": "link-down", "action": action}
                    for at, action in ((0.3, "made"), (5.2, "repaired")))  # fmt: skip
    (run,) = replay(
        entries((0, {"step": "failing"}), (5.1, {"step": "repairing"}), (5.3, {"step": "repaired"}),
                (6, {"step": "measured", "probes": [probe], "events": [made, mended],
                     "failed": BEGIN.isoformat()}))
    )  # fmt: skip
    assert [(at.kind, at.subject, at.detail) for at in timeline(run)] == [
        ("step", "opened", ""), ("step", "failing", ""), ("device", "core-1", "link-down made"), ("lost", "flow", ""),
        ("answered", "flow", ""), ("lost", "flow", ""), ("step", "repairing", ""),
        ("device", "core-1", "link-down repaired"), ("step", "repaired", ""), ("step", "measured", ""),
    ]  # fmt: skip
    assert timeline(run)[4].duration_ms == 1000 * (0.7 - 0.4)


def test_a_refused_drill_has_no_timeline() -> None:
    (run,) = replay(entries((1, {"step": "closed", "outcome": "refused", "reason": "x"})))
    assert timeline(run) == ()
