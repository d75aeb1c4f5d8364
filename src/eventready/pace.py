"""A Nornir runner that takes as many threads as help.

A thread waits for its device most of the time, and so a hundred of them are well kept busy by a hundred slow devices.
Where devices answer at once, a few threads use all of a core, and the others would only take the interpreter from them.
"""

from __future__ import annotations

from collections import deque
from threading import Thread
from time import monotonic, process_time, sleep

from nornir.core.inventory import Host
from nornir.core.task import AggregatedResult, Task

#: Threads to begin with.
_FEW = 6
#: How often to look, in seconds; the share of a core in use, and the lateness in waking up, from which on more threads
#: do not help.
_LOOK_S, _BUSY, _LATE_S = 0.05, 0.3, 0.002


class PacedRunner:
    """Runs a task over hosts with at most `workers` threads at once: a few, and twice as many while a core is idle.

    `few` is how many to begin with: all of them where a host is waited for more often than it is computed for.
    """

    def __init__(self, workers: int, few: int = _FEW) -> None:
        self._workers, self._few = workers, few

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
        more = min(self._few, self._workers, len(hosts))
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
    """Look for a moment whether this process has as much to do as it can."""
    cpu, wall = process_time(), monotonic()
    sleep(_LOOK_S)
    took = monotonic() - wall
    return took > _LOOK_S + _LATE_S or process_time() - cpu > _BUSY * took
