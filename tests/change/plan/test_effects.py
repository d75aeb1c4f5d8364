"""Effects of a plan on traffic and on the way in."""

from __future__ import annotations

import pytest

from eventready.change.forms.configuration import Configuration
from eventready.change.forms.tree import Tree, parse_tree
from eventready.change.safety.effects import (
    Effects,
    effects_of,
    refuse_effects,
    refuse_way_cut,
    way_risks,
)
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.core.errors import RefusedError
from eventready.core.messages import in_english
from eventready.platforms.loader import describe
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect

EXPECT = {"uplinks": ["Gi0/0"], "gateways": [{"group": 10, "interface": "Vlan1", "protocol": "hsrp"}]}
EDGE = Device(
    name="edge", role="router", platform="cisco_xe", hostname="192.0.2.9", expect=Expect.model_validate(EXPECT)
)
TEXT = (
    "interface Gi0/0\n ip address 10.0.0.2 255.255.255.252\ninterface Gi0/9\n shutdown\n"
    "interface Vlan1\n standby 10 ip 10.9.0.1\n"
    "ip route 0.0.0.0 0.0.0.0 10.0.0.1\nip route 198.51.100.0 255.255.255.0 10.0.0.5 track 7\n"
)


def effects(text: str, platform: str = "cisco_xe") -> Effects:
    change = describe(platform).spec.change
    assert change is not None
    tree: Tree = {line: {} for line in text.splitlines()} if change.form == "paths" else parse_tree(text)
    return effects_of(change.effects, tree)


def test_what_a_configuration_does() -> None:
    found = effects(TEXT)
    assert found.shut == {"Gi0/9"}
    assert found.groups == {("Vlan1", "10")}
    assert {str(prefix): [*hops] for prefix, hops in found.routes.items()} == {
        "0.0.0.0/0": ["10.0.0.1"],
        "198.51.100.0/24": ["10.0.0.5"],
    }


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        ("cisco_xr", "router static\n address-family ipv4 unicast\n  0.0.0.0/0 10.0.0.1 track UP\n"),
        ("frr", "ip route 0.0.0.0/0 10.0.0.1 bfd\n"),
        ("huawei_vrp", "ip route-static 0.0.0.0 0 10.0.0.1 preference 5\n"),
        ("huawei_vrp", "ip route-static 0.0.0.0 0.0.0.0 GigabitEthernet0/0/1 10.0.0.1\n"),
        ("juniper_junos", "set routing-options static route 0.0.0.0/0 qualified-next-hop 10.0.0.1 preference 5\n"),
        ("mikrotik_routeros", "/ip route dst-address=0.0.0.0/0 gateway=10.0.0.1 routing-table=main\n"),
        ("cisco_ios", "ip route 0.0.0.0 0.0.0.0 Dialer1 10.0.0.1 200\n"),
    ],
)
def test_the_default_route_of_each_platform(platform: str, text: str) -> None:
    ((prefix, hops),) = effects(text, platform).routes.items()
    assert (str(prefix), [*hops]) == ("0.0.0.0/0", ["10.0.0.1"])


@pytest.mark.parametrize(
    "text",
    [
        "ip route vrf RED 0.0.0.0 0.0.0.0 10.0.0.1\n",
        "ip route 0.0.0.0 0.0.0.0 Null0\n",
        "ip route 0.0.0.300 0.0.0.0 10.0.0.1\n",
        "vrf RED\n ip route 0.0.0.0 0.0.0.0 10.0.0.1\n",
    ],
)
def test_a_route_that_leads_nowhere_or_elsewhere_is_none(text: str) -> None:
    assert not effects(text).routes


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" ip address 10.0.0.2", " shutdown\n ip address 10.0.0.2", "Gi0/0 of edge would be shut"),
        (" standby 10 ip 10.9.0.1\n", "", "edge would be no member of gateway group 10 on Vlan1"),
        ("ip route 0.0.0.0 0.0.0.0 10.0.0.1\n", "", r"no next hop \(now: 10\.0\.0\.1\)"),
        ("0.0.0.0 0.0.0.0 10.0.0.1", "0.0.0.0 0.0.0.0 Null0", r"no next hop \(now: 10\.0\.0\.1\)"),
    ],
)
def test_what_is_expected_stays(old: str, new: str, message: str) -> None:
    now, then = effects(TEXT), effects(TEXT.replace(old, new))
    refuse_effects(EDGE, now, now)
    refuse_effects(EDGE, then, then)  # it was so before
    with pytest.raises(RefusedError, match=message):
        refuse_effects(EDGE, now, then)


@pytest.mark.parametrize(
    ("us", "old", "new", "refused"),
    [
        ("203.0.113.7", "10.0.0.1", "10.0.0.77", True),
        ("203.0.113.7", "10.0.0.5", "10.0.0.77", False),
        ("203.0.113.7", "10.0.0.1\n", "10.0.0.1\nip route 203.0.113.0 255.255.255.0 10.0.0.77\n", True),
        ("203.0.113.7", "10.0.0.1\n", "10.0.0.1\nip route 0.0.0.0 0.0.0.0 10.0.0.77\n", False),
        ("198.51.100.7", "10.0.0.5", "10.0.0.77", True),
        ("198.51.100.7", "10.0.0.1", "10.0.0.77", False),
        ("", "10.0.0.1", "10.0.0.77", False),
    ],
)
def test_the_way_back_to_us_keeps_a_next_hop(us: str, old: str, new: str, refused: bool) -> None:
    now, then = effects(TEXT), effects(TEXT.replace(old, new, 1))
    if not refused:
        refuse_way_cut(EDGE, us, now, then)
        return
    with pytest.raises(RefusedError, match=rf"way back to {us}, from which edge is configured: its route is `ip route"):
        refuse_way_cut(EDGE, us, now, then)


def test_a_new_condition_of_the_way_back_is_a_risk() -> None:
    now, then = effects(TEXT), effects(TEXT.replace("10.0.0.1\n", "10.0.0.1 track 10\n"))
    (risk,) = way_risks("203.0.113.7", now, then)
    assert in_english(risk).endswith("depends on `ip route 0.0.0.0 0.0.0.0 10.0.0.1 track 10` after the change.")
    assert not [*way_risks("198.51.100.7", now, then), *way_risks("", now, then)]


RUNNING = """\
interface Gi0/9
 ip address 192.0.2.9 255.255.255.0
 service-policy input EVENT-COPP
policy-map EVENT-COPP
 class EVENT-SSH
class-map match-any EVENT-SSH
 match access-group name EVENT-SOURCES
line vty 0 4
 access-class EVENT-VTY in
"""


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("ip access-list extended EVENT-VTY", "line vty 0 4"),
        ("no ip access-list extended EVENT-VTY", "line vty 0 4"),
        ("policy-map EVENT-COPP", "interface Gi0/9"),
        ("class-map match-any EVENT-SSH", "policy-map EVENT-COPP"),
        ("ip access-list extended EVENT-SOURCES", "class-map match-any EVENT-SSH"),
        ("ip access-list extended EVENT-VIP", ""),
    ],
)
def test_objects_that_the_way_in_uses_stay_as_they_are(line: str, user: str) -> None:
    """Also one that does not exist yet, and one that is used through others; the refusal names the user."""
    running = Configuration(parse_tree(RUNNING), RUNNING, "")
    spec = describe("cisco_xe").spec
    if not user:
        refuse_forbidden(spec, [line], device="edge", running=running, address="192.0.2.9")
        return
    with pytest.raises(RefusedError, match=f"is reached: `{user}` uses it"):
        refuse_forbidden(spec, [line], device="edge", running=running, address="192.0.2.9")
