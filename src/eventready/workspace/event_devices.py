"""Devices by event.yaml: questions, services of hosts by use, addresses of origins within the network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.strings.texts import is_address
from eventready.core.validation_messages import Suggestions
from eventready.workspace.devices.answers import Question, ServiceAnswer
from eventready.workspace.devices.device import SERVICES, Device, Service
from eventready.workspace.devices.offered import offered
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.settings.event import Event, ServiceOrigin


def with_questions(event: Event, devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return the devices with their questions of event.yaml. Raises WorkspaceError for unknown and unfit devices."""
    known = {device.name: device for device in devices}
    remedy = Suggestions(known)
    found: dict[str, dict[str, Question]] = {}
    problems: list[WorkspaceError] = []
    for name, venue, service, answer in _put(event, known):
        if name not in known:
            what = message("workspace:answer.no_device", name=name)
            problems.append(WorkspaceError(what, where=answer.origin, do=remedy.of(name)))
            continue
        question = Question(answer, venue, (service,))
        earlier = found.setdefault(name, {}).get(question.subject)
        if earlier is None:
            found[name][question.subject] = question
        elif service in earlier.services or _expected(earlier.answer) != _expected(answer):
            what = message("workspace:answer.twice", subject=question.subject, name=name)
            problems.append(WorkspaceError(what, where=answer.origin))
        else:
            found[name][question.subject] = replace(earlier, services=(*earlier.services, service))
    raise_errors(problems)
    return tuple(
        replace(device, event_questions=tuple(found[device.name].values())) if device.name in found else device
        for device in devices
    )


def _put(event: Event, known: Mapping[str, Device]) -> Iterator[tuple[str, str, Service, ServiceAnswer]]:
    """Yield each question with its asker, venue and service; over both families in a venue with both."""
    for venue, service, answer in _answers(event):
        gateways = (one for device in known.values() if venue in device.venues for one in device.expect.gateways)
        families = {6 if ":" in one.virtual_ip else 4 for one in gateways if one.virtual_ip}
        for name in answer.askers:
            both = families == {4, 6} and name in known and known[name].role == "service_host"
            for one in _by_family(answer) if both else (answer,):
                yield name, venue, service, one


def _by_family(answer: ServiceAnswer) -> Iterator[ServiceAnswer]:
    """Yield the questions of a name over IPv4 and over IPv6; any other question unchanged."""
    settled = answer.family or not answer.target or is_address(answer.target) or answer.addresses
    for family in (None,) if settled else (4, 6):
        yield answer.model_copy(update={"family": family}) if family else answer


def _answers(event: Event) -> Iterator[tuple[str, Service, ServiceAnswer]]:
    for venue in event.venues:
        for service, answers in venue.answers.items():
            yield from ((venue.id, service, answer) for answer in answers)


def _expected(answer: object) -> object:
    return answer.model_dump(exclude={"askers"}) if isinstance(answer, ServiceAnswer) else answer


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
