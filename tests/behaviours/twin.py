"""One network, played by the embedded lab and by real software: the same devices, expectations and faults."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready.core.messages import in_english
from eventready.workspace.examples.example import copy_example
from eventready.workspace.settings.event import load_event
from eventready_lab.control.workspace_copy import generated_host, without_absent
from eventready_lab.real.machinery.requirements import unmet_requirement
from eventready_lab.real.province.layout import (
    AIR_HOST,
    CONTROLLER,
    GATEWAYS,
    STATIONS,
    air_of,
    devices,
    expected_findings,
)
from tests import forked
from tests.e2e.conftest import NOW, Province

#: Set by `make test-real`; without it nothing real is started, so that `make test` leaves the machine alone.
SWITCH = "EVENTREADY_REAL"
_IMPATIENT = {"connect_timeout_s": 4, "device_timeout_s": 6, "attempts": 1}
#: The run queue of an emulated machine grows whenever this machine is busy: no finding, and no reason to take a change
#: back.
BUSY = {AIR_HOST: {"cpu": {"queue_warn": 10_000, "queue_fail": 10_000, "source": "an emulated machine"}}}


#: (check, device, subject, status) of findings without faults in the real lab only: simulated routers have no VRF,
#: simulated service hosts are as after a change, and the real gateway in use announces itself to the users over IPv6,
#: where the providers hand over a network and no default route.
REAL_ONLY = {one for one in expected_findings() if one[0] in ("bgp", "vrrp_tracking")} | {
    ("router_advertisement", gateway, "IPv6 default route", "fail") for gateway in GATEWAYS
}


@dataclass(frozen=True)
class Twin(Province):
    """One of the two; `real` tells which."""

    real: bool = False

    @contextmanager
    def inventory_restored(self) -> Iterator[Path]:
        """The inventory folder, for changes within the block."""
        inventory, kept = self.copy / "inventory", self.copy.parent / "kept-inventory"
        shutil.copytree(inventory, kept)
        try:
            yield inventory
        finally:
            shutil.rmtree(inventory)
            kept.rename(inventory)

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """Short timeouts of the sessions within the block: a silent device costs seconds instead of minutes."""
        with self.inventory_restored() as inventory:
            hosts = yaml.safe_load((inventory / "hosts.yaml").read_text(encoding="utf-8"))
            for entry in hosts.values():  # those with a login to their host's shell have options of their own
                options = entry.setdefault("connection_options", {}).setdefault("eventready", {})
                options["extras"] = {**options.get("extras", {}), **_IMPATIENT}
            (inventory / "hosts.yaml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
            yield


def why_not() -> str:
    """Why the real province is not tested here; empty when it is."""
    if not os.environ.get(SWITCH):
        return "real software is tested by `make test-real`"
    return in_english(unmet_requirement())


def write_workspace(folder: Path) -> None:
    """A workspace whose inventory is the real province's, at addresses for documentation."""
    copy_example(folder)
    inventory = folder / "inventory"
    for name in (
        "limits.yaml",
        "waivers.yaml",
        "risk.yaml",
        "capacity.yaml",
        "circuits.yaml",
        "groups.yaml",
        "defaults.yaml",
    ):
        (inventory / name).unlink(missing_ok=True)
    event = load_event(inventory / "event.yaml")
    played = devices(event, air=air_of(event))
    text = (inventory / "event.yaml").read_text(encoding="utf-8")
    (inventory / "event.yaml").write_text(without_absent(text, ()), encoding="utf-8")
    hosts: dict[str, Any] = {}
    for number, device in enumerate(played, 1):
        hosts[device.name] = {"hostname": f"192.0.2.{100 + number}", **generated_host(device)}
    (inventory / "hosts.yaml").write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")


def write_scenario(path: Path) -> None:
    """The state of the real lab without faults: planned stations are degraded."""
    planned = [one.name for one in STATIONS if not one.on_air]
    faults = [
        {
            "device": CONTROLLER,
            "fault": "bts-degraded",
            "args": {"site": name},
            "expect": [{"check": check, "subject": name, "status": "warn"} for check in ("site", "cell")],
        }
        for name in planned
    ]
    healthy = [
        dict(zip(("check", "device", "subject", "status"), one, strict=True))
        for one in expected_findings()
        if one not in REAL_ONLY and one[2] not in planned
    ]
    scenario = {"title": "the real lab, simulated", "faults": faults, "expect_healthy": healthy}
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")


@contextmanager
def played(home: Path, kind: str) -> Iterator[Twin]:
    """The network, played by one of the labs for as long as the block lasts."""
    place = Twin(home / "workspace", home / "copy", kind == "real")
    write_workspace(place.workspace)
    write_scenario(home / "scenario.yaml")
    lab = ("-w", place.workspace, "-o", "json", "--now", NOW, "lab")
    how = ["--real"] if kind == "real" else ["--scenario", str(home / "scenario.yaml")]
    up = forked.run_text(*lab, "up", *how, "--out", place.copy, timeout_s=900)
    try:
        assert up.returncode == 0, up.stderr
        found = json.loads(up.stdout)
        assert found["left_out"] == []
        expected = {tuple(one[key] for key in ("check", "device", "subject", "status")) for one in found["expected"]}
        assert set(expected_findings()) - REAL_ONLY <= expected
        (place.copy / "inventory" / "limits.yaml").write_text(yaml.safe_dump({"devices": BUSY}), encoding="utf-8")
        yield place
    finally:
        forked.run(*lab, "down", "--out", place.copy).check_returncode()


def skip_unless_real() -> None:
    """Skip the test that asks, saying why, where no real province can be."""
    if reason := why_not():
        pytest.skip(reason)
