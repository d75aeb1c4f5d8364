"""Plan that removes the lines of an applied plan: forward, approved, guarded; against today's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventready.change.document import Plan, PlanFile, parse_plan, seal
from eventready.change.execute.recorded import removed_change
from eventready.change.execute.removal_plan import AppliedPlan, applied_plan, make_removal_plan, refuse_other_removal
from eventready.change.forms.tree import Tree
from eventready.change.safety.approval import refuse_unapproved
from eventready.core.errors import Exit, RefusedError, UsageError
from eventready.core.messages import in_english
from eventready.facts.equipment import Equipment
from eventready.store.change_steps import ChangeHeader
from eventready.store.standing import standing_devices
from eventready.workspace.devices.select import select
from tests.change.execute.test_apply import CLOCK, Rig, _Silent, outcomes

pytestmark = pytest.mark.slow


def printed(tree: Tree, depth: int = 0) -> str:
    """The configuration as the device prints it."""
    return "".join(f"{' ' * depth}{line}\n{printed(beneath, depth + 1)}" for line, beneath in tree.items())


class Applied(Rig):
    """A rig of which the plan was applied."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch)
        assert self.apply().exit is Exit.OK
        self.read()

    def read(self, **replaced: tuple[str, str]) -> None:
        """Let the sessions read what the devices run, with a text replaced by others."""
        for name, box in self.fleet.items():
            text = printed(box.running)
            text = text.replace(*replaced.get(name.replace("-", "_"), ("", "")))
            answers = self.sessions.named(name).answers
            answers["show running"] = answers["show startup"] = text if text.endswith("end\n") else f"{text}end\n"

    def removal(self, name: str = "", limit: str | None = None) -> Plan:
        """The plan that removes the plan of the rig."""
        devices = select(self.workspace.devices, limit)
        return make_removal_plan(
            self.workspace, Equipment.of(self.workspace).only(devices), self.store, self.applied(name), clock=CLOCK,
            by="An", progress=_Silent(), workers=2,
        )  # fmt: skip

    def applied(self, name: str = "") -> AppliedPlan:
        return applied_plan(self.store, name or self.plan.id)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Applied]:
    made = Applied(tmp_path, monkeypatch)
    yield made
    made.store.close()


def test_the_lines_of_a_plan_are_removed(rig: Applied) -> None:
    """Every device is as before; neither a rollback nor another removal follows, and a rollback of it does."""
    plan = rig.removal()
    assert (plan.removes, plan.rolls_back, plan.basis, plan.intents) == (rig.plan.id, None, None, rig.plan.intents)
    assert plan.order != ()
    for device in plan.devices:
        assert device.forward == rig.plan.device(device.name).backward
        assert not any("stays" in in_english(risk) for risk in device.risks)
    assert parse_plan({"plan": plan.document}).plan == plan
    done = rig.apply(plan)
    assert (done.exit, set(outcomes(done).values())) == (Exit.OK, {"new"})
    assert rig.running() == rig.at_start
    first, second = rig.store.changes.entries()
    assert (second.header.removes, second.header.mode) == (rig.plan.id, "apply")
    assert standing_devices([first, second]) == {first.id: set()}
    with pytest.raises(UsageError, match="no device has lines"):
        rig.applied()
    with pytest.raises(RefusedError, match="rolled back already"):
        rig.rollback(first.id)
    assert rig.apply(rig.rollback(second.id)).exit is Exit.OK
    assert set(rig.applied().changes) == {"box-1", "box-2", "box-3"}


def test_lines_of_others_stay_and_are_named(rig: Applied) -> None:
    """A device with nothing to remove is left out with the lines, and one that is as before is unchanged."""
    rig.read(
        box_1=("standby 10 priority 110", "standby 10 priority 120"),
        box_2=("standby 10 priority 110", "standby 10 priority 100"),
        box_3=("standby 10 priority 110", "standby 10 priority 130"),
    )
    plan = rig.removal()
    (three,) = plan.devices
    assert three.name == "box-3"
    assert not any("standby" in line for line in three.forward)
    assert "`standby 10 priority 110` stays: others set `standby 10 priority 130` since." in map(
        in_english, three.risks
    )
    assert plan.unchanged == ("box-2",)
    (out,) = plan.left_out
    assert (out.name, in_english(out.reason)) == (
        "box-1", "others changed every line of the plan that is left: standby 10 priority 110"
    )  # fmt: skip


