"""The folder of a lab: what lies in it, and whether the process that it speaks of is alive.

The folder is the workspace copy that the audit runs on; beside it lie `lab.json` (who runs, since when, where the
control socket is), `lab.log`, and `control.sock`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from eventready.errors import UsageError

#: A unix socket's path has to be shorter than this on every system.
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class Running:
    """The process of a lab, as it wrote itself down. `mark` tells it from a later process of the same number.

    `finds` is what an audit must find of the scene: (check, device, subject, status) of each. `real`: the devices are
    real software in namespaces, and `pid` is that of the process that holds them. `left_out`: what is absent, and why.
    """

    pid: int
    mark: str
    socket: str
    devices: int
    endpoints: int
    scene: str
    workspace: str
    finds: tuple[tuple[str, str, str, str], ...] = ()
    real: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def alive(self) -> bool:
        """True when exactly this process runs."""
        return bool(self.mark) and process_mark(self.pid) == self.mark


class Place:
    """The folder of one lab."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, workspace: Path, out: Path | None = None) -> Place:
        """The lab of a workspace: `out` if given, the folder itself if it is a lab's, else `.eventready/lab` in it."""
        if out is not None:
            return cls(out)
        return cls(workspace if (workspace / "lab.json").exists() else workspace / ".eventready" / "lab")

    @property
    def log(self) -> Path:
        """Where the process writes what goes wrong."""
        return self.folder / "lab.log"

    @property
    def _record(self) -> Path:
        return self.folder / "lab.json"

    def running(self) -> Running | None:
        """The living process of this lab; None when there is none, also when one was killed."""
        try:
            record = Running(**json.loads(self._record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return record if record.alive else None

    def write(self, running: Running) -> None:
        """Write the process down, in one step: whoever finds the record finds a lab that is ready."""
        write_private(self._record, json.dumps(asdict(running)))

    def tidy(self) -> bool:
        """Remove what a process that is gone left behind; True when there was something."""
        left = False
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            socket = Path(json.loads(self._record.read_text(encoding="utf-8"))["socket"])
            if socket.is_socket():
                socket.unlink()
                left = True
            if socket.parent.resolve() != self.folder.resolve():
                socket.parent.rmdir()
        if self._record.exists():
            self._record.unlink()
            left = True
        return left

    def socket(self) -> Path:
        """Where the control socket may lie: in the folder, or in a private temporary one where the path is too long."""
        path = self.folder.resolve() / "control.sock"
        if len(os.fsencode(path)) < _LONGEST_SOCKET_PATH:
            path.unlink(missing_ok=True)
            return path
        return Path(tempfile.mkdtemp(prefix="eventready-")) / "control.sock"


def process_mark(pid: int) -> str:
    """When a process began, as the system tells it; empty when there is none, or only its shell waits to be reaped."""
    if sys.platform == "linux":
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        fields = text.rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    told = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return told[1].strip() if len(told) == 2 and not told[0].startswith("Z") else ""


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all. Raises UsageError."""
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
        raise UsageError(f"{path} cannot be written: {error.strerror}", do="Name another folder with --out.") from None
