"""Routers whose answers are data, and classic IOS: every line is known to the platform, every figure is the state's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts import records as r
from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation
from eventready.facts.platform import load_platform
from eventready.facts.ports import optic_key, port_key
from eventready.facts.saved import saved_reply
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import Bfd, Bundle, DeviceState, Gateway, Light, Peer, Port, Static
from tests.lab.answers import F, machine_of, printed

NAMES = {
    "cisco_xr": (
        "TenGigE0/0/0/0",
        "TenGigE0/0/0/1",
        "HundredGigE0/0/0/2",
        "GigabitEthernet0/0/0/5.100",
        "Bundle-Ether1",
    ),
    "juniper_junos": ("xe-0/1/0", "xe-0/1/1", "et-0/0/0", "ge-0/0/5.100", "ae1"),
    "mikrotik_routeros": ("sfp-sfpplus1", "sfp-sfpplus2", "ether3", "vlan100", "bond1"),
}
PLATFORMS = tuple(NAMES)


@st.composite
def routers(draw: st.DrawFn, platform: str) -> DeviceState:
    """A router with ports, neighbours, groups and routes in any condition."""
    state = DeviceState("r-1", platform, "router", hostname="r-1", router_id="10.255.0.1", model="MX204")
    state.version = "21.4R3-S5.4"
    *names, bundle = NAMES[platform]
    for name in (*names, bundle):
        port = Port(name, draw(st.sampled_from(["", "to core-2 Te0/0/0", "is up, line protocol is down"])))
        port.speed_bps = draw(st.sampled_from([10**9, 10**10]))
        port.admin_up, port.link_up = (draw(st.booleans()) for _ in range(2))
        port.in_bps, port.out_bps = (draw(st.integers(0, port.speed_bps)) for _ in range(2))
        port.crc_errors = draw(st.integers(0, 10**6))
        port.in_errors = port.crc_errors + draw(st.integers(0, 100))
        port.light = Light(rx_dbm=draw(st.integers(-390, 30)) / 10) if name in names[:2] else None
        port.neighbour = ("core-2", "xe-0/1/0") if name in names[:3] and draw(st.booleans()) else None
        state.ports[name] = port
    state.cpu_percent, state.memory_percent = (draw(st.integers(0, 100)) for _ in range(2))
    state.temperature_c = draw(st.integers(10, 95))
    state.psus, state.fans = (draw(st.lists(st.booleans(), min_size=1, max_size=3)) for _ in range(2))
    state.uptime_s = draw(st.integers(60, 10**8))
    for protocol in ("ospf", "isis", "bgp"):
        for number in range(1, draw(st.integers(1, 4))):
            peer = f"core-{number}" if protocol == "isis" else f"10.255.0.{number + 1}"
            way, up = names[number % 3], draw(st.booleans())
            state.peers.append(Peer(protocol, peer, way, f"10.0.{number}.2", up, 65000, draw(st.integers(0, 10**6))))
    state.bfd = [Bfd(f"10.0.{n}.2", names[n % 3], draw(st.booleans())) for n in range(draw(st.integers(0, 3)))]
    for group in range(1, 1 + draw(st.integers(0, 3))):
        word = draw(st.sampled_from(["master", "backup", "init"]))
        one = Gateway("vrrp", group, names[group % 4], f"198.51.100.{group}", word)
        one.priority, one.preempt, one.peer = draw(st.integers(1, 254)), draw(st.booleans()), "198.51.100.250"
        state.gateways.append(one)
    state.bundles = [Bundle(bundle, list(names[:3]), 1)]
    for number in range(draw(st.integers(0, 3))):
        distance = draw(st.sampled_from([1, 200]))
        state.statics.append(Static("0.0.0.0/0", f"10.0.{number}.2", "", distance, bfd=draw(st.booleans())))
    state.ntp_synchronised = draw(st.booleans())
    state.log_hosts = draw(st.lists(st.sampled_from(["10.255.255.9", "10.255.255.10"]), unique=True))
    return state


def observed(machine: SimulatedDevice, fact: str) -> Observation:
    """The fact as an audit reads it, of both commands where it has two."""
    platform = load_platform(machine.state.platform)
    compiled = platform.facts[fact]
    text = printed(machine, compiled.command)
    if compiled.spec.also:
        text = f"{text}\n{compiled.spec.also}\n{printed(machine, compiled.spec.also)}"
    reply = replace(saved_reply(platform, compiled.command, text), complete=True)
    return interpret("lab", fact, compiled, reply)


def rows(machine: SimulatedDevice, fact: str, record: type[F]) -> list[F]:
    """The rows of a completely parsed answer; none for an answer that is empty."""
    seen = observed(machine, fact)
    assert seen.status.measured or not seen.raw, f"{fact}: {seen.reason} {seen.unmatched}"
    assert seen.unmatched == ()
    return [row for row in seen.rows if isinstance(row, record)]


def up(port: Port) -> bool:
    return port.admin_up and port.link_up


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
def test_every_fact_is_the_states(platform: str, data: st.DataObject) -> None:
    state = data.draw(routers(platform))
    machine = machine_of(state)
    ports = {port_key(row.name): row for row in rows(machine, "interface", r.Interface)}
    for port in state.ports.values():
        row = ports[port_key(port.name)]
        assert (row.oper, row.description or "") == ("up" if up(port) else "down", port.description)
        if "." not in port.name:
            assert row.admin == ("up" if port.admin_up else "down")
            assert (row.in_bps, row.out_bps) in {(port.in_bps, port.out_bps) if up(port) else (0, 0), (None, None)}
            assert row.crc_errors in {port.crc_errors, None}
    lit = {optic_key(row.interface): row for row in rows(machine, "optic", r.Optic)}
    assert lit.keys() == {optic_key(port.name) for port in state.ports.values() if port.light}
    assert {row.rx_low_alarm for row in lit.values()} <= {-18.0, None}
    for port in state.ports.values():
        if port.light and port.link_up:
            assert lit[optic_key(port.name)].rx_dbm == port.light.rx_dbm
    for protocol in ("ospf", "isis", "bgp"):
        if f"{protocol}_neighbour" not in load_platform(platform).facts:
            continue
        read = {row.peer: row.up for row in rows(machine, f"{protocol}_neighbour", r.RoutingPeer)}
        gone = (platform, protocol) == ("mikrotik_routeros", "bgp")  # a lost session is no longer listed
        expected = [peer for peer in state.peers if peer.protocol == protocol and (peer.up or not gone)]
        assert read == {peer.peer: peer.up for peer in expected}
    assert [(row.peer, row.state) for row in rows(machine, "bfd_session", r.BfdSession)] == [
        (one.peer, "up" if one.up else "down") for one in state.bfd
    ]
    groups = rows(machine, "vrrp_group", r.GatewayGroup)
    assert [(row.group, row.state, row.priority) for row in groups] == [
        (one.group, one.state, one.priority) for one in state.gateways
    ]
    assert {row.virtual_ip for row in groups} <= {None, *(one.virtual_ip for one in state.gateways)}
    (bundle,) = rows(machine, "link_bundle", r.LinkBundle)
    live = {port_key(name) for name in state.bundles[0].members if up(state.ports[name])}
    assert set(map(port_key, bundle.bundled)) == live
    assert {row.next_hop for row in rows(machine, "static_route", r.StaticRoute)} == {
        one.next_hop for one in state.statics
    }
    used = {row.next_hop for row in rows(machine, "default_route", r.Route)}
    assert used <= {one.next_hop for one in state.statics}
    assert sorted(row.host for row in rows(machine, "log_target", r.LogTarget)) == sorted(state.log_hosts)
    assert {port_key(row.interface) for row in rows(machine, "neighbour", r.Neighbour)} == {
        port_key(port.name) for port in state.ports.values() if port.neighbour and up(port)
    }


@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
def test_the_chassis_is_the_states(platform: str, data: st.DataObject) -> None:
    state = data.draw(routers(platform))
    machine = machine_of(state)
    (system,) = rows(machine, "system", r.System)
    assert system.hostname in {"r-1", None}
    assert (system.uptime_s or 0) // 60 == state.uptime_s // 60
    assert {row.five_minutes for row in rows(machine, "cpu", r.Cpu)} == {state.cpu_percent}
    assert {round(row.percent or 0) for row in rows(machine, "memory", r.Memory)} == {state.memory_percent}
    for fact, parts in (("power", state.psus), ("fan", state.fans)):
        assert [row.state for row in rows(machine, fact, r.Sensor)] == ["ok" if one else "failed" for one in parts]
    assert state.temperature_c in {row.value for row in rows(machine, "temperature", r.Sensor)}
    (clock,) = rows(machine, "time_sync", r.TimeSync)
    assert clock.synchronised is state.ntp_synchronised
    (saved,) = rows(machine, "saved_config", r.SavedConfig)
    assert saved.saved is True
