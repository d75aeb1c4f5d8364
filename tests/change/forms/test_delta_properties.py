"""The way from any configuration to any other, walked on a device that was written without a look at it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from eventready.change.forms.configuration import Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import subtree, walk
from tests.change.forms.reference_device import Device, spec
from tests.proofs.size import examples

pytestmark = pytest.mark.slow

Tree = dict[str, Any]


def leaves(*values: st.SearchStrategy[str | None]) -> st.SearchStrategy[Tree]:
    """A section with at most one line of each of `values`, in any order."""
    chosen = st.tuples(*values).map(lambda lines: [line for line in lines if line is not None])
    return chosen.flatmap(st.permutations).map(lambda lines: {line: {} for line in lines})


def maybe(*lines: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from((None, *lines))


def some(line: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from((None, line))


INTERFACE = leaves(
    *(maybe("standby 1 priority 90", "standby 1 priority 110"), maybe("standby 2 priority 120")),
    *(maybe("policy a", "policy b"), some("shut"), some("standby 1 track 1"), some("standby 1 track 2")),
)
VLAN = leaves(maybe("name a", "name b"), some("port a"), some("port b"))
FAMILY = leaves(maybe("paths 1", "paths 4"), some("net a"), some("net b"))
ACL: st.SearchStrategy[Tree] = st.lists(
    st.sampled_from([f"{word} {name}" for word in ("permit", "deny") for name in "abc"]), unique=True
).map(lambda lines: {line: {} for line in lines})
ECHO = leaves(maybe("every 1", "every 5"))
CMAP = leaves(some("match a"), some("match b"), maybe("group a", "group b"))


LEVEL = VLAN
PEERS = leaves(maybe("paths 2", "paths 4"), some("peer a"), some("peer a bfd"), some("peer b"))
FAMILIES = st.dictionaries(st.sampled_from(("family a", "family b")), FAMILY.filter(bool), max_size=2)
ROUTER = st.tuples(PEERS, FAMILIES).map(lambda parts: {**parts[0], **parts[1]})
TARGET = st.tuples(maybe("echo a", "echo b"), ECHO).map(lambda pair: {pair[0]: pair[1]} if pair[0] else {})
SLA = st.tuples(TARGET, leaves(maybe("owner a", "owner b"))).map(lambda parts: {**parts[0], **parts[1]})
PLAIN = leaves(
    *(some("log"), some("log host a"), some("log host a port 5"), some("log host b"), some("track 1")),
    *(some("track 1 delay"), maybe("hostname a", "hostname b"), maybe("route a via b", "route a via b 200")),
    *(maybe("route a via c", "route a via c 50"), st.sampled_from(("cef", "no cef"))),
)


PROBE = leaves(maybe("to a", "to b"), maybe("burst 1", "burst 2"), some("go"))
PROBES = st.tuples(maybe("probe 1"), PROBE, some("watch a probe 1"), some("watch b probe 1")).map(
    lambda parts: {parts[0]: parts[1], **{line: {} for line in parts[2:] if line}} if parts[0] else {}
)


def one_of(*lines: str, section: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """One of several headers with a section beneath it, or none."""
    return st.tuples(maybe(*lines), section).map(lambda pair: {pair[0]: pair[1]} if pair[0] else {})


PARTS = st.tuples(
    INTERFACE.map(lambda section: {"interface one": section}),
    INTERFACE.map(lambda section: {"interface two": section}),
    *(one_of(f"vlan {number}", section=VLAN.filter(bool)) for number in "12"),
    *(one_of(f"router {number}", section=ROUTER) for number in "12"),
    *(one_of(f"acl {name}", section=ACL) for name in "ab"),
    *(one_of(f"sla {number}", section=SLA) for number in "12"),
    *(leaves(maybe(f"sla schedule {number} now", f"sla schedule {number} later")) for number in "12"),
    *(one_of(f"cmap any {name}", f"cmap all {name}", section=CMAP) for name in "ab"),
    *(one_of(f"level {name} fast", f"level {name} slow", section=LEVEL) for name in "ab"),
    PROBES,
    PLAIN,
)


def _whole(parts: tuple[Tree, ...]) -> st.SearchStrategy[Tree]:
    lines = [pair for part in parts for pair in part.items()]
    return st.permutations(lines).map(dict)


#: A whole configuration of the little device: its two interfaces are always there.
CONFIGURATIONS = PARTS.flatmap(_whole)


STYLES = pytest.mark.parametrize("climbs", [False, True], ids=["exits", "climbs"])
THOROUGH = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


def style(climbs: bool) -> Any:
    return spec(section_exit="" if climbs else "exit")


@STYLES
@THOROUGH
@given(now=CONFIGURATIONS, then=CONFIGURATIONS)
def test_the_way_leads_there(climbs: bool, now: Tree, then: Tree) -> None:
    given_spec = style(climbs)
    lines = form_of(given_spec).commands_between(now, then)
    arrived = Device(now, climbs=climbs).take_all(lines)
    assert form_of(given_spec).equivalent(arrived, then), (lines, arrived)
    assert form_of(given_spec).fingerprint(arrived) == form_of(given_spec).fingerprint(then)
    assert form_of(given_spec).commands_between(arrived, then) == ()


@THOROUGH
@given(tree=CONFIGURATIONS, other=CONFIGURATIONS)
def test_nothing_to_do_is_nothing_to_send(tree: Tree, other: Tree) -> None:
    assert form_of(spec()).commands_between(tree, tree) == ()
    assert form_of(spec()).diff(tree, tree) == ()
    backwards = dict(reversed(list(tree.items())))
    assert form_of(spec()).commands_between(tree, backwards) == ()
    assert form_of(spec()).equivalent(tree, other) == (form_of(spec()).commands_between(tree, other) == ())
    assert (form_of(spec()).diff(tree, other) == ()) == form_of(spec()).equivalent(tree, other)
    assert (form_of(spec()).fingerprint(tree) == form_of(spec()).fingerprint(other)) == form_of(spec()).equivalent(
        tree, other
    )


@STYLES
@THOROUGH
@given(running=CONFIGURATIONS, wanted=CONFIGURATIONS, data=st.data())
def test_a_fragment_there_and_back(climbs: bool, running: Tree, wanted: Tree, data: st.DataObject) -> None:
    """Old values come back, whatever they were."""
    given_spec = style(climbs)
    text = text_of(part_of(wanted, data))
    if data.draw(st.booleans(), label="wants the default"):
        text = text.replace("standby 1 priority 90", "standby 1 priority 100")
    unwanted = without(running, form_of(given_spec).parse(text, "test").tree, data)
    fragment = form_of(given_spec).join([form_of(given_spec).parse(one, "test") for one in (text, unwanted)])
    before = Device(running, climbs=climbs).tree
    predicted = form_of(given_spec).merge(running, fragment)
    assert text_of(running) == text_of(before), "the running configuration was changed in place"
    for path in walk(fragment.tree):
        if path[-1] == "standby 1 priority 100":
            assert not any(line.startswith("standby 1 priority") for line in subtree(predicted, path[:-1])), path
        else:
            assert path[-1] in subtree(predicted, path[:-1]), path
    for path in fragment.removals:
        beside = subtree(fragment.tree, path[:-1])
        assert [
            one for one in subtree(predicted, path[:-1]) if one not in beside and f"{one} ".startswith(f"{path[-1]} ")
        ] == []
    for line, beneath in fragment.tree.items():
        if line.startswith("acl "):
            assert [one for one in predicted[line] if one in beneath] == list(beneath), "not in the wanted order"
    assert form_of(given_spec).equivalent(form_of(given_spec).merge(predicted, fragment), predicted), (
        "merging twice changes more"
    )
    forward, backward = (
        form_of(given_spec).commands_between(running, predicted),
        form_of(given_spec).commands_between(predicted, running),
    )
    arrived = Device(running, climbs=climbs).take_all(forward)
    assert form_of(given_spec).equivalent(arrived, predicted), (forward, arrived)
    assert form_of(given_spec).commands_between(arrived, form_of(given_spec).merge(arrived, fragment)) == (), (
        "a second plan is not empty"
    )
    back = Device(arrived, climbs=climbs).take_all(backward)
    assert form_of(given_spec).equivalent(back, running), (backward, back)


@STYLES
@THOROUGH
@given(running=CONFIGURATIONS, then=CONFIGURATIONS, data=st.data())
def test_from_wherever_it_broke_off(climbs: bool, running: Tree, then: Tree, data: st.DataObject) -> None:
    """A change that stopped at any line is taken back from what is found."""
    given_spec = style(climbs)
    lines = form_of(given_spec).commands_between(running, then)
    device = Device(running, climbs=climbs)
    for line in lines[: data.draw(st.integers(0, len(lines)))]:
        device.take(line)
    device._prune(device.tree)
    back = Device(device.tree, climbs=climbs).take_all(form_of(given_spec).commands_between(device.tree, running))
    assert form_of(given_spec).equivalent(back, running)


def without(tree: Tree, wanted: Tree, data: st.DataObject, depth: int = 0) -> str:
    """Some of a tree's lines, negated, beneath their sections; what is wanted, and its other values, are left alone."""
    rules, text = Rules(spec()), ""
    for line, beneath in tree.items():
        if line in wanted:
            inner = without(beneath, wanted[line], data, depth + 1)
            text += f"{' ' * depth}{line}\n{inner}" if inner else ""
        elif rules.conflicting(line, wanted) is None and not line.startswith(("interface", "cef", "no cef", "probe")):
            text += f"{' ' * depth}no {line}\n" if data.draw(st.booleans(), label=f"no {line}") else ""
    return text


def part_of(tree: Tree, data: st.DataObject) -> Tree:
    """Some of a tree's lines, without those that name what is left out."""
    part: Tree = {}
    for line, beneath in sorted(tree.items(), key=lambda item: item[0].startswith("watch ")):
        named = line[-7:] if line.startswith("watch ") else ""
        if (not named or named in part) and data.draw(st.booleans(), label=line):
            part[line] = part_of(beneath, data)
    return {line: beneath for line, beneath in part.items() if beneath or not line.startswith(("vlan", "family"))}


def text_of(tree: Tree, depth: int = 0) -> str:
    return "".join(f"{' ' * depth}{line}\n{text_of(beneath, depth + 1)}" for line, beneath in tree.items())


def test_an_empty_fragment_changes_nothing() -> None:
    assert form_of(spec()).merge({"log": {}}, Fragment()) == {"log": {}}
