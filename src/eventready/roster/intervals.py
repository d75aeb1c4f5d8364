"""Half-open intervals of time, [start, end), swept from event to event: no minute is ever walked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

Interval = tuple[datetime, datetime]


class Stretch(NamedTuple):
    """[start, end) in which the number of people stays the same."""

    start: datetime
    end: datetime
    people: int


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same time, in order, with overlapping or touching intervals joined."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def clipped(intervals: Iterable[Interval], start: datetime, end: datetime) -> list[Interval]:
    """Return the parts of the intervals in [start, end)."""
    return [(max(a, start), min(b, end)) for a, b in intervals if a < end and b > start]


def without(span: Interval, taken: Iterable[Interval]) -> list[Interval]:
    """Return the rest of [start, end) without the taken times."""
    left, at = [], span[0]
    for start, end in merged(clipped(taken, *span)):
        if start > at:
            left.append((at, start))
        at = max(at, end)
    if at < span[1]:
        left.append((at, span[1]))
    return left


def counted(claims: Iterable[tuple[Hashable, Interval]], start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield the number of different people at every moment of [start, end): stretches in order, without gaps.

    Somebody who is there twice counts once. Neighbouring stretches have different counts.
    """
    own: dict[Hashable, list[Interval]] = {}
    for who, interval in claims:
        own.setdefault(who, []).append(interval)
    steps: Counter[datetime] = Counter()
    for intervals in own.values():
        for begin, finish in merged(clipped(intervals, start, end)):
            steps[begin] += 1
            steps[finish] -= 1
    people, since = 0, start
    for moment in sorted(steps):
        if steps[moment] == 0:
            continue
        if moment > since:
            yield Stretch(since, moment, people)
            since = moment
        people += steps[moment]
    if since < end:
        yield Stretch(since, end, people)


def short(stretches: Iterable[Stretch], need: int) -> Iterator[Stretch]:
    """The stretches with fewer than `need`."""
    return (stretch for stretch in stretches if stretch.people < need)


def joined(stretches: Iterable[Stretch]) -> list[Interval]:
    """Return the intervals of the stretches, with neighbours joined."""
    return merged((stretch.start, stretch.end) for stretch in stretches)
