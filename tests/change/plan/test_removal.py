"""Removal of the lines of a plan from today's configuration: exact, and without the lines of others."""

from __future__ import annotations

import pytest

from eventready.change.document import PlannedDevice
from eventready.change.errors import FragmentError
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, copy_tree
from eventready.change.plan.removal import Kept, Removal
from tests.change.fake_device import FRAGMENT, OLD, SPEC
from tests.change.plan.test_judged_values import TABLE, change_of, running_of
from tests.change.plans import planned

PART = PlannedDevice.model_validate(planned())


def taken(form: ConfigurationForm, old: Tree, new: Tree, now: Tree) -> tuple[Tree, tuple[Kept, ...]]:
    """Today's configuration after the removal, and the lines that stay."""
    before = copy_tree(now)
    fragment, kept = Removal(old, new, PART).fragment(form, now)
    assert now == before
    return form.merge(now, fragment), kept


ROWS = [
    pytest.param(name, row["lines"].format(row["harmless"]), id=f"{name}-{number}")
    for name, of_platform in TABLE.items()
    for number, row in enumerate(of_platform["values"])
    if row["harmless"]
]


@pytest.mark.parametrize(("name", "lines"), ROWS)
def test_nothing_is_left_of_an_untouched_plan(name: str, lines: str) -> None:
    """On every platform, for the lines of its intents."""
    form, old = form_of(change_of(name)), running_of(name)
    if not old:
        pytest.skip("the platform reads the objects of the plan only")
    new = form.merge(old, form.parse(lines, "test"))
    now, kept = taken(form, old, new, new)
    assert not kept
    assert form.equivalent(now, old)


BOX = form_of(SPEC)
BEFORE = BOX.read({"show run": OLD}, device="edge-1").tree
AFTER = BOX.merge(BEFORE, BOX.parse(FRAGMENT, "test"))


def text(tree: Tree, depth: int = 0) -> str:
    return "".join(f"{' ' * depth}{line}\n{text(beneath, depth + 1)}" for line, beneath in tree.items())


@pytest.mark.parametrize(
    ("change", "then", "stays"),
    [
        # others added lines beside: they stay
        ("interface Gi1\n standby 10 track 5\n", "interface Gi1\n standby 10 track 5\n", {}),
        ("interface Gi2\n shutdown\nntp server 10.0.0.9\n", "interface Gi2\n shutdown\nntp server 10.0.0.9\n", {}),
        # others set another value: theirs stays
        ("interface Gi1\n standby 10 priority 120\n", "interface Gi1\n standby 10 priority 120\n",
         {"standby 10 priority 110": "others set `standby 10 priority 120` since"}),
        # others took a line away, or set the value before: nothing to do
        ("interface Gi1\n no standby 10 preempt\n", "", {}),
        ("interface Gi1\n standby 10 priority 100\n", "", {}),
        ("no ip route 0.0.0.0 0.0.0.0 10.0.2.1 200\n", "", {}),
        # others removed the setting, which the plan had replaced
        ("interface Gi1\n no standby 10 priority 110\n", "interface Gi1\n no standby 10 priority 100\n",
         {"standby 10 priority 110": "others removed or replaced its section since"}),
    ],
)  # fmt: skip
def test_lines_of_others_stay(change: str, then: str, stays: dict[str, str]) -> None:
    """A line that others changed is left out and named, with today's."""
    now = BOX.merge(AFTER, BOX.parse(change, "test"))
    found, kept = taken(BOX, BEFORE, AFTER, now)
    assert BOX.equivalent(found, BOX.merge(BEFORE, BOX.parse(then, "test"))), text(found)
    assert {one.line: one.reason.render("en") for one in kept if not isinstance(one.reason, str)} == stays
    assert all(one.risk.render("vi") for one in kept)


def test_a_section_with_lines_of_others_stays_without_those_of_the_plan() -> None:
    """The section was made by the plan; others use it since."""
    form, old = form_of(change_of("cisco_xe")), running_of("cisco_xe")
    new = form.merge(old, form.parse("track 77 ip sla 10 reachability\n delay down 3\n", "test"))
    now = form.merge(new, form.parse("track 77 ip sla 10 reachability\n delay up 9\n", "test"))
    found, kept = taken(form, old, new, now)
    assert "track 77 ip sla 10 reachability" in found
    assert kept[0].line == "track 77 ip sla 10 reachability"


def test_an_object_that_others_use_stays() -> None:
    """Their line would name nothing."""
    form, old = form_of(change_of("cisco_xe")), running_of("cisco_xe")
    new = form.merge(old, form.parse("track 77 ip sla 10 reachability\n delay down 3\n", "test"))
    now = form.merge(new, form.parse("ip route 10.99.0.0 255.255.0.0 10.0.0.1 track 77\n", "test"))
    found, kept = taken(form, old, new, now)
    assert form.equivalent(found, now)
    (one,) = kept
    user = "ip route 10.99.0.0 255.255.0.0 10.0.0.1 track 77"
    assert one.risk.render("en") == f"`track 77 ip sla 10 reachability` stays: `{user}` of others names it."


def test_a_secret_is_in_no_plan() -> None:
    """Its line stays, and the sentence has no secret."""
    new = BOX.merge(BEFORE, BOX.parse("snmp-server community geheim7 ro\n", "test"))
    found, kept = taken(BOX, BEFORE, new, new)
    assert BOX.equivalent(found, new)
    assert "geheim7" not in "".join(one.risk.render("en") for one in kept)


def test_a_template_removes_a_key_by_no_value() -> None:
    """Set and removed, in one template or in two, is a contradiction."""
    form, path = form_of(change_of("linux_hostapd")), "/etc/hostapd/wlan0.conf"
    now: Tree = {path: {"interface=wlan0": {}, "max_num_sta=15": {}, "bss=wlan0_1": {"max_num_sta=3": {}}}}
    gone = form.merge(now, form.parse(f"{path}\nmax_num_sta=\n", "test"))
    assert gone == {path: {"interface=wlan0": {}, "bss=wlan0_1": {"max_num_sta=3": {}}}}
    (command,) = form.commands_between(now, gone)
    assert form.written(command) == (path, ("max_num_sta=",))
    assert form.equivalent(form.merge(gone, form.parse(form.template(gone, now), "test")), now)
    with pytest.raises(FragmentError):
        form.parse(f"{path}\nmax_num_sta=\nmax_num_sta=5\n", "test")
    with pytest.raises(FragmentError):
        form.join([form.parse(f"{path}\nmax_num_sta={value}\n", "test") for value in ("5", "")])
    assert form.merge(gone, form.parse(f"{path}\nmax_num_sta=\n", "test")) == gone
