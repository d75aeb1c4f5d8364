"""Expectations learnt from the embedded lab: with none written, the healthy province is ready and faults are found."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from eventready.core.errors import Exit
from eventready.evaluation.verdicts import Readiness
from eventready.workspace.settings.learning import load_learning
from eventready.workspace.workspace import load_workspace
from tests.e2e.conftest import Province, troubles

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

#: What a name tells a person, and no device can show.
NAMES = (
    "--venue", "*HN*=hoi-nghi", "--venue", "*VH*=van-hoa", "--venue", "*DT*=den-tho", "--venue", "*LD-01=hoi-nghi",
    "--venue", "*LD-02=den-tho", "--mobile", "BTS-LD-*", "--critical", "HN-HoiTruong-*",
)  # fmt: skip
#: Expectations of the example that are a person's judgement.
JUDGED = ("critical", "users", "clients")


def without_expectations(path: Path) -> None:
    """Take every `expect` out of a file of the inventory; a comment stands before each device."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in entries.values():
        (entry.get("data") or {}).pop("expect", None)
    parts = [(name, yaml.safe_dump({name: entry}, allow_unicode=True)) for name, entry in entries.items()]
    path.write_text("".join(f"# about {name}\n{text}\n" for name, text in parts), encoding="utf-8")


@pytest.fixture(scope="module")
def bare(province: Province, tmp_path_factory: pytest.TempPathFactory) -> Province:
    """The running province beside a workspace that expects nothing, and a wide run of it."""
    place = tmp_path_factory.mktemp("bare") / "copy"
    shutil.copytree(province.copy, place, ignore=shutil.ignore_patterns(".eventready", "*.sock"))
    for name in ("hosts.yaml", "groups.yaml"):
        without_expectations(place / "inventory" / name)
    (place / "inventory" / "defaults.yaml").unlink()  # a wide reading takes longer than the patience of the others
    found = Province(place, place)
    found.audit(interval_s=0, wide=True)
    return found


def test_the_province_is_learnt_ready_and_a_second_run_is_empty(province: Province, bare: Province) -> None:
    refused = bare.call("inventory", "learn", "--run", "latest", *NAMES, expect=(2,))
    assert "--accept all" in refused.stderr
    assert "core-2 TenGigabitEthernet0/0/0 (LLDP)" in refused.stdout
    bare.call("inventory", "learn", "--run", "latest", "--check", expect=(3,))

    bare.call("inventory", "learn", "--run", "latest", *NAMES, "--accept", "all,bundles:open", "--by", "An")

    assert not bare.call("inventory", "learn", "--run", "latest", "--check").stdout
    (record,) = load_learning(bare.copy / "inventory" / "learn.yaml").accepted
    assert (record.by, record.added["agg-1"]["isis"]) == ("An", ("agg-2", "edge-hn-1"))
    text = (bare.copy / "inventory" / "hosts.yaml").read_text(encoding="utf-8")
    assert all(f"# about {device.name}\n{device.name}:\n" in text for device in load_workspace(bare.copy).devices)
    learnt, written = summary(bare), summary(province)
    assert not [
        (name, key, learnt[name][key], value)
        for name, own in written.items()
        for key, value in own.items()
        if learnt[name][key] != value
    ]
    done = bare.audit()
    assert not troubles(done)
    assert done.exit is Exit.OK
    assert {v["verdict"] for v in done.run.document["verdicts"]} <= {Readiness.READY, Readiness.READY_WITH_RISK}


def summary(province: Province) -> dict[str, dict[str, object]]:
    """Expectations by device, in any order, without a person's judgement; ports of service hosts are not learnt."""
    found = {}
    for device in load_workspace(province.copy).devices:
        plain = device.expect.model_dump(exclude=None if device.role != "service_host" else {"uplinks"})
        found[device.name] = {key: _unordered(value) for key, value in plain.items() if key not in _UPKEEP}
    return found


_UPKEEP = ("ntp", "syslog", "saved_config")


def _unordered(value: object) -> object:
    if not isinstance(value, tuple | list):
        return value
    return sorted(
        str({k: v for k, v in one.items() if k not in JUDGED}) if isinstance(one, dict) else str(one) for one in value
    )


#: device, fault, arguments; and the finding that must be there. All at once.
FAULTS = [
    ("core-1", "link-down", ["TenGigabitEthernet0/2/0"], ("core-1", "uplink", "TenGigabitEthernet0/2/0", "fail")),
    ("core-2", "neighbour-lost", ["203.0.113.5"], ("core-2", "bgp", "203.0.113.5", "fail")),
    (
        "edge-vh-2",
        "link-down",
        ["GigabitEthernet0/1/0"],
        ("edge-vh-2", "link", "edge-vh-2 GigabitEthernet0/1/0", "fail"),
    ),
    ("bsc-6900", "cell-blocked", ["TVVH01B"], ("bsc-6900", "cell", "TVVH01B", "fail")),
    ("bsc-2", "bts-link-lost", ["BTS-LD-02"], ("bsc-2", "mobile_bts", "BTS-LD-02", "fail")),
    ("wlc-1", "ap-lost", ["HN-HoiTruong-07"], ("wlc-1", "access_point", "HN-HoiTruong-07", "fail")),
    ("edge-hn-2", "two-masters", [], ("edge-hn-1", "vrrp_pair", "vrrp 10", "fail")),
    ("edge-dt-1", "unwatched-route", [], ("edge-dt-1", "floating_route", "", "warn")),
    ("bsc-1", "core-link-down", [], ("bsc-1", "core_link", "0", "fail")),
    ("ac-1", "radius-down", [], ("ac-1", "radius", "", "fail")),
]


def test_faults_are_found_by_what_was_learnt(province: Province, bare: Province) -> None:
    with ExitStack() as faults:
        for device, fault, arguments, _finding in FAULTS:
            faults.enter_context(province.fault(device, fault, *arguments))
        found = troubles(bare.audit())
    missed = [
        finding for *_fault, finding in FAULTS
        if not any(finding[1] == row[1] and finding[2] in row[2] and finding[3] == row[3] for row in found)
    ]  # fmt: skip
    assert not missed, found
