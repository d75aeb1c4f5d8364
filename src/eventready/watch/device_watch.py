"""Watch of a device: its latest answers, the checks on them, its silence, and the changes of its states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import message
from eventready.evaluation.matrix import CellState
from eventready.evaluation.runner import History, evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.store.watch_log import DEVICE
from eventready.watch.deadlines import Deadlines
from eventready.watch.device_state import DeviceState, Evaluated, LatestAnswer, readings_of
from eventready.watch.job import Remembered, WatchJob
from eventready.watch.open_finding import Shown
from eventready.watch.recent import KEPT_FACTS, RecentChanges, RecentReadings
from eventready.watch.schedule import FILES, QUESTIONS
from eventready.watch.silence import Patience, Silences
from eventready.watch.states import Key, StateChange, States
from eventready.watch.ways import Ways

_SILENT = "watch:silent"
#: Sentence of a check that nobody asked, and those of one to be read, for the first time or after a gap.
_NOT_READ, _FIRST, _AGAIN = "checks:run.not_read", "watch:first", "watch:again"
#: Answers of a device that are no measurement.
_ANSWERED = frozenset({Status.UNPARSED, Status.DENIED, Status.UNSUPPORTED})


@dataclass
class FleetState:
    """Parts of a watch for all its devices. `own_shown`: findings about devices as a whole and the watching machine.

    `evaluated`: checks across devices, as run last; `due`, `pending`: to be run again, with states not yet in force.
    `returned`: devices with facts to be read at once.
    """

    job: WatchJob
    states: States
    patience: Patience
    silences: Silences
    deadlines: Deadlines
    ways: Ways
    own_shown: Shown = field(default_factory=Shown)
    evaluated: Evaluated = field(default_factory=Evaluated)
    due: bool = False
    pending: bool = False
    returned: set[str] = field(default_factory=set)

    def reach(self, moment: datetime) -> list[StateChange]:
        """Return the change of the reach of the watch."""
        self.own_shown.changed()
        return self.states.update(moment.timestamp(), [self.silences.finding()], at_once=True)


class DeviceWatch:
    """Findings of a device as last read. Times are seconds of a monotonic clock, `moment` the event's time."""

    def __init__(self, name: str, fleet: FleetState) -> None:
        job, self.name, self._fleet = fleet.job, name, fleet
        self._job, self._states, self._patience = job, fleet.states, fleet.patience
        self.hearing = fleet.silences.of[name]
        known = job.remembered.get(name, Remembered())
        self.needed = job.matrix.needed(name)
        self.shared = job.matrix.shared(name, "fleet").intersection(self.needed)
        self._of_ways = fleet.ways.facts[name]
        self.state = DeviceState(
            RecentReadings(job.devices[name], known.drops), recent=RecentChanges(known.flaps), awaited={*self.needed},
            shown=Shown(job.limits),
        )  # fmt: skip
        cells = [(cell, job.matrix.checks[cell.check]) for cell in job.matrix.concerning(name)]
        own = [(cell, check) for cell, check in cells if check.scope == "device"]
        #: Checks of a single device, unsupported ones included; the applicable ones with the facts they read.
        self._all_checks = {check.name for _cell, check in own}
        self._checks = {
            check.name: frozenset((*check.needs, *check.also_reads))
            for cell, check in own
            if cell.state is CellState.APPLICABLE
        }
        self._reading = _by_fact(self._checks)

    @property
    def waits(self) -> bool:
        """True with a fact of the checks across devices to be read first."""
        return self.state.waits(self.shared)

    def age(self, now: float) -> float | None:
        """Return the seconds since the oldest answer in use; None without any, and of a lost device."""
        return None if self.state.oldest is None or self.hearing.lost else now - self.state.oldest

    def begin(self, findings: Sequence[Finding]) -> None:
        """Take the findings about the first reading."""
        self.state.to_read = {*self._checks}
        self.state.take(findings, self.state.to_read)
        self.state.shown.changed()

    def read(self, observations: Iterable[Observation], now: float, moment: datetime) -> list[StateChange]:
        """Take a reading and return the changes of state."""
        state, hearing, taken = self.state, self.hearing, {one.fact: one for one in observations}
        before = {fact: known.observation for fact in taken if (known := state.facts.get(fact))}
        answers = {fact for fact, one in taken.items() if one.status.measured}
        anew = hearing.answered_at is None or any(not _measured(before.get(fact)) for fact in answers)
        lost, judged, held = hearing.lost, self._judged(taken, answers), self.waits
        if self._is_heard(answers):
            self._answered(now, anew=anew)
        waiting, state.awaited = state.waiting if judged & state.awaited else set(), state.awaited - judged
        state.begun |= bool(answers) and not state.awaited
        self._fleet.due |= held is not self.waits
        changed = {fact for fact, one in taken.items() if before.get(fact) is not one or CATALOGUE[fact].counter}
        fresh = {fact for fact, one in taken.items() if self._take(one, now)}
        changed |= state.recent.ended(fresh, now)
        self._note(before, fresh, now, moment)
        changes: list[StateChange] = []
        if fresh and (changed or state.pending or waiting or state.evaluated.is_old(now, moment)):
            changes = self._evaluated(fresh & judged, now, moment, changed=changed, lost=lost)
        return [*self._turned(moment), *changes]

    def _is_heard(self, answers: Collection[str]) -> bool:
        """True with answers of a device itself: files, and answers to questions, come beside a hanging session."""
        own, needed = {*answers} - FILES, {*self.needed} - FILES
        return not QUESTIONS.issuperset(own) or (bool(own) and QUESTIONS.issuperset(needed))

    def _judged(self, taken: Collection[str], answers: Collection[str]) -> set[str]:
        """Return the facts of a reading to be judged.

        Of a reading without an answer these are the ones without an answer in their reading before too, while others of
        the device answered in between: otherwise the device itself may be silent.
        """
        hearing, facts = self.hearing, self.state.facts
        if answers or hearing.lost:
            return {*taken}
        answered_at = -inf if hearing.answered_at is None else hearing.answered_at
        return {fact for fact in taken if fact in facts and facts[fact].at < answered_at}

    def _to_be_read(self, facts: Iterable[str]) -> None:
        """Let the checks of facts wait until these are read again."""
        self.state.awaited |= {*facts}
        self.state.evaluated = Evaluated()
        self._fleet.returned.add(self.name)

    def _answered(self, now: float, *, anew: bool) -> None:
        """Take an answer; after a gap facts are to be read again: all, or those without an answer."""
        state, hearing, fleet = self.state, self.hearing, self._fleet
        if hearing.lost or state.stale:
            self._to_be_read(self.needed if hearing.lost else state.stale)
            state.stale = set()
        if hearing.lost:
            fleet.own_shown.changed()
            fleet.ways.changed = True
        if hearing.lost or anew:
            fleet.deadlines.add(self.name)
        fleet.silences.heard(self.name, now)

    def _take(self, observation: Observation, now: float) -> bool:
        """Take an answer in place of the last; without an answer the last measurement stands until stale."""
        state = self.state
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

    def _note(self, before: Mapping[str, Observation], fresh: set[str], now: float, moment: datetime) -> None:
        """Let the walk follow a changed answer, and the checks across devices the second of equal ones too."""
        state, fleet = self.state, self._fleet
        if kept := fresh & KEPT_FACTS:
            in_use = {fact: known.observation for fact in KEPT_FACTS if (known := state.facts.get(fact))}
            state.readings.note(in_use, kept, now)
        state.aged()
        for fact in self._of_ways & fresh:
            fleet.ways.note(before.get(fact), state.facts[fact].observation)
        if shared := self.shared & fresh:
            pairs = [(before.get(fact), state.facts[fact].observation) for fact in shared]
            fleet.due |= fleet.pending or fleet.evaluated.is_old(now, moment)
            fleet.due |= not all(one is not None and one.alike(other) for one, other in pairs)

    def _turned(self, moment: datetime) -> list[StateChange]:
        """Return the change of a lost or answering device as a whole."""
        status = Outcome.NOT_MEASURED if self.hearing.lost else Outcome.PASS
        key = Key(self.name, DEVICE, "")
        changes = self._states.turned(moment.timestamp(), key, str(status), self.hearing.cause)
        if changes:
            self._fleet.own_shown.changed()
        return changes

    def stood_still(self, now: float, moment: datetime) -> None:
        """Take the end of a time without a round: no silence; the answers are to be read again."""
        hearing = self.hearing
        hearing.answered_at, hearing.begun_at = None, None if hearing.begun_at is None else now
        self._to_be_read(self.needed)
        self._forget([*self.state.facts], now, moment)
        self._fleet.deadlines.add(self.name)

    def aged(self, now: float, moment: datetime, *, rests: bool) -> list[StateChange]:
        """Mark the answers as stale, and the device as lost; return the changes of state."""
        state = self.state
        self._rest(now, rests=rests)
        stale = {
            fact for fact, known in state.facts.items()
            if known.observation.status.measured and now - known.at > self._patience.of(self.name, fact)
        }  # fmt: skip
        if forgotten := {fact for fact in stale if state.facts[fact].at <= state.rested_at}:
            self._forget(forgotten, now, moment)
        stale -= forgotten
        for fact in stale:
            known = state.facts[fact]
            state.facts[fact] = LatestAnswer(_stale(known, now), known.at)
        state.aged()
        state.stale |= stale
        self._moved(stale)
        changes = self._lost(now, moment)
        judged = {fact for fact in state.stale if self.hearing.lost or self._answered_since_due(fact)}
        state.stale -= judged
        if stale or judged:
            changes += self._evaluated(judged, now, moment, changed=stale, at_once=True)
        self._fleet.deadlines.add(self.name, now if state.stale or self._is_silent(now) else self._deadline())
        return changes

    def _rest(self, now: float, *, rests: bool) -> None:
        """Take the begin or the end of a rest: afterwards all facts are to be read again."""
        state, hearing = self.state, self.hearing
        if rests:
            state.rested_at, hearing.answered_at, hearing.begun_at = inf, None, None
            return
        if state.rested_at == inf:
            state.rested_at = now
            self._to_be_read(self.needed)
        hearing.begun_at = now if hearing.begun_at is None else hearing.begun_at

    def _moved(self, facts: Collection[str]) -> None:
        """Let checks across devices and the walk follow facts without an answer."""
        self._fleet.due |= not self.shared.isdisjoint(facts)
        self._fleet.ways.changed |= not self._of_ways.isdisjoint(facts)

    def _is_silent(self, now: float) -> bool:
        """True for a device not yet lost without an answer for its patience, or since a stale fact was due."""
        return not self.hearing.lost and bool(self.needed) and (
            self._fleet.silences.is_silent(self.name, now)
            or not all(map(self._answered_since_due, self.state.stale))
        )  # fmt: skip

    def _answered_since_due(self, fact: str) -> bool:
        """True where the device has answered others since a fact was due."""
        answered_at = self.hearing.answered_at
        due_at = self.state.facts[fact].at + self._patience.interval(self.name, fact)
        return answered_at is not None and answered_at >= due_at

    def _lost(self, now: float, moment: datetime) -> list[StateChange]:
        """Return the changes by a silent device, if lost now."""
        fleet, state = self._fleet, self.state
        nothing = fleet.silences.nothing
        if not self._is_silent(now) or not fleet.silences.lose(self.name, now):
            return []
        fleet.own_shown.changed()
        fleet.ways.changed = True
        state.awaited -= state.facts.keys()
        state.stale |= {fact for fact, known in state.facts.items() if not known.observation.status.measured}
        return [*([] if nothing == fleet.silences.nothing else fleet.reach(moment)), *self._turned(moment)]

    def _forget(self, facts: Collection[str], now: float, moment: datetime) -> None:
        """Forget answers."""
        state = self.state
        for fact in facts:
            del state.facts[fact]
        state.awaited |= {*facts}
        state.stale -= {*facts}
        state.aged()
        self._moved(facts)
        self._evaluated(set(), now, moment, changed=facts)

    def _deadline(self) -> float:
        """Return the time at which the next answer is stale, or the device itself silent."""
        known = ((fact, one) for fact, one in self.state.facts.items() if one.observation.status.measured)
        times = [one.at + self._patience.of(self.name, fact) for fact, one in known]
        if not self.hearing.lost and self.hearing.since < inf:
            times.append(self.hearing.since + self._patience.of_device(self.name))
        return min(times, default=inf)

    def _evaluated(
        self,
        facts: set[str],
        now: float,
        moment: datetime,
        *,
        changed: Collection[str],
        at_once: bool = False,
        lost: bool = False,
    ) -> list[StateChange]:
        """Run the checks on changed facts, at times all, and compare those of the facts just read.

        `lost`: the device was lost until these.
        """
        state = self.state
        due = self._due_checks(changed, now, moment)
        checks = self._all_checks if due is None else due
        held = {check for check in checks if state.waits(self._checks.get(check, ()))}
        missing = {
            one for one in held if one not in state.findings or state.is_missing(self._checks[one])
        } - state.to_read
        state.to_read = (state.to_read | missing) - (checks - held)
        state.waiting = held if due is None else (state.waiting - checks) | held
        differing, waived = set[str](), state.waived
        if ready := checks - held:
            differing |= state.take(self._found(moment, ready), ready)
        if missing:
            differing |= state.take(first_findings(self._job, [self], moment, missing), missing)
        self._fleet.ways.changed |= waived != state.waived
        cause = self.name if (lost or self.hearing.lost) and not (facts and FILES.issuperset(facts)) else ""
        if not at_once and (before := {one for check in ready for one in self._before_turn(check, now)}):
            self._to_be_read(before)
        changes = self._compared(facts, moment.timestamp(), at_once=at_once, cause=cause)
        if differing or changes or state.pending:
            state.shown.changed()
        return changes

    def _before_turn(self, check: str, now: float) -> set[str]:
        """Facts of a check read before its failure turned to a missing figure: they may tell of the failure.

        What some facts show as mended is judged when the others were read again too.
        """
        state = self.state
        if not any(self._turns(one) for one in state.findings.get(check, ())):
            state.turned.pop(check, None)
            return set()
        since = state.turned.setdefault(check, now)
        return {fact for fact in self._checks.get(check, ()) if fact in state.facts and state.facts[fact].at < since}

    def _turns(self, finding: Finding) -> bool:
        known = self._states.status(key_of(finding))
        return finding.status is Outcome.NOT_MEASURED and known is not None and known[0] in {Outcome.FAIL, Outcome.WARN}

    def _found(self, moment: datetime, checks: Collection[str]) -> Sequence[Finding]:
        """Run some checks of the device."""
        job, name, facts = self._job, self.name, self.state.facts.values()
        interval = max((known.at - known.before_at for known in facts if known.before), default=0.0)
        readings = [one for known in facts for one in readings_of(known)]
        return evaluate(
            [job.devices[name]], job.matrix, readings, moment=moment, limits=job.limits, waivers=job.waivers,
            history=self._history(moment), intervals={name: interval}, scope="device", checks=checks,
        )  # fmt: skip

    def _history(self, moment: datetime) -> History:
        """Return the usual readings, and last the changes of the last minutes."""
        usual, state = self._job.usual(moment).get(self.name, ()), self.state
        return {self.name: (*usual, *state.readings.readings(), *state.recent.readings())}

    def _due_checks(self, changed: Collection[str], now: float, moment: datetime) -> frozenset[str] | None:
        """Return the checks on a changed fact; None for all, after some minutes and in another hour."""
        state = self.state
        if state.evaluated.is_old(now, moment):
            state.evaluated = Evaluated.of(now, moment)
            return None
        due = (check for fact in changed for check in self._reading.get(fact, ()) if not self._stays(check, fact))
        return frozenset(due) | state.waiting

    def _stays(self, check: str, fact: str) -> bool:
        """True for a check with the findings of the reading before, whatever moved in a counter."""
        known, rests = self.state.facts.get(fact), self._job.matrix.checks[check].rests_on
        if known is None or known.moved is None or not rests or not rests.isdisjoint(known.moved):
            return False
        return all(one.status is Outcome.PASS or one.blind for one in self.state.findings.get(check, ()))

    def _compared(self, facts: set[str], at: float, *, at_once: bool, cause: str) -> list[StateChange]:
        """Compare the findings of the checks of some facts with the states in force."""
        state, states, checks = self.state, self._states, self._job.matrix.checks
        needs = [
            check
            for check in self._checks
            if check not in state.compared and not facts.isdisjoint(checks[check].needs) and self._settled(check)
        ]
        compared = [finding for check in needs for finding in state.findings.get(check, ())]
        changes = states.update(at, compared, at_once=at_once, cause=cause)
        whole = {Key(self.name, check, "") for check in needs} - {key_of(finding) for finding in compared}
        changes += states.measured_again(at, whole, cause)
        judged = [check for check in needs if not any(map(_unread, state.findings.get(check, ())))]
        gone = {check: self._gone(check) if check in judged else ([], []) for check in needs}
        for ended, lost in gone.values():
            changes += states.update(at, lost, at_once=at_once, cause=cause) + states.ended(at, ended, cause)
        for check, (ended, lost) in gone.items():
            pending = ended or states.pending([*state.findings.get(check, ()), *lost])
            (state.pending.add if pending else state.pending.discard)(check)
            (state.compared.discard if pending else state.compared.add)(check)
        return changes

    def _gone(self, check: str) -> tuple[list[Key], list[Finding]]:
        """Return the states of a check without a finding any more, and those of parts of an unmeasured subject.

        The figures of a cell without a measurement did not end: each takes the finding of its cell.
        """
        found = self.state.findings.get(check, ())
        ended, lost = list[Key](), list[Finding]()
        for key in self._states.absent(self.name, check, found):
            whole = next((one for one in found if _is_lost(one) and key.subject.startswith(f"{one.subject} ")), None)
            if whole is None:
                ended.append(key)
            else:
                lost.append(whole.replace(subject=key.subject))
        return ended, lost

    def _settled(self, check: str) -> bool:
        """True for a check with all its facts read, also since the last gap, counters twice."""
        needs, state = self._job.matrix.checks[check].needs, self.state
        if not state.facts.keys() >= set(needs) or state.waits(self._checks[check]):
            return False
        return all(state.facts[need].is_settled for need in needs)


