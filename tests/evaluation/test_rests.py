"""A lost element is one line by the graph: peers, second ways and single points of a cable, cables of a dead router."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.checks.finding import Finding
from eventready.checks.ip.redundancy import LossLimits, single_point
from eventready.checks.ip.ways import ServiceWayLimits, service_way
from eventready.evaluation.alike import about, rows
from eventready.evaluation.causes import causes
from eventready.evaluation.rests import rests
from eventready.facts import records as r
from eventready.network.graph.outcome import WhatIf
from eventready.store.run_records import FindingStatus, RunFinding, below_each, resting_of
from tests.network.test_whatif import edge_and_core, link, peer, port, reading, whatif

CABLE = "core a - edge a"


def entry(finding: Finding, check: str) -> RunFinding:
    return failed(finding.device, check, finding.subject, finding.message_id, finding.status.value)


def failed(
    device: str, check: str, subject: str, message_id: str = "checks:subject.down", status: FindingStatus = "fail"
) -> RunFinding:
    return RunFinding(check, device, status, subject, "", message_id, {"subject": subject})


def of_network(network: WhatIf) -> list[RunFinding]:
    """Findings of the ways and of the single points, without passes."""
    found = [entry(one, "service_way") for one in service_way(network, lambda _device: ServiceWayLimits())]
    found += [entry(one, "single_point") for one in single_point(network, LossLimits())]
    return [one for one in found if one.status != "pass"]


def following(network: WhatIf, found: list[RunFinding]) -> dict[str, list[str]]:
    """Subjects behind the first finding of each row, by its subject; every finding is in one row."""
    below = below_each(resting_of(rests(network)))
    assert below == rests(network)
    made = rows(found, about, causes(found, below))
    assert sorted(id(one) for row in made for one in (*row.findings, *row.behind)) == sorted(map(id, found))
    return {one.subject: sorted(each.subject for each in row.behind) for row in made for one in row.findings}


def bfd(interface: str, address: str, state: Any) -> r.BfdSession:
    return r.BfdSession(peer=address, interface=interface, state=state)


def cut(**rows_of: Any) -> WhatIf:
    """Edge and core with the cable at a lost; the core answers at 10.0.0.1, its peer at 10.0.0.2, at b 10.0.1.x."""
    edge = [port("a", "down", "10.0.0.2/30"), port("b", "up", "10.0.1.2/30"), port("lo", "up", "10.9.9.2/32")]
    core = [port("a", "down", "10.0.0.1/30"), port("b", "up", "10.0.1.1/30"), port("lo", "up", "10.9.9.1/32")]
    up = [peer("b")]
    return edge_and_core(
        {"interface": edge, "ospf_neighbour": up, **rows_of}, {"interface": core, "ospf_neighbour": up}
    )


LOSS = failed("core", "link", CABLE, "checks:link.down")


@pytest.mark.parametrize(
    ("rows_of", "found", "behind"),
    [
        ({"bfd_session": [bfd("a", "10.0.0.1", "down")]}, failed("edge", "bfd", "10.0.0.1", "checks:bfd.not_up"), True),
        ({}, failed("edge", "bfd", "10.0.0.1", "checks:bfd.missing"), True),
        ({}, failed("core", "ospf", "10.9.9.2", "checks:routing.missing"), True),
        (
            {"bfd_session": [bfd("b", "10.0.1.1", "down")]},
            failed("edge", "bfd", "10.0.1.1", "checks:bfd.not_up"),
            False,
        ),
        ({}, failed("edge", "bfd", "10.0.1.1", "checks:bfd.missing"), False),
        ({}, failed("edge", "bgp", "192.0.2.9", "checks:routing.missing"), False),
        ({}, failed("edge", "optic", "a", "checks:optic.no_light"), True),
    ],
)
def test_the_peers_over_a_lost_cable_follow_from_it_and_no_others(
    rows_of: dict[str, Any], found: RunFinding, behind: bool
) -> None:
    assert found.subject in following(cut(**rows_of), [LOSS, found])[CABLE] if behind else True
    assert (found.subject in following(cut(**rows_of), [LOSS, found])) is not behind


def test_a_lost_second_way_and_its_new_single_points_follow_from_the_cable() -> None:
    network = cut()
    found = [LOSS, *of_network(network)]
    assert following(network, found) == {
        CABLE: ["core b - edge b", "hall internet"], "core": [], "edge": [],
    }  # fmt: skip


def test_a_lost_service_stays_a_line() -> None:
    down = {"interface": [port("a", "down"), port("b", "down")], "ospf_neighbour": []}
    network = edge_and_core(down, down)
    found = [LOSS, failed("core", "link", "core b - edge b", "checks:link.down"), *of_network(network)]
    assert following(network, found)["hall internet"] == []


def test_the_cables_of_a_dead_router_are_one_line() -> None:
    links = [link("a", "c", "edge"), link("b", "d", "edge")]
    edge = {"interface": [port("c", "down"), port("d", "down")]}
    silent = reading("core", links=links)
    silent = type(silent)(silent.device, {}, frozenset({"interface"}))
    network = whatif(silent, reading("edge", rows=edge))
    cables = [failed("core", "link", f"core {one} - edge {other}", "checks:link.down") for one, other in ("ac", "bd")]
    assert following(network, cables) == {"core a - edge c": ["core b - edge d"]}
    lost = failed("core", "device", "", "watch:device.lost", "not_measured")
    assert following(network, [lost, *cables]) == {"": ["core a - edge c", "core b - edge d"]}


def test_the_cells_of_a_lost_station_follow_from_it() -> None:
    cells = [r.Cell(name="B-1", site="BTS-1", state="down"), r.Cell(name="B-2", site="BTS-2", state="up")]
    network = whatif(reading("core"), reading("bsc", "bts_controller", rows={"cell": cells}), services=("mobile",))
    site = failed("bsc", "site", "BTS-1", "checks:site.link_lost")
    cells_down = [failed("bsc", "cell", "B-1"), failed("bsc", "cell", "B-2", "checks:cell.odd")]
    assert following(network, [site, *cells_down]) == {
        "BTS-1": ["B-1"], "B-2": [],
    }  # fmt: skip
