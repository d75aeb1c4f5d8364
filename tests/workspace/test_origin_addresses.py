"""Addresses of origins that a router is asked for its routes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.event_devices import with_origin_addresses
from eventready.workspace.settings.event import ServiceOrigin

ROUTER = Device("r1", "router", "frr", "192.0.2.1", venues=("v1",))
VIRTUAL: dict[str, Any] = {"gateways": [{"group": 5, "interface": "eth0", "virtual_ip": "192.0.2.90"}]}


def host(number: int, venue: str = "v1", **expect: Any) -> Device:
    described = Expect.model_validate({"dns": ["portal.example.vn"], **expect})
    return Device(f"svc-{number}", "service_host", "linux", f"192.0.2.{90 + number}", venues=(venue,), expect=described)


def origin(kind: str, device: str) -> ServiceOrigin:
    return ServiceOrigin.model_validate({"kind": kind, "device": device})


def addresses(*devices: Device, origins: tuple[ServiceOrigin, ...] = (), router: Device = ROUTER) -> tuple[str, ...]:
    return with_origin_addresses(origins, [router, *devices])[0].origin_addresses


@pytest.mark.parametrize(
    ("devices", "origins", "expected"),
    [
        ([], (), []),
        ([host(1, **VIRTUAL), host(2, **VIRTUAL)], (), [90, 91, 92]),
        ([host(1), host(2, "v2")], (), [91]),
        ([host(1), host(2, "v2")], (origin("portal", "svc-2"),), [92, 91]),
        ([host(1, dns=[])], (origin("upstream", "svc-1"), origin("core", "svc-1"), origin("dns", "gone")), []),
        ([host(number) for number in range(1, 9)], (), [91, 92, 93, 94]),
        ([host(1, dns=[], listeners=["udp/1812"]), host(2, dns=[], listeners=["tcp/22"])], (), [91]),
        ([replace(host(1), hostname="127.0.0.1"), host(2)], (), [92]),
        ([replace(host(1), hostname="svc-1.example.vn"), replace(host(2), hostname="2001:db8::92")], (), []),
    ],
)
def test_a_router_has_the_origins_of_its_venues(
    devices: list[Device], origins: tuple[ServiceOrigin, ...], expected: list[int]
) -> None:
    assert addresses(*devices, origins=origins) == tuple(f"192.0.2.{last}" for last in expected)


def test_only_routers_have_origins_and_not_their_own_addresses() -> None:
    assert addresses(host(1), router=replace(ROUTER, hostname="192.0.2.91")) == ()
    assert addresses(host(1), router=replace(ROUTER, role="switch")) == ()
