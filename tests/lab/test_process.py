"""`eventready lab` as a person uses it: a detached process, its socket, its workspace copy, its end."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eventready.cli.context import App
from eventready.cli.lab import command
from eventready.errors import UsageError
from eventready.lab import manage
from eventready.lab.control import ask
from eventready.lab.place import Place, Running, process_mark
from eventready.lab.process import Order
from eventready.workspace.workspace import load_workspace

EVENT = """
id: rehearsal
name: Rehearsal
recipient: {name: Department, email: someone@example.org}
venues:
  - {id: hall, name: Hall, services: [mobile, wifi]}
"""
GROUPS = """
bsc:
  platform: osmocom_bsc
  port: 4242
  password: env:SOME_PASSWORD
  data: {role: bts_controller, venues: [hall], allow_cleartext: true}
"""
HOSTS = """
bsc-1:
  hostname: 192.0.2.51
  groups: [bsc]
  data:
    expect:
      sites: [{name: S1, venue: hall}]
      cells: [{name: S1, site: S1, venue: hall}]
      core_links: ["0"]
    x_note: the old one
enb-1:
  hostname: 192.0.2.61
  platform: huawei_enb
  data: {role: bts_controller, venues: [hall], endpoint: mae-1, element: ENB1, allow_cleartext: true,
         expect: {cells: [{name: C1, venue: hall}]}}
enb-2:
  hostname: 192.0.2.61
  platform: huawei_enb
  data: {role: bts_controller, venues: [hall], endpoint: mae-1, element: ENB2, allow_cleartext: true,
         expect: {cells: [{name: C2, venue: hall}]}}
odd-1:
  hostname: 192.0.2.99
  platform: something_else
  data: {role: bts_controller, venues: [hall]}
"""
SCENE = """
title: one cell barred
faults:
  - {device: bsc-1, fault: cell-barred, args: {cell: S1},
     finds: [{check: barring, subject: S1, status: fail}]}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    """A workspace; whatever lab was started in it is stopped."""
    folder = tmp_path / "ws" / "inventory"
    folder.mkdir(parents=True)
    for name, text in (("event", EVENT), ("groups", GROUPS), ("hosts", HOSTS)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "limits.yaml").write_text("", encoding="utf-8")
    yield folder.parent
    invoke(folder.parent, "down")


def invoke(workspace: Path, *args: str, output: Any = "table") -> Result:
    return CliRunner().invoke(command, args, obj=App(workspace, output))


def told(workspace: Path, *args: str) -> Any:
    result = invoke(workspace, *args, output="json")
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def refusal(result: Result) -> str:
    assert isinstance(result.exception, UsageError), result.exception
    return str(result.exception)


def test_up_status_fault_down(workspace: Path) -> None:
    up = told(workspace, "up")
    assert (up["devices"], up["endpoints"], up["left_out"]) == (3, 2, ["odd-1"])
    assert "runs here already" in refusal(invoke(workspace, "up"))
    assert told(workspace, "fault", "bsc-1", "cell-barred", "S1") == [
        {"device": "bsc-1", "fault": "cell-barred", "args": {"cell": "S1"}}
    ]
    assert "no cell S9" in refusal(invoke(workspace, "fault", "bsc-1", "cell-barred", "cell=S9"))
    status = told(workspace, "status")
    assert (status["running"], status["devices"], status["sessions"]) == (True, 3, 0)
    assert [made["fault"] for made in status["faults"]] == ["cell-barred"]
    assert "bsc-1 cell-barred cell=S1" in invoke(workspace, "status").output
    told(workspace, "fault", "bsc-1", "cell-barred", "--clear")
    assert told(workspace, "status")["faults"] == []
    for words in (("bsc-1", "--clear"), ("--clear",)):
        told(workspace, "fault", "bsc-1", "cell-barred", "S1")
        told(workspace, "fault", "bsc-1", "slow", "seconds=0.1")
        assert {made["fault"] for made in told(workspace, "fault", *words)} == {"cell-barred", "slow"}
        assert told(workspace, "status")["faults"] == []
    assert told(workspace, "fault", "--clear") == []
    assert told(workspace, "down") == {"down": "stopped"}
    assert told(workspace, "status") == {"running": False}
    assert told(workspace, "down") == {"down": "nothing"}
    assert "no lab is running" in refusal(invoke(workspace, "fault", "bsc-1", "hang"))


def test_the_copy_is_the_workspace_with_the_labs_addresses(workspace: Path) -> None:
    told(workspace, "up")
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


def test_nobody_else_can_read_it(workspace: Path) -> None:
    told(workspace, "up")
    folder = workspace / ".eventready" / "lab"
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_credentials_are_fresh_each_time(workspace: Path) -> None:
    def password() -> str:
        told(workspace, "up")
        host = load_workspace(workspace / ".eventready" / "lab").nornir().inventory.hosts["bsc-1"]
        told(workspace, "down")
        return str(host.password)

    assert password() != password()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while process_mark(pid):
        time.sleep(0.01)


