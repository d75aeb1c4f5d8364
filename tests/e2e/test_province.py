"""The audit on the embedded lab: nothing that is not there, every fault that is, and nobody pays for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventready.audit.audit import AuditResult
from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.evaluation.verdicts import Readiness
from tests.e2e.conftest import Province, province_of, troubles

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]


#: Weaknesses of the example: too small for the expected crowd, a controller and a RADIUS server without a second one,
#: both ways of a venue in one duct, and routes whose BFD session OSPF shares.
WEAKNESSES = {
    ("ac-1", "single_point", "ac-1", "warn"),
    ("ac-1", "single_point", "198.51.100.241", "warn"),
    ("edge-dt-1", "risk_group", "road-to-the-temple", "warn"),
    ("bsc-1", "capacity_cell", "BTS-HN-02 TCH", "warn"),
    ("ac-1", "capacity_access_point", "VH-SanKhau-01", "warn"),
    ("edge-dt-1", "floating_route", "BFD 10.0.0.21", "warn"),
    ("edge-dt-2", "floating_route", "BFD 10.0.0.25", "warn"),
}


@pytest.fixture(scope="module")
def healthy(province: Province) -> AuditResult:
    """The audit of the province without a fault."""
    return province.audit()


def test_a_healthy_province_is_measured_whole_and_has_no_trouble(healthy: AuditResult) -> None:
    document = healthy.run.document
    assert troubles(healthy) == WEAKNESSES
    assert document["coverage"]["ratio"] == 1.0
    assert document["coverage"]["needed"] > 200
    assert healthy.exit is Exit.OK
    assert {v["verdict"] for v in document["verdicts"]} <= {Readiness.READY, Readiness.READY_WITH_RISK}
    assert len(document["verdicts"]) == 11
    assert document["clock"]["rehearsal"] is True
    assert healthy.run.intact()


#: device, fault, arguments; a device to look at, and what must be said of it
FAULTS = [
    ("core-1", "link-down", ["TenGigabitEthernet0/2/0"], ("core-1", "uplink", "TenGigabitEthernet0/2/0", "fail")),
    ("core-1", "psu-failed", [], ("core-1", "power", "P1", "warn")),
    ("agg-1", "optic-low", ["XGigabitEthernet0/0/2", "dbm=-25"], ("agg-1", "optic", "XGigabitEthernet0/0/2", "fail")),
    ("core-2", "neighbour-lost", ["203.0.113.5"], ("core-2", "bgp", "203.0.113.5", "fail")),
    ("edge-vh-1", "high-cpu", [], ("edge-vh-1", "cpu", "CPU", "fail")),
    ("bsc-6900", "cell-blocked", ["TVVH01B"], ("bsc-6900", "cell", "TVVH01B", "fail")),
    ("bsc-2", "bts-link-lost", ["BTS-LD-02"], ("bsc-2", "mobile_bts", "BTS-LD-02", "fail")),
    ("wlc-1", "ap-lost", ["HN-HoiTruong-07"], ("wlc-1", "access_point", "HN-HoiTruong-07", "fail")),
    ("wlc-1", "controller-failover", [], ("wlc-2", "controller_pair", "controller pair", "fail")),
    ("edge-hn-2", "two-masters", [], ("edge-hn-1", "vrrp_pair", "vrrp 10", "fail")),
    ("edge-dt-1", "unwatched-route", [], ("edge-dt-1", "floating_route", "", "warn")),
    ("bsc-1", "core-link-down", [], ("bsc-1", "core_link", "0", "fail")),
    ("ac-1", "radius-down", [], ("ac-1", "radius", "", "fail")),
    ("ac-1", "wlan-disabled", [], ("ac-1", "wlan", "Event-WiFi", "fail")),
    ("wlc-1", "wlan-renamed", [], ("wlc-1", "wlan", "Event-WiFi", "fail")),
]


@pytest.mark.parametrize(("device", "fault", "args", "output"), FAULTS, ids=[f"{row[0]}-{row[1]}" for row in FAULTS])
def test_a_fault_is_found(
    province: Province, device: str, fault: str, args: list[str], output: tuple[str, str, str, str]
) -> None:
    """A fault that outlives its case is found by `test_a_network_without_faults_says_the_same_again`."""
    where, check, subject, status = output
    looked_at = f"{where},{device}" if where != device else device
    with province.fault(device, fault, *args):
        found = troubles(province.audit(looked_at))
    assert any(t[:2] == (where, check) and subject in t[2] and t[3] == status for t in found), found


#: On the opening night: device, fault, arguments, and the places of which nobody is there.
EMPTY = [
    ("wlc-1", "admission-closed", (), {("wlc-1", "access_point_crowd", "hoi-nghi", "fail")}),
    ("bsc-1", "cell-silent", ("BTS-HN-02",), {("bsc-1", "cell_crowd", "BTS-HN-02", "fail")}),
    ("ac-1", "admission-closed", (), set()),  # whose venue has its crowd on the next night
]


@pytest.mark.parametrize(("device", "fault", "args", "expected"), EMPTY, ids=[row[0] for row in EMPTY])
def test_a_crowd_that_is_missing_fails_in_its_window_alone(
    province: Province, device: str, fault: str, args: tuple[str, ...], expected: set[tuple[str, str, str, str]]
) -> None:
    def empty(done: AuditResult) -> set[tuple[str, ...]]:
        return {trouble for trouble in troubles(done) if trouble[1] in ("access_point_crowd", "cell_crowd")}

    night = Clock.starting("2022-04-29 20:00")
    assert not empty(province.audit(device, clock=night))
    with province.fault(device, fault, *args):
        assert empty(province.audit(device, clock=night)) == expected
        assert not empty(province.audit(device))


#: What happens to the conversation itself: the fault, and a piece of the reason that the device's owner reads
TALK = [
    ("hang", "shows no prompt after"),
    ("silent", "core-2"),
    ("session-drop", "closed the session"),
    ("garbage", "match no rule"),
    ("truncated", ""),
    ("auth-refused", "refuses"),
    ("changed-host-key", "host key"),
]


@pytest.mark.parametrize(("fault", "reason"), TALK)
def test_a_device_that_cannot_be_talked_to_costs_only_itself_and_says_why(
    province: Province, fault: str, reason: str
) -> None:
    with province.fault("core-2", fault):
        done = province.audit("core-2,edge-vh-1", interval_s=0)
    result = [o for o in done.run.document["observations"] if o["command"]]
    lost = [o for o in result if o["device"] == "core-2" and o["status"] not in ("parsed", "empty")]
    assert lost, "core-2 was measured as if nothing had happened"
    assert any(reason in o["reason"] for o in lost), {o["reason"] for o in lost}
    assert all(o["status"] in ("parsed", "empty") for o in result if o["device"] == "edge-vh-1")
    assert done.exit is Exit.INCOMPLETE
    carried = [v for v in done.run.document["verdicts"] if v["venue"] == "hoi-nghi" and v["service"] == "internet"]
    assert carried[0]["verdict"] in (Readiness.NOT_MEASURED, Readiness.NOT_READY)


@pytest.mark.parametrize("fault", ["slow", "pager-stuck", "prompt-log-line"])
def test_an_awkward_device_is_measured_all_the_same(province: Province, fault: str) -> None:
    args = ("seconds=0.1",) if fault == "slow" else ()
    for device in ("core-2", "agg-1", "bsc-1"):
        with province.fault(device, fault, *args):
            done = province.audit(device)
        assert done.run.document["coverage"]["ratio"] == 1.0, device


def test_a_network_without_faults_says_the_same_again(province: Province, healthy: AuditResult) -> None:
    def judged(done: AuditResult) -> list[tuple[str, ...]]:
        findings = done.run.document["findings"]
        return [(f["device"], f["check"], f["subject"], f["status"], f["message_id"]) for f in findings]

    assert judged(province.audit()) == judged(healthy)


def test_the_scene_is_found_whole_and_nothing_else_and_is_that_of_the_architecture(tmp_path: Path) -> None:
    with province_of(tmp_path, "opening") as province:
        province.call("audit", "--interval", "1", expect=(3, 4))
        score = json.loads(province.call("-o", "json", "lab", "score").stdout)
        run = json.loads(province.call("-o", "json", "runs", "show", "latest").stdout)
    assert score["missed"] == []
    assert score["unexpected"] == []
    assert len(score["found"]) >= 30
    page = (Path(__file__).parents[2] / "docs/architecture.md").read_text(encoding="utf-8")
    walked = "ac-1", "radio_clients", "fail", "VH-SanKhau-02 1 (5 GHz): clients 78 (limit 50)"
    assert "  ".join(walked) in page
    assert walked in {(f["device"], f["check"], f["status"], f["message"]) for f in run["findings"]}
    verdicts = {(v["venue"], v["service"]): v["verdict"] for v in run["verdicts"]}
    assert (len(run["devices"]), len(verdicts), verdicts["van-hoa", "wifi"]) == (21, 11, "NOT_READY")
