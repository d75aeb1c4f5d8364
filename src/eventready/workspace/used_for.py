"""Services of a host by use: origins of event.yaml, questions at its address, RADIUS clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eventready.workspace.devices.device import SERVICES, Device, Service
from eventready.workspace.settings.event import Event


def with_users(event: Event, devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return the devices, the service hosts with their services by use."""
    targets = set(_targets(event, devices))
    return tuple(
        replace(device, used_for=_used_for(device, event, targets)) if device.role == "service_host" else device
        for device in devices
    )


def _used_for(device: Device, event: Event, targets: set[tuple[str, Service]]) -> tuple[Service, ...]:
    found = {service for origin in event.origins if origin.device == device.name for service in origin.offered}
    own = {device.hostname.casefold(), *(one.virtual_ip.casefold() for one in device.expect.gateways if one.virtual_ip)}
    found |= {service for host, service in targets if host in own}
    return tuple(service for service in SERVICES if service in found)


def _targets(event: Event, devices: Sequence[Device]) -> Iterator[tuple[str, Service]]:
    """Yield the target of each question with its service, and the addresses of a name in the questions."""
    answers = [(service, one) for venue in event.venues for service, of in venue.answers.items() for one in of]
    addresses = {one.dns.casefold(): one.addresses for _service, one in answers if one.dns}
    for service, one in answers:
        for host in one.targets:
            yield from ((name.casefold(), service) for name in (host, *addresses.get(host.casefold(), ())))
    for device in devices:
        yield from ((host.casefold(), "wifi") for host in device.expect.radius or ())
