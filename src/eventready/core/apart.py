"""Computations in a forked process, each within a limit of processor time.

The process stays for the next computation: a fork costs as much as the reading of several devices.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

if sys.platform == "linux":
    import resource

S = TypeVar("S")
T = TypeVar("T")
P = ParamSpec("P")

#: Waiting time per second of processor time: a computation that waits for ever is ended too.
_WAITS = 30
#: Seconds between two looks of an idle process at its parent.
_LOOK_S = 2.0


class ComputedTooLong(Exception):
    """The computation was ended at its limit."""


class Apart:
    """Process for computations in turn, with subjects known at its fork."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = Lock()
        self._process, self._child = os.getpid(), 0
        self._pipe: Connection | None = None
        self._subjects: dict[int, Any] = {}

    def compute(
        self, seconds: int, function: Callable[Concatenate[S, P], T], subject: S, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the result of `function`, at once on systems other than Linux. Arguments and result are pickled.

        Raises ComputedTooLong beyond `seconds` of processor time or a multiple in waiting, RuntimeError for an
        exception of `function`.
        """
        if sys.platform != "linux":
            return function(subject, *args, **kwargs)
        request = pickle.dumps((id(subject), function, args, kwargs, seconds))
        self._disown()
        answer = None
        with self._lock:
            try:
                pipe = self._open(subject)
                pipe.send_bytes(request)
                answer = pipe.recv_bytes() if pipe.poll(_WAITS * seconds) else None
            except (EOFError, OSError):
                pass
            finally:
                if answer is None:  # interrupted too: the next answer would be of this request
                    self._end()
        if answer is None:
            raise ComputedTooLong
        value, trace = pickle.loads(answer)  # noqa: S301  our own, from `_answer`
        if trace:
            raise RuntimeError(f"a computation in a process of its own failed:\n{trace}")
        return cast("T", value)

    def prepare(self, subjects: Iterable[Any]) -> None:
        """Start a process with these subjects, best before there are threads: a fork copies locks, not their owners."""
        found = {id(subject): subject for subject in subjects}
        if found and sys.platform == "linux":
            self._disown()
            with self._lock:
                self._end()
                self._subjects |= found
                self._open(next(iter(found.values())))

    def _disown(self) -> None:
        """Leave the process to the parent after a fork; a thread may hold the lock there."""
        if self._process != os.getpid():
            self._reset()

    def end(self) -> None:
        """End the process; the next computation starts another."""
        if self._process == os.getpid():
            with self._lock:
                self._end()

    def _open(self, subject: Any) -> Connection:
        if self._pipe is None or id(subject) not in self._subjects:
            self._end()
            self._subjects[id(subject)] = subject  # kept, and with that its id
            self._pipe, theirs = multiprocessing.Pipe()
            parent = os.getpid()
            with (
                warnings.catch_warnings()
            ):  # Python warns of forking beside threads; the child touches nothing of theirs
                warnings.simplefilter("ignore", DeprecationWarning)
                self._child = os.fork()
            if not self._child:
                self._pipe.close()
                _serve(theirs, self._subjects, parent)
            theirs.close()
        return self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        self._pipe = None


def _serve(pipe: Connection, subjects: dict[int, Any], parent: int) -> None:
    """Compute until the parent ends; beyond a limit the kernel ends this process."""
    with suppress(BaseException):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent decides
        while os.getppid() == parent:
            if pipe.poll(_LOOK_S):
                key, function, args, kwargs, seconds = pickle.loads(pipe.recv_bytes())  # noqa: S301  our own
                limit = math.ceil(time.process_time()) + seconds
                resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
                pipe.send_bytes(_answer(function, subjects[key], args, kwargs))
    os._exit(0)


def _answer(function: Callable[..., Any], subject: Any, args: Any, kwargs: Any) -> bytes:
    try:
        return pickle.dumps((function(subject, *args, **kwargs), ""))
    except Exception:
        return pickle.dumps((None, traceback.format_exc()))
