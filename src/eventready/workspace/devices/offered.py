"""Kinds of origins within the network, offered by service hosts to users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eventready.workspace.devices.device import Device

#: Expectations of a service host that make it an origin, and its ports that do.
_OFFERS: Mapping[str, str] = {"dns": "dns", "dhcp": "dhcp", "backends": "portal"}
_PORTS: Mapping[str, str] = {"udp/123": "time", "udp/1812": "radius"}


def offered(device: Device) -> Iterator[str]:
    """Yield the kinds of origins offered by a service host, by its expectations."""
    if device.role == "service_host":
        yield from (kind for name, kind in _OFFERS.items() if getattr(device.expect, name))
        yield from (kind for name, kind in _PORTS.items() if name in device.expect.listeners)
