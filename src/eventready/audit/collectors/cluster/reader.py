"""Readings by the workers of a cluster: of single devices for commands with threads of their own, and of an audit."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from queue import SimpleQueue
from threading import Event, Lock, Thread

from nornir.core import Nornir

from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import (
    InvalidAnswer,
    ReadRequest,
    WorkerAnswer,
    decode_answer,
    decode_replies,
    decode_steps,
)
from eventready.audit.collectors.cluster.link import ClusterLink
from eventready.audit.collectors.cluster.requests import ClusterRequests, SchedulerLost, open_requests
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
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.facts.observe import commands_for
from eventready.facts.platform import Platform
from eventready.session.diagnosis import Diagnosis
from eventready.session.reply import Reply, SessionError, Unreachable
from eventready.workspace.workspace import Workspace

#: Seconds between two looks at waiting requests, and until the next attempt to reach a lost scheduler.
_LOOK_S, _AGAIN_S = 0.5, 3.0

_Connected = tuple[ClusterRequests, ClusterLink]


class ClusterReader:
    """Reader for several threads. After a lost scheduler devices are unreachable until another connection.

    Raises UsageError for devices beyond the reach of all workers, SchedulerLost.
    """

    def __init__(
        self, platforms: Mapping[str, Platform], connect: Callable[[], AbstractContextManager[_Connected]]
    ) -> None:
        self._platforms, self._connect = platforms, connect
        self._lock, self._closed = Lock(), Event()
        self._lost: SessionError | None = None
        self._open = ExitStack()
        self._requests, self._link = self._open.enter_context(connect())
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def replies(self, device: str, facts: Sequence[str]) -> Sequence[Reply]:
        """Return the replies to the commands of facts. Raises SessionError."""
        commands = commands_for(self._platforms[device], facts)
        answer = self._answer(ReadRequest(device, tuple(facts), kind="replies"))
        try:
            return decode_replies(answer, commands)
        except InvalidAnswer as error:
            raise Unreachable(message("audit:cluster.invalid", reason=str(error))) from None

    def diagnose(self, device: str) -> Diagnosis:
        """Return the steps of a connection from a worker. Raises SessionError."""
        try:
            return decode_steps(self._answer(ReadRequest(device, kind="steps")), device)
        except InvalidAnswer as error:
            raise Unreachable(message("audit:cluster.invalid", reason=str(error))) from None

    def close(self) -> None:
        """End the connection, and the waits of other threads."""
        self._closed.set()
        self._fail(Unreachable(message("audit:cluster.lost", reason="-")))
        self._thread.join()
        self._open.close()

    def _answer(self, request: ReadRequest) -> bytes:
        """Return the answer to a request. Raises SessionError."""
        answers: SimpleQueue[bytes | SessionError] = SimpleQueue()
        with self._lock:
            if self._lost:
                raise self._lost.again()
            self._requests.add(request, lambda _request, answer: answers.put(answer))
            self._requests.send()
        answer = answers.get()
        if isinstance(answer, SessionError):
            raise answer.again()
        return answer

    def _fail(self, error: SessionError) -> None:
        with self._lock:
            self._lost = error
            self._requests.fail(None, error)

    def _work(self) -> None:
        while not self._closed.is_set():
            frame = self._link.receive(_LOOK_S)
            try:
                with self._lock:
                    self._requests.handle(frame)
                    self._requests.give_up()
                    self._requests.send()
            except SchedulerLost as error:
                self._fail(Unreachable(error.cause))
                self._again()

    def _again(self) -> None:
        """Connect again, until the end."""
        self._open.close()
        while not self._closed.wait(_AGAIN_S):
            try:
                self._requests, self._link = self._open.enter_context(self._connect())
            except (UsageError, SchedulerLost):
                continue
            self._lost = None
            return


@contextmanager
def open_reader(
    workspace: Workspace, equipment: Equipment, address: SchedulerAddress, ends_at: float = inf
) -> Iterator[ClusterReader]:
    """Connect to a cluster until the monotonic time `ends_at`. Raises UsageError, SchedulerLost."""
    connect = partial(
        open_requests, workspace, equipment.by_name, equipment.asking, address,
        nornir=workspace.nornir(), ends_at=ends_at,
    )  # fmt: skip
    reader = ClusterReader(equipment.asking, connect)
    try:
        yield reader
    finally:
        reader.close()


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
            self._record_unread(request, data)
            return
        try:
            answer = decode_answer(data, request.device, request.facts, request.reading)
        except InvalidAnswer as error:
            self._record_unread(request, Unreachable(message("audit:cluster.invalid", reason=str(error))))
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

    def _record_unread(self, request: ReadRequest, error: SessionError) -> None:
        """Record a reading ended from outside; a first reading counts alone."""
        first = _unpickled(self._first.pop(request.device, None))
        self._on_read(not_read(self._job, request.device, error, first))


def _unpickled(first: _First | None) -> tuple[Observation, ...]:
    return pickle.loads(first.observations) if first else ()  # noqa: S301  our own, from `_record`


@contextmanager
def open_cluster(
    job: AuditJob, workspace: Workspace, nornir: Nornir, address: SchedulerAddress, *, on_read: OnRead, ends_at: float
) -> Iterator[ClusterCollector]:  # fmt: skip
    """Open the collector of a cluster until the monotonic time `ends_at`. Raises UsageError, SchedulerLost."""
    with open_requests(
        workspace, job.devices, job.platforms, address, nornir=nornir, ends_at=ends_at
    ) as (requests, _link):  # fmt: skip
        yield ClusterCollector(job, requests, on_read)
