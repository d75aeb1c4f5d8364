"""Sender of a probe stream: a thread with a monotonic schedule, and requests settled by answers or by time.

A request that is due late is sent at once, and the schedule goes on from there: the gap stays visible in the times of
sending. The resolution of the schedule is the timer of epoll, a millisecond.
"""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from eventready.session.probes.connection_flows import ConnectionFlows
from eventready.session.probes.datagram_flows import DnsFlows, IcmpFlows, UdpFlows
from eventready.session.probes.flow import FlowOptions, Flows
from eventready.session.probes.outage import Sample

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
