"""Conflicts of works in random networks: found if and only if the failure of all their elements at once says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random

import networkx as nx
import pytest

from eventready.facts import records as r
from eventready.facts.rows import FactRows
from eventready.network.conflicts import WorkConflict, WorkConflicts
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.planned_work import PlannedWork, planned_works
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.circuits import Circuits
from eventready.workspace.settings.event import ServiceOrigin, Venue, Window
from eventready.workspace.settings.works import Work

NIGHT = datetime(2033, 7, 29, 12, tzinfo=UTC)
HOURS = 12
LEVELS = ("unharmed", "one_way_left", "unmeasured", "degraded", "lost")
#: Hours of the windows: the event, and the protected time around it.
WINDOWS = {"event": (4, 8), "protected": (2, 10)}


def at(hour: int) -> datetime:
    return NIGHT + timedelta(hours=hour)


def member(one: str, other: str) -> str:
    """A cable as an engineer writes it."""
    return f"{one}:{other} - {other}:{one}"


class Drawn:
    """A network of routers around `core`, with users at `edge`, and works; some cables are down before."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        names = ["core", "edge", *(f"r{number}" for number in range(random.randint(1, 5)))]
        pairs = [*combinations(names, 2)]
        self.cables = [pair for pair in pairs if random.random() < 0.55]
        self.down = [pair for pair in self.cables if random.random() < 0.1]
        self.names = names
        elements = [*names, *(member(*pair) for pair in self.cables if pair not in self.down)]
        self.works = [self._work(random, number, elements) for number in range(random.randint(1, 5))]

    @staticmethod
    def _work(random: Random, number: int, elements: Sequence[str]) -> PlannedWork:
        start = random.randrange(HOURS - 1)
        some = tuple(random.sample(elements, min(len(elements), random.randint(1, 2))))
        risky = random.random() < 0.25
        end = random.randint(start + 1, HOURS)
        return PlannedWork(f"w{number}", at(start), at(end), () if risky else some, some if risky else ())

    def whatif(self) -> WhatIf:
        """The network as the product reads it."""
        return WhatIf(NetworkFacts([self._reading(name) for name in self.names]), self.setting)

    @property
    def setting(self) -> NetworkSetting:
        """One venue, one service, its origin at the core."""
        venue = Venue.model_validate({"id": "hall", "name": "Hall", "services": ["internet"]})
        return NetworkSetting((venue,), (ServiceOrigin(kind="upstream", device="core"),))

    def _reading(self, name: str) -> DeviceFacts:
        own = [(other, pair in self.down) for pair in self.cables for other in pair if name in pair and other != name]
        links = [{"port": other, "device": other, "to_port": name} for other, _down in own]
        rows: dict[str, list[r.Fact]] = {
            "interface": [r.Interface(name=other, admin="up", oper="down" if down else "up") for other, down in own],
            "ospf_neighbour": [
                r.RoutingPeer(protocol="ospf", peer="10.0.0.9", interface=other, state="Full", up=not down)
                for other, down in own
            ],
        }
        rows |= {"default_route": []} if name == "core" else {}
        venues = ("hall",) if name == "edge" else ()
        device = Device(name, "router", "frr", name, venues=venues, expect=Expect.model_validate({"links": links}))
        return DeviceFacts(device, {fact: FactRows(tuple(found)) for fact, found in rows.items()})

    def reached(self, failed: Iterable[str], *, promised: bool = False) -> bool:
        """True for users with a way to the core while elements have failed, by networkx."""
        gone = set(failed)
        graph = nx.Graph()
        graph.add_nodes_from(self.names)
        graph.add_edges_from(
            pair for pair in self.cables if member(*pair) not in gone and (promised or pair not in self.down)
        )
        graph.remove_nodes_from(gone.intersection(self.names))
        return {"core", "edge"} <= set(graph) and nx.has_path(graph, "core", "edge")

    def state(self, works: Iterable[PlannedWork]) -> str:
        """State of the users during works, by networkx."""
        given = list(works)
        down = {name for work in given for name in work.down}
        at_risk = {name for work in given for name in work.at_risk}
        if not self.reached(down):
            return "lost"
        single = [*self.names, *(member(*pair) for pair in self.cables)]
        alone = [name for name in single if self.reached([name], promised=True) and not self.reached([*down, name])]
        return "one_way_left" if alone or not self.reached(down | at_risk) else "unharmed"

    def windows(self) -> list[Window]:
        return [
            Window.model_validate({"kind": kind, "from": at(start).isoformat(), "to": at(end).isoformat()})
            for kind, (start, end) in WINDOWS.items()
        ]

    def at(self, hour: int) -> list[PlannedWork]:
        return [work for work in self.works if work.start <= at(hour) < work.end]


def in_force(found: Iterable[WorkConflict], hour: int) -> list[WorkConflict]:
    return [one for one in found if any(start <= at(hour) < end for start, end in one.spans)]


