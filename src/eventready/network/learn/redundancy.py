"""Bundles, gateways, default routes and controller pairs to propose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

from eventready.core.messages import Text, message
from eventready.facts.ports import port_key
from eventready.facts.records import BundleMinimum, ControllerPair, GatewayGroup, LinkBundle, Route, StaticRoute
from eventready.network.learn.proposal import Proposal, Source, State, partly_read, plain
from eventready.network.network_facts import DeviceFacts, NetworkFacts, ports_towards

_Role = Literal["master", "backup"]
_Group = tuple[str, int, str]


def bundles(reading: DeviceFacts) -> Iterator[Proposal]:
    """Unexpected bundles, with the least number of links as configured, else the members less 1."""
    rows = {port_key(row.name): row for row in reading.fact("link_bundle", LinkBundle).each_row()}
    least = {port_key(row.name): row.min_links for row in reading.fact("bundle_minimum", BundleMinimum).each_row()}
    expected = {port_key(bundle.name): bundle for bundle in reading.device.expect.bundles}
    for key, row in rows.items():
        if key not in expected and row.members:
            configured = least.get(key, row.min_links)
            unread = partly_read(reading, "bundle_minimum") if configured is None else None
            yield Proposal.unsure(_bundle(reading, row, configured), unread)
    for key, bundle in expected.items() if reading.whole("link_bundle") else ():
        if key not in rows:
            yield Proposal.absent(reading.name, "bundles", bundle.name, plain(bundle))


def _bundle(reading: DeviceFacts, row: LinkBundle, configured: int | None) -> Proposal:
    members = len(row.members)
    least = max(1, members - 1 if configured is None else configured)
    name = reading.spelled(row.name)
    value = {"name": name, "members": members, "min_links": least}
    source: Source = "members" if configured is None else "configured"
    state: State = "healthy"
    question = None
    if row.oper != "up" or len(row.bundled) < members:
        state, question = "down", message("learn:ask.members", value=len(row.bundled), count=members)
    elif configured is None and members > 1:
        state, question = "unknown", message("learn:ask.min_links", value=least, count=members)
    return Proposal(reading.name, "bundles", name, value, source, state, question)


# --- gateways -------------------------------------------------------------------------------------------------------


def gateways(readings: NetworkFacts) -> Iterator[Proposal]:
    """Unexpected gateway groups, with the role by the members' priorities."""
    groups: dict[_Group, list[tuple[str, GatewayGroup]]] = defaultdict(list)
    for reading in readings.all:
        for row in _rows(reading):
            groups[row.protocol, row.group, row.virtual_ip or ""].append((reading.name, row))
    for reading in readings.all:
        expected = {
            (one.protocol, one.group, port_key(one.interface), ":" in (one.virtual_ip or "")): one
            for one in reading.device.expect.gateways
        }
        shown = set()
        for row in _rows(reading):
            shown.add(key := _membership(row))
            if key not in expected:
                members = groups[row.protocol, row.group, row.virtual_ip or ""]
                yield Proposal.unsure(_gateway(reading, row, members), _hidden_member(readings, row, members))
        for key, one in expected.items():
            if key not in shown and reading.whole(f"{one.protocol}_group"):
                subject = f"{one.protocol} {one.group} {one.interface}"
                yield Proposal.absent(reading.name, "gateways", subject, plain(one))


def _hidden_member(readings: NetworkFacts, row: GatewayGroup, members: list[tuple[str, GatewayGroup]]) -> Text | None:
    """Return the question about a possible further member: a device of the subnet with unread groups."""
    fact, known = f"{row.protocol}_group", {name for name, _row in members}
    for reading in readings.all:
        if reading.name not in known and reading.partly(fact) and _beside(reading, row.virtual_ip):
            return partly_read(reading, fact)
    return None


def _beside(reading: DeviceFacts, address: str | None) -> bool:
    """Return True for a device with a port in the subnet of an address, or without addresses to tell."""
    whole = not any(map(reading.partly, ("interface", "address"))) and any(reading.addresses())
    return not (whole and address) or next(ports_towards(reading, address), None) is not None


