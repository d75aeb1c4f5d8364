"""Collection by the threads of this process, through Nornir: a thread per device."""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from nornir.core import Nornir
from nornir.core.inventory import Host
from nornir.core.task import AggregatedResult, Result, Task

from eventready.audit.collectors.reading import (
    AuditJob,
    CollectStatus,
    DeviceRead,
    OnRead,
    counters,
    device_result,
    packed,
    trouble,
)
from eventready.audit.runner import AdaptiveThreadedRunner, spare_files
from eventready.audit.tasks import read_facts
from eventready.core.errors import raise_defect
from eventready.facts.observation import Observation
from eventready.facts.observe import observe, reading_apart
from eventready.session.plugin import CONNECTION
from eventready.store.evidence import PackedEvidence

#: Sessions held between two readings of counters by a process.
_HELD = 256


class ThreadCollector:
    """Read devices with the threads of this process. `on_read` is called from these threads, once per reading.

    `take`: source of the next devices for a collector that shares them with others. Between two readings of counters
    only the first observations are kept, and sessions of a few hundred devices.
    """

    def __init__(
        self,
        job: AuditJob,
        nornir: Nornir,
        workers: int,
        on_read: OnRead,
        take: Callable[[], Collection[str]] | None = None,
    ) -> None:
        chosen = nornir.filter(filter_func=lambda host: host.name in job.devices)
        self._runner = AdaptiveThreadedRunner(workers, take=take)
        self._nornir = chosen.with_runner(self._runner)
        self._again_nornir = chosen.with_runner(AdaptiveThreadedRunner(workers))
        self._job, self._on_read = job, on_read
        self._at_endpoint = Counter(device.endpoint for device in job.devices.values())
        self._free = min(_HELD, spare_files(workers)) if job.interval_s else 0
        self._first: dict[str, bytes] = {}  # pickled: a tenth of the memory
        self._read_at: dict[str, float] = {}

    def read(self) -> CollectStatus:
        """See `DeviceCollector`."""
        with reading_apart(self._job.platforms.values()):
            _raise_defects(self._nornir.run(task=self._once))
        waiting = [self._read_at[name] for name in self._first]
        return CollectStatus(len(waiting), max(waiting, default=0.0), self._runner.most, self._runner.held)

    def read_again(self) -> None:
        """See `DeviceCollector`."""
        again = self._again_nornir.filter(filter_func=lambda host: host.name in self._first)
        with reading_apart(self._job.platforms.values()):
            _raise_defects(again.run(task=self._again))

    def close(self) -> None:
        """Close held sessions."""
        for host in self._nornir.inventory.hosts.values():
            self._release(host)

    def _release(self, host: Host) -> None:
        if CONNECTION in host.connections:
            host.close_connection(CONNECTION)
            self._free += 1

    def _once(self, task: Task) -> Result:
        name = task.host.name
        observations, evidence = self._observe(task, self._job.matrix.requested(name), 1)
        if self._job.interval_s > 0 and counters(self._job, name, observations):
            self._first[name] = pickle.dumps(observations)
            self._on_read(DeviceRead(name, trouble(observations), evidence, None))
        else:
            self._release(task.host)
            self._on_read(
                DeviceRead(name, trouble(observations), evidence, device_result(self._job, name, observations))
            )
        return Result(host=task.host)

    def _again(self, task: Task) -> Result:
        name = task.host.name
        first_at = self._read_at[name]
        first: tuple[Observation, ...] = pickle.loads(self._first.pop(name))  # noqa: S301  our own, from `_once`
        second, evidence = self._observe(task, counters(self._job, name, first), 2)
        recorded = self._job.saved.interval_s(name) if self._job.saved else None
        result = device_result(self._job, name, (*first, *second), recorded or self._read_at[name] - first_at)
        self._on_read(DeviceRead(name, trouble(second), evidence, result))
        return Result(host=task.host)

    def _observe(
        self, task: Task, facts: tuple[str, ...], reading: int
    ) -> tuple[tuple[Observation, ...], tuple[PackedEvidence, ...]]:
        name = task.host.name
        platform, saved = self._job.platforms[name], self._job.saved
        self._read_at[name] = time.monotonic()
        if not facts:
            observations: Sequence[Observation] = ()
        elif saved:
            observations = observe(name, platform, facts, saved.asker(name, platform, reading), reading)
        else:
            endpoint = self._job.devices[name].endpoint
            hold = self._at_endpoint[endpoint] if reading == 1 and self._free > 0 else 0
            observations = read_facts(task, facts, reading, platform, hold).result
            self._free -= CONNECTION in task.host.connections
        return packed(observations, self._job.matrix.inventory.get(name, ()))


def _raise_defects(outcome: AggregatedResult) -> None:
    for name, results in sorted(outcome.items()):
        raise_defect(results.exception, f"reading {name} failed")
