"""Atomic changes: a failure takes back what earlier waves confirmed, also after kill -9 and `--resume`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eventready.change.document import PlanFile
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import Options
from eventready.change.execute.recovery import Decision, release
from eventready.change.execute.result import ChangeMode
from eventready.change.execute.status import device_statuses, next_step
from eventready.core.clock import Clock
from eventready.core.errors import Exit, RefusedError
from eventready.core.messages import in_english
from eventready.workspace.workspace import load_workspace
from tests.change.execute.test_apply import Rig
from tests.change.fake_fleet import EVENT

pytestmark = pytest.mark.slow

ATOMIC = EVENT.replace("soak_s: {}", "soak_s: {}, atomic: [priority]")


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch, event=ATOMIC)
    yield made
    made.store.close()


def failing_last(rig: Rig) -> str:
    """The device of the last wave fails its verification."""
    last = rig.plan.waves[-1][-1]
    rig.fleet[last].healthy = False
    return last


def test_a_failed_wave_takes_the_earlier_waves_back(rig: Rig) -> None:
    assert rig.plan.atomic, "the intent demands it"
    assert len(rig.plan.waves) >= 2
    failing_last(rig)
    done = rig.apply()
    assert done.exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start
    assert all(box.startup == rig.at_start[name] for name, box in rig.fleet.items()), "a restart is old as well"
    change, back = rig.store.changes.entries()
    assert change.ended
    assert back.ended
    assert (back.header.rolls_back, back.header.mode) == (change.id, ChangeMode.TAKE_BACK)
    confirmed = [name for name, outcome in back.outcomes.items() if outcome == "new"]
    assert confirmed
    for result in done.results:
        assert result.outcome in ("old", "untouched")
        if result.device in confirmed:
            assert in_english(result.why) == f"Taken back by {back.id}: the change is all or nothing."
    plan = load_recorded(rig, back.id)
    reverse = [tuple(name for name in wave if name in confirmed) for wave in reversed(rig.plan.waves)]
    assert list(plan) == [wave for wave in reverse if wave]
    assert rig.store.changes.locks() == ()
    assert rig.store.verify().problems == ()
    states = device_statuses(rig.store.changes.get(change.id))
    assert "No device has changed" in next_step(change.id, states).render("en")
    assert rig.resume(change.id).exit is Exit.CHANGE_REVERTED, "and it is finished"


def load_recorded(rig: Rig, change: str) -> tuple[tuple[str, ...], ...]:
    return rig.store.changes.get(change).planned.plan.waves


def test_a_change_without_a_failure_unlocks_its_devices(rig: Rig) -> None:
    assert rig.apply().exit is Exit.OK
    assert len(rig.store.changes.entries()) == 1
    assert rig.store.changes.locks() == ()


def test_the_option_of_apply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(tmp_path, monkeypatch)
    failing_last(rig)
    options = Options(by="An", host="noc-1", timing=rig.options().timing, atomic=True)
    done = apply_plan(rig.context(options), PlanFile(plan=rig.plan))
    assert done.exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start
    rig.store.close()


def test_a_refused_device_takes_the_others_back_too(rig: Rig) -> None:
    last = rig.plan.waves[-1][-1]
    rig.fleet[last].running["interface eth0"]["description mine"] = {}
    done = rig.apply()
    assert done.exit is Exit.CHANGE_REVERTED
    del rig.fleet[last].running["interface eth0"]["description mine"]
    assert rig.running() == rig.at_start


def test_a_window_that_has_closed_does_not_keep_half_a_change(rig: Rig) -> None:
    last, clock = failing_last(rig), Clock.starting("2022-04-20 07:00")
    start = clock.now() + timedelta(hours=1)
    stamps = [f"{moment:%Y-%m-%d %H:%M}" for moment in (start, start + timedelta(days=1))]
    event = rig.workspace.path / "inventory" / "event.yaml"
    event.write_text(f'{ATOMIC}windows: [{{kind: freeze, from: "{stamps[0]}", to: "{stamps[1]}"}}]\n')
    rig.workspace = load_workspace(rig.workspace.path)
    rig.change_hand = lambda name, _driver: clock_to(clock, start) if name == last else None
    assert rig.apply(clock=clock).exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start
    with pytest.raises(RefusedError, match="changes are closed"):
        rig.apply(clock=clock)


def clock_to(clock: Clock, moment: object) -> None:
    object.__setattr__(clock, "now", lambda: moment)


def test_a_device_that_cannot_be_taken_back(rig: Rig) -> None:
    """The others are; the device stays on record until it is taken back, or released."""
    last = failing_last(rig)
    hands: dict[str, int] = {}
    stuck = rig.plan.waves[0][0]

    def fail_the_second(name: str, _driver: object) -> None:
        hands[name] = hands.get(name, 0) + 1
        if name == stuck and hands[name] == 2:
            rig.fleet[name].healthy = False

    rig.change_hand = fail_the_second
    done = rig.apply()
    assert done.exit is Exit.REVERT_FAILED
    found = {result.device: result for result in done.results}
    assert found[stuck].outcome == "new"
    assert in_english(found[stuck].why).startswith("It could not be taken back: c-")
    assert {found[name].outcome for name in found if name != stuck} <= {"old", "untouched"}
    entry = rig.store.changes.entries()[0]
    assert not entry.ended
    states = device_statuses(rig.store.changes.get(entry.id))
    assert next(one.state for one in states if one.device == stuck) == "to_take_back"
    assert f"apply --resume {entry.id}" in next_step(entry.id, states).render("en")
    assert rig.fleet[last].running == rig.at_start[last]

    rig.fleet[stuck].healthy = True
    done = rig.resume(entry.id)
    assert done.exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start
    assert rig.store.changes.locks() == ()


def test_a_device_that_must_stay_new_is_released(rig: Rig) -> None:
    failing_last(rig)
    stuck = rig.plan.waves[0][0]
    rig.change_hand = lambda name, _driver: (
        setattr(rig.fleet[name], "healthy", False) if rig.store.changes.entries()[1:] and name == stuck else None
    )
    assert rig.apply().exit is Exit.REVERT_FAILED
    change = rig.store.changes.entries()[0].id
    decided = Decision("new", "Bình", "noc-2", "the new state is better here")
    released = release(rig.context(), change, stuck, decided, confirm=lambda _view: None)
    assert released.outcome == "new"
    assert rig.store.changes.entries()[0].ended
    assert rig.resume(change).exit is Exit.CHANGE_REVERTED
    assert rig.fleet[stuck].running != rig.at_start[stuck]
