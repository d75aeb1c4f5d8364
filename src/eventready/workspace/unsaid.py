"""Gaps of the inventory beside the expectations: origins, services of hosts, users of a service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from eventready.core.messages import Text, message
from eventready.workspace.devices.device import ACCESS_ROLES, Device, Service
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.learning import Ignored

UnsaidKind = Literal["origins", "carried", "users", "lines", "routes", "access_switch", "circuit"]
#: Far devices of an access switch, which has uplinks alone.
_UPLINKS = 2


@dataclass(frozen=True)
class Unsaid:
    """Gap of the inventory with the question to a person; known to `ignore` of learn.yaml by the other fields.

    `about`: a file, a venue or a device. `subject`: the service of a venue.
    """

    kind: UnsaidKind
    about: str
    question: Text
    subject: str = ""


def is_ignored(one: Unsaid, ignored: Sequence[Ignored]) -> bool:
    """Return True for a question under a rule of `ignore`."""
    return any(rule.covers(one.about, one.kind, one.subject) for rule in ignored)


def unsaid(event: Event, devices: Sequence[Device]) -> Iterator[Unsaid]:
    """Yield the gaps: no origins, service hosts without a service, services of a venue without users."""
    if not event.origins:
        yield Unsaid("origins", "event.yaml", message("learn:ask.origins"))
    for device in devices:
        if device.role == "service_host" and not device.carried:
            yield Unsaid("carried", device.name, message("learn:ask.carried"))
    core = {origin.device for origin in event.origins if origin.outward}
    for venue in event.venues:
        for service in venue.services:
            if not any(_has_users(device, venue.id, service, at_origin=device.name in core) for device in devices):
                question = message(f"learn:ask.users_{ACCESS_ROLES[service]}", service=service)
                yield Unsaid("users", venue.id, question, service)


def _has_users(device: Device, venue: str, service: Service, *, at_origin: bool) -> bool:
    """Return True for a device with users of the service there. A controller may have some before any is expected."""
    if not (device.serves(venue, service) and device.gives_access(service)):
        return False
    if ACCESS_ROLES[service] == "router":
        return not at_origin or device.venues == (venue,) or service in device.services
    radios = device.expect.cells if service == "mobile" else device.expect.access_points
    return not radios or any(venue in ((one.venue,) if one.venue else device.venues) for one in radios)


def unsaid_lines(devices: Sequence[Device]) -> Iterator[Unsaid]:
    """Yield the switches without services at the ends of the cables of the inventory."""
    for device in devices:
        far = {link.device for link in device.expect.links}
        if device.role == "switch" and not device.services and len(far) <= _UPLINKS:
            yield Unsaid("lines", device.name, message("learn:ask.lines_unread"))
