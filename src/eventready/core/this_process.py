"""This process: confinement by Landlock, bounds of memory, garbage collector, notices to systemd."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import resource

#: System calls, the same number on all architectures; option of prctl.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PR_SET_NO_NEW_PRIVS = 1, 38
_BENEATH, _PORT = 1, 2
#: Rights over files (linux/landlock.h): execute, read a file, read a folder; all rights by version.
_READ = 1 | 1 << 2 | 1 << 3
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
#: Rights over TCP (bind, connect) since version 4; abstract sockets and signals to the outside since version 6.
_NETWORK, _CONNECT, _SCOPES = 3, 2, 3


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Port(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def confinable() -> bool:
    """True where the kernel can confine files and TCP."""
    return _version() >= 4


def confine(readable: Iterable[Path], port: int) -> None:
    """Leave this thread the reading of these folders and files, and connections to a TCP port. Raises OSError."""
    version = _version()
    files = _FILES[max(known for known in _FILES if known <= version)]
    rules = _Ruleset(files, _NETWORK, _SCOPES if version >= 6 else 0)
    size = ctypes.sizeof(rules) if version >= 6 else 16
    ruleset = _call(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    for path in readable:
        if path.exists():
            _allow_reading(ruleset, path)
    _call(_ADD_RULE, ruleset, _PORT, ctypes.byref(_Port(_CONNECT, port)), 0)
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow_reading(ruleset: int, path: Path) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = _READ if path.is_dir() else 1 << 2
        _call(_ADD_RULE, ruleset, _BENEATH, ctypes.byref(_Beneath(allowed, place)), 0)
    finally:
        os.close(place)


def _version() -> int:
    """Version of the interface; 0 without Landlock."""
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION)
    except (OSError, AttributeError, TypeError):
        return 0


def _call(number: int, *arguments: object) -> int:
    values = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *values))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


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
