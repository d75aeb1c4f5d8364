"""Process of Dask's client: requests from a pipe to the cluster, answers from the cluster to the pipe.

Dask's messages are pickles: a worker can run code in this process. So it begins with an empty environment, opens its
certificate, and confines itself before it connects: no file but those of Python, no connection but to the scheduler.
It handles bytes and opens none.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.dask_parts import read_device, require_distributed
from eventready.core.this_process import confine

#: Seconds between two looks at the workers and at lost requests; of requests handed over together, and their most.
_LOOK_S, _GATHER_S, _GATHERED = 1.0, 0.3, 24
#: Files of name resolution.
_RESOLVER = ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf")


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
                if kind == frames.END:
                    os._exit(0)
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

    def end(self, reason: str) -> None:
        """Report the end of the connection, and end."""
        self._out.put((frames.END, reason.encode("utf-8", "replace")[:1_000]))


async def _serve(address: SchedulerAddress, security: Any, topic: str, distributed: Any, out: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    bridge = None
    try:
        async with distributed.Client(str(address), security=security, asynchronous=True) as client:
            bridge = Bridge(client, out)
            client.subscribe_topic(topic, bridge.answered)
            Thread(target=_read, args=(loop, bridge), daemon=True).start()
            await bridge.look()
            reason = "lost"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    if bridge is None:
        frames.write_frame(out, frames.END, reason.encode("utf-8", "replace")[:1_000])
    else:
        bridge.end(reason)
        await asyncio.sleep(10)


def _read(loop: asyncio.AbstractEventLoop, bridge: Bridge) -> None:
    """Pass requests to the loop, until the auditing process ends."""
    while frame := frames.read_frame(sys.stdin.buffer):
        loop.call_soon_threadsafe(bridge.request, frame.data)
    os._exit(0)


def main() -> None:
    """Run with the settings in the first frame of the standard input."""
    first = frames.read_frame(sys.stdin.buffer)
    settings = json.loads(first.data) if first else {}
    distributed = require_distributed()
    address = SchedulerAddress.of(settings["scheduler"], Path(settings["certificates"]))
    security = address.security()
    readable = {*map(Path, filter(None, (*sys.path, sys.prefix, sys.base_prefix))), *map(Path, _RESOLVER)}
    confine((*readable, Path("/usr"), Path("/lib"), Path("/dev/urandom")), address.port)
    asyncio.run(_serve(address, security, settings["topic"], distributed, sys.stdout.buffer))


if __name__ == "__main__":
    main()
