"""Collection of device outputs through Nornir, a thread per device."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from nornir.core import Nornir
from nornir.core.task import AggregatedResult, Result, Task

from eventready.audit.device_result import DeviceResult, build_device_result
from eventready.audit.runner import AdaptiveThreadedRunner
from eventready.audit.saved_outputs import SavedOutputs
from eventready.audit.tasks import read_facts
from eventready.core.errors import raise_defect
from eventready.core.messages import Message, Rendered
from eventready.evaluation.duties import DutyIndex
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import Matrix
from eventready.evaluation.runner import History, Rows, evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import observe, unreached
from eventready.facts.platform import Platform
from eventready.session.reply import SessionError
from eventready.store.evidence import PackedEvidence
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.waivers import Waiver


@dataclass(frozen=True)
class AuditJob:
    """Input of an audit, fixed before the first connection.

    `platforms`: by device. `moment`: event time (aware). `interval_s`: seconds between readings of counters, 0 for
    a single reading. `saved`: source of outputs in place of the devices.
    """

    devices: Mapping[str, Device]
    platforms: Mapping[str, Platform]
    matrix: Matrix
    limits: ResolvedLimits
    moment: datetime
    interval_s: float = 0.0
    waivers: Sequence[Waiver] = ()
    duties: DutyIndex | None = None
    baseline: Mapping[str, Rows] = field(default_factory=dict)
    history: History = field(default_factory=dict)
    saved: SavedOutputs | None = None


@dataclass(frozen=True)
class DeviceRead:
    """Outcome of a reading of a device.

    `trouble`: empty or a sentence. `result`: None while a second reading of counters is due.
    """

    device: str
    trouble: str
    evidence: tuple[PackedEvidence, ...]
    result: DeviceResult | None


@dataclass(frozen=True)
class CollectStatus:
    """Devices due for a second reading, and the monotonic time of the latest first reading among them.

    `sessions`: most devices read at once; `held`: fewer than wanted, because of this machine.
    """

    waiting: int = 0
    latest: float = 0.0
    sessions: int = 0
    held: bool = False


class Collector:
    """Read devices with the threads of this process. `on_read` is called from these threads, once per reading.

    Between two readings of counters only the first observations are kept.
    """

    def __init__(
        self, job: AuditJob, nornir: Nornir, names: Collection[str], workers: int, on_read: Callable[[DeviceRead], None]
    ) -> None:
        wanted = frozenset(names)
        chosen = nornir.filter(filter_func=lambda host: host.name in wanted)
        self._runner = AdaptiveThreadedRunner(workers)
        self._nornir = chosen.with_runner(self._runner)
        self._job, self._on_read = job, on_read
        self._first: dict[str, bytes] = {}  # pickled: a tenth of the memory
        self._read_at: dict[str, float] = {}

    def read(self) -> CollectStatus:
        """Read the facts of each device: those of its checks, and its inventory."""
        _raise_defects(self._nornir.run(task=self._once))
        waiting = [self._read_at[name] for name in self._first]
        return CollectStatus(len(waiting), max(waiting, default=0.0), self._runner.most, self._runner.held)

    def read_again(self) -> None:
        """Read the measured counters a second time."""
        again = self._nornir.filter(filter_func=lambda host: host.name in self._first)
        _raise_defects(again.run(task=self._again))

    def _once(self, task: Task) -> Result:
        name = task.host.name
        observations, evidence = self._observe(task, self._job.matrix.requested(name), 1)
        if self._job.interval_s > 0 and self._counters(name, observations):
            self._first[name] = pickle.dumps(observations)
            self._on_read(DeviceRead(name, _trouble(observations), evidence, None))
        else:
            self._on_read(DeviceRead(name, _trouble(observations), evidence, _result(self._job, name, observations)))
        return Result(host=task.host)

    def _again(self, task: Task) -> Result:
        name = task.host.name
        first_at = self._read_at[name]
        first: tuple[Observation, ...] = pickle.loads(self._first.pop(name))  # noqa: S301  our own, from `_once`
        second, evidence = self._observe(task, self._counters(name, first), 2)
        recorded = self._job.saved.interval_s(name) if self._job.saved else None
        result = _result(self._job, name, (*first, *second), recorded or self._read_at[name] - first_at)
        self._on_read(DeviceRead(name, _trouble(second), evidence, result))
        return Result(host=task.host)

    def _counters(self, name: str, observations: Sequence[Observation]) -> tuple[str, ...]:
        """Measured counters of checks: a check alone computes a rate."""
        judged = self._job.matrix.facts_for(name)
        measured = (o.fact for o in observations if o.status.measured and o.fact in judged)
        return tuple(fact for fact in measured if CATALOGUE[fact].counter)

    def _observe(
        self, task: Task, facts: tuple[str, ...], reading: int
    ) -> tuple[tuple[Observation, ...], tuple[PackedEvidence, ...]]:
        """Observations with raw text replaced by its hash, and the compressed raw text."""
        name = task.host.name
        platform, saved = self._job.platforms[name], self._job.saved
        self._read_at[name] = time.monotonic()
        if not facts:
            observations: Sequence[Observation] = ()
        elif saved:
            observations = observe(name, platform, facts, saved.asker(name, platform, reading), reading)
        else:
            observations = read_facts(task, facts, reading, platform).result
        inventory = self._job.matrix.inventory.get(name, ())
        observations = [_unless_silent(o) if o.fact in inventory else o for o in observations]
        packed = {
            raw: PackedEvidence.of(raw) for raw in {observation.raw for observation in observations if observation.raw}
        }
        kept = (replace(o, raw="", evidence=packed[o.raw].name) if o.raw else o for o in observations)
        return tuple(kept), tuple(packed.values())


def _unless_silent(observation: Observation) -> Observation:
    """Observation of the inventory; unsupported where the device answers with nothing."""
    if observation.status is not Status.UNPARSED or observation.raw.strip():
        return observation
    silent = Message("facts:silent")
    return replace(observation, status=Status.UNSUPPORTED, reason=silent.render("en"), message=silent)


def not_read(job: AuditJob, name: str, error: SessionError) -> DeviceRead:
    """Outcome for a device with a reading ended from outside: nothing is measured."""
    observations = unreached(name, job.platforms[name], job.matrix.requested(name), error)
    return DeviceRead(name, _trouble(observations), (), _result(job, name, observations))


def _result(job: AuditJob, name: str, observations: Sequence[Observation], interval_s: float = 0.0) -> DeviceResult:
    of_checks = job.matrix.facts_for(name)
    judged = [observation for observation in observations if observation.fact in of_checks]
    findings = evaluate(
        [job.devices[name]], job.matrix, judged, moment=job.moment, limits=job.limits, waivers=job.waivers,
        baseline=job.baseline, history=job.history, intervals={name: interval_s}, duties=job.duties, scope="device",
    )  # fmt: skip
    return build_device_result(job.devices[name], job.matrix, observations, findings)


def _raise_defects(outcome: AggregatedResult) -> None:
    for name, results in sorted(outcome.items()):
        raise_defect(results.exception, f"reading {name} failed")


def _trouble(observations: Sequence[Observation]) -> str:
    """Reason for a device without any measured observation; empty otherwise."""
    if any(observation.status.measured for observation in observations):
        return ""
    failed = [observation for observation in observations if observation.status is not Status.UNSUPPORTED]
    found = next((observation for observation in (*failed, *observations) if observation.reason), None)
    if found is None:
        return ""
    return Rendered(found.message) if isinstance(found.message, Message) else found.reason
