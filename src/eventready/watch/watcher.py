"""Watcher: latest observations of every device with their ages, the checks on them, and the changes of state.

Without threads, clock and sessions of its own: a loop feeds it readings, tests feed it recorded answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from math import inf
from operator import is_
from typing import NamedTuple

from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import message
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import CellState, Matrix
from eventready.evaluation.runner import History, evaluate
from eventready.evaluation.verdicts import Verdict, Weight, telling, verdicts_of, weights
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.facts.records import Fact
from eventready.watch.deadlines import Deadlines
from eventready.watch.flaps import RecentChanges
from eventready.watch.open_finding import RANK, OpenFinding, open_of
from eventready.watch.recent import KEPT_FACTS, RecentReadings
from eventready.watch.record import Beat
from eventready.watch.states import Key, StateChange, States
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.checking.waivers import Waiver
from eventready.workspace.settings.event import Event, Window

#: Intervals of a fact after which its last answer is no measurement any more, and seconds at least: a login and its
#: commands take longer than a short interval.
STALE_AFTER, _PATIENCE_S = 2, 20.0
#: Equal answers are evaluated anew after so long, and in each hour: certificates and waivers expire; seconds.
_ANEW_S = 900.0
#: Checks across devices run at most so often, in seconds.
_FLEET_S = 15.0
#: Least time between them, as a multiple of the processor time that they took.
_FLEET_PAUSES = 20
_SILENT = "watch:silent"
#: Check of a change about a device as a whole.
DEVICE = "device"


@dataclass(frozen=True)
class WatchJob:
    """Input of a watch: devices by name, checks, limits, waivers, event.

    `behind`: devices cut off by the failure of each device, as the network was in the last full audit. `network`: what
    that audit found about the whole network. `usual`: readings in earlier audits of the weekday and hour of a moment.
    """

    event: Event
    devices: Mapping[str, Device]
    matrix: Matrix
    limits: ResolvedLimits = field(default_factory=ResolvedLimits)
    waivers: Sequence[Waiver] = ()
    behind: Mapping[str, frozenset[str]] = field(default_factory=dict)
    network: Sequence[Weight] = ()
    usual: Callable[[datetime], History] = lambda _moment: {}


@dataclass
class _Fact:
    """Latest answer of a fact: observation, time of the reading, and the reading of a counter before.

    `step`: fields moved since the reading before, `moved`: and between this and its own; None for other records.
    """

    observation: Observation
    at: float
    before: Observation | None = None
    before_at: float = 0.0
    step: frozenset[str] | None = None
    moved: frozenset[str] | None = None

    def next(self, observation: Observation, now: float) -> _Fact:
        """Return the next answer of a counter."""
        step = _step(self.observation, observation)
        moved = None if step is None or self.step is None else step | self.step
        return _Fact(observation, now, self.observation, self.at, step, moved)


class _Evaluated(NamedTuple):
    """Time of an evaluation, with the day and hour of the event."""

    at: float = -inf
    hour: tuple[int, int] = (0, 0)

    def is_old(self, now: float, moment: datetime) -> bool:
        """True where equal answers are to be evaluated anew."""
        return now - self.at >= _ANEW_S or self.hour != (moment.day, moment.hour)

    @classmethod
    def of(cls, now: float, moment: datetime) -> _Evaluated:
        """Evaluation at a moment."""
        return cls(now, (moment.day, moment.hour))


class _Shown:
    """Open findings and weights of a group of findings, computed once after each change; for any thread."""

    def __init__(self) -> None:
        self._version, self._looked_up = 0, -1
        self.open: list[OpenFinding] = []
        self.weights: tuple[Weight, ...] = ()

    def changed(self) -> None:
        """Invalidate the results, after a change."""
        self._version += 1

    def of(self, findings: Iterable[Finding], states: States, devices: Collection[Device]) -> _Shown:
        """Return the current results; equal values stay the same objects."""
        if self._looked_up != (version := self._version):
            found = tuple(findings)
            known = {one.key: one for one in self.open}
            now = ((known.get(one.key), one) for one in open_of(found, states))
            opened = [before if before == one else one for before, one in now]
            self.open = self.open if _same(opened, self.open) else opened
            weighed = weights(devices, telling(found))
            self.weights = self.weights if weighed == self.weights else weighed
            self._looked_up = version
        return self


@dataclass
class _DeviceState:
    """Facts of a device; `answered_at`: time of the last answer of any fact, `rested_at`: end of its last rest;
    `lost`: no answer for too long.

    `cause`: the lost device in front of a lost device.

    `findings`: by check. `pending`: checks with findings whose states were not in force when compared last, `compared`:
    checks with all states of their findings, as they are, in force.
    `evaluated`: of all checks. `oldest`: time of the oldest answer that is a measurement.
    """

    readings: RecentReadings
    facts: dict[str, _Fact] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    shown: _Shown = field(default_factory=_Shown)
    recent: RecentChanges = field(default_factory=RecentChanges)
    answered_at: float | None = None
    rested_at: float = -inf
    lost: bool = False
    cause: str = ""
    pending: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)
    evaluated: _Evaluated = field(default_factory=_Evaluated)
    oldest: float | None = None

    def aged(self) -> None:
        """Look up the oldest answer, after a change of the facts."""
        times = [known.at for known in self.facts.values() if known.observation.status.measured]
        self.oldest = min(times, default=None)

    def take(self, found: Iterable[Finding], checks: Collection[str] | None) -> set[str]:
        """Take the findings of some checks, or of all, and return the checks with other findings than before."""
        anew: dict[str, list[Finding]] = {}
        for finding in found:
            anew.setdefault(finding.check, []).append(finding)
        names = anew.keys() | (self.findings if checks is None else checks)
        differing = {name for name in names if anew.get(name) != self.findings.get(name)}
        if differing:
            kept = {name: known for name, known in self.findings.items() if name not in differing}
            self.findings = dict(sorted((kept | {name: anew[name] for name in differing & anew.keys()}).items()))
            self.compared -= differing
        return differing


class Watcher:
    """Findings of all devices as last read. Times are seconds of a monotonic clock, `moment` the event's time."""

    def __init__(self, job: WatchJob, states: States, interval_of: Callable[[str], float]) -> None:
        self._job, self._interval_of = job, interval_of
        self.states = states
        lost = (states.status(Key(name, DEVICE, "")) for name in job.devices)
        self._devices = {
            name: _DeviceState(RecentReadings(job.devices[name]), lost=known is not None and known[0] == "not_measured")
            for name, known in zip(job.devices, lost, strict=True)
        }
        self._needed = {name: job.matrix.needed(name) for name in job.devices}
        self._shared = {name: job.matrix.shared(name).intersection(self._needed[name]) for name in job.devices}
        self._checks = {name: self._checks_of(name) for name in job.devices}
        self._reading = {name: _by_fact(checks) for name, checks in self._checks.items()}
        self._across: tuple[Finding, ...] = ()
        self._across_shown = _Shown()
        self._verdicts: tuple[Sequence[tuple[Weight, ...]], tuple[Verdict, ...]] = (), ()
        self._open: tuple[Sequence[Sequence[OpenFinding]], Sequence[OpenFinding]] = (), ()
        self._own: tuple[Finding, ...] = ()
        self._own_shown = _Shown()
        #: Figures of the last minute.
        self.beat: Beat | None = None
        self._fleet = _Evaluated()
        self._fleet_due, self._fleet_pending, self._fleet_cost_s = False, False, 0.0
        self._resting: frozenset[str] = frozenset()
        self._windows: tuple[Window, ...] = ()
        self._deadlines, self._slowest = Deadlines(job.devices), next(iter(CATALOGUE))
        #: Seconds by fact after which an answer is no measurement any more.
        self._patience = dict.fromkeys(CATALOGUE, -inf)

    @property
    def devices(self) -> Collection[str]:
        """Names of the devices."""
        return self._devices.keys()

    def findings(self) -> tuple[Finding, ...]:
        """All findings as last read, with those about the watching machine."""
        return (*self._of_network(), *self._own)

    def _of_network(self) -> tuple[Finding, ...]:
        of_devices = (found for device in self._devices.values() for found in device.findings.values())
        return (*chain.from_iterable(of_devices), *self._across)

    def open_findings(self) -> Sequence[OpenFinding]:
        """Return the open findings without blind spots, the worst and the latest first; the same object while equal."""
        parts = [one.open for one in (*self._shown(), self._own_shown.of(self._own, self.states, ()))]
        if not _same(parts, self._open[0]):
            self._open = parts, sorted(chain(*parts), key=lambda one: (RANK[one.status], -one.since))
        return self._open[1]

    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts per venue and service as last read."""
        weighed = [one.weights for one in self._shown()]
        if weighed != self._verdicts[0]:
            devices = tuple(self._job.devices.values())
            known, left_out = chain(self._job.network, *weighed), self._job.matrix.left_out
            found = verdicts_of(self._job.event.venues, devices, known, left_out=left_out)
            self._verdicts = weighed, found
        return self._verdicts[1]

    def _shown(self) -> Iterator[_Shown]:
        devices = self._job.devices
        for name, state in self._devices.items():
            yield state.shown.of(chain.from_iterable(state.findings.values()), self.states, (devices[name],))
        yield self._across_shown.of(self._across, self.states, devices.values())

    def read_own(self, findings: Sequence[Finding], moment: datetime) -> list[StateChange]:
        """Take findings about the watching machine and return the changes of state."""
        self._own = tuple(findings)
        self._own_shown.changed()
        return self.states.update(moment.timestamp(), findings)

    def age(self, device: str, now: float) -> float | None:
        """Return the seconds since the oldest answer in use of a device; None without any, and of a lost device."""
        state = self._devices[device]
        return None if state.oldest is None or state.lost else now - state.oldest

    def read(self, device: str, observations: Iterable[Observation], now: float, moment: datetime) -> list[StateChange]:
        """Take a reading of a device and return the changes of state."""
        state, taken = self._devices[device], {one.fact: one for one in observations}
        before = {fact: known.observation for fact in taken if (known := state.facts.get(fact))}
        answers = {fact for fact, one in taken.items() if one.status.measured}
        anew = state.lost or state.answered_at is None or any(not _measured(before.get(fact)) for fact in answers)
        if answers and anew:
            self._deadlines.add(device)
        state.answered_at = now if answers else state.answered_at
        changed = {fact for fact, one in taken.items() if before.get(fact) is not one or CATALOGUE[fact].counter}
        fresh = {fact for fact, one in taken.items() if self._take(state, one, now)}
        changed |= state.recent.ended(fresh, now)
        if kept := fresh & KEPT_FACTS:
            in_use = {fact: known.observation for fact in KEPT_FACTS if (known := state.facts.get(fact))}
            state.readings.note(in_use, kept, now)
        state.aged()
        changes: list[StateChange] = []
        self._note_shared(device, before, fresh, now, moment)
        if changed or state.pending or state.evaluated.is_old(now, moment):
            changes = self._evaluated(device, fresh, now, moment, changed=changed) if fresh else []
        state.lost &= not answers
        return [*self._turned(device, moment), *changes]

    def _note_shared(
        self, device: str, before: Mapping[str, Observation], fresh: set[str], now: float, moment: datetime
    ) -> None:
        """Let the checks across devices follow a changed answer, and the second of equal answers."""
        facts = self._devices[device].facts
        if shared := self._shared[device] & fresh:
            anew = self._fleet_pending or self._fleet.is_old(now, moment)
            self._fleet_due |= anew or not all(_alike(before.get(fact), facts[fact].observation) for fact in shared)

    def _turned(self, device: str, moment: datetime) -> list[StateChange]:
        """Return the change of a lost or answering device as a whole."""
        state = self._devices[device]
        status = Outcome.NOT_MEASURED if state.lost else Outcome.PASS
        return self.states.turned(moment.timestamp(), Key(device, DEVICE, ""), str(status), state.cause)

    @staticmethod
    def _take(state: _DeviceState, observation: Observation, now: float) -> bool:
        """Take an answer in place of the last; without an answer the last measurement stands until stale."""
        known = state.facts.get(observation.fact)
        if known and known.observation.status.measured and not observation.status.measured:
            return False
        before = known if known and CATALOGUE[observation.fact].counter and known.observation.status.measured else None
        if known is None or not known.observation.status.measured:
            state.recent.begin(observation.fact, now)
        elif known.observation is not observation:
            state.recent.note(known.observation, observation, now)
        state.facts[observation.fact] = before.next(observation, now) if before else _Fact(observation, now)
        return True

    def tick(self, now: float, moment: datetime, resting: Collection[str] = ()) -> list[StateChange]:
        """Mark answers as stale, run the checks across devices, and return the changes of state.

        Answers of before the end of a rest are forgotten when stale: they are no measurement and no change, and the
        time at rest is no silence.
        """
        changes: list[StateChange] = []
        self._note_windows(moment)
        for name in self._devices.keys() & (self._resting ^ {*resting}):
            self._deadlines.add(name)
        self._resting = frozenset(resting)
        for name in self._passed(now):
            state = self._devices[name]
            stale = {
                fact for fact, known in state.facts.items()
                if known.observation.status.measured and now - known.at > self._patience[fact]
            }  # fmt: skip
            if name in resting:
                state.rested_at, state.answered_at = inf, None
            elif state.rested_at == inf:
                state.rested_at = now
            if forgotten := {fact for fact in stale if state.facts[fact].at <= state.rested_at}:
                self._forget(name, forgotten, now, moment)
            stale -= forgotten
            for fact in stale:
                known = state.facts[fact]
                state.facts[fact] = _Fact(self._stale(known, now), known.at)
            state.aged()
            if name not in resting and not state.lost and self._is_lost(name, now):
                state.lost = True
                state.cause = self._cause(name)
                changes += self._turned(name, moment)
            if stale:
                self._fleet_due |= bool(self._shared[name] & stale)
                changes += self._evaluated(name, stale, now, moment, changed=stale, at_once=True)
            self._deadlines.add(name, self._deadline(name))
        pause_s = max(_FLEET_S, _FLEET_PAUSES * self._fleet_cost_s)
        if self._fleet_due and now - self._fleet.at >= pause_s:
            begun = time.thread_time()
            changes += self._evaluate_across(now, moment, resting)
            self._fleet_cost_s = time.thread_time() - begun
        return changes

    def _note_windows(self, moment: datetime) -> None:
        """Let equal answers be evaluated anew where a window of the event opens or closes."""
        windows = self._job.event.windows_at(moment, "event")
        if windows != self._windows:
            self._windows = windows
            for state in self._devices.values():
                state.evaluated = _Evaluated()

    def _forget(self, name: str, facts: Collection[str], now: float, moment: datetime) -> None:
        """Forget answers of a device."""
        state = self._devices[name]
        for fact in facts:
            del state.facts[fact]
        state.aged()
        self._fleet_due |= not self._shared[name].isdisjoint(facts)
        self._evaluated(name, set(), now, moment, changed=facts)

    def _cause(self, name: str) -> str:
        """Return the first lost device in front of a device; empty without any."""
        lost = (other for other, cut in self._job.behind.items() if name in cut and self._devices[other].lost)
        return next(lost, "")

    def _passed(self, now: float) -> list[str]:
        """Return the devices with an answer old enough to be stale; all of them after a change of the intervals."""
        if self._patience_of(self._slowest) != self._patience[self._slowest]:
            self._patience = {fact: self._patience_of(fact) for fact in CATALOGUE}
            self._slowest = max(CATALOGUE, key=self._patience.__getitem__)
            self._deadlines.begin()
        return self._deadlines.passed(now)

    def _deadline(self, name: str) -> float:
        """Return the time at which the next answer of a device is stale, or the device itself lost."""
        state = self._devices[name]
        patience = self._patience
        times = [known.at + patience[fact] for fact, known in state.facts.items() if known.observation.status.measured]
        if not state.lost and self._needed[name] and state.answered_at is not None:
            times.append(state.answered_at + min(patience[fact] for fact in self._needed[name]))
        return min(times, default=inf)

    def _patience_of(self, fact: str) -> float:
        """Seconds after which an answer is no measurement any more."""
        return max(STALE_AFTER * self._interval_of(fact), _PATIENCE_S)

    def _is_lost(self, name: str, now: float) -> bool:
        """True for a device without an answer for the patience of its shortest interval, also since the begin."""
        state, facts = self._devices[name], self._needed[name]
        if state.answered_at is None:
            state.answered_at = now
        return bool(facts) and now - state.answered_at > min(self._patience[fact] for fact in facts)

    @staticmethod
    def _stale(known: _Fact, now: float) -> Observation:
        reason = message(_SILENT, seconds=round(now - known.at))
        return replace(
            known.observation, status=Status.TIMEOUT, rows=(), unread=(), reason=reason.render("en"), message=reason
        )

    def _evaluated(
        self,
        name: str,
        facts: set[str],
        now: float,
        moment: datetime,
        *,
        changed: Collection[str],
        at_once: bool = False,
    ) -> list[StateChange]:
        """Run the checks on changed facts of a device, at times all, and compare those of the facts just read."""
        state, checks = self._devices[name], self._due_checks(name, changed, now, moment)
        differing = state.take(self._found(name, moment, checks), checks) if checks is None or checks else set()
        changes = self._compared(name, facts, moment.timestamp(), at_once=at_once)
        if differing or changes or state.pending:
            state.shown.changed()
        return changes

    def _found(self, name: str, moment: datetime, checks: Collection[str] | None) -> Sequence[Finding]:
        """Run some checks of a device, or all."""
        job, facts = self._job, self._devices[name].facts.values()
        interval = max((known.at - known.before_at for known in facts if known.before), default=0.0)
        readings = [one for known in facts for one in _readings(known)]
        return evaluate(
            [job.devices[name]], job.matrix, readings, moment=moment, limits=job.limits, waivers=job.waivers,
            history=self._history(name, moment), intervals={name: interval}, scope="device", checks=checks,
        )  # fmt: skip

    def _history(self, name: str, moment: datetime) -> History:
        """Return the usual readings of a device, and last its readings and changes of the last minutes."""
        state = self._devices[name]
        return {name: (*self._job.usual(moment).get(name, ()), *state.readings.readings(), *state.recent.readings())}

    def _due_checks(self, name: str, changed: Collection[str], now: float, moment: datetime) -> frozenset[str] | None:
        """Return the checks on a changed fact; None for all, after some minutes and in another hour."""
        state = self._devices[name]
        if state.evaluated.is_old(now, moment):
            state.evaluated = _Evaluated.of(now, moment)
            return None
        reading = self._reading[name]
        return frozenset(
            check for fact in changed for check in reading.get(fact, ()) if not self._stays(check, state, fact)
        )

    def _stays(self, check: str, state: _DeviceState, fact: str) -> bool:
        """True for a check with the findings of the reading before, whatever moved in a counter."""
        known, rests = state.facts.get(fact), self._job.matrix.checks[check].rests_on
        if known is None or known.moved is None or not rests or not rests.isdisjoint(known.moved):
            return False
        return all(one.status is Outcome.PASS or one.blind for one in state.findings.get(check, ()))

    def _compared(self, name: str, facts: set[str], at: float, *, at_once: bool) -> list[StateChange]:
        """Compare the findings of the checks of some facts with the states in force."""
        state, checks = self._devices[name], self._job.matrix.checks
        needs = [
            check
            for check in self._checks[name]
            if check not in state.compared and not facts.isdisjoint(checks[check].needs) and self._settled(state, check)
        ]
        compared = [finding for check in needs for finding in state.findings.get(check, ())]
        cause = state.cause or name if state.lost else ""
        changes = self.states.update(at, compared, at_once=at_once, cause=cause)
        whole = {Key(name, check, "") for check in needs} - {_key(finding) for finding in compared}
        changes += self.states.measured_again(at, whole, cause)
        judged = [check for check in needs if not any(map(_unread, state.findings.get(check, ())))]
        changes += self.states.ended(at, (key for check in judged for key in self._absent(name, check)), cause)
        for check in needs:
            absent = check in judged and self._absent(name, check)
            pending = absent or self.states.pending(state.findings.get(check, ()))
            (state.pending.add if pending else state.pending.discard)(check)
            (state.compared.discard if pending else state.compared.add)(check)
        return changes

    def _absent(self, name: str, check: str) -> list[Key]:
        return self.states.absent(name, check, self._devices[name].findings.get(check, ()))

    def _evaluate_across(self, now: float, moment: datetime, resting: Collection[str]) -> list[StateChange]:
        """Run the checks across devices; a missing answer is the change of its own device."""
        job, matrix = self._job, self._job.matrix
        self._fleet, self._fleet_due = _Evaluated.of(now, moment), False
        readings = [
            one
            for name, state in self._devices.items()
            for fact, known in state.facts.items()
            if fact in self._shared[name]
            for one in _readings(known)
        ]
        self._across = evaluate(
            tuple(job.devices.values()), matrix, readings, moment=moment, limits=job.limits, waivers=job.waivers,
            scope="fleet",
        )  # fmt: skip
        reading = (name for name, state in self._devices.items() if not state.lost and name not in resting)
        whole = all(self._shared[name] <= self._devices[name].facts.keys() for name in reading)
        known = [one for one in self._across if whole and one.status is not Outcome.NOT_MEASURED]
        changes = self.states.update(moment.timestamp(), known)
        absent = self._absent_across() if whole and not matrix.left_out else []
        changes += self.states.ended(moment.timestamp(), absent)
        self._fleet_pending = not whole or self.states.pending(known) or bool(absent)
        self._across_shown.changed()
        return changes

    def _absent_across(self) -> list[Key]:
        """States of checks across devices without a finding any more, where all was measured for the check."""
        found: dict[tuple[str, str], list[Finding]] = {}
        for one in self._across:
            found.setdefault((one.device, one.check), []).append(one)
        lost = {one.check for one in self._across if one.status is Outcome.NOT_MEASURED and not one.blind}
        checks = [one.name for one in self._job.matrix.checks.values() if one.scope == "fleet" and one.name not in lost]
        places = ((name, check) for check in checks for name in self._job.devices)
        return [key for place in places for key in self.states.absent(*place, found.get(place, ()))]

    def _checks_of(self, device: str) -> dict[str, frozenset[str]]:
        """Checks of a single device, with the facts they read."""
        matrix = self._job.matrix
        cells = (cell for cell in matrix.concerning(device) if cell.state is CellState.APPLICABLE)
        checks = (matrix.checks[cell.check] for cell in cells)
        return {check.name: frozenset((*check.needs, *check.also_reads)) for check in checks if check.scope == "device"}

    def _settled(self, state: _DeviceState, check: str) -> bool:
        """True for a check with all its facts read, counters twice."""
        needs = self._job.matrix.checks[check].needs
        if not state.facts.keys() >= set(needs):
            return False
        known = [state.facts[need] for need in needs]
        return all(
            one.before is not None or not CATALOGUE[one.observation.fact].counter or not one.observation.status.measured
            for one in known
        )


def _by_fact(checks: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Names of checks by the facts they read."""
    found: dict[str, list[str]] = {}
    for check, facts in checks.items():
        for fact in facts:
            found.setdefault(fact, []).append(check)
    return found