def first_findings(
    job: WatchJob, devices: Sequence[DeviceWatch], moment: datetime, checks: Collection[str] | None = None
) -> list[Finding]:
    """Return the findings of checks with facts to be read first: of some checks or all."""
    begun = {one.name: one.state.begun for one in devices}
    found = evaluate(
        [job.devices[name] for name in begun], job.matrix, (), moment=moment, limits=job.limits, waivers=job.waivers,
        scope="device", checks=checks,
    )  # fmt: skip
    return [
        one.replace(message_id=_AGAIN if begun[one.device] else _FIRST) if one.message_id == _NOT_READ else one
        for one in found
    ]


def _stale(known: LatestAnswer, now: float) -> Observation:
    """Return the later answer without a measurement, or its absence."""
    if known.refused:
        return known.refused
    reason = message(_SILENT, seconds=round(now - known.at))
    return replace(
        known.observation, status=Status.TIMEOUT, rows=(), unread=(), reason=reason.render("en"), message=reason
    )


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


def _is_lost(finding: Finding) -> bool:
    """True for a subject without a measurement, waived or not."""
    return bool(finding.subject) and Outcome.NOT_MEASURED in (finding.status, finding.was)


def key_of(finding: Finding) -> Key:
    """Return the identity of a finding."""
    return Key(finding.device, finding.check, finding.subject)
