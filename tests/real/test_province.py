"""The real province comes up, is described like any network, and leaves nothing, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from eventready.workspace.workspace import load_workspace
from eventready_lab.control.lab_folder import LabFolder
from eventready_lab.real.machinery.sandbox import OWN_VIEWS, members, namespace, processes_of
from eventready_lab.real.province.frr import plugs
from eventready_lab.real.province.layout import BSS, CABLES, NET, OUTSIDE, ROUTERS, SERVICE_HOSTS, SITE, WIRE
from tests.behaviours.twin import Twin, skip_unless_real, write_workspace
from tests.e2e.conftest import NOW

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), pytest.mark.xdist_group("twin")]

#: How often a province is made and unmade in a row. Twenty rounds take some six minutes.
ROUNDS = int(os.environ.get("EVENTREADY_ROUNDS", "1"))
NAMESPACES = {*ROUTERS, *SERVICE_HOSTS, SITE, NET, WIRE, BSS}
PORTS = {"lan", *(name for cable in (*CABLES, *OUTSIDE) for name in (cable.name, *plugs(cable)))}
#: What a lab leaves on purpose: the copy, with its runs, and the log.
KEPT = {"inventory", "templates", "playbooks", "known_hosts", "ssh_config", "lab.log", ".eventready"}


def machine_has_nothing() -> None:
    """No namespace, port, folder or login of a lab is on the machine itself, where other tests may run meanwhile."""
    namespaces = subprocess.run(["ip", "netns"], check=True, capture_output=True, text=True).stdout.split()
    assert NAMESPACES.isdisjoint(namespaces)
    links = subprocess.run(["ip", "-brief", "link"], check=True, capture_output=True, text=True).stdout.splitlines()
    assert PORTS.isdisjoint(line.split()[0].partition("@")[0] for line in links)
    assert not any((Path("/etc/frr") / router).exists() for router in ROUTERS)
    assert not any((Path("/mnt") / view[1:]).exists() for view in OWN_VIEWS)
    for file in map(Path, ("/etc/passwd", "/etc/shadow", "/etc/group")):
        assert "lab-netops" not in file.read_text(encoding="utf-8")


class Lab:
    """A workspace and the commands to play it with real software."""

    def __init__(self, home: Path) -> None:
        self.twin = Twin(home / "workspace", home / "copy", real=True)
        self.place = LabFolder(self.twin.copy)
        write_workspace(self.twin.workspace)
        self.tag = ""
        self.inside: set[str] = set()

    def command(self, *words: str) -> list[str]:
        lab = [sys.executable, "-m", "eventready", "-w", str(self.twin.workspace), "-o", "json", "--now", NOW, "lab"]
        return [*lab, *words, "--out", str(self.twin.copy)]

    def up(self, *more: str) -> None:
        done = subprocess.run(self.command("up", "--real", *more), check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.remember()

    def remember(self) -> None:
        """Its tag, and the namespace of processes that it is in."""
        self.tag = json.loads((self.twin.copy / "real.json").read_text(encoding="utf-8"))["tag"]
        self.inside = {namespace(pid) for pid in processes_of(self.tag)} - {namespace("self"), ""}

    def down(self) -> str:
        done = subprocess.run(self.command("down"), check=True, capture_output=True, text=True)
        return str(json.loads(done.stdout)["down"])

    def ports(self) -> list[int]:
        hosts = yaml.safe_load((self.twin.copy / "inventory" / "hosts.yaml").read_text(encoding="utf-8"))
        return [host["port"] for host in hosts.values()]

    def has_left_nothing(self) -> None:
        """No process (also no dead one that nobody reaped) in its namespaces, no port, no file but the copy."""
        assert processes_of(self.tag) == []
        assert members(self.inside) == []
        assert {entry.name for entry in self.twin.copy.iterdir()} <= KEPT
        for port in self.ports() if (self.twin.copy / "inventory").exists() else []:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    skip_unless_real()
    made = Lab(tmp_path)
    yield made
    made.down()
    made.has_left_nothing()
    machine_has_nothing()


def is_a_workspace_like_any_other(lab: Lab) -> None:
    """A copy can be loaded, tells what is running, and is not played twice."""
    copy = load_workspace(lab.twin.copy)
    assert {device.platform for device in copy.devices} == {"frr", "osmocom_bsc", "linux"}
    assert {device.hostname for device in copy.devices} == {"127.0.0.1"}
    assert copy.event.lab
    assert sum(site.mobile for device in copy.devices for site in device.expect.sites) == 2
    status = json.loads(subprocess.run(lab.command("status"), check=True, capture_output=True, text=True).stdout)
    assert (status["running"], status["real"], status["devices"]) == (True, True, 9)
    again = subprocess.run(lab.command("up", "--real"), check=False, capture_output=True, text=True)
    assert again.returncode == 2
    assert "a lab is already running here" in again.stderr


def test_rounds_of_up_audit_down_leave_nothing(lab: Lab) -> None:
    for _ in range(ROUNDS):
        lab.up("--no-wifi")
        assert lab.inside
        is_a_workspace_like_any_other(lab)
        assert lab.twin.audit(interval_s=0).run.document["coverage"]["needed"] > 30
        assert lab.down() == "stopped"
        lab.has_left_nothing()
        machine_has_nothing()
    assert lab.down() == "nothing"


def test_everything_killed_at_once_leaves_nothing(lab: Lab) -> None:
    """kill -9 of every process of ours, in an order that nobody chose."""
    lab.up()
    for pid in processes_of(lab.tag):
        os.kill(pid, signal.SIGKILL)
    assert lab.down() == "leftovers"


def test_a_holder_that_is_killed_takes_everything_with_it(lab: Lab) -> None:
    lab.up("--no-wifi")
    holder = max(pid for pid in members(lab.inside) if b"-m\0eventready_lab.real.supervisor" in command_line(pid))
    os.kill(holder, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while lab.place.read_record() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert lab.down() == "leftovers"


@pytest.mark.parametrize("after_s", [0.05, 0.6, 2.0, 5.0])
def test_a_start_that_is_killed_leaves_nothing(lab: Lab, after_s: float) -> None:
    """kill -9 of `lab up` itself, at several moments; what it began goes on until `lab down` finds it by its tag."""
    up = subprocess.Popen(
        lab.command("up", "--real", "--no-wifi"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not (lab.twin.copy / "real.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(after_s)
    up.kill()
    up.wait()
    lab.remember()
    assert lab.down() == "leftovers"


def command_line(pid: int) -> bytes:
    """A process's command line; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