def test_a_plan_is_named_by_its_id_a_prefix_or_its_change(rig: Applied) -> None:
    """`latest` is the newest applied plan; anything else has its sentence."""
    change = rig.store.changes.entries()[0].id
    for name in (rig.plan.id, rig.plan.id[:-1], change, "latest"):
        assert rig.applied(name).plan == rig.plan
    for name in ("p-0", "c-", "latest ", "x" * 500, "\x1b[2J"):
        with pytest.raises(UsageError, match="no change of a plan"):
            rig.applied(name)
    with pytest.raises(UsageError, match="are not chosen: box-1, box-2"):
        rig.removal(limit="box-4")
    assert [device.name for device in rig.removal(limit="box-2").devices] == ["box-2"]


def test_latest_is_the_newest_applied_plan(rig: Applied) -> None:
    """A drill, a rollback and a removal are none."""
    for number, header in enumerate((
        ChangeHeader("An", "h", plan="p-drill", mode="drill"),
        ChangeHeader("An", "h", plan="p-back", mode="rollback", rolls_back="c"),
        ChangeHeader("An", "h", plan="p-removal", removes="p-0"),
    )):  # fmt: skip
        rig.store.changes.begin(f"z-{number}", event="fair", plan=b"{}", devices=[f"d-{number}"], header=header)
    assert rig.applied("latest").plan == rig.plan


def test_a_removal_needs_the_approvals_of_any_plan(rig: Applied) -> None:
    """It is a plan forward, not a way back."""
    settings = rig.workspace.event.changes.model_copy(update={"approvals": 1})
    with pytest.raises(RefusedError):
        refuse_unapproved(PlanFile(plan=rig.removal()), settings, CLOCK.real(), {})


def test_a_forged_removal_is_refused(rig: Applied) -> None:
    """Its lines are those of the recorded way back, or writable."""
    plan, equipment = rig.removal(), Equipment.of(rig.workspace)
    document = plan.document
    for line in ("standby 10 priority 255", "standby 10 priority 0", "shutdown"):
        device = {**document["devices"][0], "forward": ["interface eth0", line, "exit"]}
        forged = seal({**document, "devices": [device, *document["devices"][1:]]})
        if line == "standby 10 priority 255":
            refuse_other_removal(forged, rig.store, equipment, ())  # any plan may write it
            continue
        with pytest.raises(RefusedError):
            refuse_other_removal(forged, rig.store, equipment, ())
        with pytest.raises(RefusedError):
            rig.apply(forged)


def test_a_removal_is_outdated_by_a_change_of_its_section(rig: Applied) -> None:
    """The device is read again."""
    plan = rig.removal()
    rig.fleet["box-1"].running["interface eth0"] = {"standby 10 priority 120": {}}
    done = rig.apply(plan)
    assert done.exit is not Exit.OK
    assert outcomes(done)["box-1"] == "untouched"
    assert rig.fleet["box-1"].running["interface eth0"] == {"standby 10 priority 120": {}}


def test_a_running_change_is_not_removed(rig: Applied) -> None:
    """Its lines are on their way."""
    change = rig.store.changes.entries()[0].id
    with rig.store.changes.exclusive(change), pytest.raises(RefusedError, match="is running"):
        rig.applied()


def test_issues_before_the_plan_may_occur_again(rig: Applied) -> None:
    """The lines had mended them; of any other plan no earlier change counts."""
    change = rig.store.changes.entries()[0].id
    found = removed_change(rig.store.changes, rig.removal(), "box-1")
    assert found is not None
    assert found.entry.id == change
    assert removed_change(rig.store.changes, rig.removal(), "box-4") is None
    assert removed_change(rig.store.changes, rig.plan, "box-1") is None
