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

from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.ways import SERVICE_WAY
from eventready.core.messages import message
from eventready.evaluation.bearing import Weight
from eventready.evaluation.causes import Element
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import CellState, Matrix
from eventready.evaluation.runner import History, evaluate
from eventready.evaluation.verdicts import Verdict, verdicts_of
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.network.graph.outcome import WhatIf
from eventready.store.watch_log import Beat
from eventready.watch.deadlines import Deadlines
from eventready.watch.device_state import DeviceState, Evaluated, LatestAnswer, readings_of
from eventready.watch.first_reading import FirstReading, LastVerdicts
from eventready.watch.flaps import RecentChanges
from eventready.watch.open_finding import RANK, OpenFinding
from eventready.watch.recent import KEPT_FACTS, RecentReadings
from eventready.watch.remembered import Remembered
from eventready.watch.schedule import QUESTIONS
from eventready.watch.shown import Shown, same
from eventready.watch.silence import REACH, Patience, Silences
from eventready.watch.states import Key, StateChange, States
from eventready.watch.ways import Ways
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.checking.waivers import Waiver
from eventready.workspace.settings.event import Event, Window

#: Checks across devices run at most so often, in seconds.
_FLEET_S = 15.0
#: Least time between them, as a multiple of the processor time that they took.
_FLEET_PAUSES = 20
_SILENT = "watch:silent"
#: Sentence of a check that nobody asked, and those of one to be read, for the first time or after a gap.
_NOT_READ, _FIRST, _AGAIN = "checks:run.not_read", "watch:first", "watch:again"
#: Answers of a device that are no measurement.
_ANSWERED = frozenset({Status.UNPARSED, Status.DENIED, Status.UNSUPPORTED})
#: Check of a change about a device as a whole.
DEVICE = "device"


@dataclass(frozen=True)
class WatchJob:
    """Input of a watch: devices by name, checks, limits, waivers, event.

    `behind`: devices cut off by the failure of each device, as the network was in the last full audit. `network`: what
    that audit found about the whole network. `usual`: readings in earlier audits of the weekday and hour of a moment.
    `last`: verdicts of before the watch. `remembered`: what is in force at its begin, by device.
    """

    event: Event
    devices: Mapping[str, Device]
    matrix: Matrix
    limits: ResolvedLimits = field(default_factory=ResolvedLimits)
    waivers: Sequence[Waiver] = ()
    behind: Mapping[str, frozenset[str]] = field(default_factory=dict)
    network: Sequence[Weight] = ()
    usual: Callable[[datetime], History] = lambda _moment: {}
    last: LastVerdicts | None = None
    remembered: Mapping[str, Remembered] = field(default_factory=dict)


