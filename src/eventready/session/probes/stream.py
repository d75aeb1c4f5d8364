"""Probe stream: prober process, samples of each flow, end."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready.session.probes.flows import FlowOptions
from eventready.session.probes.measurement import Sample
from eventready.session.probes.prober import RECORD, TIMEOUT_S, request_of

_END_S = 5.0
_CHUNK = 65_536
#: An answer younger than this shows that a flow is answered now: this time, or two requests.
_RECENT_S, _RECENT_REQUESTS = 1.5, 2.0


@dataclass(frozen=True)
class StreamTarget:
    """Destination of a stream. `launcher`: the words before the prober's command: a network namespace of a lab."""

    kind: str
    host: str
    port: int = 0
    argument: str = ""
    launcher: tuple[str, ...] = ()


@dataclass(frozen=True)
class StreamPlan:
    """Requests of a stream. `rate`: per second and flow; `limit_s`: a later answer is a loss.

    status, addresses: of a right answer of `http` and `dns`; `sources`: local addresses of the flows; `size`: bytes of
    an echo request.
    """

    rate: float
    flows: int = 16
    limit_s: float = TIMEOUT_S
    status: int = 200
    addresses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    size: int = 0

    @property
    def wait_s(self) -> float:
        """Time for an answer: beyond the limit, for the round trip of late answers."""
        return max(TIMEOUT_S, 1.5 * self.limit_s)


@dataclass
class ProbeStream:
    """Running prober. `finish` ends the process; `samples` has the requests of each flow.

    `ended`: monotonic time.
    """

    name: str
    kind: str
    plan: StreamPlan
    process: subprocess.Popen[bytes]
    samples: list[list[Sample]] = field(default_factory=list)
    ended: float = 0.0
    _answers: dict[int, float] = field(default_factory=dict)
    _reader: threading.Thread | None = None

    @classmethod
    def start(cls, name: str, target: StreamTarget, plan: StreamPlan) -> ProbeStream:
        """Start the prober of a target. Raises UsageError if the process cannot be started."""
        options = FlowOptions(
            target.kind, target.host, target.port, target.argument, plan.flows, plan.status, plan.addresses,
            plan.sources, plan.size,
        )  # fmt: skip
        request = request_of(options, plan.rate, plan.wait_s)
        command = [*target.launcher, sys.executable, "-m", "eventready.session.probes.prober", request]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True, bufsize=0,
            )  # fmt: skip
        except OSError as error:
            raise UsageError(message("drill:stream.not_started", name=name, reason=os_reason(error))) from None
        stream = cls(name, target.kind, plan, process, [[] for _ in range(plan.flows)])
        stream._reader = threading.Thread(target=stream._read, name=f"probe {name}", daemon=True)
        stream._reader.start()
        return stream

    def _read(self) -> None:
        waiting = b""
        while self.process.stdout and (chunk := self.process.stdout.read(_CHUNK)):
            waiting += chunk
            whole = len(waiting) - len(waiting) % RECORD.size
            for flow, sequence, sent, received in RECORD.iter_unpack(waiting[:whole]):
                self._note(flow, Sample(sequence, sent, None if math.isnan(received) else received))
            waiting = waiting[whole:]

    def _note(self, flow: int, sample: Sample) -> None:
        self.samples[flow].append(sample)
        if sample.received is not None and sample.received - sample.sent <= self.plan.limit_s:
            self._answers[flow] = sample.received

    @property
    def answered(self) -> bool:
        """True once each flow has had an answer in time."""
        return len(self._answers) == self.plan.flows

    @property
    def answered_now(self) -> bool:
        """True when each flow has had an answer a moment ago."""
        since = time.monotonic() - max(_RECENT_S, _RECENT_REQUESTS / self.plan.rate)
        return self.answered and all(received >= since for received in list(self._answers.values()))

    def finish(self) -> None:
        """End the prober after the requests under way. Raises UsageError after a failure of the prober."""
        self.ended = time.monotonic()
        if self.process.stdin:
            self.process.stdin.close()
        try:
            code = self.process.wait(_END_S + self.plan.wait_s)
        except subprocess.TimeoutExpired:
            self.kill()
            code = 0
        if self._reader:
            self._reader.join(_END_S)
        complaint = self.process.stderr.read().decode(errors="replace").strip() if self.process.stderr else ""
        if code:
            raise UsageError(message("drill:stream.failed", name=self.name, reason=_last_line(complaint)))

    def kill(self) -> None:
        """End the prober at once; samples are kept."""
        self.process.kill()
        self.process.wait()


def stop_all(streams: Sequence[ProbeStream]) -> None:
    """Kill every running prober."""
    for stream in streams:
        if stream.process.poll() is None:
            stream.kill()


def _last_line(text: str) -> str | Message:
    return lines_of(text)[-1] if text else message("drill:no_reason")
