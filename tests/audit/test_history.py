"""Earlier full audits, as checks compare with them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventready.audit.run_builder import earlier_audits, usual_audits
from eventready.core.clock import Clock
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "eventready.db") as opened:
        yield opened


def _audit(run_id: str, days: float, *, transitions: Any = 0, devices: int = 2, **more: Any) -> dict[str, Any]:
    """A run of some days ago, of the devices d0, d1, ...; the port of each has changed so often."""
    at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    row = {"name": "e1", "admin": "up", "oper": "up", "transitions": transitions}
    return {
        "schema": SCHEMA, "id": run_id, "event": "e", "started": at, "finished": at,
        "clock": {"event": at, "rehearsal": False},
        "devices": [{"name": f"d{number}"} for number in range(devices)],
        "observations": [
            {"device": f"d{number}", "fact": fact, "status": "parsed", "rows": rows}
            for number in range(devices)
            for fact, rows in (("interface", [row]), ("cpu", [{"five_minutes": 1}]))
        ],
        "findings": [], **more,
    }  # fmt: skip


def _found(store: Store) -> list[Any]:
    history = earlier_audits(store, Clock(), "e", 2)
    assert {fact for reading in history.get("d0", ()) for fact in reading.facts} <= {"interface"}
    return [reading.facts["interface"].all_rows()[0].model_dump()["transitions"] for reading in history.get("d0", ())]


def test_the_latest_full_audit_and_those_of_the_weekday_and_hour(store: Store) -> None:
    assert _found(store) == []
    for number, days in enumerate((21, 14, 14, 7, 6.5, 1.5, 0)):
        store.finish(_audit(f"r{number}", days, transitions=number))
    store.finish(_audit("part", 1, transitions=90, devices=1))
    store.finish(_audit("lab", 1, transitions=91, clock={"event": datetime.now(UTC).isoformat(), "rehearsal": True}))
    store.finish(_audit("other", 1, transitions=92, event="another"))
    assert _found(store) == [0, 2, 3, 6]
    readings = [(round(one.age_s / 86_400, 1), one.alike) for one in earlier_audits(store, Clock(), "e", 2)["d1"]]
    assert readings == [(21, True), (14, True), (7, True), (0, False)]


@pytest.mark.parametrize(
    "more",
    [{"saved": True}, {"observations": [{"device": "d0"}]}],
    ids=["saved", "damaged"],
)
def test_saved_outputs_and_documents_that_are_not_read_are_no_history(store: Store, more: dict[str, Any]) -> None:
    store.finish(_audit("old", 0.5, **more))
    assert _found(store) == []


def test_rows_of_another_release_are_no_history(store: Store) -> None:
    store.finish(_audit("old", 0.5, transitions="many"))
    assert _found(store) == []


def test_a_watch_compares_radios_alone_with_the_weekday_and_hour(store: Store) -> None:
    def of(clients: int) -> list[dict[str, Any]]:
        radio = {"ap": "gate", "slot": "1", "band": "5", "clients": clients}
        port = {"name": "e1", "admin": "up", "oper": "up"}
        rows = {"radio_load": radio, "interface": port}
        return [{"device": "d0", "fact": fact, "status": "parsed", "rows": [row]} for fact, row in rows.items()]

    for days in (14, 7, 1.5):
        store.finish(_audit(f"r{days}", days, observations=of(int(days))))
    found = [reading.facts for reading in usual_audits(store, Clock(), "e", 2)["d0"]]
    assert [[*rows] for rows in found] == [["radio_load"]] * 2
    assert [rows["radio_load"].all_rows()[0].model_dump()["clients"] for rows in found] == [14, 7]
