"""A plan carried out over several devices: waves, the first failure, locks, the record, resuming, taking it back."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from eventready.change.document import Plan, PlanFile, PlannedDevice, parse_plan, plan_hash, seal
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.execute.device.driver import DeviceDriver, Verification
from eventready.change.execute.recovery import resume
from eventready.change.execute.result import ApplyResult, AssignmentResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.execute.status import device_statuses, next_step
from eventready.change.forms.tree import Tree, copy_tree
from eventready.change.guard import change_spec
from eventready.change.plan.make import earlier_lines, make_plan
from eventready.change.safety.approval import approve, is_signed_change, sign_plan
from eventready.change.times import RetryTiming
from eventready.core.clock import Clock
from eventready.core.errors import Exit, RefusedError, StoreError
from eventready.core.messages import Message, in_english
from eventready.core.strings.json_text import canonical
from eventready.facts.equipment import Equipment
from eventready.facts.platform import load_platform
from eventready.store.change_steps import ChangeHeader, DeviceOutcome, Drift, Emergency
from eventready.store.changes import Changes, StepEntry
from eventready.store.store import Store
from eventready.store.streams.journal import Journal
from eventready.workspace.keys.signing_keys import PrivateKey
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.device.configuration.grammar import Grammar, Section
from eventready_lab.device.configuration.tree import Layout, parse_tree
from tests.change.fake_device import FakeDevice, FakeDriver
from tests.change.fake_fleet import EVENT, connect, write_workspace
from tests.change.plan.test_approval import AN, BINH, CUC

pytestmark = pytest.mark.slow

GRAMMAR = Grammar(
    sections=(
        Section(r"interface (\S+)", "interface"),
        Section(r"probe (\d+)", "probe"),
        Section(r"line vty.*", "line"),
    ),
    single=(r"standby \d+ priority", r"every"),
)
QUICK = RetryTiming(pause_s=0.01, margin_s=0.1, grace_s=0.1, reach_s=0.5)
CLOCK = Clock.starting("2022-04-20 07:00")


class Watcher:
    """Remembers what it was told, and raises: that must not matter."""

    def __init__(self) -> None:
        self.waves: list[tuple[str, ...]] = []
        self.steps: list[tuple[str, str]] = []

    def waits(self, change: str, at: datetime, real: datetime) -> None:
        raise RuntimeError("a watch that fails")

    def begun(self, change: str, devices: int) -> None:
        raise RuntimeError("a watch that fails")

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        self.waves.append(tuple(devices))

    def step(self, device: str, step: str) -> None:
        self.steps.append((device, step))
        raise RuntimeError("a watch that fails")

    def done(self, result: AssignmentResult) -> None:
        raise RuntimeError("a watch that fails")


class Rig:
    """A workspace of four fleet, a plan for three of them, a store, and a driver on each."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> None:
        sessions = self.sessions = connect(monkeypatch)
        self.workspace: Workspace = load_workspace(write_workspace(folder, **files))
        self.spec = change_spec(load_platform("box", self.workspace.platform_dirs))
        self.store = Store(folder / "e.db")
        self.fleet: dict[str, FakeDevice] = {}
        for number in range(1, 5):
            text = sessions.named(f"box-{number}").answers["show running"].replace("Last change at 07:00\n", "")
            self.fleet[f"box-{number}"] = FakeDevice(
                "inverse", verify_s=0, running=parse_tree(text), startup=parse_tree(text)
            )
        self.at_start = {name: copy_tree(box.running) for name, box in self.fleet.items()}
        self.watch = Watcher()
        self.hands: list[FakeDriver] = []
        self.change_hand: Callable[[str, FakeDriver], None] = lambda _name, _driver: None
        boxes = [device for device in self.workspace.devices if device.platform == "box"]
        equipment = Equipment.of(self.workspace).only(boxes)
        self.plan: Plan = make_plan(
            self.workspace, equipment, ("backup", "priority"), clock=CLOCK, by="An", progress=_Silent(), workers=2
        )

    def driver_for(self, planned: PlannedDevice) -> DeviceDriver:
        driver = FakeDriver(self.fleet[planned.name], armed=True, spec=self.spec, grammar=GRAMMAR)
        self.change_hand(planned.name, driver)
        self.hands.append(driver)
        return driver

    def apply(
        self, plan: Plan | None = None, *, clock: Clock = CLOCK, emergency: Emergency | None = None
    ) -> ApplyResult:
        return self.apply_file(PlanFile(plan=plan or self.plan), clock=clock, emergency=emergency)

    def apply_file(self, file: PlanFile, *, clock: Clock = CLOCK, emergency: Emergency | None = None) -> ApplyResult:
        return apply_plan(self.context(self.options(emergency), clock), file)

    def resume(self, name: str = "latest") -> ApplyResult:
        return resume(self.context(), name)

    def rollback(self, name: str = "latest") -> Plan:
        return make_rollback(self.context(), name)

    def context(self, options: Options | None = None, clock: Clock = CLOCK) -> ExecutionContext:
        return ExecutionContext(
            self.workspace, self.store, clock, options or self.options(), self.watch, self.driver_for
        )

    def options(self, emergency: Emergency | None = None) -> Options:
        return Options(by="An", host="noc-1", workers=4, timing=QUICK, emergency=emergency)

    def running(self) -> dict[str, Tree]:
        return {name: box.running for name, box in self.fleet.items()}

    def steps(self, device: str) -> list[str]:
        return [step.step for step in self.store.changes.get("latest").of(device)]


