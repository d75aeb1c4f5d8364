"""Traffic through the simulated network: when a packet arrives, and how long each failure interrupts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventready.core.clock import Clock
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.flows import Flows, Network
from eventready_lab.embedded.process import simulate
from eventready_lab.faults.simulated.injector import FaultInjector

#: A step of the simulated time, and the longest that a test looks ahead.
STEP_S, LONGEST_S = 0.1, 120.0


@pytest.fixture(scope="module")
def example() -> Workspace:
    return load_workspace(Path(__file__).parents[3])


class Province:
    """The example's devices, their faults, and the network between them on a clock of the test's own."""

    def __init__(self, workspace: Workspace) -> None:
        self.time = 0.0
        machines: dict[str, SimulatedDevice] = {
            machine.state.name: machine for machine in simulate(workspace.devices, Credentials("u", "p"), Clock())
        }
        self.faults = FaultInjector(machines)
        self.network = Network(machines, lambda: self.time)
        self.gateways = Flows.of(machines, workspace.devices).gateways

    def arrives(self, source: str) -> bool:
        return self.network.delivers(source, self.gateways.get(source, ()))

    def outage(self, source: str, device: str, fault: str, **args: Any) -> float | None:
        """Seconds without an answer after the fault; None when the flow does not come back by itself."""
        assert self.arrives(source)
        self.faults.inject(device, fault, args)
        return self._until(lambda: self.arrives(source))

    def _until(self, condition: Callable[[], bool]) -> float | None:
        since = self.time
        while not condition():
            self.time = round(self.time + STEP_S, 6)
            if self.time - since > LONGEST_S:
                return None
        return round(self.time - since, 6)


@pytest.fixture
def province(example: Workspace) -> Province:
    return Province(example)


def test_a_healthy_province_delivers_from_every_venue_and_router(province: Province, example: Workspace) -> None:
    routers = [device.name for device in example.devices if device.role == "router"]
    assert all(province.arrives(source) for source in (*example.event.venue_ids, *routers))


def test_a_silent_loss_that_no_route_watches_never_heals_and_ends_with_the_repair(province: Province) -> None:
    province.faults.inject("core-2", "unwatched-route", {})
    assert province.outage("agg-2", "core-2", "bfd-down", peer="203.0.113.5") is None
    province.faults.clear("core-2", "bfd-down", {})
    assert province.arrives("agg-2")


def test_a_route_that_is_watched_by_bfd_heals_when_bfd_has_noticed(province: Province) -> None:
    outage = province.outage("edge-dt-1", "edge-dt-1", "bfd-down", peer="10.0.0.21")
    assert outage == pytest.approx(0.3, abs=2 * STEP_S)


def test_a_route_behind_an_ip_sla_takes_its_frequency(province: Province) -> None:
    assert province.outage("agg-2", "core-2", "bfd-down", peer="203.0.113.5") == pytest.approx(5, abs=STEP_S)


def test_a_cut_cable_is_noticed_at_once(province: Province) -> None:
    assert province.outage("agg-1", "core-1", "link-down", port="TenGigabitEthernet0/2/0") == 0


@pytest.mark.parametrize(
    ("source", "device", "group", "seconds"),
    [("den-tho", "edge-dt-1", 5, 3.57), ("van-hoa", "edge-vh-1", 10, 10.0)],
)
def test_a_backup_gateway_takes_over_after_its_protocols_time(
    province: Province, source: str, device: str, group: int, seconds: float
) -> None:
    assert province.outage(source, device, "gateway-lost", group=group) == pytest.approx(seconds, abs=2 * STEP_S)


def test_a_fault_that_is_cleared_before_it_was_noticed_changes_nothing(province: Province) -> None:
    assert province.arrives("edge-dt-1")
    province.faults.inject("edge-dt-1", "bfd-down", {"peer": "10.0.0.21"})
    assert not province.arrives("edge-dt-1")
    province.time += 0.2
    province.faults.clear("edge-dt-1", "bfd-down", {})
    assert province.arrives("edge-dt-1")
    province.time += 5
    assert province.arrives("edge-dt-1")


def test_an_impaired_port_loses_and_delays_what_it_should(province: Province) -> None:
    members = province.gateways.get("agg-1", ())

    def delays(size: int = 100) -> list[float | None]:
        return [province.network.delay_s("agg-1", members, size) for _ in range(100)]

    port = {"port": "TenGigabitEthernet0/2/0"}
    for fault, more in (("packet-loss", {"percent": 30.0}), ("delay", {"ms": 200.0}), ("small-mtu", {"size": 1000})):
        province.faults.inject("core-1", fault, {**port, **more})
        small, large = delays(), delays(1400)
        assert small.count(None) == (30 if fault == "packet-loss" else 0), fault
        assert large.count(None) == {"packet-loss": 30, "delay": 0, "small-mtu": 100}[fault]
        assert {one for one in small if one is not None} == {0.4 if fault == "delay" else 0.0}
        province.faults.clear("core-1", fault, {})
        assert delays() == [0.0] * 100


def test_a_flapping_port_carries_half_of_the_time(province: Province) -> None:
    province.faults.inject("core-1", "flapping", {"port": "TenGigabitEthernet0/2/0", "seconds": 0.75})
    arrived = []
    for _ in range(30):
        province.time = round(province.time + 0.1, 6)
        arrived.append(province.arrives("agg-1"))
    assert 10 <= sum(arrived) <= 20
