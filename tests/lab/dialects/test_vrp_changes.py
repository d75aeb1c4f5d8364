"""A simulated VRP device that is changed: two stages and trials on VRP 8, at once on VRP 5; and every intent there and
back from configurations in which the same things have other values, or are not there, or are used by others."""

from __future__ import annotations

import re
from copy import deepcopy
from functools import cache

import pytest

from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import load_dialect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.state import DeviceState
from tests.lab.console import Console
from tests.shared import example

pytestmark = pytest.mark.slow

STATUS = "display configuration trial status"
INACTIVE = "Trial status: INACTIVE\nTrial time left (sec): 0"
ABORTED = "Info: The trial configuration rollback succeeded."
IN_TRIAL = "Error: The system is in trial configuration mode."
UNKNOWN = "Error: Unrecognized command found at '^' position."
PORT = "interface XGigabitEthernet0/0/2"


@cache
def states() -> dict[str, DeviceState]:
    return healthy_states(list(example().devices))


def machine_of(name: str, **software: str) -> SimulatedDevice:
    """A device of the example, of another model or version where told."""
    state = deepcopy(states()[name])
    for field, value in software.items():
        setattr(state, field, value)
    return SimulatedDevice(state, load_dialect(state.platform), Credentials("netops", "lab-only"))


@pytest.fixture
def agg() -> SimulatedDevice:
    return machine_of("agg-1")


@pytest.fixture
def say(agg: SimulatedDevice) -> Console:
    return Console(agg)


def typed(say: Console, *lines: str) -> list[str]:
    """What is said to each line that says something."""
    return [output for line in lines if (output := say(line))]


def running(say: Console) -> str:
    return say("display current-configuration")


# --- which system -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "software", "version", "stages", "named"),
    [
        ("agg-1", {}, "8.210", True, True),
        ("agg-1", {"model": "NE40E-X8A", "version": "V800R011C00SPC200"}, "8.180", True, False),
        ("agg-1", {"model": "CE6881-48S6CQ", "version": "V200R019C10SPC800"}, "8.210", True, True),
        ("agg-1", {"model": "AR6280", "version": "V300R019C10SPC300"}, "5.170", False, False),
        ("edge-hn-1", {}, "5.170", False, False),
        ("ac-1", {}, "5.170", False, False),
    ],
)
def test_the_model_decides(name: str, software: dict[str, str], version: str, stages: bool, named: bool) -> None:
    machine = machine_of(name, **software)
    say = Console(machine)
    found = say("display version")
    assert f"Version {version} ({machine.state.model} {machine.state.version})" in found
    assert (say(STATUS) == INACTIVE) is stages
    assert running(say).startswith(f"!Software Version {machine.state.version}\n#\n")
    typed(say, "system-view", "info-center loghost 10.0.0.99")
    assert ("loghost 10.0.0.99" in running(say)) is not stages
    assert (UNKNOWN in say("commit trial 60 persist mine")) is not named
    assert (UNKNOWN in say("commit")) is not stages
    assert "loghost 10.0.0.99" in running(say)


def test_a_version_5_asks_nothing_when_it_is_left() -> None:
    say = Console(machine_of("edge-hn-1"))
    assert typed(say, "system-view", "info-center loghost 10.0.0.99", "return") == [
        "Enter system view, return user view with return command."
    ]
    assert UNKNOWN in say("abort trial")
    assert UNKNOWN in say("clear configuration candidate")


# --- trials -----------------------------------------------------------------------------------------------------------


def on_trial(say: Console, words: str = "", seconds: int = 120) -> str:
    """The running configuration before a trial that is under way."""
    before = running(say)
    typed(say, "system-view", PORT, "description on trial")
    assert say(f"commit trial {seconds}{words}") == (
        "Info: The system enters the trial configuration mode.\nThe system will revert to previous configuration if "
        f"the trial configuration is not confirmed in {seconds} seconds."
    )
    say("return")
    assert "on trial" in running(say)
    return before


@pytest.mark.parametrize("words", ["", " persist ours"])
def test_a_trial_expires(agg: SimulatedDevice, say: Console, words: str) -> None:
    before = on_trial(say, words)
    agg.advance_clock(100)
    named = "Persist id: ours\n" if words else ""
    assert re.fullmatch(rf"Trial status: ACTIVE\n{named}Trial time left \(sec\): 1?\d", say(STATUS))
    assert "on trial" in running(say)
    agg.advance_clock(20)
    assert running(say) == before
    assert say(STATUS) == INACTIVE