class _Silent:
    def stage(self, name: str, total: int) -> None:
        """Nothing to show."""

    def done(self, device: str, trouble: str | Message) -> None:
        assert not trouble


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch)
    yield made
    made.store.close()


def outcomes(done: ApplyResult) -> dict[str, str]:
    return {result.device: result.outcome.value for result in done.results}


def test_a_plan_is_carried_out_and_taken_back(rig: Rig) -> None:
    done = rig.apply()
    assert (done.exit, done.trouble) == (Exit.OK, "")
    assert outcomes(done) == {"box-1": "new", "box-2": "new", "box-3": "new"}
    assert rig.watch.waves == list(rig.plan.waves)
    assert rig.running() != rig.at_start
    assert all(box.running == box.startup for box in rig.fleet.values()), "saved"
    (entry,) = rig.store.changes.entries()
    assert entry.ended
    assert entry.header.plan == rig.plan.id
    assert rig.store.changes.locks() == ()

    back = rig.rollback()
    assert back.rolls_back == done.change
    assert back.waves == rig.plan.waves
    again = rig.apply(back)
    assert again.exit is Exit.OK
    assert rig.running() == rig.at_start
    texts = {name: Layout().text(box.running) for name, box in rig.fleet.items()}
    assert texts == {name: Layout().text(tree) for name, tree in rig.at_start.items()}, "to the letter"
    with pytest.raises(RefusedError, match=f"{done.change} was rolled back already, by {again.change}"):
        rig.rollback(done.change)
    with pytest.raises(RefusedError, match=f"{done.change} was rolled back already on box-[123], by {again.change}"):
        rig.apply(back)
    forth = rig.apply(rig.rollback(again.change))
    assert outcomes(forth) == {"box-1": "new", "box-2": "new", "box-3": "new"}, "a rollback is a change too"
    assert len(rig.rollback(done.change).devices) == 3, "it stands again"
    assert rig.store.verify().problems == ()


def test_the_first_that_fails_stops_the_waves(rig: Rig) -> None:
    first = rig.plan.waves[0][0]
    rig.fleet[first].healthy = False
    done = rig.apply()
    assert done.exit is Exit.CHANGE_REVERTED
    assert outcomes(done) == {"box-1": "untouched", "box-2": "untouched", "box-3": "untouched"} | {first: "old"}
    assert rig.running() == rig.at_start
    assert rig.store.changes.locks() == ()
    rest = next(result for result in done.results if result.device != first)
    assert in_english(rest.why) == f"{first} did not end as planned, so the change stopped."
    assert rig.store.changes.entries()[0].ended
    with pytest.raises(RefusedError, match="No device has the change"):
        rig.rollback()


