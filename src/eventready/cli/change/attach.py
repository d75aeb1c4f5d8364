"""Terminal attached to the process of a change: its progress, its questions, and the choices of Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from select import select
from typing import TYPE_CHECKING, Self

from eventready.change.execute.attach.client import Attachment, attachments
from eventready.change.execute.attach.records import (
    BeginsAt,
    ChangeBegun,
    DeviceDone,
    Finished,
    Interrupt,
    NoResult,
    OperatorAnswer,
    OperatorQuestion,
    QuestionOver,
    StepBegun,
    ToTerminal,
    WaveBegun,
)
from eventready.change.execute.progress import ProgressReader, RecordedProgress
from eventready.cli.change.progress import ApplyProgress, ChangeInterrupted, report_result
from eventready.cli.context import App
from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import message
from eventready.store.store import Store

if TYPE_CHECKING:
    from types import FrameType

#: Descriptor of the terminal's input.
_INPUT = 0
#: Seconds between two readings of the record.
_READ_S = 1.0


class ChangeFailed(EventreadyError):
    """Failure of the process of a change, with its exit code."""


def attach(app: App, name: str) -> Exit:
    """Attach to the change called `latest`, or by its id, its plan, or a prefix. Raises UsageError without a process.

    Returns the exit code of the change.
    """
    found = None
    for link in attachments(app.workspace_path):
        head = link.head()
        if head is not None and (name == "latest" or head.change.startswith(name) or head.plan.startswith(name)):
            found = link
        else:
            link.close()
    if found is None:
        _refuse_lost(app, name)
        raise UsageError(message("cli:attach.none" if name == "latest" else "cli:attach.unknown", name=name))
    return follow(app, found)


def follow(app: App, link: Attachment, notices: Sequence[str] = ()) -> Exit:
    """Show a change until its end or until this terminal detaches; report its result. Raises its failure."""
    progress = ApplyProgress(interactive=app.shows_progress, notices=notices, lang=app.lang)
    follower, record = _Follower(app, link, progress), _Record(app)
    progress.recorded = lambda: record.progress(follower.latest)
    with record, link, progress:
        follower.run()
    change = follower.change
    match follower.end:
        case Finished(result=result):
            with app.open_store(make=False) as store:
                return report_result(app, result, store)
        case NoResult(reason=reason, exit=code):
            failed = ChangeFailed(reason)
            failed.exit = code
            raise failed
    if follower.detached:
        app.notify("cli:attach.detached_waiting" if follower.waits and not change else "cli:attach.detached")
        return Exit.INCOMPLETE
    if not change and follower.waits:
        raise ChangeInterrupted(message("cli:attach.lost_waiting", change=follower.waits))
    if not change:
        raise ChangeInterrupted(message("cli:apply.interrupted"))
    failed = ChangeFailed(message("cli:attach.lost", change=change))
    failed.exit = Exit.REVERT_FAILED
    raise failed


def _refuse_lost(app: App, name: str) -> None:
    """Raise UsageError for a change with a process lost before its begin."""
    if not Store.exists(app.workspace_path):
        return
    with app.open_store(make=False, only_reads=True) as store:
        for one in reversed(store.waiting.pending()):
            if one.state == "lost" and name in ("latest", one.id, one.announced.plan):
                raise UsageError(message("cli:attach.lost_waiting", change=one.id))


class _Record:
    """Record of a running change in the store, read once a second. Without a readable store there is none."""

    def __init__(self, app: App) -> None:
        self._app, self._opened = app, ExitStack()
        self._store: Store | None = None
        self._reader: ProgressReader | None = None
        self._last: RecordedProgress | None = None
        self._read_at = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def progress(self, change: str) -> RecordedProgress | None:
        """Return the progress of a change; None before its begin and after its end."""
        if change and time.monotonic() - self._read_at >= _READ_S:
            self._read_at, self._last = time.monotonic(), None
            with suppress(EventreadyError):
                self._last = self._read(change)
        return self._last if self._last and self._last.readable else None

    def _read(self, change: str) -> RecordedProgress | None:
        if self._store is None or self._reader is None:
            self._store = self._opened.enter_context(Store.of_workspace(self._app.workspace_path, make=False))
            self._reader = ProgressReader(self._store.changes)
        own = [one for one in self._store.changes.locks() if one.change == change]
        return next(iter(self._reader.read(own, self._app.clock.real())), None)


class _Follower:
    """Terminal at a running or waiting change. `end`: its last record; `detached`: left before.

    `waits` and `change`: its id, while it waits and once it has begun; `latest`: a way back, if begun.
    """

    def __init__(self, app: App, link: Attachment, progress: ApplyProgress) -> None:
        self.end: Finished | NoResult | None = None
        self.change, self.latest, self.detached = "", "", False
        self.waits = ""
        self._app, self._link, self._progress = app, link, progress
        self._asks = app.shows_progress and sys.stdin.isatty()
        self._question: OperatorQuestion | None = None
        self._choosing = False

    def run(self) -> None:
        """Follow until the end, or until this terminal detaches."""
        with self._interrupts() as pressed, _typed_as_before(self._asks):
            self._show_all()
            while self.end is None and not self.detached and self._link.open:
                asks = [_INPUT] if self._asks and (self._choosing or self._question) else []
                ready = select([self._link.fileno(), pressed, *asks], [], [])[0]
                if pressed in ready:
                    os.read(pressed, 64)
                    self._interrupted()
                elif _INPUT in ready:
                    self._typed()
                if self._link.fileno() in ready:
                    self._link.read()
                    self._show_all()

    @contextmanager
    def _interrupts(self) -> Iterator[int]:
        """Descriptor with a byte for each Ctrl-C in the block."""
        out, into = os.pipe()

        def press(_number: int, _frame: FrameType | None) -> None:
            os.write(into, b"!")

        before = signal.signal(signal.SIGINT, press)
        try:
            yield out
        finally:
            signal.signal(signal.SIGINT, before)
            os.close(out)
            os.close(into)

    def _show_all(self) -> None:
        for record in self._link.records():
            self._show(record)

    def _show(self, record: ToTerminal) -> None:
        progress = self._progress
        match record:
            case BeginsAt(change=change, at=at, real=real):
                self.waits = change
                progress.waits(change, at, real)
            case ChangeBegun(change=change, devices=devices):
                self.change, self.latest = self.change or change, change
                progress.begun(change, devices)
            case WaveBegun(number=number, of=of, devices=names):
                progress.wave(number, of, names)
            case StepBegun(device=device, step=step):
                progress.step(device, step)
            case DeviceDone(result=result):
                progress.done(result)
            case OperatorQuestion():
                self._ask(record)
            case QuestionOver():
                self._question = None
                self._prompt()
            case Finished() | NoResult():
                self.end = record

    # ------------------------------------------------------------------ questions

    def _ask(self, question: OperatorQuestion) -> None:
        self._question = question
        if self._asks:
            self._progress.ring()
            termios.tcflush(_INPUT, termios.TCIFLUSH)
        self._prompt()

    def _prompt(self) -> None:
        """Show the present question."""
        shown = self._asks and (self._choosing or self._question is not None)
        _echo(self._asks, on=self._choosing or self._question is None or self._question.about != "code")
        self._progress.prompt(self._question_text if shown else None)

    def _question_text(self) -> str:
        question = self._question
        if self._choosing or question is None:
            return self._app.text("cli:attach.choose" if self._begun else "cli:attach.choose_waiting")
        if question.about == "code":
            return question.text
        left = max(0, int(question.until_s - time.monotonic()))
        return self._app.text("change:word", devices=len(question.devices), left=f"{left // 60}:{left % 60:02}")

    def _interrupted(self) -> None:
        """Ask for a choice; a second Ctrl-C reverts, a Ctrl-C off a terminal detaches."""
        if not self._asks:
            self.detached = True
        elif self._choosing:
            self._choose("r" if self._begun else "c")
        else:
            self._choosing = True
            termios.tcflush(_INPUT, termios.TCIFLUSH)
            self._prompt()

    def _typed(self) -> None:
        """Take a line: a choice, a word, or a code."""
        line = b""
        with suppress(OSError):
            line = os.read(_INPUT, 4096)
        if not line:  # Ctrl-D, or the terminal is gone
            self.detached = True
            return
        text = line.decode(errors="replace").strip()
        question = self._question
        if self._choosing:
            self._choose(text.casefold())
        elif question is not None and question.about == "code":
            self._link.send(OperatorAnswer(question.number, text))
        elif question is not None and (word := self._meaning(text.casefold())):
            self._link.send(OperatorAnswer(question.number, word))

    @property
    def _begun(self) -> bool:
        """True unless the change waits for its begin."""
        return bool(self.change) or not self.waits

    def _choose(self, choice: str) -> None:
        self._choosing = False
        if choice.startswith("r" if self._begun else "c"):
            self._progress.say(self._app.text("cli:attach.reverts" if self._begun else "cli:attach.cancels"))
            self._link.send(Interrupt())
        self.detached = choice.startswith("d")
        self._prompt()

    def _meaning(self, word: str) -> str:
        """Return `yes`, `no`, or nothing for another line."""
        return next((one for one in ("yes", "no") if word in self._app.text(f"change:word.{one}").split()), "")


def _echo(terminal: bool, *, on: bool) -> None:
    """Show or hide the typed letters."""
    if terminal:
        settings = termios.tcgetattr(_INPUT)
        settings[3] = settings[3] | termios.ECHO if on else settings[3] & ~termios.ECHO
        termios.tcsetattr(_INPUT, termios.TCSADRAIN, settings)


@contextmanager
def _typed_as_before(terminal: bool) -> Iterator[None]:
    """Restore the settings of the terminal after the block."""
    settings = termios.tcgetattr(_INPUT) if terminal else None
    try:
        yield
    finally:
        if settings is not None:
            with suppress(termios.error):
                termios.tcsetattr(_INPUT, termios.TCSADRAIN, settings)
