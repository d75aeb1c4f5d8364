"""What a fragment makes of a configuration, and what it may not ask for."""

from __future__ import annotations

import pytest

from eventready.change.errors import FragmentError
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, parse_tree
from tests.change.forms.reference_device import spec


def merged(running: str, wanted: str) -> Tree:
    return form_of(spec()).merge(parse_tree(running), form_of(spec()).parse(wanted, "templates/x.j2"))


@pytest.mark.parametrize("taken_back", ["no interface one", "no interface"])
def test_a_section_that_is_always_there_is_not_removed(taken_back: str) -> None:
    with pytest.raises(FragmentError, match=r"templates/x\.j2: `interface one` cannot be removed"):
        merged("interface one\n policy a\n", taken_back)


def test_a_section_is_not_made_for_what_must_not_stand_in_it() -> None:
    running = "interface one\n"
    assert merged(running, "router 1\n no paths 2\n family a\n  no net a\n") == parse_tree(running)
    assert merged(running, "router 1\n no paths 2\n peer a\n") == parse_tree(f"{running}router 1\n peer a\n")
    assert merged("router 1\n paths 2\n", "router 1\n no paths 2\n") == {"router 1": {}}


def test_a_name_cut_short_makes_no_section() -> None:
    """`int one` would open it on the device, beside all rules for `interface one`."""
    with pytest.raises(FragmentError, match=r"`int one` is not known to open a section"):
        merged("interface one\n", "int one\n shut\n")


def test_a_section_of_the_devices_own_may_be_changed() -> None:
    assert merged("odd thing\n a\n", "odd thing\n b\n") == {"odd thing": {"a": {}, "b": {}}}


def test_what_a_negation_hides_is_not_shown_when_it_is_set_again() -> None:
    running, wanted = "interface one\n no shut\n policy a\n", "interface one\n shut\n"
    now, then = parse_tree(running), merged(running, wanted)
    assert then == {"interface one": {"policy a": {}}}
    assert form_of(spec()).commands_between(now, then) == ("interface one", "shut", "exit")
    assert form_of(spec()).commands_between(then, now) == ("interface one", "no shut", "exit")


def test_an_order_that_changes_is_a_change() -> None:
    running, wanted = "acl a\n permit a\n deny b\n permit c\n", "acl a\n permit c\n permit a\n"
    then = merged(running, wanted)
    assert list(then["acl a"]) == ["deny b", "permit c", "permit a"]
    assert form_of(spec()).commands_between(parse_tree(running), then) == ("acl a", "no permit a", "permit a", "exit")


def test_an_interface_stands_after_all_that_intents_define_for_it() -> None:
    """Whichever intent speaks of it first."""
    one = form_of(spec()).parse("interface one\n shut\n", "one")
    other = form_of(spec()).parse("acl a\n permit a\ninterface one\n policy a\n", "other")
    assert list(form_of(spec()).join([one, other]).tree) == ["acl a", "interface one"]
    assert list(form_of(spec()).join([one, other]).tree["interface one"]) == ["shut", "policy a"]
