"""Measured paths of each venue and service: links, uplinks and core links found up by the last audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from eventready.core.clock import Clock
from eventready.facts.ports import port_key
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.store.watch_log import DEVICE, RecordedChange
from eventready.workspace.devices.device import Device, Service
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace

#: Venue and service.
Need: TypeAlias = tuple[str, Service]

_NO_RUN = Run.of({"schema": SCHEMA})
_MEASURED = frozenset({"link", "uplink", "core_link"})


@dataclass(frozen=True)
class Paths:
    """Measured network: neighbours of each device, and for each need the devices of its users and of its origin."""

    links: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ends: Mapping[Need, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)

    @cached_property
    def whole(self) -> Mapping[Need, frozenset[str]]:
        """Shortest path of each need, where measured."""
        return {need: path for need in self.ends if (path := self.path(need)) is not None}

    @cached_property
    def carriers(self) -> Mapping[Need, frozenset[str]]:
        """Devices of the shortest paths of all access devices of a need, and of the paths around each of them."""
        return {need: frozenset(self._transit(*self.ends[need])) for need in self.whole}

    def _transit(self, starts: frozenset[str], origins: frozenset[str]) -> set[str]:
        paths = _followed(self._toward(origins), starts)
        around = (_followed(self._toward(origins, name), starts - {name}) for name in sorted(paths))
        return paths.union(*around)

    @cached_property
    def _trees(self) -> dict[tuple[frozenset[str], str], Mapping[str, str]]:
        return {}

    def _toward(self, origins: frozenset[str], without: str = "") -> Mapping[str, str]:
        """Return the next device toward the nearest origin for each device; empty for the origins."""
        if (found := self._trees.get((origins, without))) is not None:
            return found
        toward = dict.fromkeys(sorted(origins - {without}), "")
        waiting = list(toward)
        for name in waiting:
            for far in sorted(self.links.get(name, frozenset()) - toward.keys() - {without}):
                toward[far] = name
                waiting.append(far)
        return self._trees.setdefault((origins, without), toward)

    def single(self, name: str) -> tuple[Need, ...]:
        """Return the needs with a device on all of their paths."""
        return tuple(need for need, path in self.whole.items() if name in path and self.path(need, {name}) is None)

    def path(self, need: Need, without: Collection[str] = ()) -> frozenset[str] | None:
        """Return the devices of a shortest measured path around `without`; None if no path is left."""
        starts, origins = self.ends.get(need, (frozenset(), frozenset()))
        before = dict.fromkeys(sorted(starts - frozenset(without)), "")
        waiting = list(before)
        for name in waiting:
            if name in origins:
                return frozenset(_back(before, name))
            for far in sorted(self.links.get(name, frozenset()) - before.keys() - frozenset(without)):
                before[far] = name
                waiting.append(far)
        return None

    def lost_since(self, then: Paths, names: Collection[str]) -> tuple[Need, ...]:
        """Return the needs with a path around these devices then, and without such a path now.

        A need that is lost elsewhere counts for the devices that serve it or were on its path.
        """
        return tuple(
            need
            for need, path in then.whole.items()
            if then.path(need, names) is not None
            and self.path(need, names) is None
            and (self.path(need) is not None or not (path | then.ends[need][0]).isdisjoint(names))
        )


def _followed(toward: Mapping[str, str], starts: Iterable[str]) -> set[str]:
    """Return the devices on the ways from the starts to their origins."""
    found: set[str] = set()
    for start in starts:
        name = start if start in toward else ""
        while name and name not in found:
            found.add(name)
            name = toward[name]
    return found


def _back(before: Mapping[str, str], name: str) -> Iterator[str]:
    while name:
        yield name
        name = before[name]


def paths_in(store: Store, workspace: Workspace, clock: Clock) -> Paths:
    """Return the paths by the last audit of all devices in an open store, those of rehearsals for a rehearsal's clock.

    Raises StoreError.
    """
    return paths_of(workspace.event, workspace.devices, _newest(store, workspace, clock))


def last_audit(workspace: Workspace, clock: Clock) -> Run | None:
    """Return the last stored audit of all devices (a rehearsal's clock: of its kind); None without an audit.

    Raises StoreError.
    """
    if not Store.exists(workspace.path):
        return None
    with Store.of_workspace(workspace.path, make=False, only_reads=True) as store:
        return _newest(store, workspace, clock)


def _newest(store: Store, workspace: Workspace, clock: Clock) -> Run | None:
    full = store.full_runs(workspace.event.id, len(workspace.devices), rehearsal=clock.rehearsal)
    return store.get(full[-1]) if full else None


def paths_of(event: Event, devices: Sequence[Device], run: Run | None, later: Iterable[RecordedChange] = ()) -> Paths:
    """Return the paths measured by a run; none without a run.

    A device without declared links counts by its own links to the core. `later`: changes of state that a watch has
    recorded since the run, oldest first.
    """
    run = run or _NO_RUN
    reached = {device.name for device in run.header.devices if device.reachable}
    findings = (one for one in run.findings() if one.check in _MEASURED and one.status == "pass")
    up = {_key(one.check, one.device, one.subject) for one in findings}
    for changed in later:
        if changed.check == DEVICE:
            (reached.discard if changed.new == "not_measured" else reached.add)(changed.device)
        elif changed.check in _MEASURED:
            (up.add if changed.new == "pass" else up.discard)(_key(changed.check, changed.device, changed.subject))
    links: dict[str, set[str]] = defaultdict(set)
    ports: set[tuple[str, str]] = set()
    for device in devices:
        for link in device.expect.links:
            one, other = f"{device.name} {link.port}", f"{link.device} {link.to_port}"
            ports |= {(device.name, port_key(link.port)), (link.device, port_key(link.to_port))}
            if {device.name, link.device} <= reached and {("link", "", s) for s in _both(one, other)} & up:
                links[device.name].add(link.device)
                links[link.device].add(device.name)
    linked = {name for name, _port in ports}
    present = [device for device in devices if device.name in reached]
    uplinks = {name for check, name, port in up if check == "uplink" and (name, port_key(port)) not in ports}
    outward = {device.name for device in present if device.role == "router"} & uplinks
    own = {name for check, name, _subject in up if check == "core_link" and name in reached and name not in linked}
    needs = [(venue.id, service) for venue in event.venues for service in venue.services]
    return Paths(
        {name: frozenset(far) for name, far in links.items()},
        {
            (venue, service): (
                frozenset(one.name for one in present if one.serves(venue, service) and one.gives_access(service)),
                frozenset((_origins(event, service) & reached or outward) | own),
            )
            for venue, service in needs
        },
    )


def _key(check: str, device: str, subject: str) -> tuple[str, str, str]:
    return check, device if check != "link" else "", subject


def _both(one: str, other: str) -> tuple[str, str]:
    """Return the subjects of a link, from either end."""
    return f"{one} - {other}", f"{other} - {one}"


def _origins(event: Event, service: Service) -> set[str]:
    """Return the devices where a service enters: at a provider or the core, else at any other origin."""
    own = [origin for origin in event.origins if service in origin.offered]
    outward = {origin.device for origin in own if origin.outward}
    return outward or {origin.device for origin in own}
