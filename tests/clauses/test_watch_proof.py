"""Proof of a clause by the time watched: no gap in its windows, by beats of all devices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eventready.clauses.event_record import EventRecord
from eventready.clauses.proof import ClauseState
from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.store.watch_log import Beat, WatchLog, watch_log
from eventready.watch.record import WatchRecord
from eventready.workspace.settings.duties import Duty
from tests.shared import example
from tests.zones import TZ

START = datetime(2022, 4, 29, 17, tzinfo=TZ)
END = datetime(2022, 5, 1, 2, tzinfo=TZ)
MINUTES = int((END - START).total_seconds() / 60)


def beats(lost: Iterable[int] = (), devices: int = 1000, answering: int = 1) -> WatchLog:
    """A beat of each minute of the protected window except the lost ones."""
    return WatchLog(
        tuple(
            (START + timedelta(minutes=minute), Beat(devices, answering, 1, 0.0))
            for minute in range(MINUTES + 1)
            if minute not in set(lost)
        )
    )


def state(log: WatchLog, now: datetime) -> ClauseState:
    duty = Duty.model_validate(
        {"id": "3.f", "vi": "Trực", "en": "Watch", "applies_to": "all", "owner": "NOC", "deadline": "suốt",
         "proof": {"watch": ["protected"]}}
    )  # fmt: skip
    workspace = example()
    [found] = EventRecord(watch=log).clauses(
        type(workspace)(workspace.path, workspace.event, workspace.devices, (duty,)), now
    )
    return found


@pytest.mark.parametrize(
    ("log", "now", "expected", "sentence"),
    [
        (beats(), END, "done", f"29/04/2022 17:00 to 01/05/2022 02:00: {MINUTES:,} min"),
        (beats(), START, "not_done", "lies ahead"),
        (beats(), START + timedelta(minutes=61), "not_done", "without a gap for 61 min"),
        (beats((30,)), END, "done", "without a gap"),
        (beats((30, 31, 90, 91, 92)), END, "not_done", "2 gaps of 7 min"),
        (beats((30, 31)), START + timedelta(minutes=29), "not_done", "without a gap for 29 min"),
        (WatchLog(), END, "not_done", "nothing was watched"),
        (beats(devices=3), END, "not_done", "nothing was watched"),
        (beats(answering=0), END, "not_done", "nothing was watched"),
    ],
)
def test_states_by_the_time_watched(log: WatchLog, now: datetime, expected: str, sentence: str) -> None:
    found = state(log, now)
    assert found.state == expected
    assert sentence in found.reason.render("en")
    assert found.reason.render("vi") != found.reason.render("en")


def test_the_log_of_an_event_leaves_rehearsals_out(tmp_path: Path) -> None:
    with Store(tmp_path / "night.db") as store:
        for clock in (Clock(), Clock(marked=True)):
            WatchRecord(store, "night", clock).beat(Beat(1, 1, 1, 0))
        WatchRecord(store, "other", Clock()).beat(Beat(1, 1, 1, 0))
        assert len(watch_log(store, "night", rehearsal=False).beats) == 1
        assert len(watch_log(store, "night", rehearsal=True).beats) == 2
