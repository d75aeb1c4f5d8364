"""State of a device in a watch: latest answers, findings, facts to be read and to be compared.

Times are seconds of the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import NamedTuple

from eventready.checks.finding import Finding, Outcome
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.watch.open_finding import Shown
from eventready.watch.recent import RecentChanges, RecentReadings

#: Equal answers are evaluated anew after so long, and in each hour: certificates and waivers expire; seconds.
_ANEW_S = 900.0


@dataclass
class LatestAnswer:
    """Latest answer of a fact: observation, time of the reading, and the reading of a counter before.

    `step`: fields moved since the reading before, `moved`: and between this and its own; None for other records.
    `refused`: a later answer that is no measurement.
    """

    observation: Observation
    at: float
    before: Observation | None = None
    before_at: float = 0.0
    step: frozenset[str] | None = None
    moved: frozenset[str] | None = None
    refused: Observation | None = None

    @property
    def is_settled(self) -> bool:
        """True for a counter after two readings, and for any other fact."""
        one = self.observation
        return self.before is not None or not CATALOGUE[one.fact].counter or not one.status.measured

    def next(self, observation: Observation, now: float) -> LatestAnswer:
        """Return the next answer of a counter."""
        step = observation.moved_fields(self.observation)
        moved = None if step is None or self.step is None else step | self.step
        return LatestAnswer(observation, now, self.observation, self.at, step, moved)


class Evaluated(NamedTuple):
    """Time of an evaluation, with the day and hour of the event."""

    at: float = -inf
    hour: tuple[int, int] = (0, 0)

    def is_old(self, now: float, moment: datetime) -> bool:
        """True where equal answers are to be evaluated anew."""
        return now - self.at >= _ANEW_S or self.hour != (moment.day, moment.hour)

    @classmethod
    def of(cls, now: float, moment: datetime) -> Evaluated:
        """Evaluation at a moment."""
        return cls(now, (moment.day, moment.hour))


@dataclass
class DeviceState:
    """Facts of a device; `rested_at`: end of its last rest.

    `awaited`: facts to be read, since the begin or after a gap: their checks wait, as `waiting` if there was a reason
    to run them, as `to_read` with a finding that says so. `begun`: all facts were read once. `stale`: facts without an
    answer, not yet compared: their cause is open.

    `findings`: by check. `waived`: those under a waiver. `pending`: checks with findings whose states were not in force
    when compared last, `compared`: checks with all states of their findings, as they are, in force.
    `evaluated`: of all checks. `oldest`: time of the oldest answer that is a measurement.
    `turned`: checks with a failure that turned to a missing figure, and since when.
    """

    readings: RecentReadings
    facts: dict[str, LatestAnswer] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    shown: Shown = field(default_factory=Shown)
    recent: RecentChanges = field(default_factory=RecentChanges)
    rested_at: float = -inf
    awaited: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    to_read: set[str] = field(default_factory=set)
    begun: bool = False
    stale: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)
    turned: dict[str, float] = field(default_factory=dict)
    evaluated: Evaluated = field(default_factory=Evaluated)
    oldest: float | None = None
    waived: tuple[Finding, ...] = ()

    def aged(self) -> None:
        """Look up the oldest answer, after a change of the facts."""
        times = [known.at for known in self.facts.values() if known.observation.status.measured]
        self.oldest = min(times, default=None)

    @property
    def is_read(self) -> bool:
        """True with every fact read, counters twice."""
        return self.begun and all(one.is_settled for one in self.facts.values())

    def waits(self, facts: Iterable[str]) -> bool:
        """True with a fact to be read first."""
        return not self.awaited.isdisjoint(facts)

    def is_missing(self, facts: Iterable[str]) -> bool:
        """True with a fact to be read first, without a measurement."""
        known = (self.facts.get(fact) for fact in self.awaited.intersection(facts))
        return any(one is None or not one.observation.status.measured for one in known)

    def take(self, found: Iterable[Finding], checks: Collection[str]) -> set[str]:
        """Take the findings of some checks, and return the checks with other findings than before."""
        anew: dict[str, list[Finding]] = {}
        for finding in found:
            anew.setdefault(finding.check, []).append(finding)
        names = anew.keys() | checks
        differing = {name for name in names if anew.get(name) != self.findings.get(name)}
        if differing:
            kept = {name: known for name, known in self.findings.items() if name not in differing}
            self.findings = dict(sorted((kept | {name: anew[name] for name in differing & anew.keys()}).items()))
            self.compared -= differing
            waived = (one for found in self.findings.values() for one in found if one.status is Outcome.WAIVED)
            self.waived = tuple(waived)
        return differing


def readings_of(known: LatestAnswer) -> tuple[Observation, ...]:
    """Observations of a fact as an audit has them."""
    if known.before is None:
        return (known.observation,)
    return replace(known.before, reading=1), replace(known.observation, reading=2)