class Watcher:
    """Findings of all devices as last read. Times are seconds of a monotonic clock, `moment` the event's time."""

    def __init__(self, job: WatchJob, states: States, interval_of: Callable[[str], float]) -> None:
        self._job = job
        self.states = states
        self._needed = {name: job.matrix.needed(name) for name in job.devices}
        self._devices = {
            name: DeviceState(
                RecentReadings(job.devices[name], known.drops),
                recent=RecentChanges(known.flaps),
                awaited={*facts},
                shown=Shown(job.limits),
            )
            for name, facts in self._needed.items()
            for known in [job.remembered.get(name, Remembered())]
        }
        keys = {name: Key(name, DEVICE, "") for name in job.devices}
        known = {name: states.status(key) for name, key in keys.items()}
        lost = {name: states.cause(keys[name]) for name, one in known.items() if one and one[0] == "not_measured"}
        nothing = (states.status(Key("", REACH, "")) or ("",))[0] == "fail"
        self._patience = Patience(self._needed, interval_of)
        self._silences = Silences(job.devices, job.behind, self._patience, lost, nothing=nothing)
        self._shared = {
            name: job.matrix.shared(name, "fleet").intersection(facts) for name, facts in self._needed.items()
        }
        self._checks = {name: self._checks_of(name) for name in job.devices}
        cells = {name: [job.matrix.checks[cell.check] for cell in job.matrix.concerning(name)] for name in job.devices}
        #: Checks of a single device, unsupported ones included.
        self._all_checks = {name: {one.name for one in of if one.scope == "device"} for name, of in cells.items()}
        self._reading = {name: _by_fact(checks) for name, checks in self._checks.items()}
        self._across: tuple[Finding, ...] = ()
        self._across_shown = Shown(job.limits)
        self._ways = Ways(job.devices.values(), job.matrix, job.limits, job.waivers)
        self._ways_shown = Shown(job.limits)
        self._verdicts: tuple[Sequence[tuple[Weight, ...]], WhatIf | None, tuple[Verdict, ...]] = (), None, ()
        self._open: tuple[Sequence[Sequence[OpenFinding]], Sequence[OpenFinding]] = (), ()
        self._own: tuple[Finding, ...] = ()
        self._own_shown = Shown()
        #: Figures of the last minute.
        self.beat: Beat | None = None
        self._fleet = Evaluated()
        self._fleet_due, self._fleet_pending, self._fleet_cost_s = False, False, 0.0
        self._resting: frozenset[str] = frozenset()
        self._windows: tuple[Window, ...] = ()
        self._deadlines = Deadlines(job.devices)
        self._returned: set[str] = set()
        self._is_begun = False
        self._first = {name for name, facts in self._needed.items() if facts}

    @property
    def devices(self) -> Collection[str]:
        """Names of the devices."""
        return self._devices.keys()

    def findings(self) -> tuple[Finding, ...]:
        """All findings as last read, with those about the watching machine."""
        return (*self._of_network(), *self._own)

    def _of_network(self) -> tuple[Finding, ...]:
        of_devices = (found for device in self._devices.values() for found in device.findings.values())
        return (*chain.from_iterable(of_devices), *self._across, *self._ways.findings)

    def open_findings(self) -> Sequence[OpenFinding]:
        """Return the open findings without blind spots, the same object while equal.

        Those with a cause of their own first, of these the services, the worst and the latest first.
        """
        own = (*self._own, self._silences.finding(), *self._silent())
        parts = [one.open for one in (*self._shown(), self._own_shown.of(own, self.states, ()))]
        if not same(parts, self._open[0]):
            order = sorted(chain(*parts), key=_order)
            self._open = parts, order
        return self._open[1]

    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts per venue and service as last read."""
        weighed, network = [one.weights for one in self._shown()], self._ways.network
        if network is not self._verdicts[1] or weighed != self._verdicts[0]:
            devices = tuple(self._job.devices.values())
            known, left_out = chain(self._job.network, *weighed), self._job.matrix.left_out
            found = verdicts_of(self._job.event.venues, devices, known, network=network, left_out=left_out)
            self._verdicts = weighed, network, found
        return self._verdicts[2]

    def ways(self) -> tuple[Finding, ...]:
        """Findings about the ways of the services, as of the last walk."""
        return tuple(one for one in self._ways.findings if one.check == SERVICE_WAY)

    def rests(self) -> Mapping[Element, Element]:
        """Return the elements resting on elements lost as of the last walk, with the element below each."""
        return self._ways.rests

    def walk_waits(self, now: float) -> float | None:
        """Return the seconds since the walk while a change of the network waits for the next walk; None otherwise."""
        return self._ways.waits_s(now)

    def _shown(self) -> Iterator[Shown]:
        devices = self._job.devices
        for name, state in self._devices.items():
            yield state.shown.of(chain.from_iterable(state.findings.values()), self.states, (devices[name],))
        yield self._across_shown.of(self._across, self.states, devices.values())
        yield self._ways_shown.of(self._ways.findings, self.states, devices.values())

    def _silent(self) -> Iterator[Finding]:
        """Findings about devices as a whole: lost now, or often."""
        for name, hearing in self._silences.of.items():
            if hearing.lost or self.states.often(Key(name, DEVICE, "")):
                status, name_of = (Outcome.NOT_MEASURED, "lost") if hearing.lost else (Outcome.PASS, "back")
                venues = self._job.devices[name].venues
                yield Finding(status, "", f"watch:device.{name_of}", check=DEVICE, device=name, venues=venues)

    def read_own(self, findings: Sequence[Finding], moment: datetime) -> list[StateChange]:
        """Take findings about the watching machine and return the changes of state."""
        self._own = tuple(findings)
        self._own_shown.changed()
        return self.states.update(moment.timestamp(), findings)

    def age(self, device: str, now: float) -> float | None:
        """Return the seconds since the oldest answer in use of a device; None without any, and of a lost device."""
        state = self._devices[device]
        return None if state.oldest is None or self._silences.of[device].lost else now - state.oldest

    def first_reading(self) -> FirstReading | None:
        """Return the first reading while there are devices to be read, neither lost nor at rest; None ever after.

        Counters are read twice.
        """
        if self._first:
            done = {name for name in self._first if self._devices[name].is_read or self._silences.of[name].lost}
            self._first -= done | self._resting
        return FirstReading(len(self._first), self._job.last) if self._first else None

    def returned(self) -> dict[str, frozenset[str]]:
        """Return the facts to be read at once, of the devices back since the last call."""
        found = {name: frozenset(self._devices[name].awaited) for name in self._returned}
        self._returned = set()
        return found

    def read(self, device: str, observations: Iterable[Observation], now: float, moment: datetime) -> list[StateChange]:
        """Take a reading of a device and return the changes of state."""
        if not self._is_begun:
            self._begin(moment)
        state, taken = self._devices[device], {one.fact: one for one in observations}
        before = {fact: known.observation for fact in taken if (known := state.facts.get(fact))}
        answers, hearing = {fact for fact, one in taken.items() if one.status.measured}, self._silences.of[device]
        anew = hearing.answered_at is None or any(not _measured(before.get(fact)) for fact in answers)
        lost, judged, held = hearing.lost, self._judged(device, taken, answers), state.waits(self._shared[device])
        if self._is_heard(device, answers):
            self._answered(device, now, anew=anew)
        waiting, state.awaited = state.waiting if judged & state.awaited else set(), state.awaited - judged
        state.begun |= bool(answers) and not state.awaited
        self._fleet_due |= held is not state.waits(self._shared[device])
        changed = {fact for fact, one in taken.items() if before.get(fact) is not one or CATALOGUE[fact].counter}
        fresh = {fact for fact, one in taken.items() if self._take(state, one, now)}
        changed |= state.recent.ended(fresh, now)
        if kept := fresh & KEPT_FACTS:
            in_use = {fact: known.observation for fact in KEPT_FACTS if (known := state.facts.get(fact))}
            state.readings.note(in_use, kept, now)
        state.aged()
        changes: list[StateChange] = []
        self._note_shared(device, before, fresh, now, moment)
        if changed or state.pending or waiting or state.evaluated.is_old(now, moment):
            changes = self._evaluated(device, fresh & judged, now, moment, changed=changed, lost=lost) if fresh else []
        return [*self._turned(device, moment), *changes]

    def _is_heard(self, device: str, answers: Collection[str]) -> bool:
        """True with answers of a device itself: answers to questions come beside a hanging session."""
        return not QUESTIONS.issuperset(answers) or (bool(answers) and QUESTIONS.issuperset(self._needed[device]))

    def _judged(self, device: str, taken: Collection[str], answers: Collection[str]) -> set[str]:
        """Return the facts of a reading to be judged.

        Of a reading without an answer these are the ones without an answer in their reading before too, while others of
        the device answered in between: otherwise the device itself may be silent.
        """
        hearing, facts = self._silences.of[device], self._devices[device].facts
        if answers or hearing.lost:
            return {*taken}
        answered_at = -inf if hearing.answered_at is None else hearing.answered_at
        return {fact for fact in taken if fact in facts and facts[fact].at < answered_at}

    def _to_be_read(self, device: str, facts: Iterable[str]) -> None:
        """Let the checks of facts wait until these are read again."""
        state = self._devices[device]
        state.awaited |= {*facts}
        state.evaluated = Evaluated()
        self._returned.add(device)

    def _answered(self, device: str, now: float, *, anew: bool) -> None:
        """Take an answer of a device; after a gap its facts are to be read again: all, or those without an answer."""
        state, hearing = self._devices[device], self._silences.of[device]
        if hearing.lost or state.stale:
            self._to_be_read(device, self._needed[device] if hearing.lost else state.stale)
            state.stale = set()
        if hearing.lost:
            self._own_shown.changed()
            self._ways.changed = True
        if hearing.lost or anew:
            self._deadlines.add(device)
        self._silences.heard(device, now)

    def _note_shared(
        self, device: str, before: Mapping[str, Observation], fresh: set[str], now: float, moment: datetime
    ) -> None:
        """Let the walk follow a changed answer, and the checks across devices the second of equal ones too."""
        facts = self._devices[device].facts
        for fact in self._ways.facts[device] & fresh:
            self._ways.note(before.get(fact), facts[fact].observation)
        if shared := self._shared[device] & fresh:
            anew = self._fleet_pending or self._fleet.is_old(now, moment)
            known = [(before.get(fact), facts[fact].observation) for fact in shared]
            self._fleet_due |= anew or not all(one is not None and one.alike(other) for one, other in known)

    def _turned(self, device: str, moment: datetime) -> list[StateChange]:
        """Return the change of a lost or answering device as a whole."""
        hearing = self._silences.of[device]
        status = Outcome.NOT_MEASURED if hearing.lost else Outcome.PASS
        changes = self.states.turned(moment.timestamp(), Key(device, DEVICE, ""), str(status), hearing.cause)
        if changes:
            self._own_shown.changed()
        return changes

    @staticmethod
    def _take(state: DeviceState, observation: Observation, now: float) -> bool:
        """Take an answer in place of the last; without an answer the last measurement stands until stale."""
        known = state.facts.get(observation.fact)
        if known and known.observation.status.measured and not observation.status.measured:
            known.refused = observation if observation.status in _ANSWERED else None
            return False
        before = known if known and CATALOGUE[observation.fact].counter and known.observation.status.measured else None
        if known is None or not known.observation.status.measured:
            state.recent.begin(observation.fact, now)
        elif known.observation is not observation:
            state.recent.note(known.observation, observation, now)
        state.facts[observation.fact] = before.next(observation, now) if before else LatestAnswer(observation, now)
        return True

    def stood_still(self, now: float, moment: datetime) -> None:
        """Take the end of a time without a round: no silence of the devices; their answers are to be read again."""
        for name, state in self._devices.items() if self._is_begun else ():
            hearing = self._silences.of[name]
            hearing.answered_at, hearing.begun_at = None, None if hearing.begun_at is None else now
            self._to_be_read(name, self._needed[name])
            self._forget(name, [*state.facts], now, moment)
            self._deadlines.add(name)

    def tick(self, now: float, moment: datetime, resting: Collection[str] = ()) -> list[StateChange]:
        """Mark answers as stale, run the checks across devices, and return the changes of state.

        Answers of before the end of a rest are forgotten when stale: they are no measurement and no change, and the
        time at rest is no silence.
        """
        if not self._is_begun:
            self._begin(moment)
        changes: list[StateChange] = []
        self._note_windows(moment)
        for name in self._devices.keys() & (self._resting ^ {*resting}):
            self._deadlines.add(name)
        self._resting = frozenset(resting)
        passed = self._passed(now)
        if self._silences.is_answered():
            changes += self._reach(moment)
        for name in passed:
            changes += self._aged(name, now, moment, rests=name in resting)
        pause_s = max(_FLEET_S, _FLEET_PAUSES * self._fleet_cost_s)
        if self._fleet_due and now - self._fleet.at >= pause_s:
            begun = time.thread_time()
            changes += self._evaluate_across(now, moment, resting)
            self._fleet_cost_s = time.thread_time() - begun
        return [*changes, *self._walked(now, moment, resting)]

    def _aged(self, name: str, now: float, moment: datetime, *, rests: bool) -> list[StateChange]:
        """Mark the answers of a device as stale, and the device as lost; return the changes of state."""
        state = self._devices[name]
        self._rest(name, now, rests=rests)
        stale = {
            fact for fact, known in state.facts.items()
            if known.observation.status.measured and now - known.at > self._patience.of(fact)
        }  # fmt: skip
        if forgotten := {fact for fact in stale if state.facts[fact].at <= state.rested_at}:
            self._forget(name, forgotten, now, moment)
        stale -= forgotten
        for fact in stale:
            known = state.facts[fact]
            state.facts[fact] = LatestAnswer(self._stale(known, now), known.at)
        state.aged()
        state.stale |= stale
        self._fleet_due |= bool(self._shared[name] & stale)
        self._ways.changed |= bool(self._ways.facts[name] & stale)
        changes = self._lost(name, now, moment)
        judged = self._with_cause(name)
        state.stale -= judged
        if stale or judged:
            changes += self._evaluated(name, judged, now, moment, changed=stale, at_once=True)
        self._deadlines.add(name, now if state.stale or self._is_silent(name, now) else self._deadline(name))
        return changes

    def _rest(self, name: str, now: float, *, rests: bool) -> None:
        """Take the begin or the end of a rest: afterwards all facts are to be read again."""
        state, hearing = self._devices[name], self._silences.of[name]
        if rests:
            state.rested_at, hearing.answered_at, hearing.begun_at = inf, None, None
            return
        if state.rested_at == inf:
            state.rested_at = now
            self._to_be_read(name, self._needed[name])
        hearing.begun_at = now if hearing.begun_at is None else hearing.begun_at

    def _is_silent(self, name: str, now: float) -> bool:
        """True for a device not yet lost without an answer for its patience, or since a stale fact was due."""
        hearing, state = self._silences.of[name], self._devices[name]
        return not hearing.lost and bool(self._needed[name]) and (
            self._silences.is_silent(name, now) or any(not self._answered_since_due(name, fact) for fact in state.stale)
        )  # fmt: skip

    def _answered_since_due(self, name: str, fact: str) -> bool:
        """True where a device has answered others since a fact was due."""
        answered_at = self._silences.of[name].answered_at
        due_at = self._devices[name].facts[fact].at + self._patience.intervals[fact]
        return answered_at is not None and answered_at >= due_at

    def _lost(self, name: str, now: float, moment: datetime) -> list[StateChange]:
        """Return the changes by a silent device, if lost now."""
        nothing = self._silences.nothing
        if not self._is_silent(name, now) or not self._silences.lose(name, now):
            return []
        self._own_shown.changed()
        self._ways.changed = True
        state = self._devices[name]
        state.awaited -= state.facts.keys()
        state.stale |= {fact for fact, known in state.facts.items() if not known.observation.status.measured}
        return [*([] if nothing == self._silences.nothing else self._reach(moment)), *self._turned(name, moment)]

    def _reach(self, moment: datetime) -> list[StateChange]:
        """Return the change of the reach of the watch."""
        self._own_shown.changed()
        return self.states.update(moment.timestamp(), [self._silences.finding()], at_once=True)

    def _with_cause(self, name: str) -> set[str]:
        """Return the stale facts of a lost device, of any other those failed beside other answers."""
        stale = self._devices[name].stale
        return {fact for fact in stale if self._silences.of[name].lost or self._answered_since_due(name, fact)}

    def _note_windows(self, moment: datetime) -> None:
        """Let equal answers be evaluated anew where a window of the event opens or closes."""
        windows = self._job.event.windows_at(moment, "event")
        if windows != self._windows:
            self._windows = windows
            for state in self._devices.values():
                state.evaluated = Evaluated()

    def _forget(self, name: str, facts: Collection[str], now: float, moment: datetime) -> None:
        """Forget answers of a device."""
        state = self._devices[name]
        for fact in facts:
            del state.facts[fact]
        state.awaited |= {*facts}
        state.stale -= {*facts}
        state.aged()
        self._fleet_due |= not self._shared[name].isdisjoint(facts)
        self._ways.changed |= not self._ways.facts[name].isdisjoint(facts)
        self._evaluated(name, set(), now, moment, changed=facts)

    def _passed(self, now: float) -> list[str]:
        """Return the devices with an answer old enough to be stale; all of them after a change of the intervals."""
        if self._patience.renewed():
            self._deadlines.begin()
        return self._deadlines.passed(now)

    def _deadline(self, name: str) -> float:
        """Return the time at which the next answer of a device is stale, or the device itself silent."""
        state, hearing = self._devices[name], self._silences.of[name]
        known = ((fact, one) for fact, one in state.facts.items() if one.observation.status.measured)
        times = [one.at + self._patience.of(fact) for fact, one in known]
        if not hearing.lost and hearing.since < inf:
            times.append(hearing.since + self._patience.of_device(name))
        return min(times, default=inf)

    @staticmethod
    def _stale(known: LatestAnswer, now: float) -> Observation:
        """Return the later answer without a measurement, or its absence."""
        if known.refused:
            return known.refused
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
        lost: bool = False,
    ) -> list[StateChange]:
        """Run the checks on changed facts of a device, at times all, and compare those of the facts just read.

        `lost`: the device was lost until these.
        """
        state = self._devices[name]
        due = self._due_checks(name, changed, now, moment)
        checks = self._all_checks[name] if due is None else due
        facts_of = self._checks[name]
        held = {check for check in checks if state.waits(facts_of.get(check, ()))}
        missing = {one for one in held if one not in state.findings or state.is_missing(facts_of[one])} - state.to_read
        state.to_read = (state.to_read | missing) - (checks - held)
        state.waiting = held if due is None else (state.waiting - checks) | held
        differing, waived = set[str](), state.waived
        if ready := checks - held:
            differing |= state.take(self._found(name, moment, ready), ready)
        if missing:
            differing |= state.take(self._to_read([name], moment, missing), missing)
        self._ways.changed |= waived != state.waived
        cause = name if lost or self._silences.of[name].lost else ""
        if not at_once and (before := {one for check in ready for one in self._before_turn(name, check, now)}):
            self._to_be_read(name, before)
        changes = self._compared(name, facts, moment.timestamp(), at_once=at_once, cause=cause)
        if differing or changes or state.pending:
            state.shown.changed()
        return changes

    def _before_turn(self, name: str, check: str, now: float) -> set[str]:
        """Facts of a check read before its failure turned to a missing figure: they may tell of the failure.

        What some facts show as mended is judged when the others were read again too.
        """
        state = self._devices[name]
        if not any(self._turns(one) for one in state.findings.get(check, ())):
            state.turned.pop(check, None)
            return set()
        since = state.turned.setdefault(check, now)
        return {
            fact for fact in self._checks[name].get(check, ()) if fact in state.facts and state.facts[fact].at < since
        }

    def _turns(self, finding: Finding) -> bool:
        known = self.states.status(_key(finding))
        return finding.status is Outcome.NOT_MEASURED and known is not None and known[0] in {Outcome.FAIL, Outcome.WARN}

    def _begin(self, moment: datetime) -> None:
        """Give every check a finding about its first reading: a device without an answer is not measured."""
        self._is_begun = True
        names = [name for name, state in self._devices.items() if not state.findings]
        found: dict[str, list[Finding]] = {}
        for one in self._to_read(names, moment):
            found.setdefault(one.device, []).append(one)
        for name, findings in found.items():
            state = self._devices[name]
            state.to_read = {*self._checks[name]}
            state.take(findings, state.to_read)
            state.shown.changed()

    def _to_read(self, names: Iterable[str], moment: datetime, checks: Collection[str] | None = None) -> list[Finding]:
        """Findings of checks with facts to be read first: of some checks or all."""
        job = self._job
        found = evaluate(
            [job.devices[name] for name in names], job.matrix, (), moment=moment, limits=job.limits,
            waivers=job.waivers, scope="device", checks=checks,
        )  # fmt: skip
        return [
            one.replace(message_id=_AGAIN if self._devices[one.device].begun else _FIRST)
            if one.message_id == _NOT_READ else one
            for one in found
        ]  # fmt: skip

    def _found(self, name: str, moment: datetime, checks: Collection[str]) -> Sequence[Finding]:
        """Run some checks of a device."""
        job, facts = self._job, self._devices[name].facts.values()
        interval = max((known.at - known.before_at for known in facts if known.before), default=0.0)
        readings = [one for known in facts for one in readings_of(known)]
        return evaluate(
            [job.devices[name]], job.matrix, readings, moment=moment, limits=job.limits, waivers=job.waivers,
            history=self._history(name, moment), intervals={name: interval}, scope="device", checks=checks,
        )  # fmt: skip

    def _history(self, name: str, moment: datetime) -> History:
        """Return the usual readings of a device, and last its changes of the last minutes."""
        state = self._devices[name]
        return {name: (*self._job.usual(moment).get(name, ()), *state.readings.readings(), *state.recent.readings())}

    def _due_checks(self, name: str, changed: Collection[str], now: float, moment: datetime) -> frozenset[str] | None:
        """Return the checks on a changed fact; None for all, after some minutes and in another hour."""
        state = self._devices[name]
        if state.evaluated.is_old(now, moment):
            state.evaluated = Evaluated.of(now, moment)
            return None
        reading = self._reading[name]
        due = (check for fact in changed for check in reading.get(fact, ()) if not self._stays(check, state, fact))
        return frozenset(due) | state.waiting

    def _stays(self, check: str, state: DeviceState, fact: str) -> bool:
        """True for a check with the findings of the reading before, whatever moved in a counter."""
        known, rests = state.facts.get(fact), self._job.matrix.checks[check].rests_on
        if known is None or known.moved is None or not rests or not rests.isdisjoint(known.moved):
            return False
        return all(one.status is Outcome.PASS or one.blind for one in state.findings.get(check, ()))

    def _compared(self, name: str, facts: set[str], at: float, *, at_once: bool, cause: str) -> list[StateChange]:
        """Compare the findings of the checks of some facts with the states in force."""
        state, checks = self._devices[name], self._job.matrix.checks
        needs = [
            check
            for check in self._checks[name]
            if check not in state.compared
            and not facts.isdisjoint(checks[check].needs)
            and self._settled(name, state, check)
        ]
        compared = [finding for check in needs for finding in state.findings.get(check, ())]
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
        job, matrix = self._job, replace(self._job.matrix, network=None)
        self._fleet, self._fleet_due = Evaluated.of(now, moment), False
        readings = [
            one
            for name, state in self._devices.items()
            if not (state.begun and state.waits(self._shared[name]))
            for fact, known in state.facts.items()
            if fact in self._shared[name]
            for one in readings_of(known)
        ]
        self._across = evaluate(
            tuple(job.devices.values()), matrix, readings, moment=moment, limits=job.limits, waivers=job.waivers,
            scope="fleet",
        )  # fmt: skip
        lost = self._silences.of
        reading = (name for name in self._devices if not lost[name].lost and name not in resting)
        whole = all(self._shared[name] <= self._devices[name].facts.keys() for name in reading)
        judged = (one for one in self._across if whole and one.device not in resting)
        known = [one for one in judged if one.status is not Outcome.NOT_MEASURED]
        changes = self.states.update(moment.timestamp(), known)
        absent = self._absent_across() if whole and not matrix.left_out else []
        absent = [key for key in absent if key.device not in resting]
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

    def _walked(self, now: float, moment: datetime, resting: Collection[str]) -> list[StateChange]:
        """Walk the ways of the services, where due, and compare them: from the second reading a state counts."""
        ways = self._ways
        if ways.is_due(now, moment):
            waived = chain(*(state.waived for state in self._devices.values()), self._across)
            ways.walk(self._readings_of_ways(), waived, now, moment)
        elif not (ways.is_second(now) and self.states.pending(ways.findings)):
            return []
        self._ways_shown.changed()
        return self._compared_ways(now, moment, resting)

    def _readings_of_ways(self) -> Iterator[Observation]:
        """Answers for the graph of the network, as an audit has them: of a lost device none."""
        for name, state in self._devices.items():
            if not self._silences.of[name].lost:
                read = self._ways.facts[name]
                yield from (known.observation for fact, known in state.facts.items() if fact in read)

    def _compared_ways(self, now: float, moment: datetime, resting: Collection[str]) -> list[StateChange]:
        """Compare the findings about services with the states in force, once every fact of the graph was read."""
        found, of = self._ways.compared(now), self._silences.of
        reading = [name for name in self._devices if not of[name].lost and name not in resting]
        read = self._ways.facts
        if not self._ways.is_whole or any(not read[one] <= self._devices[one].facts.keys() for one in reading):
            return []
        changes = []
        for one in found:
            if one.device not in resting:
                cause = self._cause_of(one)
                changes += self.states.update(moment.timestamp(), [one], cause=cause)
        return changes

    def _cause_of(self, finding: Finding) -> str:
        """Return the lost device, or the side of the watch, by which the way of a service is not measured."""
        if finding.status is not Outcome.NOT_MEASURED or self._silences.nothing:
            return REACH if self._silences.nothing else ""
        lost = {name: hearing.cause for name, hearing in self._silences.of.items() if hearing.lost}
        return next((lost[name] or name for name in self._ways.missing(finding) if name in lost), "") if lost else ""

    def _checks_of(self, device: str) -> dict[str, frozenset[str]]:
        """Checks of a single device, with the facts they read."""
        matrix = self._job.matrix
        cells = (cell for cell in matrix.concerning(device) if cell.state is CellState.APPLICABLE)
        checks = (matrix.checks[cell.check] for cell in cells)
        return {check.name: frozenset((*check.needs, *check.also_reads)) for check in checks if check.scope == "device"}

    def _settled(self, device: str, state: DeviceState, check: str) -> bool:
        """True for a check with all its facts read, also since the last gap, counters twice."""
        needs = self._job.matrix.checks[check].needs
        if not state.facts.keys() >= set(needs) or state.waits(self._checks[device][check]):
            return False
        return all(state.facts[need].is_settled for need in needs)


def _order(one: OpenFinding) -> tuple[float, ...]:
    return bool(one.cause), one.finding.check != SERVICE_WAY, RANK[one.status], -one.since


def _by_fact(checks: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Names of checks by the facts they read."""
    found: dict[str, list[str]] = {}
    for check, facts in checks.items():
        for fact in facts:
            found.setdefault(fact, []).append(check)
    return found


def _measured(observation: Observation | None) -> bool:
    return observation is not None and observation.status.measured


def _unread(finding: Finding) -> bool:
    """True for a finding about an answer not read whole: others may be absent for this reason."""
    return finding.status is Outcome.NOT_MEASURED and finding.message_id.startswith("checks:run.")


def _key(finding: Finding) -> Key:
    return Key(finding.device, finding.check, finding.subject)