def _same(one: Sequence[object], other: Sequence[object]) -> bool:
    """True for the same objects."""
    return len(one) == len(other) and all(map(is_, one, other))


def _measured(observation: Observation | None) -> bool:
    return observation is not None and observation.status.measured


def _unread(finding: Finding) -> bool:
    """True for a finding about an answer not read whole: others may be absent for this reason."""
    return finding.status is Outcome.NOT_MEASURED and finding.message_id.startswith("checks:run.")


def _alike(one: Observation | None, other: Observation) -> bool:
    """True for two answers with the same result of the checks across devices."""
    if one is not None and one.rows and (moved := other.moved_since(one)) is not None:
        return moved <= one.rows[0].moving
    if one is None or (one.status, one.reason, one.unread) != (other.status, other.reason, other.unread):
        return False
    return one is other or (len(one.rows) == len(other.rows) and all(map(Fact.alike, one.rows, other.rows)))


def _step(before: Observation, now: Observation) -> frozenset[str] | None:
    """Return the fields moved in the records of a counter; None for other records."""
    if (moved := now.moved_since(before)) is not None:
        return moved
    if (before.status, before.unread, len(before.rows)) != (now.status, now.unread, len(now.rows)):
        return None
    return frozenset().union(*(one.moved(later) for one, later in zip(before.rows, now.rows, strict=True)))


def _readings(known: _Fact) -> tuple[Observation, ...]:
    """Observations of a fact as an audit has them."""
    if known.before is None:
        return (known.observation,)
    return replace(known.before, reading=1), replace(known.observation, reading=2)


def _key(finding: Finding) -> Key:
    return Key(finding.device, finding.check, finding.subject)
