"""Interruptions of a flow: from samples with sequence numbers to outages in milliseconds.

A sample is one request of a probe: its sequence number, when it was sent, and when its answer arrived. Times are
seconds of one monotonic clock. An outage begins when the first lost request was sent and ends when the first answer
after it arrived, so its resolution is the interval between two requests. An answer after the limit is a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


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
        outages=tuple(_outages(ordered, quiet)),
    )


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
