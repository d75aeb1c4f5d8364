"""What-if against the embedded lab: a fault takes from each venue what was predicted from the healthy network."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from eventready.cli.audit.whatif import load_whatif
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.network.graph.outcome import WhatIf
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.flows import Flows, Network
from eventready_lab.embedded.process import simulate
from eventready_lab.embedded.virtual_services import VirtualServices
from eventready_lab.faults.simulated.injector import FaultInjector
from tests.e2e.conftest import Province

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

#: Seconds after which every route and gateway has changed.
SETTLED_S = 120.0


@cache
def example() -> Workspace:
    return load_workspace(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def healthy(province: Province) -> WhatIf:
    """The network of an audit without a fault."""
    return load_whatif(load_workspace(province.copy), province.audit().run)


class Simulated:
    """The example's devices in this process, and their faults, on a clock of their own."""

    def __init__(self) -> None:
        self.time = 0.0
        machines: dict[str, SimulatedDevice] = {
            machine.state.name: machine for machine in simulate(example().devices, Credentials("u", "p"), Clock())
        }
        self.machines, self.faults = machines, FaultInjector(machines)
        self._network = Network(machines, lambda: self.time)
        self._gateways = Flows.of(machines, example().devices).gateways
        self.services = VirtualServices(machines, lambda: self.time)
        assert not self.venues_without()

    def cut(self, device: str, port: str) -> None:
        self.faults.inject(device, "link-down", {"port": port})

    def switch_off(self, device: str) -> None:
        """Take all cables, gateway groups and services of a device."""
        state = self.machines[device].state
        for port in state.ports:
            try:
                self.cut(device, port)
            except UsageError:
                continue  # a port without a cable
        for gateway in state.gateways:
            gateway.state = "init"
        for other in self.machines.values():
            for gateway in other.state.gateways:
                if any(own.group == gateway.group and own.virtual_ip == gateway.virtual_ip for own in state.gateways):
                    gateway.state = "init" if other.state.name == device else "master"
        for unit in state.units:
            unit.up = False

    def venues_without(self) -> set[str]:
        """Venues without the Internet, when all routes have changed."""
        for _ in range(2):
            for venue in example().event.venue_ids:
                self._network.delivers(venue, self._gateways[venue])
            self.time += SETTLED_S
        venues = example().event.venue_ids
        return {venue for venue in venues if not self._network.delivers(venue, self._gateways[venue])}


def predicted(whatif: WhatIf, names: Iterable[str], service: str = "internet") -> set[str]:
    """Venues that lose a service, in whole or in part."""
    return {one.venue for one in whatif.outcome(list(names)).services if one.service == service and one.lost}


ROUTERS = [device.name for device in example().devices if device.role == "router"]


@pytest.mark.parametrize("name", ROUTERS)
def test_a_router_takes_what_was_predicted(healthy: WhatIf, name: str) -> None:
    lab = Simulated()
    lab.switch_off(name)
    assert lab.venues_without() == predicted(healthy, [name])


def test_a_cable_takes_what_was_predicted(healthy: WhatIf) -> None:
    """Each cable between routers, by itself."""
    tried = 0
    for cable in healthy.topology.cables:
        if set(cable.devices) <= set(ROUTERS):
            lab = Simulated()
            lab.cut(*cable.one)
            assert lab.venues_without() == predicted(healthy, [cable.name]), cable.name
            tried += 1
    assert tried == 15


def test_two_routers_take_what_was_predicted(healthy: WhatIf) -> None:
    losses = 0
    for pair in combinations(ROUTERS, 2):
        lab = Simulated()
        for name in pair:
            lab.switch_off(name)
        measured = lab.venues_without()
        assert measured == predicted(healthy, pair), pair
        losses += bool(measured)
    assert losses


def test_a_risk_group_takes_what_was_predicted(healthy: WhatIf) -> None:
    for group in example().risks:
        lab = Simulated()
        for member in group.members:
            device, _, port = member.partition(":")
            if device in ROUTERS:
                lab.cut(device, port) if port else lab.switch_off(device)
        assert lab.venues_without() == predicted(healthy, [group.name]), group.name


@pytest.mark.parametrize("names", [("svc-1",), ("svc-2",), ("svc-1", "svc-2")])
def test_service_hosts_take_what_was_predicted(healthy: WhatIf, names: tuple[str, ...]) -> None:
    """The portal answers at its floating address while one host lives."""
    lab = Simulated()
    for name in names:
        lab.switch_off(name)
    lab.services.answers("http", "192.0.2.90")
    lab.time += SETTLED_S
    lost = not lab.services.answers("http", "192.0.2.90")
    assert (predicted(healthy, names) == set(example().event.venue_ids)) is lost


