"""Configuration trees: lines, negation, replacement, candidates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready_lab.device.configuration.grammar import Grammar, edit
from eventready_lab.device.configuration.store import ConfigStore
from eventready_lab.device.configuration.tree import Layout, Tree, parse_tree
from tests.lab.small_dialects import GRAMMAR

TEXT = """hostname r1
!
interface Gi1
 description uplink
 ip address 10.0.0.1 255.255.255.252
!
router bgp 65000
 address-family ipv4
  neighbor 10.0.0.2 activate
 exit-address-family
!
end"""


def test_a_text_becomes_a_tree_and_the_same_text_again() -> None:
    tree = parse_tree(TEXT)
    assert tree["router bgp 65000"]["address-family ipv4"] == {"neighbor 10.0.0.2 activate": {}}
    again = Layout().text(tree)
    assert parse_tree(again) == tree
    assert again.startswith("hostname r1\ninterface Gi1\n description uplink\n")


def test_sections_end_as_the_platform_ends_them() -> None:
    text = Layout(section_end="exit", end="").text({"interface eth0": {"ip address 10.0.0.1/30": {}}})
    assert text == "interface eth0\n ip address 10.0.0.1/30\nexit\n!"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("no description", {"ip address 10.0.0.1 255.255.255.252": {}}),
        ("no ip address", {"description uplink": {}}),
        ("no shutdown", {"description uplink": {}, "ip address 10.0.0.1 255.255.255.252": {}}),
        ("description edge", {"ip address 10.0.0.1 255.255.255.252": {}, "description edge": {}}),
        ("standby 10 priority 100", {"description uplink": {}, "ip address 10.0.0.1 255.255.255.252": {}}),
    ],
)
def test_a_line_replaces_removes_or_adds(line: str, left: dict[str, object]) -> None:
    tree = parse_tree(TEXT)
    edit(tree, ["interface Gi1"], line, GRAMMAR)
    assert tree["interface Gi1"] == left


def test_a_section_goes_with_all_that_is_in_it() -> None:
    tree = parse_tree(TEXT)
    edit(tree, [], "no interface Gi1", GRAMMAR)
    assert "interface Gi1" not in tree


def test_a_default_takes_the_place_of_what_was_set_and_is_not_shown() -> None:
    tree = parse_tree("interface Gi1\n standby 10 priority 110")
    edit(tree, ["interface Gi1"], "standby 10 priority 100", GRAMMAR)
    assert tree == {"interface Gi1": {}}


def test_removing_from_a_section_that_is_not_there_makes_none() -> None:
    tree = parse_tree(TEXT)
    edit(tree, ["interface Gi9"], "no shutdown", GRAMMAR)
    assert "interface Gi9" not in tree


def store(*, candidate: bool = False) -> tuple[ConfigStore, list[bool]]:
    changes: list[bool] = []
    made = ConfigStore(parse_tree(TEXT), Grammar(), candidate=candidate, changed=lambda one: changes.append(one.saved))
    return made, changes


def test_without_a_candidate_every_line_runs_at_once() -> None:
    config, changes = store()
    config.edit([], "hostname r2")
    assert changes == [False]
    config.save()
    assert changes == [False, True]


def test_a_candidate_runs_when_it_is_committed_and_not_before() -> None:
    config, changes = store(candidate=True)
    config.edit([], "ntp server 10.0.0.9")
    assert config.pending
    assert "ntp server 10.0.0.9" not in config.running
    assert changes == []
    assert config.commit()
    assert "ntp server 10.0.0.9" in config.running
    assert not config.commit()


def test_a_discarded_candidate_leaves_no_trace() -> None:
    config, _ = store(candidate=True)
    config.edit([], "ntp server 10.0.0.9")
    config.discard()
    assert not config.pending
    assert config.candidate == config.running == parse_tree(TEXT)


def test_what_was_replaced_comes_back_whole() -> None:
    config, _ = store()
    before = parse_tree(TEXT)
    config.edit(["interface Gi1"], "no description")
    config.replace(before)
    assert config.running == before
    assert config.saved


def test_an_outdated_configuration_is_not_saved_until_it_is() -> None:
    config, _ = store()
    config.mark_unsaved()
    assert not config.saved
    config.save()
    assert config.saved


WORDS = st.lists(st.sampled_from(["ip", "address", "a", "b", "10"]), min_size=1, max_size=3).map(" ".join)


@given(st.lists(WORDS, max_size=8), WORDS)
def test_a_line_and_its_negation_leave_no_such_line(lines: list[str], line: str) -> None:
    tree: Tree = {known: {} for known in lines}
    edit(tree, [], line, Grammar())
    edit(tree, [], f"no {line}", Grammar())
    assert not any(known == line or known.startswith(line + " ") for known in tree)