def test_a_lab_that_was_killed_is_tidied_up_and_can_start_again(workspace: Path) -> None:
    kill(told(workspace, "up")["pid"])
    assert told(workspace, "status") == {"running": False}
    assert told(workspace, "down") == {"down": "remains"}
    kill(told(workspace, "up")["pid"])
    assert told(workspace, "up")["devices"] == 3
    told(workspace, "down")
    left = {path.name for path in (workspace / ".eventready" / "lab").iterdir()}
    assert left == {"inventory", "known_hosts", "lab.log"}


def test_another_process_with_the_same_number_is_left_alone(workspace: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        place = Place.of(workspace)
        place.write(Running(stranger.pid, "some other time", str(place.folder / "control.sock"), 1, 1, "", ""))
        assert told(workspace, "status") == {"running": False}
        assert told(workspace, "down") == {"down": "remains"}
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.communicate()


def test_a_process_that_does_not_listen_is_killed(workspace: Path) -> None:
    pid = told(workspace, "up")["pid"]
    running = Place.of(workspace).running()
    assert running
    Path(running.socket).unlink()
    assert "does not answer" in refusal(invoke(workspace, "status"))
    assert told(workspace, "down") == {"down": "stopped"}
    assert not process_mark(pid)


def test_nonsense_on_the_socket_is_answered_and_harms_nobody(workspace: Path) -> None:
    told(workspace, "up")
    running = Place.of(workspace).running()
    assert running
    with pytest.raises(UsageError, match="cannot 'dance'"):
        ask(running, do="dance")
    with pytest.raises(UsageError, match="has no 'device'"):
        ask(running, do="fault")
    assert ask(running, do="status")["devices"] == 3


def test_a_folder_deep_down_has_its_socket_elsewhere(workspace: Path) -> None:
    out = workspace / ("deep" * 20) / ("deeper" * 10)
    up = told(workspace, "up", "--out", str(out))
    running = Place(out).running()
    assert running
    assert not running.socket.startswith(str(out))
    assert up["devices"] == told(workspace, "status", "--out", str(out))["devices"]
    told(workspace, "down", "--out", str(out))
    assert not Path(running.socket).parent.exists()


def test_a_scene_from_a_file_is_seeded(workspace: Path, tmp_path: Path) -> None:
    scene = tmp_path / "scene.yaml"
    scene.write_text(SCENE, encoding="utf-8")
    up = told(workspace, "up", "--scene", str(scene))
    assert up["finds"] == [{"check": "barring", "device": "bsc-1", "subject": "S1", "status": "fail"}]
    assert [made["fault"] for made in told(workspace, "status")["faults"]] == ["cell-barred"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cell-barred", "cell-bared", "scene.yaml:4: there is no fault 'cell-bared'"),
        ("bsc-1", "bsc-7", "speaks of bsc-7"),
        ("title", "titel", "scene.yaml:2"),
        ("{cell: S1}", "{sell: S1}", "no argument 'sell'"),
    ],
)
def test_a_scene_that_does_not_hold_is_refused_before_anything_starts(
    workspace: Path, tmp_path: Path, old: str, new: str, words: str
) -> None:
    scene = tmp_path / "scene.yaml"
    scene.write_text(SCENE.replace(old, new), encoding="utf-8")
    result = invoke(workspace, "up", "--scene", str(scene))
    assert words in str(result.exception)
    assert told(workspace, "status") == {"running": False}


def test_an_unknown_scene_is_refused(workspace: Path) -> None:
    assert "no scene 'mars'" in refusal(invoke(workspace, "up", "--scene", "mars"))


def test_a_workspace_of_ones_own_is_never_written_over(workspace: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "inventory"
    mine.mkdir(parents=True)
    (mine / "event.yaml").write_text(EVENT, encoding="utf-8")
    assert "a workspace of your own" in refusal(invoke(workspace, "up", "--out", str(mine.parent)))
    assert (mine / "event.yaml").read_text(encoding="utf-8") == EVENT


def test_a_lab_of_a_lab_is_refused_and_its_copy_knows_the_lab(workspace: Path) -> None:
    told(workspace, "up")
    copy = workspace / ".eventready" / "lab"
    assert told(copy, "status")["devices"] == 3
    told(copy, "down")
    assert "is a lab's copy" in refusal(invoke(copy, "up"))


def test_a_folder_that_cannot_be_written_is_a_sentence(workspace: Path) -> None:
    (workspace / "file").write_text("", encoding="utf-8")
    assert "cannot be written" in refusal(invoke(workspace, "up", "--out", str(workspace / "file" / "lab")))


def test_faults_are_listed(workspace: Path) -> None:
    assert "psu-failed" in invoke(workspace, "fault", "--list").output
    assert {"fault", "help", "args"} == set(told(workspace, "fault", "--list")[0])
    assert "needs a device" in refusal(invoke(workspace, "fault"))


def test_a_full_disk_is_named_though_the_log_could_not_tell(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_options: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(manage, "_spawn", lambda *_: subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"]))
    place = Place(workspace / ".eventready" / "lab")
    place.folder.mkdir(parents=True)
    place.log.touch()
    with pytest.raises(UsageError, match="the lab did not start: it said nothing"):
        manage.start(Order(workspace, place.folder))
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(UsageError, match=r"cannot be written \(No space left on device\), its log neither"):
        manage.start(Order(workspace, place.folder))
