"""What a failure takes: cables with two ways, routes, bundles, gateways, cells and access points of a small network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import networkx as nx
import pytest

from eventready.checks.ip.redundancy import LossLimits, single_point
from eventready.cli.audit.whatif import not_known
from eventready.core.messages import in_language, message
from eventready.facts import records as r
from eventready.facts.observation import Unread
from eventready.facts.rows import FactRows
from eventready.network.graph.export import FORMATS, NetworkGraph, NetworkNode
from eventready.network.graph.outcome import WhatIf
from eventready.network.graph.takeover import takeovers
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.device import Device, Role, Service
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import ServiceOrigin, Venue
from eventready.workspace.settings.risk import RiskGroup

Rows = Mapping[str, Sequence[r.Fact]]


def reading(
    name: str, role: Role = "router", address: str = "", rows: Rows | None = None, **expect: Any
) -> DeviceFacts:
    device = Device(name, role, "frr", address or name, venues=("hall",), expect=Expect.model_validate(expect))
    return DeviceFacts(device, {fact: FactRows(tuple(found)) for fact, found in (rows or {}).items()})


def port(name: str, oper: str = "up", *addresses: str) -> r.Interface:
    return r.Interface(name=name, admin="up", oper=oper, addresses=addresses)  # type: ignore[arg-type]


def peer(interface: str, *, up: bool = True) -> r.RoutingPeer:
    return r.RoutingPeer(protocol="ospf", peer="10.0.0.9", interface=interface, state="Full", up=up)


def session(interface: str, state: Any) -> r.BfdSession:
    return r.BfdSession(peer="10.0.0.9", interface=interface, state=state)


def link(here: str, there: str, device: str) -> dict[str, str]:
    return {"port": here, "device": device, "to_port": there}


def whatif(*readings: DeviceFacts, services: Sequence[str] = ("internet",), **more: Any) -> WhatIf:
    venue = Venue.model_validate({"id": "hall", "name": "Hall", "name_vi": "Hội trường", "services": services})
    origins = (ServiceOrigin(kind="upstream", device="core"),)
    given = more.pop("given", ())
    return WhatIf(NetworkFacts(readings), NetworkSetting((venue,), **{"origins": origins, **more}), given)


def taken(found: WhatIf) -> dict[str, str]:
    """State of the only service, by single failure."""
    return {one.names[0]: one.services[0].state for one in found.single()}


def edge_and_core(
    edge: Rows, core: Rows, cables: Sequence[tuple[str, str]] = (("a", "a"), ("b", "b")), **expect: Any
) -> WhatIf:
    """An edge router with cables to the core, at the ports a and b."""
    base: Rows = {"interface": [port("a"), port("b")], "ospf_neighbour": [peer("a"), peer("b")]}
    links = [link(near, far, "core") for near, far in cables]
    return whatif(reading("core", rows={**base, **core}), reading("edge", rows={**base, **edge}, links=links, **expect))


def test_two_routed_cables_leave_the_devices_alone_as_single_points() -> None:
    assert taken(edge_and_core({}, {})) == {"core": "lost", "edge": "lost"}


def test_a_second_cable_without_a_second_route_is_no_redundancy() -> None:
    one = [peer("a")]
    found = edge_and_core({"ospf_neighbour": one}, {"ospf_neighbour": one})
    assert taken(found)["core a - edge a"] == "lost"
    assert "core b - edge b" not in taken(found)
    assert [cable.unrouted for cable in found.topology.cables] == [False, True]


def test_a_static_route_is_a_route() -> None:
    static = [r.StaticRoute(prefix="0.0.0.0/0", next_hop="10.0.2.1")]
    ports = [port("a"), port("b", "up", "10.0.2.2/30")]
    found = edge_and_core(
        {"ospf_neighbour": [peer("a")], "interface": ports, "static_route": static}, {"ospf_neighbour": [peer("a")]}
    )
    assert "core a - edge a" not in taken(found)


@pytest.mark.parametrize(
    ("edge", "core"),
    [
        ({"bfd_session": [session("b", "down")]}, {}),  # the edge receives nothing: nothing comes back to it
        ({}, {"bfd_session": [session("b", "down")]}),
        ({}, {"ospf_neighbour": [peer("a"), peer("b", up=False)]}),
        ({"interface": [port("a"), port("b", "down")]}, {}),
    ],
)
def test_a_way_lost_at_its_receiver_makes_the_other_cable_a_single_point(edge: Rows, core: Rows) -> None:
    assert taken(edge_and_core(edge, core))["core a - edge a"] == "lost"


def test_a_session_shut_by_hand_says_nothing() -> None:
    assert "core a - edge a" not in taken(edge_and_core({"bfd_session": [session("b", "admin_down")]}, {}))


def test_what_was_not_measured_is_no_redundancy_and_no_loss() -> None:
    found = whatif(
        reading("core", rows={"interface": [port("a")], "ospf_neighbour": [peer("a")]}),
        reading("edge", rows={"interface": [port("a")], "ospf_neighbour": [peer("a")]},
                links=[link("a", "a", "core"), link("b", "b", "core")]),
    )  # fmt: skip
    assert found.outcome(["core a - edge a"]).state == "unmeasured"
    assert found.outcome(["edge"]).state == "lost"


def test_a_bundle_below_its_least_members_is_lost() -> None:
    """Two members of which two are needed: a single cable takes the bundle."""
    bundle = [r.LinkBundle(name="po1", oper="up", members=("a", "b"), bundled=("a", "b"), min_links=2)]
    rows: Rows = {"link_bundle": bundle, "ospf_neighbour": [peer("po1")]}
    assert taken(edge_and_core(rows, rows))["core b - edge b"] == "lost"
    plain = {**rows, "link_bundle": [bundle[0].model_copy(update={"min_links": 1})]}
    found = edge_and_core(plain, plain)
    assert "core b - edge b" not in taken(found)
    texts = [str(one.text.render("en")) for one in takeovers(found, found.failure(["core b - edge b"]))]
    assert "edge po1: 1 of 2 members stay" in texts


def gateways(tracks: bool | None) -> list[DeviceFacts]:
    """Two edges behind a core, with a gateway group; no cable between them."""
    found = [reading("core", rows={"interface": [port("a"), port("b")], "ospf_neighbour": [peer("a"), peer("b")]})]
    for name, there, state, priority in (("e1", "a", "master", 110), ("e2", "b", "backup", 100)):
        same: dict[str, Any] = {"protocol": "vrrp", "group": 1, "interface": "lan", "priority": priority}
        group = r.GatewayGroup.model_validate({**same, "virtual_ip": "10.9.0.1", "state": state})
        timers = r.GatewayFailover(advertisement_s=1.0, tracks=tracks, **same)
        rows: Rows = {
            "interface": [port("up"), port("lan")], "ospf_neighbour": [peer("up")],
            "vrrp_group": [group], "vrrp_failover": [timers],
        }  # fmt: skip
        found.append(reading(name, rows=rows, links=[link("up", there, "core")]))
    return found


def test_a_gateway_is_taken_over_by_the_backup() -> None:
    found = whatif(*gateways(tracks=False))
    assert "e1" not in taken(found)
    (moved,) = [one for one in takeovers(found, found.failure(["e1"])) if one.seconds]
    assert moved.text.render("en") == "vrrp 1 10.9.0.1: e2 takes over from e1"
    assert moved.seconds == pytest.approx(3 + 156 / 256)
    assert found.outcome(["e1:lan"]).state == "unharmed"
    assert whatif(*gateways(tracks=False), given=["e2"]).outcome(["e1:lan"]).state == "lost"


@pytest.mark.parametrize(("tracks", "state"), [(True, None), (False, "lost"), (None, "lost")])
def test_a_master_without_a_way_out_keeps_its_users_unless_it_tracks(tracks: bool | None, state: str | None) -> None:
    assert taken(whatif(*gateways(tracks))).get("core a - e1 up") == state


def without(found: DeviceFacts, fact: str, *unread: str) -> DeviceFacts:
    """A device with records of a fact unread, or all of the fact."""
    rows: dict[str, FactRows[r.Fact]] = (
        {fact: FactRows((), tuple(Unread(one, message("facts:no_rows")) for one in unread))} if unread else {}
    )
    return DeviceFacts(found.device, {**{name: known for name, known in found.facts.items() if name != fact}, **rows})


@pytest.mark.parametrize("unread", [(), ("1 lan",)])
def test_a_gateway_whose_group_was_not_read_may_take_over(unread: tuple[str, ...]) -> None:
    core, first, second = gateways(tracks=True)
    group = [{"protocol": "vrrp", "group": 1, "interface": "lan", "virtual_ip": "10.9.0.1"}]
    expecting = replace(
        second.device, expect=Expect.model_validate({"links": second.device.expect.links, "gateways": group})
    )
    found = whatif(core, first, without(DeviceFacts(expecting, second.facts), "vrrp_group", *unread))
    assert {taken(found)[name] for name in ("e1", "core a - e1 up")} == {"unmeasured"}
    assert taken(found)["core"] == "lost"
    assert [one.subject for one in single_point(found, LossLimits())] == ["core"]
    limited = next(one for one in found.single() if one.names == ("e1",)).services[0]
    assert (limited.share, limited.share_at_most) == (0, 100)


def test_users_of_a_backup_may_be_with_the_master_that_was_not_read() -> None:
    core, first, second = gateways(tracks=False)
    group = [{"protocol": "vrrp", "group": 1, "interface": "lan", "virtual_ip": "10.9.0.1"}]
    expect = Expect.model_validate({"links": first.device.expect.links, "gateways": group})
    unread = without(DeviceFacts(replace(first.device, expect=expect), first.facts), "vrrp_group")
    assert taken(whatif(core, unread, second))["core b - e2 up"] == "unmeasured"


def test_a_master_whose_tracking_was_not_read_may_hand_over() -> None:
    core, first, second = gateways(tracks=True)
    found = whatif(core, without(first, "vrrp_failover"), second)
    assert taken(found)["core a - e1 up"] == "unmeasured"
    assert "e1" not in taken(found)


def test_of_two_masters_the_one_without_a_priority_may_have_the_users() -> None:
    core, first, second = gateways(tracks=False)

    def master(member: DeviceFacts, **figures: int | None) -> DeviceFacts:
        (group,) = member.fact("vrrp_group", r.GatewayGroup).all_rows()
        row = group.model_copy(update={"state": "master", **figures})
        return DeviceFacts(member.device, {**member.facts, "vrrp_group": FactRows((row,))})

    first, second = master(first, priority=None), master(second)
    assert taken(whatif(core, first, second)).get("core b - e2 up") is None
    assert taken(whatif(core, without(first, "vrrp_failover"), second))["core b - e2 up"] == "unmeasured"


POINT: dict[str, Any] = {"access_points": [{"name": "x", "venue": "hall"}]}
JOINED: Rows = {"access_point": [r.AccessPoint(name="x", state="up")], "interface": [port("up")]}
PORTS: Rows = {"interface": [port("a"), port("b")]}


@pytest.mark.parametrize(
    ("first", "state", "status"),
    [
        (r.ControllerPair(local_state="active", ready=True), "unmeasured", "not_measured"),
        (r.ControllerPair(local_state="alone", ready=False), "lost", "warn"),
    ],
)
def test_a_standby_that_was_not_read_may_take_over(first: r.ControllerPair, state: str, status: str) -> None:
    rows: Rows = {**JOINED, "controller_pair": [first]}
    found = whatif(
        reading("core", rows=PORTS),
        reading("w1", "wifi_controller", rows=rows, links=[link("up", "a", "core")], **POINT),
        reading("w2", "wifi_controller", rows={"interface": [port("up")]}, links=[link("up", "b", "core")]),
        services=["wifi"],
        origins=(ServiceOrigin(kind="upstream", device="core"), ServiceOrigin(kind="upstream", device="w1")),
    )
    assert taken(found)["w1"] == state
    judged = {one.subject: str(one.status) for one in single_point(found, LossLimits())}
    assert judged.get("w1", judged.get("hall wifi")) == status


def test_beside_an_unread_server_or_link_another_may_be_left() -> None:
    cells: dict[str, Any] = {"cells": [{"name": "x", "venue": "hall"}]}
    on_air: Rows = {"cell": [r.Cell(name="x", state="up")], "interface": [port("up")]}
    up = [link("up", "a", "core")]
    wifi = reading("c", "wifi_controller", rows=JOINED, links=up, **POINT)
    mobile = reading("c", "bts_controller", rows=on_air, links=up, **cells)
    server, core_link = r.RadiusServer(host="10.1.1.1", state="up"), r.CoreLink(name="0", state="up")
    for service, found, fact, row, part in (
        ("wifi", wifi, "radius_server", server, "10.1.1.1"),
        ("mobile", mobile, "core_link", core_link, "c 0"),
    ):
        for unread, state in ((), "lost"), ((Unread("other", message("facts:no_rows")),), "unmeasured"):
            one = DeviceFacts(found.device, {**found.facts, fact: FactRows((row,), unread)})
            assert taken(whatif(reading("core", rows=PORTS), one, services=[service]))[part] == state, fact


def test_a_risk_group_takes_both_ways() -> None:
    duct = RiskGroup(name="road", kind="duct", members=("e1:up", "core:b - e2:up"))
    found = whatif(*gateways(tracks=True), risks=(duct,))
    assert taken(found) == {"core": "lost", "road": "lost"}


def test_members_of_a_group_of_which_nothing_is_known_are_named() -> None:
    duct = RiskGroup(name="road", kind="duct", members=("e1:up", "e1:Gi9", "e1:up - e2:up"))
    found = whatif(*gateways(tracks=True), risks=(duct,))
    assert found.topology.strangers == (("road", "e1:Gi9"), ("road", "e1:up - e2:up"))


def test_a_way_under_a_waiver_is_marked() -> None:
    found = whatif(*gateways(tracks=True), waived={"e2": frozenset({"up"})})
    assert found.outcome(["e1"]).services[0].waived
    assert not found.outcome(["e2"]).services[0].waived


def test_cells_fall_with_their_site_controller_and_last_core_link() -> None:
    bsc = reading(
        "bsc", "bts_controller",
        rows={
            "cell": [r.Cell(name=name, site=name[:2], state="up") for name in ("s1a", "s1b", "s2a")],
            "site": [r.Site(name="s1", link="up"), r.Site(name="s2", link="up")],
            "core_link": [r.CoreLink(name="0", state="up"), r.CoreLink(name="1", state="down")],
        },
        cells=[{"name": name, "venue": "hall", "users": 10} for name in ("s1a", "s1b", "s2a")],
    )  # fmt: skip
    found = whatif(bsc, services=["mobile"])
    assert taken(found) == {"bsc": "lost", "bsc 0": "lost", "bsc s1": "degraded", "bsc s2": "degraded"}
    (outcome,) = found.outcome(["bsc:s1"]).services
    assert (outcome.lost, outcome.people, outcome.users) == (("s1a", "s1b"), 20, 3)


def test_access_points_stand_on_a_ready_standby_and_a_radius_server() -> None:
    def controller(name: str, state: Any, there: str, points: Sequence[str] = ()) -> DeviceFacts:
        rows: Rows = {
            "access_point": [r.AccessPoint(name=one, state="up") for one in points],
            "radius_server": [r.RadiusServer(host="10.1.1.1", state="up")],
            "controller_pair": [r.ControllerPair(local_state=state, ready=True)], "interface": [port("up")],
        }  # fmt: skip
        expected = [{"name": one, "venue": "hall"} for one in points]
        return reading(name, "wifi_controller", rows=rows, links=[link("up", there, "core")], access_points=expected)

    core = reading("core", rows={"interface": [port("a"), port("b")]})
    found = whatif(
        core, controller("w1", "active", "a", ["x", "y"]), controller("w2", "standby", "b"), services=["wifi"]
    )
    assert taken(found) == {"core": "lost", "10.1.1.1": "lost"}
    (moved,) = takeovers(found, found.failure(["w1"]))
    assert moved.text.render("en") == "w2 takes over from w1"


def served_by(one: DeviceFacts, *services: Service, venues: tuple[str, ...] = ("hall",)) -> DeviceFacts:
    return replace(one, device=replace(one.device, services=services, venues=venues))


def access_switch(name: str, there: str, *ports: r.Interface) -> DeviceFacts:
    """Switch with an uplink to the edge, a port for its management and lines for telephony."""
    own = {"interface": [port("up"), port("me", "up", "10.9.0.2/24"), *ports]}
    return served_by(reading(name, "switch", rows=own, links=[link("up", there, "edge")]), "fixed")


def above(*below: DeviceFacts, points: Sequence[r.AccessPointUplink] = ()) -> WhatIf:
    """Core, an edge with a gateway, and what is cabled to the edge, with a controller of access points at the core."""
    own = {"vrrp_group": [r.GatewayGroup(protocol="vrrp", group=1, interface="lan", state="master")]}
    ports = [port("a"), port("b"), port("c")]
    routed: Rows = {"interface": ports, "ospf_neighbour": [peer("a")]}
    seen = {"access_point": [r.AccessPoint(name=one.ap, state="up") for one in points], "access_point_uplink": points}
    wlc = reading("wlc", "wifi_controller", rows={**seen, "interface": [port("up")]}, links=[link("up", "b", "core")],
                  access_points=[{"name": one.ap, "venue": "hall"} for one in points])  # fmt: skip
    edge = reading("edge", rows={**routed, **own}, links=[link("a", "a", "core")])
    return whatif(reading("core", rows=routed), edge, *below, wlc, services=["fixed", "wifi"])


def test_lines_and_access_points_fall_with_their_only_switch() -> None:
    """The port of an access point is no line; without a line in use the switch itself stands for its users."""
    point = r.AccessPointUplink(ap="x", interface="eth", device="sw", port="l3")
    lines = [port("l1"), port("l2"), port("l3"), port("l4", "down")]
    found = above(access_switch("sw", "b", *lines), points=[point])
    telephony, wifi = found.outcome(["sw"]).services
    assert (telephony.state, telephony.lost, wifi.state) == ("lost", ("vrrp 1", "sw l1", "sw l2"), "lost")
    assert found.outcome(["sw:l1"]).services[0].lost == ("sw l1",)
    assert above(access_switch("sw", "b")).outcome(["edge b - sw up"]).services[0].lost == ("sw",)


def test_a_second_access_switch_keeps_the_gateway_and_its_own_lines() -> None:
    found = above(access_switch("sw", "b", port("l1")), access_switch("sv", "c", port("l1")))
    (telephony, _wifi) = found.outcome(["sw"]).services
    assert (telephony.state, telephony.lost, telephony.users) == ("degraded", ("sw l1",), 3)


def test_lines_of_a_switch_without_services_have_unknown_users() -> None:
    def notes(switch: DeviceFacts) -> str:
        return " ".join(in_language(one, "en") for one in not_known(above(switch)))

    switch = access_switch("sw", "b", port("l1"))
    assert "the users at ports in use of sw; nobody falls" in notes(served_by(switch))
    assert "the users" not in notes(switch)
    assert "the users" not in notes(served_by(access_switch("sw", "b", port("l1", "down"))))


def test_an_access_switch_that_was_not_read_has_unmeasured_users() -> None:
    switch = served_by(reading("sw", "switch", links=[link("up", "b", "edge")]), "fixed")
    assert [one.up for one in above(switch).users if one.name == "sw"] == [None]


@pytest.mark.parametrize(
    ("services", "venues", "state"),
    [((), ("hall", "park"), "unmeasured"), ((), ("hall",), "lost"), (("internet",), ("hall", "park"), "lost")],
)
def test_a_router_at_the_origin_has_users_at_its_only_venue_or_where_its_services_say_so(
    services: tuple[Service, ...], venues: tuple[str, ...], state: str
) -> None:
    core = served_by(reading("core", rows={"interface": [port("a")]}), *services, venues=venues)
    assert whatif(core).outcome(["core"]).state == state


def test_a_host_is_found_by_its_address_in_a_network_of_a_router() -> None:
    rows: Rows = {"interface": [port("lan", "up", "10.5.0.1/24")]}
    host = served_by(reading("dns", "service_host", "10.5.0.53", dns=["portal"]), "internet")
    found = whatif(reading("core", rows=rows), host, reading("far", "service_host", "10.6.0.1"))
    assert found.topology.afloat == ("far",)
    assert taken(found) == {"core": "lost", "dns": "lost"}
    assert found.outcome(["core:lan"]).state == "lost"


def test_a_host_that_nothing_names_carries_no_service() -> None:
    """Neither what-if nor the single points say that mobile, or Internet, falls with it."""
    rows: Rows = {"interface": [port("lan", "up", "10.5.0.1/24")]}
    bsc = reading("bsc", "bts_controller", "10.5.0.9", {"cell": [r.Cell(name="x", state="up")], "core_link": ()},
                  cells=[{"name": "x", "venue": "hall"}])  # fmt: skip
    host = reading("dns", "service_host", "10.5.0.53", dns=["portal"])
    found = whatif(reading("core", rows=rows), bsc, host, services=["mobile", "internet"])
    assert {one.state for one in found.outcome(["dns"]).services} == {"unharmed"}
    assert "the services of dns; nothing falls" in " ".join(in_language(one, "en") for one in not_known(found))
    assert {one.subject for one in single_point(found, LossLimits()) if one.status == "warn"} == {"core", "bsc"}


def test_a_venue_without_a_known_way_is_not_measured() -> None:
    lonely = reading("edge", rows={"interface": [port("a")]})
    found = whatif(reading("core", rows={"interface": [port("a")]}), lonely)
    assert found.outcome(["core"]).services[0].state == "unmeasured"
    assert found.unmeasured
    without = whatif(lonely, origins=())
    assert without.outcome(["edge"]).state == "unmeasured"


def test_a_cable_plugged_in_elsewhere_counts_as_seen() -> None:
    """Expected at port b of the core, seen by both ends at port c."""
    sees = r.Neighbour
    found = whatif(
        reading("core", rows={
            "interface": [port("b"), port("c")], "ospf_neighbour": [peer("b"), peer("c")],
            "neighbour": [sees(interface="c", device="edge", port="a")],
        }),
        reading("edge", rows={
            "interface": [port("a")], "ospf_neighbour": [peer("a")],
            "neighbour": [sees(interface="a", device="core", port="c")],
        }, links=[link("a", "b", "core")]),
    )  # fmt: skip
    assert [cable.name for cable in found.topology.cables] == ["core c - edge a"]


def test_a_way_out_leads_over_the_cable_at_the_port_of_its_origin() -> None:
    """A provider's router of the inventory behind the port takes the service, and so does the cable."""
    routed: Rows = {"interface": [port("a"), port("u")], "ospf_neighbour": [peer("a"), peer("u")]}
    isp = reading("isp", rows=routed)
    found = whatif(
        reading("core", rows=routed, links=[link("u", "a", "isp")]),
        reading("edge", rows=routed, links=[link("a", "a", "core")]),
        replace(isp, device=replace(isp.device, venues=())),
        origins=(ServiceOrigin(kind="upstream", device="core", port="u"),),
    )
    names = ("core", "edge", "isp", "core a - edge a", "core u - isp a", "core u")
    assert taken(found) == dict.fromkeys(names, "lost")


