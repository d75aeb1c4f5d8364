"""Python's collector of cyclic garbage, told to look less often.

It walks through all objects whenever some ten thousand new ones have survived. An audit makes millions and hardly a
cycle, so that a quarter of its time would go into finding nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: New objects until the youngest are looked at (Python's default: 700), and how many such looks until the older are.
_SELDOM = (20_000, 5, 20)


@contextmanager
def calm() -> Iterator[None]:
    """Look seldom while the block lasts, and at nothing that was there before. What forks in it shares that memory."""
    before = gc.get_threshold()
    if before == _SELDOM:  # inside such a block already, whose end it is to undo this
        yield
        return
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
