"""Balances of services (addresses, NAT sessions, requests, voice channels) and of access points (clients, airtime)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import add

from eventready.facts.records import DhcpPool, NatSessions, Radio
from eventready.network.capacity.amount import Amount, given, up
from eventready.network.capacity.balance import Balance, Kind
from eventready.network.capacity.case import DemandFigures, LoadCase
from eventready.network.capacity.cells import grade_of_service
from eventready.network.capacity.formulas import NAT_PORTS, left_after_loss, offered, radios_by_airtime, requests, total
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


#: Mbit/s by the width in MHz: 2 streams, 256-QAM 3/4, short guard interval (IEEE 802.11ac). Half of it is real [S31].
_PHY_MBPS = {20: 173.3, 40: 360.0, 80: 780.0, 160: 1560.0}


def radios(case: LoadCase) -> Iterator[Balance]:
    """Clients per radio in service, and the airtime of the radios of 5 and 6 GHz."""
    facts = [case.facts.fact(fact, Radio) for fact in ("radio", "radio_24")]
    partial = any(map(case.lacks_records, facts))
    known = not partial and all(one.measured for one in facts)
    shown = [] if partial else [row for fact in ("radio", "radio_24") for row in case.own_rows(fact, Radio)]
    there = [row for row in shown if row.oper == "up"]
    yield _per_radio(case, len(there), known=known)
    fast = [row for row in there if row.band != "2.4"]
    if case.load.supply:
        real = given(case.load.supply.mbps or 0, "radio_mbps", "Mbit/s", case.load.supply.source)
        yield _airtime(case, len(fast), real, known=known)
    elif fast and all(row.width_mhz in _PHY_MBPS for row in fast):
        slowest = min(_PHY_MBPS[row.width_mhz or 0] for row in fast)
        yield _airtime(case, len(fast), given(slowest / 2, "radio_mbps", "Mbit/s", default=True))


def _per_radio(case: LoadCase, number: int, *, known: bool = True) -> Balance:
    clients, there = case.users(case.figures.clients, "clients"), given(number, "radios", source=case.load.name)
    each = (clients / there).named("clients_radio") if number else clients
    limit, warning = given(case.targets.fail, "clients_limit"), given(case.targets.warn, "clients_warning")
    return case.balance(
        "clients", "", each, each, limit if number else there, crowd_limit=warning if number else there,
        details={"clients": clients}, unknown=not (number or known),
        ways={"radios": lambda n: _per_radio(case, number + n)},
    )  # fmt: skip


def _airtime(case: LoadCase, number: int, real: Amount, *, known: bool = True) -> Balance:
    clients = case.users(case.figures.clients, "clients")
    most = given(case.targets.airtime, "airtime_limit")
    busy = radios_by_airtime(clients, case.figures["client_mbps"], real, most).named("radios_needed")
    return case.balance(
        "airtime", "", busy, (busy * case.figures["surge"]).named("radios_crowd"),
        given(number, "radios", source=case.load.name), subject=f"{case.load.name} airtime",
        unknown=not (number or known), ways={"radios": lambda n: _airtime(case, number + n, real)},
    )  # fmt: skip