def test_a_trial_can_be_made_longer_and_gone_back_from_to_its_beginning(agg: SimulatedDevice, say: Console) -> None:
    before = on_trial(say)
    typed(say, "system-view", PORT, "description longer")
    assert "in 600 seconds" in say("commit trial")
    agg.advance_clock(500)
    assert "description longer" in running(say)
    assert say("abort trial") == ""
    assert say("n") == ""
    assert "description longer" in running(say)
    say("abort trial")
    assert say("y") == ABORTED
    assert running(say) == before
    say("abort trial")
    assert say("y").startswith("Error: ")


@pytest.mark.parametrize("words", ["", " persist ours"])
def test_a_confirmed_trial_stays_and_only_save_saves_it(agg: SimulatedDevice, say: Console, words: str) -> None:
    on_trial(say, words)
    assert typed(say, "system-view", f"commit{words}", "return") == [
        "Enter system view, return user view with return command."
    ]
    assert say(STATUS) == INACTIVE
    agg.advance_clock(10_000)
    now = running(say)
    assert "on trial" in now
    assert "on trial" not in say("display saved-configuration")
    assert say("save") == ""
    assert "successfully" in say("y")
    assert say("display saved-configuration") == now


@pytest.mark.parametrize("words", ["", " persist ours"])
def test_no_person_else_commits_or_goes_back_meanwhile(agg: SimulatedDevice, say: Console, words: str) -> None:
    before = on_trial(say, words)
    other = Console(agg)
    typed(other, "system-view", "interface LoopBack7")
    for line in ("commit", "commit trial 60", "commit persist theirs"):
        assert other(line) == IN_TRIAL
    other("abort trial")
    assert other("y") == IN_TRIAL
    other("clear configuration candidate")
    other("return")
    assert "on trial" in running(say)
    assert "LoopBack7" not in running(say)
    agg.advance_clock(121)
    assert running(say) == before


def test_a_trial_without_a_name_ends_with_its_session(agg: SimulatedDevice, say: Console) -> None:
    with Console(agg) as other:
        before = on_trial(other)
    assert running(say) == before
    assert say(STATUS) == INACTIVE


@pytest.mark.parametrize(("line", "stays"), [("commit persist ours", True), ("abort trial persist ours", False)])
def test_a_trial_with_a_name_is_decided_on_by_whoever_gives_it(
    agg: SimulatedDevice, say: Console, line: str, stays: bool
) -> None:
    with Console(agg) as other:
        before = on_trial(other, " persist ours")
    assert "on trial" in running(say)
    typed(say, "system-view", line, *([] if stays else ["y"]), "return")
    assert say(STATUS) == INACTIVE
    agg.advance_clock(1_000)
    assert ("on trial" in running(say), running(say) == before) == (stays, not stays)


def test_a_restart_forgets_the_trial_and_what_was_not_saved(agg: SimulatedDevice, say: Console) -> None:
    before = on_trial(say, " persist ours")
    agg.restart()
    again = Console(agg)
    assert running(again) == before
    assert again(STATUS) == INACTIVE


@pytest.mark.parametrize(
    "line", ["commit trial 59", "commit trial 65536", "commit trial soon", "commit persist 9lives"]
)
def test_a_trial_that_cannot_be(say: Console, line: str) -> None:
    typed(say, "system-view", PORT, "description x")
    assert "Error: " in say(line)
    assert "description x" not in running(say)
    assert say(STATUS) == INACTIVE


def test_nothing_to_commit_is_no_trial(say: Console) -> None:
    typed(say, "system-view", "commit trial 60")
    assert say(STATUS) == INACTIVE


def test_a_save_that_fails_says_so(agg: SimulatedDevice, say: Console) -> None:
    agg.session_faults.save_fails = True
    before = say("display saved-configuration")
    say("save")
    assert "Error: Failed to save" in say("y")
    assert say("display saved-configuration") == before


# --- lines ------------------------------------------------------------------------------------------------------------


