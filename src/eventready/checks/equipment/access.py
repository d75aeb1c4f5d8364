"""Access to a service at a venue: checks of the access, by the expectations of a device."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.workspace.devices.device import Device, Role

#: Checks of access by role, each with the expectation it rests on. For a service host: what the host offers.
_ACCESS: Mapping[Role, Mapping[str, str]] = {
    "switch": {"uplink": "uplinks", "link": "links", "bundle": "bundles"},
    "router": {
        "uplink": "uplinks", "link": "links", "bundle": "bundles", "vrrp": "gateways", "hsrp": "gateways",
        "ospf": "ospf", "isis": "isis", "bgp": "bgp", "default_route": "default_routes",
    },
    "bts_controller": {"site": "sites", "cell": "cells"},
    "wifi_controller": {"access_point": "access_points"},
    "service_host": {
        "service": "services", "listener": "listeners", "certificate": "certificates", "backend": "backends",
        "dns_answer": "dns", "dhcp_pool": "dhcp", "vrrp": "gateways",
    },
    "vantage": {},
}  # fmt: skip
#: Names of all checks of access.
ACCESS_CHECKS = frozenset(check for checks in _ACCESS.values() for check in checks)


def access_checks(device: Device, venue: str) -> frozenset[str]:
    """Names of the checks of access expected of a device at a venue; empty for a device without access there."""
    return frozenset(check for check, name in _ACCESS[device.role].items() if _expects(device, name, check, venue))


def _expects(device: Device, name: str, check: str, venue: str) -> bool:
    found = getattr(device.expect, name)
    if name == "gateways":
        return any(gateway.protocol == check for gateway in found)
    return (
        any(item.venue in (None, venue) for item in found)
        if name in ("sites", "cells", "access_points")
        else bool(found)
    )
