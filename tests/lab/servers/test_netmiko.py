"""The servers against Netmiko's stock drivers, as any script uses them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from netmiko import BaseConnection, ConnectHandler
from netmiko.exceptions import NetmikoAuthenticationException

from eventready_lab.embedded.lab_thread import LabThread
from tests.lab.conftest import KNOWN, machine
from tests.lab.small_dialects import IOS, VRP, VTY
from tests.session.real import until

pytestmark = pytest.mark.slow

LabOf = Callable[..., LabThread]


def connect(lab: LabThread, device: str, kind: str, **more: Any) -> BaseConnection:
    host, port = lab.address(device)
    login = {"username": KNOWN.username, "password": KNOWN.password, **more}
    return ConnectHandler(device_type=kind, host=host, port=port, **login)


def test_cisco_xe_connects_shows_configures_and_saves(lab_of: LabOf) -> None:
    lab = lab_of(machine("r1", IOS, enable="en-pw"))
    with connect(lab, "r1", "cisco_xe", secret="en-pw") as session:
        session.enable()
        assert "Version 1.2" in session.send_command("show version")
        assert "line 60" in session.send_command("show long")
        session.send_config_set(["interface Gi1", "shutdown", "no description"])
        assert "Gi1 is down" in session.send_command("show ports")
        running = session.send_command("show running-config")
        assert "shutdown" in running
        assert "description" not in running
        assert "[OK]" in session.save_config()
    assert lab.lab.devices["r1"].state.saved


def test_huawei_commits_a_candidate_and_saves_after_a_question(lab_of: LabOf) -> None:
    lab = lab_of(machine("h1", VRP))
    with connect(lab, "h1", "huawei_vrpv8") as session:
        assert "line 60" in session.send_command("display long")
        # Netmiko's own config_mode waits two seconds of silence for each look at the mode; typed, it is the same.
        for line in ("system-view", "interface Gi1", "description new", "commit", "return"):
            session.send_command(line, expect_string=r"[\]>]")
        assert "description new" in session.send_command("display current-configuration")
        assert "successfully" in session.save_config()
    assert lab.lab.devices["h1"].state.saved


def test_the_vty_over_telnet_with_password_and_enable(lab_of: LabOf) -> None:
    lab = lab_of(machine("b1", VTY, enable="en-pw"))
    with connect(lab, "b1", "cisco_ios_telnet", default_enter="\n", secret="en-pw") as session:
        session.enable()
        assert "Version 1.2" in session.send_command("show version")
        session.send_config_set(["interface Gi1", "shutdown"])
        assert "Configuration saved" in session.save_config()
    assert not lab.lab.devices["b1"].state.ports["Gi1"].admin_up


def test_a_wrong_password_is_refused(lab_of: LabOf) -> None:
    lab = lab_of(machine("r1", IOS))
    with pytest.raises(NetmikoAuthenticationException):
        connect(lab, "r1", "cisco_xe", password="not-it")


def test_sessions_end_and_are_counted_down(lab_of: LabOf) -> None:
    lab = lab_of(machine("r1", IOS))
    for _ in range(4):
        with connect(lab, "r1", "cisco_xe") as session:
            assert lab.lab.devices["r1"].sessions == 1
            session.send_command("show version")
    until(lambda: lab.call(lambda: lab.lab.sessions) == 0)


def test_many_devices_at_once(lab_of: LabOf) -> None:
    names = [f"r{number}" for number in range(12)]
    lab = lab_of(*(machine(name, IOS) for name in names))

    def show(name: str) -> bool:
        with connect(lab, name, "cisco_xe") as session:
            return f"{name} uptime" in session.send_command("show version")

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(show, names))
