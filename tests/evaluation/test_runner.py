"""What the runner adds to the checks: everything that could not be judged is said, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.checks.check import CHECKS, Check, DeviceView, NoLimits
from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Message, in_english
from eventready.evaluation import runner
from eventready.evaluation.matrix import CellState, DutyIndex, Matrix
from eventready.evaluation.runner import Coverage, Packed, coverage, evaluate
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.packed import PackedObservations
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.duties import Duty, Proof
from eventready.workspace.settings.waivers import Waiver
from tests.checks import casebook
from tests.checks.casebook import MOMENT, FakePlatform, all_cases, english, matrix_of, observations, whole


def router(name: str = "r1", **expect: Any) -> Device:
    expect = {"ntp": False, "syslog": False, "saved_config": False, **expect}
    return Device(name, "router", "any", "192.0.2.1", venues=("hoi-nghi",), expect=Expect.model_validate(expect))


#: What a healthy router tells.
HEALTHY: dict[str, list[dict[str, Any]]] = {
    "system": [{"version": "1", "uptime_s": 4_000_000}],
    "cpu": [{"five_minutes": 10}],
    "memory": [{"used_percent": 40}],
    "temperature": [{"name": "t", "kind": "temperature", "state": "ok"}],
    "power": [{"name": "p", "kind": "power", "state": "ok"}],
    "fan": [{"name": "f", "kind": "fan", "state": "ok"}],
    "board": [{"name": "b", "kind": "board", "state": "ok"}],
}


def healthy(device: str = "r1") -> list[Observation]:
    return list(observations(device, {"now": HEALTHY}))


def verdict_of(devices: Sequence[Device], result: Sequence[Observation], **more: Any) -> tuple[Finding, ...]:
    return evaluate(devices, matrix_of(list(devices)), result, moment=MOMENT, **more)


def test_a_healthy_router_has_nothing_but_passes() -> None:
    checks = {*HEALTHY, "uptime"} - {"system"}
    findings = verdict_of([router()], healthy(), checks=checks)
    assert {finding.status for finding in findings} == {Outcome.PASS}
    assert {finding.check for finding in findings} == checks


def duty(clause: str, check: str, *venues: str) -> Duty:
    proof = Proof(checks=(check,), venues=venues)
    return Duty(id=clause, vi="a", en="a", applies_to="all", owner="NOC", deadline="-", proof=proof)


def test_findings_carry_device_duties_and_evidence() -> None:
    duties = DutyIndex([duty("7", "c*"), duty("8", "memory"), duty("9", "*", "hoi-nghi"), duty("10", "*", "elsewhere")])
    (cpu,) = (finding for finding in verdict_of([router()], healthy(), duties=duties) if finding.check == "cpu")
    assert (cpu.device, cpu.duties, cpu.evidence) == ("r1", ("7", "9"), ("r1-cpu",))


@pytest.mark.parametrize("status", [status for status in Status if not status.measured])
def test_every_way_of_not_measuring_is_reported_in_words(status: Status) -> None:
    result = [o for o in healthy() if o.fact != "cpu"]
    result.append(Observation("r1", "cpu", status, reason="Because of the weather."))
    (cpu,) = (finding for finding in verdict_of([router()], result) if finding.check == "cpu")
    assert cpu.status is Outcome.NOT_MEASURED
    assert not cpu.blind
    assert cpu.message.endswith("Because of the weather.")


def test_a_device_that_reported_nothing_has_a_finding_for_every_check() -> None:
    device = router(uplinks=["e1"], ospf=["10.0.0.1"])
    findings = verdict_of([device], [])
    queries = {cell.check for cell in matrix_of([device]).of("r1") if cell.state is CellState.APPLICABLE}
    assert {finding.check for finding in findings} == queries
    assert {finding.status for finding in findings} == {Outcome.NOT_MEASURED}


def test_a_device_that_no_check_is_for_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device("s1", "service_host", "any", "192.0.2.9", venues=("hoi-nghi",))
    with monkeypatch.context() as patched:
        patched.setattr("eventready.evaluation.matrix.all_checks", tuple)
        (finding,) = verdict_of([device], [])
    assert (finding.device, finding.status, finding.blind) == ("s1", Outcome.NOT_MEASURED, True)


def test_what_the_equipment_unsupported_is_a_blind_finding() -> None:
    device = router()
    matrix = matrix_of([device], FakePlatform(unsupported=english({"cpu": "it has no words for it"})))
    (cpu,) = (f for f in evaluate([device], matrix, healthy(), moment=MOMENT) if f.check == "cpu")
    assert cpu.blind
    assert cpu.message == "The equipment does not report it: it has no words for it"


@pytest.mark.parametrize(
    ("unread", "status", "words"),
    [
        ("Null0", Outcome.PASS, "e3 is up"),  # nobody expects anything of it
        ("e3", Outcome.NOT_MEASURED, "some of the answer was not understood (e3)"),
    ],
)
def test_an_expected_port_must_be_among_the_read_ones(unread: str, status: Outcome, words: str) -> None:
    names = [name for name in ("e1", "e2", "e3") if name != unread]
    ports = [{"name": name, "admin": "up", "oper": "up"} for name in names]
    seen = [replace(one, unread=(named(unread),)) for one in observations("r1", {"now": {"interface": ports}})]
    findings = {f.subject: f for f in verdict_of([router(uplinks=["e3"])], seen) if f.check == "uplink"}
    assert findings["e3"].status is status
    assert words in findings["e3"].message
    assert len(findings) == 1


def test_an_unread_part_bars_ready() -> None:
    seen = [replace(one, unread=(named("Fan 2"),)) if one.fact == "fan" else one for one in healthy()]
    fans = {f.subject: f for f in verdict_of([router()], seen) if f.check == "fan"}
    assert {name: f.status for name, f in fans.items()} == {"f": Outcome.PASS, "Fan 2": Outcome.NOT_MEASURED}
    assert not fans["Fan 2"].blind


def named(subject: str) -> Unread:
    return Unread(subject, Message("facts:no_rows"))


def test_no_devices_give_no_findings_and_no_coverage() -> None:
    assert verdict_of([], []) == ()
    assert coverage(matrix_of([]), []).ratio == 0.0


def test_observations_of_other_devices_do_not_matter() -> None:
    assert verdict_of([router()], [*healthy(), *healthy("stranger")]) == verdict_of([router()], healthy())


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_look: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
        """Breaks off."""
        raise ZeroDivisionError("division by zero")
        yield

    def silent(_look: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
        """Says nothing."""
        yield from ()

    monkeypatch.setitem(CHECKS, "cpu", Check("cpu", "quality", ("router",), ("cpu",), NoLimits(), run))
    monkeypatch.setitem(CHECKS, "memory", Check("memory", "quality", ("router",), ("memory",), NoLimits(), silent))


@pytest.mark.usefixtures("broken")
def test_a_check_that_breaks_off_costs_only_itself() -> None:
    findings = {finding.check: finding for finding in verdict_of([router()], healthy())}
    assert findings["cpu"].status is Outcome.NOT_MEASURED
    assert "ZeroDivisionError: division by zero" in findings["cpu"].message
    assert findings["fan"].status is Outcome.PASS


@pytest.mark.usefixtures("broken")
def test_a_check_that_says_nothing_has_measured_nothing() -> None:
    findings = {finding.check: finding for finding in verdict_of([router()], healthy())}
    assert findings["memory"].status is Outcome.NOT_MEASURED


def test_the_second_reading_is_the_one_that_is_judged() -> None:
    device = router(uplinks=["e1"])
    first, second = ([{"name": "e1", "admin": "up", "oper": oper, "in_errors": 0}] for oper in ("up", "down"))
    result = [*healthy(), *observations("r1", {"before": {"interface": first}, "now": {"interface": second}})]
    uplink = next(f for f in verdict_of([device], result) if f.check == "uplink")
    assert uplink.status is Outcome.FAIL
    assert uplink.evidence == ("r1-interface",)


def test_a_fact_read_twice_is_measured_only_if_both_readings_are() -> None:
    device = router(uplinks=["e1"])
    matrix = matrix_of([device])
    row = [{"name": "e1", "admin": "up", "oper": "up"}]
    result = [*healthy(), *observations("r1", {"before": {"interface": row}})]
    whole = coverage(matrix, result)
    lost = Observation("r1", "interface", Status.UNREACHABLE, reason="Gone.", reading=2)
    assert coverage(matrix, [*result, lost]).measured == whole.measured - 1


@pytest.mark.parametrize("partial", [(1,), (2,), (1, 2)])
def test_a_fact_with_an_unread_record_is_needed_and_not_measured_whole(partial: tuple[int, ...]) -> None:
    device = router(uplinks=["e1"])
    matrix = matrix_of([device])
    row = {"name": "e1", "admin": "up", "oper": "up"}
    result = [*healthy(), *observations("r1", {"before": {"interface": [row]}, "now": {"interface": [row]}})]
    whole = coverage(matrix, result)
    unread = (Unread("e2", Message("facts:lines", {"n": 1})),)
    read = [
        replace(one, unread=unread) if one.fact == "interface" and one.reading in partial else one for one in result
    ]
    assert whole.partial == 0
    assert coverage(matrix, read) == Coverage(whole.needed, whole.measured - 1, 1)
    assert coverage(matrix, read).ratio < whole.ratio


@pytest.mark.parametrize("reading", [1, 2])
def test_a_reading_that_failed_is_not_measured_for_every_check_of_the_fact(reading: int) -> None:
    """A router with cables only has no counter to be judged: the loss of its second reading was not noticed."""
    devices = [
        router(name, links=[{"port": "e1", "device": far, "to_port": "e1"}])
        for name, far in (("r1", "r2"), ("r2", "r1"))
    ]
    row = [{"name": "e1", "admin": "up", "oper": "up", "mtu": 1500}]
    result = [o for name in ("r1", "r2") for o in observations(name, {"before": {"interface": row}})]
    result += observations("r2", {"before": {"interface": row}, "now": {"interface": row}})
    other = next(o for o in result if o.device == "r1")
    result[result.index(other)] = replace(other, reading=3 - reading)
    result.append(Observation("r1", "interface", Status.UNREACHABLE, reason="Gone.", reading=reading))
    links = {(f.device, f.subject): f.status for f in verdict_of(devices, result) if f.check == "link"}
    assert links == {("r1", ""): Outcome.NOT_MEASURED, ("r1", "r1 e1 - r2 e1"): Outcome.PASS}


def test_a_check_across_devices_that_breaks_off_is_not_measured_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_views: Sequence[DeviceView], _limits: NoLimits) -> Iterator[Finding]:
        """Breaks off."""
        raise ZeroDivisionError("division by zero")
        yield

    monkeypatch.setitem(CHECKS, "vrrp_pair", replace(CHECKS["vrrp_pair"], run=run))
    devices = [router(name, gateways=[{"group": 1, "interface": "e1"}]) for name in ("r1", "r2")]
    row = {"protocol": "vrrp", "group": 1, "interface": "e1", "state": "master"}
    result = [o for name in ("r1", "r2") for o in observations(name, {"now": {"vrrp_group": [row]}})]
    pair = [f for f in verdict_of(devices, result) if f.check == "vrrp_pair"]
    assert [(f.device, f.status) for f in pair] == [("r1", Outcome.NOT_MEASURED), ("r2", Outcome.NOT_MEASURED)]


def test_an_alarm_counts_where_the_site_is_that_it_names_by_itself() -> None:
    cells = [{"name": "C1", "venue": "hoi-nghi"}, {"name": "BTS-1", "venue": "hoi-nghi"}]
    controller = Device("b1", "bts_controller", "any", "192.0.2.2", expect=Expect.model_validate({"cells": cells}))
    places = ["Link to MSC1", "Site=BTS-10", "Site=BTS-1, Cell=0", "c1"]
    alarms = [{"number": str(n), "severity": "major", "name": "x", "location": at} for n, at in enumerate(places)]
    found = verdict_of([controller], list(observations("b1", {"now": {"alarm": alarms}})))
    at = {f.subject.split()[0]: f.venues for f in found if f.check == "alarm"}
    assert at == {"0": (), "1": (), "2": ("hoi-nghi",), "3": ("hoi-nghi",)}


def test_findings_across_devices_carry_the_evidence_of_all() -> None:
    gateway = {"group": 1, "interface": "e1"}
    devices = [router(name, gateways=[gateway]) for name in ("r1", "r2")]
    row = {"protocol": "vrrp", "group": 1, "interface": "e1", "state": "master"}
    result = [o for name in ("r1", "r2") for o in observations(name, {"now": {"vrrp_group": [row]}})]
    pair = next(f for f in verdict_of(devices, result) if f.check == "vrrp_pair")
    assert pair.evidence == ("r1-vrrp_group", "r2-vrrp_group")


def waiver(**changed: Any) -> Waiver:
    return Waiver.model_validate(
        {"check": "cpu", "device": "r*", "by": "Nguyễn Văn A", "reason": "known", "until": date(2022, 5, 1), **changed}
    )


HOT = [{**HEALTHY["cpu"][0], "five_minutes": 90}]


def hot() -> list[Observation]:
    return list(observations("r1", {"now": {**HEALTHY, "cpu": HOT}}))


def test_a_waived_finding_stays_and_says_who_answers_for_it() -> None:
    plain, waived = verdict_of([router()], hot()), verdict_of([router()], hot(), waivers=[waiver()])
    assert len(plain) == len(waived)
    (cpu,) = (finding for finding in waived if finding.check == "cpu")
    assert (cpu.status, cpu.was) == (Outcome.WAIVED, Outcome.FAIL)
    assert in_english(cpu.waiver) == "Nguyễn Văn A, until 2022-05-01: known"


def test_a_good_finding_is_never_waived() -> None:
    assert verdict_of([router()], healthy(), waivers=[waiver()]) == verdict_of([router()], healthy())


def test_an_expired_waiver_counts_no_longer_and_is_reported() -> None:
    findings = verdict_of([router()], hot(), waivers=[waiver(until=date(2022, 4, 24))])
    (cpu,) = (finding for finding in findings if finding.check == "cpu")
    assert cpu.status is Outcome.FAIL
    (result,) = (finding for finding in findings if finding.check == "waiver")
    assert result.status is Outcome.WARN
    assert result.message == "The waiver for cpu r* * by Nguyễn Văn A ended on 2022-04-24 and counts no longer"


def test_a_waiver_ends_with_its_day_in_the_events_time() -> None:
    last = waiver(until=date(2022, 4, 25))
    still = evaluate(
        [router()], matrix_of([router()]), hot(), moment=datetime(2022, 4, 25, 16, 59, tzinfo=UTC), waivers=[last]
    )
    over = evaluate(
        [router()], matrix_of([router()]), hot(), moment=datetime(2022, 4, 25, 17, 0, tzinfo=UTC), waivers=[last]
    )
    assert Outcome.WAIVED in {finding.status for finding in still}
    assert Outcome.WAIVED not in {finding.status for finding in over}


CASES = all_cases()


@given(case=st.sampled_from(CASES), data=st.data())
def test_nothing_passes_without_what_it_needs(case: Any, data: st.DataObject) -> None:
    """Whatever is taken away from what devices told, no finding rests on a fact that is not there."""
    hidden = data.draw(st.sampled_from(sorted(CHECKS[case.check].needs) or ["cpu"]))
    devices = {name: {**output, "now": _without(output, hidden), "before": {}} for name, output in case.devices.items()}
    text = {**case.text, "devices": devices} if "devices" in case.text else {**case.text, **devices["one"]}
    for finding in replace(case, text=text).findings():
        if hidden in CHECKS[case.check].needs:
            assert finding.status is Outcome.NOT_MEASURED, finding.message


def test_packed_observations_give_the_same_findings_across_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts of ten thousand devices for the checks across them took 400 MB; one device is unpacked at once here."""
    across = [case for case in CASES if CHECKS[case.check].scope != "device"]

    def findings(pack: Callable[[list[Device], list[Observation]], Any]) -> list[list[Finding]]:
        def evaluated(devices: list[Device], matrix: Matrix, result: list[Observation], **more: Any) -> Any:
            return evaluate(devices, matrix, pack(devices, result), scope="fleet", **more)

        monkeypatch.setattr(casebook, "evaluate", evaluated)
        return [case.findings() for case in across]

    def packed(devices: list[Device], result: list[Observation]) -> Packed:
        return {one.name: PackedObservations.of(o for o in result if o.device == one.name) for one in devices}

    monkeypatch.setattr(runner, "_UNPACKED", 1)
    expected = findings(lambda _devices, result: result)
    for case, one, other in zip(across, expected, findings(packed), strict=True):
        assert other == one, case.name
    assert sum(map(len, expected)) > 20


