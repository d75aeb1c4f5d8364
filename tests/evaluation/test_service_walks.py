"""Walks of the services in a run: users alike in groups, with their ways, and the sentence of each service."""

from __future__ import annotations

from dataclasses import replace

from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.ways import ServiceWayLimits, service_way
from eventready.core.messages import message
from eventready.core.records import Shape
from eventready.evaluation.verdicts import NO_ORIGINS, Readiness, ServiceWalks, Verdict, grouped
from eventready.facts import records as r
from eventready.network.graph.outcome import WhatIf
from eventready.store.run_walk import ServiceWalk, WalkUsers
from eventready.workspace.settings.event import Venue
from tests.network.test_whatif import Rows, edge_and_core, gateways, peer, port, whatif

PROOF = message("checks:service_way.witnessed", at="07:02")
VERDICT = Verdict("hall", "internet", Readiness.READY)


def users(network: WhatIf) -> tuple[WalkUsers, ...]:
    return grouped(network, network.services["hall", "internet"])


def found(network: WhatIf) -> Finding:
    (finding,) = service_way(network, lambda _device: ServiceWayLimits())
    return finding.replace(check="service_way")


def sentence(network: WhatIf, finding: Finding | None = None, lang: str = "en") -> str:
    walk = ServiceWalks(network, [finding or found(network)], (), PROOF).of(VERDICT)
    assert Shape(ServiceWalk).read_plain(Shape(ServiceWalk).plain(walk)) == walk
    return walk.sentence.render(lang)


def test_users_alike_are_one_group_with_both_ways() -> None:
    (one,) = users(edge_and_core({}, {}))
    assert (one.state, one.users, one.server, one.missing) == ("served", ("edge",), "edge", ())
    assert one.first == (("edge a", "core a", "adjacency"),)
    assert one.second == (("edge b", "core b", "adjacency"),)


def test_a_cut_fibre_of_a_pair_leaves_one_way_and_names_what_takes_it_next() -> None:
    cut: Rows = {"interface": [port("a", "down"), port("b")], "ospf_neighbour": [peer("b")]}
    (one,) = users(edge_and_core(cut, cut))
    assert (one.state, one.second) == ("one_way_left", ())
    assert one.first == (("edge b", "core b", "adjacency"),)
    assert (one.next, one.missing) == (("core b - edge b",), ("core a - edge a",))


def test_a_lost_master_is_a_group_of_its_own_without_a_way() -> None:
    (one,) = users(whatif(*gateways(tracks=False), given=["core a - e1 up"]))
    assert (one.state, one.first, one.second) == ("lost", (), ())
    assert one.missing


def test_a_sentence_names_venues_by_title_and_claims_a_witness_only_where_each_hop_has_one() -> None:
    route = r.Route(prefix="0.0.0.0/0", protocol="static", next_hop="10.0.0.1", interface="a")
    served = edge_and_core({"default_route": [route]}, {})
    assert sentence(served) == (
        "Internet at Hall: 1 network has one way left, by edge - core: "
        "with core a - edge a it is gone (witnessed 07:02)"
    )
    assert sentence(served, lang="vi").startswith("Internet tại Hội trường: 1 mạng chỉ còn một đường")
    assumed = sentence(edge_and_core({}, {}))
    assert "the routes of edge are assumed" in assumed
    assert "witnessed" not in assumed
    lost = sentence(whatif(*gateways(tracks=False), given=["core a - e1 up"]))
    assert "has no way" in lost
    assert "witnessed" not in lost


def test_a_waived_loss_says_so_and_proves_nothing() -> None:
    lost = whatif(*gateways(tracks=False), given=["core a - e1 up"])
    shown = sentence(lost, found(lost).replace(status=Outcome.WAIVED, waiver="repaired by noon"))
    assert shown.endswith("(waiver: repaired by noon)")
    assert "witnessed" not in shown


def test_without_a_network_the_sentence_names_the_service_alone() -> None:
    venue = Venue.model_validate({"id": "hall", "name": "Hall", "name_vi": "Hội trường", "services": ["internet"]})
    verdict = replace(VERDICT, verdict=Readiness.NOT_MEASURED, reasons=(NO_ORIGINS,))
    walk = ServiceWalks(None, (), (venue,), PROOF).of(verdict)
    assert (walk.state, walk.groups) == ("unmeasured", ())
    assert walk.sentence.render("en") == "Internet at Hall: no way was walked"
    assert walk.sentence.render("vi") == "Internet tại Hội trường: chưa lần theo được đường nào"
