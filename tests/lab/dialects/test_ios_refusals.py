"""What simulated devices say at their console to what an engineer types there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eventready.core.clock import Clock
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.process import simulate
from tests.lab.console import Console

KNOWN = Credentials("netops", "Pl4nted-l4b-word")


@pytest.fixture(scope="module")
def machine_of() -> Callable[[str], SimulatedDevice]:
    """A device of the example, by its name."""
    devices = load_workspace(example_home()).devices
    return {device.name: machine for device in devices for machine in simulate([device], KNOWN, Clock())}.__getitem__


def test_ios_refuses_what_names_a_class_or_a_policy_that_is_not_there(
    machine_of: Callable[[str], SimulatedDevice],
) -> None:
    with Console(machine_of("core-1")) as say:
        say("configure terminal")
        output = [
            say(line)
            for line in (
                "policy-map NEW",
                "class VOICE",
                "class-map match-any VOICE",
                "match dscp ef",
                "policy-map NEW",
                "class VOICE",
                "interface TenGigabitEthernet0/2/0",
                "service-policy output OLD",
                "service-policy output NEW",
            )
        ]
    assert output == ["", "% class map VOICE not configured", *[""] * 5, "% policy map OLD not configured", ""]


def test_a_profile_of_a_9800_shows_no_shutdown_and_nothing_while_it_is_shut(
    machine_of: Callable[[str], SimulatedDevice],
) -> None:
    machine = machine_of("wlc-1")
    with Console(machine) as say:
        for line in ("configure terminal", "ap dot11 5ghz rf-profile NEW", "tx-power min 7"):
            say(line)
        shown = []
        for line in ("shutdown", "no shutdown", "shutdown"):
            say(line)
            shown.append(list(machine.config.running["ap dot11 5ghz rf-profile NEW"]))
    assert shown == [["tx-power min 7"], ["tx-power min 7", "no shutdown"], ["tx-power min 7"]]


def test_an_element_behind_a_manager_is_requested_by_its_name(machine_of: Callable[[str], SimulatedDevice]) -> None:
    with Console(machine_of("enb-vh-1")) as say:
        assert "RETCODE = 0 " in say("LST CELLMLB:;")
        assert "out of range" in say("MOD CELLMLB:LOCALCELLID=1,INTERFREQMLBTHD=900;")


def test_ios_refuses_parameters_of_an_operation_before_its_type_and_another_target(
    machine_of: Callable[[str], SimulatedDevice],
) -> None:
    with Console(machine_of("core-1")) as say:
        lines = ("frequency 5", "icmp-echo 192.0.2.1", "frequency 5", "icmp-echo 192.0.2.1", "icmp-echo 192.0.2.9")
        output = [say(line) for line in ("configure terminal", "ip sla 77", *lines)][2:]
    invalid = "% Invalid input detected at '^' marker."
    assert output == [invalid, "", "", "", invalid]


def test_vrp_refuses_parameters_of_a_test_before_its_type(machine_of: Callable[[str], SimulatedDevice]) -> None:
    name = next(device.name for device in load_workspace(example_home()).devices if device.platform == "huawei_vrp")
    with Console(machine_of(name)) as say:
        lines = ("frequency 5", "test-type icmp", "frequency 5")
        output = [say(line) for line in ("system-view", "nqa test-instance event another", *lines)][2:]
    assert output == ["Error: The test type is not configured.", "", ""]
