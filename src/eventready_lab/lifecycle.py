"""Start, status and stop of a lab's process, from another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import Message, message
from eventready_lab.control.control_socket import send_request
from eventready_lab.control.lab_folder import LabFolder, LabRecord, last_log_line
from eventready_lab.embedded.process import LabOptions, LabPlan, plan_lab
from eventready_lab.real.launcher import remove_real_lab

#: Seconds until a lab is ready at the latest: of any lab, and for each of its devices.
_START_S, _DEVICE_S = 90.0, 0.1
_STOP_S = 10.0
_POLL_S = 0.05
_PROBE_BYTES = 65_536


def start(options: LabOptions) -> tuple[LabRecord, LabPlan]:
    """Start an embedded lab in a detached process, and wait for its readiness. Raises UsageError."""
    folder = LabFolder(options.out)
    record = folder.read_record()
    if record:
        raise UsageError(message("lab:running_already", devices=record.devices, pid=str(record.pid)))
    plan = plan_lab(options)
    folder.remove_leftovers()
    process = _spawn(options, folder)
    patience_s = _START_S + _DEVICE_S * max(options.scale, len(plan.devices))
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        record = folder.read_record()
        if record and record.pid == process.pid:
            return record, plan
        if process.poll() is not None:
            raise UsageError(message("lab:not_started", reason=_failure(folder.log)), where=str(folder.log))
        time.sleep(_POLL_S)
    process.kill()
    process.wait()
    raise UsageError(message("lab:not_ready", seconds=patience_s), where=str(folder.log))


def _spawn(options: LabOptions, folder: LabFolder) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own, without open files of this process."""
    try:
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise UsageError(message("lab:not_writable", folder=str(folder.path), reason=os_reason(error))) from None
    try:
        return subprocess.Popen(
            [
                sys.executable, "-m", "eventready_lab.embedded.process",
                "--workspace", str(options.workspace.resolve()), "--out", str(options.out.resolve()),
                "--scenario", _scenario_argument(options.scenario), "--scale", str(options.scale),
                "--offset", str(options.offset_s), "--latency", options.latency,
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True,
            cwd=folder.path,
        )  # fmt: skip
    finally:
        os.close(log)


def _scenario_argument(scenario: str) -> str:
    return str(Path(scenario).resolve()) if Path(scenario).is_file() else scenario


def _failure(log: Path) -> str | Message:
    """Return the last line of the log; for an empty log the reason against writing to its folder, if any."""
    if line := last_log_line(log):
        return line
    try:
        with tempfile.TemporaryFile(dir=log.parent) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
    except OSError as error:
        return message("lab:log_not_writable", folder=str(log.parent), reason=os_reason(error))
    return message("lab:no_message")


def status(folder: LabFolder) -> dict[str, Any]:
    """Return devices, sessions and faults of the running lab; `{"running": false}` without a lab."""
    record = folder.read_record()
    if record is None:
        return {"running": False}
    return {
        "running": True,
        "pid": record.pid,
        "workspace": record.workspace,
        "copy": str(folder.path),
        "scenario": record.scenario,
        "scenario_vi": record.scenario_vi,
        "real": record.real,
        **send_request(record, do="status"),
    }


def stop(folder: LabFolder) -> str:
    """Stop a lab of either kind: `stopped`, `killed`, `leftovers` of an ended lab removed, or `nothing` to stop.

    Only the recorded process is signalled, never another one with its pid.
    """
    record = folder.read_record()
    if record is None:
        return "leftovers" if remove_real_lab(folder) else "nothing"
    try:
        send_request(record, do="stop")
    except UsageError:
        _signal(record, signal.SIGTERM)
    result = "stopped"
    if not _ended(record):
        result = "killed"
        _signal(record, signal.SIGKILL)
        _ended(record)
    remove_real_lab(folder)
    return result


def _signal(record: LabRecord, number: int) -> None:
    if record.alive:
        os.kill(record.pid, number)


def _ended(record: LabRecord) -> bool:
    """Wait for the end of the process; False after the time limit."""
    deadline = time.monotonic() + _STOP_S
    while record.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
