"""Configurations of menus: what a fragment makes of an export, the commands there and back, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.platforms.model import ChangeSpec

SPEC = ChangeSpec.model_validate(
    {
        "form": "menus",
        "read": "/export",
        "volatile": ["#.*"],
        "menus": {
            "/ip route": {
                "keys": ["dst-address", "gateway"],
                "defaults": {"dst-address": "0.0.0.0/0", "distance": "1", "check-gateway": "none", "comment": ""},
            },
            "/interface bonding": {"keys": ["name"], "permanent": True, "defaults": {"min-links": "0"}},
            "/ip firewall mangle": {
                "keys": ["comment"], "ordered": True, "defaults": {"chain": None, "action": "accept", "dscp": None},
            },
            "/ip settings": {"defaults": {"rp-filter": "no"}},
        },
        "guards": [{"kind": "inverse"}],
    }
)  # fmt: skip

EXPORT = """# 2022-04-25 07:00:00 by RouterOS 7.14
/interface bonding add mode=802.3ad name=bond1 slaves=ether1,ether2
/ip firewall mangle add action=accept chain=forward comment="first one" dscp=46
/ip firewall mangle add action=accept chain=prerouting
/ip address add address=192.0.2.1/24 interface=ether1
/ip route add check-gateway=ping disabled=no distance=1 dst-address=0.0.0.0/0 gateway=10.0.0.1
/system identity set name="edge \\"1\\""
"""


def running(text: str = EXPORT) -> Tree:
    return form_of(SPEC).read({"/export": text}, device="r1").tree


def fragment(text: str) -> Fragment:
    return form_of(SPEC).parse(text, "templates/x.j2")


@pytest.mark.parametrize(
    ("wanted", "commands", "back"),
    [
        # A default that the export does not print is what the device has.
        ("/ip route\nadd gateway=10.0.0.1 distance=1", (), ()),
        ("/ip route add gateway=10.0.0.1 distance=5",
         ("/ip route set [find dst-address=0.0.0.0/0 gateway=10.0.0.1] distance=5",),
         ("/ip route set [find dst-address=0.0.0.0/0 gateway=10.0.0.1] distance=1",)),
        ('/ip route\nadd gateway=10.0.0.9 distance=200 comment="the second way"',
         ('/ip route add dst-address=0.0.0.0/0 gateway=10.0.0.9 comment="the second way" distance=200',),
         ("/ip route remove [find dst-address=0.0.0.0/0 gateway=10.0.0.9]",)),
        ("/ip route remove [find gateway=10.0.0.1]",
         ("/ip route remove [find dst-address=0.0.0.0/0 gateway=10.0.0.1]",),
         ("/ip route add dst-address=0.0.0.0/0 gateway=10.0.0.1 check-gateway=ping disabled=no",)),
        ("/interface bonding add name=bond1 min-links=2",
         ("/interface bonding set [find name=bond1] min-links=2",),
         ("/interface bonding set [find name=bond1] min-links=0",)),
        ("/ip settings set rp-filter=loose", ("/ip settings set rp-filter=loose",),
         ("/ip settings set rp-filter=no",)),
        ('/ip firewall mangle add comment="first one" action=drop',
         ('/ip firewall mangle set [find comment="first one"] action=drop',),
         ('/ip firewall mangle set [find comment="first one"] action=accept',)),
        ("/ip firewall mangle add comment=new chain=forward dscp=34",
         ("/ip firewall mangle add comment=new chain=forward dscp=34",),
         ("/ip firewall mangle remove [find comment=new]",)),
    ],
)  # fmt: skip
def test_there_and_back(wanted: str, commands: tuple[str, ...], back: tuple[str, ...]) -> None:
    now = running()
    then = form_of(SPEC).merge(now, fragment(wanted))
    assert form_of(SPEC).commands_between(now, then) == commands
    assert form_of(SPEC).commands_between(then, now) == back
    assert form_of(SPEC).equivalent(now, then) is (not commands)
    assert (form_of(SPEC).fingerprint(now) == form_of(SPEC).fingerprint(then)) is (not commands)


def test_a_property_without_a_default_is_unset() -> None:
    now = running(EXPORT.replace(" dscp=46", ""))
    then = form_of(SPEC).merge(now, fragment('/ip firewall mangle add comment="first one" dscp=46'))
    assert form_of(SPEC).commands_between(then, now) == ('/ip firewall mangle set [find comment="first one"] !dscp',)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("/ip address add address=10.0.0.1/24", "not in a menu whose old values can be read"),
        ("/ip route add gateway=10.0.0.1 scope=10", "the default of scope in /ip route is not known"),
        ("/ip route add distance=5", "lacks gateway"),
        ("/ip route add gateway=10.0.0.1 distance=5 distance=6", "is not understood"),
        ("/ip route add gateway=10.0.0.1; /system reboot", "is not understood"),
        ("/ip route set [find gateway=10.0.0.1] distance=6", "is not understood"),
        ("/ip route\nadd gateway=10.0.0.1 distance=5\nadd gateway=10.0.0.1 distance=6", "two values of one property"),
        ("/ip route\nadd gateway=10.0.0.1\nremove [find gateway=10.0.0.1]", "both set and removed"),
        ("/interface bonding add name=bond9 min-links=2", "there is no `/interface bonding name=bond9`"),
        ("/interface bonding remove [find name=bond1]", "could not be created again"),
    ],
)
def test_what_cannot_be_applied_is_refused(wanted: str, message: str) -> None:
    with pytest.raises(FragmentError, match=message):
        form_of(SPEC).merge(running(), fragment(wanted))


def test_an_item_that_is_there_twice_is_not_changed() -> None:
    twice = EXPORT + "/ip route add distance=9 dst-address=0.0.0.0/0 gateway=10.0.0.1\n"
    with pytest.raises(FragmentError, match="more than once"):
        form_of(SPEC).merge(running(twice), fragment("/ip route add gateway=10.0.0.1 distance=5"))


def test_the_order_of_items_counts_where_it_has_a_meaning() -> None:
    lines = EXPORT.splitlines()
    swapped = "\n".join([*lines[:2], lines[3], lines[2], *lines[4:]])
    assert not form_of(SPEC).equivalent(running(), running(swapped))
    moved = "\n".join([*lines[:4], lines[5], lines[4], lines[6]])
    assert form_of(SPEC).equivalent(running(), running(moved))


def test_an_unknown_form_is_not_read() -> None:
    with pytest.raises(UnreadableConfiguration, match="no line of a menu"):
        running(EXPORT + "bad command name export (line 1 column 1)\n")


VALUES = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=12)


@pytest.mark.slow
@given(VALUES)
def test_any_value_is_sent_as_one_word_and_read_back(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("?", "\\?")
    then = form_of(SPEC).merge(running(), fragment(f'/ip route add gateway=10.0.0.7 comment="{quoted}"'))
    (command,) = form_of(SPEC).commands_between(running(), then)
    again = running(EXPORT + command + "\n")
    assert form_of(SPEC).equivalent(again, then)


def test_an_ordered_item_is_removed_from_the_end_only() -> None:
    """The way back adds it as the last: the place of any other item would be lost."""
    form = form_of(SPEC)
    menu = next(name for name, rule in form.spec.menus.items() if rule.ordered)
    now: Tree = {f"{menu} comment={one}": {"chain=forward": {}} for one in ("a", "b", "c")}
    last = form.merge(now, form.parse(f"{menu} remove [find comment=c]\n{menu} remove [find comment=b]", "test"))
    assert list(last) == [f"{menu} comment=a"]
    assert form.commands_between(last, now)[0].endswith("add comment=b chain=forward")
    with pytest.raises(FragmentError, match="cannot be removed"):
        form.merge(now, form.parse(f"{menu} remove [find comment=b]", "test"))
