"""Confinement of the present process by Landlock (Linux 5.13 and later): files and network as named, nothing else.

The confinement holds for the calling thread and the threads and processes that it starts, to their end.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

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
