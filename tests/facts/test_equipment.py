"""Equipment: the platforms of devices, loaded in a single place, and only those in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import eventready
from eventready.core.errors import PlatformError
from eventready.facts.equipment import Equipment
from eventready.workspace.devices.device import Device

GOOD, BAD = Device("r1", "router", "frr", "192.0.2.1"), Device("b1", "router", "box", "192.0.2.2")


@pytest.fixture
def equipment(tmp_path: Path) -> Equipment:
    folder = tmp_path / "box"
    folder.mkdir()
    (folder / "platform.yaml").write_text(
        "title: Box\nroles: [router]\nextends: frr\nread_onlyy: []\n", encoding="utf-8"
    )
    return Equipment((GOOD, BAD), (tmp_path,))


def test_a_broken_platform_hinders_only_its_own_devices(equipment: Equipment) -> None:
    assert equipment.platform("r1").name == "frr"
    assert equipment.only([GOOD]).platforms.keys() == {"frr"}
    assert equipment.only([GOOD]).asking.keys() == {"r1"}


@pytest.mark.parametrize(
    "load",
    [lambda one: one.platform("b1"), lambda one: one.named("box"), lambda one: one.platforms, lambda one: one.asking],
    ids=["of a device", "by name", "all", "with questions"],
)
def test_a_broken_platform_is_named_with_its_place(equipment: Equipment, load: Callable[[Equipment], object]) -> None:
    with pytest.raises(PlatformError, match=r"box/platform.yaml:4: .*read_onlyy"):
        load(equipment)


def test_platforms_are_loaded_in_a_single_place() -> None:
    """Use cases are given their equipment."""
    package = Path(eventready.__file__).parent
    calls = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "load_platform(" in path.read_text(encoding="utf-8")
    }
    assert calls == {"facts/platform.py", "facts/equipment.py"}
