"""A simulated Cisco router that prints its configuration in another form than a template is written in: there and
back, with an empty second plan, and to the letter as before; and back from wherever the change broke off."""

from __future__ import annotations

import contextlib
import re
from copy import deepcopy
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.errors import FragmentError
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.known_forms import form_of
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import load_dialect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.state import DeviceState
from tests.lab.console import Console

pytestmark = pytest.mark.slow

#: The version, and whether it prints the numbers of access lists.
VERSIONS = {"03.16.10.S": False, "17.09.04a": True}


@cache
def states() -> dict[str, DeviceState]:
    return healthy_states(list(load_workspace(example_home()).devices))


class Router:
    """A session on a router of a version."""

    def __init__(self, *start: str, version: str = "17.09.04a") -> None:
        state = deepcopy(states()["edge-vh-1"])
        state.version = version
        found = describe("cisco_xe").spec.change
        assert found is not None
        self.spec: ChangeSpec = found
        self.say = Console(SimulatedDevice(state, load_dialect("cisco_xe"), Credentials("netops", "lab-only")))
        self.take(start)

    def read(self) -> Configuration:
        return form_of(self.spec).read({self.spec.read: self.say(self.spec.read)}, device="lab")

    def shown(self, section: str) -> list[str]:
        return [line for line in self.say(f"show running-config | section ^{section}").split("\n") if line.strip()]

    def take(self, lines: tuple[str, ...]) -> None:
        for line in (*self.spec.enter, *lines, *self.spec.leave):
            output = self.say(line)
            refused = [one for one in output.splitlines() if any(re.search(p, one) for p in self.spec.refused)]
            assert not refused, f"{line!r}: {output!r} in {lines}"

    def there_and_back(self, wanted: str, broken: int = 50) -> tuple[str, ...]:
        """The lines that were sent."""
        fragment, before = form_of(self.spec).parse(wanted, "test"), self.read()
        predicted = form_of(self.spec).merge(before.tree, fragment)
        forward = form_of(self.spec).commands_between(before.tree, predicted)
        self.take(forward)
        after = self.read()
        assert form_of(self.spec).equivalent(after.tree, predicted), (forward, after.text)
        assert form_of(self.spec).fingerprint(after.tree) == form_of(self.spec).fingerprint(predicted)
        assert form_of(self.spec).commands_between(after.tree, form_of(self.spec).merge(after.tree, fragment)) == (), (
            after.text
        )
        self.take(form_of(self.spec).commands_between(after.tree, before.tree))
        assert self.read().text == before.text
        self.take(forward[: len(forward) * broken // 100])
        self.take(form_of(self.spec).commands_between(self.read().tree, before.tree))
        assert self.read().text == before.text
        return forward

    def refusal(self, wanted: str) -> str:
        with pytest.raises(FragmentError) as refused:
            form_of(self.spec).merge(self.read().tree, form_of(self.spec).parse(wanted, "test"))
        return str(refused.value)


# --- BGP by address families ----------------------------------------------------------------------------------------

PEERS = ("router bgp 65000", "neighbor 192.0.2.1 remote-as 65001", "neighbor 192.0.2.2 remote-as 65000")
FLAT = "router bgp 65000\n maximum-paths 4\n maximum-paths ibgp 4\n"
FAMILY = "router bgp 65000\n address-family ipv4\n  maximum-paths 4\n  maximum-paths ibgp 4\n"
WANTED = pytest.mark.parametrize("wanted", [FLAT, FAMILY, FAMILY.replace("ipv4", "ipv4 unicast")])


def test_a_router_prints_all_of_bgp_by_families_once_it_has_one() -> None:
    router = Router(*PEERS, "maximum-paths 2", "address-family vpnv4", "neighbor 192.0.2.1 activate")
    assert router.shown("router bgp") == [
        "router bgp 65000",
        " neighbor 192.0.2.1 remote-as 65001",
        " neighbor 192.0.2.2 remote-as 65000",
        " !",
        " address-family ipv4",
        "  neighbor 192.0.2.1 activate",
        "  neighbor 192.0.2.2 activate",
        "  maximum-paths 2",
        " exit-address-family",
        " !",
        " address-family vpnv4",
        "  neighbor 192.0.2.1 activate",
        " exit-address-family",
    ]


@WANTED
@pytest.mark.parametrize(
    "start",
    [
        ("address-family ipv4", "neighbor 192.0.2.1 activate"),
        ("address-family ipv4", "maximum-paths 2"),
        ("maximum-paths 2", "no bgp default ipv4-unicast"),
        ("maximum-paths ibgp 3", "address-family vpnv4", "neighbor 192.0.2.1 activate"),
        ("address-family ipv4 vrf guests", "maximum-paths 8"),
    ],
)
def test_paths_are_set_in_the_family(wanted: str, start: tuple[str, ...]) -> None:
    router = Router(*PEERS, *start)
    forward = router.there_and_back(wanted)
    assert forward[:2] == ("router bgp 65000", "address-family ipv4")
    assert "no address-family ipv4" not in forward


@WANTED
@pytest.mark.parametrize("start", [(), ("maximum-paths 2",), ("network 192.0.2.0 mask 255.255.255.0",)])
def test_paths_are_set_in_the_section_where_there_are_no_families(wanted: str, start: tuple[str, ...]) -> None:
    forward = Router(*PEERS, *start).there_and_back(wanted)
    assert forward == ("router bgp 65000", "maximum-paths 4", "maximum-paths ibgp 4")


def test_a_neighbour_s_route_map_goes_into_the_family_and_its_system_does_not() -> None:
    wanted = "router bgp 65000\n neighbor 192.0.2.1 description event\n neighbor 192.0.2.1 route-map EVENT in\n"
    router = Router(*PEERS, "no bgp default ipv4-unicast", "address-family ipv4", "neighbor 192.0.2.1 activate")
    assert router.there_and_back(wanted) == (
        "router bgp 65000",
        "neighbor 192.0.2.1 description event",
        "address-family ipv4",
        "neighbor 192.0.2.1 route-map EVENT in",
    )


def test_a_neighbour_has_one_route_map_in_each_direction() -> None:
    old = ("neighbor 192.0.2.1 route-map OLD in", "neighbor 192.0.2.1 route-map OTHER out")
    wanted = "router bgp 65000\n neighbor 192.0.2.1 route-map EVENT in\n"
    assert Router(*PEERS, *old).there_and_back(wanted) == ("router bgp 65000", "neighbor 192.0.2.1 route-map EVENT in")


def test_what_is_taken_back_is_taken_back_in_the_family() -> None:
    router = Router(*PEERS, "maximum-paths 2", "no bgp default ipv4-unicast")
    assert router.there_and_back("router bgp 65000\n no maximum-paths 2\n") == (
        "router bgp 65000",
        "address-family ipv4",
        "no maximum-paths 2",
    )


@pytest.mark.parametrize(
    ("wanted", "output"),
    [
        (
            "router bgp 65000\n address-family vpnv4\n  neighbor 192.0.2.1 activate\n",
            "`address-family vpnv4` would convert all of `router bgp 65000` to address families",
        ),
        (
            "router bgp 65000\n address-family ipv4\n  neighbor 192.0.2.1 activate\n",
            "`neighbor 192.0.2.1 activate` is not valid in `router bgp 65000`",
        ),
    ],
)
def test_a_router_is_not_brought_to_families(wanted: str, output: str) -> None:
    assert output in Router(*PEERS).refusal(wanted)


def test_two_values_in_two_forms_contradict_each_other() -> None:
    output = Router(*PEERS).refusal(FLAT + FAMILY.replace(" 4", " 8"))
    assert "are two values of one thing" in output


# --- access lists ---------------------------------------------------------------------------------------------------

HEAD = "ip access-list extended EVENT-VIP"
RULES = ("permit ip 192.0.2.0 0.0.0.127 any", "permit ip 198.51.100.0 0.0.0.255 any")
NUMBERED = f"{HEAD}\n 10 {RULES[0]}\n 20 {RULES[1]}\n"
BARE = f"{HEAD}\n {RULES[0]}\n {RULES[1]}\n"
LIST = pytest.mark.parametrize("wanted", [NUMBERED, BARE])


@LIST
@pytest.mark.parametrize(("version", "numbers"), VERSIONS.items())
@pytest.mark.parametrize(
    "start",
    [
        RULES,
        (f"5 {RULES[0]}", f"7 {RULES[1]}"),
        (*RULES, "deny ip any any"),
        ("remark the event", *RULES),
        ("permit ip host 203.0.113.1 any", *RULES),
    ],
)
def test_the_same_rules_in_the_same_order_are_no_change(
    wanted: str, version: str, numbers: bool, start: tuple[str, ...]
) -> None:
    router = Router(HEAD, *start, version=version)
    assert [line[1].isdigit() for line in router.shown("ip access-list")[1:]] == [numbers] * len(start)
    assert router.there_and_back(wanted) == ()


@LIST
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "start",
    [
        (),
        RULES[:1],
        RULES[1:],
        RULES[::-1],
        ("deny tcp any any",),
        ("permit udp any any", "deny udp any any"),
    ],
)
def test_other_rules_are_a_change(wanted: str, version: str, start: tuple[str, ...]) -> None:
    router = Router(*([HEAD, *start] if start else []), version=version)
    assert router.there_and_back(wanted)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_rule_with_a_number_goes_before_what_would_hide_it(version: str) -> None:
    """One without a number stands behind what is there, and is not said again, as on the device."""
    start = ("deny ip host 192.0.2.1 any", *RULES)
    assert Router(HEAD, *start, version=version).there_and_back(NUMBERED)
    assert Router(HEAD, *start, version=version).there_and_back(BARE) == ()
    start = (RULES[0], "deny ip any any", RULES[1])
    assert Router(HEAD, *start, version=version).there_and_back(NUMBERED)
    assert Router(HEAD, *start, version=version).there_and_back(BARE) == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_rule_without_a_number_is_not_put_where_nothing_reaches_it(version: str) -> None:
    router = Router(HEAD, RULES[0], "deny ip any any", version=version)
    assert f"`{RULES[1]}` would follow `deny ip any any` and never match" in router.refusal(BARE)
    assert router.there_and_back(NUMBERED)


def test_an_older_router_that_has_no_list_yet_prints_what_was_wanted() -> None:
    router = Router(version="03.16.10.S")
    router.there_and_back(NUMBERED)
    assert router.shown("ip access-list") == []
    router.take(router.there_and_back(NUMBERED))
    assert router.shown("ip access-list") == [HEAD, *(f" {rule}" for rule in RULES)]


def test_what_must_not_be_there_is_reported_with_and_without_its_number() -> None:
    for version in VERSIONS:
        for gone in (RULES[0], f"10 {RULES[0]}"):
            router = Router(HEAD, *RULES, version=version)
            sent = router.there_and_back(f"{HEAD}\n no {gone}\n")
            assert len(sent) == 2
            assert sent[1].startswith("no ")


def test_a_number_that_the_device_does_not_print_takes_nothing_back() -> None:
    wanted = f"{HEAD}\n no 10\n"
    assert len(Router(HEAD, *RULES).there_and_back(wanted)) == 2
    output = Router(HEAD, *RULES, version="03.16.10.S").refusal(wanted)
    assert f"the device prints no numbers in `{HEAD}`" in output


RULE = st.sampled_from(
    [f"{word} ip host 192.0.2.{number} any" for word in ("permit", "deny") for number in range(1, 4)]
    + ["permit udp any any eq 53", "deny ip any any", "remark for the event"]
)
LISTS = st.lists(RULE, min_size=1, max_size=5, unique=True)
STEPS = st.sampled_from([0, 1, 5, 10])


def listed(rules: list[str], step: int) -> list[str]:
    return [f"{step * number} {rule}" if step else rule for number, rule in enumerate(rules, 1)]


@given(
    start=st.just([]) | LISTS, wanted=LISTS, steps=st.tuples(STEPS, STEPS), version=st.sampled_from(sorted(VERSIONS)),
    broken=st.integers(0, 100),
)  # fmt: skip
def test_any_list_there_and_back(
    start: list[str], wanted: list[str], steps: tuple[int, int], version: str, broken: int
) -> None:
    router = Router(*([HEAD, *listed(start, steps[0])] if start else []), version=version)
    body = "".join(f" {line}\n" for line in listed(wanted, steps[1]))
    with contextlib.suppress(FragmentError):  # behind what hides it
        router.there_and_back(f"{HEAD}\n{body}", broken)


# --- the type of a class --------------------------------------------------------------------------------------------

CLASS = "class-map match-any EVENT-VOICE\n match dscp ef\n match dscp cs5\n"
POLICY = "policy-map EVENT\n class EVENT-VOICE\n  priority percent 10\n"
ATTACHED = "interface TenGigabitEthernet0/0/0\n service-policy output EVENT\n"


def test_a_class_that_is_not_used_is_made_anew_with_the_other_type() -> None:
    router = Router("class-map match-all EVENT-VOICE", "match dscp ef")
    forward = router.there_and_back(CLASS + POLICY + ATTACHED)
    assert forward[:2] == ("no class-map match-all EVENT-VOICE", "class-map match-any EVENT-VOICE")


@pytest.mark.parametrize(
    ("used", "user"),
    [
        (("policy-map OLD", "class EVENT-VOICE", "priority percent 10"), "policy-map OLD"),
        (("class-map match-any OTHER", "match class-map EVENT-VOICE"), "class-map match-any OTHER"),
    ],
)
def test_a_class_that_is_used_is_for_a_person_to_change(used: tuple[str, ...], user: str) -> None:
    output = Router("class-map match-all EVENT-VOICE", "match dscp ef", *used).refusal(CLASS + POLICY)
    assert f"the device has `class-map match-all EVENT-VOICE`, which keeps its kind while `{user}` uses it" in output
    assert "`no class-map match-all EVENT-VOICE`" in output


def test_a_router_prints_the_type_of_a_class_that_was_made_without_one() -> None:
    router = Router("class-map OTHER", "match dscp ef", "class-map match-any OTHER", "match dscp cs5")
    assert router.shown("class-map") == ["class-map match-all OTHER", " match  dscp ef", " match  dscp cs5"]
    router.take(("no class-map OTHER",))
    assert router.shown("class-map") == []


@pytest.mark.parametrize("kind", ["match-any", "match-all"])
def test_a_class_without_a_type_has_the_one_that_is_there(kind: str) -> None:
    start = (f"class-map {kind} EVENT-VOICE", "match dscp ef", "policy-map OLD", "class EVENT-VOICE", "priority")
    assert Router(*start).there_and_back("class-map EVENT-VOICE\n match dscp ef\n") == ()


def test_a_new_class_without_a_type_matches_all() -> None:
    assert Router().there_and_back("class-map NEW\n match dscp ef\n")[0] == "class-map match-all NEW"
