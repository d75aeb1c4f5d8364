"""Worker processes for large audits: the threads of a process share a core.

Processes take devices from one queue. Devices behind one endpoint or one jump host stay together, so that one
process counts the sessions of the endpoint and shares the connection to the jump host. Processes are forked: cheap, and
secrets stay in memory. For small audits the threads of this process read all devices. On systems other than Linux there
are no processes.

A process gives no sign of life while one of its threads holds the interpreter (a regular expression without end); it is
killed after _STUCK_S seconds, and its devices without a result are not measured.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Lock, Thread

from nornir.core import Nornir

from eventready.audit.collectors.reading import AuditJob, CollectStatus, DeviceCollector, DeviceRead, OnRead, not_read
from eventready.audit.collectors.threads import ThreadCollector
from eventready.core.errors import EventreadyError
from eventready.core.messages import message
from eventready.core.redaction.redaction import redact
from eventready.session.plugin import register_secrets
from eventready.session.reply import Unreachable
from eventready.workspace.devices.device import Device

#: Number of devices above which processes are forked.
_MANY = 64
#: Seconds between SIGTERM and SIGKILL.
_GRACE_S = 2.0
#: Seconds between two signs of life of a process, and without one until it is killed: an overloaded machine is slow.
_LIFE_S, _STUCK_S = 2.0, 60.0

_FORKS = sys.platform == "linux"

#: Source of the next devices of a process.
Take = Callable[[], Sequence[str]]


@contextmanager
def open_collector(job: AuditJob, nornir: Nornir, workers: int, on_read: OnRead) -> Iterator[DeviceCollector]:
    """Open a collector for the devices of the job, in a single process or several, with `workers` threads in all."""
    count = min(len(os.sched_getaffinity(0)) if _FORKS else 1, workers) if len(job.devices) > _MANY else 1
    if count == 1:
        with closing(ThreadCollector(job, nornir, workers, on_read)) as collector:
            yield collector
        return
    first_hops = register_secrets(nornir, job.devices)
    queue = GroupQueue(_groups(job.devices.values(), first_hops).values(), count)
    processes = _WorkerPool(on_read, partial(_stuck, job), queue)
    try:
        for number in range(count):
            threads = workers // count + (number < workers % count)
            processes.start(partial(ThreadCollector, job, nornir, threads))
        yield processes
    finally:
        processes.stop()


def _stuck(job: AuditJob, name: str) -> DeviceRead:
    return not_read(job, name, Unreachable(message("audit:worker_stuck", seconds=round(_STUCK_S))))


def _groups(devices: Iterable[Device], first_hops: Mapping[str, str]) -> dict[str, list[str]]:
    """Device names by first jump host, or by endpoint for direct connections."""
    together: dict[str, list[str]] = {}
    for device in sorted(devices, key=lambda device: device.name):
        together.setdefault(first_hops.get(device.name) or device.endpoint, []).append(device.name)
    return together


@dataclass(frozen=True)
class _Failure:
    """Traceback of an exception in a worker process."""

    trace: str


class _Request:
    """Message of a process without waiting devices."""


class _SignOfLife:
    """Message of a process with running threads."""


@dataclass
class _Worker:
    """Forked process: its devices without a result, and the monotonic time of its last message."""

    process: BaseProcess
    left: dict[str, None] = field(default_factory=dict)
    heard: float = field(default_factory=time.monotonic)


_Received = DeviceRead | CollectStatus | _Request | _SignOfLife


class _WorkerPool:
    """Forked processes with a collector each, driven step by step through pipes, and given devices on request.

    `stuck` makes the outcome of a device whose process was killed because it gave no sign of life.
    """

    def __init__(self, on_read: OnRead, stuck: Callable[[str], DeviceRead], queue: GroupQueue) -> None:
        self._on_read, self._stuck, self._queue = on_read, stuck, queue
        self._fork = multiprocessing.get_context("fork")
        self._running: dict[Connection, _Worker] = {}

    def start(self, make: Callable[[OnRead, Take], DeviceCollector]) -> None:
        """Fork a process with the collector made by `make`."""
        ours, theirs = self._fork.Pipe()
        process = self._fork.Process(target=_work, args=(make, theirs), daemon=True)
        with warnings.catch_warnings():
            # Python warns of forking while a progress bar's thread runs; the child never touches what that may hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        theirs.close()
        self._running[ours] = _Worker(process)

    def read(self) -> CollectStatus:
        """See `Collector`."""
        statuses = self._step("read")
        return CollectStatus(
            sum(status.waiting for status in statuses),
            max((status.latest for status in statuses), default=0.0),
            sum(status.sessions for status in statuses),
            any(status.held for status in statuses),
        )

    def read_again(self) -> None:
        """See `Collector`."""
        self._step("read_again")

    def _step(self, step: str) -> list[CollectStatus]:
        """Run a step in all processes, and forward their readings until the last process has finished or is stuck."""
        statuses: list[CollectStatus] = []
        busy = dict(self._running)
        for pipe, worker in busy.items():
            worker.heard = time.monotonic()
            pipe.send(step)
        while busy:
            ready = wait(list(busy), timeout=_LIFE_S)
            for pipe in [pipe for pipe in busy if pipe in ready]:
                received = self._received(pipe)
                busy[pipe].heard = time.monotonic()
                if isinstance(received, DeviceRead):
                    self._forward(busy[pipe], received)
                elif isinstance(received, _Request):
                    self._give(pipe, busy[pipe])
                elif isinstance(received, CollectStatus):
                    statuses.append(received)
                    del busy[pipe]
            for pipe in [pipe for pipe, worker in busy.items() if time.monotonic() - worker.heard > _STUCK_S]:
                self._kill(pipe)
                del busy[pipe]
        for name in self._queue.rest():
            self._on_read(self._stuck(name))
        return statuses

    def _give(self, pipe: Connection, worker: _Worker) -> None:
        names = self._queue.take()
        worker.left.update(dict.fromkeys(names))
        with suppress(BrokenPipeError):  # the end of the process is received next
            pipe.send(names)

    def _forward(self, worker: _Worker, received: DeviceRead) -> None:
        if received.result is not None:
            worker.left.pop(received.device, None)
        self._on_read(received)

    def _kill(self, pipe: Connection) -> None:
        """Kill a stuck process; its devices without a result are not measured."""
        worker = self._running.pop(pipe)
        worker.process.kill()
        worker.process.join()
        pipe.close()
        for name in worker.left:
            self._on_read(self._stuck(name))

    def _received(self, pipe: Connection) -> _Received:
        try:
            received: _Received | _Failure = pipe.recv()
        except EOFError:
            raise EventreadyError(message("audit:worker_killed")) from None
        if isinstance(received, _Failure):
            raise RuntimeError(f"a process that read devices failed:\n{received.trace}")  # noqa: TRY004  not a wrong type
        return received

    def stop(self) -> None:
        """Terminate all processes."""
        for pipe in self._running:
            pipe.close()
        for process in (worker.process for worker in self._running.values()):
            process.terminate()
            process.join(_GRACE_S)
            if process.is_alive():
                process.kill()
                process.join()
        self._running = {}


def _work(make: Callable[[OnRead, Take], DeviceCollector], pipe: Connection) -> None:
    """Run the main loop of a worker process, until the parent terminates the process or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    lock = Lock()

    def send(result: _Received | _Failure) -> None:
        with lock:
            pipe.send(result)

    def take() -> Sequence[str]:
        send(_Request())
        names: Sequence[str] = pipe.recv()
        return names

    Thread(target=_live, args=(send,), daemon=True).start()
    try:
        reader = make(send, take)
        while True:
            if pipe.recv() == "read":
                send(reader.read())
            else:
                reader.read_again()
                send(CollectStatus())
    except (EOFError, BrokenPipeError):
        return
    except Exception:
        send(_Failure(redact(traceback.format_exc())))


def _live(send: Callable[[_SignOfLife], None]) -> None:
    """Send signs of life, until the pipe is closed. The interpreter must be free for each."""
    with suppress(OSError):
        while True:
            time.sleep(_LIFE_S)
            send(_SignOfLife())


def _end_with_parent() -> None:
    """End this process, and its sessions, as soon as the parent has ended (kill -9 included)."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


class GroupQueue:
    """Groups of devices, the largest first; shares shrink towards the end."""

    def __init__(self, groups: Iterable[Sequence[str]], collectors: int) -> None:
        self._groups = deque(sorted(groups, key=len, reverse=True))
        self._left = sum(map(len, self._groups))
        self._collectors = collectors

    def take(self) -> list[str]:
        """Take the next groups for a collector: a quarter of an equal share of the devices left; none at the end."""
        share, names = self._left / self._collectors / 4, list[str]()
        while self._groups and len(names) < max(share, 1):
            names.extend(self._groups.popleft())
        self._left -= len(names)
        return names

    def rest(self) -> list[str]:
        """Take all devices left."""
        names = [name for group in self._groups for name in group]
        self._groups.clear()
        return names