def _rows(reading: DeviceFacts) -> Iterator[GatewayGroup]:
    for fact in ("vrrp_group", "hsrp_group"):
        yield from reading.fact(fact, GatewayGroup).each_row()


def _membership(row: GatewayGroup) -> tuple[str, int, str, bool]:
    return row.protocol, row.group, port_key(row.interface), row.family == "ipv6" or ":" in (row.virtual_ip or "")


def _gateway(reading: DeviceFacts, row: GatewayGroup, members: list[tuple[str, GatewayGroup]]) -> Proposal:
    by_priority = _role(reading.name, members)
    role = by_priority or (row.state if row.state != "init" else None)
    interface = reading.spelled(row.interface)
    value: Mapping[str, object] = {
        "protocol": row.protocol, "group": row.group, "interface": interface, "virtual_ip": row.virtual_ip,
        "role": role,
    }  # fmt: skip
    value = {key: part for key, part in value.items() if part is not None}
    state, question = _gateway_state(row, role, members)
    name = f"{row.protocol} {row.group} {interface}{' ipv6' if row.family == 'ipv6' else ''}"
    return Proposal(reading.name, "gateways", name, value, "priority" if by_priority else "state", state, question)


def _role(device: str, members: list[tuple[str, GatewayGroup]]) -> _Role | None:
    """Return the role by priority; None without a single highest priority among at least two, all printed."""
    priorities = [(row.priority, name) for name, row in members if row.priority is not None]
    if len(priorities) < 2 or len(priorities) < len(members):
        return None
    priorities.sort(reverse=True)
    if priorities[0][0] == priorities[1][0]:
        return None
    return "master" if priorities[0][1] == device else "backup"


def _gateway_state(
    row: GatewayGroup, role: str | None, members: list[tuple[str, GatewayGroup]]
) -> tuple[State, Text | None]:
    if row.state == "init":
        return "down", message("learn:ask.gateway_init")
    if row.state != role:
        return "down", message("learn:ask.gateway_moved", state=row.state, wanted=role or "")
    if len(members) < 2:
        return "one_side", message("learn:ask.gateway_alone", state=row.state)
    if sum(other.state == "master" for _name, other in members) != 1:
        return "down", message("learn:ask.gateway_masters")
    return "healthy", None


# --- default routes and controller pairs ----------------------------------------------------------------------------


def default_routes(reading: DeviceFacts) -> Iterator[Proposal]:
    """Number of ways out of a router without such an expectation: default routes in use, and static ones in waiting."""
    if reading.device.role != "router" or reading.device.expect.default_routes is not None:
        return
    if any(map(reading.partly, ("default_route", "static_route"))):
        return  # a number of what was read is no number of what is there
    in_use = [row for row in reading.fact("default_route", Route).each_row() if row.leads_out]
    waiting = [row for row in reading.fact("static_route", StaticRoute).each_row() if row.leads_out]
    ways = {row.next_hop or row.interface for row in in_use} | {row.next_hop or row.interface for row in waiting}
    if in_use:
        yield Proposal(reading.name, "default_routes", str(len(ways)), len(ways))
    elif waiting:
        question = message("learn:ask.no_default_route", count=len(ways))
        yield Proposal.judged(reading.name, "default_routes", str(len(ways)), len(ways), question)


def controller_pair(reading: DeviceFacts) -> Iterator[Proposal]:
    """Unexpected redundancy of a controller with a partner."""
    if reading.device.role != "wifi_controller" or reading.device.expect.controller_pair:
        return
    for row in reading.fact("controller_pair", ControllerPair).each_row():
        if row.ready and row.local_state in ("active", "standby"):
            yield Proposal(reading.name, "controller_pair", "true", True)
        elif row.local_state != "alone" or row.peer_state:
            question = message("learn:ask.pair_not_ready", state=row.local_state)
            yield Proposal.judged(reading.name, "controller_pair", "true", True, question)
