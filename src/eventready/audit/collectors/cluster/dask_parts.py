"""Dask: our settings, its private parts in use (each with a test by its name), and the task of a worker."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from socket import socket
from typing import TYPE_CHECKING, Any, TypeAlias

from eventready.core.errors import UsageError
from eventready.core.messages import message

if TYPE_CHECKING:
    from distributed import Security


#: Settings of Dask beneath its variables (DASK_...).
SETTINGS: Mapping[str, object] = {
    "distributed.scheduler.allowed-failures": 2,  # a device that took several workers with it is not tried for ever
    "distributed.scheduler.worker-ttl": "60s",  # a worker that says nothing is lost, and others read its devices
    "distributed.scheduler.http.routes": [],  # no page
    "distributed.worker.http.routes": [],  # no page
    "distributed.worker.profile.enabled": False,  # its samples of stacks cost processor time and show the code
    "distributed.worker.memory.target": False,  # answers with configurations are never written to a disk
    "distributed.worker.memory.spill": False,  # as above
    "distributed.worker.memory.pause": False,  # a machine short of memory would silently read nothing
    "distributed.scheduler.active-memory-manager.start": False,  # answers are sent at once: nothing is to be balanced
    "distributed.admin.low-level-log-length": 1,  # messages hold redacted answers, and are not kept
    "distributed.admin.tick.interval": "1s",  # the loop is watched by the process itself
    "distributed.admin.system-monitor.interval": "60s",  # nobody reads its figures
    "distributed.comm.timeouts.connect": "10s",  # a member behind a dead link is reported, not waited for
    "distributed.comm.timeouts.tcp": "20s",  # as above, for a connection that dies
    "distributed.comm.retry.count": 0,  # a lost connection is made anew with new labels
    "distributed.comm.compression": None,  # answers are compressed already
}


def require_distributed() -> Any:
    """Import Dask with our settings. Raises UsageError without the extra."""
    try:
        import dask  # noqa: PLC0415  of the extra `cluster`
        import distributed  # noqa: PLC0415  of the extra `cluster`
    except ImportError:
        raise UsageError(message("audit:cluster.no_extra")) from None
    dask.config.set(SETTINGS)
    dask.config.update(dask.config.config, dask.config.collect_env())
    return distributed


def comms_of_scheduler(scheduler: Any) -> Iterable[Any]:
    """Open connections to a scheduler."""
    comms: Iterable[Any] = scheduler._comms
    return comms


def comm_of_worker(worker: Any) -> Any:
    """Connection of a running worker to its scheduler."""
    return worker.batched_stream.comm


def send_together(worker: Any, seconds: float) -> None:
    """Send the messages of a running worker together, every so many seconds."""
    worker.batched_stream.interval = seconds


def security_of(contexts: Mapping[str, ssl.SSLContext], **files: str) -> Security:
    """Return Dask's settings of TLS with contexts by the short names of their purposes, made once: not from `files`."""
    from distributed import Security  # noqa: PLC0415  of the extra `cluster`

    class OwnContexts(Security):
        """TLS of Dask with a revocation list, and without a file after the start."""

        def _get_tls_context(self, _tls: Any, purpose: Any) -> ssl.SSLContext:
            return contexts[purpose.shortname]

    made: Any = OwnContexts
    security: Security = made(require_encryption=True, **files)
    return security


#: Connections of a client to its scheduler: the stream of messages, and questions one after the other.
CONNECTIONS = 2


def connect_by(connections: list[socket]) -> None:
    """Connect in this process by these open connections, each once, and by no other."""
    from distributed.comm.core import FatalCommClosedError  # noqa: PLC0415  of the extra `cluster`
    from distributed.comm.tcp import BaseTCPConnector  # noqa: PLC0415  of the extra `cluster`
    from tornado.iostream import IOStream  # noqa: PLC0415  of the extra `cluster`

    class OpenConnections:
        """Client of TCP by open connections.

        Dask gives up a slow handshake of TLS after a fifth of its time and tries again: the handshake goes on, since
        another connection is not to be had.
        """

        def __init__(self) -> None:
            self._slow: list[asyncio.Task[Any]] = []

        async def connect(self, host: str, _port: int, *, max_buffer_size: int, ssl_options: Any = None) -> Any:
            """Return the stream of the next connection."""
            if not (self._slow or connections):
                raise FatalCommClosedError("the scheduler closed the connection, or did not answer in time")
            task = self._slow.pop() if self._slow else asyncio.create_task(_stream(host, max_buffer_size, ssl_options))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                self._slow.append(task)
                raise

    async def _stream(host: str, max_buffer_size: int, ssl_options: Any) -> Any:
        stream = IOStream(connections.pop(), max_buffer_size=max_buffer_size)
        return await stream.start_tls(False, ssl_options, host) if ssl_options else stream

    own: Any = BaseTCPConnector
    own.client = OpenConnections()


def enter_by(passing: Callable[[Any, str], AbstractContextManager[None]]) -> None:
    """Let each incoming connection in this process pass its handshake inside a block, with its stream and address."""
    from distributed.comm.tcp import BaseTCPListener  # noqa: PLC0415  of the extra `cluster`

    own: Any = BaseTCPListener
    handle = own._handle_stream

    async def handle_stream(listener: Any, stream: Any, address: Any) -> None:
        with passing(stream, str(address[0])):
            await handle(listener, stream, address)

    own._handle_stream = handle_stream


def close_pages(server: Any) -> None:
    """Close the port of the empty pages of a scheduler or worker: any account of the machine could fill the process."""
    server.http_server.stop()


def close_ports(worker: Any) -> None:
    """Close all ports of a worker: nothing connects to a worker."""
    close_pages(worker)
    for listener in worker.listeners:
        listener.stop()


#: Takes a request, returns key, topic and answer.
Answering: TypeAlias = Callable[[bytes], tuple[str, str, bytes]]
_reader: list[Answering] = []


def read_by(answer: Answering) -> None:
    """Set the reader of this worker's workspace, before the worker connects."""
    _reader[:] = [answer]


def read_device(request: bytes) -> bytes:
    """Read the device of a request at a worker, and send the answer as bytes.

    Never raises and returns no content: results and exceptions of Dask's tasks are pickles, opened elsewhere. The
    answer goes through the worker's own connection to the scheduler, so that nothing connects to a worker.
    """
    from distributed import get_worker  # noqa: PLC0415  of the extra `cluster`

    try:
        key, topic, answer = _reader[0](request)
        get_worker().log_event(topic, (key, answer))
    except Exception:
        return b"failed"
    return b""
