"""Findings that are absent at the next reading have ended: alarms, and subjects taken out of the inventory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from eventready.core.messages import message
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.platform import load_platform
from eventready.facts.records import Alarm, Fact, Interface, Neighbour, System
from eventready.watch.job import WatchJob
from eventready.watch.states import Key, States, sentence_id
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.watch.test_night import EVENT
from tests.zones import TZ

MOMENT = datetime(2031, 4, 29, 19, tzinfo=TZ)
ALARM = Alarm.model_validate({"number": "20001", "severity": "major", "name": "Battery Low", "location": "Hall"})


def _watcher(states: States, *devices: Device) -> Watcher:
    platforms = {device.platform: load_platform(device.platform) for device in devices}
    known = {device.name: device for device in devices}
    return Watcher(WatchJob(EVENT, known, build_matrix(devices, platforms)), states, lambda _fact: 15.0)


def test_an_ended_alarm_is_named_and_so_is_its_return() -> None:
    """It was known before this watch; an answer that is not read whole ends none."""
    station, states = Device("b1", "bts_controller", "huawei_mml", "192.0.2.1"), States()
    states.begin({Key("b1", "alarm", "20001 Hall"): "warn", Key("b1", "alarm", "7"): "fail"}, 0.0)
    watcher, unread = _watcher(states, station), Unread("20001 Hall", message("watch:clock.unknown"))
    readings: list[tuple[Sequence[Fact], Sequence[Unread]]] = [
        ((ALARM,), ()), ((), (unread,)), ((), (unread,)), ((), ()), ((), ()), ((), ()), ((ALARM,), ()), ((ALARM,), ()),
    ]  # fmt: skip
    found, ended = [], set[str]()
    for number, (rows, left) in enumerate(readings):
        taken = Observation("b1", "alarm", Status.PARSED, rows=tuple(rows), unread=tuple(left))
        changes = watcher.read("b1", [taken], 15.0 * number, MOMENT)
        ended |= {sentence_id(one.key, one.old, one.new) for one in changes if one.finding is None}
        found += [(number, one.key.subject, one.old, one.new) for one in changes if one.key.check == "alarm"]
    assert [one for one in found if one[3] != "not_measured" and one[2] != "not_measured"] == [
        (3, "7", "fail", "pass"), (7, "20001 Hall", "pass", "warn")
    ]  # fmt: skip
    assert ended == {"watch:device.ended", "watch:device.measured"}


def test_a_link_that_breaks_is_named_between_routers_without_bundles() -> None:
    """The check across devices reads the bundles of those that have some."""
    ends = (("r1", "r2"), ("r2", "r1"))
    routers = [
        Device(name, "router", "huawei_vrp", "192.0.2.1", expect=Expect.model_validate(
            {"links": [{"port": "GE0/0/1", "device": other, "to_port": "GE0/0/1"}]}
        )) for name, other in ends
    ]  # fmt: skip
    watcher, found = _watcher(States(), *routers), set()
    for number in range(8):
        port = {"name": "GE0/0/1", "admin": "up", "oper": "down" if number > 2 else "up", "in_bytes": number}
        for name, other in ends:
            far = {"interface": "GE0/0/1", "device": other, "port": "GE0/0/1"}
            rows = {
                "interface": (Interface.model_validate(port),),
                "neighbour": (Neighbour.model_validate(far),),
                "system": (System(version="1"),),
            }
            taken = [Observation(name, fact, Status.PARSED, rows=one) for fact, one in rows.items()]
            watcher.read(name, taken, 20.0 * number, MOMENT)
        found |= {(one.key.check, one.old, one.new) for one in watcher.tick(20.0 * number + 1, MOMENT)}
    assert ("link", "pass", "fail") in found
