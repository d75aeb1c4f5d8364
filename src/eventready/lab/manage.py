"""Starting, asking and stopping the process of a lab from another one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from eventready.errors import UsageError
from eventready.lab.control import ask
from eventready.lab.place import Place, Running
from eventready.lab.process import Cast, Order, cast

_START_S = 90.0
_STOP_S = 10.0
_GLANCE_S = 0.05
_PROBE = 65_536


def start(order: Order) -> tuple[Running, Cast]:
    """Start a lab in a process of its own and wait until it is ready. Raises UsageError, also when one runs already."""
    place = Place(order.out)
    running = place.running()
    if running:
        raise UsageError(
            f"a lab runs here already ({running.devices} devices, process {running.pid})",
            do="Stop it first with `eventready lab down`.",
        )
    told = cast(order)
    place.tidy()
    process = _spawn(order, place)
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        running = place.running()
        if running and running.pid == process.pid:
            return running, told
        if process.poll() is not None:
            raise UsageError(f"the lab did not start: {_last_line(place.log)}", where=str(place.log))
        time.sleep(_GLANCE_S)
    process.kill()
    process.wait()
    raise UsageError(f"the lab was not ready within {_START_S:.0f} s", where=str(place.log))


def _spawn(order: Order, place: Place) -> subprocess.Popen[bytes]:
    """The process, in its own session and with nothing of ours open: it outlives the shell that started it."""
    try:
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise UsageError(f"{place.folder} cannot be written: {error.strerror}", do="Name another --out.") from None
    try:
        return subprocess.Popen(
            [
                sys.executable, "-m", "eventready.lab.process",
                "--workspace", str(order.workspace.resolve()), "--out", str(order.out.resolve()),
                "--scene", _scene_path(order.scene), "--scale", str(order.scale), "--offset", str(order.offset_s),
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True,
            cwd=place.folder,
        )  # fmt: skip
    finally:
        os.close(log)


def _scene_path(scene: str) -> str:
    return str(Path(scene).resolve()) if Path(scene).is_file() else scene


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].removeprefix("error: ") if lines else _unwritable(log.parent) or "it said nothing"


def _unwritable(folder: Path) -> str:
    """Why nothing more can be written there, a log neither; empty where it can."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror}), its log neither"
    return ""


def status(place: Place) -> dict[str, Any]:
    """What runs, with devices, sessions and faults; `{"running": false}` when nothing does."""
    running = place.running()
    if running is None:
        return {"running": False}
    return {
        "running": True,
        "pid": running.pid,
        "workspace": running.workspace,
        "copy": str(place.folder),
        "scene": running.scene,
        "real": running.real,
        **ask(running, do="status"),
    }


def stop(place: Place) -> str:
    """Stop the lab and tidy up; says what there was: `stopped`, `killed`, `remains` or `nothing`.

    Only the very process that wrote itself down is ever signalled; another one with its number is left alone.
    """
    running = place.running()
    if running is None:
        return "remains" if _clear_away(place) else "nothing"
    try:
        ask(running, do="stop")
    except UsageError:
        _signal(running, signal.SIGTERM)
    how = "stopped"
    if not _gone(running):
        how = "killed"
        _signal(running, signal.SIGKILL)
        _gone(running)
    _clear_away(place)
    return how


def _clear_away(place: Place) -> bool:
    """What is left of a lab of either kind; a real one may have begun and not yet written itself down."""
    from eventready.lab.real.manage import clear_away  # noqa: PLC0415  the real one imports this package's rest

    return clear_away(place)


def _signal(running: Running, number: int) -> None:
    if running.alive:
        os.kill(running.pid, number)


def _gone(running: Running) -> bool:
    deadline = time.monotonic() + _STOP_S
    while running.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(_GLANCE_S)
    return True