def test_base_stations_and_access_points_take_what_was_predicted(province: Province, healthy: WhatIf) -> None:
    """The users lost in an audit with faults are those predicted for their causes together."""
    causes = {
        "bsc-1:BTS-HN-02": ("bsc-1", "bts-link-lost", "BTS-HN-02"),
        "bsc-2:BTS-DT-01": ("bsc-2", "bts-link-lost", "BTS-DT-01"),
        "bsc-6900:TVVH01": ("bsc-6900", "bts-link-lost", "TVVH01"),
        "enb-dt-1:TVDT01_L18B": ("enb-dt-1", "cell-blocked", "TVDT01_L18B"),
        "wlc-1:HN-Sanh-03": ("wlc-1", "ap-lost", "HN-Sanh-03"),
        "ac-1:VH-Sanh-02": ("ac-1", "ap-lost", "VH-Sanh-02"),
    }
    for device, fault, argument in causes.values():
        province.call("lab", "fault", device, fault, argument)
    try:
        under = load_whatif(load_workspace(province.copy), province.audit().run)
    finally:
        for device in {device for device, _fault, _argument in causes.values()}:
            province.call("lab", "fault", device, "--clear")
    lost = {healthy.users[number].name for number in healthy.served} - {under.users[n].name for n in under.served}
    outcome = healthy.outcome(list(causes))
    assert lost == {name for one in outcome.services for name in one.lost}
    assert len(lost) == 8


def test_the_command_line_says_so(province: Province) -> None:
    province.audit()
    found = json.loads(province.call("network", "whatif", "down", "core-1", "-o", "json").stdout)
    assert found["state"] == "one_way_left"
    assert any("distance 200" in one["text"] for one in found["takes_over"])
    duct = json.loads(
        province.call("network", "whatif", "group", "road-to-the-temple", "-o", "json", expect=(3,)).stdout
    )
    assert [(one["venue"], one["service"]) for one in duct["services"] if one["state"] == "lost"] == [
        ("den-tho", "fixed"), ("den-tho", "internet"),
    ]  # fmt: skip
    ranked = json.loads(province.call("network", "whatif", "n-1", "-o", "json", expect=(3,)).stdout)
    assert ["road-to-the-temple"] in [one["failed"] for one in ranked["outcomes"]]
    assert {(one["venue"], one["service"]): one["failures"] for one in ranked["least"]}["den-tho", "fixed"] == "1"
    pairs = json.loads(province.call("network", "whatif", "n-2", "-l", "core-*", "-o", "json", expect=(3,)).stdout)
    assert ["core-1", "core-2"] in [one["failed"] for one in pairs["outcomes"]]
    assert all(name.startswith("core-") for one in pairs["outcomes"] for name in one["failed"])
    given = province.call("network", "whatif", "down", "edge-hn-1", "--given", "edge-hn-2", expect=(3,)).stdout
    assert "vrrp 10" in given
    gone = json.loads(
        province.call("network", "whatif", "down", "agg-1", "--given", "core-1", "-o", "json", expect=(0,)).stdout
    )
    assert gone["given"] == ["core-1"]
    both = ("--given", "core-1", "--given", "core-2")
    gone = json.loads(province.call("network", "whatif", "down", "agg-1", *both, "-o", "json", expect=(3,)).stdout)
    assert {one["state"] for one in gone["services"] if one["service"] == "internet"} == {"lost"}
    taken = json.loads(province.call("network", "whatif", "down", "core-1", "core-2", "-o", "json", expect=(3,)).stdout)
    assert taken["takes_over"] == []
    assert "is no device" not in province.call("network", "export", "--format", "dot").stdout
    for words in (("down", "nobody"), ("group", "nothing"), ("link", "core-1"), ("n-1", "core-1"), ("down",)):
        assert province.call("network", "whatif", *words, expect=(2,)).stderr.count("\n") == 1


def test_the_map_marks_the_waves_of_a_plan_in_both_languages(province: Province, tmp_path: Path) -> None:
    province.audit()
    plan = tmp_path / "tonight.plan"
    province.call("plan", "load_balancing", "-l", "edge-vh-*", "--out", str(plan))
    for lang, word in (("en", "wave"), ("vi", "đợt")):
        svg = province.call("--lang", lang, "network", "map", "--plan", str(plan)).stdout
        assert f">{word} 1</text>" in svg
        assert f">{word} 2</text>" in svg
        assert svg.count('fill="#d9d9d9"') == 2
    done = province.call("network", "map", "--plan", str(province.copy / "inventory" / "event.yaml"), expect=(2,))
    assert "Traceback" not in done.stderr


def test_the_assurance_plan_and_the_final_report_have_the_map(province: Province, tmp_path: Path) -> None:
    province.audit()
    for lang, words in (("vi", "Thiết bị theo khoảng cách"), ("en", "Devices by their distance")):
        for paper in (("plan",), ("final", "--draft")):
            made = province.call(
                "--lang", lang, "report", *paper, "--rehearsal", "--format", "html", "--out", str(tmp_path)
            )
            page = Path(made.stdout.split()[-1]).read_text(encoding="utf-8")
            assert words in page
            assert "edge-dt-2" in page[page.index("<svg") :]
