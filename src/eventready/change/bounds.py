"""A template may not take the machine with it: rendering ends after so many lines and within so much memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import FrameType
from typing import Any

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]  # asked for before it is used

#: Lines that a template may run through. The largest of ours, for five hundred access points, needs some ten thousand.
MOST_STEPS = 2_000_000
#: What rendering may take beyond what the process has, in bytes.
MOST_MEMORY = 1 << 29

_ONE_AT_A_TIME = RLock()


class Endless(Exception):
    """The template runs on and on."""


@contextmanager
def bounded(folder: Path) -> Iterator[None]:
    """Let templates beneath `folder` run so far and take so much in this block.

    Raises Endless in them, and MemoryError. The memory is the process's: one block at a time.
    """
    with _ONE_AT_A_TIME, _within_memory():
        before = sys.gettrace()
        sys.settrace(_counting(f"{folder}{os.sep}"))
        try:
            yield
        finally:
            sys.settrace(before)


def _counting(folder: str) -> Any:
    """A trace function that counts the lines of templates. Jinja compiles them to Python that bears their names."""
    steps = 0

    def count(_frame: FrameType, event: str, _value: Any) -> Any:
        nonlocal steps
        if event == "line":
            steps += 1
            if steps > MOST_STEPS:
                raise Endless
        return count

    def enter(frame: FrameType, _event: str, _value: Any) -> Any:
        return count if frame.f_code.co_filename.startswith(folder) else None

    return enter


@contextmanager
def _within_memory() -> Iterator[None]:
    """Where the system can tell and limit what a process takes (Linux); elsewhere nothing is limited."""
    if resource is None:
        yield
        return
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    except (OSError, ValueError):
        yield
        return
    limit = pages * resource.getpagesize() + MOST_MEMORY
    limits = [limit, *(one for one in (soft, hard) if one != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
