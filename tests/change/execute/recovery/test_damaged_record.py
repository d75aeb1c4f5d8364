"""A change whose plan on record is damaged: its unfinished devices lead back by the journal and the backup, no other
device waits for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventready.change.document import Placed, PlanFile
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.executor import ChangeExecutor
from eventready.change.execute.journalled import _fragment, journalled_part
from eventready.change.execute.recovery import Decision, release
from eventready.change.execute.result import AssignmentResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.execute.status import device_statuses
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import copy_tree
from eventready.core.errors import Exit, RefusedError, UsageError
from eventready.core.messages import in_english
from eventready.store.change_steps import DeviceOutcome
from eventready.store.changes import ChangeRecord
from tests.change.execute.test_apply import Rig, outcomes
from tests.change.fake_device import FakeDriver, Killed
from tests.shared import change_spec_of

#: Calls to a device up to its confirmation, and some after.
CROSSINGS = range(1, 22)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A rig whose process ends where one of its devices is killed: nothing more comes on record."""
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", f"sqlite:///{tmp_path / 'e.db'}")
    run, execute, dead = ChangeExecutor.run, ChangeExecutor.execute, list[str]()

    def execute_or_die(self: ChangeExecutor, name: str, *work: Any) -> AssignmentResult:
        try:
            return execute(self, name, *work)
        except Killed:
            dead.append(name)
            return AssignmentResult(name, DeviceOutcome.UNPROVEN, "", recorded=False)

    def run_or_die(self: ChangeExecutor, *words: Any) -> dict[str, AssignmentResult]:
        dead.clear()
        results = run(self, *words)
        if dead:
            raise Killed
        return results

    monkeypatch.setattr(ChangeExecutor, "execute", execute_or_die)
    monkeypatch.setattr(ChangeExecutor, "run", run_or_die)
    made = Rig(tmp_path, monkeypatch)
    yield made
    made.store.close()


def kill(rig: Rig, device: str, crossing: int, kind: str = "kill before") -> None:
    """Kill the change at a call to the device."""

    def hand(name: str, driver: FakeDriver) -> None:
        driver.faults = {crossing: kind} if name == device else {}

    rig.change_hand = hand


def damage(rig: Rig, plan: str = "X'789c00'", change: str = "") -> None:
    """Overwrite the plan on record, of every change without a name."""
    with closing(sqlite3.connect(rig.workspace.path / "e.db")) as database, database:
        database.execute(f"UPDATE eventready_change SET plan = {plan} WHERE id LIKE ?", (change or "%",))


def killed(rig: Rig, crossing: int = 8, kind: str = "kill before", device: str = "box-2") -> ChangeRecord:
    """Return the record of a change that was killed; the plan is damaged."""
    kill(rig, device, crossing, kind)
    with suppress(Killed):
        rig.apply()
    rig.change_hand = lambda _name, _driver: None
    damage(rig)
    return rig.store.changes.get("latest")


@pytest.mark.parametrize("plan", ["X'789c00'", "'x'", "X''", "CAST('{}' AS BLOB)"])
def test_a_resumed_change_leads_back_and_unlocks(rig: Rig, plan: str) -> None:
    """The device in the middle of its lines is as before, the devices without a turn are untouched."""
    record = killed(rig)
    damage(rig, plan)
    assert {lock.device for lock in rig.store.changes.locks()} == set(rig.plan.order)
    done = rig.resume()
    assert outcomes(done) == {"box-2": "old", "box-1": "untouched", "box-3": "untouched"}
    assert done.exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start
    assert rig.store.changes.locks() == ()
    assert rig.store.changes.get(record.entry.id).entry.ended
    assert {one.state for one in device_statuses(rig.store.changes.get("latest"))} == {"as_before"}
    assert rig.resume().exit is Exit.CHANGE_REVERTED


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill before", "kill after"])
@pytest.mark.parametrize("crossing", CROSSINGS)
def test_each_moment_ends_in_a_proven_state(rig: Rig, crossing: int, kind: str) -> None:
    """A device is as before the change, or with it where the new configuration was kept before its save."""
    killed(rig, crossing, kind)
    done = rig.resume()
    assert set(outcomes(done).values()) <= {"old", "untouched", "new"}
    for name, outcome in outcomes(done).items():
        new = outcome == "new"
        assert (rig.fleet[name].running == rig.at_start[name]) is not new
        assert rig.fleet[name].startup == rig.fleet[name].running
    assert rig.store.changes.locks() == ()


def test_a_part_from_the_journal_names_its_device_as_the_plan_does(rig: Rig) -> None:
    assert rig.apply().exit is Exit.OK
    context, record = rig.context(rig.options()), rig.store.changes.get("latest")
    for planned in rig.plan.devices:
        found = journalled_part(context, record, planned.name)
        assert [getattr(found, one) == getattr(planned, one) for one in Placed.__annotations__] == [True] * 7


def test_the_same_plan_is_applied_afterwards(rig: Rig) -> None:
    """The damaged record blocks neither the plan nor its way back."""
    killed(rig)
    with pytest.raises(RefusedError, match="is locked by change"):
        rig.apply()
    rig.resume()
    assert rig.apply().exit is Exit.OK
    assert rig.apply(rig.rollback()).exit is Exit.OK
    assert rig.running() == rig.at_start


