"""Connection of the auditing process to a cluster: a process of its own with Dask's client, and pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from queue import Empty, Queue, SimpleQueue
from threading import Thread
from typing import Any

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.frames import Frame
from eventready.audit.collectors.cluster.labels import PART
from eventready.core.confinement import unconfinable
from eventready.core.errors import UsageError
from eventready.core.messages import message

#: Variables of the process: without those, Python does not start where they are needed.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "TZ")
#: Seconds until the process is killed; frames that wait: a client that floods waits itself.
_GRACE_S, _WAITING = 2.0, 12


class ClusterLink:
    """Requests to a cluster and its answers. Raises UsageError where nothing can confine the process."""

    def __init__(self, address: SchedulerAddress, topic: str) -> None:
        if not address.unconfined and (missing := unconfinable()):
            raise UsageError(message("audit:cluster.unconfined", missing=missing))
        self._events: Queue[Frame] = Queue(_WAITING)
        self._requests: SimpleQueue[Frame | None] = SimpleQueue()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        dask = {name: value for name, value in os.environ.items() if name.startswith("DASK_")}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "eventready.audit.collectors.cluster.bridge"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", close_fds=True,
            env={**environment, **dask}, start_new_session=True,
        )  # fmt: skip
        settings = {
            "scheduler": str(address), "certificates": str(address.certificates.resolve()), "topic": topic,
            "unconfined": address.unconfined,
        }  # fmt: skip
        self._requests.put(Frame(frames.SETTINGS, json.dumps(settings).encode()))
        Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()
        Thread(target=self._write, args=(self._process.stdin,), daemon=True).start()

    @property
    def process(self) -> int:
        """Id of the process."""
        return self._process.pid

    def request(self, key: str, labels: set[str], request: bytes) -> None:
        """Send a request to a worker with these labels."""
        head = json.dumps({"key": key, "labels": dict.fromkeys(sorted(labels), PART)}).encode()
        self._requests.put(Frame(frames.REQUEST, head + b"\n" + request))

    def receive(self, timeout_s: float) -> Frame | None:
        """Return the next frame of the cluster; None after the timeout."""
        with suppress(Empty):
            return self._events.get(timeout=timeout_s) if timeout_s > 0 else self._events.get_nowait()
        return None

    def close(self) -> None:
        """End the process; requests under way are dropped by the scheduler."""
        self._requests.put(None)
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        while self.receive(0):  # lets the thread that reads end
            pass

    def _write(self, stream: Any) -> None:
        """Hand over requests; a client without reading holds up this thread alone."""
        with suppress(OSError), stream:  # the end of the process is received next
            while frame := self._requests.get():
                frames.write_frame(stream, *frame)

    def _read(self, stream: Any) -> None:
        while frame := frames.read_frame(stream):
            self._events.put(frame)
        self._events.put(Frame(frames.END, b""))
