"""A simulated Cisco router or controller that is changed: what it keeps, what it refuses, and how it goes back."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Literal

import pytest

from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import load_dialect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.session_faults import LineFault
from eventready_lab.device.state import DeviceState
from eventready_lab.terminal.session import CliSession
from tests.lab.console import Console, Line

NAMES = {"cisco_xe": "edge-vh-1", "cisco_9800": "wlc-1"}
WARNING = "Rollback Confirmed Change: Rollback will begin in one minute."
NONE = "%No Rollback Confirmed Change pending"


@cache
def states() -> dict[str, DeviceState]:
    return healthy_states(list(load_workspace(example_home()).devices))


@pytest.fixture(params=sorted(NAMES))
def machine(request: pytest.FixtureRequest) -> SimulatedDevice:
    state = deepcopy(states()[NAMES[request.param]])
    return SimulatedDevice(state, load_dialect(request.param), Credentials("netops", "lab-only"))


@pytest.fixture
def say(machine: SimulatedDevice) -> Console:
    return Console(machine)


def reported(say: Console, *lines: str) -> list[str]:
    """What is said to each line in configuration mode, which is left again."""
    say("configure terminal")
    output = [say(line) for line in lines]
    say("end")
    return output


def shown(say: Console, section: str) -> list[str]:
    """A section of the running configuration."""
    return say(f"show running-config | section ^{section}").split("\n")


# --- the timer --------------------------------------------------------------------------------------------------


def test_the_timer_fires_when_no_person_confirms(machine: SimulatedDevice, say: Console) -> None:
    before = say("show running-config")
    assert say("show archive config rollback timer") == NONE
    armed = say("configure terminal revert timer 2").split("\n")
    assert armed[0].startswith("Rollback Confirmed Change: Backing up current running config to bootflash:")
    assert " " not in armed[0].rpartition("bootflash:")[2]
    assert armed[-1].startswith("Enter configuration commands, one per line.")
    for line in ("interface Loopback77", "description of the change", "end"):
        assert not say(line)
    timer = say("show archive config rollback timer")
    assert "Timer value: 2 min" in timer
    assert "User: netops" in timer
    assert "description of the change" in say("show running-config")
    machine.advance_clock(90)
    assert "description of the change" in say("show running-config")
    machine.advance_clock(31)
    assert say("show running-config") == before
    assert say("show archive config rollback timer") == NONE
    assert say("configure confirm") == NONE


def test_the_timer_needs_no_person_who_is_logged_in(machine: SimulatedDevice, say: Console) -> None:
    before = say("show running-config")
    say("configure terminal revert timer 1")
    say("hostname other")
    with Console(machine):
        machine.advance_clock(61)
    assert Console(machine)("show running-config") == before


def test_confirmed_it_stays_and_reported_it_goes_back_at_once(machine: SimulatedDevice, say: Console) -> None:
    before = say("show running-config")
    for name, stays in (("confirm", True), ("revert now", False)):
        say("configure terminal revert timer 1")
        say(f"ip name-server 10.255.255.{1 if stays else 2}")
        say("end")
        during = say("show running-config")
        answer = say(f"configure {name}")
        assert (answer == "") is stays
        assert say("show running-config") == (during if stays else before)
        machine.advance_clock(120)
        assert say("show running-config") == (during if stays else before)
        before = say("show running-config")


def test_a_minute_before_the_end_it_says_so_where_it_was_armed(machine: SimulatedDevice) -> None:
    lines = []
    for minutes in (1, 3):
        line = Line(machine)
        shell = CliSession(machine, line)
        shell.begin()
        shell.feed(f"enable\nconfigure terminal revert timer {minutes}\n")
        machine.advance_clock(1)
        lines.append(line.sent)
        machine.advance_clock(60 * minutes - 60)
        lines.append(line.sent)
        machine.advance_clock(61)
        shell.ended()
    assert [WARNING in text for text in lines] == [True, True, False, True]
    assert [text.endswith("(config)#") for text in lines] == [False, False, True, False]


def test_one_timer_at_a_time_and_none_without_an_archive(say: Console) -> None:
    say("configure terminal revert timer 5")
    say("end")
    assert "already pending" in say("configure terminal revert timer 5")
    say("configure confirm")
    reported(say, "no archive")
    assert say("configure terminal revert timer 5") == (
        "%Turn config archive on before using Rollback Confirmed Change"
    )
    assert "Invalid input" in say("configure terminal revert timer 121")


def test_a_restart_brings_the_startup_configuration_and_no_timer(machine: SimulatedDevice, say: Console) -> None:
    saved = say("show startup-config")
    say("configure terminal revert timer 5")
    say("ip name-server 10.255.255.7")
    assert "10.255.255.7" in Console(machine)("show running-config")
    machine.restart()
    say = Console(machine)
    assert "10.255.255.7" not in say("show running-config")
    assert say("show startup-config") == saved
    assert say("show archive config rollback timer") == NONE


# --- what goes wrong ----------------------------------------------------------------------------------------------


def test_what_cannot_be_saved_is_not(machine: SimulatedDevice, say: Console) -> None:
    saved = say("show startup-config")
    reported(say, "ip name-server 10.255.255.7")
    machine.session_faults.save_fails = True
    assert "[OK]" not in say("write memory")
    assert say("show startup-config") == saved
    machine.session_faults.save_fails = False
    assert "[OK]" in say("write memory")
    assert "10.255.255.7" in say("show startup-config")


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("kind", ["refuse", "drop", "hang"])
def test_a_line_that_goes_wrong(
    machine: SimulatedDevice, say: Console, kind: Literal["refuse", "drop", "hang"], taken: bool
) -> None:
    machine.session_faults.lines = (LineFault(kind, "name-server", executed=taken),)
    say("configure terminal")
    output = say("ip name-server 10.255.255.7")
    assert ("Invalid input" in output) == (kind == "refuse")
    say("ip domain lookup source-interface Loopback0")
    running = Console(machine)("show running-config")
    assert ("lookup source" in running) == (kind == "refuse")  # else the session is over, or says nothing any more
    assert ("10.255.255.7" in running) == (taken and kind != "refuse")


# --- what it keeps ------------------------------------------------------------------------------------------------


def test_classes_stand_as_entered_and_the_default_last(say: Console) -> None:
    reported(say, "class-map match-any A", "class-map match-any Z")
    lines = ("policy-map P", "class class-default", "fair-queue", "class Z", "priority", "class A", "fair-queue")
    assert reported(say, *lines) == [""] * len(lines)
    assert shown(say, "policy-map P") == [
        *("policy-map P", " class Z", "  priority", " class A", "  fair-queue", " class class-default", "  fair-queue"),
    ]


def test_match_lines_stand_as_entered_with_the_blanks_of_the_device(say: Console) -> None:
    reported(say, "class-map match-any VOICE", "match dscp ef", "match access-group name VIP", "match dscp cs5")
    assert shown(say, "class-map match-any VOICE") == [
        *("class-map match-any VOICE", " match  dscp ef", " match access-group name VIP", " match  dscp cs5"),
    ]


@pytest.mark.parametrize(
    ("first", "then", "answer"),
    [
        (("class-map A", "policy-map P", "class A", "priority"), "no class-map A", "% Class-map A is being used"),
        (
            ("policy-map P", "interface TenGigabitEthernet0/0/0", "service-policy output P"),
            "no policy-map P",
            "% Policy-map P is being used",
        ),
        (
            ("policy-map Q", "policy-map P", "interface TenGigabitEthernet0/0/0", "service-policy output P"),
            "service-policy output Q",
            "% Policy map P is already attached",
        ),
        (
            ("track 10 ip sla 10 reachability",),
            "track 10 interface TenGigabitEthernet0/0/0 line-protocol",
            "Cannot change tracked object 10 - delete old config first",
        ),
        (("ip access-list extended X", "10 permit ip any any"), "10 deny ip any any", "% Duplicate sequence number"),
        (("interface Port-channel1",), "lacp min-links 1", "Invalid input"),
    ],
)
def test_what_is_refused_changes_nothing(say: Console, first: tuple[str, ...], then: str, answer: str) -> None:
    assert reported(say, *first) == [""] * len(first)
    say("configure terminal")
    for line in first:
        say(line)
    before = say("do show running-config")
    assert answer in say(then)
    assert say("do show running-config") == before


def test_an_echo_operation_that_runs_is_not_changed(say: Console) -> None:
    reported(say, "ip sla 7", "icmp-echo 10.0.0.1", "frequency 5", "ip sla schedule 7 life forever start-time now")
    before = say("show running-config")
    assert "Entry already running and cannot be modified" in reported(say, "ip sla 7")[0]
    assert say("show running-config") == before
    reported(say, "no ip sla 7")
    assert "ip sla schedule 7" not in say("show running-config")


def test_a_preemption_delay_outlives_a_preempt_without_one(say: Console) -> None:
    here = "interface TenGigabitEthernet0/0/0"
    reported(say, here, "standby 9 ip 10.9.9.9", "standby 9 preempt delay minimum 60", "standby 9 preempt")
    assert " standby 9 preempt delay minimum 60" in shown(say, here)
    reported(say, here, "no standby 9 preempt delay minimum 60")
    assert " standby 9 preempt" in shown(say, here)
    reported(say, here, "no standby 9 preempt")
    assert not [line for line in shown(say, here) if "preempt" in line]


def test_defaults_are_not_shown(say: Console) -> None:
    here = "interface Port-channel7"
    reported(say, here, "lacp min-bundle 2", "standby 9 priority 110")
    assert {" lacp min-bundle 2", " standby 9 priority 110"} <= set(shown(say, here))
    reported(say, here, "lacp min-bundle 1", "standby 9 priority 100")
    assert shown(say, here) == [here]
