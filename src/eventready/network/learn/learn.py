"""Proposals of all kinds, in the order of the devices, without ignored ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eventready.facts.catalogue import CATALOGUE
from eventready.network.learn import hosts, radio, redundancy, routing
from eventready.network.learn.circuits import circuits
from eventready.network.learn.gaps import gaps
from eventready.network.learn.links import NetworkLayout, links, uplinks
from eventready.network.learn.patterns import NamePatterns
from eventready.network.learn.proposal import KINDS, LearnResult, Proposal, UnknownNeighbour
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.workspace.devices.device import Role
from eventready.workspace.settings.event import ServiceOrigin
from eventready.workspace.settings.learning import Ignored
from eventready.workspace.unsaid import Unsaid, is_ignored

_PORTS = ("system", "interface", "address", "neighbour")
#: Facts that are learnt from, by role, in catalogue order.
_READ: dict[Role, frozenset[str]] = {
    "router": frozenset({
        *_PORTS, "ospf_neighbour", "isis_neighbour", "bgp_neighbour", "bfd_session", "vrrp_group", "hsrp_group",
        "link_bundle", "bundle_minimum", "default_route", "static_route",
    }),
    "switch": frozenset({*_PORTS, "link_bundle", "bundle_minimum"}),
    "bts_controller": frozenset({"site", "cell", "core_link"}),
    "wifi_controller": frozenset({*_PORTS, "access_point", "wlan", "controller_pair", "radius_server"}),
    "service_host": frozenset({
        "vrrp_group", "service", "listener", "certificate", "backend", "dns_answer", "dhcp_pool",
    }),
}  # fmt: skip


def facts_read(role: Role) -> tuple[str, ...]:
    """Facts to learn the expectations of a role from, in catalogue order."""
    return tuple(fact for fact in CATALOGUE if fact in _READ[role])


@dataclass(frozen=True)
class LearnSetting:
    """Input beside the facts: origins of the services, venues by pattern, and proposals to ignore.

    `questions`: subjects of the questions that event.yaml has a device ask, by device. `unsaid`: gaps of the inventory.
    `circuits`: provider and id of the objects of works without an element.
    """

    origins: Sequence[ServiceOrigin] = ()
    venues: NamePatterns = field(default_factory=NamePatterns)
    ignored: Sequence[Ignored] = ()
    questions: Mapping[str, Collection[str]] = field(default_factory=dict)
    unsaid: Sequence[Unsaid] = ()
    circuits: Sequence[tuple[str, str]] = ()


def learn(readings: NetworkFacts, setting: LearnSetting) -> LearnResult:
    """Propose additions to the expectations of every device, and list expectations without a trace in the facts.

    What neither the inventory nor the facts tell is asked.
    """
    layout = NetworkLayout(readings, setting.origins)
    order = {kind: place for place, kind in enumerate(KINDS)}
    proposals = sorted(
        (one for one in _all(layout, setting) if not _ignored(one, setting.ignored)),
        key=lambda one: (readings.order[one.device], order[one.kind]),
    )
    unknown_neighbours = (
        one for one in layout.cables.unknown_neighbours if not _neighbour_ignored(one, setting.ignored)
    )
    open = (
        one
        for one in (*setting.unsaid, *gaps(layout), *circuits(readings, setting.circuits))
        if not is_ignored(one, setting.ignored)
    )
    return LearnResult(tuple(proposals), tuple(unknown_neighbours), tuple(open))


def _all(layout: NetworkLayout, setting: LearnSetting) -> Iterator[Proposal]:
    yield from links(layout)
    yield from uplinks(layout)
    yield from redundancy.gateways(layout.readings)
    for reading in layout.readings.all:
        yield from _of_device(reading, setting.venues)
        yield from hosts.host(reading, setting.questions.get(reading.name, ()))


def _of_device(reading: DeviceFacts, venues: NamePatterns) -> Iterator[Proposal]:
    yield from venues.of_devices(reading)
    yield from redundancy.bundles(reading)
    yield from routing.peers(reading)
    yield from routing.bfd(reading)
    yield from redundancy.default_routes(reading)
    yield from redundancy.controller_pair(reading)
    yield from radio.stations(reading, venues)
    yield from radio.core_links(reading)
    yield from radio.access_points(reading, venues)
    yield from radio.wlans(reading)
    yield from radio.radius(reading)


def _ignored(one: Proposal, ignored: Sequence[Ignored]) -> bool:
    return any(rule.covers(one.device, one.kind, one.subject) for rule in ignored)


def _neighbour_ignored(one: UnknownNeighbour, ignored: Sequence[Ignored]) -> bool:
    return any(rule.covers(device, "neighbours", one.name) for rule in ignored for device, _port in one.seen_by)
