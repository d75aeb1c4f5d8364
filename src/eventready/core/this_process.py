"""This process: bounds of memory, garbage collector, notices to systemd."""

from __future__ import annotations

import atexit
import gc
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


def notify_systemd(state: str) -> None:
    """Send `READY=1`, `WATCHDOG=1` or `STOPPING=1`; nothing outside of a unit of `Type=notify`."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), address)
