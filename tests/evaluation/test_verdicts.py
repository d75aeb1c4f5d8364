"""From findings to verdicts and exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.checks.equipment.capture_age import outdated
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import all_checks
from eventready.core.errors import Exit
from eventready.evaluation.runner import Coverage
from eventready.evaluation.verdicts import (
    DEVICES_LEFT_OUT,
    NO_ANSWER_EXPECTED,
    NO_DEVICE,
    NOTHING_MEASURED,
    Readiness,
    Verdict,
    exit_code,
    telling,
    verdicts_of,
    weights,
)
from eventready.workspace.devices.answers import ExpectedAnswer, Question
from eventready.workspace.devices.device import Device, Role, Service
from eventready.workspace.devices.expect import Expect, ExpectedAccessPoint, ExpectedCell


@dataclass(frozen=True)
class Venue:
    id: str
    services: tuple[Service, ...] = ("internet",)


def verdicts(
    venues: Sequence[Any], devices: Sequence[Device], findings: Sequence[Finding], *, left_out: Sequence[Device] = ()
) -> tuple[Verdict, ...]:
    """Return the verdicts from findings."""
    return verdicts_of(venues, devices, weights(devices, findings), left_out=left_out)


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
    (found,) = verdicts([Venue(venue, (service,))], [ROUTER], findings)
    return found


@pytest.mark.parametrize(
    ("findings", "readiness"),
    [
        ((PASS,), Readiness.READY),
        ((PASS, WARN), Readiness.READY_WITH_RISK),
        ((PASS, BLIND), Readiness.READY_WITH_RISK),
        ((PASS, MISSING), Readiness.NOT_MEASURED),
        ((PASS, MISSING, FAIL), Readiness.NOT_READY),
        ((PASS, WARN, MISSING), Readiness.NOT_MEASURED),
        ((PASS, waived(FAIL)), Readiness.READY_WITH_RISK),
        ((PASS, waived(MISSING)), Readiness.READY_WITH_RISK),
        ((PASS, waived(WARN)), Readiness.READY),
        ((PASS, waived(BLIND)), Readiness.READY_WITH_RISK),
        ((waived(replace(WARN, check="uplink")),), Readiness.READY),
        ((IDLE,), Readiness.NOT_MEASURED),
        ((IDLE, replace(BLIND, check="uplink")), Readiness.NOT_MEASURED),
        ((IDLE, waived(replace(MISSING, check="uplink"))), Readiness.NOT_MEASURED),
        ((IDLE, waived(replace(FAIL, check="uplink"))), Readiness.READY_WITH_RISK),
        ((BLIND,), Readiness.NOT_MEASURED),
        ((waived(MISSING),), Readiness.NOT_MEASURED),
        ((), Readiness.NOT_MEASURED),
    ],
)
def test_findings_make_a_verdict(findings: tuple[Finding, ...], readiness: Readiness) -> None:
    assert verdict(*findings).verdict is readiness


def test_a_service_without_a_question_is_ready_with_a_risk_at_best() -> None:
    silent = replace(ROUTER, expect=Expect(uplinks=("GigabitEthernet0/0/0",)))
    (found,) = verdicts([Venue("hoi-nghi")], [silent], [PASS])
    assert (found.verdict, found.reasons) == (Readiness.READY_WITH_RISK, (NO_ANSWER_EXPECTED,))
    assert exit_code([PASS], Coverage(1, 1), verdicts=[found]) is Exit.OK
    (failing,) = verdicts([Venue("hoi-nghi")], [silent], [PASS, FAIL])
    assert failing.reasons == ()


def test_a_question_counts_for_its_venue_and_services_and_makes_them_incomplete_without_its_device() -> None:
    silent = replace(ROUTER, expect=Expect(uplinks=("GigabitEthernet0/0/0",)))
    question = Question(ANSWERS[0], "hoi-nghi", ("internet",))
    vantage = Device("v1", "vantage", "local", "localhost", event_questions=(question,))
    places = [Venue("hoi-nghi", ("internet", "fixed")), Venue("van-hoa")]
    found = verdicts(places, [silent, vantage], [PASS])
    assert [one.verdict for one in found] == [Readiness.READY, *[Readiness.READY_WITH_RISK] * 2]
    left_out = verdicts(places, [silent], [PASS], left_out=[vantage])
    assert [one.reasons for one in left_out] == [(DEVICES_LEFT_OUT,), *[(NO_ANSWER_EXPECTED,)] * 2]
    unread = replace(MISSING, device="v1", check="answer_ping", venues=("hoi-nghi",), services=("internet",))
    assert verdicts(places, [silent, vantage], [PASS, unread])[0].verdict is Readiness.NOT_MEASURED
    wrong = replace(unread, status=Outcome.FAIL)
    assert verdicts(places, [vantage], [wrong])[0].verdict is Readiness.NOT_READY


def test_no_device_is_not_measured_and_says_so() -> None:
    (found,) = verdicts([Venue("hoi-nghi")], [], [])
    assert (found.verdict, found.reasons) == (Readiness.NOT_MEASURED, (NO_DEVICE,))


def test_a_service_that_no_device_carries_is_not_measured() -> None:
    wifi = replace(controller("wifi_controller"), name="w1")
    found = {v.service: v for v in verdicts([Venue("hoi-nghi", ("wifi", "mobile"))], [wifi], [])}
    assert found["mobile"].reasons == (NO_DEVICE,)
    assert found["wifi"].because == ("Nothing was measured on the devices that serve it",)


def joined(role: Role) -> Finding:
    """A pass about the access of `controller`."""
    return replace(PASS, device="a1", check={"bts_controller": "cell", "wifi_controller": "access_point"}[role])


def controller(role: Role, venue: str | None = None, *, empty: bool = False) -> Device:
    expect = {
        "bts_controller": Expect(cells=(ExpectedCell(name="C-1", venue=venue),), answers=ANSWERS),
        "wifi_controller": Expect(access_points=(ExpectedAccessPoint(name="AP-1", venue=venue),), answers=ANSWERS),
    }
    here = ("hoi-nghi", "van-hoa")
    return Device("a1", role, "any", "192.0.2.2", venues=here, expect=Expect() if empty else expect[role])


@pytest.mark.parametrize(
    ("service", "role", "thing"),
    [("mobile", "bts_controller", "No base station and no cell"), ("wifi", "wifi_controller", "No access point")],
)
def test_a_controller_without_access_at_the_venue_makes_nothing_ready(service: Service, role: Role, thing: str) -> None:
    healthy = joined(role)
    for device in (controller(role, empty=True), controller(role, "van-hoa")):
        (found,) = verdicts([Venue("hoi-nghi", (service,))], [device], [healthy])
        assert found.verdict is Readiness.NOT_MEASURED
        assert found.because[0].startswith(f"{thing} is expected there")
    (there,) = verdicts([Venue("van-hoa", (service,))], [controller(role, "van-hoa")], [healthy])
    assert there.verdict is Readiness.READY


@pytest.mark.parametrize("service", ["fixed", "internet"])
@pytest.mark.parametrize(
    "expect", [Expect(ospf=("10.0.0.1",), answers=ANSWERS), Expect(default_routes=1, answers=ANSWERS)]
)
def test_the_load_of_a_router_is_no_access(service: Service, expect: Expect) -> None:
    (idle,) = verdicts([Venue("hoi-nghi", (service,))], [replace(ROUTER, expect=Expect(ospf=()))], [PASS])
    assert idle.verdict is Readiness.NOT_MEASURED
    assert idle.because[0].startswith("Its routers expect no port, neighbour")
    used = replace(ROUTER, expect=expect)
    (unseen,) = verdicts([Venue("hoi-nghi", (service,))], [used], [PASS])
    assert unseen.because == ("No port, neighbour, gateway or default route of its routers was measured",)
    measured = replace(PASS, check="ospf" if expect.ospf else "default_route")
    (seen,) = verdicts([Venue("hoi-nghi", (service,))], [used], [measured])
    assert seen.verdict is Readiness.READY
    host = replace(ROUTER, role="service_host")
    (other,) = verdicts([Venue("hoi-nghi", (service,))], [replace(host, services=(service,))], [PASS])
    assert other.because[0] == "No router of this audit serves it"
    (unknown,) = verdicts([Venue("hoi-nghi", (service,))], [host], [PASS, FAIL])
    assert (unknown.verdict, unknown.reasons) == (Readiness.NOT_MEASURED, (NO_DEVICE,))


@pytest.mark.parametrize(
    ("service", "role", "reason"),
    [
        ("mobile", "bts_controller", "No base-station controller of this audit serves it"),
        ("wifi", "wifi_controller", "No Wi-Fi controller of this audit serves it"),
    ],
)
def test_routers_alone_give_no_mobile_and_no_wifi(service: Service, role: Role, reason: str) -> None:
    access = controller(role)
    (alone,) = verdicts([Venue("hoi-nghi", (service,))], [ROUTER], [PASS])
    assert (alone.verdict, alone.because) == (Readiness.NOT_MEASURED, (reason,))
    (unseen,) = verdicts([Venue("hoi-nghi", (service,))], [ROUTER, access], [PASS, replace(BLIND, device="a1")])
    assert unseen.verdict is Readiness.NOT_MEASURED
    assert unseen.because[0].endswith("expected there was measured")
    (both,) = verdicts([Venue("hoi-nghi", (service,))], [ROUTER, access], [PASS, joined(role)])
    assert both.verdict is Readiness.READY


def test_a_service_host_that_offers_nothing_known_makes_nothing_ready() -> None:
    host = Device("h1", "service_host", "any", "192.0.2.3", venues=("hoi-nghi",), services=("internet",))
    (idle,) = verdicts([Venue("hoi-nghi")], [ROUTER, host], [PASS, replace(IDLE, device="h1")])
    assert (idle.verdict, idle.because[0][:32]) == (Readiness.NOT_MEASURED, "Its service hosts expect no serv")
    used = replace(host, expect=Expect(listeners=("tcp/443",)))
    (unseen,) = verdicts([Venue("hoi-nghi")], [ROUTER, used], [PASS, replace(IDLE, device="h1")])
    assert unseen.because == ("Nothing that its service hosts offer was measured",)
    (seen,) = verdicts([Venue("hoi-nghi")], [ROUTER, used], [PASS, replace(PASS, device="h1", check="listener")])
    assert seen.verdict is Readiness.READY


def test_a_switch_is_access_to_fixed_lines_where_the_inventory_has_it_so() -> None:
    venues = [Venue("hoi-nghi", ("fixed", "internet"))]
    switch = replace(ROUTER, role="switch")
    assert {one.reasons[0] for one in verdicts(venues, [switch], [PASS])} == {NO_DEVICE}
    failing = verdicts(venues, [switch, replace(ROUTER, name="r2")], [FAIL])
    assert {one.verdict for one in failing} == {Readiness.NOT_READY}, "it is on the way of others"
    access = replace(switch, services=("fixed", "internet"))
    fixed, internet = verdicts(venues, [access], [PASS])
    assert (fixed.verdict, internet.verdict) == (Readiness.READY, Readiness.READY)
    unseen, _internet = verdicts(venues, [access], [IDLE])
    assert unseen.reasons == ("checks:verdict.no_port_measured",)


def test_a_cable_is_access_of_the_routers_at_both_ends() -> None:
    cable = {"port": "e1", "device": "r1", "to_port": "e2"}
    ends = [replace(ROUTER, name=name, expect=Expect.model_validate({"links": [cable]})) for name in ("r2", "r3")]
    found = telling([replace(PASS, check="link", subject=end.name, witnesses=("r1", end.name)) for end in ends])
    for end in ends:
        (seen,) = verdicts([Venue("hoi-nghi")], [replace(ROUTER, expect=Expect(answers=ANSWERS)), end], found)
        assert seen.verdict is Readiness.READY


def test_what_a_device_that_was_not_requested_serves_is_not_measured() -> None:
    unasked = Device("b1", "bts_controller", "any", "192.0.2.2", venues=("hoi-nghi",))
    venues = [Venue("hoi-nghi", ("fixed", "mobile")), Venue("van-hoa", ("internet",))]
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
    places = [Venue(venue, ("fixed",)) for venue in shared.venues]
    failing = [FAIL, replace(PASS, device="edge-hoi-nghi", venues=("hoi-nghi",))]
    read, other = verdicts(places, [shared, own[0]], failing, left_out=own[1:])
    assert (read.verdict, other.verdict) == (Readiness.NOT_READY, Readiness.NOT_MEASURED)
    assert other.reasons == (DEVICES_LEFT_OUT,)


def test_a_warning_that_rests_on_no_fact_measures_nothing() -> None:
    cleartext = Finding(Outcome.WARN, "login", "clear", check="cleartext", device="r1")
    found = verdict(cleartext)
    assert (found.verdict, found.reasons[0]) == (Readiness.NOT_MEASURED, NOTHING_MEASURED)


def test_reasons_come_worst_first() -> None:
    found = verdict(WARN, PASS, replace(FAIL, subject="CPU 2"), replace(MISSING, subject="pool"))
    assert found.because == ("r1 cpu CPU 2", "r1 memory pool", "r1 cpu CPU")


def test_checks_of_a_silent_device_are_counted() -> None:
    silent = [replace(MISSING, check=check) for check in ("cpu", "memory", "fan")]
    assert verdict(PASS, *silent).because == ("r1 (3)",)


def test_a_finding_counts_only_where_its_subject_serves() -> None:
    cell = replace(FAIL, venues=("van-hoa",))
    assert verdict(PASS, cell, venue="hoi-nghi").verdict is Readiness.READY
    assert verdict(PASS, cell, venue="van-hoa").verdict is Readiness.NOT_READY


def test_a_finding_counts_only_for_what_runs_over_its_subject() -> None:
    cable = replace(FAIL, services=("wifi",))
    assert verdict(PASS, cable, service="fixed").verdict is Readiness.READY
    assert verdict(PASS, cable, service="wifi").verdict is Readiness.NOT_READY


def test_a_finding_of_no_device_counts_nowhere() -> None:
    assert verdict(PASS, Finding(Outcome.WARN, "x", "old", check="waiver")).verdict is Readiness.READY


def test_old_outputs_are_a_risk_and_no_measurement() -> None:
    (old,) = outdated(datetime(2022, 4, 25, tzinfo=UTC), ["r1"], datetime(2022, 4, 27, tzinfo=UTC))
    assert verdict(PASS, old).verdict is Readiness.READY_WITH_RISK
    assert NOTHING_MEASURED in verdict(old).reasons
    assert not outdated(datetime(2022, 4, 25, tzinfo=UTC), ["r1"], datetime(2022, 4, 25, 23, tzinfo=UTC))


def test_verdicts_stand_in_the_events_order() -> None:
    venues = [Venue("b", ("mobile", "fixed")), Venue("a")]
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
    wifi = Venue("hoi-nghi", ("internet", "wifi"))
    ready, lacking = verdicts([wifi], [ROUTER], [PASS])
    assert (ready.verdict, lacking.verdict) == (Readiness.READY, Readiness.NOT_MEASURED)
    assert exit_code((PASS,), ALL, "fail", (ready,)) is Exit.OK
    assert exit_code((PASS,), ALL, "fail", (ready, lacking)) is Exit.INCOMPLETE
    others = [controller("wifi_controller"), controller("bts_controller")]
    chosen = verdicts([Venue("hoi-nghi", ("internet", "mobile", "wifi"))], [ROUTER], [PASS], left_out=others)
    assert [one.reasons for one in chosen[1:]] == [(DEVICES_LEFT_OUT,)] * 2
    assert exit_code((PASS,), ALL, "fail", chosen) is Exit.OK  # the rest was left out on purpose
    (alone,) = verdicts([Venue("hoi-nghi", ("mobile",))], [], [], left_out=others[1:])
    assert alone.reasons == (DEVICES_LEFT_OUT,)


_FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(Outcome),
        st.sampled_from(["", "CPU", "Gi0/1"]),
        st.just("said"),
        check=st.sampled_from(["cpu", "cleartext", "uplink", "link"]),
        witnesses=st.sampled_from([(), ("r1", "r2")]),
        device=st.sampled_from(["r1", "r2"]),
        venues=st.sampled_from([(), ("hoi-nghi",)]),
        services=st.sampled_from([(), ("internet",), ("wifi",)]),
        blind=st.booleans(),
        was=st.sampled_from([None, Outcome.WARN, Outcome.FAIL, Outcome.NOT_MEASURED]),
    ),
    max_size=12,
)


@given(_FINDINGS, st.sampled_from(["warn", "fail"]))
def test_verdicts_rest_on_the_telling_findings(findings: list[Finding], fail_on: Any) -> None:
    venues = [Venue("hoi-nghi", ("internet", "wifi")), Venue("van-hoa", ("internet",))]
    devices = [ROUTER, replace(ROUTER, name="r2", venues=("van-hoa",))]
    kept = telling(findings)
    assert verdicts(venues, devices, kept) == verdicts(venues, devices, findings)
    assert exit_code(kept, Coverage(1, 1), fail_on) == exit_code(findings, Coverage(1, 1), fail_on)


def test_references_of_services_and_venues_are_held_once() -> None:
    found = verdicts([Venue("hoi-nghi", ("internet", "fixed")), Venue("van-hoa")], [ROUTER], [FAIL, WARN, MISSING])
    assert len({id(piece) for one in found for piece in one.references if b"CPU" in piece}) == 2


def test_only_measurements_of_access_are_held_by_device_and_check() -> None:
    reading = [PASS, IDLE, replace(IDLE, check="memory"), replace(WARN, check="memory")]
    assert len({place for weight in weights([ROUTER], reading) for place in weight.measures}) <= 2
