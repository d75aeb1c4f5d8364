"""Limits on template rendering: executed lines, processor time and memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from time import thread_time
from types import FrameType
from typing import Any

from eventready.core.this_process import limited_growth

#: Lines that a template may execute. The largest shipped template, with five hundred access points, needs ten thousand.
MAX_STEPS = 2_000_000
#: Processor time of one rendering; a filter may search long texts within one line.
MAX_SECONDS = 10.0
#: Functions of templates within each other: macros, blocks, included templates. The interpreter's own limit is near the
#: end of its stack when every call is traced.
MAX_DEPTH = 60
#: Bytes that rendering may allocate beyond the process's present size.
MAX_MEMORY = 1 << 29

_ONE_AT_A_TIME = RLock()


class EndlessTemplate(Exception):
    """The template executes more than MAX_STEPS lines."""


class SlowTemplate(Exception):
    """The template takes more than MAX_SECONDS of processor time."""


@contextmanager
def limited_rendering(folder: Path) -> Iterator[None]:
    """Limit the rendering of the templates beneath `folder` in this block.

    Raises EndlessTemplate, SlowTemplate and RecursionError in them, and MemoryError. The memory limit is the process's:
    one block at a time.
    """
    with _ONE_AT_A_TIME, limited_growth(MAX_MEMORY):
        before = sys.gettrace()
        sys.settrace(_counting(f"{folder}{os.sep}"))
        try:
            yield
        finally:
            sys.settrace(before)


def _counting(folder: str) -> Any:
    """Return a trace function for counting the lines of templates, compiled by Jinja to Python under their file
    names."""
    steps, depth, deadline = 0, 0, thread_time() + MAX_SECONDS

    def check_time() -> None:
        if thread_time() > deadline:
            raise SlowTemplate

    def count(_frame: FrameType, event: str, _value: Any) -> Any:
        nonlocal steps, depth
        if event == "return":  # of a generator at each of its pieces
            depth -= 1
        elif event == "line":
            steps += 1
            check_time()
            if steps > MAX_STEPS:
                raise EndlessTemplate
        return count

    def enter(frame: FrameType, _event: str, _value: Any) -> Any:
        """Called for every function of Python, filters and tests of templates too."""
        nonlocal depth
        check_time()
        if not frame.f_code.co_filename.startswith(folder):
            return None
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError
        return count

    return enter
