"""`apply --rehearse` on devices of the embedded lab: the twin is changed and rolled back, the devices are only read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from eventready.audit.saved_outputs import file_name
from eventready.change.execute.twin import TwinFault, twin_factory
from eventready.core.errors import UsageError
from eventready.store.store import Store
from eventready_lab.device.device import SimulatedDevice
from tests.e2e.rig import Rig, rig_of

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("rehearsal")]

PAIR = ("edge-vh-1", "edge-vh-2")
FIRST = "edge-vh-2"  # the standby goes first


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A province as the network in service."""
    with rig_of(tmp_path_factory.mktemp("rehearsal")) as made:
        yield made


@pytest.fixture(scope="module")
def plan(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan for a pair of routers."""
    file = tmp_path_factory.mktemp("plans") / "tonight.plan"
    rig.cli("plan", "backup", "-l", ",".join(PAIR), "--out", str(file))
    return file


def rehearsed(rig: Rig, plan: Path, *words: str, expect: int = 0) -> dict[str, dict[str, Any]]:
    """The result of each device; the network in service is as it was, and nothing is recorded of it."""
    before, versions = rig.look(), {name: machine.version for name, machine in rig.lab.lab.devices.items()}
    output = json.loads(rig.cli("-o", "json", "apply", str(plan), "--rehearse", *words, expect=expect))
    assert output["rehearsal"]
    assert output["exit"] == expect
    assert rig.look() == before
    assert {name: machine.version for name, machine in rig.lab.lab.devices.items()} == versions
    assert not (rig.copy / ".eventready" / "eventready.db").exists()
    return {one["device"]: one for one in output["devices"]}


def test_there_and_back_on_the_twin(rig: Rig, plan: Path) -> None:
    found = rehearsed(rig, plan)
    assert list(found) == ["edge-vh-2", "edge-vh-1"], "in the order of the waves"
    for one in found.values():
        assert (one["outcome"], one["way_back"], one["guard"]) == ("with_change", "proven", "revert_timer")
        assert "none worse" in one["verified"]
    twin = rig.copy / ".eventready" / "rehearsal"
    with Store.of_workspace(twin, make=False) as store:
        headers = [entry.header for entry in store.changes.entries()]
    assert [bool(header.rolls_back) for header in headers] == [False, True]
    assert all(header.rehearsal for header in headers)


def test_a_killed_session_leaves_the_old_state(rig: Rig, plan: Path) -> None:
    fault = f"{FIRST} drop-at-line pattern='standby 10 priority'"
    found = rehearsed(rig, plan, "--fault", fault, expect=5)
    assert found[FIRST]["outcome"] == "as_before"
    assert "Session lost" in found[FIRST]["why"]
    assert found["edge-vh-1"]["outcome"] == "as_before"
    assert found[FIRST]["way_back"] == ""


def test_a_failing_verification_is_found(rig: Rig, tmp_path: Path) -> None:
    template = rig.copy / "templates" / "backup" / "cisco_xe.j2"
    kept, file = template.read_text(encoding="utf-8"), tmp_path / "bad.plan"
    template.write_text("interface GigabitEthernet0/1/1\n no standby 10 preempt\n standby 10 priority 90\n")
    try:
        rig.cli("plan", "backup", "-l", ",".join(PAIR), "--out", str(file))
        found = rehearsed(rig, file, "--settle", "1s", expect=5)
    finally:
        template.write_text(kept, encoding="utf-8")
    assert found[FIRST]["outcome"] == "as_before"
    assert "Verification failed" in found[FIRST]["why"]


def test_saved_configurations_need_no_device(rig: Rig, plan: Path, tmp_path: Path) -> None:
    for name in PAIR:
        folder = tmp_path / name
        folder.mkdir()
        text = rig.lab.call(partial(rig.machine(name).show, "show running-config"))
        (folder / file_name("show running-config")).write_text(text or "", encoding="utf-8")
    rig.lab.inject(PAIR[0], "silent")
    rig.lab.inject(PAIR[1], "silent")
    try:
        found = rehearsed(rig, plan, "--from", str(tmp_path))
        (tmp_path / PAIR[0] / file_name("show running-config")).unlink()
        found |= {"without": rehearsed(rig, plan, "--from", str(tmp_path), expect=4)[PAIR[0]]}
    finally:
        rig.lab.clear(PAIR[0], "silent")
        rig.lab.clear(PAIR[1], "silent")
    assert {one["outcome"] for one in found.values()} == {"with_change", "not_rehearsed"}
    assert found["without"]["outcome"] == "not_rehearsed"


def test_devices_without_a_true_twin_are_named(rig: Rig, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = SimulatedDevice.load

    def without_a_line(machine: SimulatedDevice, text: str) -> None:
        dropped = text.replace("logging buffered 1000000\n", "") if machine.state.name == FIRST else text
        load(machine, dropped)

    monkeypatch.setattr(SimulatedDevice, "load", without_a_line)
    found = rehearsed(rig, plan, expect=4)
    assert found[FIRST]["outcome"] == "not_rehearsed"
    assert found[FIRST]["why"].endswith("does not load its whole configuration: - logging buffered 1000000")
    assert found["edge-vh-1"]["outcome"] == "with_change"


def test_an_outdated_plan_is_not_rehearsed(rig: Rig, plan: Path) -> None:
    try:
        rig.configure(FIRST, {"track 10 ip sla 10 reachability": {"delay up 7": {}}})
        found = rehearsed(rig, plan, expect=7)
    finally:
        rig.reset(FIRST)
    assert found[FIRST]["outcome"] == "not_rehearsed"
    assert found["edge-vh-1"]["way_back"] == "proven"


def test_a_drift_elsewhere_is_reported_and_neither_voids_the_plan_nor_is_taken_back(rig: Rig, plan: Path) -> None:
    rig.configure(FIRST, {"logging host 192.0.2.77": {}})
    drifted = rig.look()
    try:
        result = rehearsed(rig, plan)
        assert result[FIRST]["outcome"] == "with_change"
        assert result[FIRST]["drift"] == {"changed": [], "new": ["logging host 192.0.2.77"], "gone": 0}
        assert "drift" not in result["edge-vh-1"]
        output = rig.cli("apply", str(plan), "--soak", "0s")
        assert (
            f"{FIRST} has changed since the plan, outside of the plan's sections: + logging host 192.0.2.77." in output
        )
        shown = rig.cli("changes", "show", "latest", "--device", FIRST)
        assert "note the drift since the plan, outside of the plan's sections" in " ".join(shown.split())
        rig.configure(FIRST, {"interface GigabitEthernet0/0/1": {"description a stranger's": {}}})
        rig.cli("rollback", "latest", "--soak", "0s")
        back, machine = rig.look(), rig.machine(FIRST)
        assert {name for name in back if back[name] != drifted[name]} == {FIRST}
        was, stands = drifted[FIRST].running.splitlines(), back[FIRST].running.splitlines()
        added = ["interface GigabitEthernet0/0/1", " description a stranger's"]
        assert [line for line in stands if line not in was] == added, "and nothing else is new"
        assert [line for line in was if line not in stands] == [], "the way back leaves the work of strangers"
        rig.lab.call(lambda: machine.config.edit([], "logging host 192.0.2.78"))
        refused = rig.cli("apply", str(plan), "--soak", "0s", expect=7)
        assert "192.0.2.78" in refused, "a drift that is not saved would be saved with the change"
    finally:
        rig.reset(FIRST)
        _forget_changes(rig)


def test_the_values_of_an_element(rig: Rig, tmp_path: Path) -> None:
    file = tmp_path / "element.plan"
    rig.cli("plan", "load_balancing", "-l", "enb-vh-1", "--out", str(file))
    found = rehearsed(rig, file)["enb-vh-1"]
    assert (found["outcome"], found["way_back"], found["guard"]) == ("with_change", "proven", "inverse")


def test_refusals(rig: Rig, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.cli("apply", str(plan), "--fault", "edge-vh-1 hang", expect=2)
    rig.cli("apply", str(plan), "--rehearse", "--dry-run", expect=2)
    rig.cli("apply", str(plan), "--rehearse", "--fault", "edge-vh-1 no-such-fault", expect=2)
    monkeypatch.setattr("eventready.change.execute.twin.entry_points", lambda **_group: ())
    rig.cli("apply", str(plan), "--rehearse", expect=2)
    with pytest.raises(UsageError, match=r"needs the simulation of the lab, .* Install `eventready\[lab\]`"):
        twin_factory()


@pytest.mark.parametrize("text", ["", "r1", "r1 hang 3", "r1 hang ='3'", "r1 'hang"])
def test_faults_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="is not a fault"):
        TwinFault.parse(text)


def test_the_arguments_of_a_fault() -> None:
    parsed = TwinFault.parse("r1 drop-at-line pattern='ip route' number=2")
    assert parsed == TwinFault("r1", "drop-at-line", {"pattern": "ip route", "number": "2"})


def test_a_rollback_on_the_twin_keeps_the_work_of_others(rig: Rig, plan: Path, tmp_path: Path) -> None:
    outsider = "logging host 192.0.2.77"
    rig.cli("apply", str(plan), "--soak", "0s")
    rig.configure(FIRST, {outsider: {}})
    before, listed = rig.look(), rig.cli("-o", "json", "changes", "list")
    try:
        output = json.loads(rig.cli("-o", "json", "rollback", "latest", "--rehearse"))
        twin = rig.copy / ".eventready" / "rehearsal"
        with Store.of_workspace(twin, make=False) as store:
            first, back, again = (entry.header for entry in store.changes.entries())
        found = {one["device"]: one for one in output["devices"]}
        assert output["rolls_back"] == back.rolls_back
        assert (first.rolls_back, bool(again.rolls_back)) == ("", True)
        assert {(one["outcome"], one["way_back"]) for one in found.values()} == {("as_before", "proven")}
        assert found[FIRST]["drift"] == {"changed": [], "new": [outsider], "gone": 0}
        fast = json.loads(rig.cli("-o", "json", "rollback", "latest", "--fast", "--rehearse"))
        assert {(one["outcome"], one["way_back"]) for one in fast["devices"]} == {("as_before", "proven")}
        with Store.of_workspace(twin, make=False) as store:
            assert store.changes.entries()[1].header.mode == "fast_rollback"
        file = tmp_path / "back.plan"
        rig.cli("rollback", "latest", "--out", str(file))
        fault = f"{FIRST} drop-at-line pattern='standby 10'"
        cut = json.loads(rig.cli("-o", "json", "apply", str(file), "--rehearse", "--fault", fault, expect=5))
        assert {one["device"]: one["outcome"] for one in cut["devices"]}[FIRST] == "with_change"
        assert rig.look() == before, "the devices are only read"
        assert rig.cli("-o", "json", "changes", "list") == listed
        rig.configure(FIRST, {"interface GigabitEthernet0/1/1": {"standby 10 priority 77": {}}})
        late = json.loads(rig.cli("-o", "json", "rollback", "latest", "--rehearse", expect=7))
        assert {one["device"]: one["outcome"] for one in late["devices"]}[FIRST] == "not_rehearsed"
        rig.cli("rollback", "latest", "--rehearse", "--out", str(file), expect=2)
        rig.cli("rollback", "latest", "--from", str(tmp_path), expect=2)
    finally:
        for name in PAIR:
            rig.reset(name)
        _forget_changes(rig)


def _forget_changes(rig: Rig) -> None:
    for name in (".eventready/eventready.db", ".eventready/eventready.db-wal", ".eventready/eventready.db-shm"):
        (rig.copy / name).unlink(missing_ok=True)
