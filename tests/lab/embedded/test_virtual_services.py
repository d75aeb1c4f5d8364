"""HTTP and DNS at the virtual address of service hosts: who answers, and how long each failure takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.session.probes.messages import DnsQuestion
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.embedded.process import simulate
from eventready_lab.embedded.virtual_services import VirtualServices, dns_answer
from eventready_lab.faults.simulated.injector import FaultInjector

ADDRESS = "192.0.2.90"
STEP_S, LONGEST_S = 0.05, 30.0


class Hosts:
    """The example's service hosts on a clock of the test's own."""

    def __init__(self) -> None:
        self.time = 0.0
        devices = load_workspace(Path(__file__).parents[3]).devices
        hosts = [device for device in devices if device.role == "service_host"]
        machines = {machine.state.name: machine for machine in simulate(hosts, Credentials("u", "p"), Clock())}
        self.faults = FaultInjector(machines)
        self.services = VirtualServices(machines, lambda: self.time)

    def outage(self, kind: str, *failed: str) -> float | None:
        """Seconds without an answer after services of svc-1 fail; None when no answer comes back."""
        assert self.services.answers(kind, ADDRESS)
        for service in failed:
            self.faults.inject("svc-1", "service-down", {"service": service})
        while not self.services.answers(kind, ADDRESS):
            self.time += STEP_S
            if self.time > LONGEST_S:
                return None
        return self.time


@pytest.mark.parametrize("kind", ["http", "dns"])
def test_a_lost_host_is_replaced_after_three_advertisements(kind: str) -> None:
    outage = Hosts().outage(kind, "keepalived", "nginx", "dnsmasq")
    assert outage == pytest.approx((3 + (256 - 100) / 256) * 0.3, abs=2 * STEP_S)


@pytest.mark.parametrize(("kind", "service"), [("http", "nginx"), ("dns", "dnsmasq")])
def test_a_failed_service_is_replaced_after_two_checks_more(kind: str, service: str) -> None:
    outage = Hosts().outage(kind, service)
    assert outage == pytest.approx(2 + (3 + (256 - 100) / 256) * 0.3, abs=2 * STEP_S)


def test_an_address_comes_back_without_a_request_and_its_next_loss_is_one() -> None:
    hosts = Hosts()
    assert hosts.outage("dns", "dnsmasq")
    hosts.faults.clear("svc-1", "service-down", {"service": "dnsmasq"})
    hosts.services.follow()
    hosts.time += 10
    hosts.services.follow()
    hosts.faults.inject("svc-1", "service-down", {"service": "dnsmasq"})
    assert not hosts.services.answers("dns", ADDRESS)


def test_without_another_host_no_answer_comes_back() -> None:
    hosts = Hosts()
    hosts.faults.inject("svc-2", "service-down", {"service": "dnsmasq"})
    assert hosts.outage("dns", "dnsmasq") is None


def test_a_portal_without_servers_does_not_answer() -> None:
    hosts = Hosts()
    assert hosts.services.answers("http", ADDRESS)
    hosts.faults.inject("svc-1", "backend-down", {"pool": "portal", "count": 9})
    assert not hosts.services.answers("http", ADDRESS)
    assert hosts.services.answers("dns", ADDRESS)


def test_a_wrong_address_and_an_error_are_answered_as_such() -> None:
    hosts = Hosts()
    query = DnsQuestion("portal.example.vn").query(7)

    def resolved() -> bytes | None:
        return dns_answer(query, lambda name: hosts.services.resolved(ADDRESS, name))

    assert DnsQuestion("portal.example.vn", frozenset({"203.0.113.66"})).answered(resolved() or b"") is None
    hosts.faults.inject("svc-1", "dns-wrong", {"name": "portal.example.vn"})
    assert DnsQuestion("portal.example.vn", frozenset({"203.0.113.66"})).answered(resolved() or b"") == 7
    assert hosts.services.status(ADDRESS) == 200
    hosts.faults.inject("svc-1", "http-error", {"status": 500})
    assert hosts.services.status(ADDRESS) == 500
