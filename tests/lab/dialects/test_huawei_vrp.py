"""What the lab's Huawei routers print is read back as what they are, healthy or not, and what is configured happens."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts import records as r
from eventready.facts.platform import load_platform
from eventready.facts.ports import port_key
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.configuration.tree import parse_tree
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import load_dialect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.state import Bfd, Bundle, DeviceState, Gateway, Light, Peer, Port, Static
from eventready_lab.faults.simulated.injector import FaultInjector
from tests.lab.answers import machine_of, observed, rows
from tests.lab.sessions import TypedSession

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[3]
DBM = st.integers(-400, 20).map(lambda tenths: tenths / 10)
NAMES = st.from_regex(r"[a-z]{2,8}-[a-z]{2,12}-[1-9]", fullmatch=True)
RATES = st.integers(0, 9_000_000_000)


@st.composite
def routers(draw: st.DrawFn) -> DeviceState:
    """A router in any condition."""
    state = DeviceState("agg-9", "huawei_vrp", "router", hostname="AGG-9", version="V200R021C00SPC600")
    state.model, state.router_id = "S6730-H48X6C", "10.255.0.9"
    state.uptime_s = draw(st.integers(0, 300)) * 86_400 + 7_260
    state.cpu_percent, state.memory_percent = draw(st.integers(0, 100)), draw(st.integers(0, 100))
    state.temperature_c = draw(st.integers(-5, 110))
    state.psus = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    state.fans = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    for number in range(1, draw(st.integers(2, 7))):
        port = Port(f"XGigabitEthernet0/0/{number}", draw(st.sampled_from(["", "to core-1 Te0/1/0: 10G, %"])))
        port.admin_up, port.link_up = draw(st.booleans()), draw(st.booleans())
        port.address = draw(st.sampled_from(["", f"10.9.{number}.1"]))
        port.in_bps, port.out_bps, port.mtu = draw(RATES), draw(RATES), draw(st.sampled_from([1500, 9000]))
        port.in_errors, port.crc_errors, port.out_drops = (draw(st.integers(0, 10**6)) for _ in range(3))
        port.light = draw(st.none() | st.builds(Light, rx_dbm=DBM, tx_dbm=DBM, rx_low_alarm=DBM))
        port.neighbour = draw(
            st.none() | st.tuples(NAMES, st.sampled_from(["Te0/1/0", "eth1", "XGigabitEthernet0/0/1"]))
        )
        state.ports[port.name] = port
    members = list(state.ports)[: draw(st.integers(0, 3))]
    if members:
        state.bundles = [Bundle("Eth-Trunk1", members, draw(st.integers(1, 2)))]
        speed = sum(state.ports[name].speed_bps for name in members)
        state.ports["Eth-Trunk1"] = Port("Eth-Trunk1", speed_bps=speed, address="10.9.0.1", link_up=draw(st.booleans()))
    state.ports["LoopBack0"] = Port("LoopBack0", address=state.router_id)
    for protocol, name in draw(st.lists(st.tuples(st.sampled_from(["isis", "bgp", "ospf"]), NAMES), unique=True)):
        address = f"10.8.{len(state.peers)}.1"
        peer = Peer(protocol, name if protocol == "isis" else address, draw(st.sampled_from([*state.ports])), address)
        peer.up, peer.prefixes = draw(st.booleans()), draw(st.integers(0, 10**6))
        state.peers.append(peer)
    state.bfd = [
        Bfd(f"10.7.0.{n}", draw(st.sampled_from(["", *state.ports])), draw(st.booleans())) for n in range(1, 4)
    ]
    for group in draw(st.lists(st.integers(1, 255), max_size=3, unique=True)):
        interface = f"Vlanif{group}"
        state.gateways.append(Gateway("vrrp", group, interface, f"10.6.{group}.1"))
        state.gateways[-1].state = draw(st.sampled_from(["master", "backup", "init"]))
        state.ports[interface] = Port(interface, address=f"10.6.{group}.2")
    for number, bfd in enumerate(draw(st.lists(st.booleans(), max_size=3)), 1):
        route = Static("0.0.0.0/0", f"10.7.0.{number}", distance=draw(st.sampled_from([1, 70, 200])), bfd=bfd)
        state.statics.append(route)
    state.log_hosts = draw(st.lists(st.sampled_from(["10.1.1.1", "10.1.1.2"]), unique=True))
    state.ntp_synchronised = draw(st.booleans())
    return state


def is_up(port: Port) -> bool:
    return port.admin_up and port.link_up


@pytest.mark.slow
@given(routers())
def test_the_box_tells_what_is(state: DeviceState) -> None:
    box = machine_of(state)
    system = r.System(version=state.version, model=f"{state.model} Routing Switch", uptime_s=state.uptime_s // 60 * 60)
    assert rows(box, "system", r.System) == [system]
    assert [row.five_minutes for row in rows(box, "cpu", r.Cpu)] == [state.cpu_percent]
    assert [row.percent for row in rows(box, "memory", r.Memory)] == [state.memory_percent]
    assert [row.value for row in rows(box, "temperature", r.Sensor)] == [state.temperature_c]
    for fact, parts in (("power", state.psus), ("fan", state.fans)):
        assert [row.state for row in rows(box, fact, r.Sensor)] == ["ok" if good else "failed" for good in parts]
    assert [row.state for row in rows(box, "board", r.Sensor)] == ["ok"]
    clock = rows(box, "time_sync", r.TimeSync)
    assert [row.synchronised for row in clock] == [state.ntp_synchronised]


@pytest.mark.slow
@given(routers())
def test_the_ports_state_what_is(state: DeviceState) -> None:
    box = machine_of(state)
    reported = {row.name: row for row in rows(box, "interface", r.Interface)}
    assert list(reported) == list(state.ports)
    for port in state.ports.values():
        row = reported[port.name]
        assert (row.admin, row.oper) == ("up" if port.admin_up else "down", "up" if is_up(port) else "down")
        assert (row.description or "") == port.description
        if port.name.startswith("XGigabit"):
            assert (row.in_errors, row.crc_errors, row.out_drops) == (port.in_errors, port.crc_errors, port.out_drops)
            assert row.bandwidth_bps == port.speed_bps
            assert (row.in_bps, row.out_bps) == ((port.in_bps, port.out_bps) if is_up(port) else (0, 0))
            assert row.mtu == (port.mtu if port.address else None)
    lights = {row.interface: row for row in rows(box, "optic", r.Optic)}
    assert {name: (row.rx_dbm, row.tx_dbm, row.rx_low_alarm, row.rx_high_alarm) for name, row in lights.items()} == {
        port.name: (port.light.rx_dbm, port.light.tx_dbm, port.light.rx_low_alarm, port.light.rx_high_alarm)
        for port in state.ports.values()
        if port.light
    }
    assert {(row.interface, row.device, row.port) for row in neighbours(box)} == {
        (port.name, *port.neighbour) for port in state.ports.values() if port.neighbour and is_up(port)
    }


def neighbours(box: SimulatedDevice) -> list[r.Neighbour]:
    """The neighbours; where no port could hear one, the table is empty, which is no answer."""
    if not any(port.neighbour or port.light for port in box.state.ports.values()):
        return []
    return rows(box, "neighbour", r.Neighbour)


@pytest.mark.slow
@given(routers())
def test_trunks_state_what_is(state: DeviceState) -> None:
    box = machine_of(state)
    reported = rows(box, "link_bundle", r.LinkBundle)
    assert len(reported) == len(state.bundles)
    for row, bundle in zip(reported, state.bundles, strict=True):
        up = tuple(name for name in bundle.members if is_up(state.ports[name]))
        assert (row.members, row.bundled, row.min_links) == (tuple(bundle.members), up, bundle.min_links)
        assert (row.oper == "up") is (len(up) >= bundle.min_links and state.ports[bundle.name].link_up)
        port = next(one for one in rows(box, "interface", r.Interface) if one.name == bundle.name)
        speed = sum(state.ports[name].speed_bps for name in up)
        carried = state.ports[bundle.name].in_bps if port.oper == "up" else 0
        assert port.in_percent == pytest.approx(100 * carried / speed if speed else 0, abs=0.01)


@pytest.mark.slow
@given(routers())
def test_routing_tells_what_is(state: DeviceState) -> None:
    box = machine_of(state)
    for protocol in ("ospf", "isis", "bgp"):
        peers = [peer for peer in state.peers if peer.protocol == protocol]
        reported = rows(box, f"{protocol}_neighbour", r.RoutingPeer)
        assert [(row.peer, row.up) for row in reported] == [(peer.peer, peer.up) for peer in peers]
        if protocol == "bgp":
            assert [(row.remote_as, row.prefixes) for row in reported] == [
                (str(peer.remote_as), peer.prefixes if peer.up else 0) for peer in peers
            ]
        else:
            assert [port_key(row.interface or "") for row in reported] == [port_key(peer.interface) for peer in peers]
    assert [(row.peer, row.interface or "", row.state) for row in rows(box, "bfd_session", r.BfdSession)] == [
        (session.peer, session.interface, "up" if session.up else "down") for session in state.bfd
    ]
    assert [(g.group, g.interface, g.virtual_ip, g.state) for g in rows(box, "vrrp_group", r.GatewayGroup)] == [
        (gateway.group, gateway.interface, gateway.virtual_ip, gateway.state) for gateway in state.gateways
    ]


@pytest.mark.slow
@given(routers())
def test_routes_and_log_hosts_state_what_is(state: DeviceState) -> None:
    box = machine_of(state)
    assert [
        (row.prefix, row.next_hop, row.distance, row.protected) for row in rows(box, "static_route", r.StaticRoute)
    ] == [(route.prefix, route.next_hop, preference(route), route.bfd) for route in state.statics]
    assert [row.host for row in rows(box, "log_target", r.LogTarget)] == state.log_hosts
    down = {session.peer for session in state.bfd if not session.up}
    alive = [route for route in state.statics if not (route.bfd and route.next_hop in down)]
    best = min((preference(route) for route in alive), default=0)
    used = {row.next_hop for row in rows(box, "default_route", r.Route)}
    assert used <= {route.next_hop for route in alive}
    if all(is_up(port) for port in state.ports.values()):
        assert used == {route.next_hop for route in alive if preference(route) == best}


def preference(route: Static) -> int:
    return 60 if route.distance == 1 else route.distance


# --- faults of the example's routers ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> dict[str, DeviceState]:
    return healthy_states(load_workspace(EXAMPLE).devices)


@pytest.fixture
def ledger(example: dict[str, DeviceState]) -> FaultInjector:
    """The example's Huawei routers, in a lab without servers."""
    states = copy.deepcopy({name: state for name, state in example.items() if state.platform == "huawei_vrp"})
    return FaultInjector({name: machine_of(state) for name, state in states.items()})


