"""Rate of an audit, as ratios in one run: eventready, a plain Nornir loop, and the practical limit.

`make bench` prints a table, `python benchmarks/fleet.py --json` one object. The devices are simulated by the embedded
lab in a process of its own on the same machine, so that rates are of this machine and only the ratios travel.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 100
PORTS = 24

#: Facts from the nine commands; all others are declared unsupported.
MEASURED = (
    *("interface", "ospf_neighbour", "bgp_neighbour", "hsrp_group"),
    *("vrrp_group", "link_bundle", "neighbour", "power", "board"),
)


#: The event: a venue, without the devices that the example's own event names.
EVENT = """\
id: bench
name: Benchmark
enterprise: Benchmark
province: Trà Vinh
recipient: {name: Benchmark, email: bench@example.vn}
venues: [{id: hoi-nghi, name: Conference centre, services: [fixed, internet, mobile, wifi]}]
windows:
  - {kind: event, name: Night, from: "2022-04-29 18:00", to: "2022-04-30 23:00"}
"""


def router(number: int) -> dict[str, Any]:
    """A router with two dozen ports in use, three OSPF and two BGP neighbours, two gateways and a bundle."""
    ports = [f"TenGigabitEthernet0/{slot}/{port}" for slot in range(3) for port in range(8)][:PORTS]
    members = ("TenGigabitEthernet0/3/0", "TenGigabitEthernet0/3/1")
    other = f"bench-{number ^ 1:04d}"
    net = f"10.{number >> 8 & 255}.{number & 255}"
    return {
        "hostname": "192.0.2.1",
        "platform": "cisco_xe",
        "data": {
            "role": "router",
            "venues": ["hoi-nghi"],
            "expect": {
                "uplinks": ports,
                # A cable is written once, and counts at both ends.
                "links": [{"port": port, "device": other, "to_port": port} for port in members if not number & 1],
                "ospf": [f"{net}.{host}" for host in (1, 5, 9)],
                "bgp": [f"{net}.{host}" for host in (1, 5)],
                "gateways": [
                    {"protocol": "hsrp", "group": 1, "interface": "GigabitEthernet0/4/0", "virtual_ip": f"{net}.129"},
                    {"protocol": "vrrp", "group": 2, "interface": "GigabitEthernet0/4/1", "virtual_ip": f"{net}.193"},
                ],
                "bundles": [{"name": "Port-channel1", "members": 2}],
            },
        },
    }


def write_workspace(folder: Path, devices: int) -> None:
    """An event with `devices` routers."""
    inventory = folder / "inventory"
    inventory.mkdir(parents=True)
    shutil.copy(ROOT / "inventory" / "defaults.yaml", inventory)
    (inventory / "event.yaml").write_text(EVENT, encoding="utf-8")
    hosts = {f"bench-{number:04d}": router(number) for number in range(devices)}
    (inventory / "hosts.yaml").write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")


def narrow(copy: Path, measured: Sequence[str] = MEASURED) -> None:
    """Add a platform with the facts of the nine commands alone, or some of them, to the lab's copy."""
    from eventready.facts.platform import load_platform

    base = load_platform("cisco_xe")
    folder = copy / "inventory" / "platforms" / "bench_xe"
    folder.mkdir(parents=True)
    described = yaml.safe_load((base.folder / "platform.yaml").read_text(encoding="utf-8"))
    for source in described["sources"]:
        source.pop("confirms", None)  # facts of the other folder
    (folder / "platform.yaml").write_text(yaml.safe_dump({**described, "extends": "cisco_xe"}), encoding="utf-8")
    unsupported = {fact: "outside this benchmark" for fact in base.facts if fact not in measured}
    (folder / "facts.yaml").write_text(yaml.safe_dump({"facts": {}, "unsupported": unsupported}), encoding="utf-8")
    hosts = copy / "inventory" / "hosts.yaml"
    hosts.write_text(hosts.read_text(encoding="utf-8").replace("cisco_xe", "bench_xe"), encoding="utf-8")


@contextmanager
def lab(workspace: Path, *options: str) -> Iterator[Path]:
    """Run a lab of the devices of a workspace, or of those in the options of `lab up`. Return its workspace copy."""
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as home:
        copy = Path(home) / "copy"
        command = [sys.executable, "-m", "eventready", "-w", str(workspace), "lab"]
        up = [*command, "up", "--scenario", "none", "--out", str(copy), *options]
        started = subprocess.run(up, check=False, stderr=subprocess.PIPE, encoding="utf-8")
        if started.returncode:
            sys.exit(f"the lab did not start: {started.stderr}")
        try:
            yield copy
        finally:
            subprocess.run([*command, "down", "--out", str(copy)], check=True, capture_output=True)


@contextmanager
def routers(devices: int, *options: str, measured: Sequence[str] = MEASURED) -> Iterator[Path]:
    """Run a lab of routers with the facts of the nine commands, with options of `lab up`. Return its copy."""
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as folder:
        write_workspace(Path(folder), devices)
        with lab(Path(folder), *options) as copy:
            narrow(copy, measured)
            yield copy


def first(copy: Path, devices: int) -> Path:
    """Workspace of the first devices of the lab."""
    part = copy.with_name(f"first-{devices}")
    if not part.exists():
        shutil.copytree(copy, part, ignore=shutil.ignore_patterns(".eventready", "*.sock"))
        hosts = part / "inventory" / "hosts.yaml"
        data = dict(list(yaml.load(hosts.read_text(encoding="utf-8"), yaml.CSafeLoader).items())[:devices])
        hosts.write_text(json.dumps(data), encoding="utf-8")  # which is YAML
    return part


