"""`apply --at` waits without its operator, begins within an approval, and is cancelled or lost without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready.change.document import load_plan, write_plan
from eventready.change.execute.attach.sockets import socket_folder
from eventready.change.safety.approval import approve
from eventready.core.errors import Exit
from eventready.workspace.keys.signing_keys import load_private, make_key
from eventready.workspace.workspace import load_workspace
from tests.cli.bsc_lab import NOW, Lab, on_terminal, process_of, read_until

pytestmark = pytest.mark.slow

#: A begin soon enough for a test, and one that is never reached.
SOON, LATER = "2022-04-25 07:00:08", "2022-04-25 09:00"
QUICK = ("--soak", "0")


@pytest.fixture
def approved(lab: Lab, plan: Path, tmp_path: Path) -> Iterator[Path]:
    """A plan with the approval of a second person; no approval is required at the keys."""
    path = lab.copy / "inventory" / "event.yaml"
    before = path.read_text(encoding="utf-8")
    public = make_key(tmp_path / "key.pem", "Bình")
    event = yaml.safe_load(before)
    approvers = [{"name": "Bình", "signs_with": public.id}]
    event.setdefault("changes", {}).update(approvers=approvers, approval_expires_s=8 * 3600)
    path.write_text(yaml.safe_dump(event, allow_unicode=True), encoding="utf-8")
    settings = load_workspace(lab.copy).event.changes
    key = load_private(str(tmp_path / "key.pem"), lab.copy, "")
    write_plan(plan, approve(load_plan(plan), settings, key, datetime.now(UTC)))
    yield plan
    path.write_text(before, encoding="utf-8")


def waits(lab: Lab) -> list[dict[str, Any]]:
    """Waiting and lost changes in the list."""
    return [one for one in lab.json("changes", "list") if "waits" in one]


def unchanged(lab: Lab) -> None:
    lab.run("plan", "load_balancing", "--detailed-exitcode", expect=(3,))


def test_a_change_begins_without_its_terminal(lab: Lab, approved: Path) -> None:
    with on_terminal(lab, "apply", approved, "--at", SOON, *QUICK) as (process, terminal):
        read_until(terminal, "waits for its begin at 25/04/2022 07:00")
        os.close(terminal)
        process.wait(10)
    (one,) = waits(lab)
    assert (one["waits"]["state"], one["working"], one["devices"]) == ("waiting", True, [])
    assert one["waits"]["announced"]["plan"] == load_plan(approved).plan.id
    assert "waits" in lab.run("changes", "list").stdout
    assert "apply --attach" in lab.run("changes", "show", one["id"]).stdout
    unchanged(lab)
    with on_terminal(lab, "apply", "--attach") as (process, terminal):
        read_until(terminal, "waits for its begin")
        read_until(terminal, f"Change {one['id']}, 2 devices")
        assert process.wait(60) == Exit.OK
    assert waits(lab) == []
    assert list(socket_folder(lab.copy).glob("*.sock")) == []
    assert lab.json("changes", "show", "latest")["header"]["approved_by"] == ["Bình"]
    lab.run("rollback", "latest", *QUICK)


def test_a_change_killed_while_it_waits_is_lost(lab: Lab, approved: Path) -> None:
    with on_terminal(lab, "apply", approved, "--at", SOON, *QUICK) as (process, terminal):
        read_until(terminal, "waits for its begin")
        os.kill(process_of(lab), signal.SIGKILL)
        read_until(terminal, "was lost before its begin")
        assert process.wait(10) == Exit.CHANGE_REVERTED
    time.sleep(9)
    (one,) = waits(lab)
    assert one["waits"]["state"] == "lost"
    listed = lab.run("changes", "list")
    assert "lost" in listed.stdout
    assert f"changes cancel {one['id']}" in listed.stderr
    assert one["id"] in lab.run("apply", "--attach", expect=(2,)).stderr
    unchanged(lab)
    assert "waits already" in lab.run("apply", approved, "--at", LATER, expect=(7,)).stderr
    lab.run("changes", "cancel", one["id"])
    assert waits(lab) == []
    assert "Cancelled by" in lab.run("changes", "show", one["id"]).stdout
    lab.run("changes", "cancel", one["id"], expect=(7,))


def test_ctrl_c_detaches_waits_on_or_cancels(lab: Lab, approved: Path) -> None:
    with on_terminal(lab, "apply", approved, "--at", LATER) as (process, terminal):
        read_until(terminal, "waits for its begin")
        os.write(terminal, b"\x03")
        read_until(terminal, "Type c to cancel")
        os.write(terminal, b"d\n")
        read_until(terminal, "the change waits on")
        assert process.wait(10) == Exit.INCOMPLETE
    with on_terminal(lab, "apply", "--attach") as (process, terminal):
        read_until(terminal, "waits for its begin")
        os.write(terminal, b"\x03")
        read_until(terminal, "Type c to cancel")
        os.write(terminal, b"\n")
        os.write(terminal, b"\x03")
        read_until(terminal, "Type c to cancel")
        os.write(terminal, b"c\n")
        read_until(terminal, "was cancelled by")
        assert process.wait(10) == Exit.REFUSED
    assert waits(lab) == []
    unchanged(lab)


def test_a_script_waits_and_is_cancelled_from_elsewhere(lab: Lab, approved: Path) -> None:
    command = [sys.executable, "-m", "eventready", "-w", str(lab.copy), "--now", NOW, "apply", str(approved)]
    command += ["--at", LATER]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert any("waits for its begin" in line for line in process.stderr)
        process.send_signal(signal.SIGHUP)
        until = datetime.now(UTC) + timedelta(seconds=20)
        while not waits(lab) and datetime.now(UTC) < until:
            time.sleep(0.2)
        done = lab.json("changes", "cancel", "latest", "--by", "Cúc")
        assert (done["by"], done["was"]) == ("Cúc", "waiting")
        assert process.wait(20) == Exit.REFUSED
        assert "was cancelled by Cúc" in process.stderr.read()
    unchanged(lab)


REFUSED = {
    "past": (("--at", "2022-04-25 06:59"), 2, "is over"),
    "no time": (("--at", "tonight"), 2, "tonight"),
    "freeze": (("--at", "2022-04-27 01:00"), 7, "lasts until"),
    "expired": (("--at", "2022-04-25 23:00"), 7, "1 approval"),
    "emergency": (("--at", LATER, "--emergency", "T1", "--named", "An", "--named", "Cúc"), 2, "emergency"),
    "dry run": (("--at", LATER, "--dry-run"), 2, "--at"),
    "rehearsal": (("--at", LATER, "--rehearse"), 2, "--at"),
    "window dry": (("--in-window", "Night 1", "--dry-run"), 2, "--in-window"),
    "both": (("--at", LATER, "--in-window", "Night 1"), 2, "exclude each other"),
    "no window": (("--in-window", "Night 1"), 2, "no window of kind `maintenance`"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_at_the_keys(lab: Lab, approved: Path, what: str) -> None:
    words, code, reason = REFUSED[what]
    assert reason in lab.run("apply", approved, *words, expect=(code,)).stderr
    assert waits(lab) == []


def test_refused_without_an_approval_and_with_codes_of_a_person(lab: Lab, plan: Path, approved: Path) -> None:
    file = load_plan(plan)
    write_plan(plan, file.model_copy(update={"approvals": ()}))
    assert "1 approval" in lab.run("apply", plan, "--at", LATER, expect=(7,)).stderr
    write_plan(plan, file)
    path = lab.copy / "inventory" / "hosts.yaml"
    before = path.read_text(encoding="utf-8")
    hosts = yaml.safe_load(before)
    hosts["bsc-2"].setdefault("data", {})["access"] = {"one_time_code": "ask"}
    path.write_text(yaml.safe_dump(hosts, allow_unicode=True), encoding="utf-8")
    try:
        assert "the login of bsc-2 asks a person" in lab.run("apply", plan, "--at", LATER, expect=(7,)).stderr
    finally:
        path.write_text(before, encoding="utf-8")


def test_an_empty_plan_waits_for_nothing(lab: Lab, tmp_path: Path, plan: Path) -> None:
    lab.run("apply", plan, *QUICK)
    empty = tmp_path / "empty.plan"
    lab.run("plan", "load_balancing", "--out", empty)
    lab.run("apply", empty, "--at", LATER)
    assert waits(lab) == []
    lab.run("rollback", "latest", *QUICK)
