"""Probes of a drill: started, marked at the failure, observed before the repair, and measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from eventready.drill.record import ProbeResult
from eventready.drill.spec import STREAMS, Drill, Probe
from eventready.drill.targets import DrillTarget
from eventready.session.probes.outage import Interruption
from eventready.session.probes.stream import ProbeStream, stop_all

#: An answer younger than this shows that a stream is answered now.
_RECENT_S = 1.5


class CounterProbe(Protocol):
    """Probe by counters of a controller: `calls` and `stations`."""

    def begin(self) -> None:
        """Read before the failure. Raises UsageError when the controller has no such counters."""

    def end(self) -> ProbeResult:
        """Read while the failure stands, and compare. Raises UsageError."""


class Measuring:
    """All probes of a drill."""

    def __init__(self, drill: Drill, counters: Callable[[Probe], CounterProbe]) -> None:
        self._drill = drill
        self._counters: Mapping[str, CounterProbe] = {
            probe.name: counters(probe) for probe in drill.probes if probe.kind not in STREAMS
        }
        self._streams: dict[str, ProbeStream] = {}
        self._counted: dict[str, ProbeResult] = {}
        self._failed_at = 0.0
        self._repaired_at: float | None = None

    def start(self, target: DrillTarget) -> None:
        """Begin every probe. Raises UsageError."""
        for probe in self._drill.probes:
            if probe.kind in STREAMS:
                self._streams[probe.name] = ProbeStream.start(probe.name, target.stream(probe), probe.rate)
        for counter in self._counters.values():
            counter.begin()

    @property
    def answered(self) -> bool:
        """True when every stream has had an answer."""
        return all(stream.answered for stream in self._streams.values())

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The streams without any answer."""
        return tuple(name for name, stream in self._streams.items() if not stream.answered)

    @property
    def answered_now(self) -> bool:
        """True when every stream has had an answer a moment ago."""
        since = time.monotonic() - _RECENT_S
        return all(
            any(sample.received and sample.received >= since for sample in stream.samples[-200:])
            for stream in self._streams.values()
        )

    def mark(self) -> None:
        """Note the moment of the failure, from which outages are counted."""
        self._failed_at = time.monotonic()

    def observe(self) -> None:
        """Read the counters while the failure stands, and note the moment before the repair."""
        self._repaired_at = time.monotonic()
        self._counted = {name: counter.end() for name, counter in self._counters.items()}

    def finish(self) -> tuple[ProbeResult, ...]:
        """End the streams; a result per probe, in the order of the drill. Raises UsageError."""
        return tuple(
            self._counted[probe.name] if probe.name in self._counted else self._of_stream(probe)
            for probe in self._drill.probes
        )

    def abandon(self) -> None:
        """End every stream at once; nothing is measured."""
        stop_all(list(self._streams.values()))

    def _of_stream(self, probe: Probe) -> ProbeResult:
        measured = before_repair(self._streams[probe.name].finish(), self._repaired_at)
        by_loss = probe.outage_ms is None
        return ProbeResult(
            probe=probe.name,
            kind=probe.kind,
            value=measured.loss_percent if by_loss else measured.longest_ms,
            limit=float(probe.loss_percent or 0) if by_loss else float(probe.outage_ms or 0),
            unit="%" if by_loss else "ms",
            resolution=0.0 if by_loss else measured.resolution_ms,
            sent=measured.sent,
            lost=measured.lost,
            reordered=measured.reordered,
            outages=self._since_failure(measured),
        )

    def _since_failure(self, measured: Interruption) -> tuple[tuple[float, float | None], ...]:
        """(begin, end) of each outage in seconds after the failure."""
        return tuple(
            (
                round(outage.begin - self._failed_at, 4),
                None if outage.end is None else round(outage.end - self._failed_at, 4),
            )
            for outage in measured.outages
        )


def before_repair(measured: Interruption, repaired_at: float | None) -> Interruption:
    """Measurement without the end of outages still open at the repair."""
    if repaired_at is None:
        return measured
    outages = tuple(
        replace(outage, end=None)
        if outage.begin < repaired_at and (outage.end or repaired_at) >= repaired_at
        else outage
        for outage in measured.outages
    )
    return replace(measured, outages=outages)
