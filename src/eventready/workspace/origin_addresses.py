"""Addresses of the origins within the network, for the questions to routers about their routes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eventready.workspace.devices.device import Device
from eventready.workspace.devices.offered import offered
from eventready.workspace.settings.origins import ServiceOrigin

#: Kinds of origins that the default route leads to.
_OUTWARD = ("upstream", "core")
#: The most addresses of a router: each is a command of an audit.
MOST = 4


def with_origin_addresses(origins: Sequence[ServiceOrigin], devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return the devices, the routers with the addresses of their origins."""
    known = {device.name: device for device in devices}
    declared = [known[one.device] for one in origins if one.kind not in _OUTWARD and one.device in known]
    hosts = [device for device in devices if any(offered(device))]
    return tuple(
        replace(device, origin_addresses=addresses)
        if (addresses := origin_addresses(device, declared, hosts))
        else device
        for device in devices
    )


def origin_addresses(router: Device, declared: Sequence[Device], hosts: Sequence[Device]) -> tuple[str, ...]:
    """Return at most MOST addresses of origins for a router; none for another role.

    The origins of event.yaml (`declared`) come first, then the `hosts` that serve a venue of the router, each with its
    virtual addresses before its own. Names are no addresses, and the router's own is left out.
    """
    if router.role != "router":
        return ()
    venues = set(router.venues)
    near = [*declared, *(host for host in hosts if not venues.isdisjoint(host.venues))]
    found = dict.fromkeys(address for host in near for address in _addresses(host))
    own = {*_addresses(router)}
    return tuple(address for address in found if address not in own)[:MOST]


def _addresses(device: Device) -> Iterator[str]:
    """Yield the IPv4 addresses of a device: virtual ones of its gateways, then its own; no loopback."""
    for text in (*(gateway.virtual_ip for gateway in device.expect.gateways), device.hostname):
        try:
            address = ipaddress.IPv4Address(text or "")
        except ValueError:
            continue
        if not address.is_loopback:
            yield str(address)
