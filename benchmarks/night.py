"""Night on the embedded lab in real time: python -m benchmarks.night [--minutes N] [--seed N]

The devices of the example are simulated; a watch runs in a process of its own. Faults of a seed begin at random times
on random devices and are mended after a while. Printed: each fault with the seconds to its change of state and to the
change back, the missed ones, those named twice, and the bytes of the store per device and day.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from eventready.watch.states import WINDOW_S
from eventready.workspace.devices.device import Device
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace

NOW = "2022-04-25 07:00"
#: A silent device costs seconds, not minutes.
PATIENCE = "connection_options: {eventready: {extras: {connect_timeout_s: 4, device_timeout_s: 10}}}\n"
#: Seconds of a fault, and the longest time to its change of state: two intervals of 15 s and the reading.
LASTS, PATIENT_S = (75, 150), 60
#: Faults begin so long after each other; the first after all facts were read. A device rests until no earlier fault
#: counts for the damping of the next.
APART, FIRST_S, LAST_S, REST_S = (4, 20), 90, 240, WINDOW_S + PATIENT_S


@dataclass
class NightFault:
    """Fault of a device, with the change of state that it must cause, and the seconds after which it came."""

    device: str
    name: str
    argument: str
    check: str
    start: float
    end: float
    seen: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)

    def fits(self, line: Mapping[str, Any]) -> bool:
        """True for a change of state by this fault."""
        subject = self.argument if self.check in ("uplink", "cell") else ""
        return (line.get("device"), line.get("check"), line.get("subject")) == (self.device, self.check, subject)


def possible(device: Device) -> Sequence[tuple[str, str, str]]:
    """Faults of a device: name, argument, check."""
    if device.role in ("router", "switch") and device.expect.uplinks:
        return [("link-down", device.expect.uplinks[0], "uplink"), ("silent", "", "device")]
    if device.role == "bts_controller" and device.expect.cells:
        return [("cell-blocked", device.expect.cells[0].name, "cell")]
    return [("silent", "", "device")] if device.role == "wifi_controller" else []


def draw(devices: Sequence[Device], seconds: float, seed: int) -> list[NightFault]:
    """Draw faults, a device at a time having at most one, with a rest after it."""
    source, found, free_at = random.Random(seed), list[NightFault](), dict[str, float]()
    at = float(FIRST_S)
    while at < seconds - LAST_S:
        able = [one for one in devices if possible(one) and free_at.get(one.name, 0) <= at]
        if able:
            device = source.choice(able)
            name, argument, check = source.choice(possible(device))
            end = at + source.uniform(*LASTS)
            found.append(NightFault(device.name, name, argument, check, at, end))
            free_at[device.name] = end + REST_S
        at += source.uniform(*APART)
    return found


@contextmanager
def province() -> Iterator[Path]:
    """Run the lab; return its workspace, audited."""
    with tempfile.TemporaryDirectory(prefix="eventready-night-") as home:
        workspace, copy = Path(home) / "workspace", Path(home) / "copy"
        copy_example(workspace)
        call(workspace, "lab", "up", "--scenario", "none", "--out", str(copy))
        try:
            (copy / "inventory" / "defaults.yaml").write_text(PATIENCE, encoding="utf-8")
            call(copy, "trust", "content", "--yes")
            call(copy, "audit", "--interval", "1", codes=(0, 3, 4))
            yield copy
        finally:
            call(workspace, "lab", "down", "--out", str(copy))


def call(workspace: Path, *words: str, codes: Sequence[int] = (0,)) -> None:
    """Run a command."""
    done = subprocess.run(command(workspace, *words), check=False, capture_output=True, text=True)
    if done.returncode not in codes:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")


def command(workspace: Path, *words: str) -> list[str]:
    """Command line of a workspace at the event's time."""
    return [sys.executable, "-m", "eventready", "-w", str(workspace), "--now", NOW, *words]


