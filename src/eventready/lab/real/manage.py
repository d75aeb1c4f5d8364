"""Starting the real province from another process, and seeing to it that nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from eventready.errors import UsageError
from eventready.lab.copy import refuse_foreign
from eventready.lab.place import Place, Running
from eventready.lab.real import enclosure, hotspot
from eventready.lab.real.keeper import WORK
from eventready.lab.real.requirements import lacking
from eventready.workspace.workspace import load_workspace

#: More than everything in it may wait: the machine with the radios, and the whole until it has settled.
_START_S = 420.0
_GLANCE_S = 0.1


def start(workspace: Path, place: Place, *, without_wifi: bool = False) -> Running:
    """Start the real province and wait until it has settled. Raises UsageError."""
    running = place.running()
    if running:
        raise UsageError(
            f"a lab runs here already ({running.devices} devices, process {running.pid})",
            do="Stop it first with `eventready lab down`.",
        )
    if reason := lacking():
        raise UsageError(f"the real province cannot run here: {reason}", do="Say `eventready doctor --real`.")
    event = load_workspace(workspace).event
    if event.lab:
        raise UsageError(f"{workspace} is a lab's copy", do="Run `lab up` in the workspace that it was made of.")
    refuse_foreign(place.folder)
    enclosure.refuse_folder(place.folder)
    clear_away(place)
    without = "not wanted" if without_wifi else hotspot.lacking(event)
    process = _spawn(workspace, place, without)
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        running = place.running()
        if running and running.pid == process.pid:
            return running
        if process.poll() is not None:
            reason = last_line(place.log)
            clear_away(place)
            raise UsageError(f"the real province did not start: {reason.rstrip('.')}", where=str(place.log))
        time.sleep(_GLANCE_S)
    clear_away(place)
    process.wait()
    raise UsageError(f"the real province was not ready within {_START_S:.0f} s", where=str(place.log))


def _spawn(workspace: Path, place: Place, without: str) -> subprocess.Popen[bytes]:
    try:
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise UsageError(f"{place.folder} cannot be written: {error.strerror}", do="Name another --out.") from None
    return enclosure.spawn(
        place.folder.resolve(), place.log, "eventready.lab.real.keeper",
        "--workspace", str(workspace.resolve()), "--out", str(place.folder.resolve()),
        "--without-wifi", without,
    )  # fmt: skip


def clear_away(place: Place) -> bool:
    """End whatever is left of a real province of this folder, and remove its files; True when there was something."""
    left = enclosure.end(place.folder)
    left = place.tidy() or left
    enclosure.remove(place.folder, [WORK])
    return left


def last_line(log: Path) -> str:
    """The last thing that a lab said before it ended."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].removeprefix("error: ") if lines else "it said nothing"
