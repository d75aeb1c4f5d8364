"""A computation in a process of its own: its result, its exception, and its end beyond a limit."""

from __future__ import annotations

import threading

import pytest

from eventready.core import apart
from eventready.core.apart import ComputedTooLong, computed_apart


def spin() -> None:
    while True:
        pass


def test_the_result_is_that_of_the_computation() -> None:
    assert computed_apart(lambda: "x" * 1_000_000, 5) == "x" * 1_000_000


def test_an_exception_is_reported_with_its_place() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        computed_apart(lambda: 1 // 0, 5)


def test_a_computation_without_end_is_ended() -> None:
    with pytest.raises(ComputedTooLong):
        computed_apart(spin, 1)


def test_a_computation_that_waits_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that another thread held at the fork is never free in the child."""
    monkeypatch.setattr(apart, "_WAITS", 0.2)
    with pytest.raises(ComputedTooLong):
        computed_apart(threading.Event().wait, 1)
