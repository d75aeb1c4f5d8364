"""Collector of a cluster: order of the devices, and limits over all workers.

A device goes out as soon as its endpoint and its jump hosts have a free session and a worker with its labels is free;
which worker, the scheduler decides. Requests of a lost worker go to another one by themselves; the first answer counts.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol
from uuid import uuid4

from nornir.core import Nornir

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import InvalidAnswer, ReadRequest, WorkerAnswer, decode_answer
from eventready.audit.collectors.cluster.frames import Frame
from eventready.audit.collectors.cluster.labels import OTHERS, WorkerInfo, capacity, content_labels, reach_labels
from eventready.audit.collectors.cluster.link import ClusterLink
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
from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.json_text import parse_json
from eventready.facts.observation import Observation
from eventready.session.plugin import session_slots
from eventready.session.reply import RunTimeOver, SessionError, Unreachable
from eventready.workspace.workspace import Workspace

#: Seconds to wait for the first workers; without a worker for devices that wait; beyond the end of the run.
_FIRST_S, _UNREACHED_S, _BEYOND_S = 10.0, 60.0, 30.0
#: Requests per session of the workers: the next one is there when a device ends.
_AHEAD = 1.25
_LOOK_S = 0.5

Slots = Mapping[str, int]


class ClusterConnection(Protocol):
    """See `ClusterLink`."""

    def request(self, key: str, labels: set[str], request: bytes) -> None: ...
    def receive(self, timeout_s: float) -> Frame | None: ...


class SchedulerLost(EventreadyError):
    """Loss of the connection to the scheduler; the audit is interrupted and keeps its readings."""

    exit = Exit.INCOMPLETE


@dataclass(frozen=True)
class _Sent:
    """Request under way."""

    device: str
    facts: tuple[str, ...]
    reading: int


@dataclass
class _First:
    """First reading of a device with counters: pickled observations, and the monotonic time of its beginning."""

    observations: bytes
    read_at: float


@dataclass
class _Queue:
    """Devices with the same labels and the same sessions; `slots`: these with their limits."""

    labels: frozenset[str]
    slots: Slots
    names: deque[str] = field(default_factory=deque)


class ClusterCollector:
    """Read devices by the workers of a cluster. `slots`: sessions taken by each device, with their limits.

    `ends_at`: monotonic time of the end of the run.
    """

    def __init__(
        self, job: AuditJob, link: ClusterConnection, *, topic: str, content: Mapping[str, str], on_read: OnRead,
        slots: Mapping[str, Slots], ends_at: float,
    ) -> None:  # fmt: skip
        self._job, self._link, self._topic, self._content = job, link, topic, content
        self._on_read, self._slots, self._ends_at = on_read, slots, ends_at
        self._labels = {
            name: frozenset({*content.values(), *reach_labels([device.reach])}) for name, device in job.devices.items()
        }
        self._workers: Sequence[WorkerInfo] = ()
        self._heard_at: float | None = None  # of the scheduler, for the first time
        self._reached_at: dict[frozenset[str], float] = {}
        self._under_way: dict[str, _Sent] = {}
        self._taken: Counter[str] = Counter()
        self._first: dict[str, _First] = {}
        self._facts: Mapping[str, tuple[str, ...]] = {}
        self._reading = 1

    def open(self) -> None:
        """Wait for workers. Raises UsageError for devices beyond the reach of all workers, SchedulerLost."""
        while self._heard_at is None:
            self._receive(time.monotonic() + _FIRST_S)
        until = self._heard_at + _FIRST_S
        while (missing := self._beyond_reach()) and time.monotonic() < until:
            self._receive(until)
        refused = tuple(worker for worker in self._workers if worker.other(self._content))
        if not missing:
            return
        if refused and len(refused) == len(self._workers):
            names = [message(OTHERS[one.other(self._content)], worker=one.name) for one in refused]
            raise UsageError(message("audit:cluster.all_refused", workers=names))
        if not self._workers:
            raise UsageError(message("audit:cluster.no_worker"))
        groups = [_group(reach, names) for reach, names in sorted(_by_reach(self._job, missing).items())]
        raise UsageError(message("audit:cluster.unreached", groups=groups))

    def read(self) -> CollectStatus:
        """See `DeviceCollector`."""
        self._step({name: self._job.matrix.requested(name) for name in self._job.devices}, 1)
        latest = max((one.read_at for one in self._first.values()), default=0.0)
        refused = {(one.name, one.other(self._content)) for one in self._workers if one.other(self._content)}
        return CollectStatus(len(self._first), latest, refused=tuple(sorted(refused)))

    def read_again(self) -> None:
        """See `DeviceCollector`."""
        self._step({name: counters(self._job, name, self._observed(name)) for name in self._first}, 2)

    def _step(self, facts: Mapping[str, tuple[str, ...]], reading: int) -> None:
        self._facts, self._reading = facts, reading
        queues: dict[tuple[frozenset[str], tuple[str, ...]], _Queue] = {}
        for name in sorted(facts):
            key = (self._labels[name], tuple(sorted(self._slots.get(name, {}))))
            queues.setdefault(key, _Queue(self._labels[name], self._slots.get(name, {}))).names.append(name)
        now = time.monotonic()
        self._reached_at = dict.fromkeys((labels for labels, _ in queues), now)
        while queues or self._under_way:
            self._send(queues)
            self._receive(time.monotonic() + _LOOK_S)
            self._give_up(queues)

    def _send(self, queues: dict[tuple[frozenset[str], tuple[str, ...]], _Queue]) -> None:
        """Send all requests for which a worker and all sessions are free."""
        under_way = Counter(self._labels[sent.device] for sent in self._under_way.values())
        room = {labels: ceil(capacity(self._workers, labels) * _AHEAD) for labels in self._reached_at}
        for key, queue in list(queues.items()):
            while queue.names and under_way[queue.labels] < room[queue.labels] and self._free(queue.slots):
                self._request(queue.names.popleft(), queue.slots)
                under_way[queue.labels] += 1
            if not queue.names:
                del queues[key]
            if all(under_way[labels] >= most for labels, most in room.items()):
                return

    def _free(self, slots: Slots) -> bool:
        return all(self._taken[slot] < limit for slot, limit in slots.items())

    def _request(self, name: str, slots: Slots) -> None:
        key, sent = f"read_device-{uuid4().hex}", _Sent(name, self._facts[name], self._reading)
        self._under_way[key] = sent
        self._taken.update(slots.keys())
        inventory = self._job.matrix.inventory.get(name, ())
        seconds = max(0.0, self._ends_at - time.monotonic())
        request = ReadRequest(key, self._topic, name, sent.facts, tuple(inventory), sent.reading, seconds)
        self._link.request(key, set(self._labels[name]), request.encode())

    def _receive(self, until: float) -> None:
        """Handle the waiting frames, or the first by `until`. Raises SchedulerLost."""
        frame = self._link.receive(max(0.0, until - time.monotonic()))
        while frame is not None:
            if frame.kind == frames.WORKERS:
                self._workers, self._heard_at = _workers(frame.data), self._heard_at or time.monotonic()
            elif frame.kind == frames.ANSWER:
                key, _, answer = frame.data.partition(b"\n")
                self._answered(key.decode("utf-8", "replace"), answer)
            elif frame.kind == frames.LOST:
                self._fail(frame.data.decode("utf-8", "replace"), Unreachable(message("audit:cluster.worker_lost")))
            else:
                reason = frame.data.decode("utf-8", "replace")
                raise SchedulerLost(message("audit:cluster.lost", reason=reason or "-"))
            frame = self._link.receive(0)

    def _end(self, key: str) -> _Sent | None:
        """Take a request from the requests under way; None for an unknown key."""
        sent = self._under_way.pop(key, None)
        if sent is not None:
            self._taken.subtract(self._slots.get(sent.device, {}).keys())
        return sent

    def _answered(self, key: str, data: bytes) -> None:
        sent, received, clock = self._end(key), time.monotonic(), time.time()
        if sent is None:
            return
        try:
            answer = decode_answer(data, sent.device, sent.facts, sent.reading)
        except InvalidAnswer as error:
            self._record_unread(sent.device, Unreachable(message("audit:cluster.invalid", reason=str(error))))
            return
        self._record(sent, answer, received - max(0.0, answer.age_s), ReadWorker(answer.worker, answer.clock - clock))

    def _record(self, sent: _Sent, answer: WorkerAnswer, read_at: float, worker: ReadWorker) -> None:
        name, job = sent.device, self._job
        if sent.reading == 1 and job.interval_s > 0 and counters(job, name, answer.observations):
            self._first[name] = _First(pickle.dumps(answer.observations), read_at)
            self._on_read(DeviceRead(name, trouble(answer.observations), answer.evidence, None, worker))
            return
        first = self._first.pop(name, None)
        observed = (*_unpickled(first), *answer.observations)
        result = device_result(job, name, observed, read_at - first.read_at if first else 0.0)
        self._on_read(DeviceRead(name, trouble(answer.observations), answer.evidence, result, worker))

    def _observed(self, name: str) -> tuple[Observation, ...]:
        return _unpickled(self._first[name])

    def _fail(self, key: str, error: SessionError) -> None:
        if sent := self._end(key):
            self._record_unread(sent.device, error)

    def _record_unread(self, name: str, error: SessionError) -> None:
        self._first.pop(name, None)
        self._on_read(not_read(self._job, name, error))

    def _give_up(self, queues: dict[tuple[frozenset[str], tuple[str, ...]], _Queue]) -> None:
        """End the devices without a worker for too long, and all after the end of the run."""
        now = time.monotonic()
        for labels in self._reached_at:
            if capacity(self._workers, labels):
                self._reached_at[labels] = now
        over = now > self._ends_at + _BEYOND_S
        lost = {labels for labels, at in self._reached_at.items() if over or now - at > _UNREACHED_S}
        if not lost:
            return
        error = RunTimeOver(message("session:run_over")) if over else Unreachable(message("audit:cluster.nobody"))
        for key, queue in list(queues.items()):
            if queue.labels in lost:
                for name in queue.names:
                    self._record_unread(name, error)
                del queues[key]
        for request, sent in list(self._under_way.items()):
            if self._labels[sent.device] in lost:
                self._fail(request, error)

    def _beyond_reach(self) -> list[str]:
        able = {labels: capacity(self._workers, labels) for labels in set(self._labels.values())}
        return sorted(name for name, labels in self._labels.items() if not able[labels])


def _unpickled(first: _First | None) -> tuple[Observation, ...]:
    return pickle.loads(first.observations) if first else ()  # noqa: S301  our own, from `_record`


def _workers(data: bytes) -> tuple[WorkerInfo, ...]:
    """Return the workers of a frame; without those of another form."""
    try:
        found = parse_json(data)
        return tuple(
            WorkerInfo(str(one["name"]).partition("#")[0], int(one["threads"]), frozenset(map(str, one["labels"])))
            for one in found
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def _by_reach(job: AuditJob, names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(job.devices[name].reach, []).append(name)
    return found


def _group(reach: str, names: Sequence[str]) -> Message:
    return message(
        "audit:cluster.group", reach=reach or "-", n=len(names), names=[*names[:5], *(["..."] if names[5:] else [])]
    )


@contextmanager
def open_cluster(
    job: AuditJob, workspace: Workspace, nornir: Nornir, address: SchedulerAddress, *, on_read: OnRead, ends_at: float
) -> Iterator[ClusterCollector]:  # fmt: skip
    """Open the collector of a cluster. Raises UsageError, SchedulerLost."""
    topic, content = f"eventready-{uuid4().hex}", content_labels(workspace)
    slots = session_slots(nornir, {name: platform.spec.session.limit for name, platform in job.platforms.items()})
    link = ClusterLink(address, topic)
    try:
        collector = ClusterCollector(
            job, link, topic=topic, content=content, on_read=on_read, slots=slots, ends_at=ends_at
        )
        collector.open()
        yield collector
    finally:
        link.close()
