"""Values that a template may write by its form and that harm by their meaning, each with its harmless neighbour."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.change.safety.addresses import KnownAddresses
from eventready.change.safety.objects import refuse_altered_objects
from eventready.change.safety.ranges import LATE, late_line, value_risks
from eventready.change.safety.values import check_values
from eventready.change.safety.way_in import RouteBack, WayIn
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, in_english
from eventready.facts.parsing.routes import Hop
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.conftest import Proved

ACL = "ip access-list extended EVENT-VIP\n 10 permit ip {} any\n"
PBR = "route-map EVENT permit 10\n match ip address EVENT-VIP\n set ip next-hop 10.0.0.1\n"

EXPECT = Expect.model_validate(
    {
        "uplinks": ["GigabitEthernet0/0/0", "GigabitEthernet0/0/9", "GigabitEthernet0/0/0/1", "ge-0/0/3.0"],
        "gateways": [{"group": 10, "interface": "Vlan10", "virtual_ip": "10.9.0.1"}],
    }
)
#: Addresses of the workspace: a portal, and another device.
KNOWN = KnownAddresses(
    {"10.9.0.90": "internet at hall", "10.9.0.80": "bsc-1", "10.9.0.1": "gateway group 10 of edge-2"}
)
#: Running configuration and harmful values by platform.
TABLE = yaml.safe_load(Path(__file__).with_name("harmful_values.yaml").read_text(encoding="utf-8"))
CASES = [
    pytest.param(name, *(row[key] for key in ("lines", "harmful", "words", "harmless")), id=f"{name}-{number}")
    for name, of_platform in TABLE.items()
    for number, row in enumerate(of_platform["values"])
]


@cache
def platform(name: str) -> PlatformSpec:
    return describe(name).spec


def change_of(name: str) -> ChangeSpec:
    spec = platform(name).change
    assert spec is not None
    return spec


def running_of(name: str) -> Tree:
    form, text = form_of(change_of(name)), TABLE[name]["running"]
    if text.endswith("end: yes\n"):
        return form.read({form.spec.read: text}, device="edge-1").tree
    return form.parse(text, "test").tree


def judged(name: str, lines: str) -> str:
    """Words of the refusal, or of the risks."""
    form = form_of(change_of(name))
    running, fragment = running_of(name), form.parse(lines, "test")
    predicted = form.merge(running, fragment) if running else fragment.tree
    device = Device("edge-1", "router", name, "192.0.2.9", expect=EXPECT)
    port = {"juniper_junos": "ge-0/0/1.0", "cisco_xe": "Vlan10", "huawei_vrp": "Vlanif10"}.get(name, "eth1")
    way = WayIn("203.0.113.7", (RouteBack("203.0.113.7", "static", "", (Hop("10.0.0.1", port),)),))
    try:
        risks = map(in_english, check_values(platform(name), device, way, (running, predicted), KNOWN))
        return "\n".join(risk for risk in risks if "has no effect before" not in risk)
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


LATER = [
    ("osmocom_bsc", "network\n bts 0\n  trx 0\n   timeslot 1\n    phys_chan_config TCH/H\n", "base station"),
    ("cisco_9800", "redundancy\n mode rpr\n", "restart of both controllers"),
    ("linux_hostapd", "/etc/hostapd/wlan0.conf\n bss_load_update_period=50\n", "start of hostapd"),
    ("linux_hostapd", "/etc/hostapd/wlan0.conf\n qos_map_set=0,0,2,16,1,1,255,255\n", "start of hostapd"),
]


@pytest.mark.parametrize(("name", "lines", "event"), LATER)
def test_what_takes_effect_later_is_a_risk_with_the_event(name: str, lines: str, event: str) -> None:
    form, running = form_of(change_of(name)), running_of(name)
    trees = running, form.merge(running, form.parse(lines, "test"))
    device = Device("bsc-1", "router", name, "192.0.2.9")
    risks = map(in_english, check_values(platform(name), device, WayIn(), trees, KNOWN))
    (later,) = [risk for risk in risks if "has no effect before" in risk]
    assert event in later
    standing = map(in_english, check_values(platform(name), device, WayIn(), (trees[1],) * 2, KNOWN))
    assert not [risk for risk in standing if "has no effect before" in risk]


GONE = [
    ("cisco_9800", ("redundancy", "mode sso"), "`mode sso` has no effect before the next restart"),
    (
        "linux_hostapd",
        ("/etc/hostapd/w.conf", "qos_map_set=0,0"),
        "`qos_map_set=0,0` has no effect before the next start",
    ),
    ("linux_hostapd", ("/etc/hostapd/w.conf", "bss_load_update_period=50"), ""),
]


@pytest.mark.parametrize(("name", "path", "words"), GONE)
def test_the_removal_of_a_line_with_a_later_effect_is_a_risk_of_its_own(
    name: str, path: tuple[str, str], words: str
) -> None:
    spec, (section, line) = change_of(name), path
    with_it: Tree = {section: {line: {}, "other": {}}}
    without: Tree = {section: {"other": {}}}
    gone = [one for one in value_risks(spec, with_it, without) if one.id in LATE]
    assert [one.id for one in gone] == ["change:risk.later_gone"] * bool(words)
    assert all(words in one.render("en") and late_line(one).render("en") == f"the removal of `{line}`" for one in gone)
    changed: Tree = {section: {re.sub(r"(?<=[ =]).*", "rpr", line): {}, "other": {}}}
    assert [one.id for one in value_risks(spec, with_it, changed) if one.id in LATE] == ["change:risk.later"] * bool(
        words
    ), "the new value says all"


LIVE = [("10", "50"), ("10", "0"), ("0", "")]
UNSTARTED = [("0", "50"), ("", "50")]


@pytest.mark.parametrize(("old", "new"), [*LIVE, *UNSTARTED])
def test_a_load_of_a_cell_that_is_counted_already_changes_at_once(old: str, new: str) -> None:
    def tree(value: str) -> Tree:
        return {"/etc/hostapd/w.conf": {f"bss_load_update_period={value}": {}} if value else {}}

    late = [one.id for one in value_risks(change_of("linux_hostapd"), tree(old), tree(new)) if one.id in LATE]
    assert late == ["change:risk.later"] * ((old, new) in UNSTARTED)


def test_an_object_of_the_same_plan_is_known() -> None:
    lines = f"{ACL.format('host 10.20.0.9')}{PBR}interface Vlan10\n ip policy route-map EVENT\n"
    assert judged("cisco_xe", lines) == ""


def test_what_the_device_has_already_is_not_judged() -> None:
    form, device = form_of(change_of("cisco_xe")), Device("edge-1", "router", "cisco_xe", "192.0.2.9")
    text = "interface Vlan10\n ip address 10.9.0.2 255.255.255.0\n ip policy route-map GONE\n standby 10 ip 10.9.0.2\n"
    running = form.parse(text, "test").tree
    predicted = form.merge(running, form.parse("interface Vlan10\n standby 10 priority 110\n", "test"))
    assert check_values(platform("cisco_xe"), device, WayIn(), (running, predicted), KNOWN) == ()


def test_a_removed_object_that_is_still_named_is_missing() -> None:
    assert "names track 10" in judged("cisco_xe", "no track 10\n")


OTHERS = [
    # platform, lines that alter an object of others, its name, and the same on another number
    ("cisco_xe", "track 10 ip sla 10 reachability\n delay down 5 up 30\n", "track 10",
     "track 11 ip sla 10 reachability\n"),
    ("cisco_xe", "ip sla 10\n icmp-echo 10.0.0.5\n", "ip sla 10", "ip sla 11\n icmp-echo 10.0.0.5\n"),
    ("cisco_xe", "no track 10\n", "track 10", "ip route 0.0.0.0 0.0.0.0 10.0.0.5 track 10\n"),
    ("cisco_xe", "no ip sla schedule 10\n", "ip sla 10", "ip sla 11\n icmp-echo 10.0.0.5\n"),
    ("cisco_xe", "interface Vlan10\n no standby 10 track 10\n", "track 10", "interface Vlan10\n standby 10 preempt\n"),
    ("cisco_xe", "interface Vlan10\n standby 10 track 10 decrement 200\n", "track 10",
     "interface Vlan10\n standby 20 track 10 decrement 200\n"),
    ("huawei_vrp", "acl number 3001\n rule 10 permit ip source 10.21.0.0 0.0.255.255\n", "acl 3001",
     "acl number 3002\n rule 10 permit ip source 10.21.0.0 0.0.255.255\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "lines", "named", "other"), OTHERS)
def test_an_object_of_others_is_used_and_neither_it_nor_its_lines_are_altered(
    proved: Proved, name: str, lines: str, named: str, other: str
) -> None:
    spec, form = change_of(name), form_of(change_of(name))
    running = running_of(name)

    def altered(text: str, *earlier: str, owns: tuple[str, ...] = ()) -> tuple[Message, ...]:
        trees = running, form.merge(running, form.parse(text, "test"))
        return refuse_altered_objects(spec, "edge-1", trees, earlier, owns)

    with pytest.raises(
        RefusedError, match=rf"(?:{named} is on edge-1 already|names {named}), (?:which is|and) not from"
    ):
        altered(lines)
    assert altered(other) == ()
    assert altered(lines, owns=(named,)) == ()
    (risk,) = altered(lines, owns=(f"{named[:-1]}*",))
    assert f"{named} is altered by the right of `{named[:-1]}*`" in in_english(risk)
    assert altered(lines, *(line.strip() for line in TABLE[name]["running"].splitlines())) == ()
    proved("value of a change, and its harmless neighbour", name, lines)
