"""Probes of a drill: started, marked at the failure, observed before the repair, and measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.drill.spec import STREAMS, Drill, Probe
from eventready.drill.steps import FlowFigures, ProbeMeasure, ProbeResult
from eventready.drill.targets import DrillTarget
from eventready.facts.observation import Observation
from eventready.facts.records import AccessPoint, ChannelRequests, Fact, Radio, RadioLoad
from eventready.facts.rows import FactRows, PartialFact
from eventready.session.probes.flows import NEW_PORTS
from eventready.session.probes.measurement import Measurement, Outage, Times, measure
from eventready.session.probes.stream import ProbeStream, StreamPlan, stop_all

#: An answer that takes longer is a loss, unless the probe allows a longer round trip.
_ANSWER_MS = 500.0
#: Requests were not sent for longer than this: the prober was stopped or had no processor, and measured nothing.
_GAP_MS = 20.0
#: Outages of a stream on record.
_KEPT = 20


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
                self._streams[probe.name] = ProbeStream.start(probe.name, target.stream(probe), plan_of(probe))
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
        """True when every flow of every stream has had an answer a moment ago."""
        return all(stream.answered_now for stream in self._streams.values())

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
        stream = self._streams[probe.name]
        stream.finish()
        times = Times(self._failed_at, self._repaired_at or stream.ended, stream.ended)
        limit_s = plan_of(probe).limit_s
        found = measure(stream.samples, probe.rate, limit_s, times, new_ports=probe.kind in NEW_PORTS)
        return stream_result(probe, found, self._failed_at)


def plan_of(probe: Probe) -> StreamPlan:
    """Return the plan of a probe's stream: an answer counts within the round trip allowed, or the outage allowed."""
    limit_ms = probe.latency_ms or min(_ANSWER_MS, probe.outage_ms or _ANSWER_MS)
    return StreamPlan(
        probe.rate, probe.flows, limit_ms / 1000, probe.status, probe.addresses, probe.source_addresses, probe.size
    )  # fmt: skip


def stream_result(probe: Probe, found: Measurement, failed_at: float) -> ProbeResult:
    """Result of a stream: every given limit, or the reason for no measurement. `failed_at`: monotonic time."""
    void = _void(found)
    measures = _measures(probe, found)
    first = measures[0]
    return ProbeResult(
        probe=probe.name,
        kind=probe.kind,
        value=None if void else first.value,
        limit=first.limit,
        unit=first.unit,
        resolution=found.resolution_ms if first.unit == "ms" else 0.0,
        sent=found.sent,
        lost=found.lost,
        reordered=found.reordered,
        outages=_since_failure(found.worst, failed_at),
        measures=measures,
        flows=FlowFigures(found.flows, found.hit, found.median_ms, found.loss_percent, found.round_trip_ms),
        void=void,
    )


def _void(found: Measurement) -> str | Message:
    """Reason for a stream without a measurement; empty otherwise."""
    if not found.requested:
        return message("drill:void.nothing")
    return message("drill:void.gap", ms=found.gap_ms, limit=_GAP_MS) if found.gap_ms > _GAP_MS else ""


def _measures(probe: Probe, found: Measurement) -> tuple[ProbeMeasure, ...]:
    given: list[ProbeMeasure] = []
    if probe.outage_ms is not None:
        given += [
            ProbeMeasure("outage", found.longest_ms, probe.outage_ms, "ms"),
            ProbeMeasure("repair", found.repair_ms, probe.outage_ms, "ms"),
        ]
    if probe.loss_percent is not None:
        given.append(ProbeMeasure("loss", found.loss_percent, probe.loss_percent, "%"))
    if probe.latency_ms is not None:
        given.append(ProbeMeasure("latency", found.slowest_ms, probe.latency_ms, "ms"))
    return tuple(given)


def _since_failure(outages: Sequence[Outage], failed_at: float) -> tuple[tuple[float, float | None], ...]:
    """(begin, end) of the longest outages in seconds after the failure, in the order of time."""
    longest = sorted(outages, key=lambda one: math.inf if one.end is None else one.end - one.begin)[-_KEPT:]
    return tuple(
        (round(one.begin - failed_at, 4), None if one.end is None else round(one.end - failed_at, 4))
        for one in sorted(longest, key=lambda one: one.begin)
    )


