"""A wave begins by what stands at that moment: the windows, the watch, and the measured paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from eventready.change.document import PlanFile
from eventready.change.execute.apply import open_change
from eventready.change.execute.result import ApplyResult
from eventready.core.clock import Clock
from eventready.core.errors import Exit, RefusedError
from eventready.core.messages import in_english
from eventready.store.change_steps import Emergency
from eventready.store.event_journal import EventJournal
from eventready.store.run_records import SCHEMA
from eventready.store.watch_log import DEVICE, STREAM, RecordedChange
from eventready.workspace.workspace import load_workspace
from tests.change.execute.test_apply import Rig, outcomes
from tests.change.fake_fleet import EVENT

pytestmark = pytest.mark.slow

BEGIN = "2022-04-20 07:00"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch)
    yield made
    made.store.close()


def freeze(rig: Rig, clock: Clock, after: timedelta) -> None:
    start = clock.now() + after
    stamps = [f"{moment:%Y-%m-%d %H:%M}" for moment in (start, start + timedelta(days=1))]
    event = rig.workspace.path / "inventory" / "event.yaml"
    event.write_text(f'{EVENT}windows: [{{kind: freeze, from: "{stamps[0]}", to: "{stamps[1]}"}}]\n', encoding="utf-8")
    rig.workspace = load_workspace(rig.workspace.path)


def set_clock(clock: Clock, moment: object) -> None:
    object.__setattr__(clock, "now", lambda: moment)


def reason(done: ApplyResult) -> str:
    return in_english(done.results[-1].why)


def during(rig: Rig, device: str, action: object) -> None:
    """Run an action once, while a device is changed."""
    rig.change_hand = lambda name, _driver: action() if name == device else None  # type: ignore[operator]  # an action alone, called by name


def test_a_change_that_would_last_into_a_freeze_is_refused_with_what_fits(rig: Rig) -> None:
    """23:59, two waves of 30 s, and the freeze from 00:00 on."""
    clock = Clock.starting("2022-04-20 23:59")
    freeze(rig, clock, timedelta(minutes=1))
    assert rig.plan.timetable() == ((0.0, 30.0), (30.0, 60.0))
    with pytest.raises(RefusedError, match=r"is expected to last until 21/04/2022 00:00.*freeze window") as refused:
        rig.apply(clock=clock)
    assert f"-l {rig.plan.waves[0][0]}`" in str(refused.value)
    assert rig.store.changes.entries() == ()
    done = rig.apply(clock=clock, emergency=Emergency("INC-7", "An", "Bình"))
    assert done.exit is Exit.OK
    assert rig.store.changes.entries()[0].header.emergency is not None


def test_a_freeze_closes_the_devices_of_its_venues(rig: Rig) -> None:
    two = EVENT.replace("venues: [", "venues: [{id: park, name: Park, services: [internet]}, ")
    window = "windows: [{kind: freeze, from: 2022-04-20 00:00, to: 2022-04-21 00:00, venues: [hall]}]\n"

    def apply(windows: str) -> ApplyResult:
        (rig.workspace.path / "inventory" / "event.yaml").write_text(two + windows, encoding="utf-8")
        rig.workspace = load_workspace(rig.workspace.path)
        return rig.apply(clock=Clock.starting(BEGIN))

    with pytest.raises(RefusedError, match="freeze window"):
        apply(window)
    assert apply(window.replace("hall", "park")).exit is Exit.OK


def test_no_wave_begins_in_a_freeze_and_a_way_back_does(rig: Rig) -> None:
    clock = Clock.starting(BEGIN)
    freeze(rig, clock, timedelta(hours=1))
    closes = clock.now() + timedelta(hours=1)
    first = rig.plan.order[0]
    during(rig, first, lambda: set_clock(clock, closes))
    done = rig.apply(clock=clock)
    assert outcomes(done) == {name: "new" if name == first else "untouched" for name in rig.plan.order}
    assert done.exit is Exit.CHANGE_REVERTED
    assert "no wave begins in the freeze window, which closed changes at 20/04/2022 08:00" in in_english(
        done.results[-1].why
    )


def test_no_wave_of_a_script_begins_in_a_freeze(rig: Rig) -> None:
    clock = Clock.starting(BEGIN)
    freeze(rig, clock, timedelta(hours=1))
    closes = clock.now() + timedelta(hours=1)
    first, *others = rig.plan.order
    with open_change(rig.context(rig.options(), clock), PlanFile(plan=rig.plan)) as change:
        assert change.execute(first).outcome == "new"
        set_clock(clock, closes)
        assert {change.execute(name).outcome.value for name in others} == {"untouched"}


@pytest.mark.parametrize(
    ("check", "new", "stops"),
    [("uplink", "fail", True), (DEVICE, "not_measured", True), ("uplink", "warn", False)],
)
def test_a_new_failure_at_a_waiting_device_stops_the_change_before_it(
    rig: Rig, check: str, new: str, *, stops: bool
) -> None:
    clock = Clock.starting(BEGIN)
    first, last = rig.plan.order[0], rig.plan.order[-1]

    def fails() -> None:
        change = RecordedChange(last, check, "eth0", "pass", new, damped=False, cause="")
        EventJournal(rig.store, STREAM, "fair", clock).add([(last, change)])

    during(rig, first, fails)
    done = rig.apply(clock=clock)
    assert (outcomes(done)[last] == "untouched") is stops
    assert not stops or f"{last} has a new failure since the change began: {check} eth0" in in_english(
        done.results[-1].why
    )
    assert not stops or not rig.fleet[last].sent


def test_a_failure_from_before_the_change_stops_nothing(rig: Rig) -> None:
    clock = Clock.starting(BEGIN)
    early = Clock.starting("2022-04-20 06:00")
    last = rig.plan.order[-1]
    change = RecordedChange(last, "uplink", "eth0", "pass", "fail", damped=False, cause="")
    EventJournal(rig.store, STREAM, "fair", early).add([(last, change)])
    assert rig.apply(clock=clock).exit is Exit.OK


def audited(rig: Rig, clock: Clock, up: Sequence[str]) -> None:
    """A stored audit of all devices, with the uplinks of these found up."""
    run: dict[str, object] = {"schema": SCHEMA, "id": rig.store.begin("fair", clock), "event": "fair"}
    run |= {"finished": "9", "started": "1"}
    run["clock"] = {"event": clock.now().isoformat()}
    run["devices"] = [{"name": device.name, "reachable": True} for device in rig.workspace.devices]
    run["findings"] = [{"check": "uplink", "device": name, "subject": "out", "status": "pass"} for name in up]
    rig.store.finish(run)


@pytest.mark.parametrize("by_watch", [False, True])
def test_a_wave_begins_only_while_a_measured_path_is_left_around_it(rig: Rig, *, by_watch: bool) -> None:
    """The plan rests on two ways out; the other one is lost before the last wave.

    The plan is as old as the process of the tests, so the second audit is hours later.
    """
    clock = Clock.starting(BEGIN)
    first, *_rest, last = rig.plan.order
    audited(rig, Clock.starting("2022-04-18 07:00"), [last, "box-4"])

    def lost() -> None:
        if by_watch:
            change = RecordedChange("box-4", "uplink", "out", "pass", "fail", damped=False, cause="")
            EventJournal(rig.store, STREAM, "fair", clock).add([("box-4", change)])
        else:
            audited(rig, Clock.starting("2022-04-20 19:00"), [last])

    during(rig, first, lost)
    done = rig.apply(clock=clock)
    assert outcomes(done)[first] == "new"
    assert outcomes(done)[last] == "untouched"
    assert f"no measured path of hall internet is left around {last}" in reason(done)
