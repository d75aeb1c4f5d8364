"""The example's drills: all of them can be read, and the lab can make every failure that they name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from eventready.checks.check import CHECKS, DeviceView
from eventready.checks.finding import Outcome
from eventready.checks.ip.gateways import VrrpFailoverLimits, vrrp_failover
from eventready.core.clock import Clock
from eventready.drill.preparation import drills_of
from eventready.drill.spec import STREAMS, Drill
from eventready.evaluation.limits import resolve_limits
from eventready.facts.rows import FactRows
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.flows import Flows, Network
from eventready_lab.embedded.process import simulate
from eventready_lab.embedded.virtual_services import UNITS, VirtualServices
from eventready_lab.faults.simulated.injector import FaultInjector
from eventready_lab.terminal.session import CliSession
from tests.lab.answers import AnswerChannel, observed

EXAMPLE = load_workspace(Path(__file__).parents[2])


TEMPLE = drills_of(EXAMPLE)["gateway-loss-temple"]


def _takeover(drill: Drill, machines: Mapping[str, SimulatedDevice]) -> float:
    """Seconds without an answer from the gateway's failure to the takeover, on a clock of its own."""
    now = [0.0]
    network, gateways = Network(machines, lambda: now[0]), Flows.of(machines, EXAMPLE.devices).gateways
    (probe,), (failure,), faults = drill.probes, drill.break_, FaultInjector(machines)
    assert network.delivers(probe.source, gateways[probe.source])
    faults.inject(failure.device, failure.fault, dict(failure.arguments))
    while not network.delivers(probe.source, gateways[probe.source]):
        now[0] += 0.01
        assert now[0] < drill.observe_s
    faults.clear(failure.device, failure.fault, dict(failure.arguments))
    return now[0]


def _announced(machines: Mapping[str, SimulatedDevice], limit_s: float) -> list[str]:
    """The devices with a warning of the takeover time, under a limit of the venue."""
    found = []
    for device in EXAMPLE.devices:
        if "den-tho" in device.venues and device.platform == "frr":
            rows = observed(machines[device.name], "vrrp_failover").rows
            for finding in vrrp_failover(
                DeviceView(device, {"vrrp_failover": FactRows(rows)}), VrrpFailoverLimits(warn=limit_s)
            ):
                found += [device.name] if finding.status is Outcome.WARN else []
    return found


def test_a_slow_takeover_is_announced_and_gone_after_shorter_advertisements() -> None:
    machines = {m.state.name: m for m in simulate(EXAMPLE.devices, Credentials("u", "p"), Clock())}
    limit_s, temple = 2.5, ["edge-dt-1", "edge-dt-2"]
    assert _takeover(TEMPLE, machines) > limit_s
    assert _announced(machines, limit_s) == temple
    for name in temple:
        console = CliSession(machines[name], AnswerChannel())
        for line in ("configure terminal", "interface eth3", "vrrp 5 advertisement-interval 500", "end"):  # as frr.j2
            console.feed(f"{line}\r")
    assert _takeover(TEMPLE, machines) < limit_s
    assert _announced(machines, limit_s) == []


def test_the_limits_of_the_example_announce_what_its_drills_do_not_allow() -> None:
    limits = resolve_limits(EXAMPLE.limits, EXAMPLE.devices)
    devices = {device.name: device for device in EXAMPLE.devices}
    lost = [(one, failure.device) for one in drills_of(EXAMPLE).values() for failure in one.break_
            if failure.fault == "gateway-lost"]  # fmt: skip
    assert len(lost) >= 3
    for drill, name in lost:
        (check,) = (one for one in drill.predicted_by if one.endswith("_failover"))
        warn = limits.of(CHECKS[check], devices[name]).model_dump()["warn"]
        assert all(probe.outage_ms is None or warn * 1000 <= probe.outage_ms for probe in drill.probes), drill.name


@pytest.mark.slow
def test_every_failure_can_be_made_and_every_stream_is_answered_before() -> None:
    drills = drills_of(EXAMPLE)
    assert len(drills) >= 15
    machines = {m.state.name: m for m in simulate(EXAMPLE.devices, Credentials("u", "p"), Clock())}
    faults, network = FaultInjector(machines), Network(machines, lambda: 0.0)
    gateways = Flows.of(machines, EXAMPLE.devices).gateways
    services = VirtualServices(machines, lambda: 0.0)
    for drill in drills.values():
        for probe in drill.probes:
            if probe.kind in UNITS:
                assert services.answers(probe.kind, probe.target), drill.name
            elif probe.kind in STREAMS:
                assert network.delivers(probe.source, gateways.get(probe.source, ())), drill.name
        for failure in drill.break_:
            faults.inject(failure.device, failure.fault, dict(failure.arguments))
        for failure in drill.break_:
            faults.clear(failure.device, failure.fault, dict(failure.arguments))
