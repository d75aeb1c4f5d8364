"""Only checks on changed facts are run: findings and changes of state are those of running all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.checks.finding import Finding, Outcome
from eventready.evaluation.bearing import weights
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.evaluation.verdicts import verdicts_of
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import Cpu, Interface, Memory, Neighbour
from eventready.watch import device_state, fleet_watch
from eventready.watch.job import WatchJob
from eventready.watch.open_finding import RANK, open_of
from eventready.watch.states import States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.waivers import Waiver
from tests.watch.test_night import EVENT
from tests.zones import TZ

MOMENT = datetime(2031, 4, 29, 19, tzinfo=TZ)
DEVICE = Device(
    "r1", "router", "huawei_vrp", "192.0.2.1", venues=("hall",), expect=Expect.model_validate({"uplinks": ["GE0/0/1"]})
)  # fmt: skip
PORT = Interface(
    name="GE0/0/1", admin="up", oper="up", bandwidth_bps=10**9, in_bps=1, out_bps=1, in_errors=0, crc_errors=0,
    out_errors=0, in_drops=0, out_drops=0, transitions=2,
)  # fmt: skip
#: The last reading of a port: counters that grow or begin anew, and what a check reads.
STATES_OF_COUNTERS: list[dict[str, Any]] = [
    *({"in_bytes": octets, "out_bytes": octets} for octets in (10, 2_000, 6_000_000_000, 6_000_005_000)),
    *({"in_bytes": octets, "in_bps": 7 * 10**8} for octets in (3_000, 6_000_005_000)),
    *({"in_bytes": 6_000_005_000, name: 9} for name in ("in_errors", "out_errors", "in_drops", "transitions")),
    {"in_bytes": 6_000_005_000, "oper": "down"},
    {"in_bytes": 6_000_005_000, "in_errors": None, "in_drops": None},
]
#: Answers of a fact; the same object is an unchanged answer.
ANSWERS = {
    "cpu": [Observation("r1", "cpu", Status.PARSED, rows=(Cpu(five_minutes=load),)) for load in (10, 75, 99)],
    "memory": [Observation("r1", "memory", Status.PARSED, rows=(Memory(used_percent=load),)) for load in (10, 85)],
    "interface": [
        Observation("r1", "interface", Status.PARSED, rows=(PORT.model_copy(update=state),))
        for state in STATES_OF_COUNTERS
    ],
}  # fmt: skip
LOST = {fact: Observation("r1", fact, Status.TIMEOUT, reason="no answer") for fact in ANSWERS}
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*["interface"] * 6, *ANSWERS]), st.integers(-1, 11), st.sampled_from([10, 1, 5, 25, 100, 400])
    ),
    max_size=30,
)


def _watcher() -> Watcher:
    matrix = build_matrix((DEVICE,), {"huawei_vrp": load_platform("huawei_vrp")}, fleet=False)
    return Watcher(WatchJob(EVENT, {"r1": DEVICE}, matrix), States(), lambda _fact: 15.0)


def _plain(findings: Sequence[Finding]) -> list[Finding]:
    """Findings in an order; a kept finding of no flaps names an earlier interval."""
    flaps = [one.check == "port_flaps" and one.status is Outcome.PASS for one in findings]
    plain = [
        one.replace(params={**one.params, "minutes": 0}) if no else one for one, no in zip(findings, flaps, strict=True)
    ]
    return sorted(plain, key=str)


@pytest.mark.slow
@settings(max_examples=100)
@given(STEPS)
def test_findings_and_changes_are_those_of_all_checks(steps: list[tuple[str, int, int]]) -> None:
    partial, whole, now = _watcher(), _watcher(), 0.0
    for fact, number, seconds in steps:
        now += seconds
        answer = LOST[fact] if number < 0 else ANSWERS[fact][number % len(ANSWERS[fact])]
        found = [*partial.tick(now, MOMENT), *partial.read("r1", [answer], now, MOMENT)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(device_state, "_ANEW_S", 0.0)
            expected = [*whole.tick(now, MOMENT), *whole.read("r1", [answer], now, MOMENT)]
        assert found == expected
        assert partial.verdicts() == verdicts_of(EVENT.venues, (DEVICE,), weights((DEVICE,), whole.findings()))
        assert _plain(partial.findings()) == _plain(whole.findings())
        opened = open_of((*whole.findings(), *whole._shown._silent()), whole.states)
        anew = sorted(opened, key=lambda one: (bool(one.cause), RANK[one.status], -one.since))
        assert [(one, one.encoded) for one in partial.open_findings()] == [(one, one.encoded) for one in anew]


CABLE = {"port": "GE0/0/1", "device": "r2", "to_port": "GE0/0/1"}
ENDS = {
    name: Device(name, "router", "huawei_vrp", host, venues=("hall",), expect=Expect.model_validate(links))
    for name, host, links in (("r1", "192.0.2.1", {"links": [CABLE]}), ("r2", "192.0.2.2", {}))
}
#: State of a port at an end: what a check across devices reads; its counters move from reading to reading.
STATES_OF_PORT: list[dict[str, object]] = [{"mtu": 1500}, {"mtu": 9000}, {"mtu": 1500, "oper": "down"}]
READINGS = st.lists(
    st.tuples(st.sampled_from([*ENDS]), st.integers(-1, 2), st.integers(0, 9), st.sampled_from([1, 10, 20, 100, 400])),
    max_size=30,
)


def _network() -> Watcher:
    matrix = build_matrix(tuple(ENDS.values()), {"huawei_vrp": load_platform("huawei_vrp")})
    return Watcher(WatchJob(EVENT, ENDS, matrix), States(), lambda _fact: 60.0)


@pytest.mark.slow
@settings(max_examples=60)
@given(READINGS)
def test_checks_across_devices_run_anew_for_states_and_not_for_counters(
    readings: list[tuple[str, int, int, int]],
) -> None:
    """A change of state is the same, and at the same time, as where every reading has them run without a pause."""
    quiet, always, now = _network(), _network(), 0.0
    for device, number, octets, seconds in readings:
        now += seconds
        moved = {"in_bytes": octets, "in_bps": octets, "changed_s": octets}
        port = PORT.model_copy(update={**STATES_OF_PORT[number], **moved})
        answers = [Observation(device, fact, Status.EMPTY) for fact in ("neighbour", "link_bundle", "system")]
        status = Status.TIMEOUT if number < 0 else Status.PARSED
        answers.append(Observation(device, "interface", status, rows=(port,) if number >= 0 else ()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fleet_watch, "_FLEET_S", 0.0)
            patch.setattr(fleet_watch, "_FLEET_PAUSES", 0)
            found = [*quiet.read(device, answers, now, MOMENT), *quiet.tick(now, MOMENT)]
            patch.setattr(Observation, "alike", lambda *_both: False)
            expected = [*always.read(device, answers, now, MOMENT), *always.tick(now, MOMENT)]
        assert found == expected
        assert quiet.findings() == always.findings()
        assert quiet.verdicts() == always.verdicts()


def test_an_equal_answer_is_the_second_reading_of_a_check_across_devices() -> None:
    watcher, found = _network(), []
    right, wrong = (
        Observation(
            "r1", "neighbour", Status.PARSED, rows=(Neighbour(interface="GE0/0/1", device=far, port="GE0/0/1"),)
        )
        for far in ("r2", "r9")
    )
    for at, device in product((0, 20, 40), ENDS):
        port = Observation(device, "interface", Status.PARSED, rows=(PORT,))
        watcher.read(device, [port, Observation(device, "system", Status.EMPTY)], at, MOMENT)
    for at, answer in ((45, right), (60, right), (80, wrong), (100, wrong)):
        found += [*watcher.read("r1", [answer], at, MOMENT), *watcher.tick(at, MOMENT)]
    assert [(one.key.check, one.new) for one in found] == [("link_neighbour", "fail")]


def test_counters_alone_run_no_check_across_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher, scopes = _network(), []

    def counted(*args: Any, **options: Any) -> tuple[Finding, ...]:
        scopes.append(options["scope"])
        return evaluate(*args, **options)

    monkeypatch.setattr(fleet_watch, "evaluate", counted)
    for turn in range(8):
        for device in ENDS:
            port = PORT.model_copy(update={"in_bytes": turn})
            answer = Observation(device, "interface", Status.PARSED, rows=(port,))
            rest = [Observation(device, fact, Status.EMPTY) for fact in ("neighbour", "link_bundle", "system")]
            watcher.read(device, [answer, *rest] if turn == 0 else [answer], turn * 20.0, MOMENT)
        watcher.tick(turn * 20.0, MOMENT)
    assert scopes.count("fleet") == 3, scopes


def test_a_waiver_ends_with_the_first_reading_of_the_next_day() -> None:
    """Equal answers are evaluated anew in another hour, whatever the time since."""
    answer = ANSWERS["cpu"][2]
    waiver = Waiver(check="cpu", device="r1", until=MOMENT.date(), by="An", reason="known")
    matrix = build_matrix((DEVICE,), {"huawei_vrp": load_platform("huawei_vrp")}, fleet=False)
    watcher = Watcher(WatchJob(EVENT, {"r1": DEVICE}, matrix, waivers=(waiver,)), States(), lambda _fact: 15.0)
    before = datetime.combine(MOMENT.date(), time(23, 59, 50), TZ)

    def status(seconds: int) -> set[Outcome]:
        watcher.read("r1", [answer], float(seconds), before + timedelta(seconds=seconds))
        return {one.status for one in watcher.findings() if one.check == "cpu"}

    assert (status(0), status(5), status(15)) == ({Outcome.WAIVED}, {Outcome.WAIVED}, {Outcome.FAIL})