def _without(output: Any, fact: str) -> dict[str, Any]:
    return {name: result for name, result in output.get("now", {}).items() if name != fact}


@given(order=st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_devices_does_not_matter(order: list[str]) -> None:
    row = {"protocol": "vrrp", "group": 1, "interface": "e1", "state": "master"}
    links = {
        "a": [{"port": "e1", "device": "b", "to_port": "e1"}],
        "c": [{"port": "e2", "device": "a", "to_port": "e2"}],
    }
    fleet = {
        name: router(name, gateways=[{"group": 1, "interface": "e1"}], links=links.get(name, [])) for name in "abcd"
    }
    result = {
        name: list(observations(name, {"now": {**HEALTHY, "vrrp_group": [row], "interface": []}})) for name in "abcd"
    }
    expected = verdict_of([fleet[name] for name in "abcd"], [o for name in "abcd" for o in result[name]])
    assert verdict_of([fleet[name] for name in order], [o for name in order for o in result[name]]) == expected


@given(
    globs=st.lists(st.tuples(st.sampled_from(["*", "cpu", "m*", "x"]), st.sampled_from(["*", "r1", "q"])), max_size=4),
    day=st.dates(date(2022, 4, 20), date(2022, 4, 30)),
)
def test_waivers_never_hide_a_finding(globs: list[tuple[str, str]], day: date) -> None:
    waivers = [waiver(check=check, device=device, until=day) for check, device in globs]
    result = [o for o in hot() if o.fact != "memory"]
    plain = {finding.identity for finding in verdict_of([router()], result)}
    waived = [finding for finding in verdict_of([router()], result, waivers=waivers) if finding.check != "waiver"]
    assert {finding.identity for finding in waived} == plain
    assert len(waived) == len(plain)


def test_baseline_and_interval_reach_the_checks() -> None:
    device = router(uplinks=["e1"])
    output = {"now": {**HEALTHY, "optic": [{"interface": "e1", "rx_dbm": -9, "rx_low_alarm": -18}], "interface": []}}
    earlier = {"r1": whole({"optic": [{"interface": "e1", "rx_dbm": -5}]})}
    (optic,) = (
        f for f in verdict_of([device], list(observations("r1", output)), baseline=earlier) if f.check == "optic"
    )
    assert optic.status is Outcome.WARN
