"""Tests of the event on the last full audit of the workspace, or on a new audit (--readiness-audit).

After a rehearsal in the lab: `pytest --readiness-workspace .eventready/lab`.
"""

import pytest

from eventready.pytest_plugin import ReadinessRun

GOOD = ("READY", "READY_WITH_RISK")


@pytest.mark.parametrize("service", ["fixed", "internet", "mobile", "wifi"])
def test_the_conference_centre_may_begin(readiness: ReadinessRun, service: str) -> None:
    assert readiness.verdict("hoi-nghi", service) in GOOD


@pytest.mark.parametrize("service", ["fixed", "internet", "mobile", "wifi"])
def test_the_cultural_centre_may_begin(readiness: ReadinessRun, service: str) -> None:
    assert readiness.verdict("van-hoa", service) in GOOD


@pytest.mark.parametrize("service", ["fixed", "internet", "mobile"])
def test_the_temple_may_begin(readiness: ReadinessRun, service: str) -> None:
    assert readiness.verdict("den-tho", service) in GOOD


@pytest.mark.parametrize("core", ["core-1", "core-2"])
def test_all_bgp_sessions_of_the_core_are_established(readiness: ReadinessRun, core: str) -> None:
    peers = readiness.device(core).fact("bgp_neighbour")
    assert len(peers) >= 3
    assert [peer["peer"] for peer in peers if not peer["up"]] == []


def test_each_core_router_has_its_own_provider_session(readiness: ReadinessRun) -> None:
    for core, provider in (("core-1", "203.0.113.1"), ("core-2", "203.0.113.5")):
        peers = {peer["peer"]: peer for peer in readiness.device(core).fact("bgp_neighbour")}
        assert peers[provider]["state"] == "Established"


def test_one_core_router_alone_is_the_gateway_of_the_management_network(readiness: ReadinessRun) -> None:
    groups = [group for core in ("core-1", "core-2") for group in readiness.device(core).fact("hsrp_group")]
    assert [group["state"] for group in groups if group["virtual_ip"] == "192.0.2.254"].count("master") == 1


def test_no_check_of_the_core_is_unmeasured(readiness: ReadinessRun) -> None:
    for core in ("core-1", "core-2"):
        unmeasured = readiness.device(core).findings(outcome="not_measured")
        assert not [one for one in unmeasured if not one.blind]  # blind: this equipment never reports it


def test_certificates_outlast_the_event(readiness: ReadinessRun) -> None:
    found = readiness.findings(check="certificate")
    assert found
    assert not [one for one in found if one.status != "pass"]


def test_every_expected_access_point_is_up(readiness: ReadinessRun) -> None:
    found = readiness.findings(check="access_point")
    assert found
    assert not [one for one in found if one.status in ("fail", "not_measured")]


def test_nothing_is_waived_without_a_reason(readiness: ReadinessRun) -> None:
    assert all(one.waiver for one in readiness.findings(outcome="waived"))
