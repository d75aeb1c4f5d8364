"""The scenes that come with the package hold: devices, faults, checks, and something wrong at every venue."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.checks.registry import all_checks
from eventready.errors import UsageError
from eventready.lab.book import FaultBook
from eventready.lab.faults import FAULTS
from eventready.lab.health import healthy
from eventready.lab.machine import Credentials, Machine
from eventready.lab.scene import AUTO, NONE, Scene, load_scene, scene_names
from eventready.workspace.workspace import Workspace, load_workspace
from tests.lab.little import IOS, MML, VTY

ROOT = Path(__file__).parents[2]
#: A stand-in for each platform: a fault asks only how it is spoken to.
DIALECTS = {"osmocom_bsc": VTY, "huawei_mml": MML, "huawei_enb": MML}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load_workspace(ROOT)


def seeded(workspace: Workspace, scene: Scene) -> FaultBook:
    states = healthy(workspace.devices)
    known = Credentials("netops", "pw")
    book = FaultBook({d.name: Machine(states[d.name], DIALECTS.get(d.platform, IOS), known) for d in workspace.devices})
    scene.seed(book)
    return book


@pytest.fixture(scope="module")
def scene(workspace: Workspace) -> Scene:
    return load_scene("tra_vinh", {d.name for d in workspace.devices}, lambda scene: None)


def test_all_its_faults_happen(workspace: Workspace, scene: Scene) -> None:
    assert len(seeded(workspace, scene).made) == len(scene.faults) >= 12


def test_what_must_be_found_are_findings_of_checks_on_devices(workspace: Workspace, scene: Scene) -> None:
    roles = {check.name: check.roles for check in all_checks()}
    for check, device, _subject, _status in scene.finds:
        assert workspace.device(device).role in roles[check]


def test_something_is_wrong_at_every_venue_and_in_every_domain(workspace: Workspace, scene: Scene) -> None:
    hurt = [workspace.device(name) for name in scene.devices]
    assert {venue for device in hurt for venue in device.venues} == set(workspace.event.venue_ids)
    assert {device.role for device in hurt} == {"router", "bts_controller", "wifi_controller"}
    assert {device.platform for device in hurt} == {device.platform for device in workspace.devices}


def test_auto_takes_the_scene_that_fits_and_none_otherwise(workspace: Workspace) -> None:
    def rehearse(scene: Scene) -> None:
        seeded(workspace, scene)

    def refuse(scene: Scene) -> None:
        raise UsageError("no")

    names = {device.name for device in workspace.devices}
    assert load_scene(AUTO, names, rehearse).faults
    assert load_scene(AUTO, {"another"}, rehearse).faults == ()
    assert load_scene(AUTO, names, refuse).faults == ()
    assert load_scene(NONE, names, refuse).faults == ()
    with pytest.raises(UsageError, match="no"):
        load_scene("tra_vinh", names, refuse)


def test_every_packaged_scene_is_read() -> None:
    assert "tra_vinh" in scene_names()
    assert len(FAULTS) >= 30
