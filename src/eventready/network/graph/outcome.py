"""Services lost by a failure, by venue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Literal

from eventready.network.graph.forwarding import Forwarding
from eventready.network.graph.graph import Cut, Reach, together
from eventready.network.graph.topology import NetworkElement, Topology
from eventready.network.graph.users import UserGroups, Users
from eventready.network.graph.view import View, routes_of
from eventready.network.graph.walk import Walks
from eventready.network.network_facts import NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.device import Service

State = Literal["lost", "degraded", "unmeasured", "one_way_left", "unharmed"]
#: State of users: without a proven way, with a single one where two are promised, or with what is promised.
UserState = Literal["lost", "unmeasured", "one_way_left", "served"]
_WORST: tuple[State, ...] = ("lost", "degraded", "unmeasured", "one_way_left", "unharmed")


@dataclass(frozen=True)
class ServiceOutcome:
    """A service at a venue after a failure.

    `lost`: names of its lost users, of `users` served before: of none for a service without users served in the run.
    `waived`: a way that somebody answers for is all that is left. `people`: expected number of those who lose it.
    `given`: number of the lost ones that the failures given took already. `doubtful`: number of those who lose it
    unless something serves them that was not read. `next`: elements whose loss takes the service after the failure.
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
    next: tuple[str, ...] = ()

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


