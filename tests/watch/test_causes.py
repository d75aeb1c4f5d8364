"""A lost router is the cause of the silence behind it, and of its own checks."""

from __future__ import annotations

from datetime import datetime

from eventready.core.clock import TZ
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.network.graph.behind import behind
from eventready.network.graph.topology import Topology
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.watch.states import States
from eventready.watch.watcher import Watcher, WatchJob
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.origins import ServiceOrigin
from tests.watch.test_night import EVENT, FACT, devices

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


def test_the_silence_behind_a_lost_router_has_a_cause() -> None:
    known = dict(list(devices().items())[:3])
    matrix = build_matrix(tuple(known.values()), {"huawei_vrp": load_platform("huawei_vrp")})
    job = WatchJob(EVENT, known, matrix, behind={"r00": frozenset({"r01"})})
    watcher = Watcher(job, States(), lambda _fact: 10.0)
    for name in known:
        watcher.read(name, [Observation(name, FACT, Status.EMPTY)], 0, MOMENT)
    lost = [change for at in (15, 25) for change in watcher.tick(at, MOMENT) if change.key.check == "device"]
    assert {change.key.device: change.cause for change in lost} == {"r00": "", "r01": "r00", "r02": ""}
    back = watcher.read("r01", [Observation("r01", FACT, Status.EMPTY)], 30, MOMENT)
    assert [(change.new, change.cause) for change in back if change.key.check == "device"] == [("pass", "r00")]
