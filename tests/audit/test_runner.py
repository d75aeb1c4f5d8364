"""The runner that takes as many threads as help: everybody once, never too many, more while devices keep it waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from nornir.core import Nornir
from nornir.core.inventory import Defaults, Groups, Host, Hosts, Inventory
from nornir.core.task import Result, Task

from eventready.audit import runner as tempo
from eventready.audit.runner import AdaptiveThreadedRunner


class Crowd:
    """How many are inside, and how many there have been at most."""

    def __init__(self, during: Callable[[], object]) -> None:
        self._during, self._lock = during, threading.Lock()
        self.inside = self.most = 0
        self.seen: list[str] = []

    def enter(self, task: Task) -> Result:
        """A Nornir task."""
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.seen.append(task.host.name)
        self._during()
        with self._lock:
            self.inside -= 1
        return Result(host=task.host, result=task.host.name)


def nornir(count: int, workers: int) -> Nornir:
    hosts = Hosts({f"h{number}": Host(name=f"h{number}") for number in range(count)})
    return Nornir(
        inventory=Inventory(hosts=hosts, groups=Groups(), defaults=Defaults()), runner=AdaptiveThreadedRunner(workers)
    )


@pytest.mark.parametrize(("count", "workers"), [(0, 4), (1, 4), (30, 1), (30, 4), (30, 100)])
def test_everybody_once_and_never_too_many(count: int, workers: int) -> None:
    crowd = Crowd(lambda: time.sleep(0.002))
    outcome = nornir(count, workers).run(task=crowd.enter)
    assert sorted(crowd.seen) == sorted(f"h{number}" for number in range(count))
    assert {name: results[0].result for name, results in outcome.items()} == {name: name for name in crowd.seen}
    assert crowd.most <= workers


def test_slow_devices_are_all_requested_at_once() -> None:
    together = threading.Barrier(40, timeout=30)
    crowd = Crowd(together.wait)
    outcome = nornir(40, 40).run(task=crowd.enter)
    assert not outcome.failed
    assert crowd.most == 40


def test_all_may_begin_at_once_however_busy_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempo, "_busy", lambda: True)
    together = threading.Barrier(20, timeout=30)
    crowd = Crowd(together.wait)
    outcome = nornir(20, 32).with_runner(AdaptiveThreadedRunner(32, initial=32)).run(task=crowd.enter)
    assert not outcome.failed
    assert crowd.most == 20


@pytest.mark.parametrize("busy", [True, False])
def test_a_busy_machine_reads_fewer_devices_at_once_and_says_so(busy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempo, "_busy", lambda: busy)
    together = threading.Barrier(30, timeout=30)
    crowd = Crowd((lambda: time.sleep(0.05)) if busy else together.wait)
    runner = AdaptiveThreadedRunner(30)
    outcome = nornir(30, 30).with_runner(runner).run(task=crowd.enter)
    assert not outcome.failed
    assert (runner.held, runner.most) == ((True, tempo._INITIAL) if busy else (False, 30))


def test_open_files_and_threads_of_the_machine_are_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempo, "_busy", lambda: False)
    monkeypatch.setattr(tempo, "open_file_limit", lambda: 10 * tempo._FILES)
    together = threading.Barrier(10, timeout=30)
    runner = AdaptiveThreadedRunner(30)
    assert not nornir(30, 30).with_runner(runner).run(task=Crowd(together.wait).enter).failed
    assert (runner.held, runner.most) == (True, 10)
    started = iter(range(8))

    class Thread(threading.Thread):
        def start(self) -> None:
            if next(started, None) is None:
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(tempo, "Thread", Thread)
    runner, crowd = AdaptiveThreadedRunner(10), Crowd(lambda: time.sleep(0.05))
    assert not nornir(30, 10).with_runner(runner).run(task=crowd.enter).failed
    assert (runner.held, runner.most) == (True, 8)


def test_a_task_that_fails_is_a_result() -> None:
    def fails(task: Task) -> Result:
        raise ValueError(task.host.name)

    outcome = nornir(3, 2).run(task=fails)
    assert sorted(outcome.failed_hosts) == ["h0", "h1", "h2"]