def test_the_latest_change_without_a_new_device_names_the_one_before(rig: Rig) -> None:
    done = rig.apply()
    assert rig.apply().exit is Exit.REFUSED
    with pytest.raises(RefusedError, match=f"the latest that can be rolled back is {done.change}"):
        rig.rollback()


def test_a_device_that_moved_is_refused_and_so_is_the_change(rig: Rig) -> None:
    first = rig.plan.waves[0][0]
    rig.fleet[first].running["interface eth0"]["description mine"] = {}
    done = rig.apply()
    assert done.exit is Exit.REFUSED
    assert set(outcomes(done).values()) == {"untouched"}
    assert all(not box.sent for box in rig.fleet.values())


@pytest.mark.parametrize("healthy", [True, False])
def test_a_line_elsewhere_does_not_void_the_plan_and_stays(rig: Rig, healthy: bool) -> None:
    first = rig.plan.waves[0][0]
    mine: Tree = {"description somebody's": {}}
    rig.fleet[first].running["interface eth9"] = copy_tree(mine)
    rig.fleet[first].healthy = healthy
    done = rig.apply()
    assert outcomes(done)[first] == ("new" if healthy else "old")
    assert rig.fleet[first].running["interface eth9"] == mine
    expected = {**rig.at_start[first], "interface eth9": mine}
    assert (rig.fleet[first].running == expected) is not healthy, "it was led back to what it found"
    record = rig.store.changes.get(done.change)
    reported = {one.device: one.drift for one in device_statuses(record) if one.drift is not None}
    assert reported == {first: Drift(new=("interface eth9",))}
    assert done.exit is (Exit.OK if healthy else Exit.CHANGE_REVERTED)


def test_a_plan_without_sections_is_for_the_whole_configuration(rig: Rig) -> None:
    devices = [{**device, "scope": "", "outside": {}} for device in rig.plan.document["devices"]]
    earlier = seal({**rig.plan.document, "devices": devices})
    rig.fleet[rig.plan.waves[0][0]].running["interface eth9"] = {}
    assert rig.apply(earlier).exit is Exit.REFUSED


def test_a_rollback_leaves_what_another_person_has_changed_since(rig: Rig) -> None:
    rig.apply()
    back = rig.rollback()
    moved = back.waves[0][0]
    rig.fleet[moved].running["interface eth0"]["description mine"] = {}
    done = rig.apply(back)
    assert done.exit is Exit.CHANGE_REVERTED, "others were taken back: 7 is for a change that touched nothing"
    assert "description mine" in rig.fleet[moved].running["interface eth0"]


def test_a_rollback_undoes_its_change_only(rig: Rig) -> None:
    rig.apply()
    back = rig.rollback()
    moved = back.waves[0][0]
    running, mine = rig.fleet[moved].running, "ip route 0.0.0.0 0.0.0.0 192.0.2.9"
    rig.fleet[moved].running = {mine: {}, **running}
    rig.fleet[moved].startup = copy_tree(rig.fleet[moved].running)
    assert rig.apply(back).exit is Exit.OK
    assert rig.running() == {**rig.at_start, moved: {**rig.at_start[moved], mine: {}}}


def test_what_we_have_changed_ourselves_is_not_reported_to_be_another_person_elses(rig: Rig) -> None:
    devices = [rig.workspace.device(planned.name) for planned in rig.plan.devices]
    done = rig.apply()
    name = rig.plan.waves[0][0]
    spoken = f"by change {done.change} (by An)"
    output = rig.apply().results[0].why
    assert f"This plan was executed on it already: change {done.change} (by An)." in in_english(output)
    rig.fleet[name].running["interface eth9"] = {}
    assert "and again since then; make a new plan." in in_english(rig.apply().results[0].why)
    del rig.fleet[name].running["interface eth9"]
    older = seal({**rig.plan.document, "id": "p-20220420-065900-aaaa"})
    assert f"It was changed since {spoken}; make a new plan." in in_english(rig.apply(older).results[0].why)

    template = rig.workspace.path / "templates" / "backup" / "box.j2"
    template.write_text(template.read_text() + " description moved again\n")
    for one in rig.fleet:
        rig.sessions.named(one).answers["show running"] = rig.fleet[one].text
    again = rig.apply(
        make_plan(
            rig.workspace,
            Equipment.of(rig.workspace).only(devices),
            ("backup",),
            clock=CLOCK,
            by="An",
            progress=_Silent(),
            workers=2,
        )
    )
    assert again.exit is Exit.OK
    output = rig.apply(rig.rollback(done.change)).results[0].why
    assert (
        f"by change {again.change} (by An); roll that back first: `eventready rollback {again.change}`"
        in in_english(output)
    )
    assert "Somebody has" not in in_english(output)


