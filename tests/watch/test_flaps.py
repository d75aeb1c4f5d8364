"""A watch counts the changes of ports and neighbours from reading to reading: flaps between its readings are named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from eventready.checks.finding import Outcome
from eventready.core.messages import message
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.platform import load_platform
from eventready.facts.records import Interface, RoutingPeer
from eventready.watch.job import WatchJob
from eventready.watch.states import States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.watch.test_night import EVENT
from tests.zones import TZ

START = datetime(2031, 4, 29, 19, tzinfo=TZ)
UPLINK = Device("r1", "router", "cisco_xe", "192.0.2.1", expect=Expect.model_validate({"uplinks": ["Te0/1", "Te0/2"]}))


def _named(signs: Sequence[Mapping[str, object]], *, mixed: bool = False) -> list[tuple[int, str, str]]:
    """Changes of `port_flaps` with the number of their reading, of a port with a sign per reading, every 15 s."""
    matrix = build_matrix((UPLINK,), {"cisco_xe": load_platform("cisco_xe")}, fleet=False)
    watcher = Watcher(WatchJob(EVENT, {"r1": UPLINK}, matrix), States(), lambda _fact: 15.0)

    def found() -> Iterator[tuple[int, str, str]]:
        for number, sign in enumerate(signs):
            ports = [{"name": "Te0/1", **sign}, {"name": "Te0/2", "transitions": 7, "in_bytes": number}]
            ports = ports[::-1] if mixed and number % 2 else ports
            rows = tuple(Interface.model_validate({"admin": "up", "oper": "up", **port}) for port in ports)
            taken, at = Observation("r1", "interface", Status.PARSED, rows=rows), timedelta(seconds=15 * number)
            for one in watcher.read("r1", [taken], 15.0 * number, START + at):
                if one.key.check == "port_flaps":
                    assert one.key.subject == "Te0/1"
                    yield number, one.old, one.new

    return [*found()]


@pytest.mark.parametrize("mixed", [False, True])
def test_a_port_that_goes_down_and_up_between_the_readings_is_named_and_so_is_its_end(mixed: bool) -> None:
    signs = [{"transitions": 2 * min(number // 4, 3)} for number in range(60)]
    assert _named(signs, mixed=mixed) == [(9, "pass", "warn"), (49, "warn", "pass")]


@pytest.mark.parametrize(
    "often", [[{"changed_at": [f"19:0{number // 4}"]} for number in range(16)],
              [{"changed_s": number % 4 * 15} for number in range(16)]],
)  # fmt: skip
def test_a_port_with_the_time_of_its_last_change_alone_is_named(often: Sequence[Mapping[str, object]]) -> None:
    assert _named(often) == [(13, "pass", "warn")]


@pytest.mark.parametrize(
    "once", [[{"changed_s": max(number - 9, 0) // 4 * 60 + 900 * (number < 9)} for number in range(50)],
             [{"transitions": 40 if number < 9 else 2} for number in range(50)]],
)  # fmt: skip
def test_a_change_in_coarse_units_and_a_counter_that_began_anew_are_no_flaps(
    once: Sequence[Mapping[str, object]],
) -> None:
    assert _named(once) == []


def test_flaps_of_a_neighbour_end_with_the_window_also_beside_equal_answers() -> None:
    router = replace(UPLINK, expect=Expect.model_validate({"isis": ["PE1"]}))
    matrix = build_matrix((router,), {"cisco_xe": load_platform("cisco_xe")}, fleet=False)
    watcher, named = Watcher(WatchJob(EVENT, {"r1": router}, matrix), States(), lambda _fact: 15.0), []
    peer = RoutingPeer.model_validate({"protocol": "isis", "peer": "PE1", "state": "Up", "up": True, "transitions": 0})
    flapped = [peer.model_copy(update={"transitions": min(number, 4)}) for number in range(5)]
    answers = [Observation("r1", "isis_neighbour", Status.PARSED, rows=(one,)) for one in flapped]
    for number in range(50):
        answer, at = answers[min(number, 4)], timedelta(seconds=15 * number)
        changes = watcher.read("r1", [answer], 15.0 * number, START + at)
        named += [(number, one.new) for one in changes if one.key.check == "isis_flaps"]
    assert named == [(4, "warn"), (43, "pass")]


def _partial(readings: Sequence[tuple[Mapping[str, object], Sequence[str], bool]]) -> list[tuple[int, str, str]]:
    """Changes of `bgp_flaps` with the number of their reading, by the printed state of each peer, unread, and whole."""
    router = replace(UPLINK, expect=Expect.model_validate({"bgp": ["192.0.2.9", "192.0.2.10"]}))
    matrix = build_matrix((router,), {"cisco_xe": load_platform("cisco_xe")}, fleet=False)
    watcher, named = Watcher(WatchJob(EVENT, {"r1": router}, matrix), States(), lambda _fact: 15.0), []
    for number, (printed, unread, whole) in enumerate(readings):
        rows = tuple(
            RoutingPeer.model_validate({"protocol": "bgp", "peer": name, "state": "x", "up": up, "uptime_s": 10**7})
            for name, up in printed.items()
        )
        left = tuple(Unread(name, message("watch:clock.unknown")) for name in unread)
        taken = Observation("r1", "bgp_neighbour", Status.PARSED, rows=rows, unread=left, complete=whole)
        changes = watcher.read("r1", [taken], 15.0 * number, START + timedelta(seconds=15 * number))
        named += [(number, one.key.subject, one.new) for one in changes if one.key.check == "bgp_flaps"]
    return [one for one in named if one[2] != "not_measured"]


PEER, OTHER = "192.0.2.9", "192.0.2.10"
BOTH: dict[str, object] = {PEER: True, OTHER: True}


@pytest.mark.parametrize(
    "second", [({OTHER: True}, [PEER], True), ({OTHER: True}, ["GigabitEthernet0/1"], True), ({OTHER: True}, [], False)]
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_record_that_is_unread_at_times_does_not_flap(
    second: tuple[Mapping[str, object], Sequence[str], bool], times: int
) -> None:
    """Its name as printed may be another than in the other answers."""
    found = _partial([*[(BOTH, [], True)] * 3, *[second] * times] * 14)
    assert [one for one in found if one[2] != "pass"] == []


@pytest.mark.parametrize("strange", [["192.0.2.77"], []])
def test_a_strange_record_hides_no_flap_of_another(strange: Sequence[str]) -> None:
    found = _partial([*[(BOTH, strange, True)] * 3, ({OTHER: True}, strange, True)] * 14)
    assert [(subject, new) for _number, subject, new in found] == [(PEER, "warn"), (PEER, "fail")]


def test_a_change_beside_an_unread_reading_counts_by_the_last_known_record() -> None:
    down = {PEER: False, OTHER: True}
    found = _partial([(BOTH, [], True), ({OTHER: True}, [PEER], True), (down, [], True), (down, [PEER], True)] * 14)
    assert (PEER, "fail") in [one[1:] for one in found]


@pytest.mark.parametrize("unread", ["192.0.2.9", "GigabitEthernet0/0/1"])
def test_flaps_of_an_unread_neighbour_are_not_measured(unread: str) -> None:
    router = replace(UPLINK, expect=Expect.model_validate({"bgp": ["192.0.2.9"], "uplinks": ["Gi0/0/1"]}))
    left = (Unread(unread, message("watch:clock.unknown")),)
    read = [Observation("r1", fact, Status.PARSED, unread=left) for fact in ("bgp_neighbour", "interface")]
    matrix = build_matrix((router,), {"cisco_xe": load_platform("cisco_xe")}, fleet=False)
    found = evaluate((router,), matrix, read, moment=START, scope="device", checks=("bgp_flaps", "port_flaps"))
    partial = (Outcome.NOT_MEASURED, "checks:run.partial")
    assert {one.subject: (one.status, one.message_id) for one in found} == {"192.0.2.9": partial, "Gi0/0/1": partial}


def test_changes_of_before_a_gap_have_its_minutes() -> None:
    matrix = build_matrix((UPLINK,), {"cisco_xe": load_platform("cisco_xe")}, fleet=False)
    watcher = Watcher(WatchJob(EVENT, {"r1": UPLINK}, matrix), States(), lambda _fact: 15.0)
    for now, count in ((0, 0), (15, 2), (30, 4), (120, 4), (135, 4)):
        moment = START + timedelta(seconds=now)
        if now == 120:
            watcher.stood_still(now, moment)
        port = Interface.model_validate({"name": "Te0/1", "admin": "up", "oper": "up", "transitions": count})
        watcher.read("r1", [Observation("r1", "interface", Status.PARSED, rows=(port,))], now, moment)
    (flaps,) = (one for one in watcher.findings() if (one.check, one.subject) == ("port_flaps", "Te0/1"))
    assert (flaps.params["value"], flaps.params["minutes"]) == (4, 2.0)
