"""What the lab's routers print is read back as what they are: every line is known, every figure is the state's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts import records as r
from eventready.facts.observation import Status
from eventready.facts.observe import observe
from eventready.facts.platform import load_platform
from eventready.facts.saved import saved_reply
from eventready.session.reply import Reply
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import Bfd, Bundle, DeviceState, Gateway, Light, Peer, Port, Static
from eventready_lab.dialects.cisco_xe.formats import long_duration, short_duration, short_name
from eventready_lab.terminal.session import CliSession
from tests.lab.answers import AnswerChannel, F, machine_of, observed, printed, rows

pytestmark = pytest.mark.slow

ROUTERS = ("cisco_xe", "frr")
NAMES = {
    "cisco_xe": [
        "TenGigabitEthernet0/0/0",
        "TenGigabitEthernet0/0/1",
        "GigabitEthernet0/1/0",
        "TwentyFiveGigE0/1/4.4010",
    ],
    "frr": ["eth1", "eth2", "eth3", "eth4"],
}


@st.composite
def ports(draw: st.DrawFn, name: str) -> Port:
    """A port in any condition."""
    speed = draw(st.sampled_from([10**9, 10**10, 10**11]))
    port = Port(name, draw(st.sampled_from(["", "to core-2 Te0/0/0", "is up, line protocol is down"])), speed_bps=speed)
    port.admin_up, port.link_up = draw(st.booleans()), draw(st.booleans())
    port.in_bps, port.out_bps = (draw(st.integers(0, speed)) for _ in range(2))
    port.in_errors, port.crc_errors = sorted(
        draw(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))), reverse=True
    )
    port.out_drops = draw(st.integers(0, 10**6))
    if "." not in name:  # a sub-interface has no module
        port.light = draw(st.none() | st.integers(-400, 30).map(lambda tenths: Light(rx_dbm=tenths / 10)))
    return port


@st.composite
def routers(draw: st.DrawFn, platform: str) -> DeviceState:
    """A router with ports, neighbours, groups and routes in any condition."""
    state = DeviceState("r-1", platform, "router", hostname="r-1", router_id="10.255.0.1")
    state.ports = {name: draw(ports(name)) for name in NAMES[platform]}
    names = list(state.ports)
    state.cpu_percent, state.memory_percent = draw(st.integers(0, 100)), draw(st.integers(0, 100))
    state.temperature_c = draw(st.integers(10, 95))
    state.psus = draw(st.lists(st.booleans(), min_size=1, max_size=3))
    state.fans = draw(st.lists(st.booleans(), min_size=1, max_size=3))
    state.uptime_s = draw(st.integers(60, 10**9))
    for protocol in ("ospf", "isis", "bgp"):
        for number in range(1, draw(st.integers(1, 4))):
            peer = f"core-{number}" if protocol == "isis" else f"10.255.0.{number + 1}"
            address = peer if protocol == "bgp" else f"10.0.{number}.2"
            up, prefixes = draw(st.booleans()), draw(st.integers(0, 10**6))
            state.peers.append(Peer(protocol, peer, names[number % len(names)], address, up, 65_000, prefixes))
    state.bfd = [Bfd(f"10.0.{n}.2", names[n % len(names)], draw(st.booleans())) for n in range(draw(st.integers(0, 3)))]
    kinds = ("hsrp", "vrrp") if platform == "cisco_xe" else ("vrrp",)
    for group in range(1, 1 + draw(st.integers(0, 4))):
        word = draw(st.sampled_from(["master", "backup", "init"]))
        one = Gateway(draw(st.sampled_from(kinds)), group, names[group % len(names)], f"198.51.100.{group}", word)
        one.priority, one.preempt, one.peer = draw(st.integers(1, 254)), draw(st.booleans()), "198.51.100.250"
        state.gateways.append(one)
    if platform == "cisco_xe":
        state.bundles = [Bundle("Port-channel1", names[:3], draw(st.integers(1, 3)))]
    for number in range(draw(st.integers(0, 3))):
        watched = draw(st.booleans())
        distance = draw(st.sampled_from([1, 200]))
        state.statics.append(Static("0.0.0.0/0", f"10.0.{number}.2", "", distance, "10" if watched else "", watched))
    state.ntp_synchronised, state.saved = draw(st.booleans()), draw(st.booleans())
    state.log_hosts = draw(st.lists(st.sampled_from(["10.255.255.9", "10.255.255.10"]), unique=True))
    return state


def heard(machine: SimulatedDevice, fact: str, record: type[F], *, silent: bool) -> list[F]:
    """The rows. `silent`: the device prints nothing at all where there is none, and that is no measurement."""
    found = observed(machine, fact)
    if silent and not found.raw:
        assert found.status is Status.UNPARSED
        return []
    return rows(machine, fact, record)


def up(port: Port) -> bool:
    return port.admin_up and port.link_up


@pytest.mark.parametrize("platform", ROUTERS)
@given(data=st.data())
def test_ports(platform: str, data: st.DataObject) -> None:
    state = data.draw(routers(platform))
    machine = machine_of(state)
    read = {row.name: row for row in rows(machine, "interface", r.Interface)}
    assert set(read) == set(state.ports)
    for port in state.ports.values():
        row = read[port.name]
        assert (row.admin, row.oper) == ("up" if port.admin_up else "down", "up" if up(port) else "down")
        assert (row.bandwidth_bps, row.description or "") == (port.speed_bps, port.description)
        if platform == "cisco_xe":
            rates = (port.in_bps, port.out_bps) if up(port) else (0, 0)
            assert (row.in_bps, row.out_bps, row.out_drops) == (*rates, port.out_drops)
            assert (row.in_errors, row.crc_errors) == (port.in_errors, port.crc_errors)


@given(state=routers("cisco_xe"))
def test_the_box(state: DeviceState) -> None:
    machine = machine_of(state)
    (load,) = rows(machine, "cpu", r.Cpu)
    assert load.five_minutes == state.cpu_percent
    (memory,) = rows(machine, "memory", r.Memory)
    assert round(memory.percent or 0) == state.memory_percent
    powers = rows(machine, "power", r.Sensor)
    assert [row.state for row in powers] == ["ok" if works else "failed" for works in state.psus]
    fans = rows(machine, "fan", r.Sensor)
    assert [row.state for row in fans] == ["ok" if turns else "failed" for turns in state.fans]
    (inlet,) = (row for row in rows(machine, "temperature", r.Sensor) if row.name == "R0 Temp: Inlet")
    hot = state.temperature_c
    assert (inlet.value, inlet.state) == (hot, "ok" if hot < 56 else "warning" if hot < 66 else "critical")
    assert {row.state for row in rows(machine, "board", r.Sensor)} == {"ok"}
    (system,) = rows(machine, "system", r.System)
    assert (system.hostname, (system.uptime_s or 0) // 60) == ("r-1", state.uptime_s // 60)
    (clock,) = rows(machine, "time_sync", r.TimeSync)
    assert clock.synchronised is state.ntp_synchronised
    (saved,) = rows(machine, "saved_config", r.SavedConfig)
    assert saved.saved is state.saved


@given(state=routers("cisco_xe"))
def test_light_and_bundles(state: DeviceState) -> None:
    machine = machine_of(state)
    lit = {row.interface: row for row in rows(machine, "optic", r.Optic)}
    assert set(lit) == {short_name(port.name) for port in state.ports.values() if port.light}
    for port in state.ports.values():
        if port.light:
            row = lit[short_name(port.name)]
            assert (row.rx_dbm, row.rx_low_alarm, row.rx_low_warn) == (port.light.rx_dbm, -18.0, -16.0)
    (bundle,) = rows(machine, "link_bundle", r.LinkBundle)
    live = tuple(short_name(name) for name in state.bundles[0].members if up(state.ports[name]))
    assert bundle.bundled == live
    assert bundle.members == tuple(map(short_name, state.bundles[0].members))
    assert bundle.oper == ("up" if len(live) >= state.bundles[0].min_links else "down")


def dropped(state: DeviceState, peer: Peer) -> bool:
    """As real FRR does it: a neighbour that is lost with its port or by BFD is no longer listed at all."""
    port = state.ports.get(peer.interface)
    silent = peer.address in {session.peer for session in state.bfd if not session.up}
    return not peer.up and (silent or (port is not None and not up(port)))


@pytest.mark.parametrize("platform", ROUTERS)
@given(data=st.data())
def test_neighbours(platform: str, data: st.DataObject) -> None:
    state = data.draw(routers(platform))
    machine = machine_of(state)
    for protocol in ("ospf", "isis", "bgp"):
        silent = platform == "cisco_xe" and protocol == "ospf"
        read = {row.peer: row for row in heard(machine, f"{protocol}_neighbour", r.RoutingPeer, silent=silent)}
        expected = {peer.peer: peer for peer in state.peers if peer.protocol == protocol}
        if (platform, protocol) == ("frr", "ospf"):
            expected = {name: peer for name, peer in expected.items() if not dropped(state, peer)}
        assert {peer: row.up for peer, row in read.items()} == {name: peer.up for name, peer in expected.items()}
        for name, row in read.items():
            if protocol == "bgp" and expected[name].up:
                assert (row.prefixes, row.remote_as) == (expected[name].prefixes, "65000")
    sessions = heard(machine, "bfd_session", r.BfdSession, silent=platform == "cisco_xe")
    assert [(row.peer, row.state) for row in sessions] == [(one.peer, "up" if one.up else "down") for one in state.bfd]


@pytest.mark.parametrize("platform", ROUTERS)
@given(data=st.data())
def test_gateways_and_routes(platform: str, data: st.DataObject) -> None:
    state = data.draw(routers(platform))
    machine = machine_of(state)
    for kind in ("vrrp", "hsrp"):
        wanted = [one for one in state.gateways if one.protocol == kind]
        if kind == "hsrp" and platform == "frr":
            continue
        read = rows(machine, f"{kind}_group", r.GatewayGroup)
        assert [(row.group, row.state, row.virtual_ip, row.priority, row.preempt) for row in read] == [
            (one.group, one.state, one.virtual_ip, one.priority, one.preempt) for one in wanted
        ]
    statics = rows(machine, "static_route", r.StaticRoute)
    result = {(route.next_hop, route.distance, bool(route.track) or route.bfd) for route in state.statics}
    assert {(row.next_hop, row.distance, row.protected) for row in statics} == result
    used = {row.next_hop for row in rows(machine, "default_route", r.Route)}
    inside = {one.peer for one in state.peers if one.protocol == "bgp" and one.up} if platform == "frr" else set()
    own = {route.next_hop for route in state.statics}
    assert used <= own or used <= inside
    assert own or not used


@given(state=routers("cisco_xe"))
def test_log_hosts(state: DeviceState) -> None:
    assert sorted(row.host for row in rows(machine_of(state), "log_target", r.LogTarget)) == sorted(state.log_hosts)


def test_the_default_route_goes_where_the_path_is() -> None:
    for platform in ROUTERS:
        first, second = NAMES[platform][:2]
        state = DeviceState("r-1", platform, "router", ports={name: Port(name) for name in (first, second)})
        state.statics = [Static("0.0.0.0/0", "10.0.0.2", "", 1, "10", True), Static("0.0.0.0/0", "10.0.1.2", "", 200)]
        state.bfd = [Bfd("10.0.0.2", first), Bfd("10.0.1.2", second)]
        machine = machine_of(state)
        assert [row.next_hop for row in rows(machine, "default_route", r.Route)] == ["10.0.0.2"]
        state.bfd[0].up = False
        assert [row.next_hop for row in rows(machine, "default_route", r.Route)] == ["10.0.1.2"]
        state.statics[0].track, state.statics[0].bfd = "", False  # unwatched: lost in silence, and still in use
        assert [row.next_hop for row in rows(machine, "default_route", r.Route)] == ["10.0.0.2"]
        state.ports[first].link_up = state.ports[second].link_up = False
        assert rows(machine, "default_route", r.Route) == []


def test_frr_falls_back_on_the_default_route_that_its_own_system_still_knows() -> None:
    state = DeviceState("r-1", "frr", "router", ports={name: Port(name) for name in ("eth1", "eth2")})
    state.statics = [Static("0.0.0.0/0", "192.0.2.2", "eth1", bfd=True)]
    state.bfd = [Bfd("192.0.2.2", "eth1")]
    state.peers = [
        Peer("bgp", "192.0.2.2", "eth1", "192.0.2.2", remote_as=65001),
        Peer("bgp", "10.255.0.2", "eth2", "10.255.0.2"),
    ]
    machine = machine_of(state)
    assert [row.next_hop for row in rows(machine, "default_route", r.Route)] == ["192.0.2.2"]
    state.bfd[0].up = state.peers[0].up = False
    assert [row.next_hop for row in rows(machine, "default_route", r.Route)] == ["10.255.0.2"]
    state.peers[1].up = False
    assert rows(machine, "default_route", r.Route) == []


def test_who_is_at_the_other_end() -> None:
    state = DeviceState("core-1", "cisco_xe", "router")
    for name, up_ in (("TenGigabitEthernet0/0/0", True), ("TenGigabitEthernet0/0/1", False)):
        state.ports[name] = Port(name, link_up=up_, neighbour=("edge-vh-1.example", "TenGigabitEthernet0/0/0"))
    machine = machine_of(state)
    (row,) = rows(machine, "neighbour", r.Neighbour)
    assert (row.interface, row.device, row.port) == ("Te0/0/0", "edge-vh-1.example", "Te0/0/0")
    state.ports["TenGigabitEthernet0/0/0"].link_up = False
    assert rows(machine, "neighbour", r.Neighbour) == []


@pytest.mark.parametrize("platform", ROUTERS)
def test_a_healthy_router_answers_every_question(platform: str) -> None:
    name = NAMES[platform][0]
    state = DeviceState("r-1", platform, "router", ports={name: Port(name, light=Light(), neighbour=("r-2", name))})
    state.peers = [Peer("ospf", "10.255.0.2", name, "10.0.0.2"), Peer("bgp", "10.0.0.2", name, "10.0.0.2")]
    state.bfd = [Bfd("10.0.0.2", name)]
    state.statics = [Static("0.0.0.0/0", "10.0.0.2", "", 1, "10", True)]
    state.gateways = [Gateway(protocol, 5, name, "10.0.0.254") for protocol in ("vrrp", "hsrp")]
    machine = machine_of(state)
    for fact in load_platform(platform).facts:
        found = observed(machine, fact)
        assert found.status.measured, f"{fact}: {found.reason} {found.unmatched}"


# --- configuration ----------------------------------------------------------------------------------------------


def talk(machine: SimulatedDevice, *lines: str) -> str:
    paper = AnswerChannel()
    shell = CliSession(machine, paper)
    for line in ("terminal length 0", *lines):
        paper.sent = ""
        shell.feed(line + "\r")
    return paper.sent.replace("\r\n", "\n")


@pytest.mark.parametrize("platform", ROUTERS)
def test_a_change_is_carried_out_shown_and_saved(platform: str) -> None:
    name = NAMES[platform][0]
    state = DeviceState("r-1", platform, "router", hostname="r-1", ports={name: Port(name, "old")})
    state.statics = [Static("0.0.0.0/0", "10.0.0.2")]
    machine = machine_of(state)
    route = "ip route 0.0.0.0 0.0.0.0 10.0.1.2 200" if platform == "cisco_xe" else "ip route 0.0.0.0/0 10.0.1.2 200"
    prompt = talk(machine, "configure terminal", f"interface {name}", "description new", "shutdown", route, "end")
    assert prompt.rstrip().endswith("r-1#")
    assert (state.ports[name].admin_up, state.ports[name].description) == (False, "new")
    assert [route.next_hop for route in state.statics] == ["10.0.0.2", "10.0.1.2"]
    assert not state.saved
    text = talk(machine, "show running-config")
    assert [line for line in (" description new\n", " shutdown\n", f"{route}\n") if line not in text] == []
    assert "old" not in text
    talk(machine, "configure terminal", f"interface {name}", "no shutdown", "no description", f"no {route}", "end")
    assert (state.ports[name].admin_up, [route.next_hop for route in state.statics]) == (True, ["10.0.0.2"])
    assert "[OK]" in talk(machine, "write memory")
    assert state.saved


def test_ios_tells_what_is_not_saved() -> None:
    name = NAMES["cisco_xe"][0]
    machine = machine_of(DeviceState("r-1", "cisco_xe", "router", ports={name: Port(name)}))
    command = "show archive config differences nvram:startup-config system:running-config"
    assert "!No changes were found" in talk(machine, command)
    talk(machine, "conf t", f"interface {name}", "description Hội nghị", "end")
    assert f"interface {name}\n +description Hội nghị" in talk(machine, command)
    (row,) = rows(machine, "saved_config", r.SavedConfig)
    assert row.saved is False
    machine.state.saved = False
    machine.adopt_state()
    assert observed(machine, "saved_config").rows == (r.SavedConfig(saved=False),)


@pytest.mark.parametrize(
    ("platform", "command", "words"),
    [
        ("cisco_xe", "show everything", "% Invalid input detected at '^' marker."),
        ("frr", "show everything", "% Unknown command: show everything"),
    ],
)
def test_what_it_does_not_know(platform: str, command: str, words: str) -> None:
    machine = machine_of(DeviceState("r-1", platform, "router", hostname="r-1"))
    output = talk(machine, command)
    assert words in output
    reply = saved_reply(load_platform(platform), command, output)
    assert reply.status == "refused"


def test_times_as_ios_writes_them() -> None:
    assert [short_duration(s) for s in (764, 93_600, 1_987_200, 37_584_000)] == ["00:12:44", "1d02h", "3w2d", "1y10w"]
    assert long_duration(5 * 604_800 + 2 * 86_400 + 3_600) == "5 weeks, 2 days, 1 hour"
    assert short_name("TwentyFiveGigE0/1/4.4010") == "Twe0/1/4.4010"


def test_a_group_of_both_address_families_has_two_rows() -> None:
    state = DeviceState("r1", "frr", "router", hostname="r1")
    state.ports = {"eth1": Port("eth1", address="10.1.0.2")}
    state.gateways = [Gateway("vrrp", 5, "eth1", address) for address in ("10.1.0.1", "2001:db8::1")]
    state.gateways[1].state = "backup"
    found = {row.family: (row.virtual_ip, row.state) for row in rows(machine_of(state), "vrrp_group", r.GatewayGroup)}
    assert found == {None: ("10.1.0.1", "master"), "ipv6": ("2001:db8::1", "backup")}


def test_a_vrf_instance_of_bgp_is_printed_with_both_address_families() -> None:
    state = DeviceState("r1", "frr", "router", hostname="r1")
    state.peers = [Peer("bgp", "10.1.0.9")]
    text = printed(machine_of(state), "show running-config")
    assert (
        "router bgp 65000 vrf GUEST\n neighbor 198.51.100.77 remote-as 64999\n !\n address-family ipv4 unicast\n"
        in text
    )
    assert " !\n address-family ipv6 unicast\n  redistribute static\n exit-address-family\nexit\n" in text


def replies_of(machine: SimulatedDevice, commands: Sequence[str]) -> list[Reply]:
    """Whole answers to commands."""
    return [Reply(one, printed(machine, one)) for one in commands]


@pytest.mark.parametrize("platform", ["cisco_xe", "huawei_vrp", "frr", "juniper_junos"])
def test_the_ipv6_default_route_is_read_back(platform: str) -> None:
    """With the answers of both commands, where a platform needs two."""
    compiled = load_platform(platform)
    state = DeviceState("r1", platform, "router", ports={"ge-0/0/1": Port("ge-0/0/1")})
    for hop, status in (("", Status.EMPTY), ("fe80::5a:1", Status.PARSED)):
        state.default_v6 = hop
        machine = machine_of(state)
        (seen,) = observe(
            "r1", compiled, ["default_route_v6"],
            partial(replies_of, machine),
        )  # fmt: skip
        hops = [row.next_hop.lower() for row in seen.rows if isinstance(row, r.Route) and row.next_hop]
        assert (seen.status, hops) == (status, [hop] if hop else [])