@pytest.mark.slow
def test_a_conflict_is_found_if_and_only_if_the_union_has_the_harm() -> None:
    seen = set()
    for seed in range(200):
        drawn = Drawn(seed)
        found = WorkConflicts(drawn.whatif(), drawn.works, drawn.windows()).found(at(0))
        now = drawn.state(())
        for hour in range(HOURS):
            inside = range(*WINDOWS["protected"])
            works = drawn.at(hour) if hour in inside else []
            wanted, own = drawn.state(works), in_force(found, hour)
            states = {one.outcome.state for one in own}
            exposed = wanted == "one_way_left" == now and any(work.at_risk for work in works)
            if LEVELS.index(wanted) > LEVELS.index(now):
                assert max(states, key=LEVELS.index) == wanted, (seed, hour)
            elif not exposed:
                assert not states, (seed, hour)
            kind = "event" if hour in range(*WINDOWS["event"]) else "protected"
            assert {one.window.kind for one in own} <= {kind}, (seed, hour)
            seen |= {(len(one.works), one.outcome.state) for one in own}
        for one in found:
            exposed = one.outcome.state == now == "one_way_left"  # it rested on a single way before
            for work in one.works if len(one.works) > 1 and not exposed else ():
                rest = [other for other in one.works if other is not work]
                assert LEVELS.index(drawn.state(rest)) < LEVELS.index(one.outcome.state), seed
    assert seen >= {(1, "lost"), (1, "one_way_left"), (2, "lost")}


def test_what_is_past_is_no_conflict() -> None:
    drawn = Drawn(0)
    drawn.works = [PlannedWork("w", at(3), at(6), ("core",))]
    conflicts = WorkConflicts(drawn.whatif(), drawn.works, drawn.windows())
    if drawn.state(()) != "lost":
        assert [one.minutes for one in conflicts.found(at(5))] == [60]
    assert conflicts.found(at(6)) == ()


def test_works_at_many_times_ask_each_union_once() -> None:
    drawn = Drawn(3)
    drawn.cables, drawn.down = [("core", "edge")], []
    drawn.works = [PlannedWork(f"w{hour}", at(hour), at(hour + 1), ("core",)) for hour in range(4, 8)]
    network = drawn.whatif()
    tried = []
    original = network.outcome_by_ways
    network.outcome_by_ways = lambda names: tried.append(tuple(names)) or original(names)  # type: ignore[method-assign,func-returns-value]
    found = WorkConflicts(network, drawn.works, drawn.windows()).found(at(0))
    assert len(found) == 4
    assert tried == [("core",), ()]


def test_a_window_counts_at_its_venues_alone() -> None:
    drawn = Drawn(3)
    drawn.cables, drawn.down = [("core", "edge")], []
    drawn.works = [PlannedWork("w", at(4), at(6), ("core",))]
    hall, park = (
        Window.model_validate({"kind": kind, "from": at(4).isoformat(), "to": at(8).isoformat(), "venues": [venue]})
        for kind, venue in (("protected", "hall"), ("event", "park"))
    )
    (found,) = WorkConflicts(drawn.whatif(), drawn.works, [park, hall]).found(at(0))
    assert found.window == hall
    assert WorkConflicts(drawn.whatif(), drawn.works, [park]).found(at(0)) == ()


def test_a_group_has_no_work_without_a_part_in_the_harm() -> None:
    """Two works take both ways; among thirty at the same time, most of them without an effect."""
    drawn = Drawn(3)
    drawn.names = ["core", "edge", "r0"]
    drawn.cables, drawn.down = [("core", "edge"), ("core", "r0"), ("edge", "r0")], []
    both = [PlannedWork(name, at(4), at(6), (one,)) for name, one in (("a", member("core", "edge")), ("b", "r0"))]
    beside = [PlannedWork(f"n{number}", at(4), at(6)) for number in range(28)]
    found = WorkConflicts(drawn.whatif(), [*beside, *both], drawn.windows()).found(at(0))
    assert {tuple(work.name for work in one.works) for one in found if one.outcome.state == "lost"} == {("a", "b")}


def test_two_works_of_one_name_are_two() -> None:
    """Of two accounts of a provider, with an element unknown to the network in the first alone."""
    works = [
        Work.model_validate({
            "provider": "x", "id": "W1", "account": account, "from": "2033-07-29 12:00", "to": "2033-07-29 13:00",
            "members": [element],
        })
        for account, element in (("1", "nobody"), ("2", "core"))
    ]  # fmt: skip
    planned = planned_works(works, Circuits())
    assert [one.name for one in planned] == ["x/W1 (1)", "x/W1 (2)"]
    assert WorkConflicts(Drawn(3).whatif(), planned, ()).unknown == {"x/W1 (1)": ("nobody",), "x/W1 (2)": ()}
