"""From findings to verdicts and exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.checks.equipment.upkeep import outdated
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import all_checks
from eventready.core.errors import Exit
from eventready.evaluation.bearing import weights
from eventready.evaluation.runner import Coverage
from eventready.evaluation.verdicts import (
    DEVICES_LEFT_OUT,
    NO_ANSWER_EXPECTED,
    NO_ORIGINS,
    NO_USERS,
    UNPROVEN,
    Readiness,
    Verdict,
    exit_code,
    verdicts_of,
)
from eventready.facts import records as r
from eventready.facts.rows import FactRows
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.answers import ExpectedAnswer, Question
from eventready.workspace.devices.device import Device, Role, Service
from eventready.workspace.devices.expect import Expect, ExpectedLink
from eventready.workspace.settings.event import ServiceOrigin, Venue


def place(name: str, *services: Service) -> Venue:
    return Venue(id=name, name=name, name_vi=name, services=services or ("internet",))


def cabled(device: Device, *cores: str) -> DeviceFacts:
    """Return the facts of a router with a cable to each of these."""
    links = tuple(ExpectedLink(port=f"Gi0/{n}", device=core, to_port=device.name) for n, core in enumerate(cores))
    ports = FactRows[r.Fact](tuple(r.Interface(name=one.port, admin="up", oper="up") for one in links))
    peers = FactRows[r.Fact](tuple(
        r.RoutingPeer(protocol="ospf", peer="10.0.0.9", interface=one.port, state="Full", up=True) for one in links
    ))  # fmt: skip
    expect = device.expect.model_copy(update={"links": links})
    return DeviceFacts(replace(device, expect=expect), {"interface": ports, "ospf_neighbour": peers})


def core(name: str, *edges: str) -> DeviceFacts:
    """Return the facts of a router at an origin, with a port named by each edge."""
    ports = tuple(r.Interface(name=edge, admin="up", oper="up") for edge in edges)
    return DeviceFacts(Device(name, "router", "any", name), {"interface": FactRows(ports)})


def network_of(venues: Sequence[Venue], devices: Sequence[Device], *cores: str) -> WhatIf:
    """Return a network in which each router has a cable to each of the cores, by default to one."""
    cores = cores or ("c1",)
    routers = [one for one in devices if one.role == "router"]
    readings = [core(name, *(one.name for one in routers)) for name in cores]
    readings += [cabled(one, *cores) if one in routers else DeviceFacts(one) for one in devices]
    origins = tuple(ServiceOrigin(kind="upstream", device=name) for name in cores)
    return WhatIf(NetworkFacts(readings), NetworkSetting(venues, origins))


def verdicts(
    venues: Sequence[Venue],
    devices: Sequence[Device],
    findings: Sequence[Finding],
    *,
    left_out: Sequence[Device] = (),
    cores: Sequence[str] = (),
) -> tuple[Verdict, ...]:
    """Return the verdicts from findings, in `network_of` these devices."""
    network = network_of(venues, devices, *cores)
    return verdicts_of(venues, devices, weights(devices, findings), network=network, left_out=left_out)


all_checks()  # a verdict asks what a check needs

#: A question of a device, for the users of all its services.
ANSWERS = (ExpectedAnswer(ping="203.0.113.1"),)
ROUTER = Device(
    "r1", "router", "any", "192.0.2.1", venues=("hoi-nghi", "van-hoa"),
    expect=Expect(uplinks=("GigabitEthernet0/0/0",), answers=ANSWERS),
)  # fmt: skip
PASS = Finding(Outcome.PASS, "GigabitEthernet0/0/0", "fine", check="uplink", device="r1")
IDLE = Finding(Outcome.PASS, "CPU", "fine", check="cpu", device="r1")
WARN = Finding(Outcome.WARN, "CPU", "warm", check="cpu", device="r1")
FAIL = Finding(Outcome.FAIL, "CPU", "hot", check="cpu", device="r1")
MISSING = Finding(Outcome.NOT_MEASURED, "", "unread", check="memory", device="r1")
BLIND = replace(MISSING, blind=True)


def waived(finding: Finding) -> Finding:
    return replace(finding, status=Outcome.WAIVED, was=finding.status, waiver="A, until 2022-05-01: known")


def verdict(*findings: Finding, venue: str = "hoi-nghi", service: Service = "internet") -> Any:
    (found,) = verdicts([place(venue, service)], [ROUTER], findings)
    return found


def checked(finding: Finding, check: str) -> Finding:
    return replace(finding, check=check)


@pytest.mark.parametrize(
    ("findings", "readiness"),
    [
        ((), Readiness.READY),
        ((PASS, WARN), Readiness.READY_WITH_RISK),
        ((PASS, BLIND), Readiness.READY_WITH_RISK),
        ((PASS, MISSING), Readiness.NOT_MEASURED),
        ((PASS, MISSING, FAIL), Readiness.NOT_READY),
        ((PASS, WARN, MISSING), Readiness.NOT_MEASURED),
        ((PASS, waived(FAIL)), Readiness.READY_WITH_RISK),
        ((PASS, waived(MISSING)), Readiness.READY_WITH_RISK),
        ((PASS, waived(WARN)), Readiness.READY),
        ((PASS, waived(BLIND)), Readiness.READY_WITH_RISK),
        ((checked(FAIL, "uplink"),), Readiness.READY_WITH_RISK),  # the walk has it: no second count
        ((checked(MISSING, "uplink"),), Readiness.NOT_MEASURED),
        ((checked(FAIL, "ntp"),), Readiness.READY_WITH_RISK),
        ((checked(MISSING, "ntp"),), Readiness.READY_WITH_RISK),
    ],
)
def test_findings_on_the_only_way_make_a_verdict(findings: tuple[Finding, ...], readiness: Readiness) -> None:
    assert verdict(*findings).verdict is readiness


def of_port(finding: Finding, number: int) -> Finding:
    return replace(finding, subject=f"Gi0/{number} errors")


@pytest.mark.parametrize(
    ("findings", "readiness"),
    [
        ((of_port(FAIL, 0),), Readiness.READY_WITH_RISK),
        ((of_port(FAIL, 0), of_port(FAIL, 1)), Readiness.NOT_READY),
        ((of_port(MISSING, 0),), Readiness.READY_WITH_RISK),
        ((of_port(MISSING, 0), of_port(MISSING, 1)), Readiness.NOT_MEASURED),
        ((of_port(MISSING, 0), of_port(FAIL, 1)), Readiness.NOT_MEASURED),
        ((FAIL,), Readiness.NOT_READY),
        ((replace(FAIL, device="c1"),), Readiness.READY_WITH_RISK),
        ((replace(FAIL, device="c1"), of_port(FAIL, 1)), Readiness.NOT_READY),
    ],
)
def test_a_failure_of_quality_counts_on_all_ways_of_some_users(
    findings: tuple[Finding, ...], readiness: Readiness
) -> None:
    venues, cores = [place("hoi-nghi")], ("c1", "c2")
    network = network_of(venues, [ROUTER], *cores)
    devices = [one.device for one in network.topology.readings.all]
    (found,) = verdicts_of(venues, devices, weights(devices, findings), network=network)
    assert found.verdict is readiness


def test_a_failure_on_nobodys_way_is_a_risk_for_what_the_device_carries() -> None:
    beside = Device("r9", "router", "any", "192.0.2.9", venues=("hoi-nghi",), services=("internet",))
    venues, network = (
        [place("hoi-nghi", "internet", "fixed")],
        network_of([place("hoi-nghi", "internet", "fixed")], [ROUTER]),
    )
    found = verdicts_of(
        venues, [ROUTER, beside], weights([ROUTER, beside], [replace(FAIL, device="r9")]), network=network
    )
    assert [one.verdict for one in found] == [Readiness.READY_WITH_RISK, Readiness.READY]


def test_care_blocks_where_the_limits_say_so() -> None:
    class Blocking:
        def blocks(self, check: Any, device: Any = None) -> bool:
            return bool(check.name == "ntp")

    venues, network = [place("hoi-nghi")], network_of([place("hoi-nghi")], [ROUTER])
    found = [weights([ROUTER], [checked(FAIL, check)], Blocking()) for check in ("ntp", "syslog")]
    readiness = [verdicts_of(venues, [ROUTER], one, network=network)[0].verdict for one in found]
    assert readiness == [Readiness.NOT_READY, Readiness.READY_WITH_RISK]


@pytest.mark.parametrize(
    ("finding", "readiness"),
    [
        (FAIL, Readiness.NOT_READY),
        (MISSING, Readiness.NOT_MEASURED),
        (WARN, Readiness.READY_WITH_RISK),
        (waived(FAIL), Readiness.READY_WITH_RISK),
    ],
)
def test_the_ways_of_a_service_are_its_state(finding: Finding, readiness: Readiness) -> None:
    ways = replace(
        finding, check="service_way", subject="hoi-nghi internet", venues=("hoi-nghi",), services=("internet",)
    )
    assert [one.verdict for one in verdicts([place("hoi-nghi", "internet", "fixed")], [ROUTER], [ways])] == [
        readiness, Readiness.READY,
    ]  # fmt: skip


def test_a_waiver_makes_no_way_proven() -> None:
    silent = DeviceFacts(ROUTER, missing=frozenset({"interface"}))
    setting = NetworkSetting([place("hoi-nghi")], (ServiceOrigin(kind="upstream", device="c1"),))
    network = WhatIf(NetworkFacts([core("c1", "r1"), silent]), setting)
    ways = waived(MISSING).replace(check="service_way", venues=("hoi-nghi",), services=("internet",))
    (found,) = verdicts_of([place("hoi-nghi")], [ROUTER], weights([ROUTER], [ways]), network=network)
    assert (found.verdict, found.reasons) == (Readiness.NOT_MEASURED, (UNPROVEN,))


@pytest.mark.parametrize("finding", [PASS, WARN, FAIL])
def test_without_origins_no_way_is_walked(finding: Finding) -> None:
    (found,) = verdicts_of([place("hoi-nghi")], [ROUTER], weights([ROUTER], [finding]))
    failed = finding is FAIL
    assert found.verdict is (Readiness.NOT_READY if failed else Readiness.NOT_MEASURED)
    assert found.reasons == (() if failed else (NO_ORIGINS,))


def test_a_service_without_a_question_is_ready_with_a_risk_at_best() -> None:
    silent = replace(ROUTER, expect=Expect(uplinks=("GigabitEthernet0/0/0",)))
    (found,) = verdicts([place("hoi-nghi")], [silent], [PASS])
    assert (found.verdict, found.reasons) == (Readiness.READY_WITH_RISK, (NO_ANSWER_EXPECTED,))
    assert exit_code([PASS], Coverage(1, 1), verdicts=[found]) is Exit.OK
    (failing,) = verdicts([place("hoi-nghi")], [silent], [PASS, FAIL])
    assert failing.reasons == ()


def test_a_question_counts_for_its_venue_and_services_and_makes_them_incomplete_without_its_device() -> None:
    silent = replace(ROUTER, expect=Expect(uplinks=("GigabitEthernet0/0/0",)))
    question = Question(ANSWERS[0], "hoi-nghi", ("internet",))
    vantage = Device("v1", "vantage", "local", "localhost", event_questions=(question,))
    places = [place("hoi-nghi", "internet", "fixed"), place("van-hoa")]
    found = verdicts(places, [silent, vantage], [PASS])
    assert [one.verdict for one in found] == [Readiness.READY, *[Readiness.READY_WITH_RISK] * 2]
    left_out = verdicts(places, [silent], [PASS], left_out=[vantage])
    assert [one.reasons for one in left_out] == [(DEVICES_LEFT_OUT,), *[(NO_ANSWER_EXPECTED,)] * 2]
    unread = replace(MISSING, device="v1", check="answer_ping", venues=("hoi-nghi",), services=("internet",))
    assert verdicts(places, [silent, vantage], [PASS, unread])[0].verdict is Readiness.NOT_MEASURED
    wrong = replace(unread, status=Outcome.FAIL)
    assert verdicts(places, [vantage], [wrong])[0].verdict is Readiness.NOT_READY


def test_a_service_without_users_is_not_measured() -> None:
    (found,) = verdicts([place("hoi-nghi", "mobile")], [ROUTER], [])
    assert (found.verdict, found.reasons) == (Readiness.NOT_MEASURED, (NO_USERS,))


def test_what_a_device_that_was_not_requested_serves_is_not_measured() -> None:
    unasked = Device("b1", "bts_controller", "any", "192.0.2.2", venues=("hoi-nghi",))
    venues = [place("hoi-nghi", "fixed", "mobile"), place("van-hoa", "internet")]
    output = {(v.venue, v.service): v for v in verdicts(venues, [ROUTER], [PASS], left_out=[unasked])}
    assert output["hoi-nghi", "fixed"].verdict is Readiness.READY
    assert output["hoi-nghi", "mobile"].verdict is Readiness.NOT_MEASURED
    assert output["hoi-nghi", "mobile"].reasons == (DEVICES_LEFT_OUT,)
    assert output["van-hoa", "internet"].verdict is Readiness.READY
    failing = {v.service: v for v in verdicts(venues[:1], [ROUTER], [PASS, FAIL], left_out=[unasked])}
    assert failing["fixed"].verdict is Readiness.NOT_READY
    assert failing["mobile"].reasons == (DEVICES_LEFT_OUT,), "a shared router alone says nothing of it"


def test_an_audit_of_a_venue_changes_no_verdict_of_another() -> None:
    shared = replace(ROUTER, venues=("hoi-nghi", "van-hoa"))
    own = [replace(ROUTER, name=f"edge-{venue}", venues=(venue,)) for venue in shared.venues]
    places = [place(venue, "fixed") for venue in shared.venues]
    failing = [replace(FAIL, device="edge-hoi-nghi")]
    read, other = verdicts(places, [shared, own[0]], failing, left_out=own[1:])
    assert (read.verdict, other.verdict) == (Readiness.NOT_READY, Readiness.NOT_MEASURED)
    assert other.reasons == (DEVICES_LEFT_OUT,)


def test_reasons_come_worst_first() -> None:
    found = verdict(WARN, PASS, replace(FAIL, subject="CPU 2"), replace(MISSING, subject="pool"))
    assert found.because == ("r1 cpu CPU 2", "r1 memory pool", "r1 cpu CPU")


def test_checks_of_a_silent_device_are_counted() -> None:
    silent = [replace(MISSING, check=check) for check in ("cpu", "memory", "fan")]
    assert verdict(PASS, *silent).because == ("r1 (2)", "r1 (1)")  # the fan is care: a risk


def test_a_finding_counts_only_where_its_subject_serves() -> None:
    cell = replace(FAIL, venues=("van-hoa",))
    assert verdict(PASS, cell, venue="hoi-nghi").verdict is Readiness.READY
    assert verdict(PASS, cell, venue="van-hoa").verdict is Readiness.NOT_READY


def test_a_finding_counts_only_for_what_runs_over_its_subject() -> None:
    cable = replace(FAIL, services=("internet",))
    assert verdict(PASS, cable, service="fixed").verdict is Readiness.READY
    assert verdict(PASS, cable, service="internet").verdict is Readiness.NOT_READY


def test_a_finding_of_no_device_counts_nowhere() -> None:
    assert verdict(PASS, Finding(Outcome.WARN, "x", "old", check="waiver")).verdict is Readiness.READY


def test_old_outputs_are_a_risk_and_no_measurement() -> None:
    (old,) = outdated(datetime(2022, 4, 25, tzinfo=UTC), ["r1"], datetime(2022, 4, 27, tzinfo=UTC))
    assert verdict(PASS, old).verdict is Readiness.READY_WITH_RISK
    assert not outdated(datetime(2022, 4, 25, tzinfo=UTC), ["r1"], datetime(2022, 4, 25, 23, tzinfo=UTC))


def test_verdicts_stand_in_the_events_order() -> None:
    venues = [place("b", "mobile", "fixed"), place("a")]
    assert [(v.venue, v.service) for v in verdicts(venues, [], [])] == [
        ("b", "mobile"),
        ("b", "fixed"),
        ("a", "internet"),
    ]


ORDER = [Readiness.READY, Readiness.READY_WITH_RISK, Readiness.NOT_MEASURED, Readiness.NOT_READY]
any_finding = st.sampled_from([PASS, WARN, FAIL, MISSING, BLIND, waived(FAIL), waived(WARN), waived(MISSING)])


@given(findings=st.lists(any_finding, min_size=1, max_size=8))
def test_a_failure_more_never_improves_a_verdict(findings: list[Finding]) -> None:
    before, after = verdict(*findings).verdict, verdict(*findings, replace(FAIL, subject="more")).verdict
    assert ORDER.index(after) >= ORDER.index(before)
    assert after is Readiness.NOT_READY


@given(findings=st.lists(any_finding, max_size=8), more=st.sampled_from([WARN, MISSING, BLIND]))
def test_what_is_not_good_never_makes_ready(findings: list[Finding], more: Finding) -> None:
    assert verdict(*findings, more).verdict is not Readiness.READY


ALL = Coverage(3, 3)


@pytest.mark.parametrize(
    ("findings", "coverage", "fail_on", "code"),
    [
        ((PASS,), ALL, "fail", Exit.OK),
        ((PASS, WARN), ALL, "fail", Exit.OK),
        ((PASS, WARN), ALL, "warn", Exit.FINDINGS),
        ((PASS, FAIL), ALL, "warn", Exit.FINDINGS),
        ((PASS, FAIL), ALL, "fail", Exit.FINDINGS),
        ((PASS, MISSING), ALL, "fail", Exit.INCOMPLETE),
        ((PASS, MISSING, FAIL), ALL, "fail", Exit.INCOMPLETE),
        ((PASS, BLIND), ALL, "fail", Exit.OK),
        ((PASS, waived(FAIL), waived(MISSING)), ALL, "warn", Exit.OK),
        ((), Coverage(0, 0), "fail", Exit.INCOMPLETE),
        ((PASS,), Coverage(1, 0, 1), "fail", Exit.OK),
        ((waived(MISSING),), Coverage(3, 0), "fail", Exit.INCOMPLETE),
    ],
)
def test_exit_codes(findings: tuple[Finding, ...], coverage: Coverage, fail_on: Any, code: Exit) -> None:
    assert exit_code(findings, coverage, fail_on) is code


def test_a_service_without_access_ends_no_audit_well() -> None:
    """A script that asks for the exit code alone must not take it for ready."""
    wifi = place("hoi-nghi", "internet", "wifi")
    ready, lacking = verdicts([wifi], [ROUTER], [PASS])
    assert (ready.verdict, lacking.verdict) == (Readiness.READY, Readiness.NOT_MEASURED)
    assert exit_code((PASS,), ALL, "fail", (ready,)) is Exit.OK
    assert exit_code((PASS,), ALL, "fail", (ready, lacking)) is Exit.INCOMPLETE
    roles: tuple[Role, ...] = ("wifi_controller", "bts_controller")
    others = [Device(role, role, "any", "192.0.2.2", venues=("hoi-nghi",)) for role in roles]
    chosen = verdicts([place("hoi-nghi", "internet", "mobile", "wifi")], [ROUTER], [PASS], left_out=others)
    assert [one.reasons for one in chosen[1:]] == [(DEVICES_LEFT_OUT,)] * 2
    assert exit_code((PASS,), ALL, "fail", chosen) is Exit.OK  # the rest was left out on purpose
    (alone,) = verdicts([place("hoi-nghi", "mobile")], [], [], left_out=others[1:])
    assert alone.reasons == (DEVICES_LEFT_OUT,)


def test_references_of_services_and_venues_are_held_once() -> None:
    found = verdicts([place("hoi-nghi", "internet", "fixed"), place("van-hoa")], [ROUTER], [FAIL, WARN, MISSING])
    assert len({id(piece) for one in found for piece in one.references if b"CPU" in piece}) == 2
