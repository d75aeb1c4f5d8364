"""What an audit sees, on simulated devices and on real software alike; where they differ, the simulation is wrong."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass

import pytest

from eventready.audit.audit import AuditResult
from eventready.core.errors import Exit
from eventready.store.store import Store
from eventready_lab.real.province.layout import AIR_HOST, expected_findings
from tests.behaviours.twin import REAL_ONLY, Twin
from tests.e2e.conftest import Row, troubles

pytestmark = [pytest.mark.xdist_group("twin"), pytest.mark.timeout(300)]

#: True of the province all the time, as (device, check, subject, status).
REAL_ROWS = {(device, check, subject, status) for check, device, subject, status in REAL_ONLY}
STANDING = {(device, check, subject, status) for check, device, subject, status in expected_findings()} - {
    ("bsc", "cleartext", "login", "warn"), *REAL_ROWS
}  # fmt: skip


def reported(done: AuditResult) -> set[Row]:
    """What is not good. How long the machine with the radios has been up is not the same in the two labs."""
    return {row for row in troubles(done) if row[:2] != (AIR_HOST, "uptime")} - REAL_ROWS


def rows(text: str, status: str = "fail") -> set[Row]:
    """`device check subject` a line, as rows of one status."""
    split = (line.split(maxsplit=2) for line in text.strip().splitlines())
    return {(device, check, subject.strip(), status) for device, check, subject in split}


@dataclass(frozen=True)
class Case:
    """A fault, and all that must be found of it; nothing else may be.

    `simulated`: what a simulation has to be told besides, because in the real lab it is as it is.
    """

    device: str
    fault: str
    args: tuple[str, ...]
    found: set[Row]
    interval_s: float = 0.5
    simulated: tuple[str, ...] = ()


CASES = [
    Case("gw-1", "link-down", ("eth2",), rows("""
        core-1 bfd 10.0.13.1
        core-1 link core-1 eth1 - gw-1 eth2
        core-1 ospf 10.255.0.1
        core-1 uplink eth1
        gw-1 bfd 10.0.13.2
        gw-1 ospf 10.255.0.3
        gw-1 uplink eth2""")),
    Case("core-1", "link-down", ("eth4",), rows("""
        core-1 bfd 192.0.2.14
        core-1 bgp 192.0.2.14
        core-1 link core-1 eth4 - isp-1 eth1
        core-1 uplink eth4
        isp-1 bfd 192.0.2.13
        isp-1 bgp 192.0.2.13
        isp-1 uplink eth1""")),
    Case("gw-1", "bfd-down", ("10.0.13.2",), rows("""
        core-1 bfd 10.0.13.1
        core-1 ospf 10.255.0.1
        gw-1 bfd 10.0.13.2
        gw-1 ospf 10.255.0.3""")),
    Case("core-1", "bfd-down", ("192.0.2.14",), rows("""
        core-1 bfd 192.0.2.14
        core-1 bgp 192.0.2.14
        isp-1 bfd 192.0.2.13
        isp-1 bgp 192.0.2.13""")),
    Case("gw-1", "unwatched-route", (), rows("gw-1 floating_route 10.0.13.2", "warn")),
    Case("gw-1", "no-backup-route", (), rows("gw-1 backup_route backup route", "warn")),
    Case("core-1", "neighbour-lost", ("192.0.2.14", "protocol=bgp"), rows("""
        core-1 bgp 192.0.2.14
        isp-1 bgp 192.0.2.13""")),
    Case("gw-1", "neighbour-lost", ("10.255.0.3", "protocol=bgp"), rows("""
        core-1 bgp 10.255.0.1
        gw-1 bgp 10.255.0.3""")),
    Case("gw-1", "neighbour-lost", ("10.255.0.3", "protocol=ospf"), rows("""
        core-1 ospf 10.255.0.1
        gw-1 ospf 10.255.0.3""")),
    Case("gw-1", "two-masters", (), rows("gw-1 vrrp_pair vrrp 5 10.10.0.1")
         | rows("gw-2 vrrp vrrp 5 eth1", "warn")),
    Case("gw-2", "gateway-lost", (), rows("""
        gw-1 vrrp_pair vrrp 5 10.10.0.1
        gw-2 vrrp vrrp 5 eth1
        gw-2 vrrp_failover vrrp 5 eth1""")),
    Case("bsc", "bts-link-lost", ("SITE-02",), rows("""
        bsc cell SITE-02
        bsc cell_channels SITE-02
        bsc channel_load SITE-02
        bsc site SITE-02""")),
    Case("bsc", "bts-link-lost", ("BTS-LD-01",), rows("""
        bsc cell BTS-LD-01
        bsc cell_channels BTS-LD-01
        bsc channel_load BTS-LD-01
        bsc mobile_bts BTS-LD-01
        bsc site BTS-LD-01""")),
    Case("bsc", "bts-degraded", ("BTS-LD-02",), rows("""
        bsc cell BTS-LD-02
        bsc mobile_bts BTS-LD-02""") | rows("bsc site BTS-LD-02", "warn")),
    Case("bsc", "core-link-down", (), rows("bsc core_link 0")),
    Case("bsc", "cell-barred", ("SITE-01",), rows("bsc barring SITE-01")),
    Case("bsc", "unsaved-config", (), rows("bsc saved_config configuration", "warn")),
    Case("bsc", "channels-full", ("SITE-03",), rows("""
        bsc channel_load SITE-03 SDCCH
        bsc channel_load SITE-03 TCH/F
        bsc channel_refusals SITE-03"""), interval_s=3),
    Case("ap-host-1", "ap-lost", ("gate",), rows("""
        ap-host-1 access_point access points
        ap-host-1 radio radios""") | rows("""
        ap-host-1 access_point gate
        ap-host-1 radio gate phy5 (5 GHz)""", "warn")),
    Case("ap-host-1", "ap-crowded", ("gate",), rows("""
        ap-host-1 access_point_balance van-hoa
        ap-host-1 radio_clients gate phy5 (5 GHz)""", "warn") | rows("""
        ap-host-1 access_point_empty stage-1
        ap-host-1 access_point_empty stage-2"""), simulated=("clients=42",)),
]  # fmt: skip


def test_in_order_everything_is_measured_and_only_what_is_true_is_found(twin: Twin) -> None:
    done = twin.audit()
    assert done.run.document["coverage"]["ratio"] == 1.0
    assert reported(done) == STANDING


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join((case.device, case.fault, *case.args)))
def test_a_fault_is_found_with_all_that_follows_from_it(twin: Twin, case: Case) -> None:
    """A fault that outlives its case would be found by the next one, and by the last test of this file."""
    with twin.fault(case.device, case.fault, *case.args, *(() if twin.real else case.simulated)):
        done = twin.audit(interval_s=case.interval_s)
    assert done.run.document["coverage"]["ratio"] == 1.0
    assert reported(done) - STANDING == case.found


#: Who does not talk to us and how, and a piece of the reason that is told. A simulated router that hangs does so after
#: its prompt; vtysh cannot even show one while its daemons stand still.
TALK = [
    ("gw-2", "silent", "SSH"),
    ("gw-2", "hang", "shows no prompt"),
    ("gw-2", "auth-refused", "refuses"),
    ("gw-2", "changed-host-key", "host key"),
    ("bsc", "silent", "bsc"),
]


@pytest.mark.parametrize(("device", "fault", "reason"), TALK)
def test_who_cannot_be_talked_to_is_not_measured_and_costs_only_himself(
    twin: Twin, device: str, fault: str, reason: str
) -> None:
    beside = "isp-1"
    with twin.fault(device, fault), twin.impatient():
        done = twin.audit(f"{device},{beside}", interval_s=0)
    answers = [o for o in done.run.document["observations"] if o["command"]]
    lost = [o for o in answers if o["device"] == device]
    assert lost
    assert not any(o["status"] in ("parsed", "empty") for o in lost)
    assert any(re.search(reason, o["reason"]) for o in lost), {o["reason"] for o in lost}
    assert all(o["status"] in ("parsed", "empty") for o in answers if o["device"] == beside)
    assert done.exit is Exit.INCOMPLETE


def test_what_was_not_saved_is_called_unknown_and_never_good(twin: Twin) -> None:
    """vtysh cannot compare what runs with what is saved; neither does the audit say that all is well."""
    with twin.fault("gw-1", "unsaved-config"):
        done = twin.audit("gw-1", interval_s=0)
    output = [f for f in done.run.document["findings"] if f["check"] == "saved_config"]
    assert [(f["status"], f["blind"]) for f in output] == [("not_measured", True)]


def test_the_call_statistics_of_an_hour_are_read(twin: Twin) -> None:
    """A controller prints them after an hour of calls; the clock of the real one is accelerated."""
    with twin.fault("bsc", "hour-of-calls") if twin.real else nullcontext():
        done = twin.audit("bsc", interval_s=0)
        evidence = {o["evidence"] for o in done.run.document["observations"] if o["command"] == "show bts"}
        with Store.of_workspace(twin.copy) as store:
            assert any("seconds in last hour" in text for text in store.texts(evidence).values())
    assert done.run.document["coverage"]["ratio"] == 1.0


def test_faults_stand_side_by_side_and_are_cleared_in_any_order(twin: Twin) -> None:
    cases = {case.fault: case for case in CASES}
    both = cases["cell-barred"].found | cases["gateway-lost"].found
    with twin.fault("bsc", "cell-barred", "SITE-01"):
        twin.call("lab", "fault", "gw-2", "gateway-lost")
        first = reported(twin.audit()) - STANDING
    twin.call("lab", "fault", "gw-2", "gateway-lost", "--clear")
    assert first == both
    assert reported(twin.audit()) == STANDING