class Broken(NamedTuple):
    """A fault, and what a fact then says."""

    device: str
    fault: str
    args: dict[str, Any]
    fact: str
    shows: Callable[[list[Any]], bool]


FAULTS = [
    Broken(
        "agg-1",
        "link-down",
        {"port": "XGigabitEthernet0/0/2"},
        "interface",
        lambda reported: _oper(reported, "0/0/2") == "down",
    ),
    Broken(
        "agg-1",
        "port-shut",
        {"port": "XGigabitEthernet0/0/3"},
        "interface",
        lambda reported: _admin(reported, "0/0/3") == "down",
    ),
    Broken(
        "agg-1",
        "link-down",
        {"port": "XGigabitEthernet0/0/3"},
        "link_bundle",
        lambda reported: len(reported[0].bundled) == 1,
    ),
    Broken(
        "agg-1",
        "congested",
        {"percent": 92},
        "interface",
        lambda reported: max(row.in_percent or 0 for row in reported) >= 92,
    ),
    Broken(
        "agg-1", "optic-low", {"dbm": -17.2}, "optic", lambda reported: min(row.rx_dbm for row in reported) == -17.2
    ),
    Broken("agg-1", "psu-failed", {}, "power", lambda reported: [row.state for row in reported] == ["ok", "failed"]),
    Broken("agg-1", "fan-failed", {}, "fan", lambda reported: reported[0].state == "failed"),
    Broken(
        "agg-1", "hot", {"celsius": 88}, "temperature", lambda reported: reported[0].value >= reported[0].critical_at
    ),
    Broken("agg-1", "high-cpu", {}, "cpu", lambda reported: reported[0].five_minutes == 93),
    Broken("agg-1", "high-memory", {}, "memory", lambda reported: reported[0].percent == 94),
    Broken("agg-1", "restarted", {"seconds_ago": 1800}, "system", lambda reported: reported[0].uptime_s == 1800),
    Broken("agg-1", "ntp-lost", {}, "time_sync", lambda reported: not reported[0].synchronised),
    Broken("agg-1", "syslog-lost", {}, "log_target", lambda reported: reported == []),
    Broken("agg-1", "unsaved-config", {}, "saved_config", lambda reported: not reported[0].saved),
    Broken("agg-1", "neighbour-lost", {"protocol": "bgp"}, "bgp_neighbour", lambda reported: not reported[0].up),
    Broken("agg-1", "neighbour-lost", {"protocol": "isis"}, "isis_neighbour", lambda reported: not reported[0].up),
    Broken("agg-1", "bfd-down", {}, "bfd_session", lambda reported: [row.state for row in reported].count("down") == 1),
    Broken("agg-1", "unwatched-route", {}, "static_route", lambda reported: not any(row.protected for row in reported)),
    Broken("agg-1", "no-backup-route", {}, "static_route", lambda reported: len(reported) == 1),
    Broken("agg-1", "no-default-route", {}, "default_route", lambda reported: reported == []),
    Broken(
        "edge-hn-1",
        "two-masters",
        {"group": 20},
        "vrrp_group",
        lambda reported: {row.state for row in reported} == {"master"},
    ),
    Broken(
        "edge-hn-1",
        "gateway-lost",
        {"group": 10},
        "vrrp_group",
        lambda reported: [row.group for row in reported] == [20],
    ),
    Broken(
        "edge-hn-1",
        "wrong-cable",
        {},
        "neighbour",
        lambda reported: "unknown-switch" in {row.device for row in reported},
    ),
]


