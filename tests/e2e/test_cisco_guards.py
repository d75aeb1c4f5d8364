"""Cisco devices with an archive, which go back by themselves, and without one, which we take back: both ways, by the
command line, to the letter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rig import Rig, rig_of

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("cisco guards")]

INTENTS = ("load_balancing", "backup", "priority")
DEVICES = ("core-2", "edge-vh-2", "wlc-1")
GUARDS = {"revert_timer": (), "inverse": ("no archive",)}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A province to be changed by these tests only."""
    with rig_of(tmp_path_factory.mktemp("cisco")) as made:
        yield made


@pytest.fixture(params=sorted(GUARDS))
def guard(request: pytest.FixtureRequest, rig: Rig) -> str:
    """The devices have what the guard needs, or not; saved."""
    for device in DEVICES:
        rig.reset(device)
        assert rig.configure(device, {line: {} for line in GUARDS[request.param]})[1] == []
    return str(request.param)


def planned(rig: Rig, device: str, file: Path, *, expect: int) -> Mapping[str, Any]:
    words = ("plan", *INTENTS, "-l", device, "--out", str(file), "--detailed-exitcode")
    found: Mapping[str, Any] = json.loads(rig.cli("-o", "json", *words, expect=expect))
    return found


@pytest.mark.parametrize("device", DEVICES)
def test_there_and_back(rig: Rig, guard: str, device: str, tmp_path: Path) -> None:
    before = rig.look()
    plan = planned(rig, device, tmp_path / "one.plan", expect=3)
    assert [one["guard"]["kind"] for one in plan["devices"]] == [guard]
    rig.cli("apply", str(tmp_path / "one.plan"), "--confirm-within", "60s")  # it is told so behind the first prompt
    assert rig.look()[device].running != before[device].running
    assert rig.saved(device)
    assert planned(rig, device, tmp_path / "two.plan", expect=0)["devices"] == []
    rig.cli("rollback", "latest")
    assert rig.look() == before


@pytest.mark.parametrize("device", ["edge-vh-2", "wlc-1"])
@pytest.mark.parametrize("fault", ["refuse-line", "drop-at-line", "save-fails"])
def test_what_goes_wrong_leaves_the_old_state(rig: Rig, guard: str, fault: str, device: str, tmp_path: Path) -> None:
    before = rig.look()
    plan = planned(rig, device, tmp_path / "one.plan", expect=3)
    last = plan["devices"][0]["forward"][-1]  # a line that the way back does not need
    args = {} if fault == "save-fails" else {"pattern": f"^{last}$"}
    rig.lab.inject(device, fault, args)
    try:
        rig.cli("apply", str(tmp_path / "one.plan"), expect=5)
    finally:
        rig.lab.clear(device, fault, args)
    assert rig.look() == before
    shown = json.loads(rig.cli("-o", "json", "changes", "show", "latest"))
    assert [(one["device"], one["state"]) for one in shown["devices"]] == [(device, "as_before")]
