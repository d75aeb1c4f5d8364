"""A device prints the configuration that its twin was given, on every platform with a dialect."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.core.clock import Clock
from eventready.platforms.loader import describe
from eventready.workspace.devices.device import Device
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.process import simulate
from eventready_lab.entry.twin import _load
from tests.e2e.rig import hotspot
from tests.lab.other_vendors import other_vendors

SILENT = Credentials("", "")


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> tuple[Device, ...]:
    copy_example(folder := tmp_path_factory.mktemp("twin") / "workspace")
    workspace = load_workspace(folder)
    return (*workspace.devices, hotspot(workspace), *other_vendors())


def machine_of(devices: tuple[Device, ...], platform: str) -> SimulatedDevice:
    """The first machine of a platform."""
    chosen = next(device for device in devices if device.platform == platform)
    return simulate([chosen], SILENT, Clock())[0]


TEXTS = [
    *("cisco_xe", "cisco_9800", "cisco_ios", "cisco_xr", "huawei_vrp", "huawei_ac", "juniper_junos", "frr"),
    *("mikrotik_routeros", "osmocom_bsc"),
]


@pytest.mark.parametrize("platform", TEXTS)
def test_a_printed_configuration_is_loaded_whole(devices: tuple[Device, ...], platform: str) -> None:
    spec = describe(platform).spec.change
    assert spec is not None
    real, twin = machine_of(devices, platform), machine_of(devices, platform)
    tree = copy.deepcopy(real.config.running)
    dropped = next(line for line in reversed(tree) if not tree[line])  # another configuration than a healthy one
    del tree[dropped]
    real.config.rewrite(tree, tree)
    printed = form_of(spec).read({spec.read: real.show(spec.read) or ""}, device="real")
    twin.load(printed.text)
    again = form_of(spec).read({spec.read: twin.show(spec.read) or ""}, device="twin")
    assert form_of(spec).equivalent(printed.tree, again.tree)
    assert twin.config.saved


def test_a_refused_command(devices: tuple[Device, ...]) -> None:
    twin = machine_of(devices, "huawei_enb")
    refused = _load(twin, "MOD NOTHING: LOCALCELLID=0;\n")
    assert refused is not None
    assert "MOD NOTHING" in refused.render("en")


def test_a_platform_without_a_dialect() -> None:
    reason = _load(None, "")
    assert reason is not None
    assert "does not simulate its platform" in reason.render("en")


def test_files_of_a_host(devices: tuple[Device, ...], tmp_path: Path) -> None:
    twin = machine_of(devices, "linux_hostapd")
    (path, *_others) = twin.host.matching("/etc/hostapd/*.conf")
    text = (twin.host.read(path) or "") + "okc=1\n"
    assert _load(twin, f"==> {path}\n{text}") is None
    assert twin.host.read(path) == text
    assert _load(twin, "no file") is not None
