"""The devices of a large audit spread over processes, because the threads of one process use one core.

A share of the devices goes to each process; devices behind one endpoint stay together, so that its session limit is
counted in one place. Processes are forked, which costs hardly anything and leaves secrets in memory; elsewhere than on
Linux, and for a few dozen devices, all is read by the threads of this process.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Lock, Thread
from typing import Protocol

from nornir.core import Nornir

from eventready.errors import EventreadyError
from eventready.reading import Job, Pause, Reader, Told
from eventready.session.plugin import learn_secrets
from eventready.session.redaction import redact
from eventready.workspace.device import Device

#: Devices from which on a second process pays.
_MANY = 64
#: Seconds that a process gets to end by itself.
_PATIENCE_S = 2.0

Tell = Callable[[Told], None]


class Reads(Protocol):
    """Reads all devices of a job, and tells of each."""

    def read(self) -> Pause:
        """See `Reader`."""

    def read_again(self) -> None:
        """See `Reader`."""


@contextmanager
def readers(job: Job, nornir: Nornir, workers: int, tell: Tell) -> Iterator[Reads]:
    """Whoever reads the devices of the job: this process, or several. At most `workers` devices at once in all."""
    count = min(_cores(), workers) if len(job.devices) > _MANY else 1
    if count == 1:
        yield Reader(job, nornir, job.devices, workers, tell)
        return
    learn_secrets(nornir, job.devices)
    processes = _Processes(tell)
    try:
        for number, names in enumerate(shares(_endpoints(job.devices.values()), count)):
            threads = workers // count + (number < workers % count)
            processes.start(partial(Reader, job, nornir, names, threads))
        yield processes
    finally:
        processes.stop()


def _cores() -> int:
    """Cores that this process may use; 1 where it cannot be forked."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _endpoints(devices: Iterable[Device]) -> dict[str, list[str]]:
    """The names of the devices behind each endpoint."""
    together: dict[str, list[str]] = {}
    for device in sorted(devices, key=lambda device: device.name):
        together.setdefault(device.endpoint, []).append(device.name)
    return together


def shares(together: Mapping[str, Sequence[str]], count: int) -> list[list[str]]:
    """`count` shares of much the same size, none of which divides what belongs together."""
    parts: list[list[str]] = [[] for _ in range(count)]
    for _, names in sorted(together.items(), key=lambda item: (-len(item[1]), item[0])):
        min(parts, key=len).extend(names)
    return parts


@dataclass(frozen=True)
class _Failure:
    """A process met a defect."""

    trace: str


class _Processes:
    """Forked processes with a Reader each, which do what they are told through a pipe, step by step."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._fork = multiprocessing.get_context("fork")
        self._running: dict[Connection, BaseProcess] = {}

    def start(self, make: Callable[[Tell], Reader]) -> None:
        """Fork a process for the reader that `make` gives."""
        ours, theirs = self._fork.Pipe()
        process = self._fork.Process(target=_work, args=(make, theirs), daemon=True)
        with warnings.catch_warnings():
            # Python warns of forking while a progress bar's thread runs; the child never touches what that may hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        theirs.close()
        self._running[ours] = process

    def read(self) -> Pause:
        """See `Reader`."""
        pauses = self._step("read")
        return Pause(sum(pause.waiting for pause in pauses), max(pause.latest for pause in pauses))

    def read_again(self) -> None:
        """See `Reader`."""
        self._step("read_again")

    def _step(self, step: str) -> list[Pause]:
        """Have all processes carry out a step, and hear what they tell until the last has finished it."""
        pauses: list[Pause] = []
        for pipe in self._running:
            pipe.send(step)
        while len(pauses) < len(self._running):
            ready = wait(list(self._running))
            for pipe in [pipe for pipe in self._running if pipe in ready]:
                message = self._received(pipe)
                if isinstance(message, Told):
                    self._tell(message)
                else:
                    pauses.append(message)
        return pauses

    def _received(self, pipe: Connection) -> Told | Pause:
        try:
            message: Told | Pause | _Failure = pipe.recv()
        except EOFError:
            raise EventreadyError(
                "A process that read devices was ended from outside",
                do="Look whether the machine has run out of memory, and audit again.",
            ) from None
        if isinstance(message, _Failure):
            raise RuntimeError(f"a process that read devices failed:\n{message.trace}")  # noqa: TRY004  not a wrong type
        return message

    def stop(self) -> None:
        """End all processes, whatever they do."""
        for pipe in self._running:
            pipe.close()
        for process in self._running.values():
            process.terminate()
            process.join(_PATIENCE_S)
            if process.is_alive():
                process.kill()
                process.join()
        self._running = {}


def _work(make: Callable[[Tell], Reader], pipe: Connection) -> None:
    """What a forked process does until it is ended: by its parent, or because that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    lock = Lock()

    def send(message: Told | Pause | _Failure) -> None:
        with lock:
            pipe.send(message)

    try:
        reader = make(send)
        while True:
            if pipe.recv() == "read":
                send(reader.read())
            else:
                reader.read_again()
                send(Pause())
    except (EOFError, BrokenPipeError):
        return
    except Exception:
        send(_Failure(redact(traceback.format_exc())))


def _end_with_parent() -> None:
    """However the parent ends, kill -9 included, its children end as well, and with them their sessions."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)
