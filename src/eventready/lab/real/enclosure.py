"""What holds everything the real province consists of: one namespace of processes and mounts.

Its first process is a shell that only waits. When that one ends, however it ends, the kernel ends every other process
in the namespace, and with the last of them go the network namespaces, the cables between them, and the lab's own view
of /etc, /run and /var. So nothing has to be found one by one, and nothing of the machine's own is ever written to.

The process outside is known by a tag in its command line, which is on disk before the process exists.
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

from eventready.errors import UsageError
from eventready.lab.place import process_mark, write_private
from eventready.lab.real.shell import run

#: Folders of which the lab has its own view; a lab's folder cannot lie in them.
OWN_VIEWS = ("/etc", "/run", "/var")
#: `$$` is the number of the shell that turns into `unshare`: the process outside. The second shell is the first process
#: inside; it reaps whatever the province's programs leave behind.
_OUTSIDE = 'tag=$1; shift; exec unshare --pid --mount --fork --kill-child=KILL sh -c "$INSIDE" "$tag" "$@" --outside $$'
_INSIDE = '"$@" & wait $!'
_STOP_S = 10.0
_GLANCE_S = 0.05
#: What stands in the command lines of our own processes: of the enclosure's, and of the WiFi machine's.
_TAG = re.compile(r"evr-(?:real-[0-9a-f]{16}|wifi-[0-9a-f]{12})")


def spawn(folder: Path, log: Path, module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a module of ours as the keeper of a new enclosure, and write down its tag before."""
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


def refuse_folder(folder: Path) -> None:
    """Raise UsageError for a folder that the lab could not write to from inside."""
    place = folder.resolve()
    hidden = next((view for view in OWN_VIEWS if place.is_relative_to(Path(view).resolve())), None)
    if hidden:
        raise UsageError(f"the real lab has its own {hidden}, and cannot write to {place}", do="Name another --out.")


def settle_in(folder: Path) -> None:
    """Called first thing inside: the namespace goes on record, then own mounts are made. Raises UsageError."""
    inside = str(Path("/proc/self/ns/pid").readlink())
    try:
        told = json.loads(_record(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError("the lab was called off before it began", where=str(folder)) from None
    write_private(_record(folder), json.dumps({**told, "inside": inside}))
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
    """The living processes whose command line holds the tag as a word; none for what is not one of our tags.

    Who is found is killed, and a damaged record must not make that everybody.
    """
    found: list[int] = []
    if not _TAG.fullmatch(tag):
        return found
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if tag.encode() in words and process_mark(int(entry.name)):
                    found.append(int(entry.name))
    return found


def namespace(pid: int | str) -> str:
    """The namespace of processes that one is in; empty when it is gone."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def members(inside: Collection[str]) -> list[int]:
    """Everything that is in these namespaces of processes, what is just ending included."""
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and namespace(one.name) in inside]


def end(folder: Path) -> bool:
    """End the enclosure that the folder's record speaks of, at whatever stage it is; True when there was one.

    Returns when nothing of it is left but what process 1 of the machine has not reaped. Raises UsageError.
    """
    record = _record(folder)
    try:
        told = json.loads(record.read_text(encoding="utf-8"))
        tag, inside = str(told["tag"]), {str(told["inside"])} if told.get("inside") else set()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    deadline = time.monotonic() + _STOP_S
    while (living := processes_of(tag)) or members(inside):
        inside |= {namespace(pid) for pid in living} - {namespace("self"), ""}
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            left = [pid for pid in (*living, *members(inside)) if process_mark(pid)]
            if left:
                raise UsageError(f"process {left[0]} of the lab does not end", where=str(record))
            break
        time.sleep(_GLANCE_S)
    record.unlink(missing_ok=True)
    return True


def remove(folder: Path, names: Sequence[str]) -> None:
    """Remove working folders of a lab that is gone."""
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)
