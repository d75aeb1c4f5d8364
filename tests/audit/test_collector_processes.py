"""Devices over processes: what belongs together stays together, defects are told, nobody outlives the parent."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.collectors.processes import GroupQueue, Take, _WorkerPool
from eventready.audit.collectors.reading import CollectStatus, DeviceCollector, DeviceRead, OnRead
from eventready.core.errors import EventreadyError
from eventready.core.messages import in_english

pytestmark = pytest.mark.slow

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


class Double:
    """Collector of whatever it takes."""

    def __init__(
        self,
        show: OnRead,
        take: Take,
        then: Callable[[], object] = lambda: None,
        at_end: Callable[[], object] = lambda: None,
    ) -> None:
        self._show, self._take, self._then, self._at_end = show, take, then, at_end
        self._names: list[str] = []

    def read(self) -> CollectStatus:
        """All devices of the queue, which wait for their second reading."""
        while names := self._take():
            self._names += names
            for name in names:
                self._show(DeviceRead(name, str(os.getpid()), (), None))
            self._then()
        self._at_end()
        return CollectStatus(len(self._names), float(os.getpid()))

    def read_again(self) -> None:
        """Once more."""
        for name in self._names:
            self._show(DeviceRead(name, "again", (), None))


def double(then: Callable[[], object] = lambda: None) -> Callable[[OnRead, Take], DeviceCollector]:
    return lambda show, take: Double(show, take, then)


def never(name: str) -> DeviceRead:
    """No process is stuck."""
    raise AssertionError(name)


def pool(on_read: OnRead, *groups: list[str], stuck: Callable[[str], DeviceRead] = never) -> _WorkerPool:
    """Processes with a queue of these groups; the first process to ask takes the first group."""
    return _WorkerPool(on_read, stuck, GroupQueue(groups, len(groups)))


def marked(folder: Path, then: Callable[[], object]) -> Callable[[], object]:
    """Action of the first process to come, and a wait for its mark in the others."""

    def act() -> object:
        try:
            (folder / "first").touch(exist_ok=False)
        except FileExistsError:
            return None
        return then()

    return act


@given(st.lists(st.integers(min_value=1, max_value=9), max_size=40), st.integers(min_value=1, max_value=8))
def test_shares_lose_no_device_and_divide_no_endpoint(sizes: list[int], count: int) -> None:
    groups = [[f"e{n}-{i}" for i in range(size)] for n, size in enumerate(sizes)]
    queue = GroupQueue(groups, count)
    shares = list(iter(queue.take, []))
    assert sorted(name for share in shares for name in share) == sorted(n for names in groups for n in names)
    for names in groups:
        assert sum(bool(set(names) & set(share)) for share in shares) == 1
    left = sum(sizes)
    for share in shares:
        assert len(share) <= max(left / count / 4, 1) + max(sizes)
        left -= len(share)


@linux
def test_a_slow_process_holds_no_devices_back() -> None:
    heard: list[DeviceRead] = []
    processes = _WorkerPool(heard.append, never, GroupQueue([[f"d{number}"] for number in range(40)], 2))
    slow_ends, fast_ended = multiprocessing.Pipe(duplex=False)

    def slow(show: OnRead, take: Take) -> DeviceCollector:
        return Double(show, take, lambda: slow_ends.poll(30) and None)

    def fast(show: OnRead, take: Take) -> DeviceCollector:
        return Double(show, take, lambda: None, lambda: fast_ended.send("done"))

    processes.start(slow)
    processes.start(fast)
    processes.read()
    processes.stop()
    share = [int(in_english(found.trouble)) for found in heard]
    assert len(share) == 40
    assert min(map(share.count, set(share))) <= 5  # of 40: the first share of the slow process


@linux
def test_a_process_that_holds_the_interpreter_is_killed_and_its_devices_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("eventready.audit.collectors.processes._LIFE_S", 0.05)
    monkeypatch.setattr("eventready.audit.collectors.processes._STUCK_S", 3.0)
    heard: list[DeviceRead] = []
    processes = pool(heard.append, ["b", "c"], ["a"], stuck=lambda name: DeviceRead(name, "stuck", (), None))
    for _ in range(2):
        processes.start(double(marked(tmp_path, lambda: re.match(r"(?:a+)+b", "a" * 60))))  # for years
    pause = processes.read()
    processes.read_again()
    processes.stop()
    stuck = [found.device for found in heard if found.trouble == "stuck"]
    again = [found.device for found in heard if found.trouble == "again"]
    assert sorted([*stuck, *again]) == ["a", "b", "c"]
    assert stuck in (["b", "c"], ["a"])
    assert pause.waiting == len(again)
    assert not multiprocessing.active_children()


@linux
def test_devices_of_no_process_are_named_after_all_are_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventready.audit.collectors.processes._LIFE_S", 0.05)
    monkeypatch.setattr("eventready.audit.collectors.processes._STUCK_S", 1.0)
    heard: list[DeviceRead] = []
    processes = pool(heard.append, *([name] for name in "abcdefgh"), stuck=lambda n: DeviceRead(n, "stuck", (), None))
    processes.start(double(lambda: re.match(r"(?:a+)+b", "a" * 60)))
    processes.read()
    processes.stop()
    assert sorted(found.device for found in heard if found.trouble == "stuck") == list("abcdefgh")


@linux
def test_processes_read_and_read_again() -> None:
    heard: list[DeviceRead] = []
    processes = pool(heard.append, ["a"], ["b"], ["c"])
    for _ in range(3):
        processes.start(double())
    pause = processes.read()
    processes.read_again()
    processes.stop()
    assert pause.waiting == 3
    assert pause.latest != os.getpid()
    assert sorted((found.device, found.trouble == "again") for found in heard) == [
        (name, again) for name in "abc" for again in (False, True)
    ]
    assert not multiprocessing.active_children()


@linux
@pytest.mark.parametrize(
    ("then", "raised", "output"),
    [
        (lambda: 1 / 0, RuntimeError, "ZeroDivisionError"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), EventreadyError, "killed from outside"),
    ],
)
def test_a_process_that_fails_is_reported(
    then: Callable[[], Any], raised: type[Exception], output: str, tmp_path: Path
) -> None:
    processes = pool(lambda _reported: None, ["a"], ["b"])
    for _ in range(2):
        processes.start(double(marked(tmp_path, then)))
    with pytest.raises(raised, match=output):
        processes.read()
    processes.stop()
    assert not multiprocessing.active_children()


PARENT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
from tests.audit.test_collector_processes import double, pool
processes = pool(lambda told: print(told.device, flush=True), ["a"], ["b"])
for _ in range(2):
    processes.start(double(lambda: time.sleep(60)))
try:
    processes.read()
finally:
    processes.stop()
"""


def begun_by(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


@linux
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_process_outlives_its_parent(end: signal.Signals) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert {parent.stdout.readline().strip() for _ in range(2)} == {b"a", b"b"}
        orphans = begun_by(parent.pid)
        assert len(orphans) == 2
        deadline = time.monotonic() + 30
        while parent.poll() is None and time.monotonic() < deadline:
            parent.send_signal(end)  # again: Python loses an interrupt that comes while an object is being finalized
            with suppress(subprocess.TimeoutExpired):
                parent.wait(5)
        assert parent.poll() is not None
        while any(map(alive, orphans)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not any(map(alive, orphans))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
