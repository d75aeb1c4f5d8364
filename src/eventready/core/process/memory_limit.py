"""Limits on the address space of this process; none on Windows, which has no such limits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import resource


def limit_memory(size: int) -> None:
    """Limit the address space to `size` bytes, or to a smaller present limit."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        limits = [size, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))


@contextmanager
def limited_growth(size: int) -> Iterator[None]:
    """Limit the growth of the address space in this block to `size` bytes, if the system prints the present size."""
    statm = Path("/proc/self/statm")
    if sys.platform == "win32" or not statm.exists():
        yield
        return
    present = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit_memory(present + size)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
