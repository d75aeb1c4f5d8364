"""Calls held until the end of an accepted work: alerts about its elements and the services taken.

A person accepted the work; a notice alone silences nothing. Alerts beyond the harm foretold are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from eventready.audit.run_builder import recorded_network, recorded_setting
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.files import stamp_of
from eventready.core.messages import Text
from eventready.core.strings.matchers import Matcher
from eventready.facts.ports import parent_port, port_key
from eventready.facts.records import BfdSession, Route, RoutingPeer, StaticRoute
from eventready.network.conflicts import WorkConflicts
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import ADJACENCIES, DeviceFacts, ports_towards
from eventready.network.planned_work import PlannedWork, planned_works
from eventready.store.store import Store
from eventready.watch.alerts.acts import Act
from eventready.workspace.settings.risk import ends
from eventready.workspace.settings.works import Work, load_works
from eventready.workspace.workspace import Workspace

#: Check of the services by their ways, and the state of a service with a single way left.
_WAY, _ONE_WAY = "service_way", "warn"


@dataclass
class AcceptedWorks:
    """Accepted works of a workspace, read anew when its files change. `report` gets sentences about failures."""

    workspace: Workspace
    store: Store
    clock: Clock
    report: Callable[[str | Text], None]
    _works: tuple[Work, ...] = ()
    _stamp: object = None
    _problem: str = ""
    _known: dict[tuple[Work, ...], tuple[Act, ...]] = field(default_factory=dict)

    def acts(self, now: datetime) -> tuple[Act, ...]:
        """Silences of the accepted works in progress."""
        self._read()
        circuits = self.workspace.circuits
        begun = [one for one in self._works if not one.over and one.start <= now < one.end]
        current = tuple(one for one in begun if one.accepted_by(circuits))
        if current not in self._known:
            self._known = {current: tuple(self._silences(current)) if current else ()}
        return self._known[current]

    def _read(self) -> None:
        """Read changed files; after a failed reading the last good works stay."""
        folder = self.workspace.path / "inventory" / "works"
        stamp = stamp_of(folder)
        if stamp == self._stamp and not self._problem:
            return
        try:
            names = [device.name for device in self.workspace.devices]
            self._works = load_works(folder, devices=names, risks=self.workspace.risks, lab=self.workspace.event.lab)
        except EventreadyError as error:
            if self._problem != (problem := str(error)):
                self._problem = problem
                self.report(error.whole)
            return
        self._stamp, self._problem = stamp, ""

    def _silences(self, works: Sequence[Work]) -> Iterator[Act]:
        network = self._network()
        planned = planned_works(works, self.workspace.circuits)
        for work, elements in zip(works, planned, strict=True):
            yield from (_silence(work, matchers) for matchers in _of_elements(elements, network))
        if network and planned:
            first = min(works, key=lambda one: one.end)
            yield from (_silence(first, matchers) for matchers in _of_services(planned, network))

    def _network(self) -> WhatIf | None:
        """Network of the last full audit; None without an audit."""
        workspace, rehearsal = self.workspace, self.clock.rehearsal
        full = self.store.full_runs(workspace.event.id, len(workspace.devices), rehearsal=rehearsal)
        if not full:
            return None
        run = self.store.get(full[-1])
        return WhatIf(recorded_network(workspace.devices, run), recorded_setting(workspace, run))


def _silence(work: Work, matchers: tuple[Matcher, ...]) -> Act:
    by, note = (work.accepted.by, work.accepted.note) if work.accepted else ("", "")
    return Act(0, "silence", matchers, by, f"{work.name} {note}".strip(), work.start, work.end)


def _of_elements(work: PlannedWork, network: WhatIf | None) -> Iterator[tuple[Matcher, ...]]:
    """Conditions on the alerts about the elements of a work, and the neighbours beyond their ports."""
    names = (*work.down, *work.at_risk)
    found = _ends(names, network) if network else (end for name in names for end in ends(name))
    for device, port in dict.fromkeys(found):
        if not port:
            yield (Matcher("device", "=", device),)
            continue
        reading = network.topology.readings.by_name[device] if network else None
        for subject in _subjects(reading, port) if reading else (port,):
            yield Matcher("device", "=", device), Matcher("subject", "=", subject)


def _ends(names: Iterable[str], network: WhatIf) -> Iterator[tuple[str, str]]:
    """Devices and ports of elements, with the far ends of their cables."""
    groups = {group.name: group.members for group in network.topology.setting.risks}
    known = network.topology.readings.by_name
    for member in (one for name in names for one in groups.get(name, (name,))):
        own = [(device, port) for device, port in ends(member) if device in known]
        yield from own
        for cable, (device, port) in product(network.topology.cables, own):
            both = (cable.one, cable.other)
            if any(end[0] == device and (not port or port_key(end[1]) == port_key(port)) for end in both):
                yield from both


def _subjects(reading: DeviceFacts, port: str) -> Iterator[str]:
    """Subjects of the findings about a port: the port, and the neighbours, sessions and routes beyond."""
    yield from dict.fromkeys((port, reading.spelled(port)))
    key = port_key(port)
    for fact in ADJACENCIES:
        for row in reading.fact(fact, RoutingPeer).each_row():
            near = [row.interface] if row.interface else [*ports_towards(reading, row.address or row.peer)]
            if any(key in (port_key(one), port_key(parent_port(one))) for one in near):
                yield from dict.fromkeys(filter(None, (row.subject, row.peer, row.address)))
    rows: tuple[BfdSession | Route | StaticRoute, ...] = (
        *reading.fact("bfd_session", BfdSession).each_row(),
        *reading.fact("default_route", Route).each_row(),
        *reading.fact("static_route", StaticRoute).each_row(),
    )
    yield from (row.subject for row in rows if row.interface and port_key(row.interface) == key)


def _of_services(works: Iterable[PlannedWork], network: WhatIf) -> Iterator[tuple[Matcher, ...]]:
    """Conditions on the alerts about the services taken by works at once, no worse than foretold."""
    planned = tuple(works)
    for (venue, service), outcome in WorkConflicts(network, planned, ()).effect(planned).items():
        own = Matcher("check", "=", _WAY), Matcher("subject", "=", f"{venue} {service}")
        if outcome.state in ("lost", "degraded"):
            yield own
        elif outcome.state == "one_way_left":
            yield *own, Matcher("status", "=", _ONE_WAY)
