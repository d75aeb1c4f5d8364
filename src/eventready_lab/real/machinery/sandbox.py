"""The sandbox of the real lab: a namespace of processes and mounts around all its programs.

The first process of the namespace is a waiting shell. With its end, by any cause, the kernel ends every other process
of the namespace, and with them the network namespaces, the cables and the own /etc, /run and /var. Nothing of the
machine itself is written to.

The process outside is identified by a tag in its command line, which is on disk before the process exists.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready_lab.control.lab_folder import process_start_time, write_private
from eventready_lab.real.machinery.commands import run

#: Folders with a view of the sandbox's own; a lab folder cannot be in them.
OWN_VIEWS = ("/etc", "/run", "/var")
#: `$$` is the pid of the shell that becomes `unshare`, the process outside. The second shell is the first one inside
#: and reaps orphans.
_OUTSIDE = 'tag=$1; shift; exec unshare --pid --mount --fork --kill-child=KILL sh -c "$INSIDE" "$tag" "$@" --outside $$'
_INSIDE = '"$@" & wait $!'
_STOP_S = 10.0
_POLL_S = 0.05
#: Tags in the command lines of the lab's own processes: of a sandbox, and of a WiFi host.
_TAG = re.compile(r"evr-(?:real-[0-9a-f]{16}|wifi-[0-9a-f]{12})")


def spawn(folder: Path, log: Path, module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Record a tag, then start a Python module as supervisor of a new sandbox."""
    tag = f"evr-real-{secrets.token_hex(8)}"
    write_private(_record(folder), json.dumps({"tag": tag}))
    with log.open("wb") as file:
        return subprocess.Popen(
            ["sh", "-c", _OUTSIDE, "eventready-lab", tag, sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, cwd=folder,
            env={**os.environ, "INSIDE": _INSIDE},
        )  # fmt: skip


def _record(folder: Path) -> Path:
    return folder / "real.json"


def check_folder(folder: Path) -> None:
    """Raise UsageError for a lab folder invisible inside the sandbox."""
    path = folder.resolve()
    hidden = next((view for view in OWN_VIEWS if path.is_relative_to(Path(view).resolve())), None)
    if hidden:
        raise UsageError(message("lab:sandbox.hidden", hidden=str(hidden), path=str(path)))


def enter(folder: Path) -> None:
    """Record the namespace and make the sandbox's mounts; the first step inside. Raises UsageError."""
    inside = str(Path("/proc/self/ns/pid").readlink())
    try:
        record = json.loads(_record(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(message("lab:sandbox.stopped"), where=str(folder)) from None
    write_private(_record(folder), json.dumps({**record, "inside": inside}))
    layers = Path("/mnt")
    run("mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", str(layers))
    for view in ("/etc", "/var"):
        upper, work = layers / view[1:], layers / f"{view[1:]}.work"
        upper.mkdir()
        work.mkdir()
        shutil.copystat(view, upper)
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={view},upperdir={upper},workdir={work}", view)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    run("mount", "-t", "proc", "proc", "/proc")


def processes_of(tag: str) -> list[int]:
    """The running processes with the tag as a word of their command line; none for an invalid tag.

    The result is killed, so a damaged record must not match other processes.
    """
    found: list[int] = []
    if not _TAG.fullmatch(tag):
        return found
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if tag.encode() in words and process_start_time(int(entry.name)):
                    found.append(int(entry.name))
    return found


def namespace(pid: int | str) -> str:
    """The process namespace of a process; empty for an ended process."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def members(inside: Collection[str]) -> list[int]:
    """All processes of these process namespaces, including ending ones."""
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and namespace(one.name) in inside]


def end(folder: Path) -> bool:
    """End the recorded sandbox of a folder at any stage of its start; False without a record.

    Returns after the end of every process; zombies that process 1 has not reaped may remain. Raises UsageError.
    """
    record = _record(folder)
    try:
        recorded = json.loads(record.read_text(encoding="utf-8"))
        tag, inside = str(recorded["tag"]), {str(recorded["inside"])} if recorded.get("inside") else set()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    deadline = time.monotonic() + _STOP_S
    while (living := processes_of(tag)) or members(inside):
        inside |= {namespace(pid) for pid in living} - {namespace("self"), ""}
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            left = [pid for pid in (*living, *members(inside)) if process_start_time(pid)]
            if left:
                raise UsageError(message("lab:sandbox.process_left", pid=str(left[0])), where=str(record))
            break
        time.sleep(_POLL_S)
    record.unlink(missing_ok=True)
    return True


def remove(folder: Path, names: Sequence[str]) -> None:
    """Remove working folders of an ended lab."""
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)
