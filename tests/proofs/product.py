"""What the product says of a network and of a failure in it: the only module of these tests that knows its interfaces.

Each question has its own way through the product: `predicted` asks what-if about a network in order, `audited` makes an
audit of the network with the failure, `watched` lets a watch read the one and then the other, `carried` calculates the
capacity that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

from eventready.checks.equipment.capacity import capacity_targets
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import audit_checks
from eventready.evaluation.bearing import weights
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import Matrix, PlatformFacts, build_matrix
from eventready.evaluation.runner import evaluate_all
from eventready.evaluation.verdicts import Readiness, Verdict, verdicts_of
from eventready.facts.observation import Observation
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.network.capacity.calculate import CapacityCalculation
from eventready.network.capacity.links import LinkGroups
from eventready.network.graph.outcome import WhatIf
from eventready.network.graph.topology import behind
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.watch.job import WatchJob
from eventready.watch.states import States as WatchStates
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.limits import LimitOverrides
from eventready.workspace.settings.waivers import Waiver

#: The worst first: a service is what the worst of its groups of users is.
State = Literal["lost", "unmeasured", "one_way_left", "unharmed"]
Place = tuple[str, str]
States = Mapping[Place, State]

#: Interval of the watch in seconds, and the time after which a silent device is lost to it.
_INTERVAL_S, _SILENT_S = 15.0, 60.0


@dataclass(frozen=True)
class Network:
    """Inventory with the readings of a moment. `down`: devices without an answer."""

    event: Event
    devices: tuple[Device, ...]
    setting: NetworkSetting
    platforms: Mapping[str, PlatformFacts]
    observations: tuple[Observation, ...]
    moment: datetime = datetime(2031, 5, 1, tzinfo=UTC)
    limits: LimitOverrides = field(default_factory=LimitOverrides)
    waivers: tuple[Waiver, ...] = ()
    down: frozenset[str] = frozenset()

    def reading(self, observations: Iterable[Observation], down: Iterable[str] = ()) -> Network:
        """The same network at another moment."""
        return replace(self, observations=tuple(observations), down=frozenset(down))

    @property
    def places(self) -> tuple[Place, ...]:
        """Venues with their services, in the order of the event."""
        return tuple((venue.id, service) for venue in self.setting.venues for service in venue.services)

    @cached_property
    def matrix(self) -> Matrix:
        """Checks of an audit of all devices."""
        return build_matrix(self.devices, self.platforms, network=self.setting)

    @cached_property
    def whatif(self) -> WhatIf:
        """Graph of the readings."""
        rows: dict[str, dict[str, FactRows[Fact]]] = {device.name: {} for device in self.devices}
        for one in self.observations:
            if one.status.measured:
                rows[one.device][one.fact] = FactRows.of(one)
        facts = [
            DeviceFacts(one, rows[one.name], frozenset(self.matrix.needed(one.name)) - rows[one.name].keys())
            for one in self.devices
        ]
        return WhatIf(NetworkFacts(facts), replace(self.setting, moment=self.moment))


@dataclass(frozen=True)
class Element:
    """What can fail: `name` as what-if knows it, `kind` device, link, group or part, `devices` at its ends."""

    kind: str
    name: str
    devices: tuple[str, ...]


def elements(network: Network) -> tuple[Element, ...]:
    """All that can fail by itself, and the risk groups."""
    return tuple(Element(one.kind, one.name, one.devices) for one in network.whatif.topology.elements.values())


def ports_of(network: Network, name: str) -> tuple[tuple[str, str], ...]:
    """Ends of a cable by its name."""
    return next((one.one, one.other) for one in network.whatif.topology.cables if one.name == name)


# --- what-if ---------------------------------------------------------------------------------------------------------


def predicted(network: Network, names: Sequence[str]) -> States:
    """State of each service after a failure, by the reading of before."""
    outcome, left = network.whatif.outcome(list(names)), _walked(network.whatif.after(list(names)))
    found: dict[Place, State] = {}
    for one in outcome.services:
        place = one.venue, one.service
        walked: State = "one_way_left" if left[place] == "one_way_left" else "unharmed"
        found[place] = "lost" if one.state in ("lost", "degraded") else _PLAIN.get(one.state, walked)
    return found


_PLAIN: Mapping[str, State] = {"unmeasured": "unmeasured", "one_way_left": "one_way_left"}
_WORST: tuple[State, ...] = ("lost", "unmeasured", "one_way_left", "unharmed")


def _walked(network: WhatIf) -> States:
    """State of each service by the ways of its users now; a service without users is unmeasured."""
    found: dict[Place, State] = {}
    for place, numbers in network.services.items():
        users = {network.state(number) for number in numbers}
        states: set[State] = {"unharmed" if one == "served" else one for one in users} or {"unmeasured"}
        found[place] = next(one for one in _WORST if one in states)
    return found


# --- audit -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Audited:
    """Verdicts by venue and service, and the findings of an audit or of a watch."""

    verdicts: Mapping[Place, Readiness]
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> tuple[Finding, ...]:
        """What passed."""
        return tuple(one for one in self.findings if Outcome.PASS in (one.status, one.was))

    def of(self, *places: Place) -> str:
        """Verdicts of some services with their worst findings, for a failed assertion."""
        worst = [f"{one.device} {one.check} {one.subject}: {one.status}" for one in self.findings
                 if one.status in (Outcome.FAIL, Outcome.NOT_MEASURED) and not one.blind]  # fmt: skip
        return f"{ {place: str(self.verdicts[place]) for place in places} }, {worst[:8]}"


def audit(network: Network) -> Audited:
    """An audit of all devices."""
    devices, limits = network.devices, resolve_limits(network.limits, network.devices)
    evaluated = evaluate_all(
        devices, network.matrix, network.observations, moment=network.moment, limits=limits, waivers=network.waivers,
        intervals=dict.fromkeys((device.name for device in devices), 10.0),
    )  # fmt: skip
    weighed = weights(devices, evaluated.findings, limits)
    return Audited(
        _by_place(verdicts_of(network.event.venues, devices, weighed, network=evaluated.network)), evaluated.findings
    )


def _by_place(found: Iterable[Verdict]) -> dict[Place, Readiness]:
    return {(one.venue, one.service): one.verdict for one in found}


def states(read: Audited, after: Network) -> States:
    """State of each service by a verdict; of what is ready, one way is left or not by the ways in the same reading."""
    walked = _walked(after.whatif)
    return {place: _of_verdict(verdict, walked[place]) for place, verdict in read.verdicts.items()}


def _of_verdict(verdict: Readiness, walked: State) -> State:
    """State of a service by its walk, where the verdict is no better: answers and quality may make it worse."""
    allowed = {
        "lost": (Readiness.NOT_READY,),
        "unmeasured": (Readiness.NOT_MEASURED, Readiness.NOT_READY),
        "one_way_left": (Readiness.READY_WITH_RISK, Readiness.NOT_MEASURED, Readiness.NOT_READY),
    }
    return walked if verdict in allowed.get(walked, tuple(Readiness)) else "unharmed"


def audited(after: Network) -> States:
    """State of each service by an audit with the failure made."""
    return states(audit(after), after)


# --- watch -----------------------------------------------------------------------------------------------------------


def watch(before: Network, after: Network) -> Audited:
    """A watch that has read one network and then the other, until the loss of a silent device shows."""
    devices = {device.name: device for device in before.devices}
    limits = resolve_limits(before.limits, before.devices)
    across = [one for one in audit(before).findings if one.check in audit_checks()]
    job = WatchJob(
        before.event, devices, before.matrix, limits, before.waivers, behind(before.whatif.topology),
        weights(before.devices, across, limits),
    )  # fmt: skip
    watcher = Watcher(job, WatchStates(), lambda _fact: _INTERVAL_S)
    _read(watcher, before, 0.0)
    _read(watcher, before, _INTERVAL_S)
    _read(watcher, after, 2 * _INTERVAL_S)
    _read(watcher, after, 2 * _INTERVAL_S + (_SILENT_S if after.down else _INTERVAL_S))
    return Audited(_by_place(watcher.verdicts()), watcher.findings())


def _read(watcher: Watcher, network: Network, now: float) -> None:
    """Let a watch read all devices; its checks across devices run later than those of each."""
    latest: dict[str, dict[str, Observation]] = {device.name: {} for device in network.devices}
    for one in network.observations:
        latest[one.device][one.fact] = replace(one, reading=1)
    moment = network.moment + timedelta(seconds=now)
    for name, observations in latest.items():
        watcher.read(name, observations.values(), now, moment)
    watcher.tick(now, moment)
    watcher.tick(now + _INTERVAL_S - 0.1, moment + timedelta(seconds=_INTERVAL_S - 0.1))


def watched(before: Network, after: Network) -> States:
    """State of each service by a watch after its next reading."""
    return states(watch(before, after), after)


# --- capacity --------------------------------------------------------------------------------------------------------


def carried(after: Network) -> Mapping[Place, bool]:
    """Whether the links in service carry anything of a service with a demand; services without one are left out."""
    groups = LinkGroups(after.whatif.topology)
    calculation = CapacityCalculation(after.whatif.topology.readings.by_name, lambda _name: capacity_targets(), groups)
    found: dict[Place, bool] = {}
    for device in after.devices:
        loads = [load for load in device.loads if load.kind == "links"]
        for group in groups.by_owner.get(device.name, ()) if loads else ():
            balances = calculation.balances(device.name, loads)
            carries = {one.subject: bool(one.limit.value) for one in balances if one.kind == "links"}
            for demand in group.demands:
                place = demand.venue, demand.service
                found[place] = found.get(place, True) and carries.get(group.load.name, True)
    return found
