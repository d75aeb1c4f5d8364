"""Origins of event.yaml: default routes and prefixes from a provider or a core at its port, by family of IP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from eventready.checks.answer import blind, failed, passed, unknown
from eventready.checks.check import NoLimits, check
from eventready.checks.finding import Finding
from eventready.checks.ip.redundancy import GRAPH_FACTS
from eventready.facts.ports import parent_port, port_key
from eventready.facts.records import BfdSession, Route, RouterAdvertisement, RoutingPeer, StaticRoute
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import ADJACENCIES, DeviceFacts, NetworkFacts, ports_towards
from eventready.workspace.settings.event import OUTWARD

Family = Literal["", "IPv6"]


@check(
    "origin", kind="quality", scope="network", topic="backup", needs=(), roles=("router",),
    also_reads=(*GRAPH_FACTS, "default_route_v6", "router_advertisement"),
)  # fmt: skip
def origin(network: WhatIf, _limits: NoLimits) -> Iterator[Finding]:
    """Each provider and core hands over a default route or prefixes, over IPv6 too beside announced routers."""
    readings = network.topology.readings
    families: tuple[Family, ...] = ("", "IPv6") if _announced(readings) else ("",)
    for one in network.topology.setting.origins:
        reading = readings.by_name.get(one.device)
        if one.kind not in OUTWARD or not one.port or reading is None or reading.device.role != "router":
            continue
        for family in families if reading.up(one.port) is not False else ():  # a port that is down, `uplink` tells
            found = _Handover(reading, one.port, family).finding()
            yield found.replace(device=one.device, services=one.services)


def _announced(readings: NetworkFacts) -> bool:
    """True where a router announces itself as an IPv6 default router."""
    rows = (row for one in readings.all for row in one.fact("router_advertisement", RouterAdvertisement).each_row())
    return any(row.lifetime_s != 0 for row in rows)


@dataclass(frozen=True)
class _Handover:
    """Routes and neighbours of a family at the port of an origin."""

    reading: DeviceFacts
    port: str
    family: Family

    def finding(self) -> Finding:
        """Passed by a proof; failed only without any possible proof, with all facts read."""
        subject = f"{self.port} {self.family}".strip()
        if proof := self._proof(subject):
            return proof
        if not self.reading.facts:
            return unknown(subject, "checks:origin.unread")
        if self._waiting or self._adjacent or self._unplaced:
            return blind(subject, "checks:origin.doubtful")
        if not (self.reading.measured(self._defaults) and self.reading.measured("bgp_neighbour")):
            return blind(subject, "checks:origin.not_asked")
        return failed(subject, "checks:origin.nothing")

    def _proof(self, subject: str) -> Finding | None:
        if any(row.leads_out and self._over(row.interface, row.next_hop) for row in self._routes):
            return passed(subject, "checks:origin.default")
        for row in self._sessions:
            if self._over(row.interface, row.address or row.peer):
                return passed(subject, "checks:origin.prefixes", peer=row.peer, value=row.prefixes)
        if any(row.protected and self._watch_holds(row) for row in self._waiting):
            return passed(subject, "checks:origin.waiting")
        return None

    @property
    def _unplaced(self) -> bool:
        """True for a route in use or a session at an unknown port, and for an unread record of a possible proof."""
        hops = [(row.interface, row.next_hop) for row in self._routes if row.leads_out]
        hops += [(row.interface, row.address or row.peer) for row in self._sessions]
        lost = any(self.reading.partly(fact) for fact in (self._defaults, "address", "static_route", *ADJACENCIES))
        return lost or not all(map(self._port_of, hops))

    @property
    def _defaults(self) -> str:
        return "default_route_v6" if self.family else "default_route"

    @property
    def _routes(self) -> tuple[Route, ...]:
        return self.reading.fact(self._defaults, Route).each_row()

    @cached_property
    def _waiting(self) -> list[StaticRoute]:
        """Static default routes to the port, in use or not."""
        rows = self.reading.fact("static_route", StaticRoute).each_row()
        own = [row for row in rows if row.leads_out and (":" in row.prefix) is bool(self.family)]
        return [row for row in own if self._over(row.interface, row.next_hop)]

    @cached_property
    def _sessions(self) -> list[RoutingPeer]:
        """BGP sessions with prefixes of the family."""
        rows = self.reading.fact("bgp_neighbour", RoutingPeer).each_row()
        return [row for row in rows if row.up and row.prefixes and self._of_family(row)]

    def _of_family(self, row: RoutingPeer) -> bool:
        named = (row.family or "").casefold()
        return not row.vrf and ("6" in named if named else ":" in row.peer) is bool(self.family)

    @property
    def _adjacent(self) -> bool:
        """True for an adjacency at the port, which does not show a default route of second choice."""
        rows = (row for fact in ADJACENCIES for row in self.reading.fact(fact, RoutingPeer).each_row())
        return any(row.up and row.protocol != "bgp" and self._is_port(row.interface or "") for row in rows)

    def _watch_holds(self, route: StaticRoute) -> bool:
        """False for a BFD session to the next hop out of service."""
        rows = self.reading.fact("bfd_session", BfdSession).each_row()
        return all(row.state == "up" for row in rows if row.peer == route.next_hop)

    def _port_of(self, hop: tuple[str | None, str | None]) -> str:
        """Port of an interface and a next hop; empty for an unknown port."""
        interface, address = hop
        return interface or next(ports_towards(self.reading, address or ""), "")

    def _over(self, interface: str | None, hop: str | None) -> bool:
        return self._is_port(self._port_of((interface, hop)))

    def _is_port(self, port: str) -> bool:
        return parent_port(port_key(port)) == parent_port(port_key(self.port))
