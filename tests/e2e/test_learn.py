"""Expectations learnt from the embedded lab: with none written, the healthy province is ready and faults are found."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready.audit.audit import AuditResult
from eventready.core.errors import Exit
from eventready.core.files import write_atomic
from eventready.evaluation.verdicts import Readiness
from eventready.workspace.settings.learning import load_learning
from eventready.workspace.workspace import load_workspace
from eventready_lab.control.score import score
from eventready_lab.embedded.scenario import load_scenario
from tests.e2e.conftest import Province, troubles

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

#: What a name tells a person, and no device can show.
NAMES = (
    "--venue", "*HN*=hoi-nghi", "--venue", "*VH*=van-hoa", "--venue", "*DT*=den-tho", "--venue", "*LD-01=hoi-nghi",
    "--venue", "*LD-02=den-tho", "--mobile", "BTS-LD-*", "--critical", "HN-HoiTruong-*",
    "--critical", "VH-SanKhau-*", "--critical", "HN-BaoChi-*",
)  # fmt: skip
#: Risks of the healthy province: by the demand of capacity.yaml, what has no second one, and what is shared.
RISKS = {
    ("ac-1", "single_point", "ac-1", "warn"), ("ac-1", "single_point", "198.51.100.241", "warn"),
    ("edge-dt-1", "risk_group", "road-to-the-temple", "warn"),
    ("ac-1", "capacity_access_point", "VH-SanKhau-01", "warn"), ("bsc-1", "capacity_cell", "BTS-HN-02 TCH", "warn"),
    ("edge-dt-1", "floating_route", "BFD 10.0.0.21", "warn"), ("edge-dt-2", "floating_route", "BFD 10.0.0.25", "warn"),
}  # fmt: skip


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
    done = bare.audit(wide=True)
    assert {"agg-1", "bsc-1", "core-1"} <= host_names(done)  # of the prompt, of the prompt, of the answer
    assert troubles(done) == RISKS
    assert done.exit is Exit.OK
    assert {v["verdict"] for v in done.run.document["verdicts"]} <= {Readiness.READY, Readiness.READY_WITH_RISK}


def host_names(done: AuditResult) -> set[str]:
    """Devices with their own name as their host name."""
    systems = [entry for entry in done.run.document["observations"] if entry["fact"] == "system"]
    return {entry["device"] for entry in systems for row in entry["rows"] if row["hostname"] == entry["device"]}


def summary(province: Province) -> dict[str, dict[str, object]]:
    """Expectations by device, in any order; ports of service hosts are not learnt."""
    found = {}
    for device in load_workspace(province.copy).devices:
        plain = device.expect.model_dump(exclude=None if device.role != "service_host" else {"uplinks"})
        found[device.name] = {key: _unordered(value) for key, value in plain.items() if key not in _UPKEEP}
    return found


_UPKEEP = ("ntp", "syslog", "saved_config")


def _unordered(value: object) -> object:
    if not isinstance(value, tuple | list):
        return value
    return sorted(map(str, value))


def test_every_seeded_fault_is_found_by_what_was_learnt(province: Province, bare: Province) -> None:
    names = [device.name for device in load_workspace(province.copy).devices]
    scenario = load_scenario("opening", province.workspace, names, lambda _scenario: None)
    bare.call("inventory", "learn", "--run", "latest", *NAMES, "--accept", "all,bundles:open")
    with ExitStack() as faults:
        for one in scenario.faults:
            arguments = (f"{name}={value}" for name, value in one.args.items())
            faults.enter_context(province.fault(one.device, one.fault, *arguments))
        # As many requests as `channel_refusals` wants to judge come in about a second.
        found = score(bare.audit(interval_s=3).run.document["findings"], scenario.expected)
    assert not found.missed
    assert len(found.found) > 60


def test_pages_and_names_are_learnt_with_what_the_host_serves(
    province: Province, bare: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = bare.copy / "inventory" / "event.yaml"
    lines = place.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if "svc-1, svc-2]" not in line and line.strip() not in ("internet:", "wifi:"))
    place.write_text(kept, encoding="utf-8")
    bare.call("trust", "content", "--yes")

    words = ("inventory", "learn", "-l", "svc-1,svc-2", "--accept", "answers")
    records = len(load_learning(bare.copy / "inventory" / "learn.yaml").accepted)
    with monkeypatch.context() as patched:
        patched.setattr("eventready.workspace.importing.merge.write_atomic", killed_before_hosts)
        bare.call(*words, expect=(137,))
    assert len(load_learning(bare.copy / "inventory" / "learn.yaml").accepted) == records + 1

    bare.call(*words)

    answers = {(device.name, answer.contains, answer.addresses) for device in load_workspace(bare.copy).devices
               for answer in device.expect.answers if answer.http or "portal" in answer.subject}  # fmt: skip
    assert answers == {
        (name, *values) for name in ("svc-1", "svc-2") for values in (("Cổng thông tin", ()), ("", ("192.0.2.90",)))
    }
    assert not troubles(bare.audit("svc-1,svc-2"))
    with province.fault("svc-1", "dns-wrong", "portal.example.vn"):
        assert "answer_dns" in {check for _device, check, *_rest in troubles(bare.audit("svc-1,svc-2"))}


def killed_before_hosts(path: Path, data: bytes, **options: Any) -> None:
    """Write as usual, and end the process instead of writing hosts.yaml."""
    if path.name == "hosts.yaml":
        raise SystemExit(137)
    write_atomic(path, data, **options)
