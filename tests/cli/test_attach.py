"""A change goes on without its terminal, and other terminals attach to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eventready.change.document import load_plan
from eventready.change.execute.attach.client import attachments
from eventready.change.execute.attach.sockets import socket_folder
from eventready.core.errors import Exit
from eventready.store.store import Store
from tests.cli.bsc_lab import NOW, Lab, on_terminal, process_of, read_until
from tests.conftest import Proved

pytestmark = pytest.mark.slow

HELD = ("--hold", "--soak", "0")
#: How the operator is lost: closed terminal, hang-up of the shell's jobs, kill -9 of them, no controlling terminal.
LOST: dict[str, Callable[[int, int], None]] = {
    "closed terminal": lambda _process, terminal: os.close(terminal),
    "hang-up": lambda process, _terminal: os.killpg(process, signal.SIGHUP),
    "killed shell": lambda process, _terminal: os.killpg(process, signal.SIGKILL),
    "setsid": lambda _process, terminal: os.close(terminal),
}
#: Ctrl-S: what is written to the terminal waits.
_STOPPED_OUTPUT = b"\x13"


def _answered(lab: Lab, *answers: bytes) -> int:
    """Attach from another terminal, and type an answer for each wave; return the exit code."""
    with on_terminal(lab, "apply", "--attach") as (process, terminal):
        for wave, answer in enumerate(answers, start=1):
            read_until(terminal, f"Wave {wave} of 2")
            read_until(terminal, "left, then they go back")
            os.write(terminal, answer)
        return process.wait(60)


@pytest.mark.parametrize("how", LOST)
def test_a_change_goes_on_without_its_operator(lab: Lab, plan: Path, proved: Proved, how: str) -> None:
    with on_terminal(lab, "apply", plan, *HELD, controls=how != "setsid") as (process, terminal):
        read_until(terminal, "Type yes")
        LOST[how](process.pid, terminal)
        process.wait(10)
    assert _answered(lab, b"yes\n", b"yes\n") == Exit.OK
    with Store.of_workspace(lab.copy) as store:
        assert set(store.changes.get("latest").entry.outcomes.values()) == {"new"}
        assert store.changes.locks() == ()
    assert list(socket_folder(lab.copy).glob("*.sock")) == []
    lab.run("rollback", "latest", "--soak", "0")
    proved("operator lost", how)


def test_a_silent_connection_delays_nothing(lab: Lab, plan: Path, proved: Proved) -> None:
    """A lost VPN: nobody reads the terminal, which stays open until the connection is given up."""
    with on_terminal(lab, "apply", plan, *HELD) as (process, terminal):
        read_until(terminal, "Type yes")
        os.write(terminal, _STOPPED_OUTPUT)
        assert _answered(lab, b"yes\n", b"yes\n") == Exit.OK
        assert process.poll() is None, "still writes to the silent terminal"
        os.close(terminal)
        process.wait(10)
    with Store.of_workspace(lab.copy) as store:
        assert set(store.changes.get("latest").entry.outcomes.values()) == {"new"}
        assert store.changes.locks() == ()
    lab.run("rollback", "latest", "--soak", "0")
    proved("operator lost", "lost VPN")


@pytest.mark.parametrize(("wave", "ends"), [(1, {"old", "untouched"}), (2, {"old", "new"})])
def test_a_change_is_resumed_after_a_restart_of_the_machine(
    *, lab: Lab, plan: Path, tmp_path: Path, proved: Proved, wave: int, ends: set[str]
) -> None:
    """kill -9 of all processes of the change at once, while the devices of a wave have lines and are not confirmed."""
    planned = load_plan(plan).plan
    with on_terminal(lab, "apply", plan, *HELD) as (process, terminal):
        for number in range(1, wave + 1):
            read_until(terminal, f"Wave {number} of 2")
            read_until(terminal, "Type yes")
            if number < wave:
                os.write(terminal, b"yes\n")
        for group in {os.getpgid(number) for number in (process_of(lab), process.pid)}:
            os.killpg(group, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    with Store.of_workspace(lab.copy) as store:
        assert store.changes.get("latest").entry.ended is None
        assert {lock.device for lock in store.changes.locks()} == set(planned.order[wave - 1 :])
    assert "no change is running" in lab.run("apply", "--attach", expect=(2,)).stderr
    lab.run("apply", "--resume", "latest", "--soak", "0", expect=(Exit.OK, Exit.CHANGE_REVERTED))
    with Store.of_workspace(lab.copy) as store:
        outcomes = store.changes.get("latest").entry.outcomes
        assert store.changes.locks() == ()
        assert store.verify().problems == ()
    assert set(outcomes.values()) == ends
    if "new" in ends:
        lab.run("rollback", "latest", "--soak", "0")
    lab.run("plan", "load_balancing", "--out", tmp_path / "again.plan")
    again = load_plan(tmp_path / "again.plan").plan
    assert {one.name: one.before for one in again.devices} == {one.name: one.before for one in planned.devices}
    proved("operator lost", "restart of the machine", f"in wave {wave}")


def test_without_a_terminal_it_waits_for_the_end(lab: Lab, plan: Path) -> None:
    """As from a script; SIGHUP is none of its business, and a terminal may attach."""
    command = [sys.executable, "-m", "eventready", "-w", str(lab.copy), "--now", NOW, "apply", str(plan), *HELD]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert any("waiting for your word" in line for line in process.stderr)
        process.send_signal(signal.SIGHUP)
        assert _answered(lab, b"no\n") == Exit.CHANGE_REVERTED
        assert process.wait(60) == Exit.CHANGE_REVERTED
        assert process.stdout is not None
        assert "The operator" in process.stdout.read()


def test_ctrl_c_asks_once(lab: Lab, plan: Path) -> None:
    with on_terminal(lab, "apply", plan, *HELD) as (process, terminal):
        read_until(terminal, "Type yes")
        os.write(terminal, b"\x03")
        read_until(terminal, "Type r to revert")
        os.write(terminal, b"\n")  # go on
        read_until(terminal, "Type yes")
        os.write(terminal, b"\x03")
        read_until(terminal, "Type r to revert")
        os.write(terminal, b"d\n")
        read_until(terminal, "the change goes on")
        assert process.wait(10) == Exit.INCOMPLETE
    with on_terminal(lab, "apply", "--attach") as (process, terminal):
        read_until(terminal, "Type yes")
        os.write(terminal, b"\x03")
        read_until(terminal, "Type r to revert")
        os.write(terminal, b"\x03")  # a second one reverts
        assert process.wait(60) == Exit.CHANGE_REVERTED
    lab.run("plan", "load_balancing", "--detailed-exitcode", expect=(3,))


def test_what_is_refused_is_refused_on_the_terminal(lab: Lab, plan: Path) -> None:
    """The process of its own has refused, and nothing runs afterwards."""
    with on_terminal(lab, "--now", "2022-04-27 07:00", "apply", plan) as (process, terminal):
        read_until(terminal, "eventready: ")
        assert process.wait(30) == Exit.REFUSED
    assert list(attachments(lab.copy)) == []
    assert "no change is running" in lab.run("apply", "--attach", expect=(2,)).stderr
