"""A device that a resumed change can neither finish nor revert is released by an operator, on record."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from eventready.change.execute.recovery import Decision, DeviceView, release
from eventready.change.execute.result import AssignmentResult
from eventready.change.execute.status import device_statuses, next_step
from eventready.change.forms.tree import copy_tree
from eventready.core.errors import Exit, RefusedError, UsageError
from eventready.core.messages import in_english
from eventready.store.change_steps import Claim, DeviceOutcome, Release
from tests.change.execute.test_apply import Rig
from tests.change.fake_device import Fault


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A change whose first device was lost in the middle of its lines, and stands between old and new."""
    rig = Rig(tmp_path, monkeypatch)

    def lose(name: str, driver: object) -> None:
        crossing = 8 if name == "box-2" else 0
        driver.faults = {crossing: Fault(crossing, "down").kind}  # type: ignore[attr-defined]  # the driver of a test

    rig.change_hand = lose
    rig.fleet["box-2"].down_until = -inf
    assert rig.apply().exit is Exit.REVERT_FAILED
    rig.change_hand = lambda _name, _driver: None
    rig.fleet["box-2"].down_until = 0.0
    return rig


def let_go(rig: Rig, claim: Claim, name: str = "latest", device: str = "box-2") -> tuple[AssignmentResult, DeviceView]:
    shown: list[DeviceView] = []
    decision = Decision(claim, "Binh", "noc-2", "the slot is dead")
    result = release(rig.context(), "latest", device, decision, confirm=shown.append)
    return result, shown[0]


def test_a_state_between_is_neither_old_nor_new(rig: Rig) -> None:
    rig.fleet["box-2"].running["interface eth0"] = {"standby 10 priority 105": {}}
    rig.fleet["box-2"].running["snmp-server community x"] = {}
    assert rig.resume().exit is Exit.REVERT_FAILED
    with pytest.raises(RefusedError, match="box-2 is not with the change; the difference is:\n"):
        let_go(rig, "new")
    with pytest.raises(RefusedError, match=r"box-2 is not as before the change; [\s\S]*- snmp-server community x"):
        let_go(rig, "old")
    result, shown = let_go(rig, "by-hand")
    assert result.outcome is DeviceOutcome.BY_HAND
    assert "- snmp-server community x" in shown.to_old
    assert rig.steps("box-2")[-2:] == ["release", "done"]
    record = rig.store.changes.get("latest")
    body = record.of("box-2")[-2].body
    assert isinstance(body, Release)
    assert (body.claim, body.by, body.why) == ("by-hand", "Binh", "the slot is dead")
    assert "- snmp-server community x" in body.difference
    assert record.entry.ended
    assert rig.store.changes.locks() == ()
    assert "box-2 was released by hand: check it" in next_step("c-1", device_statuses(record)).render("en")
    assert rig.resume().exit is Exit.CHANGE_REVERTED
    with pytest.raises(RefusedError, match="box-2 is finished in the change"):
        let_go(rig, "old")


@pytest.mark.parametrize("claim", ["new", "old"])
def test_what_an_operator_has_made_of_it_is_proven_though_other_lines_are_there(rig: Rig, claim: Claim) -> None:
    device = rig.fleet["box-2"]
    device.running = copy_tree(rig.at_start["box-2"])
    if claim == "new":
        device.running["interface eth0"] = {"standby 10 priority 110": {}}
    device.running["snmp-server community x"] = {}
    result, _ = let_go(rig, claim)
    assert result.outcome == claim
    if claim == "new":
        assert [planned.name for planned in rig.rollback().devices] == ["box-2"]


def test_a_device_that_cannot_be_read_is_released_without_a_claim(rig: Rig) -> None:
    rig.fleet["box-2"].down_until = inf
    for claim in ("old", "new"):
        with pytest.raises(RefusedError, match="box-2 could not be read"):
            let_go(rig, claim)
    result, shown = let_go(rig, "by-hand")
    assert result.outcome is DeviceOutcome.BY_HAND
    assert "does not answer" in in_english(shown.unread)


@pytest.mark.slow
def test_what_cannot_be_released(rig: Rig) -> None:
    with pytest.raises(UsageError, match="core-9 is not in the change"):
        let_go(rig, "by-hand", device="core-9")
    with pytest.raises(RefusedError, match=r"box-1 is finished in the change .*: as before the change: no line"):
        let_go(rig, "by-hand", device="box-1")
    with (
        rig.store.changes.exclusive(rig.store.changes.get("latest").entry.id),
        pytest.raises(RefusedError, match="is running in another process"),
    ):
        let_go(rig, "by-hand")
    rig.fleet["box-2"].archived, rig.fleet["box-2"].fires_at = {}, inf
    with pytest.raises(RefusedError, match=r"the guard of .* is armed on box-2"):
        let_go(rig, "by-hand")
