"""A watch counts the changes of ports and neighbours from reading to reading: flaps between its readings are named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from eventready.core.clock import TZ
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import Interface, RoutingPeer
from eventready.watch.states import States
from eventready.watch.watcher import Watcher, WatchJob
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.watch.test_night import EVENT

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
