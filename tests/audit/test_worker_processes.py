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
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.collect import Collector, CollectStatus, DeviceRead
from eventready.audit.worker_processes import _WorkerPool, partition_devices
from eventready.core.errors import EventreadyError

pytestmark = pytest.mark.slow

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


@given(st.lists(st.integers(min_value=1, max_value=9), max_size=40), st.integers(min_value=1, max_value=8))
def test_shares_lose_no_person_and_divide_no_endpoint(sizes: list[int], count: int) -> None:
    together = {f"e{n}": [f"e{n}-{i}" for i in range(size)] for n, size in enumerate(sizes)}
    parts = partition_devices(together, count)
    assert len(parts) == count
    assert sorted(name for part in parts for name in part) == sorted(n for names in together.values() for n in names)
    for names in together.values():
        assert sum(bool(set(names) & set(part)) for part in parts) == 1
    assert max(map(len, parts)) - min(map(len, parts)) <= max(sizes, default=0)


class Double:
    """Stands for a Reader."""

    def __init__(
        self, show: Callable[[DeviceRead], None], name: str, then: Callable[[], object] = lambda: None
    ) -> None:
        self._show, self._name, self._then = show, name, then

    def read(self) -> CollectStatus:
        """One device, which waits for its second reading."""
        self._show(DeviceRead(self._name, "", (), None))
        self._then()
        return CollectStatus(1, float(os.getpid()))

    def read_again(self) -> None:
        """Once more."""
        self._show(DeviceRead(self._name, "again", (), None))


def double(name: str, then: Callable[[], object] = lambda: None) -> Callable[[Callable[[DeviceRead], None]], Collector]:
    return lambda show: cast("Collector", Double(show, name, then))


def never(name: str) -> DeviceRead:
    """No process is stuck."""
    raise AssertionError(name)


@linux
def test_a_process_that_holds_the_interpreter_is_killed_and_its_devices_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("eventready.audit.worker_processes._LIFE_S", 0.05)
    monkeypatch.setattr("eventready.audit.worker_processes._STUCK_S", 3.0)
    heard: list[DeviceRead] = []
    processes = _WorkerPool(heard.append, lambda name: DeviceRead(name, "stuck", (), None))
    processes.start(double("a"), ["a"])
    processes.start(double("b", lambda: re.match(r"(?:a+)+b", "a" * 60)), ["b", "c"])  # for years
    pause = processes.read()
    processes.read_again()
    processes.stop()
    assert pause.waiting == 1
    seen = [(found.device, found.trouble) for found in heard]
    assert sorted(seen) == [("a", ""), ("a", "again"), ("b", ""), ("b", "stuck"), ("c", "stuck")]
    assert not multiprocessing.active_children()


@linux
def test_processes_read_and_read_again() -> None:
    heard: list[DeviceRead] = []
    processes = _WorkerPool(heard.append, never)
    for name in ("a", "b", "c"):
        processes.start(double(name), [name])
    pause = processes.read()
    processes.read_again()
    processes.stop()
    assert pause.waiting == 3
    assert pause.latest != os.getpid()
    assert sorted((found.device, found.trouble) for found in heard) == [(n, t) for n in "abc" for t in ("", "again")]
    assert not multiprocessing.active_children()


@linux
@pytest.mark.parametrize(
    ("then", "raised", "output"),
    [
        (lambda: 1 / 0, RuntimeError, "ZeroDivisionError"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), EventreadyError, "killed from outside"),
    ],
)
def test_a_process_that_fails_is_reported(then: Callable[[], Any], raised: type[Exception], output: str) -> None:
    processes = _WorkerPool(lambda _reported: None, never)
    processes.start(double("a"), ["a"])
    processes.start(double("b", then), ["b"])
    with pytest.raises(raised, match=output):
        processes.read()
    processes.stop()
    assert not multiprocessing.active_children()


PARENT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
from eventready.audit.worker_processes import _WorkerPool
from tests.audit.test_worker_processes import double, never
processes = _WorkerPool(lambda told: print(told.device, flush=True), never)
for name in ("a", "b"):
    processes.start(double(name, lambda: time.sleep(60)), [name])
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
