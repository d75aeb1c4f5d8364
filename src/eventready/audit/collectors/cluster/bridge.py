"""Process of Dask's client: requests from a pipe to the cluster, answers from the cluster to the pipe.

Dask's messages are pickles: a worker can run code in this process. So it begins with an empty environment, opens its
certificate and its connections to the scheduler, and confines itself before it reads from them: no file but those of
Python, no other connection. It handles bytes and opens none.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.dask_parts import (
    CONNECTIONS,
    connect_by,
    read_device,
    require_distributed,
)
from eventready.core.confinement import confine, leave_network

#: Seconds between two looks at the workers and at lost requests; of requests handed over together, and their most.
_LOOK_S, _GATHER_S, _GATHERED = 1.0, 0.3, 24
#: Seconds until the scheduler has answered.
_CONNECT_S = 20.0


class Bridge:
    """Dask's client with the requests under way."""

    def __init__(self, client: Any, out: BinaryIO) -> None:
        self._client = client
        self._futures: dict[str, Any] = {}
        self._waiting: list[tuple[str, dict[str, Any], bytes]] = []
        self._out: SimpleQueue[tuple[bytes, bytes]] = SimpleQueue()
        Thread(target=self._write, args=(out,), daemon=True).start()

    def _write(self, out: BinaryIO) -> None:
        try:
            while True:
                kind, data = self._out.get()
                frames.write_frame(out, kind, data)
        except OSError:
            os._exit(1)

    def request(self, data: bytes) -> None:
        """Take a request for the cluster: a line of JSON, and the bytes for the worker."""
        head, _, task = data.partition(b"\n")
        wanted = json.loads(head)
        if not self._waiting:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_S, self._submit)
        self._waiting.append((wanted["key"], wanted["labels"], task))
        if len(self._waiting) >= _GATHERED:
            self._timer.cancel()
            self._submit()

    def _submit(self) -> None:
        waiting, self._waiting = self._waiting, []
        for labels in {json.dumps(labels) for _, labels, _ in waiting}:
            of_labels = [(key, task) for key, one, task in waiting if json.dumps(one) == labels]
            keys, tasks = [key for key, _ in of_labels], [task for _, task in of_labels]
            made = self._client.map(read_device, tasks, key=keys, resources=json.loads(labels), pure=False)
            self._futures.update(zip(keys, made, strict=True))

    def answered(self, event: Any) -> None:
        """Hand over the answer of a worker."""
        key, answer = event[1]
        if isinstance(answer, bytes) and self._futures.pop(str(key), None) is not None:
            self._out.put((frames.ANSWER, str(key).encode() + b"\n" + answer))

    async def look(self) -> None:
        """Report the workers and the lost requests, until the scheduler is lost."""
        while self._client.status == "running":
            await self._report()
            await asyncio.sleep(_LOOK_S)

    async def _report(self) -> None:
        found = await self._client.scheduler.identity()
        workers = [
            {"name": str(one["name"]), "threads": one["nthreads"], "labels": sorted(one["resources"])}
            for one in found["workers"].values()
        ]
        self._out.put((frames.WORKERS, json.dumps(workers).encode()))
        lost = [key for key, future in self._futures.items() if future.status != "pending"]  # an answer comes first
        for key in lost:
            del self._futures[key]
            self._out.put((frames.LOST, key.encode()))


async def _serve(client: Any, topic: str, out: BinaryIO) -> str:
    """Serve a client until the loss of the scheduler, and return the reason."""
    async with asyncio.timeout(_CONNECT_S):
        await client
    bridge = Bridge(client, out)
    client.subscribe_topic(topic, bridge.answered)
    Thread(target=_read, args=(asyncio.get_running_loop(), bridge), daemon=True).start()
    await bridge.look()
    return "lost"


def _read(loop: asyncio.AbstractEventLoop, bridge: Bridge) -> None:
    """Pass requests to the loop, until the auditing process ends."""
    while frame := frames.read_frame(sys.stdin.buffer):
        loop.call_soon_threadsafe(bridge.request, frame.data)
    os._exit(0)


def _sockets(address: SchedulerAddress) -> list[tuple[Any, list[socket.socket]]]:
    """Return the addresses of the scheduler, each with sockets in the network of the machine. Raises OSError."""
    found = socket.getaddrinfo(address.host.strip("[]"), address.port, type=socket.SOCK_STREAM)
    sockets: list[tuple[Any, list[socket.socket]]] = []
    for family, kind, protocol, _name, place in found:
        with suppress(OSError):  # a machine without this family
            sockets.append((place, [socket.socket(family, kind, protocol) for _ in range(CONNECTIONS)]))
    return sockets


def _connected(sockets: Sequence[tuple[Any, Sequence[socket.socket]]]) -> Sequence[socket.socket]:
    """Return the connected sockets of the first answering address. Raises OSError."""
    failed = OSError("no socket for an address of the scheduler")
    for place, own in sockets:
        try:
            for one in own:
                one.settimeout(_CONNECT_S)
                one.connect(place)
        except OSError as error:
            failed = error
        else:
            return own
    raise failed


def _run(settings: Mapping[str, Any]) -> str:
    """Serve in confinement until the loss of the scheduler, and return the reason. Raises OSError."""
    address = SchedulerAddress.of(settings["scheduler"], Path(settings["certificates"]))
    sockets, confined = _sockets(address), not settings["unconfined"]
    alone = confined and leave_network()  # before Dask, which may begin a thread
    distributed = require_distributed()
    connections: list[socket.socket] = []
    connect_by(connections)
    security = address.security()
    connections.extend(_connected(sockets))  # after the slow imports: the scheduler waits some seconds for a handshake
    if confined:
        readable = {*map(Path, filter(None, (*sys.path, sys.prefix, sys.base_prefix)))}
        confine((*readable, Path("/usr"), Path("/lib"), Path("/dev/urandom")), alone=alone)

    async def serve() -> str:
        client = distributed.Client(
            str(address), security=security, asynchronous=True, connection_limit=1, timeout=_CONNECT_S
        )
        return await _serve(client, settings["topic"], sys.stdout.buffer)

    return asyncio.run(serve())


def main() -> None:
    """Run with the settings in the first frame of the standard input."""
    first = frames.read_frame(sys.stdin.buffer)
    try:
        reason = _run(json.loads(first.data)) if first else ""
    except TimeoutError:
        reason = f"no answer within {_CONNECT_S:.0f} s"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    frames.write_frame(sys.stdout.buffer, frames.END, reason.encode("utf-8", "replace")[:1_000])
    os._exit(0)


if __name__ == "__main__":
    main()
