"""What others use is made before them and removed after them, in whatever order the device prints it."""

from __future__ import annotations

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import parse_tree
from tests.shared import change_spec_of

#: As `show running-config` prints it: tracks above the operations that they follow, route maps below what uses them.
CISCO = """\
track 10 ip sla 10 reachability
class-map match-any EVENT-DATA
 match access-group name EVENT-VIP
policy-map EVENT
 class EVENT-DATA
  bandwidth remaining percent 40
interface GigabitEthernet0/0/0
 service-policy output EVENT
interface GigabitEthernet0/0/1
 standby 10 track 10 decrement 30
 ip policy route-map EVENT-PBR
ip route 0.0.0.0 0.0.0.0 10.0.0.1 track 10
ip access-list extended EVENT-VIP
 10 permit ip 10.20.0.0 0.0.255.255 any
ip sla 10
 icmp-echo 10.0.0.1 source-interface GigabitEthernet0/0/0
ip sla schedule 10 life forever start-time now
route-map EVENT-PBR permit 10
 match ip address EVENT-VIP
 set ip next-hop verify-availability 10.0.0.1 1 track 10
"""
CISCO_USES = [
    ("track 10 ip sla 10 reachability", "ip sla 10"),
    ("ip sla schedule 10 life forever start-time now", "ip sla 10"),
    ("class-map match-any EVENT-DATA", "ip access-list extended EVENT-VIP"),
    ("policy-map EVENT", "class-map match-any EVENT-DATA"),
    ("service-policy output EVENT", "policy-map EVENT"),
    ("standby 10 track 10 decrement 30", "track 10 ip sla 10 reachability"),
    ("ip policy route-map EVENT-PBR", "route-map EVENT-PBR permit 10"),
    ("ip route 0.0.0.0 0.0.0.0 10.0.0.1 track 10", "track 10 ip sla 10 reachability"),
    ("route-map EVENT-PBR permit 10", "ip access-list extended EVENT-VIP"),
    ("route-map EVENT-PBR permit 10", "track 10 ip sla 10 reachability"),
]
FRR = """\
ip route 0.0.0.0/0 10.0.0.1 bfd profile EVENT
interface eth0
 ip ospf bfd
 ip ospf bfd profile EVENT
 pbr-policy EVENT-VIP
router bgp 65000
 neighbor 10.0.0.9 remote-as 65001
 address-family ipv4 unicast
  neighbor 10.0.0.9 route-map EVENT in
route-map EVENT permit 10
 set local-preference 200
pbr-map EVENT-VIP seq 10
 match src-ip 10.20.0.0/16
bfd
 profile EVENT
  transmit-interval 250
"""
FRR_USES = [
    ("ip route 0.0.0.0/0 10.0.0.1 bfd profile EVENT", "bfd"),
    ("ip ospf bfd profile EVENT", "bfd"),
    ("pbr-policy EVENT-VIP", "pbr-map EVENT-VIP seq 10"),
    ("neighbor 10.0.0.9 route-map EVENT in", "route-map EVENT permit 10"),
]
VRP = """\
acl number 3100
 rule 5 permit ip source 10.20.0.0 0.0.255.255
traffic classifier EVENT-VIP operator or
 if-match acl 3100
traffic behavior EVENT-STEER
 redirect ip-nexthop 10.0.0.1
traffic policy EVENT-STEER
 classifier EVENT-VIP behavior EVENT-STEER
interface GigabitEthernet0/0/1
 vrrp vrid 10 track nqa event uplink reduced 30
 traffic-policy EVENT-STEER inbound
ip route-static 0.0.0.0 0.0.0.0 10.0.0.1 track nqa event uplink
nqa test-instance event uplink
 test-type icmp
 destination-address ipv4 10.0.0.1
 start now
"""
VRP_USES = [
    ("traffic classifier EVENT-VIP operator or", "acl number 3100"),
    ("traffic policy EVENT-STEER", "traffic classifier EVENT-VIP operator or"),
    ("traffic policy EVENT-STEER", "traffic behavior EVENT-STEER"),
    ("traffic-policy EVENT-STEER inbound", "traffic policy EVENT-STEER"),
    ("vrrp vrid 10 track nqa event uplink reduced 30", "nqa test-instance event uplink"),
    ("ip route-static 0.0.0.0 0.0.0.0 10.0.0.1 track nqa event uplink", "nqa test-instance event uplink"),
]
KINDS = pytest.mark.parametrize(
    ("platform", "shown", "user", "used"),
    [
        pytest.param(platform, shown, user, used, id=f"{platform}: {user}")
        for platform, shown, uses in (
            *(("cisco_xe", CISCO, CISCO_USES), ("cisco_9800", CISCO, CISCO_USES)),
            *(("frr", FRR, FRR_USES), ("huawei_vrp", VRP, VRP_USES), ("huawei_ac", VRP, VRP_USES)),
        )
        for user, used in uses
    ],
)


def unchanged_lines(shown: str) -> str:
    """The interfaces and the routing that are there anyway."""
    return "".join(f"{line}\n" for line in shown.splitlines() if line.startswith(("interface ", "router ")))


@KINDS
def test_made_before_and_removed_after(platform: str, shown: str, user: str, used: str) -> None:
    spec = change_spec_of(platform)
    with_all, without = parse_tree(shown), parse_tree(unchanged_lines(shown))
    made, removed = form_of(spec).commands_between(without, with_all), form_of(spec).commands_between(with_all, without)
    assert made.index(used) < made.index(user)
    taken_back = [removed.index(Rules(spec).removal(line)) for line in (user, used)]
    assert taken_back == sorted(taken_back)


@pytest.mark.parametrize(
    ("platform", "shown"), [("cisco_xe", CISCO), ("cisco_9800", CISCO), ("frr", FRR), ("huawei_vrp", VRP)]
)
def test_a_template_in_any_order_leads_there(platform: str, shown: str) -> None:
    """The author's sections need not stand in the order in which the device wants them."""
    spec = change_spec_of(platform)
    running, wanted = parse_tree(unchanged_lines(shown)), parse_tree(shown)
    fragment = form_of(spec).parse(shown, "test")
    assert sorted(form_of(spec).commands_between(running, form_of(spec).merge(running, fragment))) == sorted(
        form_of(spec).commands_between(running, wanted)
    )


@pytest.mark.parametrize(
    ("platform", "running", "template", "first"),
    [
        (
            "cisco_xe",
            "ip sla 10\n icmp-echo 192.0.2.1\n frequency 5\nip sla schedule 10 life forever start-time now\n",
            "ip sla 10\n icmp-echo 192.0.2.9\n timeout 1000\n frequency 5\n",
            "icmp-echo 192.0.2.9",
        ),
        ("cisco_ios", "", "ip sla 10\n frequency 5\n icmp-echo 192.0.2.9\n", "icmp-echo 192.0.2.9"),
        (
            "huawei_vrp",
            "nqa test-instance event uplink\n frequency 5\n",
            "nqa test-instance event uplink\n destination-address ipv4 192.0.2.9\n test-type icmp\n",
            "test-type icmp",
        ),
    ],
)
def test_an_operation_has_its_type_before_its_parameters(
    platform: str, running: str, template: str, first: str
) -> None:
    spec, now = change_spec_of(platform), parse_tree(running)
    then = form_of(spec).merge(now, form_of(spec).parse(template, "test"))
    lines = form_of(spec).commands_between(now, then)
    opened = lines.index(template.splitlines()[0])
    assert lines[opened + 1] == first
