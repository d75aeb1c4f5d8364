"""Collector of a cluster: the readings of an audit by its workers."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from nornir.core import Nornir

from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import InvalidAnswer, ReadRequest, WorkerAnswer, decode_answer
from eventready.audit.collectors.cluster.requests import ClusterRequests, open_requests
from eventready.audit.collectors.reading import (
    AuditJob,
    CollectStatus,
    DeviceRead,
    OnRead,
    ReadWorker,
    counters,
    device_result,
    not_read,
    trouble,
)
from eventready.core.messages import message
from eventready.facts.observation import Observation
from eventready.session.reply import SessionError, Unreachable
from eventready.workspace.workspace import Workspace


@dataclass
class _First:
    """First reading of a device with counters: pickled observations, and the monotonic time of its beginning."""

    observations: bytes
    read_at: float


class ClusterCollector:
    """Read devices by the workers of a cluster."""

    def __init__(self, job: AuditJob, requests: ClusterRequests, on_read: OnRead) -> None:
        self._job, self._requests, self._on_read = job, requests, on_read
        self._first: dict[str, _First] = {}

    def read(self) -> CollectStatus:
        """See `DeviceCollector`."""
        self._step({name: self._job.matrix.requested(name) for name in self._job.devices}, 1)
        latest = max((one.read_at for one in self._first.values()), default=0.0)
        return CollectStatus(len(self._first), latest, refused=self._requests.refused)

    def read_again(self) -> None:
        """See `DeviceCollector`."""
        self._step({name: counters(self._job, name, _unpickled(first)) for name, first in self._first.items()}, 2)

    def _step(self, facts: Mapping[str, tuple[str, ...]], reading: int) -> None:
        inventory = self._job.matrix.inventory
        requests = [ReadRequest(name, facts[name], tuple(inventory.get(name, ())), reading) for name in sorted(facts)]
        self._requests.run(requests, self._answered)

    def _answered(self, request: ReadRequest, data: bytes | SessionError) -> None:
        received, clock = time.monotonic(), time.time()
        if isinstance(data, SessionError):
            self._record_unread(request.device, data)
            return
        try:
            answer = decode_answer(data, request.device, request.facts, request.reading)
        except InvalidAnswer as error:
            self._record_unread(request.device, Unreachable(message("audit:cluster.invalid", reason=str(error))))
            return
        worker = ReadWorker(answer.worker, answer.clock - clock)
        self._record(request, answer, received - max(0.0, answer.age_s), worker)

    def _record(self, request: ReadRequest, answer: WorkerAnswer, read_at: float, worker: ReadWorker) -> None:
        name, job = request.device, self._job
        if request.reading == 1 and job.interval_s > 0 and counters(job, name, answer.observations):
            self._first[name] = _First(pickle.dumps(answer.observations), read_at)
            self._on_read(DeviceRead(name, trouble(answer.observations), answer.evidence, None, worker))
            return
        first = self._first.pop(name, None)
        observed = (*_unpickled(first), *answer.observations)
        result = device_result(job, name, observed, read_at - first.read_at if first else 0.0)
        self._on_read(DeviceRead(name, trouble(answer.observations), answer.evidence, result, worker))

    def _record_unread(self, name: str, error: SessionError) -> None:
        self._first.pop(name, None)
        self._on_read(not_read(self._job, name, error))


def _unpickled(first: _First | None) -> tuple[Observation, ...]:
    return pickle.loads(first.observations) if first else ()  # noqa: S301  our own, from `_record`


@contextmanager
def open_cluster(
    job: AuditJob, workspace: Workspace, nornir: Nornir, address: SchedulerAddress, *, on_read: OnRead, ends_at: float
) -> Iterator[ClusterCollector]:  # fmt: skip
    """Open the collector of a cluster. Raises UsageError, SchedulerLost."""
    with open_requests(
        workspace, job.devices, job.platforms, address, nornir=nornir, ends_at=ends_at
    ) as (requests, _link):  # fmt: skip
        yield ClusterCollector(job, requests, on_read)
