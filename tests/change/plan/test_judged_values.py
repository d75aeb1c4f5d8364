"""Values that a template may write by its form and that harm by their meaning, each with its harmless neighbour."""

from __future__ import annotations

from functools import cache

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.change.safety.values import check_values, refuse_altered_objects
from eventready.change.safety.way_in import RouteBack, WayIn
from eventready.core.errors import RefusedError
from eventready.core.messages import in_english
from eventready.facts.parsing.routes import Hop
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.conftest import Proved

RUNNING = {
    "cisco_xe": """\
interface GigabitEthernet0/0/0
 ip address 10.0.0.2 255.255.255.252
 channel-group 1 mode active
interface GigabitEthernet0/0/1
 channel-group 1 mode active
interface Port-channel1
 ip address 10.8.0.2 255.255.255.0
interface Vlan10
 ip address 10.9.0.2 255.255.255.0
 standby 10 ip 10.9.0.1
router bgp 65000
 neighbor 10.9.0.3 remote-as 65000
ip access-list extended LAN
 10 permit ip 10.20.0.0 0.0.255.255 any
ip sla 10
 icmp-echo 10.0.0.1
track 10 ip sla 10 reachability
ip route 0.0.0.0 0.0.0.0 10.0.0.1 track 10
""",
    "huawei_vrp": """\
interface Vlanif10
 ip address 10.9.0.2 255.255.255.0
interface Eth-Trunk1
interface GigabitEthernet0/0/1
 eth-trunk 1
interface GigabitEthernet0/0/2
 eth-trunk 1
acl number 3000
 rule 5 permit ip source 10.20.0.0 0.0.255.255
acl number 3001
 rule 5 permit ip
bgp 65000
 peer 10.9.0.3 as-number 65000
ip route-static 0.0.0.0 0.0.0.0 10.0.0.1
""",
    "frr": "interface eth1\n ip address 10.9.0.2/24\nip route 0.0.0.0/0 10.0.0.1\n",
    "cisco_xr": """\
interface GigabitEthernet0/0/0/0
 ipv4 address 10.9.0.2 255.255.255.0
 bundle id 1 mode active
interface Bundle-Ether1
router static
 address-family ipv4 unicast
  0.0.0.0/0 10.0.0.1
""",
    "juniper_junos": """\
set interfaces ge-0/0/1 unit 0 family inet address 10.9.0.2/24
set interfaces ge-0/0/2 gigether-options 802.3ad ae0
set routing-options static route 0.0.0.0/0 next-hop 10.0.0.1
""",
    "mikrotik_routeros": "/ip route\nadd dst-address=0.0.0.0/0 gateway=10.0.0.1\n",
}
ACL = "ip access-list extended EVENT-VIP\n 10 permit ip {} any\n"
PBR = "route-map EVENT permit 10\n match ip address EVENT-VIP\n set ip next-hop 10.0.0.1\n"
BEHAVIOUR = "traffic behavior EVENT\n redirect ip-nexthop 10.0.0.1\n"
BOUND = "traffic policy EVENT\n classifier EVENT behavior EVENT\n"
MARKED = "traffic classifier EVENT operator or\n if-match acl {}\n"
MANGLE = "/ip firewall mangle\nadd comment=EVENT chain=forward action=mark-packet new-packet-mark=EVENT {}\n"

