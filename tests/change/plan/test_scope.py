"""The sections of a plan: written, read, and named by these. A change elsewhere is told, and voids nothing."""

from __future__ import annotations

import copy
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.document import PlannedDevice, PlannedGuard
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, parse_tree
from eventready.change.plan.scope import drift_since, planned_scope, restored
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.store.change_steps import Drift

RUNNING = """\
hostname r1
logging buffered 1000000
username admin secret
track 10 ip sla 10 reachability
ip prefix-list customers seq 5 permit 203.0.113.0/24
ip prefix-list others seq 5 permit 198.51.100.0/24
route-map to-provider permit 10
 match ip address prefix-list customers
route-map unused permit 10
 match ip address prefix-list others
class-map match-any voice
 match dscp ef
policy-map night
 class voice
  priority percent 10
interface Loopback0
 ip address 10.255.0.1 255.255.255.255
interface TenGigabitEthernet0/0/0
 description to core-1 TenGigabitEthernet0/0/1
 ip address 10.0.0.14 255.255.255.252
interface TenGigabitEthernet0/0/1
 ip address 10.0.0.18 255.255.255.252
interface GigabitEthernet0/1/1
 ip address 192.0.2.2 255.255.255.0
 ip access-group guests in
 standby 10 ip 192.0.2.1
 standby 10 priority 110
ip access-list extended guests
 permit ip any any
ip access-list extended others
 permit ip any any
ip sla 10
 icmp-echo 10.0.0.13 source-interface TenGigabitEthernet0/0/0
ip sla 20
 icmp-echo 10.0.0.17 source-interface TenGigabitEthernet0/0/1
router bgp 65001
 neighbor 10.0.0.13 remote-as 64500
 neighbor 10.0.0.13 route-map to-provider out
ip route 0.0.0.0 0.0.0.0 10.0.0.13 track 10
ip route 203.0.113.0 255.255.255.0 Null0
ntp server 10.255.255.1
snmp-server location hall
"""
#: Lines of a template: the group, the session with the provider, a policy.
WANTED = """\
interface GigabitEthernet0/1/1
 standby 10 priority 120
 standby 10 track 10 decrement 30
 service-policy output night
router bgp 65001
 maximum-paths 2
"""
OWN = (
    "track 10 ip sla 10 reachability",
    "ip prefix-list customers seq 5 permit 203.0.113.0/24",
    "route-map to-provider permit 10",
    "class-map match-any voice",
    "policy-map night",
    "interface TenGigabitEthernet0/0/0",
    "interface GigabitEthernet0/1/1",
    "ip access-list extended guests",
    "ip sla 10",
    "router bgp 65001",
)
OTHERS = (
    "logging buffered 1000000",
    "username admin secret",
    "ip prefix-list others seq 5 permit 198.51.100.0/24",
    "ip access-list extended others",
    "route-map unused permit 10",
    "interface Loopback0",
    "interface TenGigabitEthernet0/0/1",
    "ntp server 10.255.255.1",
    "snmp-server location hall",
)


def spec_of(platform: str = "cisco_xe") -> ChangeSpec:
    spec = describe(platform).spec.change
    assert spec is not None
    return spec


FORM = form_of(spec_of())


def planned(form: ConfigurationForm, running: Tree, fragment: Fragment) -> tuple[PlannedDevice, Tree]:
    """The part of a device, and its configuration after the change."""
    target = form.merge(running, fragment)
    scope, outside = planned_scope(form, running, target, fragment)
    part = PlannedDevice(
        name="r1", platform="cisco_xe", endpoint="r1", venues=("hall",), intents=("backup",),
        guard=PlannedGuard(kind="inverse", protects="", gap=""), before="0" * 64, predicted="0" * 64,
        forward=form.commands_between(running, target), backward=form.commands_between(target, running),
        fragment=fragment.text, diff=(), risks=(), scope=scope, outside=outside,
    )  # fmt: skip
    return part, target


def drift_of(form: ConfigurationForm, text: str, part: PlannedDevice, running: Tree) -> Drift | None:
    fragment = form.parse(text, "test")
    return drift_since(
        form, Configuration(running, "", "1" * 64), fragment, part, lambda tree: form.merge(tree, fragment)
    )


def with_another_line(running: Tree, section: str, chance: Random) -> Tree:
    """The configuration after a stranger's work in a section: a line more, a line less, or no section."""
    tree = copy.deepcopy(running)
    deeds = ["add", "remove", "delete"] if tree[section] else ["delete"]
    match chance.choice(deeds):
        case "add":
            tree[section][f"description {chance.randrange(10**6)}"] = {}
        case "remove":
            del tree[section][chance.choice(list(tree[section]))]
        case "delete":
            del tree[section]
    return tree


@given(section=st.sampled_from(OTHERS), seed=st.integers(0, 2**32 - 1))
def test_a_change_elsewhere_is_reported_and_voids_nothing(section: str, seed: int) -> None:
    running = parse_tree(RUNNING)
    part, _target = planned(FORM, running, FORM.parse(WANTED, "test"))
    found = with_another_line(running, section, Random(seed))
    drift = drift_of(FORM, WANTED, part, found)
    assert drift == (Drift(changed=(section,)) if section in found else Drift(gone=1))
    target = FORM.merge(found, FORM.parse(WANTED, "test"))
    assert FORM.commands_between(found, target) == part.forward
    back = FORM.merge(target, FORM.parse("", "test"))
    assert back.get(section) == found.get(section), "the way back leaves the stranger's work"
    assert FORM.commands_between(target, found) == part.backward


