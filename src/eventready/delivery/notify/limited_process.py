"""Process of its own for the call of a server: a request from the parent, an outcome back.

Servers are strangers: their answers fill this process, within limits of memory and time, and never the watch.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from eventready.core.this_process import limited_growth

#: Bytes of memory for the answers of servers.
_GROWTH = 128_000_000


class ProcessEnded(Exception):
    """The process ended without an outcome, or took too long."""


def run_in_process(module: str, request: Mapping[str, str | None], limit_s: float) -> Any:
    """Return the outcome of a request by a module with a call of `serve_request`. Raises ProcessEnded."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", module],
            input=json.dumps(request).encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=False, timeout=limit_s, cwd="/",
        )  # fmt: skip
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ProcessEnded(type(error).__name__) from None


def serve_request(work: Callable[..., Any], limit_s: int) -> None:
    """Do the work of the request on the standard input within the limits; print its outcome as JSON."""
    if sys.platform != "win32":
        signal.alarm(limit_s)  # a parent that was killed ends nobody
    request = json.load(sys.stdin.buffer)
    with limited_growth(_GROWTH):
        outcome = work(**request)
    json.dump(outcome, sys.stdout)
