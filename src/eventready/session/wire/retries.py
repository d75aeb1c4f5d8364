"""Repeated attempts to connect, with pauses."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import inf
from time import monotonic, sleep
from typing import TypeVar

from eventready.session.reply import SessionError

T = TypeVar("T")

_BACKOFF_S = 0.5


def with_retries(attempt: Callable[[], T], attempts: int, deadline: float = inf) -> T:
    """Return the result of `attempt`, repeated after retryable errors with exponential backoff and jitter.

    No pause reaches the monotonic time `deadline`. Raises the SessionError of the last attempt.
    """
    for number in range(1, attempts):
        try:
            return attempt()
        except SessionError as error:
            pause = _BACKOFF_S * 2 ** (number - 1) * random.uniform(0.5, 1.5)  # noqa: S311  jitter, no secret
            if not error.retryable or monotonic() + pause >= deadline:
                raise
        sleep(pause)
    return attempt()
