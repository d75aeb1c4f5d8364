"""The soak: the longest dead or hold time of what a change touches, as the device's own configuration has it."""

from __future__ import annotations

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import parse_tree
from eventready.change.times import soak_of
from eventready.core.messages import in_english
from eventready.platforms.loader import allows, describe

OSPF = "interface eth1\n ip ospf area 0\n{lines}router ospf\n maximum-paths 2\n"
BGP = "router bgp 65001\n{lines} neighbor 192.0.2.1 remote-as 65002\n"
QUICK_BGP = BGP.format(lines=" timers bgp 10 30\n")
WEIGHT = " neighbor 192.0.2.1 weight 5\n"
VRF = "router bgp 65001 vrf guest\n neighbor 192.0.2.5 remote-as 65009\n"
VRP_BGP = "bgp 65001\n timer keepalive 10 hold 30\n peer 192.0.2.1 as-number 65002\n"
XE = "interface Gi1\n standby 10 ip 192.0.2.254\n{lines}"
XR = "router ospf 1\n area 0\n  interface TenGigE0/0/0/1\n   cost 10\n{lines}"
JUNOS = "set system host-name r1\n"
VRP = "interface Vlanif10\n vrrp vrid 10 virtual-ip 192.0.2.254\n{lines}"


@pytest.mark.parametrize(
    ("platform", "before", "after", "seconds", "reason"),
    [
        ("frr", OSPF.format(lines=""), OSPF.format(lines=" ip ospf hello-interval 3\n"), 40, "OSPF dead interval"),
        ("frr", OSPF.format(lines=" ip ospf dead-interval 200\n"), OSPF.format(lines=""), 200, "dead-interval 200"),
        ("frr", OSPF.format(lines=""), OSPF.format(lines=" ip ospf hello-interval 30\n"), 120, "hello-interval 30"),
        ("frr", OSPF.format(lines=""), OSPF.format(lines=" description x\n"), 10, "the minimum"),
        (
            "frr",
            BGP.format(lines=""),
            BGP.format(lines=WEIGHT),
            180,
            "BGP hold time by default",
        ),
        ("frr", BGP.format(lines=""), BGP.format(lines=" timers bgp 80 240\n"), 240, "timers bgp 80 240"),
        ("frr", QUICK_BGP, QUICK_BGP + WEIGHT, 30, "timers bgp 10 30"),
        ("frr", BGP.format(lines=""), BGP.format(lines=" maximum-paths 4\n"), 10, "the minimum"),
        ("cisco_xe", BGP.format(lines=""), BGP.format(lines=" maximum-paths ibgp 4\n"), 10, "the minimum"),
        ("cisco_xe", BGP.format(lines=""), BGP.format(lines=" maximum-paths 4\n timers bgp 5 20\n"), 180, "BGP hold"),
        ("huawei_vrp", VRP_BGP, VRP_BGP + " maximum load-balancing 4\n", 10, "the minimum"),
        ("cisco_xe", QUICK_BGP, QUICK_BGP + " neighbor 192.0.2.1 timers 20 60\n", 60, "timers 20 60"),
        ("frr", QUICK_BGP + VRF, QUICK_BGP + VRF + " neighbor 192.0.2.5 weight 5\n", 180, "BGP hold time by default"),
        ("huawei_vrp", VRP_BGP, VRP_BGP + " peer 192.0.2.1 preferred-value 5\n", 30, "hold 30"),
        ("cisco_xe", "track 1\n delay down 180\n", "track 1\n delay down 180\n object 2\n", 180, "delay down 180"),
        ("cisco_xe", XE.format(lines=""), XE.format(lines=" standby 10 priority 120\n"), 10, "the minimum"),
        ("frr", "", "bfd\n profile E\n  detect-multiplier 50\n  transmit-interval 500\n", 25, "detect-multiplier 50"),
        ("frr", "", "bfd\n profile E\n  detect-multiplier 50\n", 15, "detect-multiplier 50"),
        ("frr", "", "bfd\n profile E\n  receive-interval 5000\n", 15, "receive-interval 5000"),
        ("huawei_vrp", "", "nqa test-instance a b\n frequency 5\n probe-count 15\n", 60, "probe-count 15"),
        ("cisco_xe", XE.format(lines=""), XE.format(lines=" standby 10 timers 5 25\n"), 25, "standby 10 timers 5 25"),
        ("cisco_xe", "", "ip sla 10\n icmp-echo 192.0.2.1\n  frequency 30\n", 60, "frequency 30"),
        (
            "huawei_vrp",
            VRP.format(lines=""),
            VRP.format(lines=" vrrp vrid 10 timer advertise 20\n"),
            60,
            "advertise 20",
        ),
        ("cisco_ios", "", "ip sla 10\n icmp-echo 192.0.2.1\n  frequency 30\n", 60, "frequency 30"),
        ("cisco_xe", "interface Gi1\n", "interface Gi1\n ip mtu 1400\n", 40, "OSPF dead interval"),
        ("cisco_xr", XR.format(lines=""), XR.format(lines="   hello-interval 20\n"), 80, "hello-interval 20"),
        ("cisco_xr", XR.format(lines=""), XR.format(lines="   dead-interval 55\n"), 55, "dead-interval 55"),
        ("juniper_junos", JUNOS, JUNOS + "set protocols bgp group x hold-time 30\n", 90, "BGP hold time by default"),
        (
            "juniper_junos",
            JUNOS,
            JUNOS + "set protocols ospf area 0 interface ae0 dead-interval 60\n",
            60,
            "dead-inter",
        ),
        ("mikrotik_routeros", "", "/ip route dst-address=0.0.0.0/0\n check-gateway=ping\n", 20, "two gateway checks"),
        ("osmocom_bsc", "network\n bts 0\n", "network\n bts 0\n  handover 0\n", 10, "the minimum"),
        ("osmocom_bsc", "network\n bts 0\n", "network\n bts 0\n  rach tx integer 8\n", 30, "read again by phones"),
        ("huawei_mml", "MOD CELLIDLEBASIC: IDX=1\n CRO=2\n", "MOD CELLIDLEBASIC: IDX=1\n CRO=4\n", 30, "broadcast"),
        ("huawei_enb", "MOD X: ID=1\n SNONINTRASEARCH=2\n", "MOD X: ID=1\n SNONINTRASEARCH=4\n", 41, "modification"),
    ],
)
def test_the_longest_time_of_what_is_touched(
    platform: str, before: str, after: str, seconds: float, reason: str
) -> None:
    spec = describe(platform).spec.change
    assert spec is not None
    for one, other in ((before, after), (after, before)):  # there and back
        soak = soak_of(form_of(spec), parse_tree(one), parse_tree(other), 10)
        assert soak.seconds == seconds
        assert reason in in_english(soak.reason)


