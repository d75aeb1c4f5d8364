"""Balances of services: addresses, NAT sessions, requests to the portal and to DNS, voice channels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

from eventready.facts.records import DhcpPool, NatSessions
from eventready.network.capacity.amount import Amount, given, up
from eventready.network.capacity.balance import Balance, Kind
from eventready.network.capacity.case import DemandFigures, LoadCase
from eventready.network.capacity.cells import grade_of_service
from eventready.network.capacity.formulas import NAT_PORTS, left_after_loss, offered, requests, total
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.capacity import Supply

_UNITS = {"portal": "1/s", "dns": "1/s"}
#: Additions by kind, and how much one of them gives.
_WAYS: Mapping[str, tuple[str, int]] = {
    "pool": ("addresses", 1), "nat": ("public_addresses", NAT_PORTS), "portal": ("per_s", 1), "dns": ("per_s", 1),
}  # fmt: skip
#: Span of arrivals without a given one [D].
_HOUR = 3600


def service(case: LoadCase, kind: Kind, more: int = 0) -> Balance:
    """Addresses, sessions or requests of all clients of the demands."""
    unit, (way, each) = _UNITS.get(kind, ""), _WAYS[kind]
    busy = reduce(add, (_required(kind, one) for one in case.demands)).named("required", unit)
    if kind == "pool":
        crowd = up(busy * given(case.targets.reserve, "reserve"))
    else:
        crowd = busy * max((one["surge"] for one in case.demands), key=lambda one: one.value)
    there = _there(case)
    limit = (there + more * each) if there and more else there or given(0)
    return case.balance(
        kind, unit, busy, crowd.named("required_crowd", unit), limit.named("there", unit),
        unknown=there is None, ways={way: lambda n: service(case, kind, n)},
    )  # fmt: skip


def _required(kind: Kind, figures: DemandFigures) -> Amount:
    if kind == "pool":
        return (figures["people"] * figures["take"]).named("devices")
    clients = figures.clients if figures.demand.service == "wifi" else figures["people"]
    if kind == "nat":
        return (clients * figures["sessions"]).named("required_venue")
    if kind == "dns":
        return requests(clients, figures["queries"]).named("required_venue", "1/s")
    span = figures["arrival_s"] if "arrival_s" in figures else given(_HOUR, "arrival_s", "s", default=True)
    return requests(clients, figures["logins"], span).named("required_venue", "1/s")


def _there(case: LoadCase) -> Amount | None:
    """Supply of a service; None without a figure of the device and of capacity.yaml."""
    supply, facts = case.load.supply, case.facts
    if supply is None:
        return None
    if supply.kind == "nat":
        return _sessions(supply, facts)
    if supply.per_s:
        return given(supply.per_s, "per_s", source=supply.source) * 1
    if supply.addresses:
        return given(supply.addresses, "addresses", source=supply.source) * 1
    if supply.kind != "pool" or not facts.measured("dhcp_pool"):
        return None
    rows = [row for row in facts.fact("dhcp_pool", DhcpPool).each_row() if supply.covers(row.pool)]
    return given(sum(row.leased_at_most for row in rows), "addresses", source=supply.device) * 1 if rows else None


def _sessions(supply: Supply, facts: DeviceFacts) -> Amount | None:
    """Sessions of a NAT: the least of its table, its ports and the declared ones; None without any."""
    limits = [
        given(row.limit, "sessions_limit", source=supply.device)
        for row in facts.fact("nat_sessions", NatSessions).each_row()
        if row.limit
    ]
    if supply.sessions:
        limits.append(given(supply.sessions, "sessions_limit", source=supply.source))
    there = [one * 1 for one in limits]
    if supply.addresses:
        there.append(given(supply.addresses, "addresses", source=supply.source) * NAT_PORTS)
    return min(there, key=lambda one: one.value, default=None)


def circuits(case: LoadCase, more: int = 0) -> Balance:
    """Voice channels of telephone lines: E1 timeslots or SIP sessions, less the largest loss."""
    figures, load = case.figures, case.load
    lines = reduce(add, (one["lines"] for one in case.demands)).named("lines_all")
    traffic = offered(lines, figures["bhca"], figures["holding_s"]).named("traffic", "E")
    members = [
        given(one.channels or 0, f"{one.device} {one.name}".rstrip(" *"), source=one.source) for one in load.rates
    ]
    losses = [total([members[n] for n in sorted(one)]) for one in load.losses]
    there = left_after_loss(members or [given(0)], losses)
    limit = given(case.targets.circuit_loss, "loss_limit", "%")
    ways = {"channels": lambda n: circuits(case, n)}
    served = (lines, traffic, (there + more if more else there).named("channels"))
    return grade_of_service(case, "circuits", served, limit, ways, known=bool(load.rates))
