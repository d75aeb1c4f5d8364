"""A province whose devices lie open: simulated in this process, changed through sessions and the command line like any
other, and looked at from behind, where none of the code that changes them has a part."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, Self

import pytest
import yaml

from eventready.change.forms.tree import Tree
from eventready.change.times import RetryTiming
from eventready.core.clock import Clock
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.workspace.devices.device import Device
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.control.workspace_copy import generated_host
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.session_faults import SessionFaults
from eventready_lab.embedded.lab import write_embedded_copy
from eventready_lab.embedded.lab_thread import LabThread
from eventready_lab.embedded.process import simulate
from eventready_lab.real.province.layout import air_of, devices
from tests.e2e.conftest import NOW, PATIENCE, Province
from tests.lab.console import Console
from tests.lab.earlier_configuration import earlier, take_away, type_in
from tests.lab.other_vendors import other_vendors

KNOWN = Credentials("lab-netops", "Pl4nted-l4b-word")

_FILES = "/etc/hostapd/*.conf"

#: How an engineer asks for the running configuration.
_SHOW = {
    "cisco_xe": "show running-config",
    "cisco_9800": "show running-config",
    "frr": "show running-config",
    "osmocom_bsc": "show running-config",
    "huawei_vrp": "display current-configuration",
    "huawei_ac": "display current-configuration",
    "juniper_junos": "show configuration | display set",
    "cisco_xr": "show running-config",
    "mikrotik_routeros": '/export terse; :put "end: yes"',
    "cisco_ios": "show running-config",
}
#: How an engineer saves it.
_SAVE = {
    "cisco_xe": ("write memory",),
    "cisco_ios": ("write memory",),
    "cisco_9800": ("write memory",),
    "frr": ("write memory",),
    "osmocom_bsc": ("write memory",),
    "huawei_vrp": ("save", "y"),
    "huawei_ac": ("save", "y"),
}
#: What differs each time that nothing has changed: sizes, times, and who it was.
_VOLATILE = re.compile(
    r"Building configuration\.\.\.|Current configuration ?:.*"
    r"|! (?:Last configuration change|NVRAM config last updated).*"
    r"|!Last configuration was (?:updated|saved) at.*"
    r"|# \d{4}-\d\d-\d\d .* by RouterOS .*"
)


@dataclass(frozen=True)
class Look:
    """What a device is configured to be: what it prints as running, and what a restart would bring back."""

    running: str
    startup: str


@dataclass(frozen=True)
class Origin:
    """What a machine is configured to be in the beginning: a configuration, or files on its host."""

    tree: Tree
    files: Mapping[str, str]

    @classmethod
    def of(cls, machine: SimulatedDevice) -> Self:
        """As it is now."""
        if machine.dialect.config is not None:
            return cls(copy.deepcopy(machine.config.running), {})
        return cls({}, {path: machine.host.read(path) or "" for path in machine.host.matching(_FILES)})

    def bring_back(self, machine: SimulatedDevice) -> None:
        """Let the machine start with it, whatever goes on there."""
        machine.session_faults = SessionFaults()
        for path, text in self.files.items():
            machine.host.write(path, text)
        if machine.dialect.config is not None:
            machine.config.rewrite(self.tree, self.tree)
        machine.restart()


@dataclass(frozen=True)
class Rig(Province):
    """The province, and the machines that play it."""

    lab: LabThread
    first: Mapping[str, Origin]

    def __repr__(self) -> str:
        return "Bench(...)"

    def cli(self, *words: str, expect: int = 0) -> str:
        """Output of the command line on the copy, in this process."""
        return self.call(*words, expect=(expect,)).stdout

    @cached_property
    def load(self) -> Workspace:
        """The copy's workspace."""
        return load_workspace(self.copy)

    def machine(self, device: str) -> SimulatedDevice:
        """The machine that plays a device."""
        return self.lab.lab.devices[device]

    def configure(self, device: str, tree: Tree, chance: Random | None = None) -> tuple[Tree, list[str]]:
        """Let an engineer have configured and saved the lines of `tree`, or other values of them that `chance` gives:
        what was typed at the console, and what was refused."""
        machine = self.machine(device)
        return self.lab.call(lambda: _configure(machine, tree, chance))

    def reset(self, device: str) -> None:
        """Be as it was in the beginning, whatever has happened since."""
        machine, first = self.machine(device), self.first[device]
        self.lab.call(lambda: first.bring_back(machine))

    def cut_power(self, device: str) -> None:
        """Let it start anew, with what was saved."""
        self.lab.call(self.machine(device).restart)

    def saved(self, device: str) -> bool:
        """True when a restart would bring back what runs."""
        machine = self.machine(device)
        if machine.dialect.config is not None:
            return machine.config.saved
        return dict(machine.daemon_settings("hostapd") or {}) == {
            path: machine.host.read(path) for path in machine.host.matching(_FILES)
        }

    def look(self) -> Mapping[str, Look]:
        """What every device of the province is, at one moment."""
        machines = self.lab.lab.devices
        return self.lab.call(lambda: {name: look_at(machine) for name, machine in machines.items()})