XE_BGP = "  BGP state = {state}\n  Last read 00:00:12, last write 00:00:43, hold time is {s}, keepalive interval is 9\n"
XR_BGP = "  BGP state = {state}\n  Last read 00:00:36\n  Hold time is {s}, keepalive interval is 9 seconds\n"
FRR_BGP = "  BGP state = {state}, up for 00:00:26\n  Hold time is {s} seconds, keepalive interval is 9 seconds\n"
VRP_SHOWN = "\t Negotiated: Active Hold Time: {s} sec\tKeepalive Time: 9 sec\n"
UP, DOWN = "Established", "Idle"


@pytest.mark.parametrize(
    ("platform", "before", "after", "answer", "seconds"),
    [
        ("frr", BGP.format(lines=""), WEIGHT, FRR_BGP.format(state=UP, s=27), 27),
        (
            "frr",
            BGP.format(lines=""),
            WEIGHT,
            FRR_BGP.format(state=UP, s=27) * 2 + FRR_BGP.format(state=UP, s=45),
            45,
        ),
        (
            "frr",
            BGP.format(lines=" timers bgp 80 240\n"),
            WEIGHT,
            FRR_BGP.format(state=UP, s=90),
            90,
        ),
        ("frr", BGP.format(lines=""), " timers bgp 20 60\n", FRR_BGP.format(state=UP, s=27), 60),
        ("frr", BGP.format(lines=""), WEIGHT, FRR_BGP.format(state=DOWN, s=27), 180),
        ("frr", BGP.format(lines=""), WEIGHT, "", 180),
        ("cisco_xe", BGP.format(lines=""), WEIGHT, XE_BGP.format(state=UP, s=27), 27),
        ("cisco_xe", BGP.format(lines=""), WEIGHT, XE_BGP.format(state=DOWN, s=27), 180),
        ("cisco_xr", BGP.format(lines=""), WEIGHT, XR_BGP.format(state=UP, s=27), 27),
        ("huawei_vrp", "bgp 65001\n", " peer 192.0.2.1 preferred-value 5\n", VRP_SHOWN.format(s=27), 27),
        ("juniper_junos", JUNOS, "set protocols bgp group x multipath\n", "  Active Holdtime: 27\n", 27),
    ],
)
def test_a_negotiated_time_goes_before_configured_and_default(
    platform: str, before: str, after: str, answer: str, seconds: float
) -> None:
    spec = describe(platform).spec
    assert spec.change is not None
    commands: list[str] = []

    def ask(command: str) -> str:
        commands.append(command)
        return answer

    soak = soak_of(form_of(spec.change), parse_tree(before), parse_tree(before + after), 10, ask)
    assert (soak.seconds, len(commands)) == (seconds, 1)
    assert allows(spec, commands[0]), "a plan only reads"
