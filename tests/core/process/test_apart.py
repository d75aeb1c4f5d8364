"""Computations in a process of their own: results, exceptions, and the end beyond a limit."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from eventready.core import apart
from eventready.core.apart import Apart, ComputedTooLong


def repeated(text: str, times: int) -> str:
    return text * times


def divided(number: int, by: int) -> float:
    return number / by


def spin(_subject: str) -> None:
    while True:
        pass


def wait(subject: threading.Event) -> bool:
    return subject.wait()


def identity(_subject: object) -> int:
    return os.getpid()


@pytest.fixture
def own() -> Iterator[Apart]:
    """A process for computations, ended afterwards."""
    made = Apart()
    yield made
    made.end()


def test_the_results_are_those_of_the_computations(own: Apart) -> None:
    texts = ["a" * 1_000, "b", "c"]
    for _ in range(2):
        assert [own.compute(5, repeated, text, 1_000) for text in texts] == [text * 1_000 for text in texts]


def test_computations_with_prepared_subjects_share_a_process(own: Apart) -> None:
    subjects = [threading.Event(), "x", "y"]
    own.prepare(subjects)
    assert len({own.compute(5, identity, subject) for subject in subjects} | {os.getpid()}) == 2
    assert len({own.compute(5, identity, subject) for subject in [*subjects, object()]}) == 2


def test_an_exception_is_reported_with_its_place_and_costs_itself(own: Apart) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        own.compute(5, divided, 1, 0)
    assert own.compute(5, divided, 1, 2) == 0.5


@pytest.mark.slow
def test_a_computation_without_end_is_ended(own: Apart) -> None:
    with pytest.raises(ComputedTooLong):
        own.compute(1, spin, "x")
    assert own.compute(5, repeated, "x", 2) == "xx"


@pytest.mark.slow
def test_each_computation_has_the_whole_limit(own: Apart) -> None:
    for _ in range(3):
        assert own.compute(1, burn, "x") == "x"


def burn(subject: str) -> str:
    until = time.process_time() + 0.6
    while time.process_time() < until:
        pass
    return subject


def test_a_computation_that_waits_is_ended_too(own: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that another thread held at the fork is never free in the child."""
    monkeypatch.setattr(apart, "_WAITS", 0.2)
    with pytest.raises(ComputedTooLong):
        own.compute(1, wait, threading.Event())


def test_a_killed_process_costs_a_computation(own: Apart) -> None:
    os.kill(own.compute(5, identity, "x"), signal.SIGKILL)
    with pytest.raises(ComputedTooLong):
        own.compute(5, identity, "x")
    assert own.compute(5, repeated, "x", 2) == "xx"


def test_an_interrupted_computation_leaves_no_answer_to_the_next(own: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_self: object, _timeout: float) -> bool:
        raise KeyboardInterrupt

    own.prepare(["x"])
    with monkeypatch.context() as patch:
        patch.setattr("multiprocessing.connection.Connection.poll", interrupt)
        with pytest.raises(KeyboardInterrupt):
            own.compute(5, repeated, "x", 2)
    assert own.compute(5, repeated, "x", 3) == "xxx"


def test_a_forked_process_has_its_own(own: Apart) -> None:
    known = own.compute(5, identity, "x")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        own.prepare(["x"])
        prepared = own._child
        os.write(writing, f"{prepared} {own.compute(5, identity, 'x')}".encode())
        own.end()
        os._exit(0)
    os.waitpid(child, 0)
    prepared, computed = map(int, os.read(reading, 40).split())
    assert computed == prepared != known
    assert own.compute(5, identity, "x") == known
