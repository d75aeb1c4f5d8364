"""CPU time and memory of commands as an event grows: python -m benchmarks.growth [DEVICES ...] [--only COMMAND,...]

Printed for each command and number of devices: CPU seconds, the largest memory of the command's own process in MB, and
the slope: the exponent of the number of devices in the CPU time since the number before (1: twice the devices take
twice the time). `audit` reads saved outputs: replies of two simulated routers, with the names of each device. The runs
behind papers and comparison are those of `benchmarks.papers`, two for each number of devices.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import yaml

from benchmarks.fleet import lab, narrow, router, write_workspace
from benchmarks.papers import NOW, measure, store_run
from eventready.core.clock import Clock
from eventready.store.run import Run, Summary
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.examples.example import copy_example

#: Runs of the long list.
_LISTED = 1_000
_EVENT = "tra-vinh-30"

Figures = tuple[float, float]
WORDS: Mapping[str, tuple[str, ...]] = {
    "readiness": ("report", "readiness", "--format", "html"),
    "weekly": ("report", "weekly", "--format", "docx", "--rehearsal"),
    "diff": ("runs", "diff"),
}


def two_routers(folder: Path) -> Path:
    """Capture the replies of two simulated routers. Return their folder."""
    write_workspace(folder / "two", 2)
    with lab(folder / "two") as copy:
        narrow(copy)
        for words in (("trust", "content", "--yes"), ("audit", "--interval", "0", "--save", str(folder / "captured"))):
            command = [sys.executable, "-m", "eventready", "-w", str(copy), *words]
            subprocess.run(command, check=True, capture_output=True)
    return folder / "captured"


def write_devices(folder: Path, captured: Path, devices: int) -> tuple[Path, Path]:
    """Write a workspace of routers that are alike in pairs. Return the workspace and the folder of saved outputs."""
    workspace, saved = folder / f"w{devices}", folder / f"s{devices}"
    write_workspace(workspace, 0)
    hosts = {}
    for number in range(devices):
        name, other = f"bench-{number:05d}", f"bench-{number ^ 1:05d}"
        hosts[name] = host = router(number & 1)
        for link in host["data"]["expect"]["links"]:
            link["device"] = other
        (saved / name).mkdir(parents=True)
        for source in (captured / f"bench-000{number & 1}").glob("*.txt"):
            text = source.read_text(encoding="utf-8")
            if "bench-000" in text:
                pair = text.replace("bench-0000", f"bench-{number & ~1:05d}")
                (saved / name / source.name).write_text(pair.replace("bench-0001", f"bench-{number | 1:05d}"))
            else:
                (saved / name / source.name).symlink_to(source)
    (workspace / "inventory" / "hosts.yaml").write_text(yaml.dump(hosts, Dumper=yaml.CSafeDumper), encoding="utf-8")
    narrow(workspace)
    return workspace, saved


def of_audit(folder: Path, captured: Path, devices: int) -> Iterator[tuple[str, Figures]]:
    """Load a workspace, and audit its devices from saved outputs."""
    workspace, saved = write_devices(folder, captured, devices)
    yield "load", measure(workspace, "inventory", "export", "--out", str(folder / f"e{devices}"))
    yield "audit", measure(workspace, "audit", "--from", str(saved))


def of_papers(folder: Path, devices: int) -> Iterator[tuple[str, Figures]]:
    """Papers and the comparison of two stored runs."""
    workspace = folder / f"p{devices}"
    copy_example(workspace)
    with Store.of_workspace(workspace) as store:
        for _ in range(2):
            store_run(store, devices)
    for name, words in WORDS.items():
        out = ("--out", str(folder / f"{name}{devices}")) if words[0] == "report" else ()
        yield name, measure(workspace, *words, *out)


def of_list(folder: Path) -> Figures:
    """List many runs."""
    workspace = folder / "list"
    copy_example(workspace)
    verdicts = [{"venue": "hoi-nghi", "service": "fixed", "verdict": "READY"}] * 12
    clock = Clock.starting(NOW)
    with Store.of_workspace(workspace) as store:
        for number in range(_LISTED):
            run = {"schema": SCHEMA, "id": f"20220425-070000-{number:04x}", "event": _EVENT, "started": NOW,
                   "finished": NOW, "findings": [], "observations": [], "verdicts": verdicts}  # fmt: skip
            store.finish(
                {**run, "clock": {"event": clock.now().isoformat(), "rehearsal": True}}, Summary.of(Run.of(run))
            )
    return measure(workspace, "runs", "list")


def main() -> None:
    """Print a row per command and number of devices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("devices", type=int, nargs="*", default=[200, 1_000, 5_000, 10_000])
    parser.add_argument("--only", default="audit,papers,list", help="audit, papers, list")
    given = parser.parse_args()
    before: dict[str, tuple[int, float]] = {}

    def show(name: str, devices: int, figures: Figures) -> None:
        seconds, peak = figures
        count, then = before.get(name, (devices, seconds))
        slope = f"{math.log(seconds / then) / math.log(devices / count):.2f}" if count != devices else ""
        before[name] = devices, seconds
        print(f"| {name:<9} | {devices:>6,} | {seconds:>6.1f} | {peak:>5.0f} | {slope:>5} |", flush=True)

    print("| command | devices | CPU s | peak MB | slope |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as home:
        folder = Path(home)
        kinds: dict[str, Callable[[int], Iterator[tuple[str, Figures]]]] = {}
        if "audit" in given.only:
            captured = two_routers(folder)
            kinds["audit"] = lambda devices: of_audit(folder, captured, devices)
        if "papers" in given.only:
            kinds["papers"] = lambda devices: of_papers(folder, devices)
        for devices in given.devices:
            for measured in kinds.values():
                for name, figures in measured(devices):
                    show(name, devices, figures)
        if "list" in given.only:
            show("list", _LISTED, of_list(folder))


if __name__ == "__main__":
    main()
