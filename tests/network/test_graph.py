"""Reach in a graph and services lost by failures, against brute force with networkx."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts import records as r
from eventready.facts.rows import FactRows
from eventready.network.graph.graph import Cut, Graph, Reach
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import ServiceOrigin, Venue
from eventready.workspace.settings.risk import RiskGroup


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, list[int]]:
    """A graph with some ends, and its sources."""
    graph = Graph()
    size = draw(st.integers(2, 14))
    for _ in range(size):
        graph.node(transit=draw(st.booleans()) or draw(st.booleans()))
    node = st.integers(0, size - 1)
    for tail, head in draw(st.lists(st.tuples(node, node), max_size=40)):
        graph.arc(tail, head)
    return graph, draw(st.lists(node, min_size=1, max_size=3))


@st.composite
def failures(draw: st.DrawFn, graph: Graph, most: int) -> Cut:
    elements = [("node", n) for n in range(len(graph.transit))] + [("arc", a) for a in range(len(graph.heads))]
    chosen = draw(st.lists(st.sampled_from(elements), max_size=most))
    return Cut(
        frozenset(n for kind, n in chosen if kind == "node"), frozenset(a for kind, a in chosen if kind == "arc")
    )


def reachable(graph: Graph, sources: list[int], failure: Cut, *, backward: bool) -> set[int]:
    """Nodes with a path of networkx from a source, through nodes that forward."""
    digraph = nx.DiGraph()
    digraph.add_nodes_from(n for n in range(len(graph.transit)) if n not in failure.nodes)
    for arc, (tail, head) in enumerate(zip(graph.tails, graph.heads, strict=True)):
        if arc not in failure.arcs and {tail, head} <= set(digraph):
            digraph.add_edge(*((head, tail) if backward else (tail, head)))
    found: set[int] = set()
    for source in set(sources) & set(digraph):
        own = digraph.copy()
        for node in list(own):
            if node not in (*sources, source) and not graph.transit[node]:
                own.remove_edges_from(list(own.out_edges(node)))
        found |= {source, *nx.descendants(own, source)}
    return found


@given(st.data(), graphs(), st.booleans())
def test_lost_nodes_are_those_without_a_path(
    data: st.DataObject, drawn: tuple[Graph, list[int]], backward: bool
) -> None:
    """Up to 10 failed elements, beside others that had failed before."""
    graph, sources = drawn
    down, failure = data.draw(failures(graph, 4)), data.draw(failures(graph, 10))
    before = reachable(graph, sources, down, backward=backward)
    reach = Reach(graph, sources, down, backward=backward)
    assert {node for node in range(len(graph.transit)) if node in reach} == before
    assert reach.lost(failure) == before - reachable(graph, sources, down | failure, backward=backward)


# --- a network of routers -------------------------------------------------------------------------------------------

#: Both ends by number, and whether an adjacency runs over the cable.
Cables = list[tuple[int, int, bool]]


def network(size: int, cables: Cables, groups: list[RiskGroup], upstreams: list[int], edges: list[int]) -> WhatIf:
    """Routers r0, r1, ... of which some are at the upstream and some at a venue; port p<number> for each cable."""
    readings = []
    for number in range(size):
        own = [(place, one, other, up) for place, (one, other, up) in enumerate(cables) if number in (one, other)]
        links = [
            {"port": f"p{place}", "device": f"r{other}", "to_port": f"p{place}"}
            for place, one, other, _up in own if one == number
        ]  # fmt: skip
        device = Device(
            f"r{number}", "router", "frr", f"192.0.2.{number}",
            venues=("hall",) if number in edges else (), expect=Expect.model_validate({"links": links}),
        )  # fmt: skip
        rows: dict[str, tuple[r.Fact, ...]] = {
            "interface": tuple(r.Interface(name=f"p{place}", admin="up", oper="up") for place, *_ in own),
            "ospf_neighbour": tuple(
                r.RoutingPeer(protocol="ospf", peer=f"10.0.0.{place}", interface=f"p{place}", state="Full", up=True)
                for place, _one, _other, up in own if up
            ),
        }  # fmt: skip
        readings.append(DeviceFacts(device, {fact: FactRows(found) for fact, found in rows.items()}))
    venue = Venue.model_validate({"id": "hall", "name": "Hall", "name_vi": "Hội trường", "services": ["internet"]})
    origins = tuple(ServiceOrigin(kind="upstream", device=f"r{number}") for number in upstreams)
    return WhatIf(NetworkFacts(readings), NetworkSetting((venue,), origins, tuple(groups)))


@st.composite
def networks(draw: st.DrawFn) -> tuple[int, Cables, list[RiskGroup], list[int], list[int]]:
    size = draw(st.integers(3, 8))
    node = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(node, node).filter(lambda pair: pair[0] != pair[1]), min_size=2, max_size=14))
    cables = [(one, other, draw(st.integers(0, 5)) > 0) for one, other in pairs]
    members = [f"r{number}" for number in range(size)] + [
        f"r{one}:p{place}" for place, (one, _o, _u) in enumerate(cables)
    ]
    groups = [
        RiskGroup(name=f"duct {place}", kind="duct", members=tuple(chosen))
        for place, chosen in enumerate(
            draw(st.lists(st.lists(st.sampled_from(members), min_size=1, max_size=4, unique=True), max_size=3))
        )
    ]
    order = draw(st.permutations(range(size)))
    cut = draw(st.integers(1, 2))
    return size, cables, groups, order[:cut], order[cut : cut + draw(st.integers(1, min(3, size - cut)))]


def served(drawn: Any, failed: list[str]) -> set[str]:
    """Edge routers with a path of routed cables to an upstream, by networkx, without the failed elements."""
    size, cables, groups, upstreams, edges = drawn
    gone = [member for name in failed for member in next((g.members for g in groups if g.name == name), (name,))]
    graph = nx.MultiGraph()
    graph.add_nodes_from(f"r{number}" for number in range(size))
    graph.add_edges_from((f"r{one}", f"r{other}", place) for place, (one, other, up) in enumerate(cables) if up)
    for member in gone:
        device, _, port = member.partition(":")
        if not port:
            graph.remove_nodes_from([device])
        else:
            graph.remove_edges_from([(a, b, k) for a, b, k in graph.edges(keys=True) if f"p{k}" == port])
    return {
        f"r{edge}" for edge in edges if f"r{edge}" in graph
        and any(f"r{up}" in graph and nx.has_path(graph, f"r{edge}", f"r{up}") for up in upstreams)
    }  # fmt: skip


@given(networks())
def test_single_and_double_failures_are_those_of_brute_force(drawn: Any) -> None:
    """Devices, links and risk groups, each and all pairs."""
    _size, cables, groups, _upstreams, edges = drawn
    whatif = network(*drawn)
    before = served(drawn, [])
    links = {cable.name: f"r{cables[int(cable.one[1][1:])][0]}:{cable.one[1]}" for cable in whatif.topology.cables}
    names = {element.name: links.get(element.name, element.name) for element in whatif.topology.elements.values()}
    assert len(names) == drawn[0] + len(cables) + len(groups)

    def lost(*failed: str) -> set[str]:
        return before - served(drawn, [names[name] for name in failed])

    single = {one.names: set(one.services[0].lost) for one in whatif.single()}
    assert single == {(name,): gone for name in names if (gone := lost(name))}
    for outcome in whatif.single():
        state = "lost" if outcome.services[0].users == len(outcome.services[0].lost) else "degraded"
        assert outcome.state == state
    double = {one.names: set(one.services[0].lost) for one in whatif.double(list(whatif.topology.elements.values()))}
    assert double == {
        pair: gone for pair in combinations(names, 2) if (gone := lost(*pair)) - lost(pair[0]) - lost(pair[1])
    }
    assert edges
