"""Routing neighbours and BFD sessions, held against the expected lists.

An unexpected neighbour that is up is no fault; one that is not up gives a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import Field

from eventready.checks.answer import failed, missing, of_all, of_subject, passed, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import BfdSession, RoutingPeer
from eventready.facts.subjects import peer_name, peers_of, sessions_of


class BgpLimits(Limits):
    """Prefixes received, against the baseline run."""

    lost_percent: float = Field(
        default=20, gt=0, le=100, description="Warning from this loss of prefixes against the baseline on, % [K]"
    )


_router_check = partial(check, roles=("router",))


@_router_check("ospf", kind="state", needs=("ospf_neighbour",), applies=lambda device: device.expect.ospf is not None)
def ospf(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected OSPF neighbour is there and usable."""
    yield from _neighbours(view, "ospf_neighbour", view.device.expect.ospf or (), "OSPF")


@_router_check("isis", kind="state", needs=("isis_neighbour",), applies=lambda device: device.expect.isis is not None)
def isis(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected IS-IS neighbour is there and up."""
    yield from _neighbours(view, "isis_neighbour", view.device.expect.isis or (), "IS-IS")


@_router_check(
    "bgp",
    kind="state",
    needs=("bgp_neighbour",),
    limits=BgpLimits(),
    applies=lambda device: device.expect.bgp is not None,
)
def bgp(view: DeviceView, limits: BgpLimits) -> Iterator[Finding]:
    """Every expected BGP neighbour is established and sends as many prefixes as before."""
    yield from _neighbours(view, "bgp_neighbour", view.device.expect.bgp or (), "BGP")
    baseline = view.baselined("bgp_neighbour", RoutingPeer)
    rows = view.each_row("bgp_neighbour", RoutingPeer)
    matched = {id(row) for name in view.device.expect.bgp or () for row in peers_of(name, rows)}
    for row in rows:
        if row.up and row.prefixes is not None and id(row) in matched:
            earlier = baseline.get(row.subject)
            families = [other for other in rows if peer_name(other) == peer_name(row)]
            yield from _prefixes(row, families, earlier.prefixes if earlier else None, limits)


def _prefixes(
    row: RoutingPeer, families: Sequence[RoutingPeer], earlier: int | None, limits: BgpLimits
) -> Iterator[Finding]:
    """Findings of the prefixes of an address family; a warning if the neighbour sends none of any family."""
    count = row.prefixes or 0
    subject = " ".join(part for part in (peer_name(row), row.family, "prefixes") if part)
    if earlier and 100.0 * (earlier - count) / earlier >= limits.lost_percent:
        yield warned(
            subject,
            "checks:routing.prefixes_changed",
            peer=row.peer,
            value=count,
            earlier=earlier,
            limit=limits.lost_percent,
        )
    elif not earlier and not any(one.prefixes for one in families):
        none = warned(subject, "checks:routing.no_prefixes", peer=row.peer, value=0)
        yield of_all(none) if len(families) > 1 else none
    else:
        yield passed(subject, "checks:routing.prefixes", peer=row.peer, value=count)


def _neighbours(view: DeviceView, fact: str, expected: tuple[str, ...], protocol: str) -> Iterator[Finding]:
    rows = view.each_row(fact, RoutingPeer)
    matched: set[int] = set()
    for name in expected:
        own = peers_of(name, rows)
        matched.update(map(id, own))
        yield _neighbour(name, own, protocol)
    for row in rows:
        if id(row) not in matched and not row.up:
            yield warned(row.subject, "checks:routing.unexpected_state", protocol=protocol, state=row.state)
    if not expected:
        yield from _none_expected(rows, protocol)


def _neighbour(name: str, rows: list[RoutingPeer], protocol: str) -> Finding:
    up = [row for row in rows if row.up]
    if not rows:
        return missing(name, "checks:routing.missing", protocol=protocol)
    if not up:
        return of_subject(failed(name, "checks:routing.not_up", protocol=protocol, state=rows[0].state))
    if len(up) < len(rows):
        return warned(name, "checks:routing.some_up", protocol=protocol, up=len(up), count=len(rows))
    return of_subject(passed(name, "checks:routing.up", protocol=protocol))


def _none_expected(rows: tuple[RoutingPeer, ...], protocol: str) -> Iterator[Finding]:
    up = sum(row.up for row in rows)
    if up:
        yield of_all(warned(protocol, "checks:routing.unexpected", protocol=protocol, count=up))
    else:
        yield of_all(passed(protocol, "checks:routing.none_expected", protocol=protocol))


@_router_check("bfd", kind="state", needs=("bfd_session",), applies=lambda device: device.expect.bfd is not None)
def bfd(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected BFD session is up."""
    rows = view.each_row("bfd_session", BfdSession)
    expected = view.device.expect.bfd or ()
    matched: set[int] = set()
    for peer in expected:
        own = sessions_of(peer, rows)
        matched.update(map(id, own))
        yield _session(peer, own)
    for row in rows:
        if id(row) not in matched and row.state != "up":
            name = " ".join(filter(None, (peer_name(row), row.hops)))
            yield warned(name, "checks:bfd.unexpected_state", state=row.state)
    if not expected:
        yield of_all(passed("BFD", "checks:bfd.none_expected"))


def _session(peer: str, rows: list[BfdSession]) -> Finding:
    if not rows:
        return missing(peer, "checks:bfd.missing")
    for row in rows:
        if row.state != "up":
            return of_subject(failed(peer, "checks:bfd.not_up", state=row.state))
    return of_subject(passed(peer, "checks:bfd.up"))