#: Reads facts of one device now.
ReadFacts = Callable[[str, Sequence[str]], Sequence[Observation]]

_REQUESTS = ("channel_requests",)
_STATIONS = ("access_point", "radio", "radio_24", "radio_load", "radio_load_24")


def counter_probe(probe: Probe, read: ReadFacts) -> CounterProbe:
    """The counter probe of a kind."""
    return CallProbe(probe, read) if probe.kind == "calls" else StationProbe(probe, read)


class CallProbe:
    """Channel requests refused by a BSC during the failure, all cells together, in percent."""

    def __init__(self, probe: Probe, read: ReadFacts) -> None:
        self._probe, self._read = probe, read
        self._before: dict[str, ChannelRequests] = {}

    def begin(self) -> None:
        """Read the counters."""
        self._before = self._requests()

    def end(self) -> ProbeResult:
        """Read the counters again; cells with cleared counters are left out."""
        total = refused = 0
        for cell, row in self._requests().items():
            before = self._before.get(cell)
            if before and row.total >= before.total and row.refused >= before.refused:
                total += row.total - before.total
                refused += row.refused - before.refused
        value = 100.0 * refused / total if total else None
        return ProbeResult(
            probe=self._probe.name, kind="calls", value=value, limit=float(self._probe.refused_percent or 0), unit="%",
            sent=total, lost=refused,
        )  # fmt: skip

    def _requests(self) -> dict[str, ChannelRequests]:
        rows = _rows(self._read(self._probe.target, _REQUESTS), self._probe.target)
        return {row.cell: row for row in rows if isinstance(row, ChannelRequests)}


class StationProbe:
    """The fullest access point against the mean of all, by stations associated."""

    def __init__(self, probe: Probe, read: ReadFacts) -> None:
        self._probe, self._read = probe, read

    def begin(self) -> None:
        """Read the stations once, for an early refusal of an unsuitable controller."""
        self._stations()

    def end(self) -> ProbeResult:
        """Count the stations of each access point."""
        stations = self._stations()
        mean = sum(stations.values()) / len(stations)
        fullest = max(stations, key=lambda name: stations[name])
        figures = {"stations": stations[fullest], "mean": mean, "n": len(stations)}
        detail = message("drill:counter.fullest", name=fullest, **figures)
        return ProbeResult(
            probe=self._probe.name, kind="stations", value=stations[fullest] / mean if mean else None,
            limit=float(self._probe.most_per_mean or 0), unit="x", sent=sum(stations.values()),
            detail=detail,
        )  # fmt: skip

    def _stations(self) -> dict[str, int]:
        rows = _rows(self._read(self._probe.target, _STATIONS), self._probe.target)
        counts: dict[str, int] = {}
        for row in rows:
            if isinstance(row, AccessPoint) and row.clients is not None:
                counts[row.name] = row.clients
        if not counts:
            radios = {
                (row.ap, row.slot): row
                for row in rows
                if isinstance(row, Radio | RadioLoad) and row.clients is not None
            }
            for row in radios.values():
                counts[row.ap] = counts.get(row.ap, 0) + (row.clients or 0)
        if not counts:
            raise UsageError(message("drill:counter.no_stations", device=self._probe.target))
        return counts


def _rows(observations: Sequence[Observation], device: str) -> list[Fact]:
    """Rows of the measured observations. Raises UsageError without any, and for unread records: a part is no count."""
    measured = [FactRows.of(observation) for observation in observations if observation.status.measured]
    if not measured:
        reasons = (one.message or one.reason for one in observations if one.reason)
        reason = next(reasons, message("drill:no_reason"))
        raise UsageError(message("drill:counter.unread", device=device, reason=reason))
    try:
        return [row for rows in measured for row in rows.all_rows()]
    except PartialFact as partial:
        raise UsageError(message("drill:counter.unread", device=device, reason=partial.cause)) from partial
