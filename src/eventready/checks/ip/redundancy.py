"""Redundancy of the whole network, by its graph: single points of failure, risk groups, cables as expected and seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import Field

from eventready.checks.answer import answered, blind, grade, passed, tidy, unknown, warned
from eventready.checks.check import Limits, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Text, message
from eventready.network.graph.outcome import FailureOutcome, ServiceOutcome, WhatIf
from eventready.network.graph.topology import NetworkElement
from eventready.workspace.devices.device import ROLE_SERVICES, Device

#: Facts that the graph of the network reads: what the checks of kind `state` need is among them.
GRAPH_FACTS = (
    "interface", "address", "neighbour", "ospf_neighbour", "isis_neighbour", "bgp_neighbour", "bfd_session",
    "link_bundle", "default_route", "static_route", "vrrp_group", "hsrp_group", "vrrp_failover", "hsrp_failover",
    "system", "site", "cell", "core_link", "access_point", "access_point_uplink", "controller_pair", "radius_server",
    "origin_route",
)  # fmt: skip

#: Registers a check of the whole network.
network_check = partial(
    check, kind="care", scope="network", topic="backup", needs=(), also_reads=GRAPH_FACTS,
    roles=("router", "switch", "bts_controller", "wifi_controller", "service_host"),
    asks=("default_route", "static_route", "origin_route"),
)  # fmt: skip


class LossLimits(Limits):
    warn: float = Field(default=100, gt=0, le=100, description="Warning from so many percent of a service's users [K]")
    fail: float | None = Field(default=None, gt=0, le=100, description="Failure from so many percent [K]")


@network_check("single_point", limits=LossLimits())
def single_point(network: WhatIf, limits: LossLimits) -> Iterator[Finding]:
    """No single device, link or server takes a service from a venue."""
    found: set[tuple[str, str]] = set()
    doubtful: dict[tuple[str, str], str] = {}
    for outcome in network.single(("device", "link", "part")):
        element = network.topology.elements[outcome.names[0]]
        lost = _beyond(outcome, limits)
        for one in _perhaps_beyond(outcome, limits):
            doubtful.setdefault((one.venue, one.service), element.name)
        if lost:
            found |= {(one.venue, one.service) for one in lost}
            yield _finding(
                network, element, lost, limits, "checks:single_point.found", remedy=_remedy(network, element)
            )
    for (venue, service), numbers in network.services.items():
        devices = [one.name for one in network.topology.readings.all if one.device.serves(venue, service)]
        if (venue, service) in found or not devices:
            continue
        if failure := doubtful.get((venue, service)):
            open_one = unknown(f"{venue} {service}", "checks:single_point.doubtful", venues=(venue,), failure=failure)
            yield open_one.replace(device=devices[0], services=(service,))
            continue
        served = any(number in network.served for number in numbers)
        subject, element_name = f"{venue} {service}", network.rests_on_waivers.get((venue, service), "")
        name = "checks:single_point.waived" if element_name else "checks:single_point.none"
        empty = (
            passed(subject, name, venues=(venue,), limit=tidy(limits.warn), failure=element_name)
            if served
            else blind(subject, "checks:single_point.unmeasured", venues=(venue,))
        )
        yield empty.replace(device=devices[0], services=(service,))


@network_check("risk_group", limits=LossLimits())
def risk_group(network: WhatIf, limits: LossLimits) -> Iterator[Finding]:
    """No group of risk.yaml takes a service from a venue beyond the losses of its members alone."""
    doubtful = {name for name, _member in network.topology.strangers}
    for group in network.topology.setting.risks:
        element = network.topology.elements[group.name]
        alone = {
            (one.venue, one.service, name)
            for member in group.members if network.topology.member(member)
            for one in network.outcome([member]).services for name in one.lost
        }  # fmt: skip
        outcome = network.outcome([group.name])
        lost = [
            one for one in _beyond(outcome, limits)
            if any((one.venue, one.service, name) not in alone for name in one.lost)
        ]  # fmt: skip
        if lost:
            yield _finding(network, element, lost, limits, "checks:risk_group.found", kind=group.kind)
        elif _perhaps_beyond(outcome, limits):
            yield unknown(group.name, "checks:risk_group.doubtful").replace(device=element.devices[0])
        elif group.name not in doubtful:
            by_name = network.topology.readings.by_name
            read = network.served and all(by_name[name].facts for name in element.devices)
            found = passed if read else blind
            name = "checks:risk_group.none" if read else "checks:risk_group.unmeasured"
            yield found(group.name, name).replace(device=element.devices[0])
    for name, member in network.topology.strangers:
        yield _unknown_member(network, name, member)


def _unknown_member(network: WhatIf, group: str, member: str) -> Finding:
    """Finding of an unknown member: of the file, for the venues and services of the known members."""
    by_name = network.topology.readings.by_name
    devices = [by_name[name].device for name in network.topology.elements[group].devices]
    services = dict.fromkeys(one for device in devices for one in device.services or ROLE_SERVICES[device.role])
    venues = dict.fromkeys(venue for device in devices for venue in device.venues)
    found = warned(f"risk.yaml {group} {member}", "checks:risk_group.stranger", venues=venues, member=member)
    return found.replace(services=tuple(services))


def _beyond(outcome: FailureOutcome, limits: LossLimits) -> list[ServiceOutcome]:
    return [one for one in outcome.services if one.lost and tidy(one.share) >= limits.warn]


def _perhaps_beyond(outcome: FailureOutcome, limits: LossLimits) -> list[ServiceOutcome]:
    return [one for one in outcome.services if one.doubtful and tidy(one.share_at_most) >= limits.warn]


def _finding(
    network: WhatIf,
    element: NetworkElement,
    lost: Sequence[ServiceOutcome],
    limits: LossLimits,
    message_id: str,
    **more: Text | str,
) -> Finding:
    share = tidy(max(one.share for one in lost))
    status = grade(share, limits.warn, limits.fail) if limits.fail else Outcome.WARN
    limit = limits.fail if status is Outcome.FAIL and limits.fail else limits.warn
    services = [message("checks:single_point.service", venue=one.venue, service=one.service) for one in lost]
    venues = dict.fromkeys(one.venue for one in lost)
    finding = answered(
        status,
        element.name,
        message_id,
        unit="%",
        venues=venues,
        value=share,
        limit=tidy(limit),
        services=message("terms:several", items=services),
        **more,
    )
    by_name = network.topology.readings.by_name
    serving = (name for name in element.devices if by_name[name].device.serves(lost[0].venue, lost[0].service))
    device = next(serving, element.devices[0])
    return finding.replace(device=device, services=tuple(dict.fromkeys(one.service for one in lost)))


def _remedy(network: WhatIf, element: NetworkElement) -> Text:
    role = network.topology.readings.by_name[element.devices[0]].device.role
    return message(f"checks:single_point.remedy.{role if element.kind == 'device' else element.kind}")


@network_check("cabling", expected_only=True)
def cabling(network: WhatIf, _limits: NoLimits) -> Iterator[Finding]:
    """Cables are as expected, known and in use: inventory, neighbours and routing agree."""
    topology = network.topology
    for one in topology.known.shown.unknown_neighbours:
        for device, port in one.seen_by:
            yield warned(port, "checks:cabling.unknown", neighbour=one.name).replace(device=device)
    in_use = Counter[str]()
    for cable in topology.cables:
        device = cable.devices[0]
        if cable.unrouted:
            yield warned(cable.name, "checks:cabling.unrouted").replace(device=device)
        elif not cable.expected:
            yield warned(cable.name, "checks:cabling.unexpected").replace(device=device)
        elif cable.seen and cable.there and cable.back:  # what is down or not measured, `link` says
            in_use[device] += 1
    for near, far in topology.known.elsewhere:
        yield warned(f"{' '.join(near)} - {' '.join(far)}", "checks:cabling.elsewhere").replace(device=near[0])
    for device, number in sorted(in_use.items()):
        yield passed("cables", "checks:cabling.ok", value=number).replace(device=device)


def _linked_routers(devices: Sequence[Device]) -> set[str]:
    routers = {device.name for device in devices if device.role == "router"}
    links = ((device.name, link.device) for device in devices for link in device.expect.links)
    return {name for ends in links if routers.issuperset(ends) for name in ends}


@network_check("link_direction", roles=("router",), concerns=_linked_routers, expected_only=True)
def link_direction(network: WhatIf, _limits: NoLimits) -> Iterator[Finding]:
    """Each way of a cable between routers is proven: by an adjacency, or by a BFD session at its receiver."""
    known, proven = network.topology.known, dict[str, bool]()
    routers = _linked_routers([reading.device for reading in network.topology.readings.all])
    for cable in network.topology.cables:
        ends = (cable.one, cable.other)
        if not cable.expected or not (cable.there and cable.back) or not routers.issuperset(cable.devices):
            continue
        adjacent = any(known.ports[name].adjacent(port) for name, port in ends)
        silent = [end for end in ends if not adjacent and not known.ports[end[0]].watched(end[1])]
        proven |= {end[0]: end not in silent and proven.get(end[0], True) for end in ends}
        for device, port in () if cable.unrouted else silent:
            yield warned(cable.name, "checks:link_direction.unproven", at=f"{device} {port}").replace(device=device)
    for device in sorted(name for name, each in proven.items() if each):
        yield passed("cables", "checks:link_direction.ok").replace(device=device)
