"""Facts of a simulated service host: every answer is parsed, healthy and with each fault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventready.core.clock import Clock
from eventready.facts import records as r
from eventready.facts.platform import load_platform
from eventready.workspace.devices.device import Device
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.process import simulate
from eventready_lab.faults.simulated.injector import FaultInjector
from tests.lab.answers import observed, rows

HOSTS = [device for device in load_workspace(example_home()).devices if device.role == "service_host"]


@pytest.fixture
def hosts() -> dict[str, SimulatedDevice]:
    return {device.state.name: device for device in simulate(HOSTS, Credentials("netops", "lab-only"), Clock())}


def test_every_fact_of_the_platform_is_answered(hosts: dict[str, SimulatedDevice]) -> None:
    for fact in load_platform("linux").facts:
        assert observed(hosts["svc-1"], fact).status.measured, fact


@pytest.mark.parametrize("device", HOSTS, ids=lambda device: device.name)
def test_a_healthy_host_meets_its_expectations(hosts: dict[str, SimulatedDevice], device: Device) -> None:
    host, expect = hosts[device.name], device.expect
    assert {unit.name for unit in rows(host, "service", r.ServiceUnit) if unit.state == "up"} == set(expect.services)
    assert {f"{one.protocol}/{one.port}" for one in rows(host, "listener", r.Listener)} == set(expect.listeners)
    assert {one.pool for one in rows(host, "backend", r.Backend)} == set(expect.backends)
    assert {one.name for one in rows(host, "dns_answer", r.DnsAnswer) if one.address} == set(expect.dns)
    assert [one.state for one in rows(host, "vrrp_group", r.GatewayGroup)] == [expect.gateways[0].role]
    assert rows(host, "time_sync", r.TimeSync)[0].synchronised
    (certificate,) = rows(host, "certificate", r.Certificate)
    assert certificate.not_after > host.now() + timedelta(days=80)


def test_faults_show_in_the_facts(hosts: dict[str, SimulatedDevice]) -> None:
    faults = FaultInjector(hosts)
    faults.inject("svc-1", "service-down", {"service": "keepalived"})
    assert [one.state for one in rows(hosts["svc-1"], "vrrp_group", r.GatewayGroup)] == ["init"]
    assert [one.state for one in rows(hosts["svc-2"], "vrrp_group", r.GatewayGroup)] == ["master"]
    faults.inject("svc-1", "service-down", {"service": "nginx"})
    assert {one.port for one in rows(hosts["svc-1"], "listener", r.Listener)} == {22, 53, 67}
    faults.inject("svc-1", "service-down", {"service": "dnsmasq"})
    assert not any(one.address for one in rows(hosts["svc-1"], "dns_answer", r.DnsAnswer))
    faults.inject("svc-2", "service-down", {"service": "chrony"})
    assert not rows(hosts["svc-2"], "time_sync", r.TimeSync)[0].synchronised
    faults.inject("svc-2", "dhcp-exhausted", {"percent": 96})
    assert rows(hosts["svc-2"], "dhcp_pool", r.DhcpPool)[0].percent == pytest.approx(96, abs=1)
    faults.inject("svc-2", "backend-down", {"count": 2})
    assert [one.state for one in rows(hosts["svc-2"], "backend", r.Backend)].count("down") == 2
    for fault in list(faults.active):
        faults.clear(fault.device, fault.fault, fault.args)
    assert [one.state for one in rows(hosts["svc-1"], "vrrp_group", r.GatewayGroup)] == ["master"]
