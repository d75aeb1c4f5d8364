"""Every fault: it changes its device, says so nowhere else, and clearing it leaves no trace."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from eventready.core.errors import UsageError
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import Dialect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.session_faults import SessionFaults
from eventready_lab.device.state import DeviceState
from eventready_lab.faults.fault import FaultType
from eventready_lab.faults.simulated.catalogue import FAULT_TYPES
from eventready_lab.faults.simulated.injector import FaultInjector
from tests.lab.small_dialects import IOS, MML, VTY


def device(name: str, platform: str, role: Role, **expect: object) -> Device:
    return Device(name, role, platform, "192.0.2.1", venues=("hall",), expect=Expect.model_validate(expect))


def _group(part: str) -> list[object]:
    return [{"group": 1, "interface": "Vlan10", "virtual_ip": "198.51.100.1", "role": part}]


DEVICES = [
    device(
        "r1",
        "cisco_xe",
        "router",
        uplinks=["Te0/0/1"],
        links=[{"port": "Te0/0/0", "device": "r2", "to_port": "Te0/0/0"}],
        ospf=["10.255.0.2"],
        bfd=["10.0.0.2"],
        default_routes=2,
        gateways=_group("master"),
    ),
    device(
        "r2",
        "cisco_xe",
        "router",
        links=[{"port": "Te0/0/0", "device": "r1", "to_port": "Te0/0/0"}],
        ospf=["10.255.0.1"],
        bfd=["10.0.0.1"],
        gateways=_group("backup"),
    ),
    device("osmo", "osmocom_bsc", "bts_controller", sites=[{"name": "S1"}], cells=[{"name": "S1", "site": "S1"}],
           core_links=["0"]),
    device("bsc", "huawei_mml", "bts_controller", sites=[{"name": "S2"}], cells=[{"name": "C2", "site": "S2"}],
           core_links=["0"]),
    device("wlc", "cisco_9800", "wifi_controller", uplinks=["Te0/0/0"], controller_pair=True,
           radius=["198.51.100.9"], access_points=[{"name": "AP-1"}, {"name": "AP-2"}]),
    device("host", "linux", "service_host", uplinks=["eth0"], services=["nginx", "dnsmasq"], listeners=["tcp/80"],
           backends=["portal"], dns=["portal.example.org"], dhcp=True, certificates=True),
]  # fmt: skip
DIALECTS: Mapping[str, Dialect] = {
    "cisco_xe": IOS,
    "osmocom_bsc": VTY,
    "huawei_mml": MML,
    "cisco_9800": IOS,
    "linux": IOS,
}


def ledger() -> FaultInjector:
    states = healthy_states(DEVICES)
    return FaultInjector(
        {
            one.name: SimulatedDevice(states[one.name], DIALECTS[one.platform], Credentials("netops", "pw"))
            for one in DEVICES
        }
    )


def snapshot(faults: FaultInjector) -> dict[str, tuple[DeviceState, SessionFaults]]:
    return {name: (copy.deepcopy(m.state), replace(m.session_faults)) for name, m in faults.devices.items()}


def places(faults: FaultInjector, name: str) -> list[str]:
    """Devices on which the fault can happen."""
    return [device for device, machine in faults.devices.items() if applies(FAULT_TYPES[name], machine)]


def applies(kind: FaultType[None], machine: SimulatedDevice) -> bool:
    try:
        kind.require_applicable(machine.state.name, machine.state.role, machine.dialect.transport)
    except UsageError:
        return False
    return True


STANDING = sorted(name for name, fault in FAULT_TYPES.items() if not fault.once)


@pytest.mark.parametrize("name", STANDING)
def test_a_fault_happens_and_clearing_it_leaves_no_trace(name: str) -> None:
    happened = 0
    for target in places(ledger(), name):
        faults = ledger()
        before = snapshot(faults)
        try:
            faults.inject(target, name, {})
        except UsageError:  # the device has nothing that it could happen to
            assert snapshot(faults) == before
            continue
        happened += 1
        assert snapshot(faults) != before
        faults.clear(target, name, {})
        assert snapshot(faults) == before
        assert faults.active == []
    assert happened


@pytest.mark.parametrize("name", sorted(FAULT_TYPES))
def test_a_fault_explains_itself(name: str) -> None:
    assert FAULT_TYPES[name].help.endswith(".")
    assert all(isinstance(default, str | int | float) for default in FAULT_TYPES[name].parameters.values())


@pytest.mark.parametrize("name", sorted(set(FAULT_TYPES) - set(STANDING)))
def test_what_happens_once_leaves_nothing_to_clear(name: str) -> None:
    faults = ledger()
    faults.inject("r1", name, {})
    assert faults.active == []
    with pytest.raises(UsageError, match="no active fault"):
        faults.clear("r1", name, {})


@pytest.mark.parametrize("seed", range(6))
def test_faults_are_cleared_in_any_order(seed: int) -> None:
    dice = random.Random(seed)
    faults = ledger()
    before = snapshot(faults)
    made = []
    for name in dice.sample(STANDING, 12):
        target = dice.choice(places(faults, name))
        try:
            made.append(faults.inject(target, name, {}))
        except UsageError:
            continue
    dice.shuffle(made)
    for one in made:
        faults.clear(one.device, one.fault, {})
    assert snapshot(faults) == before


def test_a_cable_is_down_at_both_ends_and_so_is_what_runs_over_it() -> None:
    faults = ledger()
    faults.inject("r1", "link-down", {"port": "TenGigabitEthernet0/0/0"})
    for name in ("r1", "r2"):
        state = faults.devices[name].state
        assert not state.ports["Te0/0/0"].link_up
        assert state.ports["Te0/0/0"].light is not None
        assert not any(peer.up for peer in state.peers)
        assert not any(session.up for session in state.bfd)
    assert faults.devices["r1"].state.ports["Te0/0/1"].link_up


def test_silent_loss_leaves_the_port_up() -> None:
    faults = ledger()
    faults.inject("r1", "bfd-down", {})
    state = faults.devices["r1"].state
    assert state.ports["Te0/0/0"].link_up
    assert not state.bfd[0].up
    assert not state.peers[0].up


@pytest.mark.parametrize("name", ["bfd-down", "neighbour-lost"])
def test_both_ends_lose_each_other(name: str) -> None:
    faults = ledger()
    faults.inject("r1", name, {})
    near, far = faults.devices["r1"].state, faults.devices["r2"].state
    assert (near.peers[0].up, far.peers[0].up) == (False, False)
    assert near.bfd[0].up == far.bfd[0].up == (name == "neighbour-lost")


def test_both_members_are_master() -> None:
    faults = ledger()
    faults.inject("r2", "two-masters", {})
    assert {faults.devices[name].state.gateways[0].state for name in ("r1", "r2")} == {"master"}


def test_huawei_raises_an_alarm_and_osmobsc_has_none_to_raise() -> None:
    faults = ledger()
    faults.inject("bsc", "bts-link-lost", {})
    faults.inject("osmo", "bts-link-lost", {})
    assert [alarm.location for alarm in faults.devices["bsc"].state.alarms] == ["Site Name=S2"]
    assert faults.devices["osmo"].state.alarms == []
    assert not faults.devices["osmo"].state.cells[0].up


def test_the_same_fault_twice_is_one() -> None:
    faults = ledger()
    faults.inject("wlc", "ap-lost", {"ap": "AP-1"})
    faults.inject("wlc", "ap-lost", {"ap": "AP-1"})
    faults.inject("wlc", "ap-lost", {"ap": "AP-2"})
    assert len(faults.active) == 2
    faults.clear("wlc", "ap-lost", {"ap": "AP-1"})
    assert [ap.up for ap in faults.devices["wlc"].state.aps] == [True, False]


def test_an_unsaved_configuration_is_saved_by_saving_and_by_clearing() -> None:
    faults = ledger()
    machine = faults.devices["r1"]
    faults.inject("r1", "unsaved-config", {})
    assert not machine.state.saved
    machine.config.save()
    assert machine.state.saved
    faults.clear("r1", "unsaved-config", {})
    assert machine.state.saved


def test_what_was_configured_survives_the_clearing_of_a_fault() -> None:
    faults = ledger()
    machine = faults.devices["r1"]
    machine.config.edit(["interface Te0/0/1"], "shutdown")
    faults.inject("r1", "high-cpu", {})
    faults.clear("r1", "high-cpu", {})
    assert not machine.state.ports["Te0/0/1"].admin_up
    assert not machine.state.saved


def test_counters_grow_with_time_and_stand_while_the_link_is_down() -> None:
    clock = [0.0]
    states = healthy_states(DEVICES)
    machine = SimulatedDevice(states["r1"], IOS, Credentials("netops", "pw"), monotonic=lambda: clock[0])
    faults = FaultInjector({"r1": machine})
    first = machine.counter_growth("x", 8.0)
    clock[0] = 10.0
    assert machine.counter_growth("x", 8.0) - first == 80.0
    faults.inject("r1", "link-down", {"port": "Te0/0/1"})
    clock[0] = 20.0
    assert machine.counter_growth("x", 0.0) == 80.0
    clock[0] = 30.0
    machine.settle_counters()
    assert machine.counter_growth("x", 8.0) == 80.0


@pytest.mark.parametrize(
    ("target", "name", "args", "words"),
    [
        ("osmu", "hang", {}, "no device 'osmu'. Did you mean osmo?"),
        ("r1", "hagn", {}, "unknown fault 'hagn'. Did you mean hang?"),
        ("r1", "slow", {"seconds": "soon"}, "seconds of slow cannot be 'soon'"),
        ("r1", "slow", {"minutes": 1}, "no argument 'minutes'. Arguments: seconds."),
        ("r1", "optic-low", {"port": "Vlan10"}, "has no light on Vlan10"),
        ("r1", "psu-failed", {"number": 3}, "no power supply 3"),
        ("r1", "neighbour-lost", {"peer": "10.9.9.9"}, "no neighbour 10.9.9.9. It has: ospf 10.255.0.2"),
        ("osmo", "pager-stuck", {}, "has no pager"),
    ],
)
def test_a_wrong_order_is_explained(target: str, name: str, args: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        ledger().inject(target, name, args)
    assert words in str(raised.value)


def _mesh() -> FaultInjector:
    """Three routers, each with a cable to the other two, and BGP between their loopbacks."""
    cables = {("a", "b"): "10.0.0.0", ("a", "c"): "10.0.1.0", ("b", "c"): "10.0.2.0"}
    ids = {"a": "10.255.0.1", "b": "10.255.0.2", "c": "10.255.0.3"}

    def router(name: str) -> Device:
        near = sorted(other for pair in cables if name in pair for other in pair if other != name)
        links = [{"port": f"to-{other}", "device": other, "to_port": f"to-{name}"} for other in near]
        own_end = {other: cables[(min(name, other), max(name, other))] for other in near}
        far = [f"{net[:-1]}{2 if name < other else 1}" for other, net in own_end.items()]
        inner = [ids[other] for other in near]
        return device(name, "cisco_xe", "router", links=links, ospf=inner, bgp=inner, bfd=far)

    states = healthy_states([router(name) for name in "abc"])
    return FaultInjector(
        {name: SimulatedDevice(state, IOS, Credentials("netops", "pw")) for name, state in states.items()}
    )


def lost(faults: FaultInjector, protocol: str) -> set[tuple[str, str]]:
    return {
        (name, peer.peer)
        for name, machine in faults.devices.items()
        for peer in machine.state.peers
        if peer.protocol == protocol and not peer.up
    }


def test_bgp_between_loopbacks_takes_the_way_that_is_left_and_falls_with_the_last_one() -> None:
    faults = _mesh()
    faults.inject("a", "link-down", {"port": "to-b"})
    assert lost(faults, "ospf") == {("a", "10.255.0.2"), ("b", "10.255.0.1")}
    assert lost(faults, "bgp") == set()
    faults.inject("a", "link-down", {"port": "to-c"})
    assert lost(faults, "bgp") == {
        ("a", "10.255.0.2"), ("a", "10.255.0.3"), ("b", "10.255.0.1"), ("c", "10.255.0.1")
    }  # fmt: skip
    faults.clear("a", "link-down", {})
    assert lost(faults, "bgp") == lost(faults, "ospf") == set()