def _oper(reported: list[r.Interface], port: str) -> str:
    return next(row.oper for row in reported if row.name.endswith(port))


def _admin(reported: list[r.Interface], port: str) -> str:
    return next(row.admin for row in reported if row.name.endswith(port))


@pytest.mark.parametrize("broken", FAULTS, ids=lambda broken: f"{broken.fault}-{broken.fact}")
@pytest.mark.parametrize("configured", [False, True], ids=["fresh", "configured"])
def test_a_fault_shows(ledger: FaultInjector, broken: Broken, configured: bool) -> None:
    """Whether or not somebody had looked at the configuration before it happened."""
    box = ledger.devices[broken.device]
    if configured:
        assert box.config.running
    before = reported(box, broken.fact)
    assert not broken.shows(before)
    ledger.inject(broken.device, broken.fault, broken.args)
    assert broken.shows(reported(box, broken.fact))
    ledger.clear(broken.device, broken.fault, {})
    assert reported(box, broken.fact) == before


def reported(box: SimulatedDevice, fact: str) -> list[Any]:
    return rows(box, fact, r.Fact)


def test_every_fact_of_the_platform_is_answered(ledger: FaultInjector) -> None:
    for box in ledger.devices.values():
        for fact in load_platform("huawei_vrp").facts:
            seen = observed(box, fact)
            assert seen.status.measured, f"{box.state.name} {fact}: {seen.reason} {seen.unmatched}"


