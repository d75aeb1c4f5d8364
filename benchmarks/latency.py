"""Audits of slow devices with many workers: python -m benchmarks.latency [--devices N] [--workers N,N]

Simulated routers have a round trip of 30 to 80 ms and take 0.3 to 1.5 s for each command. Printed for each number of
workers: healthy devices that were lost, CPU time of the auditing processes per device, and the share of ideal list
scheduling: the time in which so many workers could take the devices without any cost of their own, divided by the time
of the audit. The simulation shares the machine, and its cost counts against the audit.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
from collections.abc import Sequence
from typing import Any

from benchmarks.contenders import COMMANDS
from benchmarks.fleet import measure, routers

#: Seconds of a round trip and of a command.
RTT_S, COMMAND_S = (0.03, 0.08), (0.3, 1.5)
#: Round trips of the key exchange, the login, the terminal and the first command; two commands prepare the terminal.
_ROUND_TRIPS, _PREPARING = 10, 2


def ideal(devices: int, workers: int) -> float:
    """Return seconds of list scheduling: each device goes to the first free worker."""
    source = random.Random(devices)
    free = [0.0] * workers
    for _ in range(devices):
        commands = sum(source.uniform(*COMMAND_S) for _ in range(len(COMMANDS) + _PREPARING))
        heapq.heapreplace(free, free[0] + commands + _ROUND_TRIPS * source.uniform(*RTT_S))
    return max(free)


def run(devices: int, workers: Sequence[int]) -> list[dict[str, Any]]:
    """Return the figures of an audit for each number of workers."""
    delays = "rtt={}-{}s,command={}-{}s".format(*RTT_S, *COMMAND_S)
    found = []
    with routers(devices, "--latency", delays) as copy:
        for count in workers:
            figures = measure("ours", copy, devices, workers=count)
            found.append(
                {
                    "workers": count,
                    "devices": devices,
                    "lost": figures["failed"],
                    "seconds": round(figures["seconds"], 1),
                    "share": round(ideal(devices, count) / figures["seconds"], 2),
                    "cpu_ms": round(figures["cpu_ms"], 1),
                }
            )
    return found


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON list")
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--workers", default="100,500,1000", help="numbers of workers, separated by commas")
    given = parser.parse_args()
    figures = run(given.devices, [int(count) for count in given.workers.split(",")])
    if given.json:
        print(json.dumps(figures))
        return
    print(
        "| workers | devices | lost | seconds | share of ideal | CPU ms per device |\n|---:|---:|---:|---:|---:|---:|"
    )
    for one in figures:
        print("| {workers} | {devices} | {lost} | {seconds} | {share} | {cpu_ms} |".format(**one))


if __name__ == "__main__":
    main()