def night(copy: Path, faults: Sequence[NightFault], seconds: float) -> None:
    """Inject and mend faults while a watch runs, and take its changes of state."""
    words = command(copy, "-o", "ndjson", "watch", "--for", f"{seconds:.0f}s")
    watch = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    lines: SimpleQueue[tuple[float, dict[str, Any]]] = SimpleQueue()
    begun = time.monotonic()

    def read() -> None:
        for line in watch.stdout or ():
            lines.put((time.monotonic() - begun, json.loads(line)))

    Thread(target=read, daemon=True).start()
    steps = sorted([(fault.start, False, fault) for fault in faults] + [(fault.end, True, fault) for fault in faults],
                   key=lambda step: step[0])  # fmt: skip
    for at, mends, fault in steps:
        collect(lines, faults, until=begun + at)
        argument = [fault.argument] if fault.argument else []
        now = time.monotonic() - begun
        call(copy, "lab", "fault", fault.device, fault.name, *argument, *(["--clear"] if mends else []))
        fault.start, fault.end = (fault.start, now) if mends else (now, fault.end)
    collect(lines, faults, until=begun + seconds)
    watch.terminate()
    watch.wait()


def collect(lines: SimpleQueue[tuple[float, dict[str, Any]]], faults: Sequence[NightFault], until: float) -> None:
    """Take changes of state until a time, each for the latest fault that it fits."""
    while (left := until - time.monotonic()) > 0:
        try:
            at, line = lines.get(timeout=left)
        except Empty:
            return
        if line.get("cause") or line.get("kind") != "change":
            continue
        fault = next((one for one in reversed(faults) if one.start <= at and one.fits(line)), None)
        if fault is not None:
            (fault.back if line["new"] == "pass" else fault.seen).append(at)


def report(faults: Sequence[NightFault], size: int, devices: int, seconds: float) -> str:
    """Figures as text in Markdown."""
    rows = [
        f"| {one.start:.0f} s | {one.device} {one.name} {one.argument} | {_after(one.seen, one.start)} |"
        f" {_after(one.back, one.end)} |"
        for one in faults
    ]
    seen = sorted(one.seen[0] - one.start for one in faults if one.seen)
    back = sorted(one.back[0] - one.end for one in faults if one.back)
    missed = sum(not one.seen for one in faults)
    open_still = sum(bool(one.seen) and not one.back for one in faults)
    twice = sum(len(one.seen) > 1 or len(one.back) > 1 for one in faults)
    late = sum(latency > PATIENT_S for latency in (*seen, *back))
    return "\n".join(
        [
            "| at | fault | seen after | mended seen after |", "|---|---|---:|---:|", *rows, "",
            f"{len(faults)} faults in {seconds / 60:.0f} min on {devices} devices: seen {len(seen)}, "
            f"median {_median(seen)} s, slowest {max(seen, default=0):.0f} s; mended median {_median(back)} s, "
            f"slowest {max(back, default=0):.0f} s; missed {missed}, not seen mended {open_still}, twice {twice}, "
            f"later than {PATIENT_S} s {late}",
            f"store: {size / seconds * 86_400 / 1_000_000:.1f} MB a day",
        ]
    )  # fmt: skip


def _after(times: Sequence[float], start: float) -> str:
    return f"{times[0] - start:.0f} s" if times else "never"


def _median(values: Sequence[float]) -> str:
    return f"{values[len(values) // 2]:.0f}" if values else "-"


def store_size(copy: Path) -> int:
    """Bytes of the store, its log of writes merged into it."""
    path = copy / ".eventready" / "eventready.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def main() -> None:
    """Run the night and print the figures; exit code 1 for a missed fault or one named twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=30)
    given = parser.parse_args()
    with province() as copy:
        devices = load_workspace(copy).devices
        faults = draw(devices, given.minutes * 60, given.seed)
        before = store_size(copy)
        night(copy, faults, given.minutes * 60)
        print(report(faults, store_size(copy) - before, len(devices), given.minutes * 60))
    sys.exit(any(not one.seen or len(one.seen) > 1 or len(one.back) > 1 for one in faults))


if __name__ == "__main__":
    main()
