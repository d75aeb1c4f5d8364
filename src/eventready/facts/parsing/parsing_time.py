"""Processor time of the reading of an answer, measured on its thread.

All steps of a reading are within one limit (`limited`), and look at it among their lines, rows and objects (`in_time`).
A thread that holds the lock of those that read keeps it for a moment only (`turn`): who reads a long answer goes on
beside the others, so that no device waits for another's answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from math import inf
from threading import Lock
from time import thread_time
from typing import TypeVar

from eventready.facts.parsing.parsed import PARSING_SECONDS, RESERVE_SECONDS, ParsingTooLong

T = TypeVar("T")

#: Processor time for which a thread keeps the lock: that of the answers of a usual device.
TURN_SECONDS = 0.25
#: Items between two looks at the clock.
_ITEMS = 64


class _Thread(threading.local):
    """End of the limit of this thread, and of its turn."""

    end: float = inf
    turn_end: float = inf
    give_way: Callable[[], None] | None = None


_thread = _Thread()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Limit the processor time of this thread in a block; within another limit the nearer end holds."""
    before = _thread.end
    _thread.end = min(before, thread_time() + seconds)
    try:
        yield
    finally:
        _thread.end = before


class AnswerTimes:
    """Processor time taken by the answers of a device so far, by command."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}

    @contextmanager
    def of(self, command: str) -> Iterator[None]:
        """Limit a block to the time left for the answer to a command."""
        started, spent = thread_time(), self._spent.get(command, 0.0)
        try:
            with limited(PARSING_SECONDS - RESERVE_SECONDS - spent):
                yield
        finally:
            self._spent[command] = spent + thread_time() - started


@contextmanager
def turn(lock: Lock) -> Iterator[None]:
    """Hold a lock for a block, and for no more than TURN_SECONDS of this thread's processor time."""
    lock.acquire()
    _thread.turn_end, _thread.give_way = thread_time() + TURN_SECONDS, lock.release
    try:
        yield
    finally:
        _give_way()


def _give_way() -> None:
    give_way, _thread.give_way, _thread.turn_end = _thread.give_way, None, inf
    if give_way is not None:
        give_way()


def end_after(seconds: float) -> float:
    """Return the processor time of this thread so many seconds from now."""
    return thread_time() + seconds


def is_over(end: float = inf) -> bool:
    """Look at the clock: True behind `end` (seconds of processor time) or the limit of this thread.

    A turn beyond its time ends.
    """
    now = thread_time()
    if now > _thread.turn_end:
        _give_way()
    return now > end or now > _thread.end


def look(end: float = inf) -> None:
    """Look at the clock likewise (`end` in seconds). Raises ParsingTooLong."""
    if is_over(end):
        raise ParsingTooLong


def in_time(items: Iterable[T], every: int = _ITEMS) -> Iterator[T]:
    """Yield items. Raises ParsingTooLong behind the limit of this thread."""
    for number, item in enumerate(items):
        if not number % every:
            look()
        yield item
