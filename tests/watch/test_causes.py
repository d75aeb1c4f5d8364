"""A lost router is the cause of the silence behind it, and of its own checks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.network.graph.topology import Topology, behind
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.watch.job import WatchJob
from eventready.watch.states import States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import ServiceOrigin
from tests.watch.test_night import EVENT, FACT, devices
from tests.zones import TZ

MOMENT = datetime(2031, 4, 29, 19, tzinfo=TZ)


def test_devices_behind_a_router_have_no_other_way() -> None:
    """core - agg - edge, and a second way from core to other."""
    links = {"core": ("agg", "other"), "agg": ("core", "edge", "other"), "edge": ("agg",), "other": ("core", "agg")}
    facts = []
    for name, far in links.items():
        expect = {"links": [{"port": f"to-{one}", "device": one, "to_port": f"to-{name}"} for one in far]}
        device = Device(name, "router", "frr", "192.0.2.1", expect=Expect.model_validate(expect))
        facts.append(DeviceFacts(device, {}))
    origins = (ServiceOrigin.model_validate({"kind": "core", "device": "core"}),)
    topology = Topology(NetworkFacts(facts), NetworkSetting((), origins))
    assert behind(topology) == {"agg": {"edge"}, "core": {"agg", "edge", "other"}}


def watching(count: int, behind: Mapping[str, frozenset[str]] | None = None) -> Watcher:
    """Watcher of some devices; each has answered twice, the last time at 10 s."""
    known = dict(list(devices().items())[:count])
    matrix = build_matrix(tuple(known.values()), {"huawei_vrp": load_platform("huawei_vrp")})
    watcher = Watcher(WatchJob(EVENT, known, matrix, behind=behind or {}), States(), lambda _fact: 10.0)
    for at in (0, 10):
        for name in known:
            watcher.read(name, answer(name), at, MOMENT)
    return watcher


def answer(name: str) -> list[Observation]:
    return [Observation(name, FACT, Status.EMPTY)]


def test_the_silence_behind_a_lost_router_has_a_cause() -> None:
    watcher, lost = watching(6, {"r00": frozenset({"r01"})}), []
    for at in (25, 35):
        for name in ("r03", "r04", "r05"):
            watcher.read(name, answer(name), at, MOMENT)
        lost += [change for change in watcher.tick(at, MOMENT) if change.key.check == "device"]
    assert {change.key.device: change.cause for change in lost} == {"r00": "", "r01": "r00", "r02": ""}
    back = watcher.read("r01", answer("r01"), 40, MOMENT)
    assert [(change.new, change.cause) for change in back if change.key.check == "device"] == [("pass", "r00")]


def test_a_silence_is_named_once_there_and_back() -> None:
    watcher = watching(1)
    changes = [change for at in (20, 25, 31, 40) for change in watcher.tick(at, MOMENT)]
    changes += [change for at in (50, 60) for change in watcher.read("r00", answer("r00"), at, MOMENT)]
    assert [(change.key.check, change.new) for change in changes if not change.cause] == [
        ("device", "not_measured"), ("device", "pass")
    ]  # fmt: skip
    assert all(change.cause == "r00" for change in changes if change.key.check != "device")


def test_the_loss_of_a_device_is_damped() -> None:
    watcher = watching(1)
    changes = []
    for at in range(20, 2000, 10):
        moment = MOMENT + timedelta(seconds=at)
        alive = at > 1000 or at % 60 >= 40
        changes += watcher.read("r00", answer("r00"), at, moment) if alive else watcher.tick(at, moment)
    found = [(change.old, change.new, change.damped) for change in changes if change.key.check == "device"]
    turns = [("pass", "not_measured", False), ("not_measured", "pass", False)]
    assert found == [*turns, turns[0], ("not_measured", "pass", True), ("", "pass", False)]


def test_a_lost_device_has_no_age_whatever_slow_facts_it_has() -> None:
    watcher = watching(1)
    watcher._fleet.patience._interval_of = lambda fact: 10.0 if fact == FACT else 300.0
    other = next(fact for fact in watcher._devices["r00"].needed if fact != FACT)
    watcher.read("r00", [*answer("r00"), Observation("r00", other, Status.EMPTY)], 20, MOMENT)
    assert watcher.age("r00", 30) == 10
    watcher.tick(41, MOMENT)
    assert watcher.age("r00", 41) is None
    watcher.read("r00", answer("r00"), 45, MOMENT)
    assert watcher.age("r00", 45) is not None


def test_a_login_longer_than_two_short_intervals_is_no_loss() -> None:
    watcher = watching(1)
    watcher._fleet.patience._interval_of = lambda _fact: 5.0
    changes = []
    for at in range(20, 200):
        changes += watcher.read("r00", answer("r00"), at, MOMENT) if at % 18 == 2 else watcher.tick(at, MOMENT)
    assert changes == []
    assert watcher.tick(240, MOMENT)


@pytest.mark.parametrize(("end", "age"), [(100, None), (28, 17)])
def test_the_time_at_rest_is_no_silence(end: int, age: float | None) -> None:
    watcher = watching(1)
    paused = [change for at in range(11, end) for change in watcher.tick(at, MOMENT, {"r00", "other"})]
    assert watcher.age("r00", end - 1) == age
    after = [change for at in range(end, end + 20) for change in watcher.tick(at, MOMENT)]
    assert paused + after + watcher.read("r00", answer("r00"), end + 20, MOMENT) == []
    assert next(change.key.check for change in watcher.tick(200, MOMENT)) == "device"
