"""Conflicts of planned works with the windows of the event: services lost, or left with a single way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, pairwise

from eventready.network.graph.outcome import ServiceOutcome, State, WhatIf
from eventready.network.planned_work import PlannedWork
from eventready.workspace.devices.device import Service
from eventready.workspace.settings.event import Window

#: States from harmless to worst.
_LEVELS: tuple[State, ...] = ("unharmed", "one_way_left", "unmeasured", "degraded", "lost")
#: Kinds of windows, the strictest first: a moment counts for the windows of the first kind alone.
_KINDS = ("event", "protected")
#: Most works at once of which a group with the harm is looked for.
_MOST_TOGETHER = 60

_Place = tuple[str, Service]


@dataclass(frozen=True)
class WorkConflict:
    """Harm of works to a service at a venue in a window; of several works no smaller group has this harm."""

    works: tuple[PlannedWork, ...]
    window: Window
    outcome: ServiceOutcome
    spans: tuple[tuple[datetime, datetime], ...]

    @property
    def minutes(self) -> float:
        """Minutes of the harm."""
        return sum(((end - start) for start, end in self.spans), timedelta()).total_seconds() / 60


@dataclass(frozen=True)
class _Found:
    outcome: ServiceOutcome
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)


def guarded(windows: Iterable[Window]) -> list[Window]:
    """Windows in which a work is held against the services."""
    return [window for window in windows if window.kind in _KINDS]


class WorkConflicts:
    """Conflicts in the network as measured: elements down now stay down, and are no conflict."""

    def __init__(self, network: WhatIf, works: Iterable[PlannedWork], windows: Iterable[Window]) -> None:
        self._network, self._windows = network, guarded(windows)
        self.works = tuple(works)
        self.unknown: dict[str, tuple[str, ...]] = {work.name: self._unknown(work) for work in self.works}
        self._effects: dict[tuple[frozenset[str], frozenset[str]], Mapping[_Place, ServiceOutcome]] = {}

    def _unknown(self, work: PlannedWork) -> tuple[str, ...]:
        """Elements missing from the network."""
        return tuple(name for name in (*work.down, *work.at_risk) if not self._has(name))

    def _has(self, name: str) -> bool:
        return name in self._network.topology.elements or self._network.topology.member(name) is not None

    def found(self, moment: datetime) -> tuple[WorkConflict, ...]:
        """Conflicts from a moment on, in the order of time."""
        found: dict[tuple[tuple[str, ...], int, _Place, State], tuple[tuple[PlannedWork, ...], _Found]] = {}
        for start, end, windows, works in self._intervals(moment):
            for group, place, outcome in self._harms(works):
                for number in self._at(place[0], windows):
                    key = tuple(work.name for work in group), number, place, outcome.state
                    _, one = found.setdefault(key, (group, _Found(outcome)))
                    one.spans.append((start, end))
        return tuple(
            WorkConflict(group, self._windows[number], one.outcome, tuple(_joined(one.spans)))
            for (_names, number, _place, _state), (group, one) in found.items()
        )

    def _intervals(
        self, moment: datetime
    ) -> Iterator[tuple[datetime, datetime, Sequence[int], tuple[PlannedWork, ...]]]:
        """Spans with the same windows (by number) and works, of each some."""
        spans = [*((one.start, one.end) for one in self._windows), *((one.start, one.end) for one in self.works)]
        edges = {moment, *chain.from_iterable(spans)}
        marks = sorted(edge for edge in edges if edge >= moment)
        for start, end in pairwise(marks):
            windows = [number for number, one in enumerate(self._windows) if one.start <= start < one.end]
            works = tuple(one for one in self.works if one.start <= start < one.end)
            if windows and works:
                yield start, end, windows, works

    def _at(self, venue: str, windows: Sequence[int]) -> list[int]:
        """Numbers of the strictest windows at a venue."""
        own = [number for number in windows if self._windows[number].touches((venue,))]
        for kind in _KINDS:
            if found := [number for number in own if self._windows[number].kind == kind]:
                return found
        return []

    def _harms(
        self, works: tuple[PlannedWork, ...]
    ) -> Iterator[tuple[tuple[PlannedWork, ...], _Place, ServiceOutcome]]:
        """Harm of each work by itself, and worse harm of several at once."""
        alone: dict[_Place, tuple[int, int]] = {}
        for work in works:
            for place, outcome in self.effect((work,)).items():
                alone[place] = max(alone.get(place, (0, 0)), _severity(outcome))
                yield (work,), place, outcome
        if len(works) < 2:
            return
        for place, outcome in self.effect(works).items():
            if _severity(outcome) > alone.get(place, (0, 0)):
                yield self._smallest(works, place, outcome), place, outcome

    def _smallest(
        self, works: tuple[PlannedWork, ...], place: _Place, outcome: ServiceOutcome
    ) -> tuple[PlannedWork, ...]:
        """Return a group with the harm of which no work can be left out."""
        kept = tuple(work for work in works if work.down or work.at_risk)
        for work in kept if len(kept) <= _MOST_TOGETHER else ():
            rest = tuple(one for one in kept if one is not work)
            after = self.effect(rest).get(place)
            if after and _severity(after) >= _severity(outcome):
                kept = rest
        return kept

    def effect(self, works: Sequence[PlannedWork]) -> Mapping[_Place, ServiceOutcome]:
        """Outcomes worse than now of works at once, by venue and service."""
        down = frozenset(name for work in works for name in work.down if self._has(name))
        at_risk = frozenset(name for work in works for name in work.at_risk if self._has(name)) - down
        if (down, at_risk) not in self._effects:
            self._effects[down, at_risk] = self._effect(down, at_risk) if down or at_risk else {}
        return self._effects[down, at_risk]

    def _effect(self, down: frozenset[str], at_risk: frozenset[str]) -> Mapping[_Place, ServiceOutcome]:
        after = self._states(sorted(down)) if down else self._now
        found = {place: one for place, one in after.items() if _severity(one) > _severity(self._now[place])}
        for failed in self._network.outcome(sorted(down | at_risk)).services if at_risk else ():
            one = after[failed.venue, failed.service]
            if one.state in ("unharmed", "one_way_left") and failed.state in ("lost", "degraded", "unmeasured"):
                found[one.venue, one.service] = _exposed(one, failed, sorted(at_risk))
        return found

    @cached_property
    def _now(self) -> Mapping[_Place, ServiceOutcome]:
        return self._states(())

    @property
    def unmeasured(self) -> tuple[_Place, ...]:
        """Services with an unknown state now: the harm of a work is unknown as well."""
        served = {
            place for place, numbers in self._network.services.items() if self._network.served.intersection(numbers)
        }
        return tuple(
            place for place, one in self._now.items()
            if one.state == "unmeasured" or (one.state == "lost" and place not in served)
        )  # fmt: skip

    def _states(self, names: Sequence[str]) -> Mapping[_Place, ServiceOutcome]:
        found = self._network.outcome_by_ways(names).services
        return {(one.venue, one.service): one for one in found}


def _exposed(one: ServiceOutcome, failed: ServiceOutcome, names: Sequence[str]) -> ServiceOutcome:
    """Outcome of a service above elements without their protection."""
    state: State = "unmeasured" if failed.state == "unmeasured" else "one_way_left"
    return ServiceOutcome(one.venue, one.service, state, users=one.users, next=tuple(names))


def _severity(outcome: ServiceOutcome) -> tuple[int, int]:
    return _LEVELS.index(outcome.state), len(outcome.lost)


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans, joined where they meet."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
