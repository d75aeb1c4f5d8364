"""Nornir runner with an adaptive number of threads.

Threads mostly wait for devices, so many threads help with slow devices. With fast devices a few threads use all of a
core, and more only compete for the interpreter lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from threading import Thread
from time import monotonic, process_time, sleep
from typing import TypeVar

from nornir.core.inventory import Host
from nornir.core.task import AggregatedResult, Result, Task

from eventready.audit.progress import ReadProgress
from eventready.workspace.workspace import Workspace

#: Initial threads.
_INITIAL = 6
#: Sampling period in seconds; share of a core and wake-up delay in seconds above which no thread is added.
_SAMPLE_S, _BUSY, _LATE_S = 0.05, 0.3, 0.002


T = TypeVar("T")


class AdaptiveThreadedRunner:
    """Run a task over hosts with at most `workers` threads: `initial` at first, doubled while a core is idle."""

    def __init__(self, workers: int, initial: int = _INITIAL) -> None:
        self._workers, self._initial = workers, initial

    def run(self, task: Task, hosts: list[Host]) -> AggregatedResult:
        """See Nornir's RunnerPlugin."""
        results = AggregatedResult(task.name)
        waiting = deque(hosts)

        def work() -> None:
            while waiting:
                try:
                    host = waiting.popleft()
                except IndexError:  # another thread was faster
                    return
                results[host.name] = task.copy().start(host)

        threads: list[Thread] = []
        more = min(self._initial, self._workers, len(hosts))
        while more:
            begun = [Thread(target=work, daemon=True) for _ in range(more)]
            for thread in begun:
                thread.start()
            threads += begun
            more = min(len(threads), self._workers - len(threads))
            while more and waiting and _busy():
                pass
            more = more if waiting else 0
        for thread in threads:
            thread.join()
        return results


def _busy() -> bool:
    """Sample the process for a moment: True when another thread would not help."""
    cpu, wall = process_time(), monotonic()
    sleep(_SAMPLE_S)
    took = monotonic() - wall
    return took > _SAMPLE_S + _LATE_S or process_time() - cpu > _BUSY * took


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
        if results.exception:
            raise RuntimeError(f"the job on {name} failed") from results.exception
    return {name: outcome[name].result for name in names}