def test_lines_of_others_are_left_alone(rig: Rig) -> None:
    """Only lines of the recorded way back are sent; a person decides about a device with others."""
    killed(rig)
    rig.fleet["box-2"].running["snmp-server community x"] = {}
    done = rig.resume()
    assert (outcomes(done)["box-2"], done.exit) == ("unproven", Exit.REVERT_FAILED)
    assert "snmp-server community x" in rig.fleet["box-2"].running
    assert "neither of this change nor from before it" in in_english(done.results[0].why)
    assert {lock.device for lock in rig.store.changes.locks()} == {"box-2"}
    del rig.fleet["box-2"].running["snmp-server community x"]
    assert rig.resume().exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start


def test_a_device_of_the_change_is_released(rig: Rig) -> None:
    """Its state is proven by the backup; a device outside of the change has none."""
    killed(rig)
    decision = Decision("old", "Binh", "noc-2", "restored by hand")
    with pytest.raises(UsageError, match="box-4 is not in the change"):
        release(rig.context(), "latest", "box-4", decision, confirm=lambda _view: None)
    rig.fleet["box-2"].running = copy_tree(rig.at_start["box-2"])
    assert release(rig.context(), "latest", "box-2", decision, confirm=lambda _view: None).outcome == "old"
    for name in ("box-1", "box-3"):
        release(rig.context(), "latest", name, replace(decision, claim="by-hand"), confirm=lambda _view: None)
    assert rig.store.changes.locks() == ()
    assert rig.store.changes.get("latest").entry.ended


def test_a_device_without_its_backup_keeps_its_lock_and_holds_no_other(rig: Rig) -> None:
    """The others are released; the device waits for a person."""
    killed(rig)
    with closing(sqlite3.connect(rig.workspace.path / "e.db")) as database, database:
        (table,) = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if "evidence" in name
        ]
        database.execute(f"DELETE FROM {table}")
    done = rig.resume()
    assert outcomes(done) == {"box-2": "unproven", "box-1": "untouched", "box-3": "untouched"}
    assert {lock.device for lock in rig.store.changes.locks()} == {"box-2"}
    decision = Decision("by-hand", "Binh", "noc-2", "restored from paper")
    release(rig.context(), "latest", "box-2", decision, confirm=lambda _view: None)
    assert rig.store.changes.locks() == ()


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("every", [False, True])
def test_an_interrupted_way_back_goes_on_towards_the_configuration_before(rig: Rig, *, fast: bool, every: bool) -> None:
    """The way back is made again from the change that it rolls back; `every`: of this, too, the plan is damaged."""
    assert rig.apply().exit is Exit.OK
    first = rig.store.changes.get("latest").entry.id
    context = rig.context(replace(rig.options(), fast=fast))
    back = make_rollback(context, first)
    kill(rig, "box-2", 6)
    with suppress(Killed):
        apply_plan(context, PlanFile(plan=back))
    rig.change_hand = lambda _name, _driver: None
    (interrupted,) = [entry.id for entry in rig.store.changes.entries() if entry.header.rolls_back]
    damage(rig, change="" if every else interrupted)
    assert rig.resume(interrupted).exit is Exit.OK
    assert rig.running() == rig.at_start
    assert rig.store.changes.locks() == ()


@pytest.mark.slow
def test_a_change_of_all_or_none_is_taken_back(rig: Rig) -> None:
    """The confirmed devices of earlier waves too."""
    last = rig.plan.waves[-1][-1]
    context = rig.context(replace(rig.options(), atomic=True))
    kill(rig, last, 8)
    with suppress(Killed):
        apply_plan(context, PlanFile(plan=rig.plan))
    rig.change_hand = lambda _name, _driver: None
    damage(rig)
    assert rig.resume(rig.store.changes.entries()[0].id).exit is Exit.CHANGE_REVERTED
    assert rig.running() == rig.at_start
    assert rig.store.changes.locks() == ()


def test_unknown_approvals_are_no_approvals(rig: Rig) -> None:
    """A plan that was approved is not applied again while the approvals used by its damaged record are unknown."""
    record = killed(rig)
    rig.resume()
    with closing(sqlite3.connect(rig.workspace.path / "e.db")) as database, database:
        database.execute("UPDATE eventready_change SET header = json_set(header, '$.approved_by', json_array('B'))")
    with pytest.raises(RefusedError, match=f"the record of {record.entry.id} is damaged"):
        rig.apply()


def test_objects_of_the_backup_are_read_though_the_way_back_names_fewer() -> None:
    """A form that reads planned objects only would else miss those that the change left alone."""
    form = form_of(change_spec_of("huawei_mml"))
    text = "".join(f"MOD CELLHOBASIC: IDXTYPE=BYIDX, CELLIDX={cell}, LOADHOEN=YES;\n" for cell in (0, 1))
    now = Configuration.of(form.parse(text, "").tree, text)
    fragment = form.parse(_fragment(form, now, text.splitlines()[:1]), "")
    assert form.commands_to_read(fragment) == form.commands_to_read(form.parse(text, ""))
    assert len(form.commands_to_read(fragment)) == 2