def test_what_a_rollback_could_not_take_back_is_taken_back_by_the_next(rig: Rig) -> None:
    done = rig.apply()
    back = rig.rollback()
    last = back.waves[-1][-1]
    rig.fleet[last].down_until = rig.fleet[last].now + 1
    left = [name for name, outcome in outcomes(rig.apply(back)).items() if outcome == "untouched"]
    assert last in left
    assert len(left) < len(rig.plan.devices)
    rig.fleet[last].advance_clock(2)
    rest = rig.rollback(done.change)
    assert {planned.name for planned in rest.devices} == set(left)
    assert rig.apply(rest).exit is Exit.OK
    assert rig.running() == rig.at_start
    with pytest.raises(RefusedError, match="rolled back already"):
        rig.rollback(done.change)


def test_an_approval_used_meanwhile_is_refused_with_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The approvals are counted again in the transaction that records the change."""
    approvers = f'approvers: [{{name: Bình, signs_with: "{BINH.public.id}"}}], approvals: 1'
    rig = Rig(tmp_path, monkeypatch, event=EVENT.replace("soak_s: {}", f"soak_s: {{}}, {approvers}"))
    file = approve(PlanFile(plan=rig.plan), rig.workspace.event.changes, BINH, CLOCK.real())
    assert rig.apply_file(file).exit is Exit.OK
    assert rig.apply(rig.rollback()).exit is Exit.OK
    count = len(rig.store.changes.entries())
    monkeypatch.setattr(type(rig.store.changes), "used_approvals", lambda *_plan: {})  # read before the other change
    with pytest.raises(RefusedError, match="were used up by the change"):
        rig.apply_file(file)
    assert len(rig.store.changes.entries()) == count
    assert rig.store.changes.locks() == ()
    rig.store.close()


def test_planner_and_applier_are_proven_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = f'planners: [{{name: An, signs_with: "{AN.public.id}"}}], '
    keys += f'appliers: [{{name: An, signs_with: "{AN.public.id}"}}, {{name: Cúc, signs_with: "{CUC.public.id}"}}]'
    rig = Rig(tmp_path, monkeypatch, event=EVENT.replace("soak_s: {}", f"soak_s: {{}}, {keys}"))
    settings, now = rig.workspace.event.changes, CLOCK.real()

    def applied(file: PlanFile, key: PrivateKey | None) -> ApplyResult:
        return apply_plan(rig.context(replace(rig.options(), key=key)), file)

    file = sign_plan(rig.plan, settings, AN, now)
    with pytest.raises(RefusedError, match="no valid signature of its planner An"):
        applied(PlanFile(plan=rig.plan), AN)
    for key in (None, BINH, CUC):
        with pytest.raises(RefusedError, match="the key is not of the operator An"):
            applied(file, key)
    assert rig.store.changes.entries() == ()
    failing = rig.plan.waves[-1][-1]
    rig.fleet[failing].healthy = False
    done = applied(file, AN)
    assert done.exit is Exit.CHANGE_REVERTED
    header = rig.store.changes.entries()[0].header
    mark = header.applied
    assert header.planner_signed
    assert mark is not None
    assert is_signed_change(mark, rig.plan, done.change, settings)
    assert not is_signed_change(mark, rig.plan, "c-other", settings)
    assert rig.resume(done.change).exit is Exit.CHANGE_REVERTED, "what was begun is finished without a key"
    with pytest.raises(RefusedError, match="the key is not of the operator An"):
        applied(PlanFile(plan=rig.rollback()), None)
    assert applied(PlanFile(plan=rig.rollback()), AN).exit is Exit.OK
    rig.store.close()


def test_an_approval_counts_for_one_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    approvers = f'approvers: [{{name: Bình, signs_with: "{BINH.public.id}"}}], approvals: 1'
    rig = Rig(tmp_path, monkeypatch, event=EVENT.replace("soak_s: {}", f"soak_s: {{}}, {approvers}"))
    settings = rig.workspace.event.changes
    once = approve(PlanFile(plan=rig.plan), settings, BINH, CLOCK.real())
    first = rig.plan.waves[0][0]
    rig.fleet[first].healthy = False
    done = rig.apply_file(once.model_copy(update={"planner": once.approvals[0]}))
    assert not rig.store.changes.entries()[0].header.planner_signed, "a mark without a key of the workspace"
    assert done.exit is Exit.CHANGE_REVERTED, "an approval is used up by a change that fails, too"
    rig.fleet[first].healthy = True
    with pytest.raises(RefusedError, match=f"were used up by the change {done.change}"):
        rig.apply_file(once)
    used = rig.store.changes.used_approvals(rig.plan.id)
    assert rig.apply_file(approve(once, settings, BINH, CLOCK.real() + timedelta(seconds=1), used)).exit is Exit.OK
    rig.store.close()


def test_locks_hold_between_workspaces_with_one_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second workspace is refused while a device of the first is changed, and by whom is said."""
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", f"sqlite:///{tmp_path / 'shared.db'}")
    one, other = (Rig(tmp_path / name, monkeypatch) for name in ("one", "other"))
    for rig in (one, other):
        rig.store.close()
        rig.store = Store.of_workspace(rig.workspace.path)
    refused: list[str] = []

    def meanwhile(_name: str, _driver: FakeDriver) -> None:
        with pytest.raises(RefusedError, match=r"is locked by change c-.*, begun by An on noc-1") as found:
            other.apply()
        refused.append(str(found.value))

    one.change_hand = meanwhile
    assert one.apply().exit is Exit.OK
    assert len(refused) == len(one.plan.devices)
    assert not any(box.sent for box in other.fleet.values())
    assert len(other.store.changes.entries()) == 1
    assert other.apply().exit is Exit.OK, "and afterwards it is free"
    for rig in (one, other):
        rig.store.close()


