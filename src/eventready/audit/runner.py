"""Nornir runner with an adaptive number of threads.

Threads mostly wait for devices, so many threads help with slow devices. With fast devices a few threads use all of a
core, and more only compete for the interpreter lock; answers would then be late by the machine's own fault. Open files
and threads of the machine are limits too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from threading import Lock, Thread
from time import monotonic, process_time, sleep
from typing import Protocol, TypeVar

from nornir.core.inventory import Host
from nornir.core.task import AggregatedResult, Result, Task

from eventready.core.errors import raise_defect
from eventready.core.messages import Message
from eventready.workspace.workspace import Workspace


class ReadProgress(Protocol):
    """Listener for the devices read so far, such as a progress bar. Exceptions of a listener are ignored."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage over `total` devices, such as `reading` or `counters`; `pause` lasts `total` seconds."""

    def done(self, device: str, trouble: str | Message) -> None:
        """Count a device as read; `trouble` is empty or a sentence."""


class NoProgress:
    """Progress without a display."""

    def stage(self, *_: object) -> None:
        """See ReadProgress."""

    done = stage


#: Initial threads, and the most that begin between two samples.
_INITIAL, _STEP = 6, 100
#: Sampling period in seconds; share of a core above which no thread is added.
_SAMPLE_S, _BUSY = 0.05, 0.6
#: Wake-up delays in seconds: the machine is busy with our threads if they use some of a core; it is busy.
_LATE_S, _VERY_LATE_S = 0.002, 0.02
#: File descriptors of a session (with a proxy command), and those of the rest of the process.
_FILES, _OTHER_FILES = 4, 256


T = TypeVar("T")


class AdaptiveThreadedRunner:
    """Run a task over hosts with at most `workers` threads: `initial` at first, doubled while a core is idle.

    `take` returns the names of the next hosts, none at the end: without it, all hosts of the run are next.
    `most` is the number of threads of the last run; `held` is True if this machine allowed fewer than were of use.
    """

    def __init__(
        self, workers: int, initial: int = _INITIAL, take: Callable[[], Collection[str]] | None = None
    ) -> None:
        self._workers, self._initial, self._take = workers, initial, take
        self.most, self.held = 0, False

    def run(self, task: Task, hosts: list[Host]) -> AggregatedResult:
        """See Nornir's RunnerPlugin."""
        results = AggregatedResult(task.name)
        waiting = _Waiting(hosts, self._take)

        def work() -> None:
            for host in waiting:
                results[host.name] = task.copy().start(host)

        wanted = min(self._workers, len(hosts))
        allowed = min(wanted, open_file_limit() // _FILES)
        threads = _begin(work, min(self._initial, allowed))
        more = min(len(threads), _STEP, allowed - len(threads))
        while more and not waiting.ended:
            if _busy():
                continue
            begun = _begin(work, more)
            threads += begun
            allowed = allowed if len(begun) == more else len(threads)
            more = min(len(threads), _STEP, allowed - len(threads))
        for thread in threads:
            thread.join()
        self.most, self.held = len(threads), len(threads) < wanted
        return results


class _Waiting:
    """Hosts without a thread so far, iterated by all threads."""

    def __init__(self, hosts: Collection[Host], take: Callable[[], Collection[str]] | None) -> None:
        self._hosts = {host.name: host for host in hosts}
        self._next = deque(() if take else self._hosts)
        self._take, self._lock = take or tuple, Lock()
        self.ended = not hosts

    def __iter__(self) -> Iterator[Host]:
        while True:
            with self._lock:
                if not self._next and not self.ended:
                    self._next.extend(self._take())
                self.ended = not self._next
                if self.ended:
                    return
                name = self._next.popleft()
            yield self._hosts[name]


def _begin(work: Callable[[], None], count: int) -> list[Thread]:
    """Start up to `count` threads, fewer where the system has no more. Raises RuntimeError without any."""
    begun: list[Thread] = []
    for _ in range(count):
        thread = Thread(target=work, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread is left
            if not begun:
                raise
            break
        begun.append(thread)
    return begun


def _busy() -> bool:
    """Sample the process for a moment: True when another thread would not help."""
    cpu, wall = process_time(), monotonic()
    sleep(_SAMPLE_S)
    took = monotonic() - wall
    late, share = took - _SAMPLE_S, (process_time() - cpu) / took
    return share > _BUSY or late > _VERY_LATE_S or (late > _LATE_S and share > _BUSY / 3)


def spare_files(workers: int) -> int:
    """Number of open files left beside the sessions of all workers."""
    return open_file_limit() - workers * _FILES


def open_file_limit() -> int:
    """Raise the limit of open files as far as this process may, and return how many sessions may use."""
    try:
        import resource  # noqa: PLC0415  not on every system
    except ImportError:
        return 8_192
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return 1_000_000 if soft == resource.RLIM_INFINITY else max(_FILES, soft - _OTHER_FILES)


def run_on_each(
    workspace: Workspace,
    names: Collection[str],
    job: Callable[[Task], T],
    *,
    workers: int,
    progress: ReadProgress | None = None,
) -> dict[str, T]:
    """Run a job on each of these devices, with up to `workers` threads. Return its result by device.

    `progress` counts the devices. Raises RuntimeError for an exception of a job, which is a defect.
    """

    def run(task: Task) -> Result:
        found = job(task)
        if progress is not None:
            with suppress(Exception):
                progress.done(task.host.name, "")
        return Result(host=task.host, result=found)

    chosen = workspace.nornir(workers).filter(filter_func=lambda host: host.name in names)
    outcome = chosen.with_runner(AdaptiveThreadedRunner(workers)).run(task=run)
    for name, results in sorted(outcome.items()):
        raise_defect(results.exception, f"the job on {name} failed")
    return {name: outcome[name].result for name in names}
