"""Groups of links with the same traffic, by the graph, and the members lost by each single failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from eventready.facts.ports import port_key
from eventready.network.graph.graph import Cut
from eventready.network.graph.topology import Topology
from eventready.workspace.devices.capacity import Load, VenueDemand, joined
from eventready.workspace.settings.event import OUTWARD

Port = tuple[str, str]


@dataclass(frozen=True)
class GroupLink:
    """Link of a group. `ports`: the far end from the outside first. `carries`: None for a link without a reading."""

    ports: tuple[Port, ...]
    carries: bool | None
    failure: Cut
    devices: frozenset[str]

    @property
    def name(self) -> str:
        """Device and port away from the outside."""
        return " ".join(self.ports[0])


@dataclass(frozen=True)
class LinkGroup:
    """All links of a part of the network towards the outside, with the demands of the part.

    `losses`: places of the members lost by a single failure, each set once; without sets inside another, and without
    failures of all members: these take the service itself, as single points or risk groups.
    """

    owner: str
    members: tuple[GroupLink, ...]
    demands: tuple[VenueDemand, ...]
    losses: tuple[frozenset[int], ...] = ()

    @property
    def whole(self) -> bool:
        """True without a link out of service beside others."""
        return len(self.members) == 1 or all(one.carries is not False for one in self.members)

    @property
    def load(self) -> Load:
        """Load under the names of the first members."""
        names = [one.name for one in self.members]
        return Load("links", joined(names), self.demands)


class LinkGroups:
    """Groups of a topology: links of devices at a distance from the outside and connected beyond."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._devices = {one.name: one.device for one in topology.readings.all}
        self._near: Mapping[str, list[str]] = defaultdict(list)
        for cable in topology.cables:
            one, other = cable.devices
            self._near[one].append(other)
            self._near[other].append(one)

    @cached_property
    def by_owner(self) -> Mapping[str, tuple[LinkGroup, ...]]:
        """Groups by the device of their findings."""
        found: dict[str, list[LinkGroup]] = defaultdict(list)
        groups = list(self._groups())
        for group, losses in zip(groups, self._losses(groups), strict=True):
            found[group.owner].append(LinkGroup(group.owner, group.members, group.demands, losses))
        return {owner: tuple(own) for owner, own in found.items()}

    def of_device(self, name: str) -> LinkGroup | None:
        """Links of a single device towards the outside, such as a site's; None without links."""
        members = tuple(self._inward.get(name, ()))
        if not members:
            return None
        group = LinkGroup(name, members, ())
        return LinkGroup(name, members, (), *self._losses([group]))

    # --- groups --------------------------------------------------------------------------------------------------

    @cached_property
    def _exits(self) -> Mapping[str, list[str]]:
        """Ports out of the network by device: of the origins, else uplinks without a cable of the inventory."""
        cabled = {(device, port_key(port)) for one in self._topology.cables for device, port in (one.one, one.other)}
        found: dict[str, list[str]] = {}
        for origin in self._topology.setting.origins:
            if origin.kind in OUTWARD and origin.device in self._devices:
                found.setdefault(origin.device, []).extend([origin.port] if origin.port else [])
        for name, device in self._devices.items():
            free = [port for port in device.expect.uplinks if (name, port_key(port)) not in cabled]
            if free:
                found.setdefault(name, []).extend(free)
        return {
            name: list({port_key(one): self._topology.readings.by_name[name].spelled(one) for one in ports}.values())
            for name, ports in found.items()
        }

    @cached_property
    def _distances(self) -> Mapping[str, int]:
        """Cables from each device to the outside; devices without a way have none."""
        found = dict.fromkeys(self._exits, 0)
        waiting = list(found)
        for name in waiting:  # grows while it is read
            for other in self._near[name]:
                if other not in found:
                    found[other] = found[name] + 1
                    waiting.append(other)
        return found

    def _groups(self) -> Iterator[LinkGroup]:
        tiers: dict[int, list[str]] = defaultdict(list)
        for name in self._devices:  # in the order of the inventory
            if name in self._distances:
                tiers[self._distances[name]].append(name)
        parts = _Parts()
        for distance in sorted(tiers, reverse=True):
            for name in tiers[distance]:
                parts.add(name, self._demands(name))
            alike: dict[object, str] = {}
            for name in tiers[distance]:
                device = self._devices[name]
                if self._demands(name):  # a venue of several routers: its networks connect them
                    parts.join(name, alike.setdefault((device.venues, device.services), name))
                for other in self._near[name]:
                    if self._distances[other] >= distance:
                        parts.join(name, other)
            for root, names in parts.of(tiers[distance]).items():
                members = tuple(member for name in names for member in self._inward.get(name, ()))
                demands = parts.demands[root]
                near = (name for name in names if self._demands(name))
                if demands and members:
                    owner = next(near, next(iter(demands.values()))[1])
                    yield LinkGroup(owner, members, tuple(one for one, _name in demands.values()))

    def _demands(self, name: str) -> Mapping[int, tuple[VenueDemand, str]]:
        loads = (load for load in self._devices[name].loads if load.kind == "links")
        return {id(one): (one, name) for load in loads for one in load.demands}

    @cached_property
    def _inward(self) -> Mapping[str, list[GroupLink]]:
        """Links towards the outside by device; at the outside its exits."""
        found: dict[str, list[GroupLink]] = defaultdict(list)
        for cable in self._topology.cables:
            ends = sorted((cable.one, cable.other), key=lambda end: -self._distances.get(end[0], 0))
            far, near = (self._distances.get(device) for device, _port in ends)
            if far is not None and near is not None and far > near:
                failure = self._topology.elements[cable.name].failure
                dead = failure.arcs & self._topology.dead.arcs
                carries = None if None in {cable.there, cable.back} else not dead
                found[ends[0][0]].append(GroupLink(tuple(ends), carries, failure, frozenset(cable.devices)))
        for name, ports in self._exits.items():
            for port in ports:
                failure = self._topology.member(f"{name}:{port}") or Cut()
                up = self._topology.known.ports[name].receives(port)
                found[name].append(GroupLink(((name, port),), up, failure, frozenset({name})))
        return found

    # --- losses --------------------------------------------------------------------------------------------------

    def _losses(self, groups: Sequence[LinkGroup]) -> Iterator[tuple[frozenset[int], ...]]:
        """Losses of each group by the failures of the graph, and by those of each member alone."""
        at: dict[tuple[str, object], list[tuple[int, int]]] = defaultdict(list)
        for number, group in enumerate(groups):
            for place, member in enumerate(group.members):
                keys = [("arc", arc) for arc in member.failure.arcs] + [("node", one) for one in member.failure.nodes]
                keys += [("node", self._topology.nodes[device]) for device in member.devices]
                for key in keys:
                    at[key].append((number, place))
        found: list[set[frozenset[int]]] = [
            {frozenset({place}) for place in range(len(group.members))} for group in groups
        ]
        for element in self._topology.elements.values():
            failure = self._topology.whole(element.failure)
            lost: dict[int, set[int]] = defaultdict(set)
            for key in [("arc", arc) for arc in failure.arcs] + [("node", node) for node in failure.nodes]:
                for number, place in at.get(key, ()):
                    lost[number].add(place)
            for number, places in lost.items():
                found[number].add(frozenset(places))
        for group, losses in zip(groups, found, strict=True):
            some = [one for one in losses if len(one) < len(group.members)]
            yield tuple(sorted(_largest(some), key=sorted))


def _largest(sets: Sequence[frozenset[int]]) -> Iterator[frozenset[int]]:
    """Sets outside all others."""
    held: dict[int, list[frozenset[int]]] = defaultdict(list)
    for one in sorted(sets, key=len, reverse=True):
        if not any(one < other for other in held[min(one)]):
            for place in one:
                held[place].append(one)
            yield one


class _Parts:
    """Connected parts with their demands (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self.demands: dict[str, dict[int, tuple[VenueDemand, str]]] = {}

    def add(self, name: str, demands: Mapping[int, tuple[VenueDemand, str]]) -> None:
        self._parent[name] = name
        self.demands[name] = dict(demands)

    def root(self, name: str) -> str:
        while self._parent[name] != name:
            self._parent[name] = name = self._parent[self._parent[name]]
        return name

    def join(self, one: str, other: str) -> None:
        first, second = self.root(one), self.root(other)
        if first != second:
            self._parent[second] = first
            self.demands[first] |= self.demands.pop(second)

    def of(self, names: Sequence[str]) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in names:
            found.setdefault(self.root(name), []).append(name)
        return found
