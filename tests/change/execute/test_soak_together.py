"""Waves that soak together: the next begins when all devices of the wave before have passed their checks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from eventready.change.document import Plan, seal
from eventready.change.execute.device.driver import Verification, VerifyTimes
from eventready.change.guard import SendResult, StepResult
from eventready.core.errors import Exit, RefusedError, StoreError
from eventready.core.messages import in_english
from eventready.workspace.workspace import load_workspace
from tests.change.execute.test_apply import Rig, outcomes
from tests.change.fake_device import FakeDriver

pytestmark = pytest.mark.slow

FIRST, SECOND = "box-2", ("box-3", "box-1")
TOGETHER = [[], ["box-2"], []]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch)
    yield made
    made.store.close()


def together(rig: Rig) -> Plan:
    """The plan of the rig, whose second wave begins while the first soaks; the partner of the first follows."""
    return seal({**rig.plan.document, "waves": [["box-2"], ["box-3"], ["box-1"]], "together": TOGETHER})


def soaking(rig: Rig, first: Callable[[VerifyTimes], Verification]) -> threading.Event:
    """Let `first` observe the device of the first wave; return the event of the other wave's first line."""
    begun = threading.Event()

    def hand(name: str, driver: FakeDriver) -> None:
        apply = driver.apply

        def applied(lines: Sequence[str]) -> SendResult:
            begun.set()
            return apply(lines)

        if name == FIRST:
            vars(driver)["verify"] = lambda _before, times, _sleep: first(times)
        else:
            vars(driver)["apply"] = applied

    rig.change_hand = hand
    return begun


def test_the_next_wave_begins_in_the_soak_of_the_wave_before(rig: Rig) -> None:
    def watch(times: VerifyTimes) -> Verification:
        assert not begun.wait(0.2), "the checks have not passed yet"
        times.soaking()
        return Verification(begun.wait(20), "the second wave did not begin")

    begun = soaking(rig, watch)
    done = rig.apply(together(rig))
    assert (done.exit, set(outcomes(done).values())) == (Exit.OK, {"new"})


def test_without_a_common_soak_it_begins_after_the_end(rig: Rig) -> None:
    def watch(times: VerifyTimes) -> Verification:
        times.soaking()
        return Verification(not begun.wait(0.3), "the second wave began")

    begun = soaking(rig, watch)
    assert rig.apply().exit is Exit.OK


def test_a_failure_before_the_soak_leaves_the_next_wave_untouched(rig: Rig) -> None:
    begun = soaking(rig, lambda _times: Verification(False, "ports: failed"))
    done = rig.apply(together(rig))
    assert outcomes(done) == {FIRST: "old", **dict.fromkeys(SECOND, "untouched")}
    assert not begun.is_set()


def test_a_failure_within_the_soak_takes_the_next_wave_back_too(rig: Rig) -> None:
    """In sequence the next wave would not have begun: all devices are as before."""

    def watch(times: VerifyTimes) -> Verification:
        times.soaking()
        begun.wait(20)
        return Verification(False, "ports: failed")

    begun = soaking(rig, watch)
    hand = rig.change_hand

    def soaks_too(name: str, driver: FakeDriver) -> None:
        hand(name, driver)

        def verify(_before: object, times: VerifyTimes, sleep: Callable[[float], None]) -> Verification:
            times.soaking()
            for _ in range(2000):
                threading.Event().wait(0.01)
                sleep(0.0)  # ends with the failure of the first wave
            return Verification(True, "never taken back")

        if name == "box-3":
            vars(driver)["verify"] = verify

    rig.change_hand = soaks_too
    done = rig.apply(together(rig))
    assert outcomes(done) == {FIRST: "old", "box-3": "old", "box-1": "untouched"}
    assert done.exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start
    assert "an earlier wave" in in_english(done.results[1].why)


def test_a_failure_of_the_next_wave_keeps_the_soak_of_the_wave_before(rig: Rig) -> None:
    failed = threading.Event()

    def watch(times: VerifyTimes) -> Verification:
        times.soaking()
        return Verification(failed.wait(20), "the second wave did not fail")

    soaking(rig, watch)
    hand = rig.change_hand

    def fail(*_: object) -> Verification:
        failed.set()
        return Verification(False, "bad")

    def fails(name: str, driver: FakeDriver) -> None:
        hand(name, driver)
        if name == "box-3":
            vars(driver)["verify"] = fail

    rig.change_hand = fails
    assert outcomes(rig.apply(together(rig))) == {FIRST: "new", "box-3": "old", "box-1": "untouched"}


def test_a_wave_waits_for_the_end_of_a_device_beside_which_it_may_not_soak(rig: Rig) -> None:
    """The third wave may begin in the soak of the second, and not before the end of the first."""
    order: list[str] = []

    def hand(name: str, driver: FakeDriver) -> None:
        apply, verify, save = driver.apply, driver.verify, driver.save

        def applied(lines: Sequence[str]) -> SendResult:
            order.append(f"{name} begins")
            return apply(lines)

        def verified(before: Any, times: VerifyTimes, sleep: Callable[[float], None]) -> Verification:
            times.soaking()
            if name == FIRST:
                for _ in range(2000):
                    if "box-3 begins" in order:
                        break
                    threading.Event().wait(0.01)
                threading.Event().wait(0.1)
            return verify(before, times, sleep)

        def saved() -> StepResult:
            order.append(f"{name} ends")
            return save()

        vars(driver).update(apply=applied, verify=verified, save=saved)

    rig.change_hand = hand
    plan = seal({**together(rig).document, "together": [[], ["box-2"], ["box-3"]]})
    assert rig.apply(plan).exit is Exit.OK
    assert order.index("box-3 begins") < order.index("box-2 ends") < order.index("box-1 begins")


@pytest.mark.parametrize("waves", [[["box-2", "box-3"], ["box-1"]], [["box-2", "box-1"], ["box-3"]]])
def test_a_resealed_plan_with_a_larger_wave_is_refused(rig: Rig, waves: list[list[str]]) -> None:
    with pytest.raises(RefusedError, match=r"may not change at once|redundant partners"):
        rig.apply(seal({**rig.plan.document, "waves": waves}))


def test_a_plan_made_before_the_limits_is_refused(rig: Rig) -> None:
    inventory = rig.workspace.path / "inventory" / "event.yaml"
    inventory.write_text(inventory.read_text().replace("batch: 2", "batch: 1"))
    rig.workspace = load_workspace(rig.workspace.path)
    with pytest.raises(RefusedError, match="box-3, box-1 may not change at once"):
        rig.apply()


def test_partners_never_soak_together(rig: Rig) -> None:
    with pytest.raises(RefusedError, match="redundant partners"):
        rig.apply(seal({**rig.plan.document, "together": [[], ["box-2"]]}))


def test_an_error_of_the_first_wave_is_no_deadlock(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("eventready.change.execute.executor.ChangeExecutor.run", broken)
    with pytest.raises(StoreError):
        rig.apply(together(rig))
