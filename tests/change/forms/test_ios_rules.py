"""What the rules of the Cisco platforms make of configurations that those print and keep in their own way."""

from __future__ import annotations

import re

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import parse_tree
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec

PLATFORMS = ("cisco_xe", "cisco_9800")

POLICY = """\
policy-map EVENT
 class EVENT-VOICE
  priority percent 10
 class class-default
  fair-queue
"""


@pytest.fixture(params=PLATFORMS)
def spec(request: pytest.FixtureRequest) -> ChangeSpec:
    found = describe(request.param).spec.change
    assert found is not None
    return found


def lines(spec: ChangeSpec, running: str, wanted: str) -> list[str]:
    """What is sent; there and back it comes out as predicted, and only once."""
    now, fragment = parse_tree(running, spec.separators, spec.blank_insensitive), form_of(spec).parse(wanted, "test")
    then = form_of(spec).merge(now, fragment)
    assert form_of(spec).equivalent(form_of(spec).merge(then, fragment), then)
    assert form_of(spec).equivalent(now, then) == (not form_of(spec).commands_between(then, now))
    return list(form_of(spec).commands_between(now, then))


def test_blanks_that_the_device_adds_are_no_difference(spec: ChangeSpec) -> None:
    shown = "class-map match-any EVENT-VOICE\n match  dscp ef \n match  dscp cs3  af31\n"
    typed = "class-map match-any EVENT-VOICE\n match dscp ef\n match dscp cs3 af31\n"
    assert lines(spec, shown, typed) == []
    assert lines(spec, "interface Gi1\n description a  b\n", "interface Gi1\n description a b\n") != []


def test_a_class_that_changes_keeps_its_place(spec: ChangeSpec) -> None:
    wanted = POLICY.replace("percent 10", "percent 20")
    assert lines(spec, POLICY, wanted) == ["policy-map EVENT", "class EVENT-VOICE", "priority percent 20"]


def test_a_new_class_goes_before_the_default_which_stays(spec: ChangeSpec) -> None:
    wanted = "policy-map EVENT\n class EVENT-DATA\n  bandwidth remaining percent 40\n"
    result = ["policy-map EVENT", "class EVENT-DATA", "bandwidth remaining percent 40"]
    assert lines(spec, POLICY, wanted) == result
    now = parse_tree(POLICY)
    after = form_of(spec).merge(now, form_of(spec).parse(wanted, "test"))
    assert list(after["policy-map EVENT"]) == ["class EVENT-VOICE", "class EVENT-DATA", "class class-default"]
    assert list(form_of(spec).commands_between(after, now)) == ["policy-map EVENT", "no class EVENT-DATA"]


def test_classes_in_another_order_are_made_anew_without_the_default(spec: ChangeSpec) -> None:
    now = "policy-map P\n class A\n  priority\n class B\n  fair-queue\n class class-default\n  random-detect\n"
    wanted = "policy-map P\n class B\n  fair-queue\n class A\n  priority\n"
    assert lines(spec, now, wanted) == ["policy-map P", "no class A", "class A", "priority"]


@pytest.mark.parametrize(
    ("running", "wanted", "result"),
    [
        (" delay down 10 up 60\n", " delay down 5 up 30\n", ["delay down 5 up 30"]),
        (" delay up 60\n", " delay down 5 up 30\n", ["delay down 5 up 30"]),
    ],
)
def test_a_tracks_delay_is_one_thing(spec: ChangeSpec, running: str, wanted: str, result: list[str]) -> None:
    head = "track 10 ip sla 10 reachability\n"
    assert lines(spec, head + running, head + wanted) == [head.strip(), *result]


@pytest.mark.parametrize(
    ("running", "wanted", "result"),
    [
        (
            "standby 10 preempt",
            "standby 10 preempt delay minimum 60",
            ["no standby 10 preempt", "standby 10 preempt delay minimum 60"],
        ),
        (
            "standby 10 preempt delay minimum 60",
            "standby 10 preempt",
            ["no standby 10 preempt", "standby 10 preempt"],
        ),
        ("standby 11 preempt", "standby 10 preempt", ["standby 10 preempt"]),
        (
            "service-policy output OLD",
            "service-policy output EVENT",
            ["no service-policy output OLD", "service-policy output EVENT"],
        ),
        ("lacp min-bundle 2", "lacp min-bundle 1", ["no lacp min-bundle 2"]),
        ("mtu 9000", "lacp min-bundle 1", []),
    ],
)
def test_lines_on_an_interface(spec: ChangeSpec, running: str, wanted: str, result: list[str]) -> None:
    here = "interface Port-channel1"
    expected = [here, *result] if result else []
    assert lines(spec, f"{here}\n {running}\n", f"{here}\n {wanted}\n") == expected


@pytest.mark.parametrize(
    "words",
    [
        "% Class-map EVENT-VOICE is being used",
        "% Policy map OLD is already attached",
        "% Invalid input detected at '^' marker.",
        "%Turn config archive on before using Rollback Confirmed Change",
        "%No Rollback Confirmed Change pending",
        "Cannot change tracked object 10 - delete old config first",
    ],
)
def test_what_the_device_did_not_take_is_noticed(spec: ChangeSpec, words: str) -> None:
    assert any(re.search(pattern, words) for pattern in spec.refused)
