"""Server of a change: its progress and its questions to the attached terminals, and their answers."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Self

from eventready.change.execute.attach.records import (
    FROM_TERMINAL,
    TO_TERMINAL,
    BeginsAt,
    ChangeBegun,
    DeviceDone,
    Interrupt,
    OperatorAnswer,
    OperatorQuestion,
    ProcessOf,
    QuestionOver,
    StepBegun,
    ToTerminal,
    WaveBegun,
)
from eventready.change.execute.attach.sockets import Lines, is_own, listen
from eventready.change.execute.context import ChangeProgress
from eventready.change.execute.result import AssignmentResult
from eventready.core.records import ShapeError

#: Seconds between two looks for an answer, for a typed one-time code, and for terminals to read the end.
_LOOK_S, _CODE_S, _LAST_S = 0.2, 170.0, 3.0


class _Terminal:
    """Attached terminal: number of its records sent, and the rest of a record sent in part."""

    def __init__(self, connection: socket.socket, head: bytes) -> None:
        connection.setblocking(False)
        self.connection, self.lines = connection, Lines(connection)
        self._rest, self._sent = head, 0

    def send(self, records: Sequence[bytes]) -> bool:
        """Send as much as the terminal takes; return True if nothing is left. Raises OSError."""
        while self._rest or self._sent < len(records):
            if not self._rest:
                self._rest = records[self._sent]
                self._sent += 1
            try:
                self._rest = self._rest[self.connection.send(self._rest) :]
            except BlockingIOError:
                return False
        return True


class AttachServer(ChangeProgress):
    """Server of the process of a change, from its begin (`with server:`) to its end.

    A terminal gets all records from the begin, and none delays the change. `progress` is informed too. `rings` is
    called with each question and the seconds left; for a code only without an attached terminal. `attached`: terminals.
    """

    def __init__(self, workspace: Path, process: ProcessOf, progress: ChangeProgress) -> None:
        """Open the socket. Raises OSError."""
        self._listener, self.path = listen(workspace)
        self._process, self._progress = process, progress
        self.rings: Callable[[str, OperatorQuestion, float], None] = lambda _change, _question, _left_s: None
        self.attached = 0
        self._records: list[bytes] = []
        self._changed = Condition()
        self._question: OperatorQuestion | None = None
        self._answer: str | None = None
        self._questions, self._left, self._waiting = 0, 0, dict[str, float]()
        self._word: bool | None = None
        self._ends = False

    def __enter__(self) -> Self:
        """Serve from a thread."""
        self._process = replace(self._process, pid=os.getpid())
        self._wakes, self._woken = socket.socketpair()
        self._wakes.setblocking(False)
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the terminals read the last records, and close the socket."""
        self._ends = True
        self._wake()
        self._thread.join(2 * _LAST_S)
        self.path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Close the socket in a process without the change."""
        self._listener.close()

    def publish(self, record: ToTerminal) -> None:
        """Send a record to all terminals, also to those attached later."""
        self._records.append(TO_TERMINAL.encode(record) + b"\n")
        self._wake()

    # ------------------------------------------------------------------ progress

    def waits(self, change: str, at: datetime, real: datetime) -> None:
        """See ChangeProgress."""
        self.publish(BeginsAt(change, at, real))
        self._progress.waits(change, at, real)

    def begun(self, change: str, devices: int) -> None:
        """See ChangeProgress."""
        self._process = replace(self._process, change=self._process.change or change)
        self._left = 0
        self.publish(ChangeBegun(change, devices))
        self._progress.begun(change, devices)

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """See ChangeProgress."""
        with self._changed:
            self._left += len(devices)  # a wave may begin while the one before soaks
            self._word = None
        self.publish(WaveBegun(number, of, tuple(devices)))
        self._progress.wave(number, of, devices)

    def step(self, device: str, step: str) -> None:
        """See ChangeProgress."""
        self.publish(StepBegun(device, step))
        self._progress.step(device, step)

    def done(self, result: AssignmentResult) -> None:
        """See ChangeProgress."""
        with self._changed:
            self._left = max(0, self._left - 1)
        self.publish(DeviceDone(result))
        self._progress.done(result)

    # ------------------------------------------------------------------ questions

    def word(self, device: str, left_s: float, sleep: Callable[[float], None]) -> bool | None:
        """Return the operator's word about all devices of the wave; None without a word in time.

        The question comes once all devices of the wave wait.
        """
        until = time.monotonic() + left_s
        with self._changed:
            self._waiting[device] = until
        try:
            while time.monotonic() < until and self._heard() is None:
                sleep(_LOOK_S)
            return self._word
        finally:
            with self._changed:
                del self._waiting[device]
                if not self._waiting:
                    self._close_question("word")

    def _heard(self) -> bool | None:
        with self._changed:
            if self._word is None and self._question is None and len(self._waiting) == self._left:
                self._ask(OperatorQuestion(0, "word", min(self._waiting.values()), tuple(sorted(self._waiting))))
            if self._word is None and self._asks("word") and self._answer is not None:
                self._word = self._answer == "yes"
                self._close_question("word")
            return self._word

    def code(self, question: str) -> str:
        """Return the code typed for the question of a login. Raises EOFError without a code in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._question is None, _CODE_S):
                raise EOFError
            self._ask(OperatorQuestion(0, "code", time.monotonic() + _CODE_S, text=question))
            self._changed.wait_for(lambda: self._answer is not None, _CODE_S)
            answer = self._answer
            self._close_question("code")
        if answer is None:
            raise EOFError
        return answer

    def _ask(self, question: OperatorQuestion) -> None:
        self._questions += 1
        self._question, self._answer = replace(question, number=self._questions), None
        self.publish(self._question)
        if question.about == "word" or not self.attached:
            with suppress(Exception):
                self.rings(self._process.change, self._question, question.until_s - time.monotonic())

    def _asks(self, kind: str) -> bool:
        return self._question is not None and self._question.about == kind

    def _close_question(self, kind: str) -> None:
        if self._question is not None and self._asks(kind):
            self.publish(QuestionOver(self._question.number))
            self._question, self._answer = None, None
            self._changed.notify_all()

    # ------------------------------------------------------------------ terminals

    def _wake(self) -> None:
        with suppress(OSError, AttributeError):  # before the thread, and with many wakes waiting
            self._wakes.send(b"!")

    def _serve(self) -> None:
        self._listener.setblocking(False)
        last = float("inf")
        with selectors.DefaultSelector() as found, self._listener, self._woken:
            found.register(self._listener, selectors.EVENT_READ)
            found.register(self._woken, selectors.EVENT_READ)
            while time.monotonic() < last:
                ends = self._ends  # all records are there then
                self._accept(found)
                if not self._behind(found) and ends:
                    break
                last = min(last, time.monotonic() + _LAST_S) if ends else last
                for key, events in found.select(_LOOK_S if ends else None):
                    if key.fileobj is self._woken:
                        self._woken.recv(4096)
                    elif key.data is not None and events & selectors.EVENT_READ:
                        self._hear(found, key.data)

    def _accept(self, found: selectors.BaseSelector) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                if is_own(connection):
                    head = TO_TERMINAL.encode(self._process) + b"\n"
                    found.register(connection, selectors.EVENT_READ, _Terminal(connection, head))
                    self.attached += 1
                else:
                    connection.close()

    def _behind(self, found: selectors.BaseSelector) -> bool:
        """Send to all terminals; return True while a terminal has not taken all."""
        behind = False
        for terminal in [key.data for key in found.get_map().values() if key.data is not None]:
            try:
                late = not terminal.send(self._records)
            except OSError:
                self._drop(found, terminal)
                continue
            found.modify(terminal.connection, selectors.EVENT_READ | (late and selectors.EVENT_WRITE), terminal)
            behind = behind or late
        return behind

    def _hear(self, found: selectors.BaseSelector, terminal: _Terminal) -> None:
        for line in terminal.lines.read():
            with suppress(ShapeError):
                self._take(FROM_TERMINAL.read(line))
        if not terminal.lines.open:
            self._drop(found, terminal)

    def _drop(self, found: selectors.BaseSelector, terminal: _Terminal) -> None:
        self.attached -= 1
        found.unregister(terminal.connection)
        terminal.connection.close()

    def _take(self, record: OperatorAnswer | Interrupt) -> None:
        if isinstance(record, Interrupt):
            os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C at this process
            return
        with self._changed:
            if self._question is not None and record.number == self._question.number and self._answer is None:
                self._answer = record.text
                self._changed.notify_all()
