"""hostapd on simulated radios in a machine of its own, audited: healthy, with each fault, and afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready.audit.audit import AuditOptions, audit
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from eventready_lab.real import wifi
from eventready_lab.real.sandbox import processes_of
from eventready_lab.real.wifi.radio import AIR

PASSWORD = "Pl4nted-wifi"
#: Kernels are big, and stay between runs where the caller says so.
CACHE = Path(os.environ.get("EVENTREADY_CACHE", "") or Path(tempfile.gettempdir()) / "eventready-cache")
EVENT = """lab: true
id: rehearsal
recipient: {name: Nobody, email: nobody@example.org}
name: Rehearsal
venues:
  - {id: venue-1, name: Hall, services: [wifi]}
  - {id: venue-2, name: House, services: [wifi]}
"""

pytestmark = [
    pytest.mark.skipif("EVENTREADY_REAL" not in os.environ, reason="real software: say `make test-real`"),
    pytest.mark.skipif(bool(wifi.unmet_requirement()), reason=f"the WiFi machine: {wifi.unmet_requirement()}"),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("real-wifi"),
]

Row = tuple[str, str, str]


class Unwatched:
    """Nobody looks on."""

    def stage(self, name: str, total: int) -> None:
        """Nothing to show."""

    def done(self, device: str, trouble: str) -> None:
        """Nothing to show."""


@dataclass
class Air:
    """The running machine, and a workspace that has nothing but it."""

    record: wifi.MachineRecord
    workspace: Path
    counts: dict[str, Any] = field(default_factory=dict)

    def troubles(self) -> set[Row]:
        """(check, subject, status) of all that is not good; the machine has just been started."""
        workspace = load_workspace(self.workspace)
        with Store.of_workspace(self.workspace) as store:
            options = AuditOptions(interval_s=0.5)
            done = audit(
                workspace, workspace.devices, store=store, clock=Clock(), options=options, progress=Unwatched()
            )
        self.counts = done.run.document["coverage"]
        return {
            (found["check"], found["subject"], found["status"])
            for found in done.run.document["findings"]
            if found["status"] != "pass" and not found["blind"] and found["check"] != "uptime"
        }

    def until(self, wanted: set[Row]) -> None:
        """Audit until exactly this is found: stations take a while to move."""
        deadline = time.monotonic() + 60
        while (found := self.troubles()) != wanted:
            assert time.monotonic() < deadline, found
            time.sleep(1)


@pytest.fixture(scope="module")
def air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Air]:
    home = tmp_path_factory.mktemp("wifi")
    order = wifi.MachineOptions(home / "machine", CACHE)
    record, process = wifi.start(order, PASSWORD)
    try:
        inventory = home / "workspace" / "inventory"
        inventory.mkdir(parents=True)
        (inventory / "event.yaml").write_text(EVENT, encoding="utf-8")
        entry = wifi.host_entry(record, order, "netops", PASSWORD)
        (inventory / "hosts.yaml").write_text(yaml.safe_dump({record.name: entry}), encoding="utf-8")
        (home / "workspace" / "known_hosts").write_text(wifi.known_host(record), encoding="utf-8")
        wifi.ready(record, 120)
        yield Air(record, home / "workspace")
    finally:
        assert wifi.stop(order.folder, process)
        assert processes_of(record.tag) == []
        assert list(order.folder.iterdir()) == []
        assert not wifi.stop(order.folder)


def test_a_healthy_host_has_no_finding_and_everything_is_measured(air: Air) -> None:
    assert air.troubles() == set()
    assert air.counts["ratio"] == 1.0


def test_an_access_point_that_is_off(air: Air) -> None:
    wifi.make(air.record, "ap-down", "gate")
    try:
        air.until({
            ("access_point", "gate", "warn"), ("access_point", "access points", "fail"),
            ("radio", "gate phy5 (5 GHz)", "warn"), ("radio", "radios", "fail"),
        })  # fmt: skip
    finally:
        wifi.clear(air.record, "ap-down", "gate")
    air.until(set())


def test_all_stations_on_one_access_point(air: Air) -> None:
    assert sum(ap.stations for ap in AIR) >= 40
    wifi.make(air.record, "crowded", "hall-2")
    try:
        air.until({("access_point_balance", "venue-1", "warn"), ("radio_clients", "hall-2 phy1 (2.4 GHz)", "warn")})
    finally:
        wifi.clear(air.record, "crowded")
    air.until(set())


def test_who_is_told_to_leave_and_has_not_moved_comes_back(air: Air) -> None:
    """`alone` has access points forget stations that left without a word; those that are there keep their place."""
    wifi.alone(air.record, "gate")
    air.until(set())
    names = [ap.name for ap in AIR]
    assert wifi.stations(air.record, names) == {ap.name: ap.stations for ap in AIR}
    with pytest.raises(UsageError, match="refused `alone nowhere`"):
        wifi.alone(air.record, "nowhere")


def test_hostapd_that_is_gone_without_a_word(air: Air) -> None:
    wifi.make(air.record, "controller-dead")
    try:
        found = air.troubles()
        assert {("access_point", ap.name, "warn") for ap in AIR} <= found
        assert ("access_point", "access points", "fail") in found
    finally:
        wifi.clear(air.record, "controller-dead")
    air.until(set())


def test_a_machine_is_found_and_ended_though_whoever_began_it_was_killed(tmp_path: Path) -> None:
    words = (
        "import sys, time\nfrom pathlib import Path\nfrom eventready_lab.real import wifi\n"
        "wifi.start(wifi.MachineOptions(Path(sys.argv[1]), Path(sys.argv[2])), 'x')\n"
        "print('begun', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", words, str(tmp_path / "machine"), str(CACHE)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGKILL)
    record = wifi.find(tmp_path / "machine")
    assert record is not None
    assert processes_of(record.tag)
    assert wifi.stop(tmp_path / "machine")
    assert processes_of(record.tag) == []
    assert list((tmp_path / "machine").iterdir()) == []