#: Platform, harmful lines, words of the refusal or the risk, and lines that differ in the value alone.
CASES: list[tuple[str, str, str, str, str]] = [
    ("cisco_xe", "interface Vlan10\n standby 10 ip {}\n", "10.9.0.3", "address of a neighbour", "10.9.0.9"),
    ("cisco_xe", "interface Vlan10\n standby 10 ip {}\n", "10.0.0.1", "address of a neighbour", "10.9.0.1"),
    ("cisco_xe", "interface Vlan10\n standby 10 ip {}\n", "10.9.0.2", "an address of the device itself", "10.9.0.9"),
    ("cisco_xe", "ip route 0.0.0.0 0.0.0.0 {} 200\n", "10.8.0.2", "leads to 10.8.0.2", "10.8.0.1"),
    ("cisco_xe", "ip route 0.0.0.0 0.0.0.0 {} 200\n", "10.9.0.1", "leads to 10.9.0.1", "10.9.0.7"),
    ("cisco_xe", "ip route 0.0.0.0 0.0.0.0 10.0.0.5 track {}\n", "11", "names track 11", "10"),
    ("cisco_xe", "track 20 ip sla {} reachability\n", "20", "names ip sla 20", "10"),
    ("cisco_xe", "interface Vlan10\n standby 10 track {} decrement 30\n", "11", "names track 11", "10"),
    ("cisco_xe", "interface Vlan10\n service-policy output {}\n", "EVNT", "names policy-map EVNT", ""),
    ("cisco_xe", "policy-map EVENT\n class {}\n  fair-queue\n", "EVENT-V", "names class-map EVENT-V", "class-default"),
    ("cisco_xe", "route-map EVENT permit 10\n match ip address {}\n", "LANS", "names access-list LANS", "LAN"),
    ("cisco_xe", "interface Vlan10\n ip policy route-map {}\n", "EVENT", "names route-map EVENT", ""),
    ("cisco_xe", "interface Port-channel1\n lacp min-bundle {}\n", "3", "has 2 members", "2"),
    ("cisco_xe", "interface Vlan10\n bfd interval {0} min_rx {0} multiplier 3\n", "49", "in a short jam", "50"),
    ("cisco_xe", "interface Vlan10\n bfd interval {0} min_rx {0} multiplier 3\n", "1001", "only after seconds", "1000"),
    ("cisco_xe", "interface Vlan10\n bfd interval 300 min_rx 300 multiplier {}\n", "6", "only after seconds", "5"),
    ("cisco_xe", "ip sla 20\n icmp-echo 10.0.0.1\n frequency {}\n", "61", "for minutes", "60"),
    ("cisco_xe", f"{ACL}{PBR}", "any", "applies to all traffic", "host 10.20.0.9"),
    ("cisco_xe", f"{ACL}{PBR}interface Vlan10\n ip policy route-map EVENT\n", "any", "on the way in", "host 10.20.0.9"),
    (
        "cisco_xe",
        "route-map EVENT permit 10\n{} set ip next-hop 10.0.0.1\n",
        "",
        "all traffic",
        " match ip address LAN\n",
    ),
    ("cisco_xe", "policy-map EVENT\n class class-default\n  {}\n", "priority percent 5", "all traffic", "fair-queue"),
    ("huawei_vrp", "interface Vlanif10\n vrrp vrid 10 virtual-ip {}\n", "10.9.0.3", "of a neighbour", "10.9.0.1"),
    ("huawei_vrp", "ip route-static 0.0.0.0 0.0.0.0 {} preference 200\n", "10.9.0.2", "leads to", "10.9.0.7"),
    ("huawei_vrp", "interface Vlanif10\n vrrp vrid 10 track nqa event {}\n", "up", "nqa test-instance event up", ""),
    ("huawei_vrp", "interface Eth-Trunk1\n least active-linknumber {}\n", "3", "has 2 members", "2"),
    ("huawei_vrp", "nqa test-instance event up\n test-type icmp\n frequency {}\n", "61", "for minutes", "60"),
    ("huawei_vrp", f"{MARKED}{BEHAVIOUR}{BOUND}", "3001", "applies to all traffic", "3000"),
    ("huawei_vrp", f"{MARKED}{BEHAVIOUR}{BOUND}", "3002", "names acl 3002", "3000"),
    (
        "huawei_vrp",
        f"{MARKED}{BEHAVIOUR}{BOUND}interface Vlanif10\n traffic-policy EVENT inbound\n",
        "3001",
        "on the way in",
        "3000",
    ),
    ("frr", "interface eth1\n vrrp 10\n vrrp 10 ip {}\n", "10.0.0.1", "of a neighbour", "10.9.0.1"),
    ("frr", "ip route 0.0.0.0/0 {} 200\n", "10.9.0.2", "leads to", "10.9.0.7"),
    ("frr", "ip route 0.0.0.0/0 10.0.0.5 200 bfd{}\n", " profile EVENT", "names bfd profile EVENT", ""),
    ("frr", "bfd\n profile EVENT\n  transmit-interval {}\n", "40", "in a short jam", "250"),
    ("frr", "bfd\n profile EVENT\n  detect-multiplier {}\n", "2", "in a short jam", "4"),
    (
        "frr",
        "pbr-map EVENT seq 10\n match src-ip {}\n set nexthop 10.0.0.1\n",
        "0.0.0.0/0",
        "all traffic",
        "10.20.0.0/16",
    ),
    ("cisco_xr", "interface Bundle-Ether1\n bundle minimum-active links {}\n", "2", "has 1 members", "1"),
    (
        "cisco_xr",
        "router static\n address-family ipv4 unicast\n  0.0.0.0/0 {} 200\n",
        "10.9.0.2",
        "leads to",
        "10.9.0.7",
    ),
    (
        "cisco_xr",
        "router static\n address-family ipv4 unicast\n  0.0.0.0/0 10.0.0.5{}\n",
        " track UP",
        "names track UP",
        "",
    ),
    ("juniper_junos", "set interfaces ae0 aggregated-ether-options minimum-links {}\n", "2", "has 1 members", "1"),
    ("juniper_junos", "set routing-options static route 0.0.0.0/0 next-hop {}\n", "10.9.0.2", "leads to", "10.9.0.7"),
    (
        "juniper_junos",
        "set routing-options forwarding-table export EVENT\n{}",
        "",
        "names policy-statement EVENT",
        "set policy-options policy-statement EVENT then load-balance per-packet\n",
    ),
    (
        "juniper_junos",
        "set class-of-service interfaces ge-0/0/1 unit 0 forwarding-class {}\n",
        "expedited-forwarding",
        "on the way in",
        "assured-forwarding",
    ),
    *(
        ("cisco_xe", "ip route 0.0.0.0 0.0.0.0 {}\n", nowhere, "which no other device can have", "10.9.0.7")
        for nowhere in ("127.0.0.1", "224.0.0.5", "0.0.0.0", "255.255.255.255")
    ),
    ("mikrotik_routeros", MANGLE, "", "all traffic", "src-address=10.20.0.0/24"),
]


