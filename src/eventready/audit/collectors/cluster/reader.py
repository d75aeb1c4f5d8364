"""Readings of single devices by the workers of a cluster, for commands with threads of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from math import inf
from queue import SimpleQueue
from threading import Event, Lock, Thread

from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import InvalidAnswer, ReadRequest
from eventready.audit.collectors.cluster.link import ClusterLink
from eventready.audit.collectors.cluster.reply_codec import decode_replies, decode_steps
from eventready.audit.collectors.cluster.requests import ClusterRequests, SchedulerLost, open_requests
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.facts.equipment import Equipment
from eventready.facts.observe import commands_for
from eventready.facts.platform import Platform
from eventready.session.diagnosis import Diagnosis
from eventready.session.reply import Reply, SessionError, Unreachable
from eventready.workspace.workspace import Workspace

#: Seconds between two looks at waiting requests, and until the next attempt to reach a lost scheduler.
_LOOK_S, _AGAIN_S = 0.5, 3.0

_Connected = tuple[ClusterRequests, ClusterLink]


class ClusterReader:
    """Reader for several threads. After a lost scheduler devices are unreachable until another connection.

    Raises UsageError for devices beyond the reach of all workers, SchedulerLost.
    """

    def __init__(
        self, platforms: Mapping[str, Platform], connect: Callable[[], AbstractContextManager[_Connected]]
    ) -> None:
        self._platforms, self._connect = platforms, connect
        self._lock, self._closed = Lock(), Event()
        self._lost: SessionError | None = None
        self._open = ExitStack()
        self._requests, self._link = self._open.enter_context(connect())
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def replies(self, device: str, facts: Sequence[str]) -> Sequence[Reply]:
        """Return the replies to the commands of facts. Raises SessionError."""
        commands = commands_for(self._platforms[device], facts)
        answer = self._answer(ReadRequest(device, tuple(facts), kind="replies"))
        try:
            return decode_replies(answer, commands)
        except InvalidAnswer as error:
            raise Unreachable(message("audit:cluster.invalid", reason=str(error))) from None

    def diagnose(self, device: str) -> Diagnosis:
        """Return the steps of a connection from a worker. Raises SessionError."""
        try:
            return decode_steps(self._answer(ReadRequest(device, kind="steps")), device)
        except InvalidAnswer as error:
            raise Unreachable(message("audit:cluster.invalid", reason=str(error))) from None

    def close(self) -> None:
        """End the connection, and the waits of other threads."""
        self._closed.set()
        self._fail(Unreachable(message("audit:cluster.lost", reason="-")))
        self._thread.join()
        self._open.close()

    def _answer(self, request: ReadRequest) -> bytes:
        """Return the answer to a request. Raises SessionError."""
        answers: SimpleQueue[bytes | SessionError] = SimpleQueue()
        with self._lock:
            if self._lost:
                raise self._lost.again()
            self._requests.add(request, lambda _request, answer: answers.put(answer))
            self._requests.send()
        answer = answers.get()
        if isinstance(answer, SessionError):
            raise answer.again()
        return answer

    def _fail(self, error: SessionError) -> None:
        with self._lock:
            self._lost = error
            self._requests.fail(None, error)

    def _work(self) -> None:
        while not self._closed.is_set():
            frame = self._link.receive(_LOOK_S)
            try:
                with self._lock:
                    self._requests.handle(frame)
                    self._requests.give_up()
                    self._requests.send()
            except SchedulerLost as error:
                self._fail(Unreachable(error.cause))
                self._again()

    def _again(self) -> None:
        """Connect again, until the end."""
        self._open.close()
        while not self._closed.wait(_AGAIN_S):
            try:
                self._requests, self._link = self._open.enter_context(self._connect())
            except (UsageError, SchedulerLost):
                continue
            self._lost = None
            return


@contextmanager
def open_reader(
    workspace: Workspace, equipment: Equipment, address: SchedulerAddress, seconds: float = inf
) -> Iterator[ClusterReader]:
    """Connect to a cluster for `seconds`. Raises UsageError, SchedulerLost."""
    connect = partial(
        open_requests, workspace, equipment.by_name, equipment.asking, address,
        nornir=workspace.nornir(), ends_at=time.monotonic() + seconds,
    )  # fmt: skip
    reader = ClusterReader(equipment.asking, connect)
    try:
        yield reader
    finally:
        reader.close()