def start(
    name: str, copy: Path, devices: int, module: str = "contenders", workers: int = WORKERS, *more: str
) -> subprocess.Popen[bytes]:
    """Start a contender in a process of its own, with more arguments."""
    command = [sys.executable, "-m", f"benchmarks.{module}", name, str(copy), str(devices), str(workers), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"})


def measure(
    name: str, copy: Path, devices: int, module: str = "contenders", workers: int = WORKERS, *more: str
) -> dict[str, Any]:
    """Run a contender. Return its figures."""
    with start(name, copy, devices, module, workers, *more) as process:
        output, _ = process.communicate()
    figures: dict[str, Any] = json.loads(output.splitlines()[-1])
    return figures


def peak_mb(name: str, copy: Path, devices: int) -> float:
    """Peak memory in MB of a contender and its forked processes; shared memory counts once (PSS, Linux).

    The samples cost time: a run for the memory alone.
    """
    peak = 0.0
    with start(name, copy, devices) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(memory_mb, [process.pid, *children(process.pid)])))
            time.sleep(0.05)
    return peak


def children(pid: int) -> list[int]:
    """Process ids of the children of a process, and of theirs."""
    try:
        found = [file.read_text(encoding="ascii") for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [one for text in found for child in map(int, text.split()) for one in (child, *children(child))]


def memory_mb(pid: int) -> float:
    """Memory of a process in MB, with its part of shared memory; 0 for an ended process."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def run(*, small: int, large: int, huge: int, rounds: int, interval_s: float = 0.0) -> dict[str, Any]:
    """Return all figures. The contenders take turns, so that other load of the machine falls on each.

    `interval_s`: seconds between two readings of counters in a further audit, 0 for none.
    """
    with routers(huge) as whole:
        copy = {count: first(whole, count) for count in (small, large, huge)}
        turns: dict[str, list[dict[str, Any]]] = {"ours": [], "limit": [], "plain": [], "plain_parsed": []}
        few, many, twice = [], [], []
        for _ in range(rounds):
            for name in ("ours", "limit"):
                turns[name].append(measure(name, copy[large], large))
            few.append(measure("ours", copy[small], small))
            many.append(measure("ours", copy[huge], huge))
            if interval_s:
                twice.append(measure("ours", copy[large], large, "contenders", WORKERS, str(interval_s)))
        for name in ("plain", "plain_parsed"):
            turns[name].append(measure(name, copy[small], small))
        memory = peak_mb("ours", copy[large], large)
    rate = {name: median(turn["rate"] for turn in figures) for name, figures in turns.items()}
    return {
        "devices": large,
        "workers": WORKERS,
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}",
        **{name: round(value, 1) for name, value in rate.items()},
        "cpu_ms": {name: round(median(turn["cpu_ms"] for turn in figures), 2) for name, figures in turns.items()},
        **({"cpu_ms_twice": round(median(turn["cpu_ms"] for turn in twice), 2)} if twice else {}),
        "ratio_plain_parsed": round(rate["ours"] / rate["plain_parsed"], 2),
        "ratio_plain": round(rate["ours"] / rate["plain"], 2),
        "ratio_limit": round(rate["ours"] / rate["limit"], 2),
        "false_failures": sum(turn["failed"] for turn in turns["ours"]),
        "plain_failures": sum(turn["failed"] for name in ("plain", "plain_parsed") for turn in turns[name]),
        "limit_failures": sum(turn["failed"] for turn in turns["limit"]),
        "peak_rss_mb": round(memory, 1),
        "growth": round(median(t["seconds"] for t in many) / huge / (median(t["seconds"] for t in few) / small), 2),
    }


ROWS = (
    ("eventready audit", "ours"),
    ("plain Nornir loop, use_textfsm", "plain_parsed"),
    ("plain Nornir loop, no parsing", "plain"),
    ("pipelined asyncssh client (the limit)", "limit"),
)


def table(figures: dict[str, Any], small: int, huge: int) -> str:
    """Figures as text in Markdown."""
    cpu = figures["cpu_ms"]
    lines = ["| | devices/s | ratio of eventready | CPU ms per device |", "|---|---:|---:|---:|"]
    lines += [
        f"| {title} | {figures[key]:.0f} | {figures['ours'] / figures[key]:.2f} x | {cpu[key]:.1f} |"
        for title, key in ROWS
    ]
    if "cpu_ms_twice" in figures:
        lines.append(f"| eventready audit, counters read twice | | | {figures['cpu_ms_twice']:.1f} |")
    return "\n".join(
        [
            f"{figures['machine']}; {figures['devices']} simulated devices, {figures['workers']} workers, "
            "nine commands each",
            "",
            *lines,
            "",
            f"healthy devices without a measurement: {figures['false_failures']}; peak memory "
            f"{figures['peak_rss_mb']:.0f} MB; time per device at {huge} against {small}: {figures['growth']:.2f}",
        ]
    )


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--small", type=int, default=200, help="devices for the plain loops")
    parser.add_argument("--large", type=int, default=500, help="devices for eventready and the limit")
    parser.add_argument("--huge", type=int, default=1000, help="devices to see that time per device stays")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--interval", type=float, default=0.0, help="seconds between two readings of counters")
    given = parser.parse_args()
    figures = run(small=given.small, large=given.large, huge=given.huge, rounds=given.rounds, interval_s=given.interval)
    print(json.dumps(figures) if given.json else table(figures, given.small, given.huge))


if __name__ == "__main__":
    main()
