"""The process of an embedded lab: `python -m eventready_lab.embedded.process`, started by `lab up`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import message
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.performance import PerformanceFile, PerformanceSource, load_performance
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.control.control_socket import ControlSocket
from eventready_lab.control.lab_folder import LabFolder, LabRecord, log_failure, process_start_time
from eventready_lab.control.workspace_copy import check_lab_folder
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import Dialect, load_dialect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.latency import Latency, read_latency
from eventready_lab.embedded.fleet import router_fleet
from eventready_lab.embedded.lab import EmbeddedLab, write_embedded_copy
from eventready_lab.embedded.scenario import AUTO, NONE, Scenario, load_scenario
from eventready_lab.faults.simulated.injector import FaultInjector
from eventready_lab.performance.exports import PerformanceExports, unwritten

#: File descriptors beside one for each listening port: sessions, the log, the interpreter's own.
_OTHER_FILES = 2_048


@dataclass(frozen=True)
class LabOptions:
    """Options of an embedded lab.

    `scale`: number of generated routers in place of the workspace's devices. `latency`: see `read_latency`.
    """

    workspace: Path
    out: Path
    scenario: str = AUTO
    scale: int = 0
    offset_s: float = 0.0
    latency: str = ""


@dataclass(frozen=True)
class LabPlan:
    """The simulated devices with their latency, the devices without a dialect, and the scenario of a lab.

    `performance`: sources of performance files.
    """

    workspace: Workspace
    devices: tuple[Device, ...]
    left_out: tuple[Device, ...]
    scenario: Scenario
    latency: Latency
    performance: PerformanceFile

    @property
    def sources_left_out(self) -> tuple[PerformanceSource, ...]:
        """Sources of which the lab writes no files."""
        return unwritten(self.performance)


def plan_lab(options: LabOptions) -> LabPlan:
    """Validate the options of a lab. Raises UsageError or WorkspaceError before anything is started."""
    latency = read_latency(options.latency)
    workspace = load_workspace(options.workspace)
    if workspace.event.lab:
        raise UsageError(message("lab:is_copy", folder=str(options.workspace)))
    check_lab_folder(options.out)
    devices = router_fleet(options.scale, workspace.event.venue_ids) if options.scale else workspace.devices
    simulated = [device for device in devices if dialect_of(device.platform) is not None]
    if not simulated:
        raise UsageError(message("lab:nothing_simulated"))
    name = NONE if options.scale and options.scenario == AUTO else options.scenario

    def rehearse(scenario: Scenario) -> None:
        machines = simulate(simulated, Credentials("", ""), Clock())
        scenario.inject(FaultInjector({machine.state.name: machine for machine in machines}))

    scenario = load_scenario(name, options.workspace, {device.name for device in simulated}, rehearse)
    left_out = tuple(device for device in devices if device not in simulated)
    performance = PerformanceFile() if options.scale else load_performance(options.workspace)
    return LabPlan(workspace, tuple(simulated), left_out, scenario, latency, performance)


def dialect_of(platform: str) -> Dialect | None:
    """The dialect of a platform; None otherwise."""
    try:
        return load_dialect(platform)
    except UsageError:
        return None


def simulate(
    devices: Sequence[Device], credentials: Credentials, clock: Clock, latency: Latency | None = None
) -> list[SimulatedDevice]:
    """Return a healthy simulated device for every device, with a second login to the host's shell if present."""
    states = healthy_states(devices)
    shell = Credentials(f"{credentials.username}-shell", credentials.password)
    simulated = []
    for device in devices:
        dialect = load_dialect(device.platform)
        simulated.append(
            SimulatedDevice(
                states[device.name],
                dialect,
                credentials,
                clock,
                element=device.element,
                endpoint=device.endpoint or device.name,
                shell_credentials=shell if dialect.host and not dialect.host.main else None,
                latency=latency or Latency(),
            )
        )
    return simulated


async def serve(options: LabOptions, folder: LabFolder, *, ready: asyncio.Event | None = None) -> None:
    """Start the lab, write its workspace copy, and serve until stopped."""
    plan = plan_lab(options)
    _raise_file_limit(len(plan.devices) + _OTHER_FILES)
    credentials = Credentials("lab-netops", secrets.token_urlsafe(15))
    clock = Clock(timedelta(seconds=options.offset_s))
    devices = simulate(plan.devices, credentials, clock, plan.latency)
    exports = PerformanceExports.of(plan.performance, options.out, devices, clock)
    lab = EmbeddedLab(devices, plan.devices, exports)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    control, socket = ControlSocket(lab, stop.set), folder.socket_path()
    try:
        plan.scenario.inject(lab.faults)
        await lab.start()
        await lab.refresh()
        write_embedded_copy(plan.workspace, (*plan.devices, *plan.left_out), lab, credentials, options.out)
        exports.start()
        await control.open(socket)
        pid = os.getpid()
        folder.write_record(
            LabRecord(
                pid=pid,
                start_time=process_start_time(pid),
                socket=str(socket),
                devices=len(plan.devices),
                endpoints=lab.endpoints,
                scenario=plan.scenario.name.en,
                scenario_vi=plan.scenario.name.vi,
                workspace=str(options.workspace.resolve()),
                expected=tuple(sorted(plan.scenario.expected)),
                absent=tuple(device.name for device in plan.left_out),
            )
        )
        if ready:
            ready.set()
        await stop.wait()
    finally:
        control.close()
        lab.stop()
        folder.remove_leftovers()


def _raise_file_limit(wanted: int) -> None:
    """Raise this process's limit of open files. Raises UsageError where the system's limit is too low."""
    try:
        import resource  # noqa: PLC0415  not on every system
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted - _OTHER_FILES // 2:
        raise UsageError(message("lab:open_files", allowed=hard, needed=wanted))


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the detached process; an error is a line in its log."""
    parser = argparse.ArgumentParser(prog="eventready_lab.embedded.process")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scenario", default=AUTO)
    parser.add_argument("--scale", type=int, default=0)
    parser.add_argument("--offset", type=float, default=0.0)
    parser.add_argument("--latency", default="")
    given = parser.parse_args(arguments)
    os.umask(0o077)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    options = LabOptions(given.workspace, given.out, given.scenario, given.scale, given.offset, given.latency)
    try:
        asyncio.run(serve(options, LabFolder(given.out)))
    except EventreadyError as error:
        log_failure(error)
        return int(error.exit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
