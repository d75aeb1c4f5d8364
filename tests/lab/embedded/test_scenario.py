"""The example's scenario: valid devices, faults and checks, with a fault at every venue."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.checks.registry import all_checks
from eventready.core.errors import UsageError
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.embedded.scenario import AUTO, NONE, Scenario, load_scenario
from eventready_lab.faults.simulated.injector import FaultInjector
from tests.lab.small_dialects import IOS, MML, VTY

ROOT = Path(__file__).parents[3]
#: A stand-in for each platform: a fault asks only how it is spoken to.
DIALECTS = {"osmocom_bsc": VTY, "huawei_mml": MML, "huawei_enb": MML}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load_workspace(ROOT)


def seeded(workspace: Workspace, scenario: Scenario) -> FaultInjector:
    states = healthy_states(workspace.devices)
    known = Credentials("netops", "pw")
    workbook = FaultInjector(
        {d.name: SimulatedDevice(states[d.name], DIALECTS.get(d.platform, IOS), known) for d in workspace.devices}
    )
    scenario.inject(workbook)
    return workbook


@pytest.fixture(scope="module")
def scenario(workspace: Workspace) -> Scenario:
    return load_scenario("opening", ROOT, {d.name for d in workspace.devices}, lambda scenario: None)


def test_all_its_faults_happen(workspace: Workspace, scenario: Scenario) -> None:
    assert len(seeded(workspace, scenario).active) == len(scenario.faults) >= 12


def test_what_must_be_found_are_findings_of_checks_on_devices(workspace: Workspace, scenario: Scenario) -> None:
    roles = {check.name: check.roles for check in all_checks()}
    for check, device, _subject, _status in scenario.expected:
        assert workspace.device(device).role in roles[check]


def test_something_is_wrong_at_every_venue_and_in_every_domain(workspace: Workspace, scenario: Scenario) -> None:
    hurt = [workspace.device(name) for name in scenario.devices]
    assert {venue for device in hurt for venue in device.venues} == set(workspace.event.venue_ids)
    assert {device.role for device in hurt} == {"router", "bts_controller", "wifi_controller", "service_host"}
    assert {device.platform for device in hurt} == {device.platform for device in workspace.devices}


def test_auto_takes_the_scenario_that_fits_and_none_otherwise(workspace: Workspace) -> None:
    def rehearse(scenario: Scenario) -> None:
        seeded(workspace, scenario)

    def refuse(scenario: Scenario) -> None:
        raise UsageError("no")

    names = {device.name for device in workspace.devices}
    assert load_scenario(AUTO, ROOT, names, rehearse).faults
    assert load_scenario(AUTO, ROOT, {"another"}, rehearse).faults == ()
    assert load_scenario(AUTO, ROOT, names, refuse).faults == ()
    assert load_scenario(NONE, ROOT, names, refuse).faults == ()
    with pytest.raises(UsageError, match="no"):
        load_scenario("opening", ROOT, names, refuse)
