"""Scheduler and worker of a cluster: processes to run until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.certificates import REVOKED, revoked_serials
from eventready.audit.collectors.cluster.dask_parts import (
    close_pages,
    close_ports,
    comm_of_worker,
    comms_of_scheduler,
    enter_by,
    require_distributed,
    send_together,
)
from eventready.audit.collectors.cluster.door import Door
from eventready.audit.collectors.cluster.labels import CLOCK, WHOLE
from eventready.core.errors import UsageError
from eventready.core.messages import Message, message

#: Seconds between signs of life of the loop, and without one until the process ends: a thread holds the interpreter.
_LIFE_S, _STUCK_S = 2.0, 60.0
#: Seconds until the next attempt to reach the scheduler; of answers sent together, as each message has its price.
_AGAIN_S, _GATHER_S = 3.0, 0.3

#: Seconds by which the clock of a reading worker may differ from the scheduler's: a step of one-time codes.
_SKEW_S = 30.0

#: Options of all workers: no page, no limit of memory, seconds until the scheduler answers.
_PLAIN: Mapping[str, object] = {
    "dashboard": False, "dashboard_address": "127.0.0.1:0", "memory_limit": 0, "death_timeout": 10,
}  # fmt: skip

Notice = Callable[[str | Message], None]
#: Check of the connection of a worker, without end.
Follow = Callable[[Any], Coroutine[Any, Any, None]]


def run_scheduler(address: SchedulerAddress, started: Callable[[], None]) -> None:
    """Run a scheduler at an address of this machine. Raises UsageError, OSError."""
    distributed, security, door = require_distributed(), address.security(), Door()
    _silence()
    enter_by(door.passing)

    async def run() -> None:
        stop = _signals()
        async with distributed.Scheduler(
            host=address.host.strip("[]"), port=address.port, protocol=address.protocol, security=security,
            dashboard=False, dashboard_address="127.0.0.1:0",
        ) as scheduler:  # fmt: skip
            close_pages(scheduler)
            started()
            follow = asyncio.create_task(
                follow_revocations(address, security, lambda: (*comms_of_scheduler(scheduler), *door.entering))
            )
            await stop.wait()
            follow.cancel()

    asyncio.run(run())


async def follow_revocations(address: SchedulerAddress, security: Any, comms: Callable[[], Iterable[Any]]) -> None:
    """Take each changed revocation list for new connections, and end the open connections of its members."""
    contexts = (security.get_listen_args("scheduler"), security.get_connection_args("worker"))
    path, taken, revoked = address.certificates / REVOKED, 0, frozenset[int]()
    while address.protocol == "tls":
        with suppress(OSError, ValueError, UsageError):  # a list in the middle of its copy is read again
            changed = path.stat().st_mtime_ns
            if changed != taken:
                revoked = revoked_serials(path)
                for context in contexts:
                    context["ssl_context"].load_verify_locations(path)
                taken = changed
        for comm in [comm for comm in comms() if _serial(comm) in revoked]:
            comm.abort()
        await asyncio.sleep(_LIFE_S)


def _serial(comm: Any) -> int:
    """Return the serial number of the certificate at the other end; -1 for a closed connection."""
    certificate = getattr(comm, "extra_info", {}).get("peercert") or {}
    return int(certificate.get("serialNumber", "-1"), 16)


def run_worker(
    address: SchedulerAddress, name: str, *, threads: int, labels: Iterable[str], connected: Notice, lost: Notice
) -> None:
    """Run a worker against a scheduler, again after each loss, until a signal. Raises UsageError."""
    distributed, security = require_distributed(), address.security()
    _silence()

    def follow(worker: Any) -> Coroutine[Any, Any, None]:
        return follow_revocations(address, security, lambda: [comm_of_worker(worker)])

    def made(**options: Any) -> Any:
        own = {"name": f"{name}#{os.getpid()}", "nthreads": threads, "security": security, "host": _loopback()}
        return distributed.Worker(str(address), **own, **_PLAIN, **options)

    async def run() -> None:
        stop = _signals()
        life = asyncio.create_task(_live())
        await keep_connected(made, stop, labels, follow, connected=lambda: connected(str(address)), lost=lost)
        life.cancel()

    asyncio.run(run())
    sys.stdout.flush()
    os._exit(0)  # threads that still read a device do not hold the process


async def keep_connected(
    made: Callable[..., Any], stop: asyncio.Event, labels: Iterable[str], follow: Follow, *,
    connected: Callable[[], None], lost: Notice,
) -> None:  # fmt: skip
    """Run workers of Dask in turn. The difference of a wrong clock replaces the labels."""
    skew = 0.0
    while not stop.is_set():
        own = labels if _right(skew) else (f"{CLOCK}={skew:+.0f}",)
        reason: str | Message = ""
        try:
            with TemporaryDirectory(prefix="eventready-worker-") as folder:
                worker = made(resources=dict.fromkeys(own, WHOLE), local_directory=folder)
                skew = await _until_lost(worker, stop, follow, connected, usual=_right(skew))
        except (OSError, TimeoutError, RuntimeError, ValueError) as error:
            reason = str(error.__cause__ or error) or type(error).__name__
        if not stop.is_set():
            lost(reason if _right(skew) else message("audit:cluster.clock", skew_s=skew))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _AGAIN_S)


def _right(skew: float) -> bool:
    return abs(skew) <= _SKEW_S


def _loopback() -> str:
    """Return an address to listen on: nothing connects to a worker, but addresses of workers are to be distinct."""
    return ".".join(map(str, (127, *(1 + secrets.randbelow(254) for _ in range(3)))))


async def _until_lost(
    worker: Any, stop: asyncio.Event, follow: Follow, connected: Callable[[], None], *, usual: bool
) -> float:
    """Run a worker until its end, a signal, or a clock set right or wrong; others read the devices in its hands.

    Return the seconds of its clock ahead of the scheduler's.
    """
    await worker
    close_ports(worker)
    send_together(worker, _GATHER_S)
    if usual and _right(worker.scheduler_delay):
        connected()
    following = asyncio.create_task(follow(worker))
    ends = {asyncio.create_task(worker.finished()), asyncio.create_task(stop.wait())}
    while _right(worker.scheduler_delay) == usual and not any(end.done() for end in ends):
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED, timeout=_LIFE_S)
    for task in (following, *ends):
        task.cancel()
    await worker.close(timeout=2, executor_wait=False)
    return float(-worker.scheduler_delay)


async def _live() -> None:
    """Put the end of the process off again and again: the interpreter must be free."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # a full pipe would hold the end up
        while True:
            faulthandler.dump_traceback_later(_STUCK_S, exit=True, file=nowhere)
            await asyncio.sleep(_LIFE_S)


def _signals() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _silence() -> None:
    """Keep the notes of Dask from the terminal."""
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
