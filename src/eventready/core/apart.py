"""Computation in a forked process, within a limit of processor time."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

if sys.platform == "linux":
    import resource

T = TypeVar("T")


#: Waiting time per second of processor time: a computation that waits for ever is ended too.
_WAITS = 30


class ComputedTooLong(Exception):
    """The computation was ended at its limit."""


def computed_apart(compute: Callable[[], T], seconds: int) -> T:
    """Return the result of `compute`, at once on systems other than Linux.

    Raises ComputedTooLong beyond `seconds` of processor time or a multiple in waiting, RuntimeError for an exception
    of `compute`.
    """
    if sys.platform != "linux":
        return compute()
    reading, writing = os.pipe()
    with warnings.catch_warnings():  # Python warns of forking beside threads; the child touches nothing of theirs
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        os.close(reading)
        _compute(compute, writing, seconds)
    os.close(writing)
    try:
        answer = select.poll()
        answer.register(reading)
        if not answer.poll(1000 * _WAITS * seconds):
            os.kill(child, signal.SIGKILL)
        with os.fdopen(reading, "rb") as pipe:  # up to the end of the result: other children may hold the pipe open
            result: tuple[T | None, str] = pickle.load(pipe)  # noqa: S301  our own, from `_compute`
    except (EOFError, pickle.UnpicklingError):
        raise ComputedTooLong from None
    finally:
        os.waitpid(child, 0)
    value, trace = result
    if trace:
        raise RuntimeError(f"a computation in a process of its own failed:\n{trace}")
    return cast("T", value)


def _compute(compute: Callable[[], Any], writing: int, seconds: int) -> None:
    """Write the pickled result, and end this process; beyond the limit the kernel does."""
    with suppress(BaseException):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        try:
            data = pickle.dumps((compute(), ""))
        except Exception:
            data = pickle.dumps((None, traceback.format_exc()))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
        os._exit(0)
    os._exit(1)
