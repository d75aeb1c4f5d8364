"""First hour of a stranger: a spreadsheet of 35 devices in Vietnamese, errors in it, to findings of three faults."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from eventready.evaluation.verdicts import Readiness
from eventready.workspace.workspace import load_workspace
from tests.e2e.conftest import PATIENCE, Province, troubles
from tests.workspace.importing.hue import write_hue

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

#: Device of the workbook by device of the lab: name, vendor, system, function, venues and services as people write.
PLAYED: dict[str, tuple[str, ...]] = {
    "core-1": ("HUE-CORE-01", "Cisco", "IOS XE", "Core router", "Tất cả", ""),
    "core-2": ("HUE-CORE-02", "Cisco", "Cisco IOS XE", "CORE ROUTER", "tat ca", ""),
    "agg-1": ("HUE-AGG-01", "Huawei", "", "Bộ định tuyến", "Quảng trường Ngọ Môn", ""),
    "agg-2": ("HUE-AGG-02", "HUAWEI", "VRP V8", "router", "ngo-mon", ""),
    "edge-hn-1": ("HUE-AGG-03", "Huawei", "VRP", "Định tuyến", "SAN VAN DONG TU DO", ""),
    "edge-hn-2": ("HUE-AGG-04", "Huawei", "", "dinh tuyen", "sân vận động tự do", ""),
    "wlc-1": ("HUE-WLC-01", "Cisco", "Catalyst 9800", "WLC", "Sân vận động Tự Do", "Wi-Fi"),
}
#: Rows that only a person can mend.
MENDED: dict[str, tuple[str, ...]] = {
    "HUE_UPS_01": (),
    "HUE_DNS_01": ("HUE-DNS-01", "10.54.5.4", "", "Linux", "Máy chủ", "Tất cả", ""),
    "HUE_GNB_02": ("HUE-GNB-02", "10.54.3.14", "Huawei", "gNodeB", "gNodeB", "Sân vận động Tự Do", "5G"),
}
NAMES = ",".join(name for name, *_row in PLAYED.values())
#: Device of the lab, fault and arguments; and the device, check and subject of the finding.
FAULTS = [
    ("core-2", "neighbour-lost", ["203.0.113.5"], ("HUE-CORE-02", "bgp", "203.0.113.5")),
    ("core-1", "link-down", ["TenGigabitEthernet0/2/0"], ("HUE-CORE-01", "uplink", "TenGigabitEthernet0/2/0")),
    ("wlc-1", "ap-lost", ["HN-HoiTruong-07"], ("HUE-WLC-01", "access_point", "HN-HoiTruong-07")),
]


def test_a_spreadsheet_becomes_verdicts_with_few_lines_by_hand(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = {device.name: device for device in load_workspace(province.copy).devices}
    rows = {
        row[0].replace("-", "_"): (row[0], f"ssh://127.0.0.1:{lab[name].port}", *row[1:])
        for name, row in PLAYED.items()
    }
    own = Province(tmp_path / "hue", tmp_path / "hue")
    venues = ("ngo-mon=Quảng trường Ngọ Môn", "tu-do=Sân vận động Tự Do", "huyen-tran=Trung tâm Huyền Trân")
    typed = [
        ["init", str(own.copy), "--event", "Festival Huế", "--province", "Huế", "--opening", "2022-04-29 19:30",
         *(word for venue in venues for word in ("--venue", venue))],
        ["inventory", "import", str(write_hue(tmp_path / "ds.xlsx", **rows)), "--fix"],
        ["inventory", "import", str(write_hue(tmp_path / "mended.xlsx", **rows, **MENDED)), "--fix"],
        ["inventory", "learn", "-l", NAMES, "--run", "latest", "--accept", "all,bundles:open"],
    ]  # fmt: skip
    own.call(*typed[0])
    assert "4 errors" in own.call(*typed[1], expect=(2,)).stderr
    own.call(*typed[2])
    devices = {device.name: device for device in load_workspace(own.copy).devices}
    assert len(devices) == 34
    assert {device.access.jump_host for device in devices.values()} == {"bastion-hue"}
    answered_by(province, own, monkeypatch)
    first = own.audit(NAMES, interval_s=0, wide=True)
    assert Readiness.READY not in {verdict["verdict"] for verdict in first.run.document["verdicts"]}

    assert "wlc-2" in own.call(*typed[3]).stdout  # a neighbour that the spreadsheet lacks, as a row for it

    healthy = troubles(own.audit(NAMES))
    with ExitStack() as faults:
        for device, fault, arguments, _finding in FAULTS:
            faults.enter_context(province.fault(device, fault, *arguments))
        found = troubles(own.audit(NAMES)) - healthy
    assert {row for *_fault, row in FAULTS} <= {finding[:3] for finding in found}
    by_hand = sum(len(words) for words in typed) + len(MENDED) + len(("username", "password"))
    assert by_hand < 60  # a word of a command counts as a line
    assert len((own.copy / "inventory" / "hosts.yaml").read_text(encoding="utf-8").splitlines()) > 400


def answered_by(province: Province, own: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lab answer for the devices that it plays: its login and host keys, without the bastion."""
    login = load_workspace(province.copy).files.inventory().hosts["core-1"]
    monkeypatch.setitem(os.environ, "EVENTREADY_USERNAME", str(login.username))
    monkeypatch.setitem(os.environ, "EVENTREADY_PASSWORD", str(login.password))
    shutil.copyfile(province.copy / "known_hosts", own.copy / "known_hosts")
    inventory = own.copy / "inventory"
    with (inventory / "defaults.yaml").open("a", encoding="utf-8") as defaults:
        defaults.write(PATIENCE)
    hosts = (inventory / "hosts.yaml").read_text(encoding="utf-8")
    direct = hosts.replace("    access:\n      jump_host: bastion-hue\n", "")
    (inventory / "hosts.yaml").write_text(direct, encoding="utf-8")
