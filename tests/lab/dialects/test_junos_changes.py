"""Junos: the candidate, the commit that waits for its confirmation, and statements that stay when they are empty."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from eventready.core.clock import Clock
from eventready.facts import records as r
from eventready.facts.platform import load_platform
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.process import simulate
from tests.lab.console import Console
from tests.lab.dialects.test_templated_routers import rows
from tests.lab.earlier_configuration import is_refused
from tests.lab.other_vendors import other_vendors

SPEC = load_platform("juniper_junos").spec.change
assert SPEC is not None
GUARD = SPEC.guards[0]


@pytest.fixture
def machine() -> SimulatedDevice:
    device = next(one for one in other_vendors() if one.platform == "juniper_junos")
    (made,) = simulate([device], Credentials("netops", "lab-only"), Clock())
    return made


@pytest.fixture
def say(machine: SimulatedDevice) -> Iterator[Console]:
    with Console(machine) as console:
        yield console


def shown(say: Console, pattern: str) -> list[str]:
    text = say(f'show configuration | display set | match "{pattern}"')
    return [line for line in text.split("\n") if line]


def test_a_removal_leaves_the_object_around_it(say: Console) -> None:
    say("configure exclusive")
    say("set interfaces ge-0/0/9 unit 7 family inet mtu 1400")
    say("commit")
    say("delete interfaces ge-0/0/9 unit 7 family inet mtu")
    say("commit")
    say("exit")
    assert shown(say, "ge-0/0/9") == ["set interfaces ge-0/0/9 unit 7 family inet"]


def test_lines_wait_for_the_commit_and_are_compared(say: Console) -> None:
    assert SPEC is not None
    say("configure")
    assert not is_refused(SPEC, say("show | compare"))
    say('set interfaces ge-0/0/9 description "hall B"')
    assert is_refused(SPEC, say("show | compare")), "another operator's lines would be committed with ours"
    assert "not committed" in say("exit configuration-mode")
    say("yes")
    assert shown(say, "ge-0/0/9") == []


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_confirmed_commit_is_pending_until_it_is_confirmed_or_reverted(
    machine: SimulatedDevice, say: Console, confirmed: bool
) -> None:
    for line in ("configure exclusive", "set chassis maximum-ecmp 64", "commit confirmed 5 comment eventready-c-1"):
        say(line)
    say("exit configuration-mode")
    found = re.search(GUARD.is_pending, say(GUARD.pending), re.MULTILINE)
    assert found is not None
    assert found["by"] == "c-1"
    assert rows(machine, "saved_config", r.SavedConfig)[0].saved is False
    for line in GUARD.confirm if confirmed else GUARD.revert:
        say(line)
    assert re.search(GUARD.is_pending, say(GUARD.pending), re.MULTILINE) is None
    machine.advance_clock(3_600)
    assert shown(say, "maximum-ecmp") == (["set chassis maximum-ecmp 64"] if confirmed else [])


def test_the_note_of_an_old_confirmed_commit_is_not_pending() -> None:
    """The text stays with the entry for good."""
    text = (
        "0   2022-04-20 22:15:03 ICT by netops via cli commit confirmed, rollback in 10mins\n    eventready-c-1\n"
        "1   2022-04-20 22:14:40 ICT by netops via cli\n"
    )
    assert re.search(GUARD.is_pending, text, re.MULTILINE) is None
    waiting = text.replace("1   2022", "    rollback pending\n1   2022", 1)
    assert re.search(GUARD.is_pending, waiting, re.MULTILINE) is not None
