"""Access to a service at a venue: checks of the access, by the expectations of a device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect, ExpectedAccessPoint, ExpectedCell, ExpectedSite

Condition = Callable[[Expect, str], object]


def _gateway(protocol: str) -> Condition:
    return lambda expect, _venue: any(gateway.protocol == protocol for gateway in expect.gateways)


def _here(items: Iterable[ExpectedSite | ExpectedCell | ExpectedAccessPoint], venue: str) -> bool:
    return any(item.venue in (None, venue) for item in items)


_PORTS: Mapping[str, Condition] = {
    "uplink": lambda expect, _venue: expect.uplinks,
    "link": lambda expect, _venue: expect.links,
    "bundle": lambda expect, _venue: expect.bundles,
}
#: Checks of access by role, with the expectation that each rests on. For a service host: what the host offers.
_ACCESS: Mapping[Role, Mapping[str, Condition]] = {
    "switch": _PORTS,
    "router": {
        **_PORTS,
        "vrrp": _gateway("vrrp"),
        "hsrp": _gateway("hsrp"),
        "ospf": lambda expect, _venue: expect.ospf,
        "isis": lambda expect, _venue: expect.isis,
        "bgp": lambda expect, _venue: expect.bgp,
        "default_route": lambda expect, _venue: expect.default_routes,
    },
    "bts_controller": {
        "site": lambda expect, venue: _here(expect.sites, venue),
        "cell": lambda expect, venue: _here(expect.cells, venue),
    },
    "wifi_controller": {"access_point": lambda expect, venue: _here(expect.access_points, venue)},
    "service_host": {
        "service": lambda expect, _venue: expect.services,
        "listener": lambda expect, _venue: expect.listeners,
        "certificate": lambda expect, _venue: expect.certificates,
        "backend": lambda expect, _venue: expect.backends,
        "dns_answer": lambda expect, _venue: expect.dns,
        "dhcp_pool": lambda expect, _venue: expect.dhcp,
        "vrrp": _gateway("vrrp"),
    },
    "vantage": {},
}
#: Names of all checks of access.
ACCESS_CHECKS = frozenset(check for checks in _ACCESS.values() for check in checks)


def access_checks(device: Device, venue: str) -> frozenset[str]:
    """Names of the checks of access expected of a device at a venue; empty for a device without access there."""
    return frozenset(check for check, expected in _ACCESS[device.role].items() if expected(device.expect, venue))