@cache
def platform(name: str) -> PlatformSpec:
    return describe(name).spec


def change_of(name: str) -> ChangeSpec:
    spec = platform(name).change
    assert spec is not None
    return spec


def judged(name: str, lines: str) -> str:
    """Words of the refusal, or of the risks."""
    form = form_of(change_of(name))
    running: Tree = form.parse(RUNNING[name], "test").tree
    device = Device("edge-1", "router", name, "192.0.2.9", expect=Expect())
    port = {"juniper_junos": "ge-0/0/1.0", "cisco_xe": "Vlan10", "huawei_vrp": "Vlanif10"}.get(name, "eth1")
    way = WayIn("203.0.113.7", (RouteBack("203.0.113.7", "static", "", (Hop("10.0.0.1", port),)),))
    predicted = form.merge(running, form.parse(lines, "test"))
    try:
        return "\n".join(map(in_english, check_values(platform(name), device, way, running, predicted)))
    except RefusedError as error:
        return error.render("en")


@pytest.mark.parametrize(("name", "lines", "harmful", "words", "harmless"), CASES)
def test_a_harmful_value_is_named_and_its_neighbour_is_not(
    *, proved: Proved, name: str, lines: str, harmful: str, words: str, harmless: str
) -> None:
    assert words in judged(name, lines.format(harmful))
    if harmless or "names" not in words:
        assert judged(name, lines.format(harmless)) == ""
    proved("value of a change, and its harmless neighbour", name, lines, harmful)


def test_an_object_of_the_same_plan_is_known() -> None:
    lines = f"{ACL.format('host 10.20.0.9')}{PBR}interface Vlan10\n ip policy route-map EVENT\n"
    assert judged("cisco_xe", lines) == ""


def test_what_the_device_has_already_is_not_judged() -> None:
    form, device = form_of(change_of("cisco_xe")), Device("edge-1", "router", "cisco_xe", "192.0.2.9")
    text = "interface Vlan10\n ip address 10.9.0.2 255.255.255.0\n ip policy route-map GONE\n standby 10 ip 10.9.0.2\n"
    running = form.parse(text, "test").tree
    predicted = form.merge(running, form.parse("interface Vlan10\n standby 10 priority 110\n", "test"))
    assert check_values(platform("cisco_xe"), device, WayIn(), running, predicted) == ()


def test_a_removed_object_that_is_still_named_is_missing() -> None:
    assert "names track 10" in judged("cisco_xe", "no track 10\n")


OTHERS = [
    # platform, lines that alter an object of others, its name, and the same on another number
    ("cisco_xe", "track 10 ip sla 10 reachability\n delay down 5 up 30\n", "track 10",
     "track 11 ip sla 10 reachability\n"),
    ("cisco_xe", "ip sla 10\n icmp-echo 10.0.0.5\n", "ip sla 10", "ip sla 11\n icmp-echo 10.0.0.5\n"),
    ("cisco_xe", "no track 10\n", "track 10", "ip route 0.0.0.0 0.0.0.0 10.0.0.5 track 10\n"),
    ("huawei_vrp", "acl number 3001\n rule 10 permit ip source 10.21.0.0 0.0.255.255\n", "acl 3001",
     "acl number 3002\n rule 10 permit ip source 10.21.0.0 0.0.255.255\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "lines", "named", "other"), OTHERS)
def test_an_object_of_others_is_used_and_not_altered(
    proved: Proved, name: str, lines: str, named: str, other: str
) -> None:
    spec, form = change_of(name), form_of(change_of(name))
    running = form.parse(RUNNING[name], "test").tree

    def altered(text: str, *earlier: str, owns: tuple[str, ...] = ()) -> None:
        trees = running, form.merge(running, form.parse(text, "test"))
        refuse_altered_objects(spec, "edge-1", trees, earlier, owns)

    with pytest.raises(RefusedError, match=f"{named} is on edge-1 already"):
        altered(lines)
    altered(other)
    altered(lines, owns=(named,))
    altered(lines, owns=(f"{named[:-1]}*",))
    altered(lines, *RUNNING[name].splitlines())
    proved("value of a change, and its harmless neighbour", name, lines)