def test_errors_grow_while_the_link_is_up(example: dict[str, DeviceState]) -> None:
    clock = [0.0]
    state = copy.deepcopy(example["agg-1"])
    box = SimulatedDevice(state, load_dialect("huawei_vrp"), Credentials("a", "b"), monotonic=lambda: clock[0])
    port = state.ports["XGigabitEthernet0/0/1"]
    port.error_rate = 40.0
    before = next(row for row in rows(box, "interface", r.Interface) if row.name == port.name)
    clock[0] += 10
    after = next(row for row in rows(box, "interface", r.Interface) if row.name == port.name)
    assert (after.in_errors or 0) - (before.in_errors or 0) == 400
    assert (after.in_bytes or 0) - (before.in_bytes or 0) == port.in_bps * 10 // 8


# --- configuration ----------------------------------------------------------------------------------------------


@pytest.fixture
def session(example: dict[str, DeviceState]) -> TypedSession:
    found = TypedSession(machine_of(copy.deepcopy(example["agg-1"])))
    found.type("screen-length 0 temporary\n")
    return found


def lines(session: TypedSession, *typed: str) -> str:
    """What comes back for the last line."""
    output = ""
    for line in typed:
        output = session.type(f"{line}\n").replace("\r\n", "\n")
    return output


def test_the_candidate_changes_nothing_until_it_is_committed(session: TypedSession) -> None:
    port = session.machine.state.ports["XGigabitEthernet0/0/2"]
    output = lines(session, "system-view", "interface XGigabitEthernet0/0/2", "shutdown")
    assert output.endswith("[*agg-1-XGigabitEthernet0/0/2]")
    assert port.admin_up
    assert lines(session, "commit").endswith("[~agg-1-XGigabitEthernet0/0/2]")
    assert not port.admin_up
    assert " shutdown" in lines(session, "display current-configuration").splitlines()
    assert _admin(rows(session.machine, "interface", r.Interface), "0/0/2") == "down"
    lines(session, "undo shutdown", "commit", "return")
    assert port.admin_up


