"""What a change takes down for a moment: an engineer must know before it is approved."""

from __future__ import annotations

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import parse_tree
from eventready.platforms.loader import describe
from tests.change.forms.reference_device import spec


@pytest.mark.parametrize(
    ("now", "then", "taken_down"),
    [
        ("sla 1\n owner a\n", "sla 1\n owner b\n", [("sla 1",)]),
        ("sla 1\n owner a\n", "sla 1\n owner a\nlog\n", []),
        ("cmap any a\n match a\n", "cmap all a\n match a\n", [("cmap any a",)]),
        ("cmap any a\n group a\n", "cmap any a\n group b\n", [("cmap any a", "group a")]),
        ("level a fast\n", "level a slow\n", []),
        ("probe 1\n to a\n go\n", "probe 1\n to b\n go\n", [("probe 1",)]),
        ("probe 1\n to a\n", "probe 1\n to b\n go\n", []),
        ("acl a\n permit a\n deny b\n", "acl a\n deny b\n permit a\n", [("acl a", "permit a")]),
        ("acl a\n permit a\n", "acl a\n permit a\n deny b\n", []),
        # Elsewhere the same words are another setting.
        ("interface one\n shut\ninterface two\n", "interface one\ninterface two\n shut\n", []),
    ],
)
def test_what_is_taken_down(now: str, then: str, taken_down: list[tuple[str, ...]]) -> None:
    before, after = parse_tree(now), parse_tree(then)
    assert list(form_of(spec()).recreated(before, after)) == taken_down
    lines = form_of(spec()).commands_between(before, after)
    for path in taken_down:
        stopped = path[-1].startswith("probe ")
        assert ("no go" if stopped else f"no {path[-1]}") in lines


def test_a_gateway_whose_preemption_changes() -> None:
    found = describe("cisco_xe").spec.change
    assert found is not None
    head = "interface GigabitEthernet0/0/1"
    now = parse_tree(f"{head}\n standby 10 preempt\n standby 10 priority 90\n")
    then = parse_tree(f"{head}\n standby 10 preempt delay minimum 60\n standby 10 priority 110\n")
    assert form_of(found).recreated(now, then) == ((head, "standby 10 preempt"),)