def test_a_loop_of_cables_and_a_cable_to_itself_end() -> None:
    names = ("core", "edge", "third")
    readings = [
        reading(
            name, "router" if name == "core" else "switch", rows={"interface": [port("l"), port("r")]},
            links=[link("r", "l", names[(place + 1) % 3]), link("x", "y", name)],
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    assert set(taken(whatif(*readings))) == {"core"}


def test_unknown_names_are_a_key_error() -> None:
    for name in ("nobody", "core:Gi9", "core:a - core:b:c", ":", "core:"):
        found = whatif(*gateways(tracks=True))
        if name == "core:":
            assert found.outcome([name]).state == "lost"
            continue
        with pytest.raises(KeyError):
            found.outcome([name])


def test_five_thousand_devices_in_a_site() -> None:
    """A core with 5,000 access routers in a chain of rings of ten: each takes its own users alone."""
    size = 5_000
    readings = [reading("core", rows={"interface": [], "default_route": []})]
    for number in range(size):
        first, last = number % 10 == 0, number % 10 == 9
        before = "core" if first else f"r{number - 1}"
        ports = [port("l"), port("r")]
        links = [link("l", f"a{number}" if first else "r", before)]
        links += [link("r", f"z{number}", "core")] if last else []
        rows: Rows = {"interface": ports, "ospf_neighbour": [peer("l"), peer("r")]}
        readings.append(reading(f"r{number}", rows=rows, links=links))
    found = whatif(*readings)
    assert len(found.users) == size
    states = taken(found)
    assert states.pop("core") == "lost"
    assert set(states.values()) == {"degraded"}
    assert len(states) == size


def test_exports_are_read_by_other_programs() -> None:
    found = whatif(*gateways(tracks=True))
    topology = NetworkGraph.of(found.topology)
    graph = nx.parse_graphml(FORMATS["graphml"](topology))
    assert set(graph.nodes) == {"core", "e1", "e2"}
    assert sorted(data["state"] for _one, _other, data in graph.edges(data=True)) == ["up", "up"]
    assert json.loads(FORMATS["json"](topology))["links"] == [asdict(link) for link in topology.links]
    odd = NetworkGraph((NetworkNode('a"\\<&', "router", "x"),), ())
    assert '"a\\"\\\\<&"' in FORMATS["dot"](odd)
    assert 'id="a&quot;\\&lt;&amp;"' in FORMATS["graphml"](odd)


@pytest.mark.parametrize("given", [["core"], ["e1", "e2"], ["core", "e1"]])
def test_services_of_the_given_failure_are_lost_by_it(given: list[str]) -> None:
    """Lost, of the users served before it, and known: not unharmed, and not unmeasured."""
    found = whatif(*gateways(tracks=True), given=given)
    (service,) = found.outcome(["core b - e2 up"]).services
    assert (service.state, service.lost, service.users, service.given) == ("lost", ("vrrp 1 10.9.0.1",), 1, 1)
    assert not found.unmeasured


def test_losses_by_the_given_failure_and_beyond_are_counted_apart() -> None:
    """Two edges with a network each: the first is gone already, the failure takes the second."""
    edges = [
        reading(
            name, rows={"interface": [port("up")], "ospf_neighbour": [peer("up")]}, links=[link("up", there, "core")]
        )
        for name, there in (("e1", "a"), ("e2", "b"))
    ]
    core = reading("core", rows={"interface": [port("a"), port("b")], "ospf_neighbour": [peer("a"), peer("b")]})
    found = whatif(core, *edges, given=["e1"])
    states = [found.outcome([name]).services[0] for name in ("e2", "core:a")]
    assert [(one.state, one.lost, one.users, one.given) for one in states] == [
        ("lost", ("e1", "e2"), 2, 1), ("degraded", ("e1",), 2, 1),
    ]  # fmt: skip


def test_a_way_that_may_still_carry_leaves_the_service_unmeasured() -> None:
    """The measured cable is gone already; of the other nothing was read."""
    found = whatif(
        reading("core", rows={"interface": [port("a")], "ospf_neighbour": [peer("a")]}),
        reading("edge", rows={"interface": [port("a")], "ospf_neighbour": [peer("a")]},
                links=[link("a", "a", "core"), link("b", "b", "core")]),
        given=["core a - edge a"],
    )  # fmt: skip
    assert found.outcome(["core b - edge b"]).state == "unmeasured"
    assert not found.gone


def test_routers_without_a_way_out_take_nothing_over() -> None:
    """A floating default route over the other core is next for one lost core, and nothing for both."""
    default = [r.Route(prefix="0.0.0.0/0", next_hop="10.0.1.1", interface="a", protocol="ospf")]
    static = [r.StaticRoute(prefix="0.0.0.0/0", next_hop="10.0.3.1", interface="c", distance=200)]
    ports = [port("a"), port("b"), port("c")]
    edge = reading("edge", rows={
        "interface": ports, "ospf_neighbour": [peer("a"), peer("b"), peer("c")],
        "default_route": default, "static_route": static,
    }, links=[link("a", "a", "core"), link("b", "a", "core-2"), link("c", "c", "peer")])  # fmt: skip
    others = [
        reading(name, rows={"interface": [port(own), port("z")], "ospf_neighbour": [peer(own), peer("z")]}, links=links)
        for name, own, links in (
            ("core", "a", []), ("core-2", "a", [link("z", "z", "peer")]), ("peer", "c", [link("z", "z", "core-2")]),
        )
    ]  # fmt: skip
    origins = tuple(ServiceOrigin(kind="upstream", device=name) for name in ("core", "core-2"))
    found = whatif(edge, *others, origins=origins)

    def texts(*names: str) -> list[str]:
        return [one.text.render("en") for one in takeovers(found, found.failure(names))]

    assert "edge: the default route by 10.0.3.1 is next (distance 200)" in texts("core")
    assert found.outcome(["core", "core-2"]).state == "lost"
    assert texts("core", "core-2") == []


def test_a_group_with_an_unknown_member_leaves_nothing_unharmed() -> None:
    groups = [
        RiskGroup(name="road", kind="duct", members=("e1:Gi9",)),
        RiskGroup(name="feed", kind="feed", members=("elsewhere", "core")),
    ]
    found = whatif(*gateways(tracks=True), risks=groups)
    assert found.outcome(["road"]).state == "unmeasured"
    assert found.outcome(["feed"]).state == "lost"
    assert found.outcome(["e1"]).state == "unharmed"
    assert whatif(*gateways(tracks=True), risks=groups, given=["road"]).outcome(["e1"]).state == "unmeasured"


def test_a_service_lost_in_the_run_is_lost() -> None:
    down = {"interface": [port("a", "down")], "ospf_neighbour": []}
    found = edge_and_core(down, down, cables=[("a", "a")])
    (service,) = found.outcome(["core"]).services
    assert (service.state, service.users, service.lost) == ("lost", 0, ())


def test_members_lost_before_count_for_the_least_of_a_bundle() -> None:
    """Three members of which two are needed: one is gone already, the next takes the bundle."""
    names = ("a", "b", "c")
    bundle = [r.LinkBundle(name="po1", oper="up", members=names, bundled=names, min_links=2)]
    rows: Rows = {
        "link_bundle": bundle, "ospf_neighbour": [peer("po1")], "interface": [port(name) for name in names],
    }  # fmt: skip
    core = reading("core", rows=rows)
    edge = reading("edge", rows=rows, links=[link(name, name, "core") for name in names])
    assert whatif(core, edge).outcome(["edge:b"]).state == "unharmed"
    found = whatif(core, edge, given=["edge:a"])
    assert found.outcome(["edge:b"]).state == "lost"
    assert ["core b - edge b"] in [list(one.names) for one in found.single(["link"])]


def test_ways_lost_by_what_is_given_are_no_takeover_of_the_failure() -> None:
    found = edge_and_core({}, {})
    assert takeovers(found, found.failure(["core:b"]))
    given = whatif(*found.topology.readings.all, given=["core a - edge a"])
    assert takeovers(given, given.failure(["edge:a"])) == ()


def test_with_a_member_of_a_bundle_down_the_next_route_takes_over_after_the_other_member() -> None:
    cables = (("a", "a"), ("b", "b"), ("c", "c"))
    routes = [
        r.StaticRoute(prefix="0.0.0.0/0", next_hop=hop, interface=name, distance=distance)
        for hop, name, distance in (("10.0.1.1", "po1", 1), ("10.0.2.1", "c", 200))
    ]
    used = r.Route(prefix="0.0.0.0/0", protocol="static", next_hop="10.0.1.1", interface="po1", distance=1)
    bundle = r.LinkBundle(name="po1", oper="up", protocol="lacp", members=("a", "b"), bundled=("b",))

    def ports(end: int) -> list[r.Interface]:
        logical = [port("po1", "up", f"10.0.1.{end}/30"), port("c", "up", f"10.0.2.{end}/30")]
        return [port("a", "down"), port("b"), *logical]

    found = edge_and_core(
        {"interface": ports(2), "link_bundle": [bundle], "default_route": [used], "static_route": routes,
         "ospf_neighbour": []},
        {"interface": ports(1), "link_bundle": [bundle], "ospf_neighbour": []}, cables,
    )  # fmt: skip
    assert found.state(0) == "served"
    assert "core b - edge b" not in taken(found)


def silent(name: str, role: Role = "router", **expect: Any) -> DeviceFacts:
    return replace(reading(name, role, **expect), missing=frozenset({"interface"}))


@pytest.mark.parametrize(("oper", "state"), [("down", "lost"), ("up", "unmeasured")])
@pytest.mark.parametrize(
    ("name", "role", "service", "expect"),
    [
        ("edge", "router", "internet", {"gateways": [{"protocol": "vrrp", "group": 1, "interface": "lan"}]}),
        ("wlc", "wifi_controller", "wifi", {"access_points": [{"name": "ap1"}]}),
    ],
)
def test_users_of_a_silent_device_are_lost_without_light(
    name: str, role: Role, service: Service, expect: Mapping[str, Any], *, oper: str, state: str
) -> None:
    core = reading("core", rows={"interface": [port("a", oper)]})
    found = whatif(core, silent(name, role, links=[link("a", "a", "core")], **expect), services=[service])
    assert [found.state(number) for number in range(len(found.users))] == [state]


@pytest.mark.parametrize(
    ("addresses", "state"), [(("10.0.1.5", "10.0.2.5"), "one_way_left"), (("10.0.2.5",), "unmeasured")]
)
def test_a_host_behind_a_silent_router_is_promised_and_proves_nothing(addresses: Sequence[str], state: str) -> None:
    peers: Rows = {"ospf_neighbour": [peer("a")]}
    hosts = [reading(f"host{number}", "service_host", address) for number, address in enumerate(addresses)]
    core = reading("core", rows={"interface": [port("a"), port("lan", "up", "10.0.1.1/24")], **peers})
    edge = reading("edge", rows={"interface": [port("a")], **peers}, links=[link("a", "a", "core")])
    portals = (ServiceOrigin(kind="portal", device=host.name) for host in hosts)
    found = whatif(
        core, edge, silent("other"), *hosts, origins=(ServiceOrigin(kind="upstream", device="core"), *portals)
    )
    states = {users.name: found.state(number) for number, users in enumerate(found.users)}
    assert states == {"edge": state, "other": "unmeasured"}
