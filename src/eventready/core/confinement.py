"""Confinement of this process by the kernel: files by Landlock, system calls by seccomp, an empty network, bounds.

Each layer closes what the others leave: Landlock knows files, and neither modes of files nor keyrings nor sockets;
seccomp knows system calls, and no paths; a network namespace is empty whatever call is made.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import resource

#: System calls of Landlock, the same number on all architectures; options of prctl.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_BENEATH = 1
#: Rights over files (linux/landlock.h): execute, read a file, read a folder; all rights by version.
_READ = 1 | 1 << 2 | 1 << 3
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
#: Rights over TCP (bind, connect), all refused since version 4; abstract sockets and signals since version 6.
_NETWORK, _SCOPES = 3, 3
#: Flags of unshare: a user namespace, an empty network namespace.
_NEWUSER, _NEWNET = 0x10000000, 0x40000000
#: seccomp: set a filter for all threads; its results.
_SET_FILTER, _ALL_THREADS = 1, 1
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
#: BPF: load a word of the call, jump where equal or where a bit is set, end.
_LOAD, _EQUAL, _ANY_BIT, _END = 0x20, 0x15, 0x45, 0x06
#: Architectures by machine: the number of seccomp itself, the kernel's constant, the column of `syscalls.txt`.
_MACHINES = {"x86_64": (317, 0xC000003E, 1), "aarch64": (277, 0xC00000B7, 2)}
_CONDITION = re.compile(r"(\d)([=&!])(.+)")
#: Bytes of the address space beyond the present ones; open files; threads beyond the present ones.
_MEMORY, _OPEN_FILES, _THREADS = 1 << 30, 128, 64

_Step = tuple[int, int, int, int]


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Filter(ctypes.Structure):
    _fields_ = (("steps", ctypes.c_ushort), ("program", ctypes.c_void_p))


def unconfinable() -> str:
    """Return the missing part of the machine for `confine`; empty for none."""
    if sys.platform != "linux":
        return "Linux"
    if platform.machine() not in _MACHINES or sys.maxsize < 1 << 32:
        return f"a list of system calls for {platform.machine()} (there are those of {', '.join(_MACHINES)})"
    if not _landlock():
        return "Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, lsm=landlock)"
    if not _seccomp_known():
        return "seccomp (CONFIG_SECCOMP_FILTER)"
    return ""


def leave_network() -> bool:
    """Move this process, without further threads, to an empty network; False after a refusal. Open sockets stay."""
    with suppress(OSError, AttributeError):
        _libc("unshare", _NEWUSER | _NEWNET)
        return True
    return False


def confine(readable: Iterable[Path], *, alone: bool) -> None:
    """Leave this process these folders and files to read, its open files, and the system calls of `syscalls.txt`.

    `alone`: in a user namespace of its own (`leave_network`). Raises OSError.
    """
    _bound(alone=alone)
    _libc("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
    _libc("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _restrict_files(readable)
    _restrict_calls()


def _bound(*, alone: bool) -> None:
    present = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    threads = _THREADS + (0 if alone else _threads_of_user())
    bounds = (
        (resource.RLIMIT_AS, present + _MEMORY), (resource.RLIMIT_NOFILE, _OPEN_FILES), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, threads), (resource.RLIMIT_FSIZE, 0),
    )  # fmt: skip
    for kind, most in bounds:
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def _threads_of_user() -> int:
    """Threads of all processes of this user: the kernel counts them together."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):  # a process that has ended
            fields = dict(line.split(":", 1) for line in path.read_text("utf-8", "replace").split("\n") if ":" in line)
            found += int(fields["Threads"]) if int(fields["Uid"].split()[0]) == os.getuid() else 0
    return found


def _restrict_files(readable: Iterable[Path]) -> None:
    version = _landlock()
    files = _FILES[max(known for known in _FILES if known <= version)]
    rules = _Ruleset(files, _NETWORK if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _call(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    for path in readable:
        if path.exists():
            _allow_reading(ruleset, path)
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow_reading(ruleset: int, path: Path) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = _READ if path.is_dir() else 1 << 2
        _call(_ADD_RULE, ruleset, _BENEATH, ctypes.byref(_Beneath(allowed, place)), 0)
    finally:
        os.close(place)


def _restrict_calls() -> None:
    number, _, _ = _MACHINES[platform.machine()]
    steps = b"".join(struct.pack("=HBBI", *step) for step in call_filter(platform.machine()))
    program = ctypes.create_string_buffer(steps, len(steps))
    loaded = _Filter(len(steps) // 8, ctypes.addressof(program))
    _call(number, _SET_FILTER, _ALL_THREADS, ctypes.byref(loaded))


def call_filter(machine: str) -> tuple[_Step, ...]:
    """Return the BPF program of `syscalls.txt` for an architecture: operation, jumps where true and false, value."""
    _, architecture, column = _MACHINES[machine]
    found = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_END, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    for words in _listed():
        if words[column] != "-":
            block = list(_block(words[3:]))
            found += [(_EQUAL, 0, len(block), int(words[column])), *block]
    return (*found, (_END, 0, 0, _ERROR | errno.EPERM))


def _block(conditions: Iterable[str]) -> Iterator[_Step]:
    """Steps for a call of the list: each condition in turn, then the permission."""
    if list(conditions) == ["ENOSYS"]:
        yield (_END, 0, 0, _ERROR | errno.ENOSYS)
        return
    for text in conditions:
        yield from _condition(text)
    yield (_END, 0, 0, _ALLOW)


def _condition(text: str) -> Iterator[_Step]:
    """Steps for the refusal of a call without this condition; they go on behind their end."""
    found = _CONDITION.fullmatch(text)
    if not found:
        raise ValueError(text)
    at, values = 16 + 8 * int(found[1]), [int(value, 0) for value in found[3].split("|")]
    refused = (_END, 0, 0, _ERROR | errno.EPERM)
    if found[2] == "!":
        yield from ((_LOAD, 0, 0, at), (_ANY_BIT, 0, 1, values[0]), refused)
    elif found[2] == "&":
        yield from ((_LOAD, 0, 0, at), (_ANY_BIT, 1, 0, values[0]), refused)
    else:
        yield from ((_LOAD, 0, 0, at + 4), (_EQUAL, 0, len(values) + 1, 0), (_LOAD, 0, 0, at))
        yield from ((_EQUAL, len(values) - n, 0, value) for n, value in enumerate(values))
        yield refused


@cache
def _listed() -> tuple[tuple[str, ...], ...]:
    text = Path(__file__).with_name("syscalls.txt").read_text(encoding="ascii")
    return tuple(tuple(line.split()) for line in text.split("\n") if line and not line.startswith("#"))


def _landlock() -> int:
    """Version of the interface; 0 without Landlock."""
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION)
    except (OSError, AttributeError, TypeError):
        return 0


def _seccomp_known() -> bool:
    """True where the kernel takes filters with the result `errno`."""
    try:
        return _call(_MACHINES[platform.machine()][0], 2, 0, ctypes.byref(ctypes.c_uint32(_ERROR))) == 0
    except OSError:
        return False


def _call(number: int, *arguments: object) -> int:
    return _libc("syscall", number, *arguments)


def _libc(name: str, *arguments: object) -> int:
    function: Callable[..., int] = getattr(ctypes.CDLL(None, use_errno=True), name)
    values = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(function(*values))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result
