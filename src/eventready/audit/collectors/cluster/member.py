"""Scheduler and worker of a cluster: processes to run until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import secrets
import signal
import ssl
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eventready.audit.collectors.cluster.address import SchedulerAddress, require_distributed
from eventready.audit.collectors.cluster.certificates import REVOKED
from eventready.audit.collectors.cluster.labels import WHOLE

#: Seconds between signs of life of the loop, and without one until the process ends: a thread holds the interpreter.
_LIFE_S, _STUCK_S = 2.0, 60.0
#: Seconds until the next attempt to reach the scheduler; of answers sent together, as each message has its price.
_AGAIN_S, _GATHER_S = 3.0, 0.1

#: Options of all workers: no page, no limit of memory, seconds until the scheduler answers.
_PLAIN: Mapping[str, Any] = {
    "dashboard": False, "dashboard_address": "127.0.0.1:0", "memory_limit": 0, "death_timeout": 10,
}  # fmt: skip

Notice = Callable[[str], None]


def run_scheduler(address: SchedulerAddress, started: Callable[[], None]) -> None:
    """Run a scheduler at an address of this machine. Raises UsageError, OSError."""
    distributed, security = require_distributed(), address.security()
    _silence()

    async def run() -> None:
        stop = _signals()
        async with distributed.Scheduler(
            host=address.host.strip("[]"), port=address.port, protocol=address.protocol, security=security,
            dashboard=False, dashboard_address="127.0.0.1:0",
        ):  # fmt: skip
            started()
            follow = asyncio.create_task(follow_revocations(address, security))
            await stop.wait()
            follow.cancel()

    asyncio.run(run())


async def follow_revocations(address: SchedulerAddress, security: Any) -> None:
    """Take each changed revocation list for new connections."""
    context: ssl.SSLContext | None = security.get_listen_args("scheduler").get("ssl_context")
    path, taken = address.certificates / REVOKED, 0
    while context is not None:
        with suppress(OSError):  # a list in the middle of its copy is read again
            changed = path.stat().st_mtime_ns
            if changed != taken:
                context.load_verify_locations(path)
                taken = changed
        await asyncio.sleep(_LIFE_S)


def run_worker(
    address: SchedulerAddress, name: str, *, threads: int, labels: Iterable[str], connected: Notice, lost: Notice
) -> None:
    """Run a worker against a scheduler, again after each loss, until a signal. Raises UsageError."""
    distributed, security = require_distributed(), address.security()
    _silence()
    resources = dict.fromkeys(labels, WHOLE)

    async def run() -> None:
        stop = _signals()
        life = asyncio.create_task(_live())
        while not stop.is_set():
            try:
                with TemporaryDirectory(prefix="eventready-worker-") as folder:
                    worker = distributed.Worker(
                        str(address), name=f"{name}#{os.getpid()}", nthreads=threads, resources=resources,
                        security=security, host=_loopback(), local_directory=folder, **_PLAIN,
                    )  # fmt: skip
                    await _until_lost(worker, stop, lambda: connected(str(address)))
            except (OSError, TimeoutError, RuntimeError, ValueError) as error:
                reason = str(error.__cause__ or error) or type(error).__name__
            else:
                reason = ""
            if not stop.is_set():
                lost(reason)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _AGAIN_S)
        life.cancel()

    asyncio.run(run())
    sys.stdout.flush()
    os._exit(0)  # threads that still read a device do not hold the process


def _loopback() -> str:
    """Return an address to listen on: nothing connects to a worker, but addresses of workers are to be distinct."""
    return ".".join(map(str, (127, *(1 + secrets.randbelow(254) for _ in range(3)))))


async def _until_lost(worker: Any, stop: asyncio.Event, connected: Callable[[], None]) -> None:
    """Run a worker until its end or a signal; other workers read the devices in its hands."""
    await worker
    worker.batched_stream.interval = _GATHER_S
    connected()
    ended, stopped = asyncio.create_task(worker.finished()), asyncio.create_task(stop.wait())
    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await worker.close(timeout=2, executor_wait=False)


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
