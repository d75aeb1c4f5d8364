"""Process of a probe stream: `python -m eventready.session.probes.prober REQUEST`.

A process of its own, so that a lab can start it inside a network namespace, and so that other work of the drill does
not delay a request. It writes a record (`RECORD`) per request as soon as its fate is known, with times of
CLOCK_MONOTONIC in seconds, and ends when its standard input ends.
"""

from __future__ import annotations

import gc
import json
import math
import os
import selectors
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from eventready.core.errors import EventreadyError
from eventready.session.probes.flows import ConnectionFlows, DnsFlows, FlowOptions, Flows, IcmpFlows, UdpFlows
from eventready.session.probes.measurement import Sample

_KINDS: dict[str, type[UdpFlows | DnsFlows | IcmpFlows | ConnectionFlows]] = {
    "icmp": IcmpFlows, "udp": UdpFlows, "dns": DnsFlows, "tcp": ConnectionFlows, "http": ConnectionFlows,
}  # fmt: skip
_MASK = 0xFFFF
#: Answers are looked for at least so often, for the requests whose time is over.
_LONGEST_WAIT_S = 0.05
#: Later than this, the schedule begins anew instead of catching up.
_LATE_S = 0.02


@dataclass
class Sender:
    """Stream under way. `rate`: requests per second of each flow; `wait_s`: time for an answer.

    report: receives each settled request with its flow, soon after its fate is known. `sent`: number of requests.
    """

    options: FlowOptions
    rate: float
    wait_s: float
    report: Callable[[int, Sample], None]
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _pending: dict[tuple[int, int], tuple[int, float]] = field(default_factory=dict)
    _due: deque[tuple[float, int, int]] = field(default_factory=deque)
    sent: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Open the flows. Raises UsageError."""
        self._flows: Flows = _KINDS[self.options.kind](self.options, self.selector, self._settled)
        self._step = 1.0 / (self.rate * self.options.flows)

    def run(self, stopped: Callable[[], bool], longest_s: float) -> None:
        """Send until `stopped` or until the time is over, and wait for the last answers."""
        begin = last = time.monotonic()
        try:
            while not stopped() and last - begin < longest_s:
                last = self._send_due(last)
                self._wait(last - time.monotonic())
            while self._pending:
                self._wait(_LONGEST_WAIT_S)
        finally:
            self._flows.close()

    def _send_due(self, due: float) -> float:
        """Send due requests; return the time of the next."""
        now = time.monotonic()
        if now - due > _LATE_S:
            due = now
        while due <= now:
            self._send(self.sent % self.options.flows, self.sent // self.options.flows)
            self.sent += 1
            due += self._step
        return due

    def _send(self, flow: int, sequence: int) -> None:
        sent = time.monotonic()
        self._pending[flow, sequence & _MASK] = sequence, sent
        self._due.append((sent + self.wait_s, flow, sequence))
        try:
            self._flows.send(flow, sequence & _MASK)
        except Exception:  # whatever happened, the request was not answered
            self._settled(flow, sequence & _MASK, False)
            self._flows.forget(flow, sequence & _MASK)

    def _wait(self, longest_s: float) -> None:
        for key, _events in self.selector.select(min(max(longest_s, 0.0), _LONGEST_WAIT_S)):
            key.data()
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, flow, sequence = self._due.popleft()
            key_of = flow, sequence & _MASK
            if self._pending.get(key_of, (None,))[0] == sequence:
                self._settled(*key_of, False)
                self._flows.forget(*key_of)

    def _settled(self, flow: int, sequence: int, right: bool) -> None:
        """Report a request once; a second or late answer is ignored."""
        found = self._pending.pop((flow, sequence), None)
        if found is not None:
            number, sent = found
            self.report(flow, Sample(number, sent, time.monotonic() if right else None))


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


def main(request: str) -> int:
    """Send the stream of a request (`request_of`). Return 2 with a sentence on stderr if the stream cannot be sent."""
    options, rate, wait_s = json.loads(request)
    try:
        _send(FlowOptions(**options), rate, wait_s)
    except EventreadyError as error:
        print(error, file=sys.stderr)
        return int(error.exit)
    return 0


def request_of(options: FlowOptions, rate: float, wait_s: float) -> str:
    """Return the argument of the process."""
    return json.dumps([asdict(options), rate, wait_s])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
