"""Relaxed settings for Python's cyclic garbage collector.

The collector traverses all objects after some ten thousand survivors. An audit creates millions of objects and hardly
a cycle: with default settings a quarter of its CPU time goes into collections without result.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Thresholds of the first generation (Python's default: 700), and of a process that ends with the block.
_RELAXED, ONCE = 200_000, 2_000_000

#: Without the last collection of Python, whose memory ends with the process: a tenth of the CPU time of a command.
atexit.register(gc.freeze)


@contextmanager
def relaxed_gc(first: int = _RELAXED) -> Iterator[None]:
    """Relax the collector inside the block and freeze existing objects, to share memory with forked processes."""
    before = gc.get_threshold()
    if before[0] >= first:  # nested: the outer block restores the settings
        yield
        return
    gc.freeze()
    gc.set_threshold(first, 5, 20)
    try:
        yield
    finally:
        if first >= ONCE:
            gc.freeze()  # the objects of the block become old: the next collection of new ones does not traverse them
        gc.unfreeze()
        gc.set_threshold(*before)
