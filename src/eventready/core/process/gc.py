"""Relaxed settings for Python's cyclic garbage collector.

The collector traverses all objects after some ten thousand survivors. An audit creates millions of objects and hardly
a cycle: with default settings a quarter of its CPU time goes into collections without result.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Thresholds of the three generations (Python's default: 700, 10, 10).
_RELAXED = (200_000, 5, 20)

#: Without the last collection of Python, whose memory ends with the process: a tenth of the CPU time of a command.
atexit.register(gc.freeze)


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Relax the collector inside the block and freeze existing objects, to share memory with forked processes."""
    before = gc.get_threshold()
    if before == _RELAXED:  # nested: the outer block restores the settings
        yield
        return
    gc.freeze()
    gc.set_threshold(*_RELAXED)
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()  # the objects of the block are old now: the next collection of new ones does not traverse them
        gc.set_threshold(*before)
