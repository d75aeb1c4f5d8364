"""Watch of many devices at 60 s: python -m benchmarks.watch [--devices N] [--cycles N] [--profile]

The whole loop runs: schedule, reader, parsers, checks, states, key figures, store. Only the sessions are simulated:
recorded answers of a router of the embedded lab with 30 ports, whose counters move with each reading. Ports,
neighbours, gateways, bundles, power and boards are read at 60 s, the other facts at their defaults (60 and 300 s).
Printed: CPU per device and cycle and share of a core, of the first two and a half cycles (`first`: all answers are
parsed, all checks run, states begin with their second reading) and of the others (five: facts read every 300 s are in
them once); greatest lag, bytes of the store per device and day.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nornir.core.task import Result, Task

from benchmarks.fleet import MEASURED, lab, write_workspace
from eventready.audit.tasks import read_replies
from eventready.core.clock import Clock
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observe import commands_for
from eventready.facts.platform import load_platform
from eventready.session.reply import Reply
from eventready.session.target import Target
from eventready.store.store import Store
from eventready.watch.session import WatchSession
from eventready.watch.watcher import Watcher
from eventready.workspace.workspace import Workspace, load_workspace

INTERVAL_S = 60
#: Cycles until all states have begun.
_FIRST = 2.5
#: Figures of `show interfaces` that move between two readings (an MTU does not).
_COUNTER = re.compile(r"(?<!MTU )\b\d+(?= bytes| packets)")


class RecordedSession:
    """Session with recorded answers; counters of bytes and packets grow with time, of each device by itself."""

    def __init__(self, answers: dict[str, str], ports: Sequence[str], device: str) -> None:
        self._answers, self._ports, self._number = answers, ports, int(device.rpartition("-")[2])

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        """Return the recorded answers."""
        return [Reply(command, self._now(command)) for command in commands]

    def _now(self, command: str) -> str:
        if command != "show interfaces":
            return self._answers[command]
        return str(int(time.time()) * 1_000_000 + self._number).join(self._ports)

    def close(self) -> None:
        """Nothing is open."""


def recorded() -> dict[str, str]:
    """Answers of a router of the lab by command."""
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as folder:
        write_workspace(Path(folder), 2)
        with lab(Path(folder)) as copy:
            workspace = load_workspace(copy)
            platform = load_platform("cisco_xe")
            needed = build_matrix(workspace.devices, {"cisco_xe": platform}).needed("bench-0000")

            def read(task: Task) -> Result:
                return Result(host=task.host, result=read_replies(task, commands_for(platform, needed)))

            replies = workspace.nornir(1).run(task=read)["bench-0000"][0].result
    return {reply.command: reply.text for reply in replies}


def watched_workspace(folder: Path, devices: int) -> Workspace:
    """Workspace with the intervals of the benchmark."""
    os.environ.update(EVENTREADY_USERNAME="benchmark", EVENTREADY_PASSWORD="benchmark")
    write_workspace(folder, devices)
    facts = "\n".join(f"  {fact}: {INTERVAL_S}" for fact in MEASURED)
    (folder / "inventory" / "watch.yaml").write_text(f"intervals:\n{facts}\n", encoding="utf-8")
    return load_workspace(folder)


@contextmanager
def recorded_sessions(answers: dict[str, str]) -> Iterator[None]:
    """Sessions with recorded answers in place of those with devices."""
    ports = _COUNTER.split(answers["show interfaces"])

    def opened(target: Target, _spec: object) -> RecordedSession:
        return RecordedSession(answers, ports, target.name)

    with patch("eventready.session.plugin.open_session", opened):
        yield


def run(devices: int, cycles: int, *, profiled: bool) -> dict[str, Any]:
    """Return the figures of a watch over some cycles, the first apart."""
    answers = recorded()
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as home:
        folder = Path(home)
        workspace = watched_workspace(folder, devices)
        place, profile = folder / "watch.db", cProfile.Profile()
        lags: list[float] = []
        marks: list[tuple[float, float, int]] = []

        def on_round(watcher: Watcher, _changes: Sequence[Any], _resting: Any) -> None:
            if watcher.beat and (not lags or beats[-1] is not watcher.beat):
                beats.append(watcher.beat)
                lags.append(watcher.beat.lag_s)
            now = time.monotonic()
            if not marks or (len(marks) == 1 and now - begun > INTERVAL_S * _FIRST):
                marks.append((now, time.process_time(), place.stat().st_size))

        beats: list[Any] = []
        with recorded_sessions(answers):
            with Store(place) as store:
                begun = time.monotonic()
                if profiled:
                    profile.enable()
                WatchSession(workspace, workspace.devices, store, Clock()).run(INTERVAL_S * (cycles + _FIRST), on_round)
                profile.disable()
            ended = (time.monotonic(), time.process_time(), place.stat().st_size)
    if profiled:
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)
    begin, steady = marks
    return {
        "devices": devices,
        "first": _used(begin, steady, devices),
        **_used(steady, ended, devices),
        "lag_s": max(lags[1:], default=0.0),
        "readings_a_minute": [beat.readings for beat in beats],
        "bytes_a_day": round((ended[2] - steady[2]) / (ended[0] - steady[0]) * 86_400 / devices),
    }


def _used(begin: tuple[float, float, int], end: tuple[float, float, int], devices: int) -> dict[str, float]:
    """Processor time between two marks of clock, processor time and size."""
    seconds, cpu = end[0] - begin[0], end[1] - begin[1]
    cycles = seconds / INTERVAL_S
    return {
        "cycles": round(cycles, 2),
        "cpu_ms": round(cpu * 1000 / devices / cycles, 2),
        "cores": round(cpu / seconds, 2),
    }


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--cycles", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="print the most expensive functions of the main thread")
    given = parser.parse_args()
    print(json.dumps(run(given.devices, given.cycles, profiled=given.profile)))


if __name__ == "__main__":
    main()
