"""Silence: lost devices with the cause: the device itself, a lost device in front, or the side of the watch.

A device is lost without an answer for the patience of its shortest interval. Its cause is decided when others have
answered since it was late, or are late too, so that no order of deadlines decides. Nothing answers the watch where at
least three devices are late, and all others but a tenth of them (five at most: those beside the watch).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf
from statistics import median
from typing import NamedTuple

from eventready.checks.answer import failed, passed
from eventready.checks.finding import Finding
from eventready.core.messages import Lang, term
from eventready.facts.catalogue import CATALOGUE

#: Intervals of a fact after which its last answer is no measurement any more, and seconds at least: a login and its
#: commands take longer than a short interval.
STALE_AFTER, _PATIENCE_S = 2, 20.0
#: Seconds that a reading takes after its interval; without an answer a device is late then.
_READING_S = 10.0
#: Late devices from which nothing answers the watch; those beside the watch, that may answer: one in so many, at most.
_LEAST, _BESIDE_ONE_IN, _BESIDE_MOST = 3, 10, 5
#: Check, and cause, of a watch that nothing answers.
REACH = "watch_reach"


class Patience:
    """Intervals in force, and the seconds after which an answer is no measurement any more."""

    def __init__(self, needed: Mapping[str, Collection[str]], interval_of: Callable[[str], float]) -> None:
        self._needed, self._interval_of = needed, interval_of
        self._slowest = next(iter(CATALOGUE))
        self.intervals = dict.fromkeys(CATALOGUE, -inf)
        #: Shortest interval of each device; devices without facts have none.
        self.shortest: Mapping[str, float] = {}

    def renewed(self) -> bool:
        """Take other intervals; True with a change of these."""
        if self._interval_of(self._slowest) == self.intervals[self._slowest]:
            return False
        self.intervals = {fact: self._interval_of(fact) for fact in CATALOGUE}
        self._slowest = max(CATALOGUE, key=self.intervals.__getitem__)
        self.shortest = {
            name: min(map(self.intervals.__getitem__, facts)) for name, facts in self._needed.items() if facts
        }
        return True

    def of(self, fact: str) -> float:
        """Seconds after which an answer is no measurement any more."""
        return _patience(self.intervals[fact])

    def of_device(self, device: str) -> float:
        """Seconds without an answer after which a device is silent; inf without facts."""
        return _patience(self.shortest[device]) if device in self.shortest else inf


def _patience(interval_s: float) -> float:
    return max(STALE_AFTER * interval_s, _PATIENCE_S)


@dataclass
class Hearing:
    """Last answer of a device. `begun_at`: since when answers are awaited, from the begin or a rest; None before.

    Times are seconds of the monotonic clock. `cause`: of a lost device; empty for the device itself.
    """

    answered_at: float | None = None
    begun_at: float | None = None
    lost: bool = False
    cause: str = ""

    @property
    def since(self) -> float:
        """Begin of the present time without an answer; inf at rest."""
        if self.begun_at is None:
            return inf
        return self.begun_at if self.answered_at is None else max(self.answered_at, self.begun_at)


class _View(NamedTuple):
    """Devices watched at a time, how many of them are late, and the times of the last answers of all devices."""

    now: float
    watched: int
    late: int
    answers: Sequence[float]


class Silences:
    """Hearing of all devices. Times are seconds of a monotonic clock. `nothing`: nothing answers the watch.

    `lost`: devices lost before, with the cause.
    """

    def __init__(
        self, devices: Iterable[str], behind: Mapping[str, frozenset[str]], patience: Patience,
        lost: Mapping[str, str] | None = None, *, nothing: bool = False,
    ) -> None:  # fmt: skip
        self._patience, self.nothing, lost = patience, nothing, lost or {}
        self.of = {name: Hearing(lost=name in lost, cause=lost.get(name, "")) for name in devices}
        self._in_front = {
            name: [one for one, cut in behind.items() if name in cut and one in self.of] for name in self.of
        }
        self._again: set[str] = set()
        self._view: _View | None = None

    def heard(self, device: str, now: float) -> None:
        """Take an answer of a device."""
        hearing = self.of[device]
        hearing.answered_at, hearing.lost, hearing.cause, self._view = now, False, "", None
        hearing.begun_at = now if hearing.begun_at is None else hearing.begun_at
        if self.nothing:
            self._again.add(device)

    def is_silent(self, device: str, now: float) -> bool:
        """True for a device without an answer for its patience."""
        return now - self.of[device].since > self._patience.of_device(device)

    def is_answered(self) -> bool:
        """True once, when more devices answer again than are beside the watch."""
        if not self.nothing or len(self._again) <= _beside(len(self._awaited())):
            return False
        self.nothing, self._again = False, set()
        return True

    def lose(self, device: str, now: float) -> bool:
        """Take a silent device as lost, and return True, where the cause is decided."""
        if (cause := self._cause(device, now)) is None:
            return False
        self.of[device].lost, self.of[device].cause = True, cause
        self.nothing |= cause == REACH
        return True

    def finding(self) -> Finding:
        """Return the finding about the side of the watch."""
        if self.nothing:
            return failed("", "watch:reach.nothing", devices=len(self.of)).replace(check=REACH)
        return passed("", "watch:reach.answers").replace(check=REACH)

    def _cause(self, device: str, now: float) -> str | None:
        """Return the cause of the silence of a device; None before the decision."""
        late_at = self._late_at(device)
        front = [self.of[one] for one in self._in_front[device] if one in self._patience.shortest]
        if lost := next((one for one in self._in_front[device] if self.of[one].lost), ""):
            return lost
        if any(one.since < inf and (one.answered_at is None or one.answered_at <= late_at) for one in front):
            return None
        if self.nothing:
            return REACH
        view = self._view = self._view if self._view and self._view.now == now else self._seen(now)
        beside = _beside(view.watched)
        if view.watched < _LEAST or len(view.answers) - bisect_right(view.answers, late_at) > beside:
            return ""
        return REACH if view.late >= view.watched - beside else None

    def _seen(self, now: float) -> _View:
        """Return the answers of all devices as of a time. Long intervals are no measure of a silence."""
        shortest, known = self._patience.shortest, self._awaited()
        usual = median(shortest[name] for name in known) if known else 0.0
        watched = [name for name in known if shortest[name] <= usual]
        answers = sorted(one.answered_at for one in self.of.values() if one.answered_at is not None)
        return _View(now, len(watched), sum(now > self._late_at(name) for name in watched), answers)

    def _awaited(self) -> list[str]:
        """Devices with awaited answers: not at rest, and not lost for another reason."""
        return [
            name for name, one in self.of.items()
            if name in self._patience.shortest and one.since < inf and (not one.lost or one.cause == REACH)
        ]  # fmt: skip

    def _late_at(self, device: str) -> float:
        return self.of[device].since + self._patience.shortest.get(device, inf) + _READING_S


def cause_name(cause: str, lang: Lang) -> str:
    """Return a device, or the words for the side of the watch."""
    return term("checks:name", cause, lang) if cause == REACH else cause


def _beside(devices: int) -> int:
    """Number of devices beside the watch: these may answer while nothing else does."""
    return max(0, min(ceil(devices / _BESIDE_ONE_IN), _BESIDE_MOST, devices - _LEAST))
