"""Process of its own for a change: outlives the terminal, the shell and the connection of its begin."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import NoReturn

from eventready.change.execute.attach.scope import enter_scope


def detach(work: Callable[[], int]) -> None:
    """Run `work` in a process of its own, without a terminal and in a session without a leader.

    What was resolved before stays in its memory. To be called before the first thread and the first connection.
    """
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        child = os.fork()
        if child == 0:
            _detached(work)
        os.waitpid(child, 0)
    finally:
        signal.signal(signal.SIGHUP, before)


def _detached(work: Callable[[], int]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        enter_scope()
        code = work()
    finally:
        os._exit(code)
