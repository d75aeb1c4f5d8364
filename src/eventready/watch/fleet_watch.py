"""Watch across devices: the checks across devices and the ways of the services, compared with the states in force."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain

from eventready.checks.finding import Finding, Outcome
from eventready.evaluation.runner import evaluate
from eventready.facts.observation import Observation
from eventready.watch.device_state import Evaluated, readings_of
from eventready.watch.device_watch import DeviceWatch, FleetState
from eventready.watch.open_finding import Shown
from eventready.watch.silence import REACH
from eventready.watch.states import Key, StateChange

#: Checks across devices run at most so often, in seconds.
_FLEET_S = 15.0
#: Least time between them, as a multiple of the processor time that they took.
_FLEET_PAUSES = 20


class FleetWatch:
    """Findings across devices as of the last run, and about the services as of the last walk."""

    def __init__(self, devices: Mapping[str, DeviceWatch], state: FleetState) -> None:
        self._devices, self._state = devices, state
        self.findings: tuple[Finding, ...] = ()
        self.shown, self.ways_shown = Shown(state.job.limits), Shown(state.job.limits)
        self._cost_s = 0.0

    def tick(self, now: float, moment: datetime, resting: Collection[str]) -> list[StateChange]:
        """Run the checks across devices and walk the ways, if due at the monotonic time `now`. Return the changes."""
        changes: list[StateChange] = []
        pause_s = max(_FLEET_S, _FLEET_PAUSES * self._cost_s)
        if self._state.due and now - self._state.evaluated.at >= pause_s:
            begun = time.thread_time()
            changes += self._evaluate(now, moment, resting)
            self._cost_s = time.thread_time() - begun
        return [*changes, *self._walked(now, moment, resting)]

    def _read_of(self, resting: Collection[str]) -> Iterator[DeviceWatch]:
        """Yield the devices read now: neither lost nor at rest."""
        return (one for one in self._devices.values() if not one.hearing.lost and one.name not in resting)

    def _evaluate(self, now: float, moment: datetime, resting: Collection[str]) -> list[StateChange]:
        """Run the checks across devices; a missing answer is the change of its own device."""
        fleet, job = self._state, self._state.job
        fleet.evaluated, fleet.due = Evaluated.of(now, moment), False
        readings = [
            one
            for device in self._devices.values()
            if not (device.state.begun and device.waits)
            for fact, known in device.state.facts.items()
            if fact in device.shared
            for one in readings_of(known)
        ]
        self.findings = evaluate(
            tuple(job.devices.values()), replace(job.matrix, network=None), readings, moment=moment, limits=job.limits,
            waivers=job.waivers, scope="fleet",
        )  # fmt: skip
        whole = all(one.shared <= one.state.facts.keys() for one in self._read_of(resting))
        judged = (one for one in self.findings if whole and one.device not in resting)
        known = [one for one in judged if one.status is not Outcome.NOT_MEASURED]
        changes = fleet.states.update(moment.timestamp(), known)
        absent = self._absent() if whole and not job.matrix.left_out else []
        absent = [key for key in absent if key.device not in resting]
        changes += fleet.states.ended(moment.timestamp(), absent)
        fleet.pending = not whole or fleet.states.pending(known) or bool(absent)
        self.shown.changed()
        return changes

    def _absent(self) -> list[Key]:
        """States of checks across devices without a finding any more, where all was measured for the check."""
        found: dict[tuple[str, str], list[Finding]] = {}
        for one in self.findings:
            found.setdefault((one.device, one.check), []).append(one)
        lost = {one.check for one in self.findings if one.status is Outcome.NOT_MEASURED and not one.blind}
        checks = self._state.job.matrix.checks.values()
        names = [one.name for one in checks if one.scope == "fleet" and one.name not in lost]
        places = ((name, check) for check in names for name in self._devices)
        return [key for place in places for key in self._state.states.absent(*place, found.get(place, ()))]

    def _walked(self, now: float, moment: datetime, resting: Collection[str]) -> list[StateChange]:
        """Walk the ways of the services, where due, and compare them: from the second reading a state counts."""
        ways = self._state.ways
        if ways.is_due(now, moment):
            waived = chain(*(one.state.waived for one in self._devices.values()), self.findings)
            ways.walk(self._readings_of_ways(), waived, now, moment)
        elif not (ways.is_second(now) and self._state.states.pending(ways.findings)):
            return []
        self.ways_shown.changed()
        return self._compared_ways(now, moment, resting)

    def _readings_of_ways(self) -> Iterator[Observation]:
        """Answers for the graph of the network, as an audit has them: of a lost device none."""
        for one in self._read_of(()):
            read = self._state.ways.facts[one.name]
            yield from (known.observation for fact, known in one.state.facts.items() if fact in read)

    def _compared_ways(self, now: float, moment: datetime, resting: Collection[str]) -> list[StateChange]:
        """Compare the findings about services with the states in force, once every fact of the graph was read."""
        ways = self._state.ways
        found, read = ways.compared(now), ways.facts
        if not ways.is_whole or any(not read[one.name] <= one.state.facts.keys() for one in self._read_of(resting)):
            return []
        changes = []
        for finding in found:
            if finding.device not in resting:
                cause = self._cause_of(finding)
                changes += self._state.states.update(moment.timestamp(), [finding], cause=cause)
        return changes

    def _cause_of(self, finding: Finding) -> str:
        """Return the lost device, or the side of the watch, by which the way of a service is not measured."""
        silences = self._state.silences
        if finding.status is not Outcome.NOT_MEASURED or silences.nothing:
            return REACH if silences.nothing else ""
        lost = {name: hearing.cause for name, hearing in silences.of.items() if hearing.lost}
        missing = self._state.ways.missing(finding) if lost else ()
        return next((lost[name] or name for name in missing if name in lost), "")