def look_at(machine: SimulatedDevice) -> Look:
    """See Look. In the lab's own thread."""
    platform = machine.dialect.platform
    with Console(machine) as say:
        if machine.dialect.transport == "mml":
            listed = [say(f"{name}:;") for name in _objects(machine)]
            return Look("".join(map(_body, listed)), "")
        if machine.dialect.config is None:
            files = say(f"head -n 10000 {_FILES}")
            return Look(f"{files}\n{sorted((machine.daemon_settings('hostapd') or {}).items())}", files)
        lines = (line for line in say(_SHOW[platform]).split("\n") if not _VOLATILE.fullmatch(line))
        return Look("\n".join(lines), machine.view().startup_text)


def _configure(machine: SimulatedDevice, tree: Tree, chance: Random | None) -> tuple[Tree, list[str]]:
    spec, start = spec_of(machine), earlier(tree, chance) if chance else tree
    with Console(machine) as say:
        for line in spec.enter:
            say(line)
        if chance:
            take_away(spec, tree, say, chance)
        refused = type_in(spec, start, say)
        if machine.dialect.config is not None and machine.config.has_candidate:
            say("commit")
        for line in (*spec.leave, *_SAVE.get(machine.dialect.platform, ())):
            say(line)
    return start, refused


def spec_of(machine: SimulatedDevice) -> ChangeSpec:
    """How configurations of the machine's platform are changed."""
    spec = describe(machine.dialect.platform).spec.change
    assert spec is not None
    return spec


def _objects(machine: SimulatedDevice) -> Iterator[str]:
    """The commands that list what an MML element is configured to be."""
    return (name for name in machine.dialect.shows if name.startswith("LST ") and "ALM" not in name)


def _body(report: str) -> str:
    """A report without its head, which counts reports and tells the time."""
    assert "RETCODE = 0 " in report, report
    return report[report.index("RETCODE") :]


def hotspot(workspace: Workspace) -> Device:
    """The example plays no hostapd; the real province's hotspot stands in it here."""
    event = workspace.event
    return next(one for one in devices(event, air=air_of(event)) if one.platform == "linux_hostapd")


@contextmanager
def rig_of(home: Path) -> Iterator[Rig]:
    """The example's devices, a hotspot, and routers of other vendors, all in order."""
    workspace, played = home / "workspace", home / "copy"
    copy_example(workspace)
    added = hotspot(load_workspace(workspace))
    hosts = workspace / "inventory" / "hosts.yaml"
    entry: dict[str, Any] = {added.name: {"hostname": "192.0.2.200", **generated_host(added)}}
    entry |= {other.name: {"hostname": other.hostname, **generated_host(other)} for other in other_vendors()}
    hosts.write_text(f"{hosts.read_text(encoding='utf-8')}\n{yaml.safe_dump(entry)}", encoding="utf-8")
    loaded = load_workspace(workspace)
    with LabThread(simulate(loaded.devices, KNOWN, Clock.starting(NOW))) as lab:
        write_embedded_copy(loaded, loaded.devices, lab.lab, KNOWN, played)
        (played / "inventory" / "defaults.yaml").write_text(PATIENCE, encoding="utf-8")
        machines = lab.lab.devices
        first = lab.call(lambda: {name: Origin.of(machine) for name, machine in machines.items()})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("eventready.cli.change.progress.TIMING", RetryTiming(pause_s=0.2))
            yield Rig(workspace, played, lab, first)
