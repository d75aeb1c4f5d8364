"""Start of the real lab from another process, and removal of the remains of a lab."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import Message, message, to_stored
from eventready.workspace.workspace import load_workspace
from eventready_lab.control.lab_folder import LabFolder, LabRecord, last_log_line
from eventready_lab.control.workspace_copy import check_lab_folder
from eventready_lab.real.machinery import sandbox
from eventready_lab.real.machinery.requirements import unmet_requirement
from eventready_lab.real.province import wifi_host
from eventready_lab.real.supervisor import WORK

#: More than the time limits of all parts together: the WiFi host, and convergence.
_START_S = 420.0
_POLL_S = 0.1


def start(workspace: Path, folder: LabFolder, *, without_wifi: bool = False) -> LabRecord:
    """Start the real lab and wait for convergence. Raises UsageError."""
    record = folder.read_record()
    if record:
        raise UsageError(message("lab:running_already", devices=record.devices, pid=str(record.pid)))
    if reason := unmet_requirement():
        raise UsageError(message("lab:real.cannot_run", reason=reason))
    event = load_workspace(workspace).event
    if event.lab:
        raise UsageError(message("lab:is_copy", folder=str(workspace)))
    check_lab_folder(folder.path)
    sandbox.check_folder(folder.path)
    remove_real_lab(folder)
    without = message("lab:wifi.excluded") if without_wifi else wifi_host.unmet_requirement(event)
    process = _spawn(workspace, folder, without)
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        record = folder.read_record()
        if record and record.pid == process.pid:
            return record
        if process.poll() is not None:
            reason = last_log_line(folder.log) or message("lab:no_message")
            remove_real_lab(folder)
            raise UsageError(message("lab:not_started", reason=reason), where=str(folder.log))
        time.sleep(_POLL_S)
    remove_real_lab(folder)
    process.wait()
    raise UsageError(message("lab:not_ready", seconds=_START_S), where=str(folder.log))


def _spawn(workspace: Path, folder: LabFolder, without_wifi: str | Message) -> subprocess.Popen[bytes]:
    try:
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise UsageError(message("lab:not_writable", folder=str(folder.path), reason=os_reason(error))) from None
    return sandbox.spawn(
        folder.path.resolve(), folder.log, "eventready_lab.real.supervisor",
        "--workspace", str(workspace.resolve()), "--out", str(folder.path.resolve()),
        "--without-wifi", json.dumps(to_stored(without_wifi)),
    )  # fmt: skip


def remove_real_lab(folder: LabFolder) -> bool:
    """End every process of a real lab of this folder, and remove its files; True when there were any."""
    found = sandbox.end(folder.path)
    found = folder.remove_leftovers() or found
    sandbox.remove(folder.path, [WORK])
    return found
