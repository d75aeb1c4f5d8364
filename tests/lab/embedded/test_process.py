"""`eventready lab` as a person uses it: a detached process, its socket, its workspace copy, its end."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from eventready.core.errors import UsageError
from eventready.workspace.workspace import load_workspace
from eventready_lab import lifecycle
from eventready_lab.control.control_socket import send_request
from eventready_lab.control.lab_folder import LabFolder, LabRecord, process_start_time
from eventready_lab.embedded.process import LabOptions
from tests.lab.embedded.lab_commands import EVENT, invoke, json_of, refusal, small_workspace

pytestmark = pytest.mark.slow

SCENARIO = """
title: one cell barred
faults:
  - {device: bsc-1, fault: cell-barred, args: {cell: S1},
     expect: [{check: barring, subject: S1, status: fail}]}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    with small_workspace(tmp_path) as workspace:
        yield workspace


def test_the_copy_is_the_workspace_with_the_labs_addresses(workspace: Path) -> None:
    json_of(workspace, "up")
    copy = load_workspace(workspace / ".eventready" / "lab")
    original = load_workspace(workspace)
    assert copy.event.lab
    assert not original.event.lab
    assert [device.name for device in copy.devices] == [device.name for device in original.devices]
    assert all(device.hostname == "127.0.0.1" for device in copy.devices)
    assert copy.device("bsc-1").expect == original.device("bsc-1").expect
    assert copy.device("enb-1").port == copy.device("enb-2").port
    host = copy.nornir().inventory.hosts["bsc-1"]
    assert host.password
    assert not host.password.startswith("env:")
    assert host.data["x_note"] == "the old one"


def test_no_person_else_can_read_it(workspace: Path) -> None:
    json_of(workspace, "up")
    folder = workspace / ".eventready" / "lab"
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_credentials_are_fresh_each_time(workspace: Path) -> None:
    def password() -> str:
        json_of(workspace, "up")
        host = load_workspace(workspace / ".eventready" / "lab").nornir().inventory.hosts["bsc-1"]
        json_of(workspace, "down")
        return str(host.password)

    assert password() != password()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while process_start_time(pid):
        time.sleep(0.01)


def test_a_lab_that_was_killed_is_tidied_up_and_can_start_again(workspace: Path) -> None:
    kill(json_of(workspace, "up")["pid"])
    assert json_of(workspace, "status") == {"running": False}
    assert json_of(workspace, "down") == {"down": "leftovers"}
    kill(json_of(workspace, "up")["pid"])
    assert json_of(workspace, "up")["devices"] == 3
    json_of(workspace, "down")
    left = {path.name for path in (workspace / ".eventready" / "lab").iterdir()}
    assert left == {"inventory", "known_hosts", "lab.log", "ssh_config"}


def test_another_process_with_the_same_number_is_left_alone(workspace: Path) -> None:
    outsider = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        folder = LabFolder.of(workspace)
        folder.write_record(LabRecord(outsider.pid, "some other time", str(folder.path / "control.sock"), 1, 1, "", ""))
        assert json_of(workspace, "status") == {"running": False}
        assert json_of(workspace, "down") == {"down": "leftovers"}
        assert outsider.poll() is None
    finally:
        outsider.kill()
        outsider.communicate()


@pytest.mark.parametrize("place", ["other.sock", "elsewhere/control.sock"])
def test_a_record_from_elsewhere_costs_no_other_socket(workspace: Path, place: str) -> None:
    with socket.socket(socket.AF_UNIX) as server, TemporaryDirectory() as short:
        path = Path(short) / place
        path.parent.mkdir(exist_ok=True)
        server.bind(str(path))
        folder = LabFolder.of(workspace)
        for process, started in ((os.getpid(), process_start_time(os.getpid())), (1, "some other time")):
            folder.write_record(LabRecord(process, started, str(path), 1, 1, "", ""))
            assert json_of(workspace, "status") == {"running": False}
            assert json_of(workspace, "down") == {"down": "leftovers"}
            assert path.is_socket()


def test_a_process_that_does_not_listen_is_killed(workspace: Path) -> None:
    pid = json_of(workspace, "up")["pid"]
    record = LabFolder.of(workspace).read_record()
    assert record
    Path(record.socket).unlink()
    assert "does not answer" in refusal(invoke(workspace, "status"))
    assert json_of(workspace, "down") == {"down": "stopped"}
    assert not process_start_time(pid)


