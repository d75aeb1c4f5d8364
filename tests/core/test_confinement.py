"""The list of system calls, by a reader of its BPF program: an architecture that no machine of the tests has, too."""

from __future__ import annotations

import errno
import struct

import pytest

from eventready.core.confinement import call_filter

KERNEL = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED, KILLED = 0x7FFF0000, 0x80000000
REFUSED, UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
NULL, THREAD = 0, 0x10F00


def result(machine: str, number: int, *arguments: int, kernel: int = 0) -> int:
    """What the kernel makes of a call."""
    values = [value % (1 << 64) for value in (*arguments, *[0] * 6)[:6]]
    data = struct.pack("<IIQ6Q", number, kernel or KERNEL[machine], 0, *values)
    steps, at, word = call_filter(machine), 0, 0
    while True:
        operation, true, false, value = steps[at]
        if operation == 0x06:
            return value
        if operation == 0x20:
            word = struct.unpack_from("<I", data, value)[0]
            at += 1
        else:
            at += 1 + (true if (word == value if operation == 0x15 else word & value) else false)


@pytest.mark.attack(family="system calls of a confined process")
@pytest.mark.parametrize("machine", KERNEL)
@pytest.mark.parametrize(
    ("x86_64", "aarch64", "arguments", "expected"),
    [
        pytest.param(0, 63, (3,), ALLOWED, id="read"),
        pytest.param(257, 56, (), ALLOWED, id="open"),
        pytest.param(41, 198, (2, 1, 0), REFUSED, id="socket"),
        pytest.param(42, 203, (3,), REFUSED, id="connect"),
        pytest.param(49, 200, (3,), REFUSED, id="bind"),
        pytest.param(50, 201, (3,), REFUSED, id="listen"),
        pytest.param(53, 199, (1, 1, 0), ALLOWED, id="pair of unix"),
        pytest.param(53, 199, (16, 3, 0), REFUSED, id="pair of netlink"),
        pytest.param(44, 206, (3, 9, 9, 0x4000, NULL), ALLOWED, id="send"),
        pytest.param(44, 206, (3, 9, 9, 0, 1 << 40), REFUSED, id="send to an address"),
        pytest.param(44, 206, (3, 9, 9, 0x20000000, NULL), REFUSED, id="send by Fast Open"),
        pytest.param(46, 211, (3,), REFUSED, id="send a message"),
        pytest.param(56, 220, (THREAD,), ALLOWED, id="thread"),
        pytest.param(56, 220, (17,), REFUSED, id="process"),
        pytest.param(56, 220, (THREAD | 0x10000000,), REFUSED, id="thread in a namespace"),
        pytest.param(435, 435, (), UNKNOWN, id="clone3"),
        pytest.param(59, 221, (), REFUSED, id="exec"),
        pytest.param(16, 29, (0, 0x5421), ALLOWED, id="not blocking"),
        pytest.param(16, 29, (0, 0x5412), REFUSED, id="typed into a terminal"),
        pytest.param(16, 29, (0, 0x100005421), REFUSED, id="an argument of 64 bits"),
        pytest.param(72, 25, (0, 8, 99), REFUSED, id="owner of a file"),
        pytest.param(302, 261, (0, 7, NULL), ALLOWED, id="limits read"),
        pytest.param(302, 261, (0, 7, 4096), REFUSED, id="limits of others"),
        pytest.param(90, 52, (), REFUSED, id="chmod"),
        pytest.param(250, 219, (), REFUSED, id="keyctl"),
        pytest.param(425, 425, (), REFUSED, id="io_uring"),
        pytest.param(101, 117, (), REFUSED, id="ptrace"),
        pytest.param(0x40000000 | 41, 9999, (), REFUSED, id="another list of numbers"),
    ],
)
def test_a_call_has_its_result(
    machine: str, x86_64: int, aarch64: int, arguments: tuple[int, ...], expected: int
) -> None:
    assert result(machine, {"x86_64": x86_64, "aarch64": aarch64}[machine], *arguments) == expected


@pytest.mark.parametrize("machine", KERNEL)
def test_calls_of_another_architecture_end_the_process(machine: str) -> None:
    assert result(machine, 0, kernel=0x40000003) == KILLED
