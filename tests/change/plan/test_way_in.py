"""The way in: the route back to this machine, and the lines of a plan on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, parse_tree
from eventready.change.safety import way_in
from eventready.change.safety.effects import effects_of
from eventready.change.safety.way_in import RouteBack, WayIn, own_address, read_way_in
from eventready.change.safety.way_in_lines import TouchedLine, refuse_way_in, touched_lines, way_in_risks
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, in_english
from eventready.facts.parsing.routes import Hop
from eventready.platforms.loader import describe
from eventready.session.connect import Session
from eventready.session.reply import Reply, ReplyStatus
from eventready.session.target import Target
from eventready.workspace.devices.access import Access
from eventready.workspace.devices.device import Device

US = "198.51.100.7"
_FILE = Path(__file__).with_name("way_in_templates.yaml")


@cache
def suite() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


def cases(*kinds: str) -> list[Any]:
    return [
        pytest.param(platform, kind, text, id=f"{platform}-{kind}-{number}-{text.splitlines()[-1].strip()[:40]}")
        for platform, case in suite().items()
        for kind in kinds
        for number, text in enumerate(case[kind])
    ]


def touched(platform: str, text: str, running: str = "", way: WayIn | None = None) -> tuple[TouchedLine, ...]:
    """The lines on the way in of a template, forward; the way back changes the same lines."""
    spec = describe(platform).spec
    change = spec.change
    assert change is not None
    case = suite().get(platform) or suite()["cisco_xe"]
    end = {"paths": "", "indented": "return\n" if platform == "huawei_vrp" else "end\n"}[change.form]
    now = form_of(change).read({change.read: f"{running or case['running']}{end}"}, device="edge").tree
    then = form_of(change).merge(now, form_of(change).parse(text, "templates/x.j2"))
    assert now != then
    routes = tuple(
        RouteBack(row["address"], row["protocol"], row.get("process", ""), tuple(Hop(**hop) for hop in row["hops"]))
        for row in case["routes"]
    )
    way = way or WayIn(US, routes)
    found = touched_lines(spec, way, now, then)
    back = touched_lines(spec, way, then, now)
    assert {line.conditional for line in found} == {line.conditional for line in back}, (
        "the way back is judged as the way there"
    )
    return found


@pytest.mark.parametrize(("platform", "kind", "text"), cases("refused", "conditional", "allowed"))
def test_a_template_on_the_way_in(platform: str, kind: str, text: str) -> None:
    found = touched(platform, text)
    if kind == "allowed":
        assert not found
    else:
        assert found
        assert any(not line.conditional for line in found) is (kind == "refused")


def test_the_suite_has_every_platform_whose_routes_are_read() -> None:
    assert set(suite()) == {"cisco_xe", "cisco_xr", "frr", "huawei_vrp", "juniper_junos"}
    assert len(cases("refused")) >= 60


def test_the_refusal_names_the_route_and_the_remedy() -> None:
    device = Device(name="edge", role="router", platform="cisco_xe", hostname="192.0.2.9")
    way = WayIn(US, (RouteBack(US, "ospf", "1", (Hop("10.0.0.1", "Gi0/0/0"),)),))
    with pytest.raises(RefusedError) as error:
        refuse_way_in(
            device,
            way,
            [
                TouchedLine("bfd", "x", conditional=True),
                TouchedLine("shutdown", "interface Gi0/0/0", conditional=False),
            ],
        )
    assert "`shutdown` in `interface Gi0/0/0` changes the way in to edge" in str(error.value)
    assert f"its route back to {US} is ospf 1, 10.0.0.1 (Gi0/0/0)" in str(error.value)
    assert "console" in error.value.do
    with pytest.raises(RefusedError, match="`set protocols ospf disable` changes the way in to edge"):
        refuse_way_in(device, way, [TouchedLine("set protocols ospf disable", "", conditional=False)])
    refuse_way_in(device, way, [TouchedLine("bfd", "x", conditional=True)])


def test_neighbours_without_a_line_of_their_own_may_be_any() -> None:
    """A route reflector keeps the next hop: the neighbour that announced the route is not named."""
    way = WayIn(US, (RouteBack(US, "bgp", "", (Hop("203.0.113.9", "eth2"),)),))
    assert touched("frr", "router bgp 65000\n neighbor 192.0.2.14 shutdown\n", way=way)
    assert not touched("frr", "router ospf\n passive-interface default\n", way=way)


@pytest.mark.parametrize(
    ("platform", "port", "text", "running"),
    [
        ("cisco_xe", "Port-channel7.90", "interface Te0/1/0\n shutdown\n",
         "interface Te0/1/0\n channel-group {} mode active\ninterface Te0/1/1\n mtu 1500\n"),
        ("cisco_xr", "Bundle-Ether7", "interface TenGigE0/0/0/3\n shutdown\n",
         "interface TenGigE0/0/0/3\n bundle id {} mode active\n"),
        ("huawei_vrp", "Eth-Trunk7", "interface 10GE1/0/1\n shutdown\n", "interface 10GE1/0/1\n eth-trunk {}\n"),
        ("juniper_junos", "ae7.0", "set interfaces xe-0/0/3 disable\n",
         "set interfaces xe-0/0/3 gigether-options 802.3ad ae{}\n"),
    ],
)  # fmt: skip
def test_members_of_a_bundle_carry_the_way_in(platform: str, port: str, text: str, running: str) -> None:
    way = WayIn(US, (RouteBack(US, "connected", "", (Hop("", port),)),))
    assert touched(platform, text, running.format(7), way)
    assert not touched(platform, text, running.format(8), way)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("set routing-instances CORE protocols ospf area 0.0.0.0 interface ge-0/0/1.0 passive", True),
        ("set routing-instances CORE protocols ospf overload", True),
        ("delete routing-instances CORE interface ge-0/0/1.0", True),
        ("delete routing-instances CORE protocols ospf area 0.0.0.0 interface ge-0/0/1.0", True),
        ("set interfaces ge-0/0/1 unit 0 disable", True),
        ("set routing-instances CORE protocols ospf area 0.0.0.0 interface ge-0/0/2.0 passive", False),
        ("set routing-instances OTHER protocols ospf overload", False),
        ("set protocols ospf overload", False),
    ],
)
def test_the_processes_of_a_routing_instance(text: str, refused: bool) -> None:
    running = (
        "set interfaces ge-0/0/1 unit 0 family inet address 192.0.2.9/24\n"
        "set routing-instances CORE interface ge-0/0/1.0\n"
        "set routing-instances CORE protocols ospf area 0.0.0.0 interface ge-0/0/1.0 metric 10\n"
        "set routing-instances CORE protocols ospf area 0.0.0.0 interface ge-0/0/2.0 metric 10\n"
    )
    routes = (RouteBack(US, "OSPF", "", (Hop("10.0.0.1", "ge-0/0/1.0"),)),)
    assert bool(touched("juniper_junos", text, running, WayIn(US, routes, vrf="CORE"))) is refused


def test_risks_of_the_way_in() -> None:
    spec = describe("frr").spec.change
    assert spec is not None
    learned = WayIn(US, (RouteBack(US, "ospf", "", (Hop("10.0.0.1", "eth2"),)),))
    line = "ip route 0.0.0.0/0 10.0.0.5"
    none, static = effects_of(spec.effects, {}), effects_of(spec.effects, parse_tree(line))
    (moved,) = way_in_risks(learned, (), none, static)
    assert in_english(moved).startswith(f"`{line}` may replace the present route back to {US}")
    assert not [*way_in_risks(learned, (), static, static)]
    (conditional,) = way_in_risks(learned, [TouchedLine("ip ospf bfd", "interface eth2", conditional=True)], none, none)
    assert in_english(conditional).startswith("`ip ospf bfd` on the way in")
    (unread,) = way_in_risks(WayIn(US, unread="no answer"), (), none, static)
    assert "could not be read (no answer)" in in_english(unread)


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass
class Answers:
    """A session that answers out of a book; other commands are refused."""

    target: Target
    ledger: Mapping[str, str]
    queries: list[str] = field(default_factory=list)

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        self.queries += commands
        return [
            Reply(command, text, ReplyStatus.ANSWERED)
            if (text := self.ledger.get(command)) is not None
            else Reply(command, "% Invalid", ReplyStatus.REFUSED, "% Invalid")
            for command in commands
        ]


def read(
    platform: str,
    ledger: Mapping[str, str],
    *,
    access: Access | None = None,
    target: Target | None = None,
    running: str = "",
) -> tuple[WayIn, list[str]]:
    device = Device(
        name="edge", role="router", platform=platform, hostname="192.0.2.9", access=access or Access(seen_from=US)
    )
    session = Answers(target or Target("edge", "192.0.2.9"), ledger)
    found = read_way_in(describe(platform).spec, device, cast("Session", session), tree(running))
    return found, session.queries


def reason_of(way: WayIn) -> str:
    assert isinstance(way.unread, Message)
    return way.unread.render("en")


def tree(text: str) -> Tree:
    return parse_tree(text)


def ios(protocol: str, *hops: str) -> str:
    return (
        f'Routing entry for 0.0.0.0/0\n  Known via "{protocol}", distance 1, metric 0\n  Routing Descriptor Blocks:\n'
        + "".join(f"  * {hop}\n" for hop in hops)
    )


def test_next_hops_are_followed_until_they_are_connected() -> None:
    ledger = {
        f"show ip route {US}": "% Network not in table",
        "show ip route 0.0.0.0": ios("bgp 65000", "203.0.113.1, from 10.255.0.1, 3w2d ago"),
        "show ip route 203.0.113.1": ios("static", "10.0.0.1"),
        "show ip route 10.255.0.1": ios("ospf 1", "10.0.0.5, from 10.255.0.9, 1w2d ago, via Gi0/0/1"),
        "show ip route 10.0.0.1": ios("connected", "directly connected, via Gi0/0/0"),
    }
    way, queries = read("cisco_xe", ledger)
    assert way.unread is None
    assert [(route.address, route.name) for route in way.routes] == [
        (US, "bgp 65000"), ("203.0.113.1", "static"), ("10.255.0.1", "ospf 1"), ("10.0.0.1", "connected"),
    ]  # fmt: skip
    assert way.interfaces == {"Gi0/0/0", "Gi0/0/1"}
    assert way.neighbours >= {"203.0.113.1", "10.255.0.1", "10.0.0.1", "10.0.0.5"}
    assert queries[:2] == [f"show ip route {US}", "show ip route 0.0.0.0"], "IOS does not answer with the default route"


def test_a_circle_and_a_chain_without_end_are_not_followed() -> None:
    circle = {f"show ip route {US}": ios("static", "10.0.0.1"), "show ip route 10.0.0.1": ios("static", "10.0.0.1")}
    assert len(read("cisco_xe", circle)[0].routes) == 2
    chain = {f"show ip route 10.0.0.{number}": ios("static", f"10.0.0.{number + 1}") for number in range(1, 30)}
    way, queries = read("cisco_xe", {f"show ip route {US}": ios("static", "10.0.0.1"), **chain})
    assert "depends on more than 8 other routes" in reason_of(way)
    assert not way.routes
    assert len(queries) < 10


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "% Invalid"),
        ("% Network not in table", f"no route to {US}"),
        ("Gateway of last resort is not set", "is not understood"),
        (ios("ospf 1"), "is not understood"),
    ],
)
def test_an_unread_route_has_its_reason(answer: str | None, reason: str) -> None:
    ledger = {} if answer is None else {f"show ip route {US}": answer}
    way, _ = read("frr", ledger)
    assert not way.routes
    assert reason in reason_of(way)


def test_platforms_without_a_command_or_without_routing() -> None:
    way, queries = read("mikrotik_routeros", {})
    assert "no command of mikrotik_routeros" in reason_of(way)
    assert read("osmocom_bsc", {})[0] == WayIn()
    assert not queries


def test_the_address_as_the_device_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    users = (
        "    Line       User       Host(s)              Idle       Location\n"
        "   9 con 0     eve        idle                 00:10:00 203.0.113.66\n"
        "* 10 vty 0     arm        idle                 00:00:00 81.95.35.222\n"
    )
    monkeypatch.setattr(way_in, "_source_towards", lambda _host: "192.0.2.77")
    known, unknown = (
        Access(),
        {"show users": "* 10 vty 0     arm        idle                 00:00:00 station.example\n"},
    )
    assert read("cisco_xe", {"show users": users}, access=known)[0].station == "81.95.35.222"
    assert read("cisco_xe", unknown, access=known)[0].station == "192.0.2.77"
    assert read("cisco_xe", {}, access=known)[0].station == "192.0.2.77"
    assert read("cisco_xe", {"show users": users})[0].station == US, "the inventory has the last word"


def test_behind_a_jump_host_its_address_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Answers(Target("edge", "192.0.2.9", jump=Target("jump", "192.0.2.1")), {})
    assert own_address(cast("Session", session)) == "192.0.2.1"
    local = Answers(Target("edge", "127.0.0.1"), {})
    assert own_address(cast("Session", local)) == "", "a forwarded port"
    command = Answers(Target("edge", "192.0.2.9", proxy_command="nc %h"), {})
    assert own_address(cast("Session", command)) == ""
    way, queries = read("frr", {}, access=Access(), target=command.target)
    assert "seen_from" in reason_of(way)
    assert not queries


def test_the_vrf_of_the_management_interface() -> None:
    running = "interface GigabitEthernet0\n vrf forwarding Mgmt-intf\n{}interface Loopback0\n{}"
    address = " ip address 192.0.2.9 255.255.255.0\n"
    ledger = {
        f"show ip route vrf Mgmt-intf {US}": ios("static", "192.0.2.1, via GigabitEthernet0"),
        f"show ip route {US}": ios("ospf 1", "10.0.0.1, via Gi0/0/1"),
    }
    assert read("cisco_xe", ledger, running=running.format(address, ""))[0].interfaces == {"GigabitEthernet0"}
    assert read("cisco_xe", ledger, running=running.format("", address))[0].interfaces == {"Gi0/0/1"}
    junos = {
        f"show route table CORE.inet.0 {US} active-path": (
            "CORE.inet.0: 12 destinations, 12 routes (12 active, 0 holddown, 0 hidden)\n"
            "+ = Active Route, - = Last Active, * = Both\n\n"
            "0.0.0.0/0          *[OSPF/150/10] 3w3d 03:24:58, metric 101, tag 0\n"
            "                    >  to 10.169.14.121 via ge-0/0/1.0\n"
        )
    }
    statements = (
        "set interfaces ge-0/0/1 unit 0 family inet address 192.0.2.9/24\n"
        "set routing-instances OTHER interface ge-0/0/11.0\n"
        "set routing-instances CORE interface ge-0/0/1.0"
    )
    instance, _ = read("juniper_junos", junos, running=statements)
    assert instance.vrf == "CORE"
    assert instance.interfaces == {"ge-0/0/1.0"}
    odd = running.format(address, "").replace("Mgmt-intf", "a|b")
    way, queries = read("cisco_xe", ledger, running=odd)
    assert "unusable name" in reason_of(way)
    assert not queries
