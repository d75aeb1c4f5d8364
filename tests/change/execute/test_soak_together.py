"""Waves that soak together: the next begins when all devices of the wave before have passed their checks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from eventready.change.document import Plan, seal
from eventready.change.execute.device.driver import Verification, VerifyTimes
from eventready.change.guard import SendResult
from eventready.core.errors import Exit, RefusedError, StoreError
from eventready.workspace.workspace import load_workspace
from tests.change.execute.test_apply import Rig, outcomes
from tests.change.fake_device import FakeDriver

pytestmark = pytest.mark.slow

FIRST, SECOND = "box-2", ("box-3", "box-1")


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch)
    yield made
    made.store.close()


def together(rig: Rig) -> Plan:
    """The plan of the rig, whose second wave begins while the first soaks; the partner of the first follows."""
    return seal({**rig.plan.document, "waves": [["box-2"], ["box-3"], ["box-1"]], "together": [2]})


def soaking(rig: Rig, first: Callable[[VerifyTimes], Verification]) -> threading.Event:
    """Let `first` observe the device of the first wave; return the event of the other wave's first line."""
    begun = threading.Event()

    def hand(name: str, driver: FakeDriver) -> None:
        apply = driver.apply

        def applied(lines: Sequence[str]) -> SendResult:
            begun.set()
            return apply(lines)

        if name == FIRST:
            driver.verify = lambda _before, times, _sleep: first(times)  # type: ignore[method-assign,assignment]
        else:
            driver.apply = applied  # type: ignore[method-assign]  # the point

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


def test_a_failure_within_the_soak_keeps_what_the_next_wave_has_begun(rig: Rig) -> None:
    def watch(times: VerifyTimes) -> Verification:
        times.soaking()
        return Verification(not begun.wait(20), "ports: failed")

    begun = soaking(rig, watch)
    done = rig.apply(together(rig))
    assert outcomes(done)[FIRST] == "old"
    assert set(outcomes(done).values()) <= {"old", "new", "untouched"}
    assert done.exit is Exit.CHANGE_REVERTED
    assert rig.fleet[FIRST].running == rig.at_start[FIRST]


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
        rig.apply(seal({**rig.plan.document, "together": [2]}))


@pytest.mark.parametrize("together", [[1], [0, -1], [99]])
def test_a_number_without_a_wave_before_begins_a_group(rig: Rig, together: list[int]) -> None:
    assert seal({**rig.plan.document, "together": together}).groups == tuple((wave,) for wave in rig.plan.waves)


def test_an_error_of_the_first_wave_is_no_deadlock(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("eventready.change.execute.executor.ChangeExecutor.run", broken)
    with pytest.raises(StoreError):
        rig.apply(together(rig))