def test_leaving_with_something_waiting_asks(session: TypedSession) -> None:
    output = lines(session, "system-view", "sysname agg-x", "return")
    assert "Uncommitted configurations found" in output
    assert lines(session, "n").endswith("<agg-1>")
    lines(session, "system-view", "sysname agg-x", "return")
    assert lines(session, "y").endswith("<agg-x>")


def test_a_restart_brings_back_what_was_saved(session: TypedSession) -> None:
    lines(session, "system-view", "interface XGigabitEthernet0/0/1", "description changed", "commit", "return")
    assert not session.machine.state.saved
    assert not rows(session.machine, "saved_config", r.SavedConfig)[0].saved
    difference = lines(session, "compare configuration")
    assert "description changed" in difference
    assert "[Y/N]" in lines(session, "save")
    assert "successfully" in lines(session, "y")
    assert rows(session.machine, "saved_config", r.SavedConfig)[0].saved
    assert "description changed" in lines(session, "display saved-configuration")


def test_routes_log_hosts_and_priorities_follow_the_configuration(session: TypedSession) -> None:
    state = session.machine.state
    hop = state.statics[0].next_hop
    lines(
        session,
        "system-view",
        f"ip route-static 0.0.0.0 0.0.0.0 {hop} preference 90",
        "ip route-static 10.99.0.0 255.255.0.0 XGigabitEthernet0/0/2 10.0.1.6 track bfd-session to-10.0.1.6",
        "undo info-center loghost 10.255.255.9",
        "info-center loghost 10.255.255.8",
        "commit",
    )
    found = {(row.prefix, row.next_hop): row for row in rows(session.machine, "static_route", r.StaticRoute)}
    assert (found["0.0.0.0/0", hop].distance, found["0.0.0.0/0", hop].protected) == (90, False)
    assert found["10.99.0.0/16", "10.0.1.6"].interface == "XGigabitEthernet0/0/2"
    assert found["10.99.0.0/16", "10.0.1.6"].protected
    assert [row.host for row in rows(session.machine, "log_target", r.LogTarget)] == ["10.255.255.8"]


def test_the_priority_of_a_group_is_the_configured_one(example: dict[str, DeviceState]) -> None:
    session = TypedSession(machine_of(copy.deepcopy(example["edge-hn-1"])))
    lines(session, "system-view", "interface Vlanif100", "vrrp vrid 10 priority 90")
    assert {gateway.group: gateway.priority for gateway in session.machine.state.gateways} == {10: 90, 20: 100}


def test_what_it_does_not_know_it_refuses(session: TypedSession) -> None:
    assert "Error: Unrecognized command found at '^' position." in lines(session, "show version")
    assert "Error: Incomplete command found at '^' position." in lines(session, "display")
    assert "Error: Unrecognized" in lines(session, "system-view", "hostname x")
    assert session.machine.state.hostname == "agg-1"


@pytest.mark.slow
@given(routers())
def test_what_a_router_starts_with_is_its_own_configuration(state: DeviceState) -> None:
    """Committing nothing new changes nothing, and what is printed can be typed again."""
    box = machine_of(state)
    before = copy.deepcopy(state)
    running = box.config.running
    box.config.replace(copy.deepcopy(running))
    assert state == before
    assert parse_tree(box.layout.text(running).split("\n", 1)[1]) == running
