"""The supervisor of the real lab (`eventready_lab.real.supervisor`): the first program inside the sandbox."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from eventready.core.errors import EventreadyError
from eventready.core.messages import Message, from_stored, message, text
from eventready.workspace.workspace import load_workspace
from eventready_lab.control.control_socket import ControlSocket
from eventready_lab.control.lab_folder import LabFolder, LabRecord, log_failure, process_start_time
from eventready_lab.control.workspace_copy import check_lab_folder, write_workspace_copy
from eventready_lab.device.credentials import Credentials
from eventready_lab.real.lab import RealLab
from eventready_lab.real.machinery import sandbox
from eventready_lab.real.province import service_hosts
from eventready_lab.real.province.drills import write_drills
from eventready_lab.real.province.layout import SERVICE_HOSTS, air_of, devices, expected_findings, service_data

WORK = "real"
_SUPERVISE_S = 1.0
_USER = "lab-netops"


async def serve(
    workspace_path: Path, folder: LabFolder, outside: int, start_time: str, without_wifi: str | Message
) -> None:
    """Start the lab, write its workspace copy, and supervise its processes until stopped.

    outside: pid of the process that holds the sandbox, which started at `start_time`.
    without_wifi: the reason for a lab without WiFi; empty for a lab with WiFi.
    """
    workspace = load_workspace(workspace_path)
    check_lab_folder(folder.path)
    sandbox.remove(folder.path, [WORK])
    work = folder.path / WORK
    work.mkdir(mode=0o700)
    air = () if without_wifi else air_of(workspace.event)
    hosts = () if service_hosts.unmet_requirement() else SERVICE_HOSTS
    lab = RealLab(work, Credentials(_USER, secrets.token_urlsafe(15)), air, hosts)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    control, socket = ControlSocket(lab, stop.set), folder.socket_path()
    try:
        await asyncio.to_thread(lab.start)
        supervising = asyncio.create_task(_supervise(lab))
        await asyncio.to_thread(lab.wait_until_ready)
        access = lab.access()
        inventory = devices(workspace.event, core=lab.equipment.radio.core, air=air, hosts=hosts)
        data = {name: {"service": service_data(name)} for name in hosts}
        write_workspace_copy(workspace, {device: access[device.name] for device in inventory}, {}, folder.path, data)
        write_drills(folder.path / "inventory", [device.name for device in inventory])
        await control.open(socket)
        folder.write_record(
            LabRecord(
                pid=outside, start_time=start_time, socket=str(socket), devices=len(inventory),
                endpoints=lab.endpoints, scenario=text("lab:scenario.real", "en"),
                scenario_vi=text("lab:scenario.real", "vi"), workspace=str(workspace_path),
                expected=expected_findings(air, hosts), real=True, left_out=_left_out(lab, without_wifi),
            )
        )  # fmt: skip
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, supervising}, return_when=asyncio.FIRST_COMPLETED)
        if supervising.done():
            supervising.result()
    finally:
        control.close()
        lab.close()
        folder.remove_leftovers()
        sandbox.remove(folder.path, [WORK])


def _left_out(lab: RealLab, without_wifi: str | Message) -> tuple[Message, ...]:
    left_out = [message("lab:left_out.wifi_host", reason=without_wifi)] if without_wifi else []
    if not lab.equipment.radio.core:
        left_out.append(message("lab:left_out.msc"))
    if reason := service_hosts.unmet_requirement():
        left_out.append(message("lab:left_out.service_hosts", reason=reason))
    return tuple(left_out)


async def _supervise(lab: RealLab) -> None:
    while True:
        await asyncio.sleep(_SUPERVISE_S)
        lab.equipment.radio.restart_ended()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point inside the sandbox; an error is a line in the lab's log."""
    parser = argparse.ArgumentParser(prog="eventready_lab.real.supervisor")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--outside", type=int, required=True)
    parser.add_argument("--without-wifi", default='""', help="the stored reason for a lab without WiFi, as JSON")
    given = parser.parse_args(arguments)
    os.umask(0o022)  # daemons and sshds run as users of their own, and read the lab's files
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    start_time = process_start_time(given.outside)  # before /proc is the sandbox's own
    try:
        sandbox.enter(given.out)
        without_wifi = from_stored(json.loads(given.without_wifi))
        asyncio.run(serve(given.workspace, LabFolder(given.out), given.outside, start_time, without_wifi))
    except EventreadyError as error:
        log_failure(error)
        return int(error.exit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
