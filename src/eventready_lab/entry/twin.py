"""Simulated twin of devices with given configurations: entry point of `eventready.twins`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready.workspace.workspace import CONNECTION, Workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import MmlReport
from eventready_lab.device.view import View
from eventready_lab.embedded.lab import write_embedded_copy
from eventready_lab.embedded.lab_thread import LabThread
from eventready_lab.embedded.process import dialect_of, simulate
from eventready_lab.servers.mml import read_parameters

_FILE = re.compile(r"^==> (\S+)\n", re.MULTILINE)


class LabTwin:
    """Twin in an embedded lab of this process."""

    def __init__(self, lab: LabThread, not_loaded: Mapping[str, Message]) -> None:
        self._lab, self.not_loaded = lab, not_loaded

    def inject(self, device: str, fault: str, arguments: Mapping[str, str]) -> None:
        """Inject a fault of the lab. Raises UsageError."""
        self._lab.inject(device, fault, arguments)


@contextmanager
def lab_twin(workspace: Workspace, configurations: Mapping[str, str], folder: Path, clock: Clock) -> Iterator[LabTwin]:
    """Simulate the devices of a workspace, load configurations, and write the workspace copy for the simulation.

    Devices without a given configuration have the one of a healthy device of the inventory.
    """
    devices = [device for device in workspace.devices if dialect_of(device.platform) is not None]
    if not devices:
        raise UsageError(message("lab:nothing_simulated"))
    credentials = Credentials("twin-netops", secrets.token_urlsafe(15))
    simulated = simulate(devices, credentials, clock)
    machines = {machine.state.name: machine for machine in simulated}
    _remove_absent_shells(workspace, machines)
    not_loaded = {
        name: reason for name, text in configurations.items() if (reason := _load(machines.get(name), text)) is not None
    }
    with LabThread(simulated) as lab:
        write_embedded_copy(workspace, workspace.devices, lab.lab, credentials, folder)
        yield LabTwin(lab, not_loaded)


def _remove_absent_shells(workspace: Workspace, machines: Mapping[str, SimulatedDevice]) -> None:
    """Remove the login to the host's shell where the inventory has none; guards depend on the shell."""
    hosts = workspace.files.inventory().hosts
    for name, machine in machines.items():
        extras = hosts[name].get_connection_parameters(CONNECTION).extras or {}
        if not extras.get("shell_username"):
            machine.shell_credentials = None


def _load(machine: SimulatedDevice | None, text: str) -> Message | None:
    """Load a configuration. Return the reason of a failure, else None."""
    if machine is None:
        return message("lab:twin.no_dialect")
    if machine.dialect.transport == "mml":
        return _load_objects(machine, lines_of(text))
    if machine.dialect.config is not None:
        machine.load(text)
        return None
    pieces = _FILE.split(text)
    if len(pieces) < 3:
        return message("lab:twin.no_configuration")
    for path, content in zip(pieces[1::2], pieces[2::2], strict=True):
        machine.host.write(path, content)
    machine.host.restart()
    return None


def _load_objects(machine: SimulatedDevice, commands: Sequence[str]) -> Message | None:
    """Execute the commands for the values of an element."""
    for command in commands:
        name, params = read_parameters(command.rstrip(";"))
        found = machine.dialect.find_show(name)
        report = found[0](View(machine, found[1], params)) if found else MmlReport(1, "unknown command")
        if isinstance(report, MmlReport) and report.retcode:
            return message("lab:twin.refused", line=command, reason=report.result)
    return None
