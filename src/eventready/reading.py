"""Reading devices through Nornir: each one in a thread from the first question to its finished sheet."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from nornir.core import Nornir
from nornir.core.task import AggregatedResult, Result, Task

from eventready.checks.limits import ResolvedLimits
from eventready.checks.matrix import Matrix
from eventready.checks.runner import Rows, judge
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.platform import Platform
from eventready.facts.read import observe
from eventready.offline import SavedOutputs
from eventready.pace import PacedRunner
from eventready.sheet import Sheet, sheet_of
from eventready.store.evidence import Packed
from eventready.tasks import read_facts
from eventready.workspace.device import Device
from eventready.workspace.waivers import Waiver


@dataclass(frozen=True)
class Job:
    """What is settled before the first connection. `interval_s` 0 reads once; `moment` is the event's time (aware).

    `platforms` are by device; `saved` answers instead of the devices.
    """

    devices: Mapping[str, Device]
    platforms: Mapping[str, Platform]
    matrix: Matrix
    limits: ResolvedLimits
    moment: datetime
    interval_s: float = 0.0
    waivers: Sequence[Waiver] = ()
    baseline: Mapping[str, Rows] = field(default_factory=dict)
    saved: SavedOutputs | None = None


@dataclass(frozen=True)
class Told:
    """A device has been read. `trouble` is empty or a sentence; `sheet` is there when it will not be asked again."""

    device: str
    trouble: str
    evidence: tuple[Packed, ...]
    sheet: Sheet | None


@dataclass(frozen=True)
class Pause:
    """After the first reading: how many devices must be asked again, and when (monotonic) the last of them was."""

    waiting: int = 0
    latest: float = 0.0


class Reader:
    """Reads devices with the threads of this process; `tell` hears of each from one of these threads.

    Between the readings of counters it keeps what the devices told first, and nothing else.
    """

    def __init__(
        self, job: Job, nornir: Nornir, names: Collection[str], workers: int, tell: Callable[[Told], None]
    ) -> None:
        wanted = frozenset(names)
        chosen = nornir.filter(filter_func=lambda host: host.name in wanted)
        self._nornir = chosen.with_runner(PacedRunner(workers))
        self._job, self._tell = job, tell
        self._first: dict[str, bytes] = {}  # pickled: a tenth of the memory
        self._asked: dict[str, float] = {}

    def read(self) -> Pause:
        """Ask every device for everything that its checks need."""
        _raise_defects(self._nornir.run(task=self._once))
        waiting = [self._asked[name] for name in self._first]
        return Pause(len(waiting), max(waiting, default=0.0))

    def read_again(self) -> None:
        """Ask again for the counters that were measured."""
        again = self._nornir.filter(filter_func=lambda host: host.name in self._first)
        _raise_defects(again.run(task=self._again))

    def _once(self, task: Task) -> Result:
        name = task.host.name
        observations, evidence = self._observe(task, self._job.matrix.facts_for(name), 1)
        if self._job.interval_s > 0 and _counters(observations):
            self._first[name] = pickle.dumps(observations)
            self._tell(Told(name, _trouble(observations), evidence, None))
        else:
            self._tell(Told(name, _trouble(observations), evidence, self._sheet(name, observations)))
        return Result(host=task.host)

    def _again(self, task: Task) -> Result:
        name = task.host.name
        asked = self._asked[name]
        first: tuple[Observation, ...] = pickle.loads(self._first.pop(name))  # noqa: S301  our own, from `_once`
        second, evidence = self._observe(task, _counters(first), 2)
        sheet = self._sheet(name, (*first, *second), self._asked[name] - asked)
        self._tell(Told(name, _trouble(second), evidence, sheet))
        return Result(host=task.host)

    def _observe(
        self, task: Task, facts: tuple[str, ...], reading: int
    ) -> tuple[tuple[Observation, ...], tuple[Packed, ...]]:
        """The observations, their raw text replaced by its hash; and the text, packed."""
        name = task.host.name
        platform, saved = self._job.platforms[name], self._job.saved
        self._asked[name] = time.monotonic()
        if not facts:
            told: Sequence[Observation] = ()
        elif saved:
            told = observe(name, platform, facts, saved.asker(name, platform, reading), reading)
        else:
            told = read_facts(task, facts, reading, platform).result
        packed = {raw: Packed.of(raw) for raw in {observation.raw for observation in told if observation.raw}}
        kept = (replace(o, raw="", evidence=packed[o.raw].name) if o.raw else o for o in told)
        return tuple(kept), tuple(packed.values())

    def _sheet(self, name: str, observations: Sequence[Observation], interval_s: float = 0.0) -> Sheet:
        job = self._job
        findings = judge(
            [job.devices[name]], job.matrix, observations, moment=job.moment, limits=job.limits, waivers=job.waivers,
            baseline=job.baseline, intervals={name: interval_s}, scope="device",
        )  # fmt: skip
        return sheet_of(name, job.matrix, observations, findings)


def _counters(observations: Sequence[Observation]) -> tuple[str, ...]:
    return tuple(o.fact for o in observations if o.status.measured and CATALOGUE[o.fact].counter)


def _raise_defects(outcome: AggregatedResult) -> None:
    """An exception in a task is a defect of ours, and must not pass for silence."""
    for name, results in sorted(outcome.items()):
        if results.exception:
            raise RuntimeError(f"reading {name} failed") from results.exception


def _trouble(observations: Sequence[Observation]) -> str:
    """Why a device could not be measured at all; empty when it answered something."""
    if any(observation.status.measured for observation in observations):
        return ""
    return next((observation.reason for observation in observations if observation.reason), "")
