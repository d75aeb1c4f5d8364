"""What the lab's hostapd host prints is read back as what it is, and the shell behind it is the platform's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts import records as r
from eventready.facts.platform import load_platform
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.state import ApState, DeviceState, Port, RadioState
from eventready_lab.faults.simulated.injector import FaultInjector
from tests.lab.answers import machine_of, rows
from tests.lab.dialects.test_radio import NAMES

BANDS = st.sampled_from([("2.4", 6), ("5", 36), ("6", 33)])


@st.composite
def hosts(draw: st.DrawFn) -> DeviceState:
    """A host in any condition."""
    state = DeviceState("ap-host", "linux_hostapd", "wifi_controller", hostname="ap-host", version="2.10")
    for name in draw(st.lists(NAMES, max_size=6, unique=True)):
        band, channel = draw(BANDS)
        radio = RadioState(band, draw(st.booleans()), channel, draw(st.integers(0, 200)))
        state.aps.append(ApState(name, "", "6c8b.d3a1.0001", "10.20.1.1", up=draw(st.booleans()), radios=[radio]))
    for name in draw(st.lists(st.sampled_from(["eth0", "eth1", "br-hall"]), unique=True)):
        port = Port(name, draw(st.sampled_from(["", "to the switch"])), draw(st.booleans()), draw(st.booleans()))
        state.ports[name] = port
    state.cpu_percent, state.memory_percent = draw(st.integers(0, 400)), draw(st.integers(0, 100))
    state.uptime_s = draw(st.integers(0, 10**8))
    return state


@pytest.mark.slow
@given(hosts())
def test_it_tells_what_is(state: DeviceState) -> None:
    machine = machine_of(state)
    works = {ap.name: ap.up and ap.radios[0].up for ap in state.aps}
    clients = {ap.name: ap.radios[0].clients * works[ap.name] for ap in state.aps}
    found = rows(machine, "access_point", r.AccessPoint)
    assert {ap.name: (ap.state == "up", ap.clients) for ap in found} == {n: (works[n], clients[n]) for n in works}
    radios = [*rows(machine, "radio", r.Radio), *rows(machine, "radio_24", r.Radio)]
    assert {(radio.ap, radio.band, radio.channel, radio.oper == "up") for radio in radios} == {
        (ap.name, ap.radios[0].band, str(ap.radios[0].channel), works[ap.name]) for ap in state.aps
    }
    loads = [*rows(machine, "radio_load", r.RadioLoad), *rows(machine, "radio_load_24", r.RadioLoad)]
    assert {load.ap: load.clients for load in loads} == clients
    ports = {port.name: port for port in rows(machine, "interface", r.Interface)}
    assert {name: (port.admin == "up", port.oper == "up") for name, port in ports.items()} == {
        name: (port.admin_up, port.admin_up and port.link_up) for name, port in state.ports.items()
    }
    assert all((ports[name].description or "") == port.description for name, port in state.ports.items())
    (system,) = rows(machine, "system", r.System)
    assert (system.hostname, system.version) == ("ap-host", "2.10")
    assert system.uptime_s is not None
    assert 0 <= system.uptime_s - state.uptime_s < 60
    (cpu,) = rows(machine, "cpu", r.Cpu)
    assert cpu.five_minutes == state.cpu_percent
    (memory,) = rows(machine, "memory", r.Memory)
    assert memory.percent is not None
    assert abs(memory.percent - state.memory_percent) < 0.01


def _host(name: str) -> Device:
    points = [{"name": f"{name}-{number}"} for number in range(4)]
    expect = Expect.model_validate({"uplinks": ["eth0"], "access_points": points})
    return Device(name, "wifi_controller", "linux_hostapd", "192.0.2.7", venues=("hoi-nghi",), expect=expect)


def test_a_healthy_host_has_one_radio_for_each_access_point_in_both_bands() -> None:
    machine = machine_of(healthy_states([_host("ap-host")])["ap-host"])
    radios = [*rows(machine, "radio", r.Radio), *rows(machine, "radio_24", r.Radio)]
    assert sorted((radio.ap, radio.band, radio.oper) for radio in radios) == [
        ("ap-host-0", "2.4", "up"), ("ap-host-1", "5", "up"), ("ap-host-2", "2.4", "up"), ("ap-host-3", "5", "up"),
    ]  # fmt: skip
    assert {port.name for port in rows(machine, "interface", r.Interface)} == {"eth0"}


def test_faults_of_the_air_are_reported_as_hostapd_tells_them() -> None:
    machine = machine_of(healthy_states([_host("ap-host")])["ap-host"])
    workbook = FaultInjector({"ap-host": machine})
    workbook.inject("ap-host", "ap-lost", {"ap": "ap-host-1"})
    points = {ap.name: (ap.state, ap.detail) for ap in rows(machine, "access_point", r.AccessPoint)}
    assert points["ap-host-1"] == ("down", "DISABLED")
    assert points["ap-host-0"] == ("up", "ENABLED")
    workbook.inject("ap-host", "wlan-renamed", {"ssid": "setup"})
    assert {row.name for row in rows(machine, "wlan", r.Wlan)} == {"setup"}
    workbook.inject("ap-host", "ap-crowded", {"ap": "ap-host-3", "clients": "55"})
    clients = {ap.name: ap.clients for ap in rows(machine, "access_point", r.AccessPoint)}
    assert clients == {"ap-host-0": 0, "ap-host-1": 0, "ap-host-2": 0, "ap-host-3": 55}


def test_every_command_and_setting_of_the_platform_is_known_here() -> None:
    platform = load_platform("linux_hostapd")
    machine = machine_of(healthy_states([_host("ap-host")])["ap-host"])
    for fact in platform.facts.values():
        assert machine.dialect.find_show(fact.command) is not None, fact.command
    assert replace(machine.dialect, platform="other").find_show("hostapd_cli -i wlan0 disable") is None
    assert not platform.allows("hostapd_cli -p /run/hostapd -i wlan0 disable")
    assert not platform.allows(platform.facts["memory"].command + "; reboot")
