"""Measurement of a probe stream from failure to repair: worst flow, flows hit, median, loss, round trip, gaps.

Failure and repair are apart: an outage belongs to the repair if it began after the repair did. Times are seconds of the
monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from statistics import median


@dataclass(frozen=True, order=True)
class Sample:
    """Request of a probe. `received`: None without an answer within the timeout."""

    sequence: int
    sent: float
    received: float | None = None

    @property
    def lost(self) -> bool:
        """True without an answer."""
        return self.received is None


@dataclass(frozen=True)
class Outage:
    """Interruption of a stream. `end`: None without an answer before the end of the measurement."""

    begin: float
    end: float | None
    lost: int

    @property
    def duration_ms(self) -> float | None:
        """Milliseconds from the first lost request to the first answer afterwards; None without an end."""
        return None if self.end is None else 1000.0 * (self.end - self.begin)


@dataclass(frozen=True)
class Interruption:
    """Losses of a probe stream. `resolution_ms`: interval between two requests."""

    sent: int
    lost: int
    reordered: int
    resolution_ms: float
    outages: tuple[Outage, ...]


def in_time(samples: Iterable[Sample], limit_s: float) -> list[Sample]:
    """Return the samples, those with an answer after the limit as lost."""
    return [
        Sample(one.sequence, one.sent) if one.received is not None and one.received - one.sent > limit_s else one
        for one in samples
    ]


def interruption(samples: Iterable[Sample], interval_s: float, quiet: int = 1) -> Interruption:
    """Measure requests sent every `interval_s`. Samples may come in any order, each sequence once.

    quiet: so many answers in sequence end an outage, at the first of them.
    """
    ordered = sorted(samples, key=lambda sample: sample.sequence)
    arrivals = [sample.received for sample in ordered if sample.received is not None]
    return Interruption(
        sent=len(ordered),
        lost=sum(sample.lost for sample in ordered),
        reordered=sum(later < earlier for earlier, later in pairwise(arrivals)),
        resolution_ms=1000.0 * interval_s,
        outages=tuple(_joined([*_outages(ordered, quiet), *_held(ordered, interval_s)])),
    )


#: A time without any answer, so much beyond the moment when the next was due by the round trip of the one before.
_HELD_S = 0.1


def _held(ordered: Iterable[Sample], interval_s: float) -> Iterable[Outage]:
    """Yield the times in which a path or server kept the requests, and answered them later all at once."""
    answered = sorted((one.received, one.sent) for one in ordered if one.received is not None)
    still_out = [*accumulate((sent for _, sent in reversed(answered)), min)][::-1]
    for (before, sent_before), (received, _), first in zip(answered, answered[1:], still_out[1:], strict=False):
        due = before + max(0.0, first - sent_before)
        if received - due > max(interval_s, _HELD_S):
            yield Outage(due, received, 0)


def _joined(outages: Iterable[Outage]) -> list[Outage]:
    """Return the outages in the order of time, overlapping ones joined."""
    joined: list[Outage] = []
    for one in sorted(outages, key=lambda one: one.begin):
        before = joined[-1] if joined else None
        if before is not None and (before.end is None or one.begin <= before.end):
            end = None if before.end is None or one.end is None else max(before.end, one.end)
            joined[-1] = Outage(before.begin, end, before.lost + one.lost)
        else:
            joined.append(one)
    return joined


def _outages(ordered: Sequence[Sample], quiet: int) -> Iterable[Outage]:
    begin: float | None = None
    lost = answers = 0
    end = 0.0
    for sample in ordered:
        if sample.received is None:
            begin = sample.sent if begin is None else begin
            lost, answers = lost + 1, 0
        elif begin is not None:
            end = end if answers else max(sample.received, begin)
            answers += 1
            if answers >= quiet:
                yield Outage(begin, end, lost)
                begin, lost, answers = None, 0, 0
    if begin is not None:
        yield Outage(begin, end if answers else None, lost)


@dataclass(frozen=True)
class Times:
    """Moments of a drill on the monotonic clock: failure, begin of the repair, end of the stream."""

    failed: float
    repaired: float
    ended: float


@dataclass(frozen=True)
class Measurement:
    """Figures of a stream, in milliseconds and percent. None: an outage did not end, or nothing was answered.

    `worst`: outages of the worst flow; `longest_ms`, `median_ms`: longest outage of the worst and of the median flow;
    `repair_ms`: longest outage of the repair. From failure to repair: `requested` ones, flows `hit` by a loss, loss,
    median round trip of the median and of the slowest flow. `gap_ms`: longest time beyond the schedule in which nothing
    was sent.
    """

    flows: int
    requested: int
    sent: int
    lost: int
    reordered: int
    resolution_ms: float
    worst: tuple[Outage, ...]
    longest_ms: float | None
    median_ms: float | None
    repair_ms: float | None
    hit: int
    loss_percent: float
    round_trip_ms: float | None
    slowest_ms: float | None
    gap_ms: float


def measure(
    samples: Sequence[Sequence[Sample]], rate: float, limit_s: float, times: Times, *, new_ports: bool = False
) -> Measurement:
    """Measure the flows of a stream, a sequence of samples each.

    `rate`: requests per second of a flow. `new_ports`: each request had a port of its own. Such requests are one flow
    in the order of sending, whose outage ends with an answer to as many requests in sequence as there are flows: some
    paths may be dead, others not.
    """
    timed = [in_time(flow, limit_s) for flow in samples]
    measured = [
        before_repair(one, times.repaired, limit_s)
        for one in (_as_one(timed, rate) if new_ports else [interruption(flow, 1.0 / rate) for flow in timed])
    ]
    failing = [tuple(one for one in each.outages if one.begin < times.repaired) for each in measured]
    repairing = [one for each in measured for one in each.outages if one.begin >= times.repaired]
    longest = [_longest(each) for each in failing]
    meant = [[one for one in flow if times.failed <= one.sent < times.repaired] for flow in timed]
    trips = [_round_trip(flow, times) for flow in samples]
    whole = [one for flow in meant for one in flow]
    return Measurement(
        flows=len(samples),
        requested=len(whole),
        sent=sum(one.sent for one in measured),
        lost=sum(one.lost for one in measured),
        reordered=sum(one.reordered for one in measured),
        resolution_ms=measured[0].resolution_ms,
        worst=_worst(measured, longest),
        longest_ms=_finite(max(longest)),
        median_ms=_finite(median(longest)),
        repair_ms=_finite(_longest(repairing)),
        hit=sum(any(one.lost for one in flow) for flow in meant),
        loss_percent=100.0 * sum(one.lost for one in whole) / len(whole) if whole else 0.0,
        round_trip_ms=median(known) if (known := [trip for trip in trips if trip is not None]) else None,
        slowest_ms=None if None in trips else max(known, default=None),
        gap_ms=largest_gap_ms(samples, rate, times),
    )


def before_repair(measured: Interruption, repaired_at: float, young_s: float = 0.0) -> Interruption:
    """Return the measurement without the end of outages still open at the repair.

    An outage that was shorter than `young_s` then is no failure to recover: it keeps its end.
    """
    outages = tuple(
        replace(outage, end=None)
        if outage.begin < repaired_at - young_s and (outage.end or repaired_at) >= repaired_at
        else outage
        for outage in measured.outages
    )
    return replace(measured, outages=outages)


def largest_gap_ms(samples: Iterable[Iterable[Sample]], rate: float, times: Times) -> float:
    """Longest time without a request from failure to end, beyond the interval of the schedule, in ms."""
    flows = [[one.sent for one in flow] for flow in samples]
    sent = sorted(moment for flow in flows for moment in flow)
    before = max((moment for moment in sent if moment < times.failed), default=times.failed)
    moments = [before, *(moment for moment in sent if times.failed <= moment <= times.ended), times.ended]
    interval = 1.0 / (rate * len(flows))
    return max(0.0, 1000.0 * (max(later - earlier for earlier, later in pairwise(moments)) - interval))


def _as_one(timed: Sequence[Sequence[Sample]], rate: float) -> list[Interruption]:
    count = len(timed)
    one = [
        replace(sample, sequence=sample.sequence * count + flow) for flow, each in enumerate(timed) for sample in each
    ]
    return [interruption(one, 1.0 / (rate * count), quiet=count)]


def _longest(outages: Iterable[Outage]) -> float:
    """Longest outage in milliseconds; infinite without an end."""
    return max((math.inf if one.duration_ms is None else one.duration_ms for one in outages), default=0.0)


def _finite(value: float) -> float | None:
    return None if math.isinf(value) else value


def _worst(measured: Sequence[Interruption], longest: Sequence[float]) -> tuple[Outage, ...]:
    """Outages of the flow with the longest outage, then with the most losses."""
    return max(zip(longest, measured, strict=True), key=lambda pair: (pair[0], pair[1].lost))[1].outages


def _round_trip(flow: Iterable[Sample], times: Times) -> float | None:
    """Median round trip of a flow from failure to repair, in ms; None without an answer, or without a request."""
    trips = [
        1000.0 * (one.received - one.sent)
        for one in flow
        if one.received is not None and times.failed <= one.sent < times.repaired
    ]
    return median(trips) if trips else None