@given(section=st.sampled_from(OWN), seed=st.integers(0, 2**32 - 1))
def test_a_change_in_a_section_of_the_plan_voids_it(section: str, seed: int) -> None:
    running = parse_tree(RUNNING)
    part, _target = planned(FORM, running, FORM.parse(WANTED, "test"))
    assert drift_of(FORM, WANTED, part, with_another_line(running, section, Random(seed))) is None


@given(sections=st.sets(st.sampled_from(OTHERS), max_size=3), seed=st.integers(0, 2**32 - 1))
def test_a_change_is_undone_among_the_work_of_others(sections: set[str], seed: int) -> None:
    old = parse_tree(RUNNING)
    new = FORM.merge(old, FORM.parse(WANTED, "test"))
    after, expected, chance = new, old, Random(seed)
    for section in sorted(sections):
        after = with_another_line(after, section, chance)
        expected = {line: beneath for line, beneath in expected.items() if line != section}
        expected |= {section: after[section]} if section in after else {}
    assert restored(after, new, old) == expected
    assert restored(new, new, old) == old


def test_new_sections() -> None:
    running = parse_tree(RUNNING)
    part, _target = planned(FORM, running, FORM.parse(WANTED, "test"))
    drift = drift_of(FORM, WANTED, part, {**running, "logging host 192.0.2.9": {}})
    assert drift == Drift(new=("logging host 192.0.2.9",))
    assert drift is not None
    assert drift.summary.render("en") == "outside of the plan's sections: + logging host 192.0.2.9"
    named = {**running, "ip prefix-list customers seq 10 permit 192.0.2.0/24": {}}
    assert drift_of(FORM, WANTED, part, named) is None, "a list that the plan depends on"


def test_another_way_out_belongs_to_a_default_route() -> None:
    running = parse_tree(RUNNING)
    text = "ip route 0.0.0.0 0.0.0.0 10.0.0.17 200\n"
    part, _target = planned(FORM, running, FORM.parse(text, "test"))
    assert drift_of(FORM, text, part, {**running, "ip route 0.0.0.0 0.0.0.0 10.0.0.21 250": {}}) is None
    assert drift_of(FORM, text, part, {**running, "ip route 172.16.0.0 255.240.0.0 Null0": {}}) is not None


def test_a_long_drift_is_shortened() -> None:
    drift = Drift(tuple(f"interface Vlan{number}" for number in range(9)), (), 3)
    assert drift.summary.render("en").endswith("; ~ interface Vlan4; (+4); - (3)")


def test_statements_with_the_same_beginning_are_one_section() -> None:
    form = form_of(spec_of("juniper_junos"))
    text = "set interfaces ae1 unit 0 family inet address 192.0.2.2/24 vrrp-group 10 priority 110\n"
    answer = f"{text}set interfaces ae2 mtu 9000\nset system services ssh\n"
    running = form.read({"": answer}, device="r1").tree
    wanted = text.replace("110", "120")
    part, _target = planned(form, running, form.parse(wanted, "test"))
    changed: Tree = {**running, "set interfaces ae1 description x": {}}
    assert drift_of(form, wanted, part, changed) is None
    changed = {**running, "set system services netconf ssh": {}}
    assert drift_of(form, wanted, part, changed) == Drift(changed=("set system services",))


@pytest.mark.parametrize("platform", ["huawei_mml", "linux"])
def test_a_reading_of_the_plans_objects_counts_as_a_whole(platform: str) -> None:
    form = form_of(spec_of(platform))
    assert planned_scope(form, {"x": {}}, {"y": {}}, form.parse("", "test")) == ("", {})


def test_the_way_back_depends_on_sections_that_only_the_old_lines_name() -> None:
    text = "interface GigabitEthernet0/0/1\n ip policy route-map NEW\n"
    maps: Tree = {f"route-map {name} permit 10": {"set ip next-hop 192.0.2.1": {}} for name in ("OLD", "NEW")}
    was: Tree = {"interface GigabitEthernet0/0/1": {"ip policy route-map OLD": {}}, **maps}
    now: Tree = {"interface GigabitEthernet0/0/1": {"ip policy route-map NEW": {}}, **maps}
    fragment = FORM.parse(text, "test")
    scope, outside = planned_scope(FORM, now, was, fragment)
    part = planned(FORM, was, fragment)[0].model_copy(update={"scope": scope, "outside": outside})
    running = Configuration({**now, "logging host 192.0.2.77": {}}, "", "1" * 64)
    restoring = partial(restored, new=now, old=was)
    assert drift_since(FORM, running, fragment, part, restoring) == Drift(new=("logging host 192.0.2.77",))
    merging = partial(FORM.merge, fragment=fragment)
    assert drift_since(FORM, running, fragment, part, merging) is None, "the fragment alone does not name the old map"
