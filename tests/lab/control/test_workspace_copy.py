"""The workspace copy of a generated fleet, and of a workspace with addresses in odd places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eventready.workspace.workspace import load_workspace
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.embedded.fleet import router_fleet
from eventready_lab.embedded.lab import write_embedded_copy
from eventready_lab.embedded.lab_thread import LabThread
from tests.lab.conftest import KNOWN
from tests.lab.embedded.lab_commands import EVENT
from tests.lab.small_dialects import IOS

LabOf = Callable[..., LabThread]


def workspace_with(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "ws" / "inventory"
    folder.mkdir(parents=True)
    for name, text in {"event": EVENT, **files}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder.parent


def test_a_fleet_is_a_workspace_of_its_own(tmp_path: Path, lab_of: LabOf) -> None:
    path = workspace_with(
        tmp_path,
        hosts="r1: {hostname: 192.0.2.1, platform: cisco_xe, data: {role: router, venues: [hall]}}\n",
        limits="devices: {r1: {cpu: {warn: 60}}}\n",
        performance="sources: [{name: oss, folder: /srv/pm, layout: 3gpp}]\n",
    )
    devices = router_fleet(9, ("hall",))
    states = healthy_states(devices)
    lab = lab_of(*(SimulatedDevice(state, IOS, KNOWN) for state in states.values()))
    copy = tmp_path / "copy"
    write_embedded_copy(load_workspace(path), devices, lab.lab, KNOWN, copy)
    loaded = load_workspace(copy)
    assert not (copy / "inventory" / "performance.yaml").exists()
    assert [device.name for device in loaded.devices] == [device.name for device in devices]
    # A cable is told at both ends here, and once loaded there too, in whatever order.
    for here, there in zip(devices, loaded.devices, strict=True):
        assert there.expect == here.expect
        assert (there.venues, there.endpoint, there.port) == (here.venues, here.endpoint, lab.address(here.name)[1])
    assert len((copy / "known_hosts").read_text(encoding="utf-8").splitlines()) == 9


def test_no_address_of_the_real_network_is_left(tmp_path: Path, lab_of: LabOf) -> None:
    path = workspace_with(
        tmp_path,
        hosts="""
r1:
  hostname: 192.0.2.1
  groups: [g]
  connection_options: {netmiko: {hostname: 192.0.2.2, port: 2222, password: env:X, extras: {secret: env:Y}}}
  data: {role: router, venues: [hall]}
""",
        groups="g: {platform: cisco_xe, port: 22, hostname: 192.0.2.3, password: env:X}\n",
        defaults="username: env:U\npassword: env:P\nconnection_options: {eventready: {hostname: 192.0.2.4}}\n",
    )
    workspace = load_workspace(path)
    states = healthy_states(workspace.devices)
    lab = lab_of(*(SimulatedDevice(state, IOS, KNOWN) for state in states.values()))
    write_embedded_copy(workspace, workspace.devices, lab.lab, KNOWN, tmp_path / "copy")
    text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "copy" / "inventory").iterdir())
    assert "192.0.2." not in text
    assert "env:Y" not in text
    host = load_workspace(tmp_path / "copy").nornir().inventory.hosts["r1"]
    for connection in ("netmiko", "eventready"):
        reached = host.get_connection_parameters(connection)
        assert (reached.hostname, reached.port) == lab.address("r1")
        assert (reached.username, reached.password) == (KNOWN.username, KNOWN.password)
