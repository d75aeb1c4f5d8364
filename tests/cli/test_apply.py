"""`apply`, `rollback`, `changes`, and the Nornir task, as an engineer runs them, on a lab of two controllers."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from eventready.audit.tasks import apply_plan
from eventready.change.document import load_plan
from eventready.change.execute.apply import open_change, open_plan
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.execute.device.machine import DeviceMachine
from eventready.change.execute.executor import ChangeExecutor
from eventready.change.execute.result import AssignmentResult
from eventready.cli.change.progress import ApplyProgress, options_of
from eventready.cli.context import App
from eventready.cli.options import execution_options
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, RefusedError, UsageError
from eventready.store.change_steps import Arm, ChangeHeader, DeviceOutcome
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.cli.bsc_lab import NOW, Lab, on_terminal, process_of, read_until

pytestmark = pytest.mark.slow

FROZEN = "2022-04-27 07:00"
EMERGENCY = ("--emergency", "INC-7", "--named", "Nguyễn Văn A", "--named", "Trần Thị B")


def outcomes(document: Any) -> dict[str, str]:
    return {one["device"]: one["outcome"] for one in document["devices"]}


def test_there_and_back(lab: Lab, plan: Path) -> None:
    done = lab.run("apply", plan)
    assert done.stdout.count(" with the change ") == 2
    assert "findings, none worse" in done.stdout
    assert "rolls it back" in done.stdout
    assert "No device-side way back: bsc-1" in done.stderr.replace("bsc-2, bsc-1", "bsc-1, bsc-2")
    assert "bsc-1: sending the lines\n" in done.stderr, "off a terminal a line per step"
    lab.run("plan", "load_balancing", "--detailed-exitcode")  # 0: nothing to change any more
    shown = lab.run("changes", "show", "latest").stdout
    assert "bsc-1: with the change, and proven" in shown
    assert "bsc-2: with the change, and proven" in shown
    assert "send the lines" in shown

    document = lab.json("rollback", "latest")
    assert outcomes(document) == {"bsc-1": "as_before", "bsc-2": "as_before"}
    assert document["rolls_back"]
    assert document["exit"] == 0
    assert "All devices are as before" in document["next"]
    assert "rolled back already" in lab.run("rollback", document["rolls_back"], expect=(7,)).stderr
    again = lab.run("rollback", "latest", expect=(7,)).stderr
    assert f"is a rollback: {document['rolls_back']} was rolled back already" in again
    lab.run("plan", "load_balancing", "--detailed-exitcode", expect=(3,))


def test_a_line_that_is_refused_stops_the_change_at_the_first_device(lab: Lab, plan: Path) -> None:
    first = load_plan(plan).plan.waves[0][0]
    other = ({"bsc-1", "bsc-2"} - {first}).pop()
    with lab.fault(first, "refuse-line", "pattern=handover"):
        document = lab.json("apply", plan, expect=(5,))
    assert outcomes(document) == {first: "as_before", other: "as_before"}
    assert document["exit"] == 5
    assert "handover" in document["devices"][0]["why"]
    assert "then apply the plan again" in document["next"]
    listed = lab.json("changes", "list")
    assert listed[-1]["exit"] == 5
    assert {one["state"] for one in listed[-1]["devices"]} == {"as_before"}
    lab.run("apply", plan)  # the plan still holds: everything is as it was
    lab.run("rollback", "latest")


def test_a_closed_window_refuses_and_an_emergency_stands_in_the_record(lab: Lab, plan: Path) -> None:
    refused = lab.run("apply", plan, now=FROZEN, expect=(7,))
    assert "Change freeze (freeze) lasts until 02/05/2022 00:00" in refused.stderr
    assert refused.stdout == ""
    assert "two people" in lab.run("apply", plan, *EMERGENCY[:4], now=FROZEN, expect=(7,)).stderr
    done = lab.run("apply", plan, *EMERGENCY, now=FROZEN)
    assert "EMERGENCY: Nguyễn Văn A and Trần Thị B, ticket INC-7" in done.stdout
    assert "lasts until" in lab.run("rollback", "latest", now=FROZEN, expect=(7,)).stderr
    assert "EMERGENCY" in " ".join(lab.run("changes", "list").stdout.split())
    lab.run("rollback", "latest", *EMERGENCY, now=FROZEN)
    lab.run("audit", "--interval", "0", now=FROZEN, expect=(0, 3, 4))
    page = lab.run("report", "readiness", "--format", "md", "--lang", "en", "--out", "-", now=FROZEN).stdout
    assert "EMERGENCY: Nguyễn Văn A and Trần Thị B, ticket INC\\-7" in page


def test_a_plan_that_is_no_longer_true_is_refused(lab: Lab, plan: Path) -> None:
    lab.run("apply", plan)
    again = lab.run("apply", plan, expect=(7,))
    assert "is not the planned one" in " ".join(again.stdout.split())
    lab.run("rollback", lab.json("changes", "list")[-2]["id"])


def test_the_task_in_anyones_own_script(lab: Lab, plan: Path) -> None:
    with open_plan(plan, workspace=lab.copy, by="an", now=NOW, soak_s=0.5) as (nr, change):
        name = change.waves[0][0]
        results = nr.filter(name=name).run(task=apply_plan, change=change)
        assert not results.failed
        assert results[name].changed
        assert results[name].result.outcome is DeviceOutcome.NEW
        with pytest.raises(RefusedError, match="has been run in this change"):
            change.execute(name)
        with pytest.raises(RefusedError, match="not in the plan"):
            change.execute("core-1")
    with Store.of_workspace(lab.copy) as store:
        record = store.changes.get("latest")
    assert change.done.exit is Exit.CHANGE_REVERTED, "one device of the plan was left out"
    assert sorted(record.entry.outcomes.values()) == ["new", "untouched"]
    assert record.entry.ended
    lab.run("rollback", "latest")


def test_what_the_caller_raises_leaves_a_record(lab: Lab, plan: Path) -> None:
    workspace, file = load_workspace(lab.copy), load_plan(plan)
    with Store.of_workspace(lab.copy) as store:
        options = Options(by="an", host="nms", soak_s=0.5)
        context = ExecutionContext(workspace, store, Clock.starting(NOW), options, ApplyProgress(interactive=False))
        with pytest.raises(ZeroDivisionError), open_change(context, file):
            raise ZeroDivisionError
        assert set(store.changes.get("latest").entry.outcomes.values()) == {"untouched"}
        assert store.changes.locks() == ()


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ((), "apply needs one of"),
        (("x.plan", "--resume", "c-1"), "apply needs one of"),
        (("nowhere.plan",), "no such plan"),
        (("nowhere.plan", "--named", "A"), "--named requires an emergency"),
        (("nowhere.plan", "--confirm-within", "soon"), "not a duration"),
        (("nowhere.plan", "--confirm-within", "0"), "not a duration"),
        (("nowhere.plan", "--confirm-within", "٣m"), "not a duration"),
        (("--resume", "c-unknown"), "no change 'c-unknown'"),
        (("--resume", "c-1", "--hold"), "--hold needs a plan"),
        (("nowhere.plan", "--hold", "--dry-run"), "--hold needs a plan"),
        (("nowhere.plan", "--hold", "--rehearse"), "--hold needs a plan"),
        (("nowhere.plan", "--attach"), "apply needs one of"),
    ],
)
def test_what_cannot_be_meant(lab: Lab, words: tuple[str, ...], output: str) -> None:
    with Store.of_workspace(lab.copy) as store:
        assert store.changes.locks() == ()
    assert output in lab.run("apply", *words, expect=(2,)).stderr.lower()


@pytest.mark.parametrize("job", ["apply_plan", "resume"])
def test_an_interruption_before_the_first_device_is_a_failed_change(
    lab: Lab, plan: Path, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    def interrupt(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with Store.of_workspace(lab.copy) as store:
        if not store.changes.entries():  # of another test
            header = ChangeHeader(by="An", host="here")
            store.changes.begin("c-0", event="e", plan=b'{"plan":{}}', devices=[], header=header)
    monkeypatch.setattr(f"eventready.cli.change.apply.{job}", interrupt)
    words: tuple[str | Path, ...] = (plan,) if job == "apply_plan" else ("--resume", "latest")
    assert "No line was sent" in lab.run("apply", *words, expect=(5,)).stderr


def test_a_stuck_device_is_released(lab: Lab, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """eventready is cut off behind the guard: the device is old and its part open, and a person decides."""

    def fail(machine: DeviceMachine) -> AssignmentResult:
        machine._prepare()
        machine._steps.record(Arm(machine._assignment.device, "inverse", 600))
        return AssignmentResult(machine._assignment.device, DeviceOutcome.UNPROVEN, "It was cut off.", recorded=False)

    first, other = (device for wave in load_plan(plan).plan.waves for device in wave)
    with monkeypatch.context() as patch:
        patch.setattr(ChangeExecutor.execute, "__defaults__", (fail,))
        patch.setattr(DeviceMachine, "execute", fail)
        assert outcomes(lab.json("apply", plan, expect=(6,))) == {first: "unproven", other: "as_before"}
    assert "is locked by change" in lab.run("apply", plan, expect=(7,)).stderr
    words = ("changes", "release", "latest", first, "--by", "Lê Thị C", "--why", "the line card was replaced")
    assert f"{first} is not with the change" in lab.run(*words, "--as", "with-change", "--yes", expect=(7,)).stderr
    assert "the reason is empty" in lab.run(*words[:-1], " ", "--as", "as-before", "--yes", expect=(2,)).stderr
    released = lab.run(*words, "--as", "as-before", "--yes")
    assert f"{first}: as before the change" in released.stdout
    assert "to that before the change:\n  no difference" in released.stderr
    shown = lab.run("changes", "show", "latest").stdout
    assert "as before the change, by Lê Thị C: the line card was replaced" in shown
    with Store.of_workspace(lab.copy) as store:
        assert store.changes.locks() == ()


def test_a_plan_that_was_altered_is_refused(lab: Lab, plan: Path) -> None:
    plan.write_text(plan.read_text(encoding="utf-8").replace("handover2", "handover3"), encoding="utf-8")
    assert "altered" in lab.run("apply", plan, expect=(7,)).stderr


def test_the_plan_of_a_rollback_is_only_written(lab: Lab, plan: Path, tmp_path: Path) -> None:
    lab.run("apply", plan)
    back = tmp_path / "back.plan"
    back.write_text("notes", encoding="utf-8")
    assert "is not a plan" in lab.run("rollback", "latest", "--out", back, expect=(2,)).stderr
    assert back.read_text(encoding="utf-8") == "notes"
    back.unlink()
    assert lab.run("rollback", "latest", "--out", back).stdout.strip() == str(back)
    assert load_plan(back).plan.rolls_back
    lab.run("apply", back)


@pytest.mark.parametrize(("text", "seconds"), [("10m", 600), ("300s", 300), ("300", 300), ("1H", 3600)])
def test_spans_of_time(text: str, seconds: int) -> None:
    seen: list[Any] = []

    @click.command()
    @execution_options
    def command(**given: Any) -> None:
        seen.append(given["confirm_within"])

    assert CliRunner().invoke(command, ["--confirm-within", text]).exit_code == 0
    assert seen == [seconds]


def test_who_applies_is_named() -> None:
    usual: dict[str, Any] = {
        "confirm_within": None,
        "settle": None,
        "soak": None,
        "workers": 4,
        "ticket": "",
        "named": (),
        "signed": False,
        "source": "",
    }
    app = App()
    assert options_of(app, **usual, by="  Nguyễn  An ").by == "Nguyễn An"
    assert options_of(app, **usual, by="").by
    with pytest.raises(EventreadyError, match="two people"):
        options_of(app, **{**usual, "ticket": "INC-7", "named": ("A", "a")}, by="")
    with pytest.raises(UsageError):
        options_of(app, **{**usual, "named": ("A",)}, by="")


def test_a_watcher_on_a_terminal_sees_the_wave_and_what_goes_wrong_first() -> None:
    watch = ApplyProgress(interactive=True)
    watch.wave(2, 3, ["r1", "r2", "r3"])
    watch.step("r1", "verify")
    watch.step("r2", "revert")
    watch.step("r3", "backup")
    watch.done(AssignmentResult("r3", DeviceOutcome.NEW))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(watch)
    lines = console.export_text().splitlines()
    assert lines[0] == "Wave 2 of 3: 2 devices to go"
    assert lines[1].strip() == "r2: REVERTING"
    assert lines[2].strip() == "r1: verifying"


@pytest.mark.parametrize(
    ("answer", "code", "ends"), [(b"yes\n", 0, {"new"}), (b"what?\nno\n", 5, {"old", "untouched"})]
)
def test_a_held_change_waits_for_the_word_of_its_operator(
    lab: Lab, plan: Path, answer: bytes, code: int, ends: set[str]
) -> None:
    with on_terminal(lab, "apply", plan, "--hold", "--soak", "0") as (process, terminal):
        os.write(terminal, b"yes\n")  # typed ahead, which is no word
        for wave in (1, 2) if code == 0 else (1,):
            read_until(terminal, f"Wave {wave} of 2")
            read_until(terminal, "take back. 9:")
            os.write(terminal, answer)
        assert process.wait(30) == code
    with Store.of_workspace(lab.copy) as store:
        assert set(store.changes.get("latest").entry.outcomes.values()) == ends
        assert store.changes.locks() == ()
    if code == 0:
        lab.run("rollback", "latest", "--soak", "0")


def test_a_held_change_without_a_word_goes_back_and_says_so(lab: Lab, plan: Path) -> None:
    """The least time of a guard is a minute, of which three seconds are left for the word."""
    with on_terminal(lab, "apply", plan, "--hold", "--soak", "0", "--confirm-within", "60s", margin_s=57) as held:
        process, terminal = held
        read_until(terminal, "gave no word")
        assert process.wait(30) == 5
    lab.run("plan", "load_balancing", "--detailed-exitcode", expect=(3,))


def test_a_held_change_that_is_killed_is_resumed(lab: Lab, plan: Path) -> None:
    with on_terminal(lab, "apply", plan, "--hold", "--soak", "0") as (process, terminal):
        read_until(terminal, "Type yes")
        os.kill(process_of(lab), signal.SIGKILL)
        assert process.wait(30) == Exit.REVERT_FAILED
        assert "apply --resume c-" in read_until(terminal, "--resume")
    document = lab.json("apply", "--resume", "latest", expect=(5,))
    assert set(outcomes(document).values()) == {"as_before"}
    lab.run("plan", "load_balancing", "--detailed-exitcode", expect=(3,))
