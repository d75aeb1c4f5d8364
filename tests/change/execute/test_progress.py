"""Progress of a running change: wave, devices at work, times left, question, expected end; and of a damaged record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventready.change.document import Plan
from eventready.change.execute.progress import ProgressReader, RecordedProgress, progress_of
from eventready.change.times import CHOSEN
from eventready.core.strings.json_text import canonical
from eventready.store.change_steps import STEPS, Arm, ChangeHeader, DeviceOutcome, Done
from eventready.store.changes import ChangeEntry, ChangeRecord, Step, StepEntry
from eventready.store.database.tables import ChangeRow, JournalRow
from eventready.store.store import Store
from tests.change.plans import plan as sealed
from tests.change.plans import planned
from tests.zones import TZ

BEGUN = datetime(2026, 11, 25, 1, tzinfo=TZ)
WAVES = (("a",), ("b", "c"), ("d",))
#: Expected seconds of a wave beside its soak of 60 s.
AROUND = 30


def a_plan(**values: Any) -> Plan:
    devices = [planned(name, soak_s=60.0) for wave in WAVES for name in wave]
    return sealed(waves=[list(wave) for wave in WAVES], devices=devices, **values)


def took(second: float, name: str, device: str = "a", **body: Any) -> Step:
    needed: dict[str, dict[str, Any]] = {
        "arm": {"guard": "dead_man", "seconds": 120, "device_side": True},
        "apply": {"lines": 1},
        "rollback": {"lines": ["no x"]},
        "verify": {"soak_s": 60.0, "soak_reason": "minimum"},
    }
    read = STEPS.read_plain({"step": name, "device": device, **needed.get(name, {}), **body})
    return Step(read, (BEGUN + timedelta(seconds=second)).isoformat(timespec="milliseconds"))


def record(*steps: Step, plan: Plan | None = None, **header: Any) -> ChangeRecord:
    entry = ChangeEntry("c-1", "fair", BEGUN.isoformat(), None, ChangeHeader("an", "nms", **header), {})
    file = canonical({"plan": plan.document, "approvals": []}) if plan else b""
    return ChangeRecord(entry, file, steps)


def progress(second: float, *steps: Step, active: bool = True, plan: Plan | None = None) -> RecordedProgress:
    plan = plan or a_plan()
    at = BEGUN + timedelta(seconds=second)
    return progress_of(record(*steps, plan=plan), plan, at, active=active)


SOAKING = (took(0, "precheck"), took(5, "arm"), took(10, "apply"), took(20, "verify"))
ENDED = (*SOAKING, took(85, "confirm"), took(90, "done", outcome="new"))


def shown(found: RecordedProgress) -> list[str]:
    return [one.describe(active=found.active).render("en") for one in found.in_order]


def test_a_soaking_device_has_the_seconds_of_soak_and_guard_and_the_end_by_the_clock() -> None:
    found = progress(40, *SOAKING)
    assert found.head.render("en") == "Wave 1 of 3: 4 devices to go; expected end 01:04"
    assert shown(found) == ["a: verifying; soak: at least 40 s left; guard: 85 s left"]
    assert found.waiting == ("b", "c", "d")
    assert found.ends == BEGUN + timedelta(seconds=3 * (60 + AROUND))


def test_before_the_first_step_it_is_the_first_wave_and_all_wait() -> None:
    found = progress(0)
    assert (found.wave, found.devices, found.waiting) == (1, (), ("a", "b", "c", "d"))
    assert found.ends == BEGUN + timedelta(seconds=3 * (60 + AROUND))


def test_a_wave_that_took_less_time_brings_the_end_forward() -> None:
    """The second wave has not begun: its whole time is left."""
    assert progress(90, *ENDED).ends == BEGUN + timedelta(seconds=90 + 2 * (60 + AROUND))
    second = progress(100, *ENDED, took(95, "precheck", "b"))
    assert (second.wave, second.to_go, second.waiting) == (2, ("b", "c", "d"), ("c", "d"))
    assert second.ends == BEGUN + timedelta(seconds=95 + 2 * (60 + AROUND))


def test_waves_that_soak_together_have_a_common_soak() -> None:
    """The second begins 20 s after the first, in its soak."""
    plan = a_plan(together=((), ("a",), ()))
    assert progress(0, plan=plan).ends == BEGUN + timedelta(seconds=20 + 2 * (60 + AROUND))
    late = progress(70, *SOAKING, took(65, "precheck", "b"), plan=plan)
    assert late.ends == BEGUN + timedelta(seconds=65 + 2 * (60 + AROUND))


def test_the_chosen_soak_of_a_lab_counts() -> None:
    soak = took(20, "verify", soak_s=0.0, soak_reason=CHOSEN)
    assert progress(20, *SOAKING[:3], soak).ends == BEGUN + timedelta(seconds=3 * AROUND)


def test_a_wave_beyond_its_time_has_no_end_by_the_clock() -> None:
    found = progress(600, *SOAKING)
    assert found.ends is None
    assert found.head.render("en") == "Wave 1 of 3: 4 devices to go; longer than planned"
    assert shown(found) == ["a: verifying; guard over"], "no negative seconds"


def test_after_a_device_without_the_change_no_further_wave_is_expected() -> None:
    end = took(96, "done", "b", outcome="old")
    found = progress(100, *ENDED, took(95, "precheck", "c"), took(92, "precheck", "b"), end)
    assert found.ends == BEGUN + timedelta(seconds=92 + 60 + AROUND)


@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(days=400)])
def test_a_turned_clock_makes_no_time_longer_or_negative(shift: timedelta) -> None:
    found = progress(40 + shift.total_seconds(), *SOAKING)
    (one,) = found.devices
    assert (one.soak_left_s, one.guard_left_s) in {(60, 120), (0, 0)}


def test_the_question_names_its_operator_and_stands_first() -> None:
    steps = (*ENDED, took(95, "precheck", "b"), took(95, "precheck", "c"), took(96, "arm", "c"), took(99, "word", "c"))
    found = progress(100, *steps)
    assert found.awaiting == ("c",)
    assert found.head.render("en") == "Wave 2 of 3: 3 devices to go; waiting for a yes or no of an"
    assert shown(found)[0] == "c: verified; waiting for the word; guard: 116 s left"


def test_inverse_lines_arm_the_guard_again() -> None:
    found = progress(50, *SOAKING, took(30, "revert"), took(40, "rollback"))
    assert shown(found) == ["a: REVERTING by inverse commands; guard: 110 s left"]


@pytest.mark.parametrize("guard", [{"device_side": False, "seconds": 0}, {}])
def test_without_a_guard_on_the_device_and_after_the_confirmation_no_guard_is_left(guard: dict[str, Any]) -> None:
    steps = [took(5, "arm", **guard), *([] if guard else [took(9, "confirm")])]
    assert progress(10, *steps).devices[0].guard_left_s is None


def test_a_change_without_a_process_says_so_and_how_to_go_on() -> None:
    found = progress(600, *SOAKING, active=False)
    assert found.head.render("en") == "no process works on this change; Wave 1 of 3: 4 devices to go"
    assert shown(found) == ["a: interrupted (verifying); guard over"]
    assert found.action is not None
    assert "apply --resume c-1" in found.action.render("en")
    assert found.awaiting == ()


def test_without_its_plan_the_change_has_its_recorded_and_locked_devices() -> None:
    found = progress_of(record(*SOAKING), None, BEGUN, active=True, locked=("b",))
    assert (found.to_go, found.waves, found.ends) == (("a", "b"), 0, None)
    assert found.head.render("en") == "2 devices to go"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as made:
        yield made


def begun(store: Store, plan: bytes) -> None:
    store.changes.begin("c-1", event="fair", plan=plan, devices=["a", "b", "c", "d"], header=ChangeHeader("an", "nms"))
    store.changes.record("c-1", StepEntry(Arm("a", "dead_man", 120, True)))


def test_only_new_steps_are_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(store, canonical({"plan": a_plan().document, "approvals": []}))
    reader, changes = ProgressReader(store.changes), store.changes
    now = datetime.now(TZ)
    with changes.exclusive("c-1"):
        (first,) = reader.read(changes.locks(), now)
        assert (first.active, first.devices[0].step, first.waves) == (True, "arm", 3)
        monkeypatch.setattr(changes, "get", None)  # never whole again
        changes.record("c-1", StepEntry(Done("a", DeviceOutcome.NEW), releases_lock=True))
        (second,) = reader.read(changes.locks(), now)
        assert (second.to_go, second.devices) == (("b", "c", "d"), ())
    assert not reader.read(changes.locks(), now)[0].active
    assert reader.read((), now) == ()


OTHER_STEP = f"UPDATE {JournalRow.__tablename__} SET body = X'7B7D' WHERE position > 1"
NO_ROW = f"DELETE FROM {ChangeRow.__tablename__}"


@pytest.mark.parametrize(
    ("plan", "damage", "readable"),
    [
        (b"", "", True),
        (b"[1]", "", True),
        (b"\xff not JSON", "", True),
        (b"{}", OTHER_STEP, False),
        (b"{}", NO_ROW, False),
    ],
)
def test_a_damaged_record_is_named_and_its_locks_stay_known(
    store: Store, tmp_path: Path, plan: bytes, damage: str, readable: bool
) -> None:
    begun(store, plan)
    with sqlite3.connect(tmp_path / "store.db") as other:
        other.executescript(damage)
    other.close()
    (found,) = ProgressReader(store.changes).read(store.changes.locks(), datetime.now(TZ))
    assert found.readable is readable
    assert set(found.to_go) == {"a", "b", "c", "d"}
    for lang in ("en", "vi"):
        assert found.head.render(lang)
