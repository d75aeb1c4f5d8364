"""The main job: read every device, hold what they say against the checks, give a verdict per venue and service.

Read `audit` from top to bottom; everything else here serves it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from nornir.core import Nornir
from nornir.core.task import MultiResult, Result, Task

from eventready.checks.limits import resolve_limits
from eventready.checks.matrix import Matrix, build_matrix
from eventready.checks.runner import coverage, judge
from eventready.checks.verdict import exit_code, verdicts
from eventready.clock import Clock
from eventready.compose import compose, recorded_rows
from eventready.errors import Exit
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.platform import Platform, load_platform
from eventready.facts.read import observe
from eventready.offline import SavedOutputs
from eventready.run import Run
from eventready.store.store import Store
from eventready.tasks import read_facts
from eventready.workspace.device import Device
from eventready.workspace.workspace import Workspace


class Watch(Protocol):
    """Somebody who follows along, a progress bar for one. What it raises is ignored: it never takes the run with it."""

    def stage(self, name: str, total: int) -> None:
        """A stage over `total` devices begins."""

    def done(self, device: str, trouble: str) -> None:
        """One device has been read; `trouble` is empty or a sentence."""


@dataclass(frozen=True)
class Options:
    """How to audit. `interval_s` lies between the two readings of counters; 0 reads once and measures no rate.

    `baseline` names the run to compare with, `saved` a folder of saved outputs to read instead of the devices, and
    `fail_on` is the lightest finding that is worth an exit code of its own.
    """

    workers: int = 32
    interval_s: float = 10.0
    baseline: str = ""
    saved: Path | None = None
    fail_on: Literal["warn", "fail"] = "fail"


@dataclass(frozen=True)
class Audit:
    """What came of it: the run, sealed and stored, and the exit code that it means."""

    run: Run
    exit: Exit


def audit(
    workspace: Workspace, devices: Sequence[Device], *, store: Store, clock: Clock, options: Options, watch: Watch
) -> Audit:
    """One audit of `devices`, sealed and stored. Raises only for what is wrong before the first connection."""
    platforms = {name: load_platform(name, workspace.platform_dirs) for name in sorted({d.platform for d in devices})}
    matrix = build_matrix(devices, platforms)
    limits = resolve_limits(workspace.limits, devices)
    baseline = recorded_rows(store.get(options.baseline)) if options.baseline else {}
    saved = SavedOutputs(options.saved) if options.saved else None
    if not saved:
        workspace.check_secrets(device.name for device in devices)
    started = clock.real().isoformat(timespec="milliseconds")
    run_id = store.begin(event=workspace.event.id, clock=clock)

    reader = Reader(
        workspace.nornir(options.workers),
        {device.name: platforms[device.platform] for device in devices},
        store=store,
        watch=watch,
        saved=saved,
    )
    observations = reader.read(matrix)
    if options.interval_s > 0:
        observations += reader.read_counters(observations, options.interval_s)

    findings = judge(
        devices, matrix, observations, moment=clock.now(), limits=limits, waivers=workspace.waivers,
        baseline=baseline, intervals=reader.intervals(),
    )  # fmt: skip
    covered = coverage(matrix, observations)
    document = compose(
        run_id=run_id,
        started=started,
        event=workspace.event,
        duties=workspace.duties,
        clock=clock,
        devices=devices,
        observations=observations,
        findings=findings,
        verdicts=verdicts(workspace.event.venues, devices, findings),
        coverage=covered,
    )
    return Audit(store.finish(document), exit_code(findings, covered, options.fail_on))


class Reader:
    """Reads devices through Nornir, puts the raw text on the evidence shelf, and remembers when it asked."""

    def __init__(
        self,
        nornir: Nornir,
        platforms: Mapping[str, Platform],
        *,
        store: Store,
        watch: Watch,
        saved: SavedOutputs | None = None,
    ) -> None:
        self._nornir = nornir
        self._platforms = platforms
        self._store = store
        self._watch = watch
        self._saved = saved
        self._asked: dict[tuple[str, int], float] = {}

    def read(self, matrix: Matrix) -> tuple[Observation, ...]:
        """Ask every device for everything that its checks need."""
        return self._run("reading", {name: matrix.facts_for(name) for name in self._platforms}, reading=1)

    def read_counters(self, first: Sequence[Observation], interval_s: float) -> tuple[Observation, ...]:
        """Ask again for the counters that were measured, at least `interval_s` after the last first reading."""
        again: dict[str, tuple[str, ...]] = {}
        for observation in first:
            if observation.status.measured and CATALOGUE[observation.fact].counter:
                again[observation.device] = (*again.get(observation.device, ()), observation.fact)
        if again and not self._saved:
            latest = max(self._asked[name, 1] for name in again)
            time.sleep(max(0.0, latest + interval_s - time.monotonic()))
        return self._run("counters", again, reading=2) if again else ()

    def intervals(self) -> dict[str, float]:
        """Seconds between the two readings of each device that was read twice."""
        return {
            name: self._asked[name, 2] - self._asked[name, 1]
            for name, reading in self._asked
            if reading == 2 and (name, 1) in self._asked
        }

    def _run(self, stage: str, facts: Mapping[str, tuple[str, ...]], reading: int) -> tuple[Observation, ...]:
        with suppress(Exception):
            self._watch.stage(stage, len(facts))
        asked = self._nornir.filter(filter_func=lambda host: bool(facts.get(host.name)))
        outcome = asked.run(task=self._one, facts=facts, reading=reading)
        return tuple(o for name in sorted(outcome) for o in _observed(name, outcome[name]))

    def _one(self, task: Task, facts: Mapping[str, tuple[str, ...]], reading: int) -> Result:
        name = task.host.name
        platform = self._platforms[name]
        self._asked[name, reading] = time.monotonic()
        if self._saved:
            told = observe(name, platform, facts[name], self._saved.asker(name, platform, reading), reading)
        else:
            told = list(read_facts(task, facts[name], reading, platform).result)
        kept = tuple(self._keep(observation) for observation in told)
        with suppress(Exception):
            self._watch.done(name, _trouble(kept))
        return Result(host=task.host, result=kept)

    def _keep(self, observation: Observation) -> Observation:
        if not observation.raw:
            return observation
        return replace(observation, raw="", evidence=self._store.evidence(observation.raw))


def _observed(name: str, results: MultiResult) -> tuple[Observation, ...]:
    """A task's observations. An exception in a task is a defect of ours, and must not pass for silence."""
    if results.exception:
        raise RuntimeError(f"reading {name} failed") from results.exception
    observations: tuple[Observation, ...] = results[0].result
    return observations


def _trouble(observations: Sequence[Observation]) -> str:
    """Why a device could not be measured at all; empty when it answered something."""
    if any(observation.status.measured for observation in observations):
        return ""
    return next((observation.reason for observation in observations if observation.reason), "")