class WhatIf:
    """Failures of a network: any, all single ones, all pairs."""

    def __init__(self, readings: NetworkFacts, setting: NetworkSetting, given: Sequence[str] = ()) -> None:
        self.topology = Topology(readings, setting)
        groups = UserGroups(self.topology)
        self.users = groups.all
        self.gateways = groups.gateways
        self.topology.add_groups(setting.risks)
        self.forwarding = Forwarding(self.topology)
        self.given, self.given_names = self.failure(given), tuple(given)

    def after(self, names: Sequence[str]) -> WhatIf:
        """Return the network with these elements failed as well, by name. Raises KeyError for an unknown name."""
        later = object.__new__(WhatIf)
        later.topology, later.users, later.gateways = self.topology, self.users, self.gateways
        later.forwarding, later.given_names = self.forwarding, (*self.given_names, *names)
        later.given = self.topology.whole(self.given | self.failure(names))
        return later

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
    def _measured(self) -> View:
        """View with the ways known to carry traffic."""
        down = self.topology.dead | self.topology.unmeasured | self.given
        return View(self.topology, self.users, down, routes_of(self.forwarding, self.given, proven=True), placed=True)

    @cached_property
    def _possible(self) -> View:
        """View with the unmeasured ways as if all carried traffic, and unread servers as if all served."""
        users = tuple(one.perhaps or one for one in self.users)
        if (
            self.topology.unmeasured == Cut()
            and users == self.users
            and not self.topology.unplaced
            and not self.forwarding.unproven
        ):
            return self._measured
        down = self.topology.dead | self.given
        return View(self.topology, users, down, routes_of(self.forwarding, self.given, proven=False))

    @cached_property
    def _promised(self) -> View:
        """View with everything expected or configured, as if all of this worked."""
        return View(self.topology, tuple(one.promised or one for one in self.users), Cut())

    @cached_property
    def served(self) -> frozenset[int]:
        """Users served now, as measured."""
        return frozenset(number for number in self._measured.served if self.users[number].up)

    @cached_property
    def gone(self) -> frozenset[int]:
        """Users with their service lost by the given failures alone."""
        if not self.given_names:
            return frozenset()
        routes = routes_of(self.forwarding, Cut(), proven=False)
        before = View(self.topology, self.users, self.topology.dead, routes).served
        return frozenset(number for number in before if self.users[number].up) - self.served - self.unmeasured

    @cached_property
    def unmeasured(self) -> frozenset[int]:
        """Users without a known state, or without a known way to the origins."""
        return frozenset(
            number for number, one in enumerate(self.users)
            if number not in self.served and one.up is not False
            and (one.up is None or number in self._possible.served or number not in self._promised.served)
        )  # fmt: skip

    @cached_property
    def losses(self) -> Mapping[str, frozenset[int]]:
        """Users served now and lost by each single failure of a device, link or part; without failures of no loss."""
        found = {}
        for element in self.topology.elements.values():
            if element.kind != "group" and (lost := self._lost_by(element)):
                found[element.name] = lost
        return found

    def lost_by(self, failure: Cut) -> frozenset[int]:
        """Users served now and lost by a failure."""
        return self._measured.lost(self.topology.whole(failure | self.given)) & self.served

    def _lost_by(self, *elements: NetworkElement) -> frozenset[int]:
        return self.lost_by(together(one.failure for one in elements))

    @cached_property
    def takes_next(self) -> Mapping[int, tuple[str, ...]]:
        """Elements able to take the service although another way is promised, by number of the users."""
        found: dict[int, list[str]] = defaultdict(list)
        for name, lost in self.losses.items():
            failure = self.topology.whole(self.topology.elements[name].failure, as_promised=True)
            for number in (lost & self._promised.served) - self._promised.lost(failure):
                found[number].append(name)
        return {number: tuple(names) for number, names in found.items()}

    @cached_property
    def surely_taken(self) -> frozenset[int]:
        """Users of `takes_next` with a single way left even if everything without a measurement worked."""
        names = {name for taken in self.takes_next.values() for name in taken}
        lost = {
            name: self._possible.lost(self.topology.whole(self.topology.elements[name].failure | self.given))
            for name in names
        }
        return frozenset(
            number for number, taken in self.takes_next.items() if any(number in lost[name] for name in taken)
        )

    def state(self, number: int) -> UserState:
        """State of users now."""
        if number in self.served:
            return "one_way_left" if number in self.takes_next else "served"
        return "unmeasured" if number in self.unmeasured else "lost"

    @cached_property
    def walks(self) -> Walks:
        """Ways of the users now, and of those promised."""
        return Walks(self)

    @property
    def silent(self) -> frozenset[str]:
        """Devices without an answer."""
        return frozenset(name for name, node in self.topology.nodes.items() if node in self.topology.unmeasured.nodes)

    @property
    def measured(self) -> View:
        """View with the ways known to carry traffic."""
        return self._measured

    @property
    def promised(self) -> View:
        """View with everything expected or configured, as if all of this worked."""
        return self._promised

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

    def outcome_by_ways(self, names: Sequence[str]) -> FailureOutcome:
        """Return `outcome`, with the state `one_way_left` of services with a single way left and two promised."""
        found, after = self.outcome(names), self.after(names)
        return replace(found, services=tuple(after.with_ways(one) for one in found.services))

    def with_ways(self, outcome: ServiceOutcome) -> ServiceOutcome:
        """Outcome of a service; of an unharmed service with a single way left now, the state `one_way_left`."""
        numbers = self.services.get((outcome.venue, outcome.service), ())
        taken = [name for number in numbers if number in self.served for name in self.takes_next.get(number, ())]
        if outcome.state != "unharmed" or not taken:
            return outcome
        return replace(outcome, state="one_way_left", next=tuple(dict.fromkeys(taken)))

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
        lost = self.losses.get(elements[0].name, frozenset()) if len(elements) == 1 else self._lost_by(*elements)
        if len(elements) == 1 and elements[0].kind == "group":
            lost = self._lost_by(*elements)
        if not lost - beyond:
            return None
        failure = self.topology.whole(together(one.failure for one in elements))
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
        routes = routes_of(self.forwarding, self.given, proven=True)(topology.outward)
        down = topology.dead | topology.unmeasured | self.given | failure
        there = Reach(topology.graph, topology.outward, down)
        towards = Reach(
            topology.graph, topology.outward, down | Cut(arcs=routes.closed - routes.opened(failure)), backward=True
        )
        return frozenset(name for name, node in topology.nodes.items() if node in there and node in towards)
