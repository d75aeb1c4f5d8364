"""Requests to the workers of a cluster: their order, and limits over all workers.

A request goes out as soon as its endpoint and its jump hosts have a free session and a worker with its labels is free;
which worker, the scheduler decides. Requests of a lost worker go to another one by themselves; the first answer counts.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Protocol
from uuid import uuid4

from nornir.core import Nornir

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import ReadRequest
from eventready.audit.collectors.cluster.frames import Frame
from eventready.audit.collectors.cluster.labels import OTHERS, WorkerInfo, capacity, content_labels, reach_labels
from eventready.audit.collectors.cluster.link import ClusterLink
from eventready.audit.collectors.reading import Refused
from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.json_text import parse_json
from eventready.facts.platform import Platform
from eventready.session.plugin import session_slots
from eventready.session.reply import RunTimeOver, SessionError, Unreachable
from eventready.workspace.devices.device import Device
from eventready.workspace.workspace import Workspace

#: Seconds to wait for the scheduler, for the first workers; without a worker for devices that wait.
_OPEN_S, _FIRST_S, _UNREACHED_S = 30.0, 10.0, 60.0
#: Seconds until the scheduler is lost without a report, which comes each second; for the way of an answer, which begins
#: before the end of the run.
_SILENT_S, _WAY_S = 60.0, 5.0
#: Frames between two looks at the time.
_FRAMES = 200
#: Most seconds of a request.
_LONGEST_S = 86_400.0
#: Requests per session of the workers: the next one is there when a device ends.
_AHEAD = 1.25
_LOOK_S = 0.5

Slots = Mapping[str, int]
#: Recipient of the answer to a request, or of the reason why there is none.
Done = Callable[[ReadRequest, bytes | SessionError], None]


class ClusterConnection(Protocol):
    """See `ClusterLink`."""

    def request(self, key: str, labels: set[str], request: bytes) -> None: ...
    def receive(self, timeout_s: float) -> Frame | None: ...


class SchedulerLost(EventreadyError):
    """Loss of the connection to the scheduler; the audit is interrupted and keeps its readings."""

    exit = Exit.INCOMPLETE


@dataclass(frozen=True)
class _Pending:
    """Request with the recipient of its answer."""

    request: ReadRequest
    done: Done


@dataclass
class _Queue:
    """Requests with the same labels and the same sessions; `slots`: these with their limits.

    `listed`: among the ready or the blocked queues.
    """

    labels: frozenset[str]
    slots: Slots
    waiting: deque[_Pending] = field(default_factory=deque)
    listed: bool = False


class ClusterRequests:
    """Send requests to the workers of a cluster. `slots`: sessions taken by each device, with their limits.

    `ends_at`: monotonic time of the end of the run.
    """

    def __init__(
        self, devices: Mapping[str, Device], link: ClusterConnection, *, topic: str, content: Mapping[str, str],
        slots: Mapping[str, Slots], ends_at: float,
    ) -> None:  # fmt: skip
        self._devices, self._link, self._topic, self._content = devices, link, topic, content
        self._slots, self._ends_at = slots, ends_at
        self._labels = {
            name: frozenset({*content.values(), *reach_labels([device.reach])}) for name, device in devices.items()
        }
        self._workers: Sequence[WorkerInfo] = ()
        self._heard_at: float | None = None  # the last frame
        self._reached_at: dict[frozenset[str], float] = {}
        self._queues: dict[tuple[frozenset[str], tuple[str, ...]], _Queue] = {}
        self._ready: dict[frozenset[str], deque[_Queue]] = defaultdict(deque)
        self._blocked: dict[str, deque[_Queue]] = defaultdict(deque)  # by the session that is not free
        self._left = 0
        self._under_way: dict[str, _Pending] = {}
        self._sent: Counter[frozenset[str]] = Counter()
        self._taken: Counter[str] = Counter()

    def open(self) -> None:
        """Wait for workers. Raises UsageError for devices beyond the reach of all workers, SchedulerLost."""
        began = time.monotonic()
        until = min(began + _OPEN_S, self._ends_at)
        while self._heard_at is None:
            if time.monotonic() >= until:
                raise SchedulerLost(message("audit:cluster.silent", seconds=time.monotonic() - began))
            self.receive(until)
        until = min(self._heard_at + _FIRST_S, self._ends_at)
        while (missing := self._beyond_reach()) and time.monotonic() < until:
            self.receive(until)
        if not missing:
            return
        refused = self.refused
        if refused and all(worker.refused(self._content) for worker in self._workers):
            names = [message(OTHERS[one.other], **one._asdict()) for one in refused]
            raise UsageError(message("audit:cluster.all_refused", workers=names))
        if not self._workers:
            raise UsageError(message("audit:cluster.no_worker"))
        groups = [_group(reach, names) for reach, names in sorted(_by_reach(self._devices, missing).items())]
        raise UsageError(message("audit:cluster.unreached", groups=groups))

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Workers of another content, or with a wrong clock."""
        return tuple(sorted({other for one in self._workers if (other := one.refused(self._content))}))

    @property
    def busy(self) -> bool:
        """True with a request without an answer."""
        return bool(self._left or self._under_way)

    def add(self, request: ReadRequest, done: Done) -> None:
        """Add a request for `send`."""
        labels, slots = self._labels[request.device], self._slots.get(request.device, {})
        self._reached_at.setdefault(labels, time.monotonic())
        queue = self._queues.setdefault((labels, tuple(sorted(slots))), _Queue(labels, slots))
        queue.waiting.append(_Pending(request, done))
        self._left += 1
        if not queue.listed:
            queue.listed = True
            self._ready[labels].append(queue)

    def run(self, requests: Sequence[ReadRequest], done: Done) -> None:
        """Send requests, and wait for all answers. Raises SchedulerLost."""
        self._reached_at = {}
        for request in requests:
            self.add(request, done)
        while self.busy:
            self.send()
            self.receive(time.monotonic() + _LOOK_S)
            self.give_up()

    def send(self) -> None:
        """Send all requests for which a worker and all sessions are free."""
        for labels, queues in list(self._ready.items()):
            room = ceil(capacity(self._workers, labels) * _AHEAD)
            while queues and self._sent[labels] < room:
                queue = queues[0]
                full = self._full(queue.slots)
                if queue.waiting and not full:
                    self._request(queue.waiting.popleft(), queue)
                    continue
                queues.popleft()
                queue.listed = bool(queue.waiting)
                if queue.listed:
                    self._blocked[full].append(queue)
                self._wake(slot for slot, limit in queue.slots.items() if self._taken[slot] < limit)

    def _full(self, slots: Slots) -> str:
        """Return a session in full use; empty for none."""
        return next((slot for slot, limit in slots.items() if self._taken[slot] >= limit), "")

    def _wake(self, slots: Iterable[str]) -> None:
        """Look again at a queue of each of these sessions."""
        for slot in slots:
            if blocked := self._blocked.get(slot):
                queue = blocked.popleft()
                self._ready[queue.labels].append(queue)

    def _request(self, pending: _Pending, queue: _Queue) -> None:
        key = f"read_device-{uuid4().hex}"
        self._under_way[key] = pending
        self._taken.update(queue.slots.keys())
        self._sent[queue.labels] += 1
        self._left -= 1
        left = max(0.0, self._ends_at - time.monotonic())
        seconds = min(left - min(_WAY_S, left / 10), _LONGEST_S)
        request = replace(pending.request, key=key, topic=self._topic, seconds=seconds)
        self._link.request(key, set(queue.labels), request.encode())

    def receive(self, until: float) -> None:
        """Handle the waiting frames, or the first by the monotonic time `until`. Raises SchedulerLost."""
        self.handle(self._link.receive(max(0.0, until - time.monotonic())))

    def handle(self, frame: Frame | None) -> None:
        """Handle a frame and the waiting frames, most of them. Raises SchedulerLost."""
        for _ in range(_FRAMES):
            if frame is None:
                return
            self._heard_at = time.monotonic()
            if frame.kind == frames.WORKERS:
                self._workers = _workers(frame.data)
            elif frame.kind == frames.ANSWER:
                key, _, answer = frame.data.partition(b"\n")
                self._end(key.decode("utf-8", "replace"), answer)
            elif frame.kind == frames.LOST:
                self._end(frame.data.decode("utf-8", "replace"), Unreachable(message("audit:cluster.worker_lost")))
            else:
                reason = frame.data.decode("utf-8", "replace")
                raise SchedulerLost(message("audit:cluster.lost", reason=reason or "-"))
            frame = self._link.receive(0)

    def _end(self, key: str, answer: bytes | SessionError) -> None:
        """Hand over the answer of a request under way, and drop any other."""
        pending = self._under_way.pop(key, None)
        if pending is not None:
            slots = self._slots.get(pending.request.device, {})
            self._taken.subtract(slots.keys())
            self._sent[self._labels[pending.request.device]] -= 1
            self._wake(slots)
            pending.done(pending.request, answer)

    def give_up(self) -> None:
        """End the requests without a worker for too long, and all after the end of the run. Raises SchedulerLost."""
        now = time.monotonic()
        quiet_s = now - (self._heard_at or now)
        if quiet_s > _SILENT_S:
            raise SchedulerLost(message("audit:cluster.silent", seconds=quiet_s))
        for labels in self._reached_at:
            if capacity(self._workers, labels):
                self._reached_at[labels] = now
        over = now > self._ends_at
        lost = {labels for labels, at in self._reached_at.items() if over or now - at > _UNREACHED_S}
        if lost:
            error = RunTimeOver(message("session:run_over")) if over else Unreachable(message("audit:cluster.nobody"))
            self.fail(lost, error)

    def fail(self, lost: Collection[frozenset[str]] | None, error: SessionError) -> None:
        """End all requests with these labels, or all."""
        for queue in self._queues.values():
            while queue.waiting and (lost is None or queue.labels in lost):
                pending = queue.waiting.popleft()
                self._left -= 1
                pending.done(pending.request, error)
        for name, pending in list(self._under_way.items()):
            if lost is None or self._labels[pending.request.device] in lost:
                self._end(name, error)

    def _beyond_reach(self) -> list[str]:
        able = {labels: capacity(self._workers, labels) for labels in set(self._labels.values())}
        return sorted(name for name, labels in self._labels.items() if not able[labels])


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


def _by_reach(devices: Mapping[str, Device], names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(devices[name].reach, []).append(name)
    return found


def _group(reach: str, names: Sequence[str]) -> Message:
    return message(
        "audit:cluster.group", reach=reach or "-", n=len(names), names=[*names[:5], *(["..."] if names[5:] else [])]
    )


@contextmanager
def open_requests(
    workspace: Workspace, devices: Mapping[str, Device], platforms: Mapping[str, Platform], address: SchedulerAddress,
    *, nornir: Nornir, ends_at: float,
) -> Iterator[tuple[ClusterRequests, ClusterLink]]:  # fmt: skip
    """Connect to a cluster until the monotonic time `ends_at`. Raises UsageError, SchedulerLost."""
    topic = f"eventready-{uuid4().hex}"
    slots = session_slots(nornir, {name: platform.spec.session.limit for name, platform in platforms.items()})
    link = ClusterLink(address, topic)
    try:
        requests = ClusterRequests(
            devices, link, topic=topic, content=content_labels(workspace), slots=slots, ends_at=ends_at
        )
        requests.open()
        yield requests, link
    finally:
        link.close()
