"""Process of a probe stream: `python -m eventready.session.probes.prober KIND HOST PORT --rate 50 --flows 16`.

A process of its own, so that a lab can start it inside a network namespace, and so that other work of the drill does
not delay a request. It writes a record (`RECORD`) per request as soon as its fate is known, with times of
CLOCK_MONOTONIC in seconds, and ends when its standard input ends.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import selectors
import struct
import sys
import time
from contextlib import suppress

from eventready.core.errors import EventreadyError
from eventready.session.probes.flow import FlowOptions
from eventready.session.probes.outage import Sample
from eventready.session.probes.sender import Sender

#: A request without an answer after this time is lost.
TIMEOUT_S = 1.0
#: No drill sends longer than this, whatever becomes of the process that started the prober.
LONGEST_S = 7200.0
#: Flow, sequence number, time of sending, time of the answer (NaN without one).
RECORD = struct.Struct("<HIdd")
_FLUSH_S = 0.02


class _Output:
    """Records on the way to standard output, which never blocks the sender."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._flushed = 0.0
        os.set_blocking(sys.stdout.fileno(), False)

    def add(self, flow: int, sample: Sample) -> None:
        """Add the record of a request."""
        received = math.nan if sample.received is None else sample.received
        self._waiting += RECORD.pack(flow, sample.sequence, sample.sent, received)

    def flush(self) -> None:
        """Write waiting records without blocking, some milliseconds after the last time."""
        now = time.monotonic()
        if self._waiting and now - self._flushed >= _FLUSH_S:
            self._flushed = now
            with suppress(BlockingIOError):
                del self._waiting[: os.write(sys.stdout.fileno(), self._waiting)]

    def finish(self) -> None:
        """Write the rest."""
        os.set_blocking(sys.stdout.fileno(), True)
        while self._waiting:
            del self._waiting[: os.write(sys.stdout.fileno(), self._waiting)]


class _Input:
    """Standard input: its end is the end of the stream."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.ended = False
        self._selector = selector
        selector.register(sys.stdin, selectors.EVENT_READ, self._read)

    def _read(self) -> None:
        if not os.read(sys.stdin.fileno(), 512):
            self._selector.unregister(sys.stdin)
            self.ended = True


def _ask_for_time() -> None:
    """Request real-time scheduling, where allowed: a waiting prober is void."""
    gc.disable()
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def _send(options: FlowOptions, rate: float, wait_s: float) -> None:
    output = _Output()
    sender = Sender(options, rate, wait_s, output.add)
    given = _Input(sender.selector)
    _ask_for_time()

    def stopped() -> bool:
        output.flush()
        return given.ended

    sender.run(stopped, LONGEST_S)
    output.finish()


def main(arguments: list[str] | None = None) -> int:
    """Send the stream of the arguments. Return 2 with a sentence on stderr if the stream cannot be sent."""
    parser = argparse.ArgumentParser(prog="eventready.session.probes.prober", description=__doc__)
    parser.add_argument("kind")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--wait", type=float, default=TIMEOUT_S)
    parser.add_argument("--flows", type=int, default=16)
    parser.add_argument("--argument", default="")
    parser.add_argument("--status", type=int, default=200)
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--address", action="append", default=[])
    parser.add_argument("--source", action="append", default=[])
    given = parser.parse_args(arguments)
    options = FlowOptions(
        given.kind, given.host, given.port, given.argument, given.flows, given.status, tuple(given.address),
        tuple(given.source), given.size,
    )  # fmt: skip
    try:
        _send(options, given.rate, given.wait)
    except EventreadyError as error:
        print(error, file=sys.stderr)
        return int(error.exit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
