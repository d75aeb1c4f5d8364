"""Private parts of Dask in use: another release without one of them fails here, by its name."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventready.audit.collectors.cluster import bridge
from eventready.audit.collectors.cluster.dask_parts import (
    CONNECTIONS,
    SETTINGS,
    comm_of_worker,
    comms_of_scheduler,
    connect_by,
    require_distributed,
    security_of,
    send_together,
)

distributed = pytest.importorskip("distributed")
RELEASE = f"in distributed {distributed.__version__}"


def _holds_comms(scheduler: Any, worker: Any) -> bool:
    return comm_of_worker(worker).local_address in {comm.peer_address for comm in comms_of_scheduler(scheduler)}


def _reaches_scheduler(scheduler: Any, worker: Any) -> bool:
    return bool(comm_of_worker(worker).peer_address == scheduler.address and not comm_of_worker(worker).closed())


def _sends_together(_scheduler: Any, worker: Any) -> bool:
    known = "interval" in vars(worker.batched_stream)
    send_together(worker, 0.3)
    return known and vars(worker.batched_stream)["interval"] == 0.3


PARTS: dict[str, Callable[[Any, Any], bool]] = {
    "Scheduler._comms": _holds_comms,
    "Worker.batched_stream.comm": _reaches_scheduler,
    "Worker.batched_stream.interval": _sends_together,
}


@pytest.mark.parametrize("part", PARTS)
def test_a_private_part_is_as_it_was(part: str) -> None:
    where: dict[str, Any] = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}

    async def run() -> bool:
        made = require_distributed()
        async with (
            made.Scheduler(port=0, **where) as scheduler,
            made.Worker(scheduler.address, nthreads=1, memory_limit=0, **where) as worker,
        ):
            return PARTS[part](scheduler, worker)

    assert asyncio.run(run()), f"no {part} {RELEASE}"


def test_a_client_connects_by_open_connections_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed.comm.tcp.BaseTCPConnector, "client", None)

    async def run() -> int:
        made = require_distributed()
        async with made.Scheduler(host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0") as one:
            place = ("127.0.0.1", one.port)
            connections = [socket.create_connection(place) for _ in range(CONNECTIONS)]
            connect_by(connections)
            async with made.Client(one.address, asynchronous=True, connection_limit=1) as client:
                for _ in range(3):
                    assert await client.scheduler.identity()
            return len(connections)

    assert asyncio.run(run()) == 0, f"no BaseTCPConnector.client {RELEASE}"


def test_a_slow_handshake_goes_on_when_dask_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask gives up an attempt after a fifth of its time; there is no other connection for a second one."""
    from tornado.iostream import IOStream

    own: Any = distributed.comm.tcp.BaseTCPConnector
    monkeypatch.setattr(own, "client", None)

    async def run() -> bool:
        ours, theirs = socket.socketpair()
        ready = asyncio.Event()

        async def start_tls(stream: Any, *_: Any) -> Any:
            await ready.wait()
            return stream

        monkeypatch.setattr(IOStream, "start_tls", start_tls)
        with ours, theirs:
            connect_by(connections := [ours])

            async def connected() -> Any:
                return await own.client.connect("127.0.0.1", 0, max_buffer_size=1000, ssl_options=True)

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connected(), 0.01)
            ready.set()
            return (await connected()).socket is ours and not connections

    assert asyncio.run(run())


def test_the_scheduler_is_connected_after_the_slow_imports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It waits some seconds for a handshake, which on a loaded machine an import takes."""

    class ImportedError(Exception):
        """The import has come."""

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        def imports() -> None:
            with pytest.raises(BlockingIOError):
                listener.accept()
            raise ImportedError

        monkeypatch.setattr(bridge, "require_distributed", imports)
        place = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(ImportedError):
            bridge._run({"scheduler": place, "certificates": str(tmp_path), "unconfined": True, "topic": "t"})


def test_connections_take_our_contexts() -> None:
    contexts = {purpose.shortname: ssl.create_default_context(purpose) for purpose in ssl.Purpose}
    files = dict.fromkeys(("tls_ca_file", "tls_client_cert", "tls_scheduler_cert", "tls_worker_cert"), "none.pem")
    security: Any = security_of(contexts, **files)
    taken = security.get_connection_args("worker")["ssl_context"], security.get_listen_args("worker")["ssl_context"]
    own = tuple(contexts[purpose.shortname] for purpose in (ssl.Purpose.SERVER_AUTH, ssl.Purpose.CLIENT_AUTH))
    assert taken == own, f"no Security._get_tls_context {RELEASE}"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_one_of_dask(name: str) -> None:
    import dask

    defaults = next(dict(one) for one in dask.config.defaults if "scheduler" in one.get("distributed", {}))
    assert dask.config.get(name, config=defaults, default=SETTINGS) is not SETTINGS, f"no setting {name} {RELEASE}"
