"""Cost of a cluster: rate and processor time of one, two and three workers against one machine, and a lost worker.

`python -m benchmarks.cluster` prints a table, `--json` one object. Devices, scheduler, workers and audit share the
machine, so that a rate with more workers than cores says nothing; the processor time per device travels. The overhead
is a slope: the processor time of all members but the devices, between a small and a large audit. With `--saved` every
device answers as a captured router, for fleets beyond a simulation on the same machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.fleet import children, first, routers
from benchmarks.saved import write_fleet

#: Processor time of a reading worker, in seconds, after which this worker is killed.
LOST_AFTER_S = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")
Members = list[subprocess.Popen[str]]
#: Parts of a run that differ between two audits of the same answers.
_OWN = ("id", "started", "finished", "clock", "previous", "sha256", "cluster")

#: Beginning of each command: of simulated devices, or of saved answers.
command = [sys.executable, "-m", "eventready"]


def cpu_s(pid: int) -> float:
    """Processor time of a process and its children in seconds."""
    stats = [Path(f"/proc/{one}/stat").read_text(encoding="ascii") for one in (pid, *children(pid))]
    return sum(int(ticks) for stat in stats for ticks in stat.rpartition(")")[2].split()[11:15]) / _TICKS


def member(*words: str) -> subprocess.Popen[str]:
    """Start a member, ready when it has written a line."""
    process = subprocess.Popen([*command, *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    if not process.stderr.readline():
        sys.exit(f"{words} did not start")
    return process


def _end(processes: Members) -> None:
    for process in processes:
        process.terminate()


@contextmanager
def members(copy: Path, workers: int) -> Iterator[tuple[str, Members]]:
    """A scheduler with workers over TLS. Return its address, and the processes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eventready-bench-")))
        names = [f"w{number}" for number in range(workers)]
        keygen = [*command, "cluster", "keygen", str(folder), "bench", *names]
        subprocess.run(keygen, check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"tls://127.0.0.1:{free.getsockname()[1]}"
        processes: Members = []
        stack.callback(_end, processes)
        own = ("--certificates", str(folder / "bench"))
        processes.append(member("cluster", "scheduler", "--listen", address, *own))
        for name in names:
            words = ("-w", str(copy), "cluster", "worker", "--scheduler", address, "--certificates", str(folder / name))
            processes.append(member(*words, "--workers", "32"))
        os.environ["EVENTREADY_AUDIT_CERTIFICATES"] = str(folder / "bench")
        yield address, processes


def audit(copy: Path, processes: Sequence[subprocess.Popen[str]], *words: str, lose: bool = False) -> dict[str, Any]:
    """Audit without earlier runs, and return the figures. `lose`: kill the last worker while it reads."""
    for file in (copy / ".eventready").glob("eventready.db*"):  # checks compare with earlier runs
        file.unlink()
    before = {process.pid: cpu_s(process.pid) for process in processes}
    began, used = time.monotonic(), os.times()
    every = (*command, "-w", str(copy), "-o", "json", "audit", "--interval", "0", *words)
    with subprocess.Popen(every, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        if lose:
            last = processes[-1]
            while running.poll() is None and cpu_s(last.pid) < before[last.pid] + LOST_AFTER_S:
                time.sleep(0.05)
            last.send_signal(signal.SIGKILL)
        out, errors = running.communicate()
    seconds, now = time.monotonic() - began, os.times()
    own = now.children_user + now.children_system - used.children_user - used.children_system
    if not out:
        sys.exit(errors)
    run = json.loads(out)
    members = [cpu_s(process.pid) - before[process.pid] for process in processes if process.poll() is None]
    return {
        "seconds": seconds,
        "audit": own,
        "scheduler": members[0] if members else 0.0,
        "cpu": own + sum(members),
        "unreached": sum(not device["reachable"] for device in run["devices"]),
        "digest": digest(run),
    }


def digest(run: dict[str, Any]) -> str:
    """Hash of a run without ids, times and workers.

    Figures of simulated devices change from reading to reading, and are left out.
    """
    if command[2] != "eventready":
        for device in run["devices"]:
            device.pop("worker", None)
        rest = {name: value for name, value in run.items() if name not in _OWN}
        return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    observations = sorted((o["device"], o["fact"], o["status"], len(o["rows"])) for o in run["observations"])
    findings = sorted((f["device"], f["check"], f["subject"], f["status"]) for f in run["findings"])
    text = json.dumps([observations, findings, run["verdicts"]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def fleet(devices: int, facts: int) -> Iterator[Path]:
    """Workspace of devices, simulated or with so many facts of saved answers."""
    if not facts:
        with routers(devices) as copy:
            yield copy
        return
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as home:
        capture, workspace = write_fleet(Path(home), devices, facts)
        command[2:] = ["benchmarks.saved", str(capture)]
        yield workspace


def run(*, small: int, large: int, counts: Sequence[int], facts: int) -> dict[str, Any]:
    """Return all figures; without the overhead for no count of workers."""
    with fleet(large, facts) as copy:
        os.environ["EVENTREADY_ALLOWED"] = str(copy.parent)
        parts = {small: first(copy, small), large: copy} if counts else {large: copy}
        alone = {count: audit(part, ()) for count, part in parts.items()}
        found: dict[str, Any] = {}
        for workers in counts:
            with members(copy, workers) as (address, processes):
                big = audit(copy, processes, "--cluster", address)
                found[str(workers)] = _figures(big, alone[large], large)
            with members(parts[small], workers) as (address, processes):
                little = audit(parts[small], processes, "--cluster", address)
            slopes = {part: _slope(big, little, part, large - small) for part in ("audit", "scheduler", "cpu")}
            overhead = slopes["cpu"] - _slope(alone[large], alone[small], "cpu", large - small)
            found[str(workers)].update(overhead_ms=round(overhead, 2), slopes_ms=slopes)
        with members(copy, 3) as (address, processes):
            lost = audit(copy, processes, "--cluster", address, lose=True)
    return {
        "devices": large,
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}",
        "alone": {"rate": round(large / alone[large]["seconds"], 1), "cpu_ms": _per_device(alone[large], large)},
        "workers": found,
        "lost": _figures(lost, alone[large], large),
    }


def _figures(found: dict[str, Any], alone: dict[str, Any], devices: int) -> dict[str, Any]:
    return {
        "rate": round(devices / found["seconds"], 1),
        "cpu_ms": _per_device(found, devices),
        "same": found["digest"] == alone["digest"],
        "digest": found["digest"],
        "unreached": found["unreached"],
    }


def _slope(big: dict[str, Any], little: dict[str, Any], part: str, devices: int) -> float:
    """Processor time for a further device in milliseconds."""
    return round((float(big[part]) - float(little[part])) / devices * 1000, 2)


def _per_device(found: dict[str, Any], devices: int) -> float:
    return round(float(found["cpu"]) / devices * 1000, 2)


def table(figures: dict[str, Any]) -> str:
    """Figures as text in Markdown."""
    lines = ["| | devices/s | CPU per device | overhead per device | same run |", "|---|---:|---:|---:|---|"]
    lines.append(f"| one machine | {figures['alone']['rate']:.0f} | {figures['alone']['cpu_ms']:.1f} ms | | |")
    for workers, one in figures["workers"].items():
        cost = f"{one['cpu_ms']:.1f} ms | {one['overhead_ms']:.2f} ms"
        lines.append(f"| workers: {workers} | {one['rate']:.0f} | {cost} | {one['same']} |")
    lost, about = figures["lost"], f"{figures['machine']}; {figures['devices']} devices"
    lines.append(f"| 3 workers, one killed | {lost['rate']:.0f} | {lost['cpu_ms']:.1f} ms | | {lost['same']} |")
    lines.append(f"\n{about}; not measured with a worker killed: {lost['unreached']}; digest {lost['digest'][:16]}")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--small", type=int, default=500)
    parser.add_argument("--large", type=int, default=2_500)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 3], help="counts of workers")
    parser.add_argument(
        "--saved", type=int, default=0, metavar="FACTS", help="every device answers as a captured router"
    )
    given = parser.parse_args()
    figures = run(small=given.small, large=given.large, counts=given.workers, facts=given.saved)
    print(json.dumps(figures) if given.json else table(figures))


if __name__ == "__main__":
    main()
