"""Members of a cluster for the tests: schedulers and workers in processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

#: A program is ready when it has written a line to its standard error.
READY_S = 60


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@contextmanager
def running(
    *command: str | Path, before: Sequence[str] = (), environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A program that has written its first line, to the end of the block."""
    with subprocess.Popen(
        [*before, *map(str, command)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        text=True, env={**os.environ, **(environment or {})},
    ) as process:  # fmt: skip
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            assert first, f"{command} ended with {process.wait()}"
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
    process.send_signal(number)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def eventready(*words: str | Path) -> tuple[str | Path, ...]:
    return (sys.executable, "-m", "eventready", *words)


@contextmanager
def scheduler(port: int, certificates: Path | None = None, host: str = "127.0.0.1") -> Iterator[subprocess.Popen[str]]:
    protocol = "tls" if certificates else "tcp"
    more = ("--certificates", certificates) if certificates else ()
    with running(*eventready("cluster", "scheduler", "--listen", f"{protocol}://{host}:{port}", *more)) as process:
        yield process


def until(what: str, holds: object, seconds: float = 30) -> None:
    """Wait until a function returns something true."""
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)