def _with_whole_numbers(value: Any) -> Any:
    """A document as another program writes it: 180 for 180.0."""
    if isinstance(value, dict):
        return {key: _with_whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _standing(rig: Rig) -> str:
    """The change on record, which a plan, a way back and a list can still read."""
    assert set(earlier_lines(rig.workspace)) <= set(rig.plan.order)
    (entry,) = rig.store.changes.entries()
    assert {one.state for one in device_statuses(rig.store.changes.get(entry.id))} == {"with_change"}
    return entry.id


def test_a_plan_is_recorded_as_it_was_accepted(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", f"sqlite:///{rig.workspace.path / 'e.db'}")
    content = _with_whole_numbers(rig.plan.document)
    file = parse_plan({"plan": {**content, "sha256": plan_hash(content)}})
    assert canonical(file.document["plan"]) != canonical(rig.plan.document)
    assert rig.apply_file(file).exit is Exit.OK
    record = rig.store.changes.get(_standing(rig))
    assert record.plan == canonical(file.document)
    assert parse_plan(json.loads(record.plan)).plan == file.plan
    assert rig.apply(rig.rollback()).exit is Exit.OK
    assert rig.running() == rig.at_start


@pytest.mark.parametrize("fast", [False, True])
def test_a_damaged_record_blocks_no_way_back(rig: Rig, monkeypatch: pytest.MonkeyPatch, *, fast: bool) -> None:
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", f"sqlite:///{rig.workspace.path / 'e.db'}")
    assert rig.apply().exit is Exit.OK
    with closing(sqlite3.connect(rig.workspace.path / "e.db")) as database, database:
        database.execute("UPDATE eventready_change SET plan = 'x'")
    change = _standing(rig)
    context = rig.context(replace(rig.options(), fast=fast))
    back = make_rollback(context, change)
    assert set(back.order) == set(rig.plan.order)
    assert apply_plan(context, PlanFile(plan=back)).exit is Exit.OK
    assert rig.running() == rig.at_start


def test_a_change_without_room_for_its_record_is_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(Journal, "write", full)
    with pytest.raises(RefusedError, match=r"e\.db: The disk is full\. Make room"):
        rig.apply()
    assert all(not box.sent for box in rig.fleet.values())


def test_two_engineers_at_once(rig: Rig) -> None:
    header = ChangeHeader(by="binh", host="noc-2")
    rig.store.changes.begin("c-other", event="fair", plan=b'{"plan":{}}', devices=["box-2"], header=header)
    with pytest.raises(
        RefusedError, match=r"box-2 is locked by change .* begun by binh on noc-2 at 20[-0-9]{8} [0-9:]{8} "
    ):
        rig.apply()
    assert not any(box.sent for box in rig.fleet.values())


def test_a_closed_window_refuses_and_an_emergency_stands_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = CLOCK.now()
    window = {"from": now - timedelta(hours=1), "to": now + timedelta(days=1)}
    stamps = {key: moment.strftime("%Y-%m-%d %H:%M") for key, moment in window.items()}
    frozen = f'{EVENT}windows: [{{kind: freeze, from: "{stamps["from"]}", to: "{stamps["to"]}"}}]\n'
    rig = Rig(tmp_path, monkeypatch, event=frozen)
    with pytest.raises(RefusedError, match="changes are closed"):
        rig.apply()
    assert rig.store.changes.entries() == ()
    done = rig.apply(emergency=Emergency("INC-7", "An", "Bình"))
    assert done.exit is Exit.OK
    header = rig.store.changes.entries()[0].header
    assert header.emergency == Emergency("INC-7", "An", "Bình")
    rig.store.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event": "other"}, "is for the event other, and this workspace is fair"),
        ({"approvals_needed": 1}, "needs 1 approval"),
    ],
)
def test_plans_that_do_not_serve(rig: Rig, change: dict[str, object], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        rig.apply(seal({**rig.plan.document, **change}))
    assert rig.store.changes.entries() == ()


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_a_sealed_plan_with_a_line_that_is_never_sent(rig: Rig, way: str) -> None:
    document = rig.plan.document
    document["devices"][-1][way].append("reload")
    with pytest.raises(RefusedError, match="has a forbidden line: `reload` must not be sent to box-3: "):
        rig.apply(seal(document))
    assert rig.store.changes.entries() == ()


def test_a_way_back_that_leads_somewhere_else(rig: Rig) -> None:
    document = rig.plan.document
    for device in document["devices"]:
        device["backward"].insert(2, "standby 10 priority 90")
    done = rig.apply(seal(document))
    assert done.exit is Exit.REFUSED
    assert "does not lead back to its present configuration" in in_english(done.results[0].why)
    assert all(not box.sent for box in rig.fleet.values())


@pytest.mark.parametrize(
    ("field", "output"),
    [
        ("endpoint", r"its address was 192\.0\.2\.99 and is 192\.0\.2\.1 now"),
        ("address", r"its address was 192\.0\.2\.99 and is 192\.0\.2\.1 now"),  # behind a manager: same endpoint
        ("element", r"its element was 192\.0\.2\.99 and is none now"),
    ],
)
def test_an_address_that_is_another_now(rig: Rig, field: str, output: str) -> None:
    document = rig.plan.document
    document["devices"][0][field] = "192.0.2.99"
    with pytest.raises(RefusedError, match=f"box-1 has changed .* {output}"):
        rig.apply(seal(document))


@pytest.mark.parametrize(
    ("before", "after", "output"),
    [
        ("hostname: 192.0.2.3", "hostname: 192.0.2.4", "box-3 .* its address was 192.0.2.3 and is 192.0.2.4 now"),
        ("hostname: 192.0.2.3,", "hostname: 192.0.2.3, platform: frr,", "box-3 .* its platform was box and is frr now"),
        ("hostname: 192.0.2.3, groups: [box], data: {", "hostname: 192.0.2.3, groups: [box], data: {venues: [], ",
         "box-3 .* its venue was hall and is none now"),
        ("hostname: 192.0.2.3, groups: [box], data: {",
         "hostname: 192.0.2.3, groups: [box], data: {role: service_host, ", "box-3 .* its role was router and is serv"),
        ("box-3:", "box-9:", "box-3 is not in the inventory"),
        ("hostname: 192.0.2.3, groups: [box], data: {", "hostname: 192.0.2.3, groups: [box], data: {pair: a, ",
         "are redundant partners in the inventory now, and the plan has both in one wave"),
    ],
)  # fmt: skip
def test_an_inventory_that_has_changed_since_the_plan(rig: Rig, before: str, after: str, output: str) -> None:
    done = rig.apply()
    assert rig.apply(rig.rollback(done.change)).exit is Exit.OK
    assert rig.apply().exit is Exit.OK, "nothing stands against it until the inventory changes"
    hosts = rig.workspace.path / "inventory" / "hosts.yaml"
    assert before in hosts.read_text()
    hosts.write_text(hosts.read_text().replace(before, after))
    rig.workspace = load_workspace(rig.workspace.path)
    count = len(rig.store.changes.entries())
    with pytest.raises(RefusedError, match=output):
        rig.apply()
    assert len(rig.store.changes.entries()) == count
    if "role" in output or "venue" in output or "stand in" in output:
        assert rig.apply(rig.rollback()).exit is Exit.OK, "what was begun can be taken back all the same"


def test_ctrl_c_takes_back_what_is_under_way_and_begins_nothing_more(rig: Rig) -> None:
    def interrupted(name: str, driver: FakeDriver) -> None:
        def verify(_before: object, _limit_s: float, nap: Callable[[float], None]) -> Verification:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                nap(0.01)  # ends when the main thread has heard the signal
            return Verification(True, "3 findings, none worse")

        if name == rig.plan.waves[0][0]:
            driver.verify = verify  # type: ignore[method-assign,assignment]  # the point

    before = signal.getsignal(signal.SIGINT)
    rig.change_hand = interrupted
    done = rig.apply()
    assert signal.getsignal(signal.SIGINT) is before
    assert done.exit is Exit.CHANGE_REVERTED
    assert sorted(outcomes(done).values()) == ["old", "untouched", "untouched"]
    assert rig.running() == rig.at_start
    assert rig.store.changes.entries()[0].ended, "nothing is left to resume"
    output = next_step(done.change, device_statuses(rig.store.changes.get("latest"))).render("en")
    assert output.startswith("The change was interrupted: ")


def test_ctrl_c_as_a_change_comes_on_record_leaves_nothing_to_resume(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Changes.begin

    def interrupted(self: Changes, *args: Any, **more: Any) -> None:
        begin(self, *args, **more)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Changes, "begin", interrupted)
    done = rig.apply()
    assert set(outcomes(done).values()) == {"untouched"}
    assert rig.store.changes.entries()[0].ended
    assert rig.store.changes.locks() == ()
    assert all(not box.sent for box in rig.fleet.values())


def test_a_store_that_fills_up_and_has_room_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number of steps that still fit: nothing is taken that is not on record, and resuming settles it."""
    record, room = Changes.record, 0

    def filling(self: Changes, change: str, *notes: StepEntry) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise StoreError("The disk is full", do="Make room.")
        record(self, change, *notes)

    for fits in range(34):
        with monkeypatch.context() as patch:
            patch.setattr(Changes, "record", filling)
            room = fits
            done = rig.apply()
        if any(not result.recorded for result in done.results):
            assert done.trouble
            assert done.exit is not Exit.OK
            assert rig.store.changes.entries()[-1].ended is None
            done = rig.resume(done.change)
        for name, outcome in outcomes(done).items():
            device = rig.fleet[name]
            assert (device.running == rig.at_start[name]) == (outcome != "new"), (fits, name, outcome)
            assert device.running == device.startup
        assert rig.store.changes.entries()[-1].ended
        assert rig.store.changes.locks() == ()
        if "new" in outcomes(done).values():
            assert rig.apply(rig.rollback(done.change)).exit is Exit.OK
        assert rig.running() == rig.at_start
    assert fits == 33
    assert set(outcomes(done).values()) == {"new"}, "so many are all that it takes"


def test_resuming_a_change_that_is_at_its_end_does_nothing(rig: Rig) -> None:
    first = rig.plan.waves[0][0]
    rig.fleet[first].healthy = False
    done = rig.apply()
    queries = len(rig.hands)
    assert rig.resume().results == done.results
    assert rig.resume().exit is done.exit
    assert len(rig.hands) == queries


def test_resuming_on_a_device_that_the_inventory_has_lost(rig: Rig) -> None:
    document = PlanFile(plan=rig.plan).document
    rig.store.changes.begin(
        "c-1", event="fair", plan=canonical(document), devices=["box-3"], header=ChangeHeader(by="a", host="b")
    )
    hosts = rig.workspace.path / "inventory" / "hosts.yaml"
    hosts.write_text(hosts.read_text().replace("box-3:", "box-9:"))
    rig.workspace = load_workspace(rig.workspace.path)
    with pytest.raises(RefusedError, match=r"box-3 is not in the inventory\. Restore its entry"):
        rig.resume()


def test_resuming_what_is_being_worked_on_is_refused(rig: Rig) -> None:
    rig.apply()
    with (
        rig.store.changes.exclusive(rig.store.changes.get("latest").entry.id),
        pytest.raises(
            RefusedError, match=r"begun by An on noc-1 at [-0-9]{10} [0-9:]{8}, is running in another process"
        ),
    ):
        rig.resume()
    with (
        rig.store.changes.exclusive(rig.store.changes.get("latest").entry.id),
        pytest.raises(RefusedError, match=r"is running\. Wait"),
    ):
        rig.rollback()


def test_a_device_that_is_not_proven_keeps_its_lock_and_the_others_can_be_taken_back(rig: Rig) -> None:
    last = rig.plan.waves[-1][-1]

    def lost(name: str, driver: FakeDriver) -> None:
        crossed = driver._cross

        def cross(what: str, action: Callable[[], object]) -> object:
            if what == "settle":
                driver.box.down_until = 1e9
            return crossed(what, action)

        if name == last:
            driver._cross = cross  # type: ignore[method-assign,assignment]  # the point

    rig.change_hand = lost
    done = rig.apply()
    assert done.exit is Exit.REVERT_FAILED
    assert outcomes(done)[last] == "unproven"
    assert [hold.device for hold in rig.store.changes.locks()] == [last]
    assert rig.store.changes.entries()[0].ended is None
    back = rig.rollback()
    assert last not in [device.name for device in back.devices]
    rig.change_hand = lambda _name, _driver: None
    assert rig.apply(back).exit is Exit.OK
    rig.fleet[last].down_until = 0
    again = rig.resume(done.change)
    assert outcomes(again)[last] == "old"
    assert DeviceOutcome.UNPROVEN not in outcomes(again).values()
    assert rig.running() == rig.at_start
    assert rig.store.changes.locks() == ()


def test_a_defect_in_a_hand_is_an_ending_and_not_a_traceback(rig: Rig) -> None:
    first = rig.plan.waves[0][0]

    def broken(name: str, driver: FakeDriver) -> None:
        def look() -> object:
            raise KeyError("a defect of ours")

        if name == first:
            driver.precheck = look  # type: ignore[method-assign,assignment]  # the point

    rig.change_hand = broken
    done = rig.apply()
    result = next(result for result in done.results if result.device == first)
    assert (result.outcome, done.exit) == (DeviceOutcome.UNTOUCHED, Exit.CHANGE_REVERTED)
    assert "An internal error (KeyError" in in_english(result.why)
