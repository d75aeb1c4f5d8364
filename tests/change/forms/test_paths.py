"""Configurations of whole paths: what a fragment makes of them, the commands there and back, and what is refused."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.paths import is_beneath
from eventready.change.forms.tree import Tree
from eventready.platforms.model import ChangeSpec

SPEC = ChangeSpec.model_validate(
    {
        "form": "paths",
        "negation": "delete",
        "volatile": ["#.*"],
        "named": ["unit", "filter", "term", "list"],
        "ordered": [r"set firewall filter \S+ term", "set policy list"],
        "single": [{"line": r"set interfaces \S+ mtu"}, {"line": r"set firewall filter \S+ term \S+ then count"}],
        "guards": [{"kind": "inverse"}],
    }
)


def tree(*lines: str) -> Tree:
    return {line: {} for line in lines}


def fragment(*lines: str) -> Fragment:
    return form_of(SPEC).parse("\n".join(lines), "templates/x.j2")


RUNNING = (
    "set version 21.4R3",
    "set interfaces ae0 mtu 1500",
    "set interfaces ae0 unit 0",
    'set interfaces ae1 description "to core 1"',
    "set firewall filter F term a then count one",
    "set firewall filter F term b then discard",
)


@pytest.mark.parametrize(
    ("wanted", "commands", "back"),
    [
        (["set interfaces ae0 mtu 9000"], ["set interfaces ae0 mtu 9000"], ["set interfaces ae0 mtu 1500"]),
        # The empty unit is printed again once it has nothing beneath.
        (["set interfaces ae0 unit 0 family inet"], ["set interfaces ae0 unit 0 family inet"],
         ["delete interfaces ae0 unit 0 family", "set interfaces ae0 unit 0"]),
        # Nothing of the new object stays, and no word is cut from a name.
        (["set schedulers new voice priority high"], ["set schedulers new voice priority high"],
         ["delete schedulers new"]),
        (["set firewall filter G term a then accept"], ["set firewall filter G term a then accept"],
         ["delete firewall filter G"]),
        (["delete interfaces ae0 mtu"], ["delete interfaces ae0 mtu"], ["set interfaces ae0 mtu 1500"]),
        (["delete interfaces ae1"], ["delete interfaces ae1"], ['set interfaces ae1 description "to core 1"']),
        # A beginning of a line that is there already says nothing new.
        (["set interfaces ae1", "set interfaces ae0 mtu 1500"], [], []),
    ],
)  # fmt: skip
def test_there_and_back(wanted: list[str], commands: list[str], back: list[str]) -> None:
    now = tree(*RUNNING)
    then = form_of(SPEC).merge(now, fragment(*wanted))
    assert list(form_of(SPEC).commands_between(now, then)) == commands
    assert list(form_of(SPEC).commands_between(then, now)) == back


def test_entries_of_an_ordered_list_get_the_order_of_the_template() -> None:
    now = tree(*RUNNING, "set firewall filter F term c then accept")
    wanted = fragment("set firewall filter F term c then accept", "set firewall filter F term a then count one")
    then = form_of(SPEC).merge(now, wanted)
    assert not form_of(SPEC).equivalent(now, then)
    assert form_of(SPEC).fingerprint(now) != form_of(SPEC).fingerprint(then)
    assert form_of(SPEC).commands_between(now, then) == (
        "delete firewall filter F term a",
        "delete firewall filter F term b",
        "delete firewall filter F term c",
        "set firewall filter F term b then discard",
        "set firewall filter F term c then accept",
        "set firewall filter F term a then count one",
    )
    assert [line for line in form_of(SPEC).diff(now, then) if line.startswith("+")] == [
        "+ set firewall filter F term b then discard",
        "+ set firewall filter F term c then accept",
        "+ set firewall filter F term a then count one",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interfaces ae0", "neither `set ...` nor `delete ...`"),
        ("set interfaces ae0 mtu 1\nset interfaces ae0 mtu 2", "two values of one thing"),
        ("set interfaces ae0 mtu 1\ndelete interfaces ae0", "both set and removed"),
        ("delete firewall filter F term a then", "would have no line without"),
    ],
)
def test_a_fragment_that_cannot_be_applied_is_refused(text: str, message: str) -> None:
    with pytest.raises(FragmentError, match=message):
        form_of(SPEC).merge(tree(*RUNNING), fragment(*text.split("\n")))


def test_two_intents_do_not_set_and_remove_one_statement() -> None:
    one, other = fragment("delete interfaces ae0 unit 0"), fragment("set interfaces ae0 unit 0 family inet")
    with pytest.raises(FragmentError, match="contradict each other"):
        form_of(SPEC).join([one, other])


def test_a_line_beneath_a_deactivated_statement_is_refused() -> None:
    now = tree(*RUNNING, "deactivate interfaces ae0")
    with pytest.raises(FragmentError, match="would have no effect"):
        form_of(SPEC).merge(now, fragment("set interfaces ae0 mtu 9000"))


def test_a_deactivated_statement_is_activated_and_deactivated() -> None:
    now, then = tree(*RUNNING), tree(*RUNNING, "deactivate interfaces ae0")
    assert form_of(SPEC).commands_between(now, then) == ("deactivate interfaces ae0",)
    assert form_of(SPEC).commands_between(then, now) == ("activate interfaces ae0",)


def test_a_configuration_in_another_form_is_not_read() -> None:
    with pytest.raises(UnreadableConfiguration, match="names no statement"):
        form_of(SPEC).read({"": "set version 21.4\ninterfaces {\n"}, device="r1")


def played(now: Tree, commands: tuple[str, ...]) -> list[str]:
    """What a device has after the commands: a reference of its own."""
    lines = list(now)
    for command in commands:
        verb, _, rest = command.partition(" ")
        if verb == "delete":
            lines = [line for line in lines if not is_beneath(line, f"set {rest}")]
        elif verb == "activate":
            lines.remove(f"deactivate {rest}")
        else:
            for one in SPEC.single:
                if found := re.match(one.line, command):
                    lines = [line for line in lines if not line.startswith(f"{found[0]} ")]
            lines = [line for line in lines if line == command or not is_beneath(command, line) or verb != "set"]
            lines += [] if command in lines else [command]
    return lines


WORDS = st.sampled_from(["ae0", "ae1", "unit 0", "unit 1", "mtu 1500", "mtu 9000", "family inet", "family inet6"])
TERMS = st.sampled_from([f"firewall filter F term {term} then {then}" for term in "abc" for then in ("accept", "log")])
LINES = st.lists(
    st.one_of(TERMS, st.tuples(st.sampled_from(["ae0", "ae1"]), WORDS).map(lambda two: f"interfaces {' '.join(two)}")),
    max_size=12, unique=True,
)  # fmt: skip


def as_printed(lines: list[str]) -> Tree:
    """Lines as a device prints them: one value of each thing, no beginnings of others."""
    kept: list[str] = []
    for line in (f"set {line}" for line in lines):
        kept = played(tree(*kept), (line,)) if not any(is_beneath(one, line) for one in kept) else kept
    return tree(*kept)


@given(LINES, LINES, st.integers(0, 1000))
def test_the_commands_lead_from_any_configuration_to_any_other(one: list[str], other: list[str], seed: int) -> None:
    now, then = as_printed(one), as_printed(other)
    if Random(seed).random() < 0.3 and then:
        then = {**then, f"deactivate {next(iter(then))[4:]}": {}}
    after = tree(*played(now, form_of(SPEC).commands_between(now, then)))
    assert form_of(SPEC).equivalent(after, then), (form_of(SPEC).commands_between(now, then), list(after), list(then))