TEST = ("nqa test-instance event uplink", "test-type icmp", "destination-address ipv4 10.0.1.5", "start now", "quit")


@pytest.mark.parametrize(
    ("before", "line", "output"),
    [
        (TEST, "undo nqa test-instance event uplink", "Error: The test is in progress, it cannot be deleted."),
        ((*TEST[:-1],), "frequency 9", "Error: The test is in progress, the parameter cannot be changed."),
        ((), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5 track nqa event uplink", "Error: The NQA test instance"),
        ((), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5 track bfd-session x", "Error: The BFD session does not"),
        ((*TEST[:3], "quit", "ip route-static 10.9.0.0 16 10.0.1.5 track nqa event uplink"),
         "undo nqa test-instance event uplink", "Error: The NQA test instance is in use."),
        (("interface Vlanif100",), "vrrp vrid 99 priority 120", "Error: The virtual router does not exist."),
        (("interface Vlanif100",), "undo vrrp vrid 99", "Error: The virtual router does not exist."),
        (("interface Vlanif100",), "vrrp vrid 10 priority 255", UNKNOWN),
        (("interface Vlanif100",), "vrrp vrid 10 preempt-mode timer delay 3601", UNKNOWN),
        (("interface Vlanif100",), "traffic-policy NONE inbound", "Error: The traffic policy does not exist."),
        (("traffic policy P", "quit", "traffic policy Q", "quit", "interface Vlanif100", "traffic-policy P inbound"),
         "traffic-policy Q inbound", "Error: A traffic policy has been applied to this direction."),
        (("traffic policy P", "quit", "interface Vlanif100", "traffic-policy P inbound", "quit"),
         "undo traffic policy P", "Error: The traffic policy is in use."),
        (("traffic policy P",), "classifier C behavior B", "Error: The classifier does not exist."),
        (("traffic behavior B",), "queue llq bandwidth pct 101", UNKNOWN),
        ((), "interface XGigabitEthernet9/9/9", "Error: Wrong parameter found at '^' position."),
        ((), "undo interface XGigabitEthernet0/0/1", "Error: Wrong parameter found at '^' position."),
        ((), "undo ip route-static 10.9.0.0 255.255.0.0 10.0.1.5", "Error: The specified route does not exist."),
        ((), "undo bfd to-10.0.1.5", "Error: The bfd is in use."),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(before: tuple[str, ...], line: str, output: str) -> None:
    say = Console(machine_of("edge-hn-1"))
    typed(say, "system-view")
    assert not typed(say, *before)
    was = running(say)
    assert output in say(line)
    assert running(say) == was


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (("ip route-static 10.9.0.0 16 10.0.1.5 preference 60",), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5"),
        (("ip route-static 10.9.8.7 16 10.0.1.5",), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5"),
        (("traffic classifier C operator or", "quit", "traffic classifier C", "if-match dscp ef"),
         "traffic classifier C operator or\n if-match dscp ef"),
        (("traffic classifier C", "if-match dscp ef"), "traffic classifier C operator or\n if-match dscp ef"),
        (("traffic classifier C", "if-match dscp ef", "quit", "traffic classifier C operator and"),
         "traffic classifier C operator and\n if-match dscp ef"),
        (("acl number 3000", "rule 5 permit ip source 10.1.0.0 0.0.0.255", "rule 5 permit ip destination 10.2.0.0 0"),
         "acl number 3000\n rule 5 permit ip destination 10.2.0.0 0 source 10.1.0.0 0.0.0.255"),
    ],
)  # fmt: skip
def test_what_is_shown_is_not_what_was_typed(lines: tuple[str, ...], shown: str) -> None:
    say = Console(machine_of("edge-hn-1"))
    assert not typed(say, "system-view")[1:]
    assert not typed(say, *lines)
    assert f"\n{shown}\n" in running(say)


def test_a_group_goes_with_its_last_address() -> None:
    machine = machine_of("edge-hn-1")
    say = Console(machine)
    assert "vrrp vrid 10 priority" in running(say)
    typed(say, "system-view", "interface Vlanif100", "undo vrrp vrid 10 virtual-ip 198.51.100.1")
    assert "vrrp vrid 10" not in running(say)
    assert [group.group for group in machine.state.gateways] == [20]
