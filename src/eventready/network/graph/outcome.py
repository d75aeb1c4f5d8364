"""Services lost by a failure, by venue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Literal

from eventready.facts.ports import port_key
from eventready.network.graph.graph import Cut, Reach, together
from eventready.network.graph.topology import NetworkElement, Topology
from eventready.network.graph.users import OUTWARD, UserGroups, Users
from eventready.network.network_facts import NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.device import Service

State = Literal["lost", "degraded", "unmeasured", "unharmed"]
_WORST: tuple[State, ...] = ("lost", "degraded", "unmeasured", "unharmed")


@dataclass(frozen=True)
class ServiceOutcome:
    """A service at a venue after a failure.

    `lost`: names of its lost users, of `users` served before: of none for a service without users served in the run.
    `waived`: a way that somebody answers for is all that is left. `people`: expected number of those who lose it.
    `given`: number of the lost ones that the failures given took already. `doubtful`: number of those who lose it
    unless something serves them that was not read.
    """

    venue: str
    service: Service
    state: State
    lost: tuple[str, ...] = ()
    users: int = 0
    people: int = 0
    waived: bool = False
    given: int = 0
    doubtful: int = 0

    @property
    def share(self) -> float:
        """Percent of the users without the service."""
        return 100 * len(self.lost) / self.users if self.users else 0.0

    @property
    def share_at_most(self) -> float:
        """Percent of the users without the service, the doubtful ones included."""
        return 100 * (len(self.lost) + self.doubtful) / self.users if self.users else 0.0


@dataclass(frozen=True)
class FailureOutcome:
    """FailureOutcome of the failure of elements, by their names."""

    names: tuple[str, ...]
    failure: Cut
    services: tuple[ServiceOutcome, ...]

    @property
    def state(self) -> State:
        """Worst state of a service."""
        return next((state for state in _WORST if any(one.state == state for one in self.services)), "unharmed")

    @property
    def rank(self) -> tuple[float, ...]:
        """Sort key: most people, then most services lost, then the largest shares."""
        lost = sum(one.state == "lost" for one in self.services)
        return -sum(one.people for one in self.services), -lost, -sum(one.share for one in self.services)


class _View:
    """Users served in the graph while `down` has failed."""

    def __init__(self, topology: Topology, users: Sequence[Users], down: Cut) -> None:
        self._users, self._down, self._owner = users, down, topology.owner
        afloat = {topology.nodes[name] for name in topology.afloat}
        sets = dict.fromkeys(origins for one in users for origins in one.origins)
        self._reach = {
            origins: [Reach(topology.graph, origins | afloat, down, backward=back) for back in (False, True)]
            for origins in sets
        }
        self._of_node: dict[int, set[int]] = defaultdict(set)
        for number, one in enumerate(users):
            for node in (*one.attach, *(node for need in one.needs for node in need)):
                self._of_node[node].add(number)
                self._of_node[self._owner.get(node, node)].add(number)
        self._at = [self._server(number, Cut(), {}) for number in range(len(users))]
        self.served = frozenset(number for number, node in enumerate(self._at) if node is not None)

    def _server(self, number: int, failure: Cut, lost: Mapping[frozenset[int], set[int]]) -> int | None:
        """Serving node of the users; None without service."""
        one, failed = self._users[number], failure.nodes | self._down.nodes if self._down.nodes else failure.nodes
        if not all(any(self._lives(node, failed) for node in need) for need in one.needs):
            return None
        for node in one.attach:
            if not self._lives(node, failed):
                continue
            if all(
                node not in lost.get(origins, ()) and all(node in reach for reach in self._reach[origins])
                for origins in one.origins
            ):
                return node
            if node in one.stays:
                return None
        return None

    def _lives(self, node: int, failed: frozenset[int]) -> bool:
        return node not in failed and self._owner.get(node, node) not in failed

    def servers(self, failure: Cut) -> dict[int, tuple[int, int | None]]:
        """Serving nodes before and after a failure, by the number of the users touched."""
        lost = {origins: set().union(*(reach.lost(failure) for reach in both)) for origins, both in self._reach.items()}
        touched = set(failure.nodes).union(*lost.values())
        concerned = set().union(*(self._of_node[node] for node in touched if node in self._of_node))
        return {
            number: (before, self._server(number, failure, lost))
            for number in sorted(concerned) if (before := self._at[number]) is not None
        }  # fmt: skip

    def lost(self, failure: Cut) -> frozenset[int]:
        """Numbers of the users with their service lost by a failure."""
        return frozenset(number for number, (_before, after) in self.servers(failure).items() if after is None)


class WhatIf:
    """Failures of a network: any, all single ones, all pairs."""

    def __init__(self, readings: NetworkFacts, setting: NetworkSetting, given: Sequence[str] = ()) -> None:
        self.topology = Topology(readings, setting)
        groups = UserGroups(self.topology)
        self.users = groups.all
        self.gateways = groups.gateways
        self.topology.add_groups(setting.risks)
        self.given, self.given_names = self.failure(given), tuple(given)

    def failure(self, names: Iterable[str]) -> Cut:
        """Cut of elements by name, or of `device:part`. Raises KeyError for an unknown name."""
        found = Cut()
        for name in names:
            element = self.topology.elements.get(name)
            failure = element.failure if element else self.topology.member(name)
            if failure is None:
                raise KeyError(name)
            found |= failure
        return self.topology.whole(found)

    @cached_property
    def _measured(self) -> _View:
        """View with the ways known to carry traffic."""
        down = self.topology.dead | self.topology.unmeasured | self.given
        return _View(self.topology, self.users, down)

    @cached_property
    def _possible(self) -> _View:
        """View with the unmeasured ways as if all carried traffic, and unread servers as if all served."""
        users = tuple(one.perhaps or one for one in self.users)
        if not self.topology.unmeasured.arcs and users == self.users:
            return self._measured
        return _View(self.topology, users, self.topology.dead | self.given)

    @cached_property
    def served(self) -> frozenset[int]:
        """Users served now, as measured."""
        return frozenset(number for number in self._measured.served if self.users[number].up)

    @cached_property
    def gone(self) -> frozenset[int]:
        """Users with their service lost by the given failures alone."""
        if not self.given_names:
            return frozenset()
        before = _View(self.topology, self.users, self.topology.dead).served
        return frozenset(number for number in before if self.users[number].up) - self.served - self.unmeasured

    @cached_property
    def unmeasured(self) -> frozenset[int]:
        """Users without a known state, or without a known way to the origins."""
        known = _View(self.topology, self.users, Cut())  # where nothing is dead, is there a way at all?
        return frozenset(
            number for number, one in enumerate(self.users)
            if number not in self.served and one.up is not False
            and (one.up is None or number in self._possible.served or number not in known.served)
        )  # fmt: skip

    @cached_property
    def services(self) -> dict[tuple[str, Service], tuple[int, ...]]:
        """Numbers of the users by venue and service, services without users included."""
        found: dict[tuple[str, Service], list[int]] = {
            (venue.id, service): [] for venue in self.topology.setting.venues for service in venue.services
        }
        for number, one in enumerate(self.users):
            found[one.venue, one.service].append(number)
        return {key: tuple(numbers) for key, numbers in found.items()}

    def outcome(self, names: Sequence[str]) -> FailureOutcome:
        """FailureOutcome of the failure of these, for all services. Raises KeyError for an unknown name.

        Nothing is unharmed for certain by a group with an unknown member.
        """
        failure = self.failure(names)
        services = tuple(self._services(failure, self.services))
        if any(group in (*names, *self.given_names) for group, _member in self.topology.strangers):
            services = tuple(replace(one, state="unmeasured") if one.state == "unharmed" else one for one in services)
        return FailureOutcome(tuple(names), failure, services)

    def _services(self, failure: Cut, among: Iterable[tuple[str, Service]]) -> Iterator[ServiceOutcome]:
        failure = self.topology.whole(failure | self.given)
        lost = self._measured.lost(failure) & self.served
        certain = lost & self._possible.lost(failure) if self._possible is not self._measured else lost
        ways = self.topology.waived
        waived = self._measured.lost(failure | ways) - lost if ways.arcs - failure.arcs else frozenset()
        gone, doubtful, marked = map(self._by_service, (certain | self.gone, lost - certain, waived))
        for key in among:
            own, served = gone.get(key, ()), self._served_at[key]
            state: State = "unharmed"
            if own:
                state = "lost" if len(own) == served else "degraded"
            elif key in doubtful or (not served and key in self._unknown_at):
                state = "unmeasured"
            elif not served:
                state = "lost"
            yield ServiceOutcome(
                *key, state, tuple(self.users[number].name for number in own), served,
                sum(self.users[number].people for number in own), key in marked, len(self.gone.intersection(own)),
                len(doubtful.get(key, ())),
            )  # fmt: skip

    def _by_service(self, numbers: Iterable[int]) -> dict[tuple[str, Service], list[int]]:
        found: dict[tuple[str, Service], list[int]] = {}
        for number in sorted(numbers):
            found.setdefault((self.users[number].venue, self.users[number].service), []).append(number)
        return found

    @cached_property
    def _served_at(self) -> Counter[tuple[str, Service]]:
        served = self.served | self.gone
        return Counter((self.users[number].venue, self.users[number].service) for number in served)

    @cached_property
    def _unknown_at(self) -> frozenset[tuple[str, Service]]:
        """Services without users, or with unmeasured ones."""
        empty = {key for key, numbers in self.services.items() if not numbers}
        return frozenset(empty.union(self._by_service(self.unmeasured)))

    def single(self, kinds: Iterable[str] = ("device", "link", "group", "part")) -> Iterator[FailureOutcome]:
        """Outcomes of all single failures with a harm, in the order of the elements."""
        wanted = frozenset(kinds)
        for element in self.topology.elements.values():
            if element.kind in wanted and (outcome := self._harm(element)):
                yield outcome

    def _harm(self, *elements: NetworkElement, beyond: frozenset[int] = frozenset()) -> FailureOutcome | None:
        """FailureOutcome of the services with users lost, other than those of `beyond`; None without such."""
        failure = self.topology.whole(together(one.failure for one in elements))
        lost = self._measured.lost(self.topology.whole(failure | self.given)) & self.served
        if not lost - beyond:
            return None
        among = self._by_service(lost)
        return FailureOutcome(tuple(one.name for one in elements), failure, tuple(self._services(failure, among)))

    @cached_property
    def rests_on_waivers(self) -> Mapping[tuple[str, Service], str]:
        """Services left with ways under a waiver only by a single failure, with the first such element."""
        ways, found = self.topology.waived, dict[tuple[str, Service], str]()
        for element in self.topology.elements.values() if ways.arcs else ():
            if element.kind != "group":
                failure = self.topology.whole(element.failure | self.given)
                left = self._measured.lost(self.topology.whole(failure | ways)) - self._measured.lost(failure)
                for key in self._by_service(left & self.served):
                    found.setdefault(key, element.name)
        return found

    def double(self, elements: Sequence[NetworkElement]) -> Iterator[FailureOutcome]:
        """Outcomes of all pairs with a loss beyond those of both halves."""
        alone = {one.name: self._measured.lost(self.topology.whole(one.failure)) for one in elements}
        for one, other in combinations(elements, 2):
            if outcome := self._harm(one, other, beyond=alone[one.name] | alone[other.name]):
                yield outcome

    def moved(self, failure: Cut) -> Iterator[tuple[Users, str, str]]:
        """Users served by another device after a failure, with the device before and after."""
        names = {node: name for name, node in self.topology.nodes.items()}
        owner = self.topology.owner
        for number, (before, after) in self._measured.servers(failure).items():
            if after is not None and after != before and number in self.served:
                yield self.users[number], names[owner.get(before, before)], names[owner.get(after, after)]

    def led_out(self, failure: Cut) -> frozenset[str]:
        """Devices with both ways out of the network after a failure, as measured."""
        topology = self.topology
        ends = [
            topology.parts.get((one.device, port_key(one.port or "")), topology.nodes[one.device])
            for one in topology.setting.origins if one.device in topology.nodes and one.kind in OUTWARD
        ]  # fmt: skip
        down = topology.dead | topology.unmeasured | self.given | failure
        both = [Reach(topology.graph, ends, down, backward=back) for back in (False, True)]
        return frozenset(name for name, node in topology.nodes.items() if all(node in reach for reach in both))
