"""Proposals from facts: values learnt as healthy, open questions, and expectations left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.cli.workspace.proposals import proposal_lines
from eventready.core.messages import Message
from eventready.facts import records as r
from eventready.facts.observation import Unread
from eventready.facts.rows import FactRows
from eventready.network.learn.circuits import circuits
from eventready.network.learn.learn import LearnSetting, learn
from eventready.network.learn.patterns import NamePatterns, VenuePattern
from eventready.network.learn.proposal import LearnResult, Proposal, UnknownNeighbour
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.workspace.devices.answers import ExpectedAnswer
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect
from eventready.workspace.inventory import mirror_cables
from eventready.workspace.settings.event import ServiceOrigin
from eventready.workspace.settings.learning import Ignored, learn_text


def device(name: str, role: Role = "router", venues: tuple[str, ...] = ("hall",), **expect: Any) -> Device:
    return Device(name, role, "cisco_xe", f"192.0.2.{len(name)}", venues=venues, expect=Expect.model_validate(expect))


def facts(one: Device, **rows: Sequence[r.Fact]) -> DeviceFacts:
    return DeviceFacts(one, {fact: FactRows(tuple(found)) for fact, found in rows.items()})


def port(name: str, oper: str = "up", *addresses: str) -> r.Interface:
    return r.Interface(name=name, admin="up", oper=oper, addresses=addresses)  # type: ignore[arg-type]


def sees(interface: str, other: str, at: str | None, **more: Any) -> r.Neighbour:
    return r.Neighbour(interface=interface, device=other, port=at, **more)


def learnt(*of: DeviceFacts, **setting: Any) -> list[Proposal]:
    return list(learn(NetworkFacts(of), LearnSetting(**setting)).proposals)


def outline(proposals: Sequence[Proposal], kind: str) -> list[tuple[str, str, str, str]]:
    """(device, subject, source, state) of a kind."""
    return [(one.device, one.subject, one.source, one.state) for one in proposals if one.kind == kind]


def question(proposals: Sequence[Proposal], kind: str) -> str:
    """The id of the only question of a kind."""
    (open,) = [one.question for one in proposals if one.kind == kind and one.question]
    return str(getattr(open, "id", "")).partition("ask.")[2]


# --- links ----------------------------------------------------------------------------------------------------------


def pair(near: str = "up", back: r.Neighbour | None = None, **far: Sequence[r.Fact]) -> list[Proposal]:
    """Two routers, of which r1 sees r2 by LLDP."""
    seen = {"neighbour": (back,)} if back else {}
    return learnt(
        facts(device("r1"), interface=[port("Gi0/1", near)], neighbour=[sees("Gi0/1", "r2.example.vn", "Te0/2")]),
        facts(device("r2"), **{"interface": [port("TenGigabitEthernet0/2")], **seen, **far}),
    )


def test_a_cable_that_both_ends_show_is_learnt_in_the_ports_own_spelling() -> None:
    (link,) = [one for one in pair(back=sees("Te0/2", "R1", "GigabitEthernet0/1")) if one.kind == "links"]
    assert (link.source, link.state, link.question) == ("lldp", "healthy", None)
    assert link.value == {"port": "Gi0/1", "device": "r2", "to_port": "TenGigabitEthernet0/2"}


@pytest.mark.parametrize(
    ("proposals", "source", "state", "open"),
    [
        (pair("down", sees("Te0/2", "r1", "Gi0/1")), "lldp", "down", "port_down"),
        (pair(back=sees("Te0/2", "r1", "Gi0/9")), "lldp", "one_side", "one_side"),
        (pair(neighbour=()), "lldp_one", "one_side", "one_side"),
        (pair(), "lldp_one", "one_side", "no_lldp_there"),
    ],
)
def test_a_cable_with_a_doubt_is_an_open_question(
    proposals: list[Proposal], source: str, state: str, open: str
) -> None:
    (link,) = [one for one in proposals if one.kind == "links"]
    assert link.state == state
    assert question(proposals, "links") == open
    assert link.source == ("lldp_one" if state == "one_side" else source)


def test_lldp_at_one_end_and_a_common_subnet_prove_a_cable() -> None:
    near = facts(device("r1"), interface=[port("Gi0/1", "up", "10.0.0.1/30")], neighbour=[sees("Gi0/1", "r2", "eth1")])
    far = facts(device("r2"), interface=[port("eth1")],
                address=[r.InterfaceAddress(interface="eth1", address="10.0.0.2/30")])  # fmt: skip
    assert outline(learnt(near, far), "links") == [("r1", "Gi0/1 - r2 eth1", "lldp_subnet", "healthy")]


def subnet(*hosts: tuple[str, str, str]) -> list[Proposal]:
    """Routers without LLDP: (name, port, address)."""
    return learnt(*(facts(device(name), interface=[port(at, "up", address)]) for name, at, address in hosts))


def test_without_lldp_a_subnet_of_exactly_two_devices_is_a_cable() -> None:
    found = subnet(("r1", "eth1", "10.0.0.1/30"), ("r2", "eth2", "10.0.0.2/30"))
    assert outline(found, "links") == [("r1", "eth1 - r2 eth2", "subnet", "healthy")]
    wide = subnet(("r1", "eth1", "10.0.0.1/24"), ("r2", "eth2", "10.0.0.2/24"))
    assert question(wide, "links") == "wide_subnet"
    three = subnet(("r1", "eth1", "10.0.0.1/29"), ("r2", "eth1", "10.0.0.2/29"), ("r3", "eth1", "10.0.0.3/29"))
    assert not outline(three, "links")
    assert not outline(subnet(("r1", "vrrp4-5", "10.0.0.1/30"), ("r2", "vrrp4-5", "10.0.0.2/30")), "links")
    assert not outline(subnet(("r1", "Vlanif10", "10.0.0.1/30"), ("r2", "lo", "10.0.0.2/30")), "links")


def test_every_address_of_a_port_has_the_vrf_of_the_port() -> None:
    one = facts(
        device("r1"), interface=[port("eth1", "up", "10.0.0.1/30", "10.0.1.1/30"), port("eth2", "up", "10.0.0.5/30")],
        address=[r.InterfaceAddress(interface="eth1", address="10.0.0.1/30", vrf="GUEST")],
    )  # fmt: skip
    assert sorted(one.addresses()) == [
        ("eth1", "10.0.0.1/30", "GUEST"), ("eth1", "10.0.1.1/30", "GUEST"), ("eth2", "10.0.0.5/30", ""),
    ]  # fmt: skip


def test_a_port_with_several_neighbours_is_no_cable_and_an_unknown_one_is_an_import_row() -> None:
    one = facts(
        device("r1"), interface=[port("Gi0/1"), port("Gi0/2")],
        neighbour=[sees("Gi0/1", "r2", "Gi0/1"), sees("Gi0/1", "r3", "Gi0/1"),
                   sees("Gi0/2", "sw-9", "1", management_address="10.9.9.9")],
    )  # fmt: skip
    result = learn(NetworkFacts([one, facts(device("r2")), facts(device("r3"))]), LearnSetting())
    assert not result.proposals
    assert [(s.name, s.address, s.seen_by) for s in result.unknown_neighbours] == [
        ("sw-9", "10.9.9.9", (("r1", "Gi0/2"),))
    ]


def test_a_neighbour_is_known_by_its_management_address_and_no_name_of_two_devices() -> None:
    one = facts(
        device("r1"), interface=[port("Gi0/1"), port("Gi0/2")],
        neighbour=[sees("Gi0/1", "other-name", "Gi0/1", management_address="10.1.1.1"), sees("Gi0/2", "core", "Gi0/5")],
    )  # fmt: skip
    two = facts(device("r2"), interface=[port("Gi0/1"), port("lo", "up", "10.1.1.1/32")],
                neighbour=[sees("Gi0/1", "r1", "Gi0/1")], system=[r.System(hostname="core", version="1")])  # fmt: skip
    three = facts(device("r3"), system=[r.System(hostname="core", version="1")])
    assert outline(learnt(one, two, three), "links") == [("r1", "Gi0/1 - r2 Gi0/1", "lldp", "healthy")]


def test_a_recabled_port_is_shown_and_an_absent_port_may_be_pruned() -> None:
    expected = {"port": "Gi0/1", "device": "r3", "to_port": "Gi0/1"}
    gone = {"port": "Gi0/8", "device": "r3", "to_port": "Gi0/8"}
    one = facts(
        device("r1", links=[expected, gone]), interface=[port("Gi0/1")], neighbour=[sees("Gi0/1", "r2", "Gi0/1")]
    )
    two = facts(device("r2"), interface=[port("Gi0/1")], neighbour=[sees("Gi0/1", "r1", "Gi0/1")])
    found = learnt(one, two, facts(device("r3")))
    assert outline(found, "links") == [
        ("r1", "Gi0/1 - r2 Gi0/1", "lldp", "unknown"),
        ("r1", "Gi0/8 - r3 Gi0/8", "expected", "absent"),
    ]
    assert [one.value for one in found if one.kind == "links"] == [None, gone]


# --- uplinks --------------------------------------------------------------------------------------------------------


def tree(**setting: Any) -> list[Proposal]:
    """A core, an edge below with its own default route over a subnet, a twin of the edge, and a controller."""
    links = [("core", "e1", "Gi0/1", "Gi0/0"), ("core", "e2", "Gi0/2", "Gi0/0"), ("e1", "e2", "Gi0/5", "Gi0/5"),
             ("e1", "wlc", "Gi0/6", "Te1")]  # fmt: skip
    ports: dict[str, list[r.Interface]] = {name: [] for name in ("core", "e1", "e2", "wlc")}
    seen: dict[str, list[r.Neighbour]] = {name: [] for name in ports}
    for near, far, a, b in links:
        for name, at, other, there in ((near, a, far, b), (far, b, near, a)):
            ports[name].append(port(at))
            seen[name].append(sees(at, other, there))
    ports["core"].append(port("Gi0/9", "up", "203.0.113.2/30"))
    route = r.Route(prefix="0.0.0.0/0", protocol="static", next_hop="203.0.113.1")
    devices = {name: device(name, "wifi_controller" if name == "wlc" else "router") for name in ports}
    routes = {"core": {"default_route": [route]}}
    return learnt(
        *(facts(devices[name], interface=ports[name], neighbour=seen[name], **routes.get(name, {})) for name in ports),
        **setting,
    )


def test_uplinks_lead_towards_the_origins() -> None:
    origins = [ServiceOrigin(kind="upstream", device="core"), ServiceOrigin(kind="portal", device="wlc")]
    assert outline(tree(origins=origins), "uplinks") == [
        ("core", "Gi0/9", "default_route", "healthy"),
        ("e1", "Gi0/0", "nearer", "healthy"),
        ("e2", "Gi0/0", "nearer", "healthy"),
        ("wlc", "Te1", "nearer", "healthy"),
    ]


def test_without_origins_the_default_route_decides_and_other_routers_are_open() -> None:
    found = tree()
    assert ("core", "Gi0/9", "default_route", "healthy") in outline(found, "uplinks")
    assert ("wlc", "Te1", "router", "healthy") in outline(found, "uplinks")
    assert {one.state for one in found if one.kind == "uplinks" and one.device in ("e1", "e2")} == {"unknown"}


def test_a_named_port_of_an_origin_that_is_down_is_open() -> None:
    one = facts(device("core"), interface=[port("Gi0/9", "down")])
    found = learnt(one, origins=[ServiceOrigin(kind="upstream", device="core", port="Gi0/9")])
    assert question(found, "uplinks") == "uplink_down"


# --- neighbours -----------------------------------------------------------------------------------------------------


def bgp(peer: str, *, up: bool, **more: Any) -> r.RoutingPeer:
    return r.RoutingPeer(protocol="bgp", peer=peer, state="Established" if up else "Idle", up=up, **more)


def test_neighbours_that_are_up_are_learnt_with_their_vrf_and_others_open() -> None:
    rows = [bgp("10.0.0.1", up=True, vrf="default"), bgp("10.0.0.1", up=True, vrf="red"), bgp("10.0.0.9", up=False)]
    found = learnt(facts(device("r1"), bgp_neighbour=rows))
    assert outline(found, "bgp") == [
        ("r1", "10.0.0.1", "device", "healthy"),
        ("r1", "10.0.0.1@red", "device", "healthy"),
        ("r1", "10.0.0.9", "device", "down"),
    ]
    assert question(found, "bgp") == "peer_down"


@pytest.mark.parametrize(("down_s", "open"), [(86_400, "peer_old"), (600, "peer_down"), (None, "peer_down")])
def test_a_peer_down_for_longer_than_the_device_runs_is_old(down_s: int | None, open: str) -> None:
    system = r.System(version="1", uptime_s=3_600)
    found = learnt(facts(device("r1"), system=[system], bgp_neighbour=[bgp("10.0.0.9", up=False, uptime_s=down_s)]))
    assert question(found, "bgp") == open


def test_an_expected_neighbour_without_a_row_is_absent_unless_rows_were_unread() -> None:
    one = device("r1", bgp=["10.0.0.1"], bfd=["10.0.0.5"])
    found = learnt(facts(one, bgp_neighbour=[], bfd_session=[]))
    assert {(one.kind, one.state) for one in found} == {("bgp", "absent"), ("bfd", "absent")}
    unread = (Unread("10.0.0.9", Message("facts:no_rows")),)
    assert not learnt(DeviceFacts(one, {"bgp_neighbour": FactRows((), unread)}))


# --- partial facts ---------------------------------------------------------------------------------------------------


def partly(one: DeviceFacts, *unread: str) -> DeviceFacts:
    lost = (Unread("strange", Message("facts:no_rows")),)
    return replace(one, facts={**one.facts, **{fact: FactRows(one.facts[fact].each_row(), lost) for fact in unread}})


def test_an_unread_record_makes_no_way_out_a_number_and_no_cable_a_contradiction() -> None:
    route = r.Route(prefix="0.0.0.0/0", protocol="static", next_hop="10.0.0.1", interface="eth1")
    one = facts(device("r1"), default_route=[route], static_route=[])
    assert outline(learnt(one), "default_routes")
    for fact in ("default_route", "static_route"):
        assert not outline(learnt(partly(one, fact)), "default_routes")
    near = facts(device("r1"), interface=[port("Gi0/1")], neighbour=[sees("Gi0/1", "r2", "eth1")])
    far = facts(device("r2"), interface=[port("eth1")], neighbour=[sees("eth9", "elsewhere", "1")])
    assert question(learnt(near, far), "links") == "one_side"
    assert question(learnt(near, partly(far, "neighbour")), "links") == "no_lldp_there"
    unlisted = partly(
        facts(device("r2"), interface=[port("eth9")], neighbour=[sees("eth1", "r1", "Gi0/1")]), "interface"
    )
    assert question(learnt(near, unlisted), "links") == "port_unread"


def test_a_subnet_is_no_proof_of_a_cable_where_lldp_was_partly_read() -> None:
    one, two = (
        facts(device(name), interface=[port("eth1", "up", f"10.0.0.{at}/30")], neighbour=[])
        for name, at in (("r1", 1), ("r2", 2))
    )
    assert outline(learnt(one, two), "links") == [("r1", "eth1 - r2 eth1", "subnet", "healthy")]
    assert question(learnt(partly(one, "neighbour"), two), "links") == "lldp_partly"


def test_a_port_among_unread_ones_is_not_called_missing() -> None:
    one = partly(facts(device("core"), interface=[port("Gi0/1")]), "interface")
    found = learnt(one, origins=[ServiceOrigin(kind="upstream", device="core", port="Gi0/9")])
    assert question(found, "uplinks") == "partly_read"


def test_the_role_by_priority_is_open_where_a_device_of_the_subnet_may_be_a_member() -> None:
    members = [
        facts(device(name), vrrp_group=[gateway(state, priority)])
        for name, state, priority in (("r1", "master", 120), ("r2", "backup", 100))
    ]
    for address, states in (("10.9.0.4/24", {"unknown"}), ("10.8.0.4/24", {"healthy"})):
        third = partly(facts(device("r3"), interface=[port("eth3", "up", address)], vrrp_group=[]), "vrrp_group")
        assert {one.state for one in learnt(*members, third) if one.kind == "gateways"} == states


@pytest.mark.parametrize(
    ("role", "unread", "kind", "rows"),
    [
        ("service_host", "backend", "backends", {"backend": [r.Backend(pool="web", server="a", state="up")]}),
        ("bts_controller", "site", "cells", {"site": [r.Site(name="B-1", link="up")],
                                             "cell": [r.Cell(name="B-10-1", state="up")]}),
        ("wifi_controller", "controller_pair", "access_points", {"access_point": [r.AccessPoint(name="a", state="up")],
                                                                 "controller_pair": []}),
        ("router", "bundle_minimum", "bundles", {"link_bundle": [
            r.LinkBundle(name="Po1", oper="up", members=("a",), bundled=("a",))], "bundle_minimum": []}),
    ],
)  # fmt: skip
def test_what_an_unread_record_could_change_is_a_question(
    role: Role, unread: str, kind: str, rows: dict[str, Sequence[r.Fact]]
) -> None:
    one = facts(device("d1", role), **rows)
    assert {state for *_, state in outline(learnt(one), kind)} == {"healthy"}
    assert question(learnt(partly(one, unread)), kind) == "partly_read"


def test_the_address_of_the_users_is_not_the_hosts_own_where_a_group_is_unread() -> None:
    one = facts(device("s1", "service_host", listeners=["tcp/80"]), vrrp_group=[],
                listener=[r.Listener(protocol="tcp", address="*", port=80)])  # fmt: skip
    assert outline(learnt(one), "answers")
    assert not outline(learnt(partly(one, "vrrp_group")), "answers")


# --- redundancy -----------------------------------------------------------------------------------------------------


def gateway(state: str, priority: int | None) -> r.GatewayGroup:
    group = {"protocol": "vrrp", "group": 10, "interface": "eth3", "virtual_ip": "10.9.0.1"}
    return r.GatewayGroup.model_validate({**group, "state": state, "priority": priority})


@pytest.mark.parametrize(
    ("one", "other", "roles", "state"),
    [
        (("master", 120), ("backup", 100), ("master", "backup"), "healthy"),
        (("backup", 120), ("master", 100), ("master", "backup"), "down"),  # failed over: the priorities tell the roles
        (("master", None), ("backup", None), ("master", "backup"), "healthy"),
        (("master", 100), ("master", 90), ("master", "backup"), "down"),
    ],
)
def test_the_role_in_a_gateway_group_is_that_of_its_priority(
    one: tuple[str, int | None], other: tuple[str, int | None], roles: tuple[str, str], state: str
) -> None:
    found = learnt(facts(device("r1"), vrrp_group=[gateway(*one)]), facts(device("r2"), vrrp_group=[gateway(*other)]))
    own = [p for p in found if p.kind == "gateways"]
    assert tuple(p.value["role"] for p in own) == roles
    assert state in {p.state for p in own}


def test_a_lone_member_of_a_gateway_group_is_open() -> None:
    found = learnt(facts(device("r1"), vrrp_group=[gateway("backup", 100)]), facts(device("r2")))
    assert question(found, "gateways") == "gateway_alone"


def test_a_bundle_has_the_least_links_that_are_configured_or_is_open() -> None:
    row = r.LinkBundle(name="Po1", oper="up", members=("a", "b", "c"), bundled=("a", "b", "c"))
    (one,) = learnt(facts(device("r1"), link_bundle=[row]))
    assert (one.value, one.state) == ({"name": "Po1", "members": 3, "min_links": 2}, "unknown")
    minimum = r.BundleMinimum(name="Port-channel1", min_links=1)
    (one,) = learnt(facts(device("r1"), link_bundle=[row], bundle_minimum=[minimum], interface=[port("Port-channel1")]))
    assert (one.value, one.state) == ({"name": "Port-channel1", "members": 3, "min_links": 1}, "healthy")
    (one,) = learnt(facts(device("r1"), link_bundle=[row.model_copy(update={"bundled": ("a",)})]))
    assert one.state == "down"


def test_ways_out_are_counted_and_a_discard_route_is_none() -> None:
    used = r.Route(prefix="0.0.0.0/0", protocol="static", next_hop="10.0.0.1", interface="eth1")
    spare = r.StaticRoute(prefix="0.0.0.0/0", next_hop="10.0.0.5")
    waiting = [spare, r.StaticRoute(prefix="0.0.0.0/0", interface="Null0")]
    found = learnt(facts(device("r1"), default_route=[used], static_route=waiting))
    assert [one.value for one in found if one.kind == "default_routes"] == [2]


# --- radio and hosts ------------------------------------------------------------------------------------------------


def test_parts_get_their_venue_by_pattern_else_the_only_venue_of_the_device() -> None:
    patterns = (VenuePattern("HN-*", "hall"), VenuePattern("VH-*", "stage"))
    users, clients = (("c2", 250), ("c*", 180)), (("AP", 40),)
    venues = NamePatterns(patterns, ("LD-*",), ("ap*",), users, clients)
    sites = [r.Site(name="HN-1", link="up"), r.Site(name="LD-1", link="up"), r.Site(name="VH-9", link="down")]
    cells = [r.Cell(name="c1", site="VH-9", state="up"), r.Cell(name="c2", state="up", barred=True)]
    found = learnt(facts(device("b1", "bts_controller", ("hall", "stage")), site=sites, cell=cells), venues=venues)
    values = {one.subject: (one.value.get("venue"), one.state) for one in found}
    assert values == {
        "HN-1": ("hall", "healthy"), "LD-1": (None, "healthy"), "VH-9": ("stage", "down"), "c1": ("stage", "healthy"),
        "c2": (None, "down"),
    }  # fmt: skip
    assert {one.subject for one in found if one.value.get("mobile")} == {"LD-1"}
    assert {one.subject: one.value["users"] for one in found if one.kind == "cells"} == {"c1": 180, "c2": 250}
    named = [r.Cell(name="HN-1A", state="up")]  # a controller that prints no sites of cells
    (cell,) = learnt(facts(device("b1", "bts_controller", sites=[{"name": "HN-1"}]), site=sites[:1], cell=named))
    assert cell.value["site"] == "HN-1"
    aps = [r.AccessPoint(name="ap", state="up")]
    (ap,) = learnt(facts(device("w1", "wifi_controller"), access_point=aps), venues=venues)
    assert ap.value == {"name": "ap", "venue": "hall", "critical": True, "clients": 40}
    (venue,) = learnt(facts(device("HN-R1", venues=())), venues=venues)
    assert (venue.kind, venue.value) == ("venues", "hall")


def test_a_standby_controller_has_no_access_points_of_its_own() -> None:
    standby = r.ControllerPair(local_state="standby", peer_state="active", ready=True)
    one = facts(
        device("w1", "wifi_controller"), access_point=[r.AccessPoint(name="ap", state="up")], controller_pair=[standby],
        wlan=[r.Wlan(name="Khach", enabled=True)],
    )  # fmt: skip
    assert [p.kind for p in learnt(one)] == ["controller_pair"]


@pytest.mark.parametrize(
    ("rows", "expected", "found"),
    [
        ([("Khach", "", True), ("Cu", "", False)], ["Mat"], {("Khach", "healthy"), ("Cu", "down"), ("Mat", "absent")}),
        (
            [("Khach", ap, True) for ap in ("a", "b")] + [("Khac", "c", True)],
            [],
            {("Khach", "unknown"), ("Khac", "unknown")},
        ),
        ([("Khach", ap, True) for ap in ("a", "b", "c")], ["Khach"], set()),
    ],
)
def test_networks_are_learnt_and_one_that_is_not_everywhere_is_a_question(
    rows: Sequence[tuple[str, str, bool]], expected: Sequence[str], found: set[tuple[str, str]]
) -> None:
    wlans = [r.Wlan(name=name, ap=ap, enabled=on) for name, ap, on in rows]
    one = facts(device("w1", "wifi_controller", wlans=expected), wlan=wlans)
    assert {(p.subject, p.state) for p in learnt(one) if p.kind == "wlans"} == found


def test_a_service_host_is_known_by_its_services_and_not_by_its_operating_system() -> None:
    units = [r.ServiceUnit.model_validate({"name": name, "state": state}) for name, state in (
        ("nginx", "up"), ("systemd-logind", "up"), ("cron", "up"), ("getty@tty1", "up"), ("portal", "failed"),
        ("bind9", "down"))]  # fmt: skip
    sockets = [r.Listener.model_validate({"protocol": a, "address": b, "port": c}) for a, b, c in (
        ("tcp", "0.0.0.0", 443), ("tcp", "127.0.0.1", 5432), ("udp", "*", 68), ("udp", "0.0.0.0", 41_000))]  # fmt: skip
    backends = [r.Backend(pool="web", server="a", state="up"), r.Backend(pool="web", server="b", state="down")]
    found = learnt(facts(device("s1", "service_host"), service=units, listener=sockets, backend=backends))
    assert {(one.kind, one.subject, one.state) for one in found} == {
        ("services", "nginx", "healthy"), ("services", "portal", "down"), ("listeners", "tcp/443", "healthy"),
        ("backends", "web", "down"),
    }  # fmt: skip


def test_answers_are_open_questions_unless_the_event_asks_them() -> None:
    rows: dict[str, Sequence[r.Fact]] = {"listener": [r.Listener(protocol="tcp", address="*", port=80)],
            "dns_answer": [r.DnsAnswer(name="portal.vn", address="192.0.2.90")]}  # fmt: skip
    one = facts(device("s1", "service_host", listeners=["tcp/80"], dns=["portal.vn"]), **rows)
    assert {(p.subject, p.state) for p in learnt(one)} == {
        ("http://192.0.2.2/", "unknown"), ("dns portal.vn 192.0.2.2", "unknown"),
    }  # fmt: skip
    assert not learnt(one, questions={"s1": {"http://portal.vn/", "dns ntp.vn"}})


@pytest.mark.parametrize(
    ("status", "content", "addresses", "values"),
    [
        (200, ("<TITLE lang='vi'>Cổng  thông", " tin</TITLE>"), ("192.0.2.90", "192.0.2.91"), [
            {"http": "http://192.0.2.2/", "contains": "Cổng thông tin"},
            {"dns": "portal.vn", "server": "192.0.2.2", "addresses": ["192.0.2.90", "192.0.2.91"]},
        ]),
        (404, ("<title>Not found</title>",), ("198.51.100.1",), []),
        (200, ("<p>no title</p>",), (), []),
    ],
)  # fmt: skip
def test_answers_that_the_host_got_are_learnt_with_their_content(
    status: int, content: tuple[str, ...], addresses: tuple[str, ...], values: list[object]
) -> None:
    name, sockets = (
        r.DnsAnswer(name="portal.vn", address="192.0.2.90"),
        r.Listener(protocol="tcp", address="*", port=80),
    )
    page = r.PageAnswer(question="http://192.0.2.2/", status=status, content=content)
    resolved = r.ResolverAnswer(question="dns portal.vn 192.0.2.2", code="NOERROR", addresses=addresses)
    one = facts(device("s1", "service_host", listeners=["tcp/80"], dns=["portal.vn"]), listener=[sockets],
                dns_answer=[name], answer_http=[page], answer_dns=[resolved])  # fmt: skip
    found = learnt(one)
    assert [p.value for p in found if p.state == "healthy"] == values
    assert len(found) == 2
    assert {ExpectedAnswer.model_validate(p.value).subject for p in found} == {p.subject for p in found}


# --- the whole ------------------------------------------------------------------------------------------------------


def test_ignored_values_are_not_proposed() -> None:
    one = facts(device("edge-1"), bgp_neighbour=[bgp("10.0.0.1", up=True), bgp("10.0.0.9", up=False)])
    found = learnt(one, ignored=[Ignored(device="edge-*", kind="bgp", value="10.0.0.9")])
    assert outline(found, "bgp") == [("edge-1", "10.0.0.1", "device", "healthy")]


def test_an_answer_never_ignores_this_value_alone() -> None:
    rule = Ignored.exactly("r[1]", "access_points", "*", by="An", at=datetime(2027, 1, 1, tzinfo=UTC))
    assert rule.covers("r[1]", "access_points", "*")
    assert not rule.covers("r[1]", "access_points", "AP-2")
    written = learn_text("# ours alone\n", accepted=None, ignore=[rule])
    assert written.startswith("# ours alone\n")
    assert "value: '[*]'" in written


def test_a_neighbours_name_is_no_formula_of_the_spreadsheet() -> None:
    hostile = UnknownNeighbour("=cmd|' /C calc'!A0", "", (("r1", "Gi0/1"),))
    assert "'=cmd|' /C calc'!A0,,,,r1 Gi0/1" in proposal_lines(LearnResult((), (hostile,)), (), "en", run="")


def taken(network: Sequence[DeviceFacts], accepted: Sequence[Proposal]) -> list[DeviceFacts]:
    """The same facts beside the expectations with what was accepted."""
    devices = []
    for one in network:
        expect = one.device.expect.model_dump(exclude_defaults=True)
        for proposal in accepted:
            if proposal.device == one.name:
                scalar = isinstance(proposal.value, bool | int)
                expect[proposal.kind] = proposal.value if scalar else [*expect.get(proposal.kind, ()), proposal.value]
        devices.append(replace(one.device, expect=Expect.model_validate(expect)))
    cabled, problems = mirror_cables(devices)
    assert not problems
    return [replace(one, device=cable) for one, cable in zip(network, cabled, strict=True)]


_NAMES = ("r1", "r2", "r3")


def chance_of(name: str, chance: Random) -> DeviceFacts:
    """A router with whatever rows, of which some may contradict those of the others."""

    def some(*values: Any) -> list[Any]:
        return chance.sample(values, chance.randint(0, len(values)))

    def updown() -> Any:
        return chance.choice(("up", "up", "down"))

    ports = ("Gi0/1", "GigabitEthernet0/2", "Te0/3", "eth4")
    number = chance.randint(1, 6)
    hops = ("10.0.0.1", "10.0.1.2", "10.0.1.3")
    rows: dict[str, Sequence[r.Fact]] = {
        "interface": [port(at, updown(), *some(f"10.0.{chance.randint(0, 2)}.{number}/29")) for at in some(*ports)],
        "neighbour": [sees(at, chance.choice((*_NAMES, "elsewhere")), chance.choice(ports)) for at in some(*ports)],
        "bgp_neighbour": [bgp(peer, up=updown() == "up") for peer in some(*hops, *hops)],
        "bfd_session": [r.BfdSession(peer=peer, state=updown()) for peer in some(*hops)],
        "vrrp_group": [gateway(chance.choice(("master", "backup", "init")), chance.randint(90, 92))],
        "default_route": [r.Route(prefix="0.0.0.0/0", protocol="static", next_hop=hop) for hop in some(*hops)],
    }
    return facts(device(name), **{fact: found for fact, found in rows.items() if chance.random() < 0.8})


@given(st.integers(0, 1_000_000), st.booleans())
def test_a_second_run_proposes_nothing_of_the_accepted_values(seed: int, everything: bool) -> None:
    chance = Random(seed)
    network = [chance_of(name, chance) for name in _NAMES]
    first = [one for one in learnt(*network) if one.value is not None and one.state != "absent"]
    accepted = [one for one in first if everything or one.state == "healthy"]
    again = {one.key for one in learnt(*taken(network, accepted)) if one.value is not None and one.state != "absent"}
    assert not again & {one.key for one in accepted}
    if everything:
        assert not {key for key in again if key[1] not in ("links", "uplinks")}


# --- what nothing tells ---------------------------------------------------------------------------------------------

CORE = (ServiceOrigin(kind="upstream", device="core"),)


def questions(*of: DeviceFacts, **setting: Any) -> list[tuple[str, str]]:
    """Return what is asked, and about which device."""
    found = learn(NetworkFacts(of), LearnSetting(**{"origins": CORE, **setting})).unsaid
    return [(getattr(one.question, "id", "").partition("ask.")[2], one.about) for one in found]


def router_below(rows: dict[str, Sequence[r.Fact]], **expect: Any) -> list[tuple[str, str]]:
    default = r.Route(prefix="0.0.0.0/0", protocol="bgp", next_hop="203.0.113.1")
    devices = [device("core"), device("edge", links=[{"port": "a", "device": "core", "to_port": "a"}], **expect)]
    (core, edge), _problems = mirror_cables(devices)
    return questions(facts(core, default_route=[default]), facts(edge, **rows))


@pytest.mark.parametrize(
    ("rows", "expect", "found"),
    [
        ({"default_route": ()}, {}, [("routes", "edge")]),
        ({"default_route": [r.Route(prefix="::/0", protocol="static", interface="Null0")]}, {}, [("routes", "edge")]),
        ({"default_route": [r.Route(prefix="::/0", protocol="ospf", next_hop="fe80::1")]}, {}, []),
        ({"default_route": (), "static_route": [r.StaticRoute(prefix="0.0.0.0/0", next_hop="10.0.0.1")]}, {}, []),
        ({"default_route": ()}, {"default_routes": 1}, []),  # the audit fails it
        ({}, {}, []),  # not read
    ],
)  # fmt: skip
def test_a_router_without_a_way_to_an_origin_is_a_question(
    rows: dict[str, Sequence[r.Fact]], expect: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert router_below(rows, **expect) == found


@pytest.mark.parametrize(
    ("prefixes", "found"), [(None, [("routes_upstream", "core")]), (0, [("routes_upstream", "core")]), (9, [])]
)
def test_a_router_at_the_provider_needs_prefixes_of_it(prefixes: int | None, found: list[tuple[str, str]]) -> None:
    provider = r.RoutingPeer(protocol="bgp", peer="203.0.113.1", state="Established", up=True, prefixes=prefixes)
    assert questions(facts(device("core"), default_route=(), bgp_neighbour=[provider])) == found


def test_lines_are_a_question_until_the_services_of_their_switch_are_known() -> None:
    """Ports with a cable, an address or an access point are no lines, nor is one out of use."""
    cable = [{"port": "Gi0/1", "device": "core", "to_port": "Gi0/1"}]
    ports = [port(f"Gi0/{number}") for number in range(1, 5)]
    rows = {"interface": [*ports, port("Gi0/5", "down"), port("Gi0/6", "up", "10.9.0.2/24"), port("Vlan1")]}
    switch = facts(device("sw", "switch", links=cable), **rows)
    points = [r.AccessPointUplink(ap=ap, device=at, port="Gi0/4") for ap, at in (("x", "sw"), ("y", "sv"), ("z", "sv"))]
    wlc = facts(device("wlc", "wifi_controller"), access_point_uplink=points)
    (lines, unknown) = learn(NetworkFacts([switch, wlc, facts(device("core"))]), LearnSetting()).unsaid
    assert (lines.about, lines.question.render("en")[:14]) == ("sw", "2 ports in use")
    assert (unknown.about, unknown.question.render("en")[:15]) == ("sv", "2 access points")
    given = replace(switch, device=replace(switch.device, services=("fixed",)))
    rules = [Ignored(kind="access_switch", device="s*")]
    assert questions(given, wlc, ignored=rules) == []


def test_descriptions_propose_the_elements_of_objects() -> None:
    texts = {"x": "to provider, CKT-A 10G", "y": "ckt-a#2", "z": "CKT-AB", "w": "AB"}
    ports = [port(name).model_copy(update={"description": text}) for name, text in texts.items()]
    readings = NetworkFacts([facts(device("core-1"), interface=ports)])
    found = list(circuits(readings, [("a.example", "CKT-A"), ("a.example", "AB"), ("a.example", "CKT-C")]))
    assert [(one.about, one.subject) for one in found] == [("core-1", "CKT-A")]
    assert "{id: CKT-A, provider: a.example, members: ['core-1:x', 'core-1:y']}" in found[0].question.render("en")
