"""Watcher: latest observations of every device with their ages, the checks on them, and the changes of state.

Without threads, clock and sessions of its own: a loop feeds it readings, tests feed it recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.ways import SERVICE_WAY
from eventready.evaluation.bearing import Weight
from eventready.evaluation.causes import Element
from eventready.evaluation.verdicts import Verdict, verdicts_of
from eventready.facts.observation import Observation
from eventready.network.graph.outcome import WhatIf
from eventready.store.watch_log import DEVICE, Beat
from eventready.watch.deadlines import Deadlines
from eventready.watch.device_state import Evaluated
from eventready.watch.device_watch import DeviceWatch, FleetState, first_findings
from eventready.watch.fleet_watch import FleetWatch
from eventready.watch.job import WatchJob
from eventready.watch.open_finding import RANK, OpenFinding, Shown, same
from eventready.watch.schedule import FILES
from eventready.watch.silence import REACH, Patience, Silences
from eventready.watch.snapshot_record import FirstReading
from eventready.watch.states import Key, StateChange, States
from eventready.watch.ways import Ways
from eventready.workspace.settings.event import Window


class ShownWatch:
    """Findings and verdicts as shown. `own`: findings about the watching machine."""

    def __init__(self, devices: Mapping[str, DeviceWatch], across: FleetWatch, fleet: FleetState) -> None:
        self._devices, self._across, self._fleet = devices, across, fleet
        self.own: tuple[Finding, ...] = ()
        self._verdicts: tuple[Sequence[tuple[Weight, ...]], WhatIf | None, tuple[Verdict, ...]] = (), None, ()
        self._open: tuple[Sequence[Sequence[OpenFinding]], Sequence[OpenFinding]] = (), ()

    def findings(self) -> tuple[Finding, ...]:
        """All findings as last read, with those about the watching machine."""
        of_devices = (found for one in self._devices.values() for found in one.state.findings.values())
        ways = self._fleet.ways.findings
        return (*chain.from_iterable(of_devices), *self._across.findings, *ways, *self.own)

    def open_findings(self) -> Sequence[OpenFinding]:
        """Return the open findings without blind spots, the same object while equal.

        Those with a cause of their own first, of these the services, the worst and the latest first.
        """
        fleet = self._fleet
        own = (*self.own, fleet.silences.finding(), *self._silent())
        parts = [one.open for one in (*self._parts(), fleet.own_shown.of(own, fleet.states, ()))]
        if not same(parts, self._open[0]):
            self._open = parts, sorted(chain(*parts), key=_order)
        return self._open[1]

    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts per venue and service as last read."""
        job, network, weighed = self._fleet.job, self._fleet.ways.network, [one.weights for one in self._parts()]
        if network is not self._verdicts[1] or weighed != self._verdicts[0]:
            known, left_out = chain(job.network, *weighed), job.matrix.left_out
            devices = tuple(job.devices.values())
            found = verdicts_of(job.event.venues, devices, known, network=network, left_out=left_out)
            self._verdicts = weighed, network, found
        return self._verdicts[2]

    def _parts(self) -> Iterator[Shown]:
        states, devices = self._fleet.states, self._fleet.job.devices
        for name, one in self._devices.items():
            yield one.state.shown.of(chain.from_iterable(one.state.findings.values()), states, (devices[name],))
        yield self._across.shown.of(self._across.findings, states, devices.values())
        yield self._across.ways_shown.of(self._fleet.ways.findings, states, devices.values())

    def _silent(self) -> Iterator[Finding]:
        """Findings about devices as a whole: lost now, or often."""
        for name, one in self._devices.items():
            if one.hearing.lost or self._fleet.states.often(Key(name, DEVICE, "")):
                status, word = (Outcome.NOT_MEASURED, "lost") if one.hearing.lost else (Outcome.PASS, "back")
                venues = self._fleet.job.devices[name].venues
                yield Finding(status, "", f"watch:device.{word}", check=DEVICE, device=name, venues=venues)


def _order(one: OpenFinding) -> tuple[float, ...]:
    return bool(one.cause), one.finding.check != SERVICE_WAY, RANK[one.status], -one.since


