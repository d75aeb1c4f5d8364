"""The folder of a lab: the workspace copy to audit, the record of the lab's process, its log and control socket."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from eventready.core.errors import EventreadyError, UsageError, os_reason
from eventready.core.messages import Bilingual, Message, from_stored, message, to_stored
from eventready.core.strings.texts import lines_of

_SOCKET, _TEMPORARY = "control.sock", "eventready-"
#: Shorter than the limit of a unix socket's path on every system.
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class LabRecord:
    """Process of a lab, as recorded in `lab.json`. `start_time` distinguishes the process from a later process with the
    same pid.

    expected: (check, device, subject, status) of every finding that an audit must report.
    real: the devices are real software in namespaces, and `pid` is the process that holds the namespaces.
    left_out: absent parts, each with its reason.
    absent: devices of the workspace copy outside the lab.
    """

    pid: int
    start_time: str
    socket: str
    devices: int
    endpoints: int
    scenario: str
    workspace: str
    expected: tuple[tuple[str, str, str, str], ...] = ()
    real: bool = False
    left_out: tuple[str | Message, ...] = ()
    absent: tuple[str, ...] = ()
    scenario_vi: str = ""

    @property
    def title(self) -> Bilingual:
        """The title of the scenario."""
        return Bilingual(self.scenario_vi, self.scenario)

    @property
    def alive(self) -> bool:
        """True while exactly this process runs."""
        return bool(self.start_time) and process_start_time(self.pid) == self.start_time


class LabFolder:
    """The folder of a lab."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, workspace: Path, out: Path | None = None) -> LabFolder:
        """Return the lab folder of a workspace: `out`, or the workspace itself for a lab's copy, or
        `.eventready/lab`."""
        if out is not None:
            return cls(out)
        return cls(workspace if (workspace / "lab.json").exists() else workspace / ".eventready" / "lab")

    @property
    def log(self) -> Path:
        """The log of the lab's process."""
        return self.path / "lab.log"

    @property
    def _record(self) -> Path:
        return self.path / "lab.json"

    def read_record(self) -> LabRecord | None:
        """Return the record of the lab's process; None without a running process, and for a socket of another form."""
        try:
            document = json.loads(self._record.read_text(encoding="utf-8"))
            left_out = tuple(from_stored(part) for part in document.pop("left_out", ()))
            record = LabRecord(**document, left_out=left_out)
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        return record if record.alive and self._makes(Path(record.socket)) else None

    def write_record(self, record: LabRecord) -> None:
        """Record the lab's process, atomically, once the lab is ready."""
        left_out = [to_stored(part) for part in record.left_out]
        write_private(self._record, json.dumps({**asdict(record), "left_out": left_out}))

    def remove_leftovers(self) -> bool:
        """Remove the record and socket of an ended process; True when there were any."""
        found = False
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            socket = Path(json.loads(self._record.read_text(encoding="utf-8"))["socket"])
            if self._makes(socket) and socket.is_socket():
                socket.unlink()
                found = True
            if self._makes(socket) and socket.parent.resolve() != self.path.resolve():
                socket.parent.rmdir()
        if self._record.exists():
            self._record.unlink()
            found = True
        return found

    def socket_path(self) -> Path:
        """The path of the control socket: in the folder, or in a private temporary folder for a long path."""
        path = self.path.resolve() / _SOCKET
        if len(os.fsencode(path)) < _LONGEST_SOCKET_PATH:
            path.unlink(missing_ok=True)
            return path
        return Path(tempfile.mkdtemp(prefix=_TEMPORARY)) / _SOCKET

    def _makes(self, socket: Path) -> bool:
        """Return True for a possible result of `socket_path`: a record from elsewhere names no other file."""
        folder = socket.parent
        if folder.is_symlink() or socket.name != _SOCKET:
            return False
        if folder.resolve() == self.path.resolve():
            return True
        return folder.name.startswith(_TEMPORARY) and folder.is_dir() and folder.stat().st_uid == os.getuid()


def process_start_time(pid: int) -> str:
    """The start time of a process in the system's form; empty for an ended process or a zombie."""
    if sys.platform == "linux":
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        fields = text.rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    fields = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return fields[1].strip() if len(fields) == 2 and not fields[0].startswith("Z") else ""


def write_private(path: Path, text: str) -> None:
    """Write a file atomically, readable by its owner only. Raises UsageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(message("lab:not_writable", folder=str(path), reason=os_reason(error))) from None


def log_failure(error: EventreadyError) -> None:
    """Write the error of a lab's process to its log: a line of English, and the message for the starting process."""
    print(f"error: {error}", json.dumps(to_stored(error.whole)), sep="\n", file=sys.stderr)


def last_log_line(log: Path) -> str | Message:
    """The last line of a lab's log, with the message of a logged error; empty for an empty log."""
    try:
        lines = lines_of(log.read_text(encoding="utf-8", errors="replace").strip())
    except OSError:
        lines = []
    line = lines[-1] if lines else ""
    try:
        return from_stored(json.loads(line))
    except ValueError:
        return line
