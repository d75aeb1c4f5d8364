"""The running real province and the command line, for tests of changes and drills."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from eventready_lab.control.lab_folder import LabFolder
from eventready_lab.real.machinery import udp_echo
from eventready_lab.real.province.layout import INTERNET_ADDRESS, SITE
from tests.behaviours.twin import Twin
from tests.real.conftest import TABLES
from tests.real.device import Device, device_of
from tests.real.independent_prober import Heard, beside

#: A drill is run again so often while its prober was not scheduled.
_VOID_RUNS = 3
#: Runs of each drill, of which the worst counts.
RUNS = int(os.environ.get("EVENTREADY_DRILL_RUNS", "1"))
#: Two probers at 100/s each see both ends of an outage 10 ms late at most.
_APART_MS = 20
CHANGED = ("gw-1", "gw-2", "core-1", "core-2", "bsc", "ap-host-1")


@dataclass(frozen=True)
class Network:
    """The province; commands run in this process."""

    twin: Twin

    def __getitem__(self, name: str) -> Device:
        return device_of(self.twin, name)

    def running(self) -> dict[str, str]:
        return {name: self[name].running() for name in CHANGED}

    def plan(self, path: Path, *words: str, expect: int) -> dict[str, Any]:
        command = ("-o", "json", "plan", *words, "--out", str(path), "--detailed-exitcode")
        found: dict[str, Any] = json.loads(self.twin.call(*command, expect=(expect,)).stdout)
        return found

    def change_of(self, *words: str, expect: int = 0) -> str:
        """Carry something out; the change's id."""
        before = self.changes()
        self.twin.call(*words, expect=(expect,))
        (made,) = self.changes() - before
        return made

    def changes(self) -> set[str]:
        found = json.loads(self.twin.call("-o", "json", "changes", "list").stdout)
        return {one["id"] for one in (found if isinstance(found, list) else found["changes"])}

    def restart_station(self, cell: str) -> None:
        """Have a base station connect anew: only then does it read its timeslots."""
        with self.twin.fault("bsc", "bts-link-lost", cell):
            pass

    def write_drills(self, drills: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the example's drills; duties that name these are removed with them."""
        inventory = self.twin.copy / "inventory"
        shutil.rmtree(inventory / "drills", ignore_errors=True)
        (inventory / "drills").mkdir()
        (inventory / "duties.yaml").unlink(missing_ok=True)
        for name, drill in drills.items():
            (inventory / "drills" / f"{name}.yaml").write_text(yaml.safe_dump(drill), encoding="utf-8")

    def drill(self, name: str) -> Drilled:
        """Run a drill so often as `RUNS` says, each beside an independent prober; the worst run."""
        runs = [self._run(name) for _ in range(RUNS)]
        worst = max(runs, key=lambda run: run.worst)
        apart = [apart_ms(*pair) for run in runs for pair in run.compared]
        _tabulate(name, worst, max(apart, default=0.0))
        assert all(one <= _APART_MS for one in apart), f"{name}: {apart} ms apart"
        return worst

    def _run(self, name: str) -> Drilled:
        """Run a drill to its end, whatever it measures; again while it is void."""
        for _ in range(_VOID_RUNS):
            with beside(self.launcher(), INTERNET_ADDRESS, udp_echo.PORT) as heard:
                done = self.twin.call("-o", "json", "drill", "run", name, expect=(0, 3, 4))
            (result,) = json.loads(done.stdout)
            if result["outcome"] != "void":
                break
        assert result["steps"][-1]["step"] == "closed"
        drilled = Drilled(
            result["outcome"], {probe["probe"]: probe for probe in result["probes"]},
            {one["check"] for one in result["predicted"]}, result["stage"], tuple(_compared(result, heard)),
        )  # fmt: skip
        print(f"{name}: {drilled}")
        return drilled

    def launcher(self, place: str = SITE) -> tuple[str, ...]:
        """The words before a command on the site, or in another of the lab's network namespaces."""
        record = LabFolder(self.twin.copy).read_record()
        assert record
        return ("nsenter", "--target", str(record.pid), "--mount", "ip", "netns", "exec", place)


def apart_ms(one: float | None, other: float | None) -> float:
    """Difference of two outages, None without an end."""
    if one is None or other is None:
        return 0.0 if one is other else math.inf
    return abs(one - other)


def _tabulate(name: str, drilled: Drilled, apart: float) -> None:
    """Add rows to the tables of `make test-real`."""
    noticed, compared, *_ = TABLES.values()
    announced = ", ".join(sorted(drilled.predicted)) or "no"
    measured = "; ".join(
        f"{one['name']} {_figure(one)}" for probe in drilled.probes.values() for one in probe["measures"]
    ) or str(drilled)  # fmt: skip
    noticed.append(f"{name} ({drilled.stage}) | {drilled.outcome}: {measured} | {announced}")
    compared += [
        f"{name} ({drilled.stage}) | {_ms(own)} | {_ms(other)} | runs {RUNS}, at most {apart:.0f} ms apart"
        for own, other in drilled.compared
    ]


def _compared(result: Mapping[str, Any], heard: Heard) -> Iterator[tuple[float | None, float | None]]:
    """Outages of the probes, each with the one of the independent prober; lost at random, no two are alike."""
    moments = {one["step"]: datetime.fromisoformat(one["recorded"]).timestamp() for one in result["steps"]}
    for probe in result["probes"]:
        measures = {measure["name"] for measure in probe["measures"]}
        if probe["kind"] == "udp" and not probe["void"] and not measures & {"latency", "loss"}:
            yield probe["value"], heard.worst_ms(moments["failing"], moments["repairing"])


def _figure(measure: Mapping[str, Any]) -> str:
    return "no end" if measure["value"] is None else f"{measure['value']:.1f} {measure['unit']}"


def _ms(value: float | None) -> str:
    return "did not heal" if value is None else f"{value:.0f} ms"


@dataclass(frozen=True)
class Drilled:
    """A drill's outcome, its probes by name, the checks that announced the outage, its stage, and outages compared."""

    outcome: str
    probes: Mapping[str, Any]
    predicted: set[str]
    stage: str = ""
    compared: tuple[tuple[float | None, float | None], ...] = ()

    @property
    def worst(self) -> float:
        """The worst value of the probes; infinite for an outage without an end."""
        return max(math.inf if probe["value"] is None else float(probe["value"]) for probe in self.probes.values())

    @property
    def value(self) -> float | None:
        """The value of the only probe; None for an outage without an end."""
        (probe,) = self.probes.values()
        return None if probe["value"] is None else float(probe["value"])

    @property
    def failover(self) -> float | None:
        """Seconds of the first outage of the only probe; None without one."""
        (probe,) = self.probes.values()
        return next((end - begin for begin, end in probe["outages"] if end is not None), None)

    def __str__(self) -> str:
        values = (f"{name} {probe['value']} {probe['unit']} {probe['outages']} {probe['detail']}"
                  for name, probe in self.probes.items())  # fmt: skip
        return f"{self.outcome}, {'; '.join(values)}"