class Watcher:
    """Findings of all devices as last read. Times are seconds of a monotonic clock, `moment` the event's time."""

    def __init__(
        self,
        job: WatchJob,
        states: States,
        interval_of: Callable[[str], float],
        protected: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._job = job
        facts = {name: [fact for fact in job.matrix.needed(name) if fact not in FILES] for name in job.devices}
        patience = Patience(facts, interval_of, protected)
        silences = Silences(job.devices, job.behind, patience, _lost_before(job, states), nothing=_nothing(states))
        ways = Ways(job.devices.values(), job.matrix, job.limits, job.waivers)
        self._fleet = FleetState(job, states, patience, silences, Deadlines(job.devices), ways)
        self._devices = {name: DeviceWatch(name, self._fleet) for name in job.devices}
        self._across = FleetWatch(self._devices, self._fleet)
        self._shown = ShownWatch(self._devices, self._across, self._fleet)
        #: Figures of the last minute.
        self.beat: Beat | None = None
        self._resting: frozenset[str] = frozenset()
        self._windows: tuple[Window, ...] = ()
        self._is_begun = False
        self._first = {one.name for one in self._devices.values() if one.needed}

    @property
    def states(self) -> States:
        """States in force."""
        return self._fleet.states

    @property
    def devices(self) -> Collection[str]:
        """Names of the devices."""
        return self._devices.keys()

    def findings(self) -> tuple[Finding, ...]:
        """All findings as last read, with those about the watching machine."""
        return self._shown.findings()

    def open_findings(self) -> Sequence[OpenFinding]:
        """Return the open findings; see `ShownWatch`."""
        return self._shown.open_findings()

    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts per venue and service as last read."""
        return self._shown.verdicts()

    def ways(self) -> tuple[Finding, ...]:
        """Findings about the ways of the services, as of the last walk."""
        return tuple(one for one in self._fleet.ways.findings if one.check == SERVICE_WAY)

    def rests(self) -> Mapping[Element, Element]:
        """Return the elements resting on elements lost as of the last walk, with the element below each."""
        return self._fleet.ways.rests

    def walk_waits(self, now: float) -> float | None:
        """Return the seconds since the walk while a change of the network waits for the next walk; None otherwise."""
        return self._fleet.ways.waits_s(now)

    def read_own(self, findings: Sequence[Finding], moment: datetime) -> list[StateChange]:
        """Take findings about the watching machine and return the changes of state."""
        self._shown.own = tuple(findings)
        self._fleet.own_shown.changed()
        return self.states.update(moment.timestamp(), findings)

    def age(self, device: str, now: float) -> float | None:
        """Return the seconds since the oldest answer in use of a device; None without any, and of a lost device."""
        return self._devices[device].age(now)

    def first_reading(self) -> FirstReading | None:
        """Return the first reading while there are devices to be read, neither lost nor at rest; None ever after.

        Counters are read twice.
        """
        if self._first:
            own = (self._devices[name] for name in self._first)
            self._first -= {one.name for one in own if one.state.is_read or one.hearing.lost} | self._resting
        return FirstReading(len(self._first), self._job.last) if self._first else None

    def returned(self) -> dict[str, frozenset[str]]:
        """Return the facts to be read at once, of the devices back since the last call."""
        found = {name: frozenset(self._devices[name].state.awaited) for name in self._fleet.returned}
        self._fleet.returned.clear()
        return found

    def read(self, device: str, observations: Iterable[Observation], now: float, moment: datetime) -> list[StateChange]:
        """Take a reading of a device and return the changes of state."""
        self._begin(moment)
        return self._devices[device].read(observations, now, moment)

    def stood_still(self, now: float, moment: datetime) -> None:
        """Take the end of a time without a round: no silence of the devices; their answers are to be read again."""
        for one in self._devices.values() if self._is_begun else ():
            one.stood_still(now, moment)

    def tick(self, now: float, moment: datetime, resting: Collection[str] = ()) -> list[StateChange]:
        """Mark answers as stale, run the checks across devices, and return the changes of state.

        Answers of before the end of a rest are forgotten when stale: they are no measurement and no change, and the
        time at rest is no silence.
        """
        self._begin(moment)
        self._note_windows(moment)
        fleet, changes = self._fleet, list[StateChange]()
        for name in self._devices.keys() & (self._resting ^ {*resting}):
            fleet.deadlines.add(name)
        self._resting = frozenset(resting)
        if fleet.patience.renewed():
            fleet.deadlines.begin()
        passed = fleet.deadlines.passed(now)
        if fleet.silences.is_answered():
            changes += fleet.reach(moment)
        for name in passed:
            changes += self._devices[name].aged(now, moment, rests=name in resting)
        return [*changes, *self._across.tick(now, moment, resting)]

    def _begin(self, moment: datetime) -> None:
        """Give every check a finding about its first reading, once: a device without an answer is not measured."""
        if self._is_begun:
            return
        self._is_begun = True
        new = [one for one in self._devices.values() if not one.state.findings]
        found: dict[str, list[Finding]] = {}
        for finding in first_findings(self._job, new, moment):
            found.setdefault(finding.device, []).append(finding)
        for name, findings in found.items():
            self._devices[name].begin(findings)

    def _note_windows(self, moment: datetime) -> None:
        """Let equal answers be evaluated anew where a window of the event opens or closes."""
        windows = self._job.event.windows_at(moment, "event")
        if windows != self._windows:
            self._windows = windows
            for one in self._devices.values():
                one.state.evaluated = Evaluated()


def _lost_before(job: WatchJob, states: States) -> dict[str, str]:
    """Return the causes of the devices lost before the watch."""
    keys = {name: Key(name, DEVICE, "") for name in job.devices}
    known = {name: states.status(key) for name, key in keys.items()}
    return {name: states.cause(keys[name]) for name, one in known.items() if one and one[0] == "not_measured"}


def _nothing(states: States) -> bool:
    """True where nothing answered before the watch."""
    return (states.status(Key("", REACH, "")) or ("",))[0] == "fail"
