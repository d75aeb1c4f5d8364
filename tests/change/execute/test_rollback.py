"""A way back goes on past a device that does not answer, is run again for the rest, and has a fast form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eventready.change.document import PlanFile
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.device.driver import Verification
from eventready.change.execute.result import ApplyResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.execute.status import advice, device_statuses
from eventready.change.guard import RejectedLine, SendResult
from eventready.core.errors import Exit, RefusedError, UsageError
from eventready.core.messages import in_english
from eventready.session.reply import ReplyStatus
from tests.change.execute.test_apply import Rig, outcomes
from tests.change.fake_device import FakeDevice, FakeDriver
from tests.conftest import Proved

pytestmark = pytest.mark.slow

FOREVER = 1e9
DEAD = "way back past a dead device"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch)
    assert made.apply().exit is Exit.OK
    yield made
    made.store.close()


def roll_back(rig: Rig, *, fast: bool = False) -> ApplyResult:
    context = rig.context(replace(rig.options(), fast=fast))
    return apply_plan(context, PlanFile(plan=make_rollback(context, "latest")))


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("fast", [False, True])
def test_a_dead_device_holds_no_other_back(rig: Rig, proved: Proved, *, fast: bool, place: int) -> None:
    change = rig.store.changes.get("latest").entry.id
    dead = rig.rollback().order[place]
    others = {name for name in rig.plan.order if name != dead}
    rig.fleet[dead].down_until = FOREVER
    done = roll_back(rig, fast=fast)
    assert done.exit is Exit.REVERT_FAILED
    assert outcomes(done) == {dead: "untouched", **dict.fromkeys(others, "new")}
    assert all(rig.fleet[name].running == rig.at_start[name] for name in others)
    sentence = advice(rig.store.changes.get("latest")).render("en")
    assert dead in sentence
    assert f"`eventready rollback {change}`" in sentence
    rig.fleet[dead].down_until = 0.0
    rest = rig.rollback()  # the latest change is the incomplete rollback
    assert (rest.order, rest.rolls_back) == ((dead,), change)
    assert rig.apply(rest).exit is Exit.OK
    assert rig.running() == rig.at_start
    with pytest.raises(RefusedError, match="rolled back already"):
        rig.rollback()
    proved(DEAD, "fast" if fast else "plain", str(place))


def test_no_device_answers(rig: Rig, proved: Proved) -> None:
    for name in rig.plan.order:
        rig.fleet[name].down_until = FOREVER
    done = roll_back(rig)
    assert (done.exit, set(outcomes(done).values())) == (Exit.REVERT_FAILED, {"untouched"})
    assert "roll back the rest" in advice(rig.store.changes.get("latest")).render("en")
    proved(DEAD, "plain", "all")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_device_lost_on_the_way_back_is_left_to_its_rollback(rig: Rig, proved: Proved, place: int) -> None:
    lost = rig.rollback().order[place]

    def lose(name: str, driver: FakeDriver) -> None:
        apply = driver.apply

        def lost_line(lines: tuple[str, ...]) -> object:
            rig.fleet[lost].down_until = FOREVER
            return apply(lines)

        if name == lost:
            driver.apply = lost_line  # type: ignore[method-assign,assignment]  # the point

    rig.change_hand = lose
    done = roll_back(rig)
    assert done.exit is Exit.REVERT_FAILED
    assert outcomes(done) == {name: "unproven" if name == lost else "new" for name in rig.plan.order}
    with pytest.raises(RefusedError, match=f"{lost} is in the hands of the unfinished rollback {done.change}"):
        rig.rollback()
    rig.change_hand = lambda _name, _driver: None
    rig.fleet[lost].down_until = 0.0
    assert rig.resume().exit is Exit.OK
    assert rig.running() == rig.at_start
    assert all(box.startup == box.running for box in rig.fleet.values())
    with pytest.raises(RefusedError, match="rolled back already"):
        rig.rollback()
    proved(DEAD, "lost within", str(place))


def _worse(box: FakeDevice, _driver: FakeDriver) -> None:
    box.healthy = False


def _refuses(box: FakeDevice, _driver: FakeDriver) -> None:
    box.refuses = "interface"


def _lost_once(_box: FakeDevice, driver: FakeDriver) -> None:
    driver.faults = {7: "drop after"}


def _locked(_box: FakeDevice, driver: FakeDriver) -> None:
    held = SendResult(False, RejectedLine("", "another session is in configuration mode"), ReplyStatus.REFUSED, 0)
    driver.apply = lambda _lines: held  # type: ignore[method-assign,assignment]  # the fault is injected here


def _slow(_box: FakeDevice, driver: FakeDriver) -> None:
    slow = Verification(good=False, summary="ports: not measured", unmeasured=True)
    driver.verify = lambda *_: slow  # type: ignore[method-assign]  # the fault is injected here


@pytest.mark.parametrize(
    ("trouble", "fast", "stops"),
    [
        (_worse, False, True),
        (_refuses, False, True),
        (_refuses, True, False),
        (_lost_once, False, False),
        (_locked, False, False),
        (_slow, False, False),
    ],
)
def test_only_a_refused_line_or_a_worse_check_stops_the_way_back(
    rig: Rig, trouble: Callable[[FakeDevice, FakeDriver], None], *, fast: bool, stops: bool
) -> None:
    first = rig.rollback().order[0]
    rig.change_hand = lambda name, driver: trouble(rig.fleet[name], driver) if name == first else None
    done = roll_back(rig, fast=fast)
    assert done.exit is Exit.CHANGE_REVERTED
    assert [name for name, outcome in outcomes(done).items() if outcome == "old"] == [first]
    assert ("untouched" in outcomes(done).values()) is stops


def test_a_way_back_of_chosen_devices(rig: Rig) -> None:
    chosen = rig.plan.order[-1]
    plan = make_rollback(rig.context(), "latest", {chosen})
    assert plan.order == (chosen,)
    assert rig.apply(plan).exit is Exit.OK
    with pytest.raises(UsageError, match="None of the chosen devices"):
        make_rollback(rig.context(), "latest", {chosen})
    assert set(rig.rollback().order) == set(rig.plan.order) - {chosen}


def test_a_fast_way_back_compares_and_runs_no_check(rig: Rig) -> None:
    context = rig.context(replace(rig.options(), fast=True))
    plan = make_rollback(context, "latest")
    assert set(plan.order) == set(rig.plan.order)
    begun = len(rig.hands)
    assert apply_plan(context, PlanFile(plan=plan)).exit is Exit.OK
    assert rig.running() == rig.at_start
    for driver in rig.hands[begun:]:
        assert not {"precheck", "settle"} & set(driver.calls)
        assert driver.calls.count("read") >= 2, "before the first line and after the last"
        assert driver.calls.index("arm") < driver.calls.index("confirm")
    record = rig.store.changes.get("latest")
    assert record.entry.header.mode == "fast_rollback"
    assert all("no check was run" in in_english(one.verified) for one in device_statuses(record))