def test_nonsense_on_the_socket_is_answered_and_harms_no_person(workspace: Path) -> None:
    json_of(workspace, "up")
    record = LabFolder.of(workspace).read_record()
    assert record
    with pytest.raises(UsageError, match="unknown request 'dance'"):
        send_request(record, do="dance")
    with pytest.raises(UsageError, match="has no 'device'"):
        send_request(record, do="fault")
    assert send_request(record, do="status")["devices"] == 3


def test_a_folder_deep_down_has_its_socket_elsewhere(workspace: Path) -> None:
    out = workspace / ("deep" * 20) / ("deeper" * 10)
    up = json_of(workspace, "up", "--out", str(out))
    record = LabFolder(out).read_record()
    assert record
    assert not record.socket.startswith(str(out))
    assert up["devices"] == json_of(workspace, "status", "--out", str(out))["devices"]
    json_of(workspace, "down", "--out", str(out))
    assert not Path(record.socket).parent.exists()


def test_a_scenario_from_a_file_is_seeded(workspace: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    up = json_of(workspace, "up", "--scenario", str(scenario))
    assert up["expected"] == [{"check": "barring", "device": "bsc-1", "subject": "S1", "status": "fail"}]
    assert [made["fault"] for made in json_of(workspace, "status")["faults"]] == ["cell-barred"]
    record = LabFolder.of(workspace).read_record()
    assert record
    assert tuple(record.absent) == ("odd-1",)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cell-barred", "cell-bared", "scenario.yaml:4: unknown fault 'cell-bared'"),
        ("bsc-1", "bsc-7", "names bsc-7"),
        ("title", "titel", "scenario.yaml:2"),
        ("{cell: S1}", "{sell: S1}", "no argument 'sell'"),
    ],
)
def test_a_scenario_that_does_not_hold_is_refused_before_anything_starts(
    workspace: Path, tmp_path: Path, old: str, new: str, words: str
) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO.replace(old, new), encoding="utf-8")
    result = invoke(workspace, "up", "--scenario", str(scenario))
    assert words in str(result.exception)
    assert json_of(workspace, "status") == {"running": False}


def test_an_unknown_scenario_is_refused(workspace: Path) -> None:
    assert "unknown scenario 'mars'" in refusal(invoke(workspace, "up", "--scenario", "mars"))


def test_a_workspace_of_ones_own_is_never_written_over(workspace: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "inventory"
    mine.mkdir(parents=True)
    (mine / "event.yaml").write_text(EVENT, encoding="utf-8")
    assert "a workspace that is no lab's copy" in refusal(invoke(workspace, "up", "--out", str(mine.parent)))
    assert (mine / "event.yaml").read_text(encoding="utf-8") == EVENT


def test_a_lab_of_a_lab_is_refused_and_its_copy_knows_the_lab(workspace: Path) -> None:
    json_of(workspace, "up")
    copy = workspace / ".eventready" / "lab"
    assert json_of(copy, "status")["devices"] == 3
    json_of(copy, "down")
    assert "is a lab's copy" in refusal(invoke(copy, "up"))


def test_a_folder_that_cannot_be_written_is_a_sentence(workspace: Path) -> None:
    (workspace / "file").write_text("", encoding="utf-8")
    assert "cannot be written" in refusal(invoke(workspace, "up", "--out", str(workspace / "file" / "lab")))


def test_faults_are_listed(workspace: Path) -> None:
    assert "psu-failed" in invoke(workspace, "fault", "--list").output
    assert {"fault", "help", "args"} == set(json_of(workspace, "fault", "--list")[0])
    assert "needs a device" in refusal(invoke(workspace, "fault"))


def test_a_full_disk_is_named_though_the_log_could_not_state(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_options: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lifecycle, "_spawn", lambda *_: subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"]))
    folder = LabFolder(workspace / ".eventready" / "lab")
    folder.path.mkdir(parents=True)
    folder.log.touch()
    with pytest.raises(UsageError, match="the lab did not start: no message"):
        lifecycle.start(LabOptions(workspace, folder.path))
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(UsageError, match=r"cannot be written \(No space left on device\)"):
        lifecycle.start(LabOptions(workspace, folder.path))
