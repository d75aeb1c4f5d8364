"""The example's drills: all of them can be read, and the lab can make every failure that they name."""

from __future__ import annotations

from pathlib import Path

from eventready.core.clock import Clock
from eventready.drill.preparation import drills_of
from eventready.drill.spec import STREAMS
from eventready.workspace.workspace import load_workspace
from eventready_lab.embedded.flows import Flows, Network
from eventready_lab.embedded.process import simulate
from eventready_lab.embedded.virtual_services import UNITS, VirtualServices
from eventready_lab.engine.credentials import Credentials
from eventready_lab.faults.injector import FaultInjector

EXAMPLE = load_workspace(Path(__file__).parents[2])


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
