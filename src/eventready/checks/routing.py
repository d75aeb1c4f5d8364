"""Routing neighbours and BFD sessions, held against the expected lists.

A neighbour that nobody expects and that is up is no fault; one that is not up is told of.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from eventready.checks.answer import failed, passed, warned
from eventready.checks.check import Limits, Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import BfdSession, RoutingPeer

_DUTIES = ("1.2b", "1.2c")


class BgpLimits(Limits):
    """Prefixes received, against the baseline run."""

    lost_percent: float = Field(
        default=20, gt=0, le=100, description="Warning from this loss of prefixes against the baseline on, % [K]"
    )


@check(
    "ospf",
    roles=("router",),
    needs=("ospf_neighbour",),
    duties=_DUTIES,
    applies=lambda device: device.expect.ospf is not None,
)
def ospf(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected OSPF neighbour is there and usable."""
    yield from _neighbours(look, "ospf_neighbour", look.device.expect.ospf or (), "OSPF")


@check(
    "isis",
    roles=("router",),
    needs=("isis_neighbour",),
    duties=_DUTIES,
    applies=lambda device: device.expect.isis is not None,
)
def isis(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected IS-IS neighbour is there and up."""
    yield from _neighbours(look, "isis_neighbour", look.device.expect.isis or (), "IS-IS")


@check(
    "bgp",
    roles=("router",),
    needs=("bgp_neighbour",),
    limits=BgpLimits(),
    duties=_DUTIES,
    applies=lambda device: device.expect.bgp is not None,
)
def bgp(look: Look, limits: BgpLimits) -> Iterator[Finding]:
    """Every expected BGP neighbour is established and sends as many prefixes as before."""
    yield from _neighbours(look, "bgp_neighbour", look.device.expect.bgp or (), "BGP")
    expected = {name.casefold() for name in look.device.expect.bgp or ()}
    baseline = look.baselined("bgp_neighbour", RoutingPeer)
    for row in look.rows("bgp_neighbour", RoutingPeer):
        if row.up and row.prefixes is not None and expected & _names(row):
            earlier = baseline.get(row.subject)
            yield from _prefixes(row, row.prefixes, earlier.prefixes if earlier else None, limits)


def _prefixes(row: RoutingPeer, count: int, earlier: int | None, limits: BgpLimits) -> Iterator[Finding]:
    subject = f"{row.peer} prefixes"
    if earlier and 100.0 * (earlier - count) / earlier >= limits.lost_percent:
        yield warned(
            subject,
            "{peer} sends {value} prefixes, and {earlier} in the baseline (limit -{limit}%)",
            peer=row.peer,
            value=count,
            earlier=earlier,
            limit=limits.lost_percent,
        )
    elif count == 0 and not earlier:
        yield warned(subject, "{peer} is up and sends no prefix", peer=row.peer, value=0)
    else:
        yield passed(subject, "{peer} sends {value} prefixes", peer=row.peer, value=count)


def _names(row: RoutingPeer) -> set[str]:
    return {name.casefold() for name in (row.peer, row.address) if name}


def _neighbours(look: Look, fact: str, expected: tuple[str, ...], protocol: str) -> Iterator[Finding]:
    rows = look.rows(fact, RoutingPeer)
    known: dict[str, list[RoutingPeer]] = {}
    for row in rows:
        for name in _names(row):
            known.setdefault(name, []).append(row)
    for name in expected:
        yield _neighbour(name, known.get(name.casefold(), []), protocol)
    spoken_of = {name.casefold() for name in expected}
    strangers = [row for row in rows if not spoken_of & _names(row)]
    for row in strangers:
        if not row.up:
            yield warned(
                row.subject,
                "{protocol} neighbour {subject} is {state}, and nobody expects it",
                protocol=protocol,
                state=row.state,
            )
    if not expected:
        yield from _none_expected(rows, protocol)


def _neighbour(name: str, rows: list[RoutingPeer], protocol: str) -> Finding:
    up = [row for row in rows if row.up]
    if not rows:
        return failed(name, "{protocol} neighbour {subject} is missing", protocol=protocol)
    if not up:
        return failed(name, "{protocol} neighbour {subject} is {state}, not up", protocol=protocol, state=rows[0].state)
    if len(up) < len(rows):
        return warned(
            name,
            "{protocol} neighbour {subject}: {up} of {count} adjacencies are up",
            protocol=protocol,
            up=len(up),
            count=len(rows),
        )
    return passed(name, "{protocol} neighbour {subject} is up", protocol=protocol)


def _none_expected(rows: tuple[RoutingPeer, ...], protocol: str) -> Iterator[Finding]:
    up = sum(row.up for row in rows)
    if up:
        yield warned(protocol, "{protocol} neighbours where none may be: {count}", protocol=protocol, count=up)
    else:
        yield passed(protocol, "No {protocol} neighbour, as expected", protocol=protocol)


@check(
    "bfd",
    roles=("router",),
    needs=("bfd_session",),
    duties=("1.2c",),
    applies=lambda device: device.expect.bfd is not None,
)
def bfd(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected BFD session is up."""
    sessions: dict[str, list[BfdSession]] = {}
    for row in look.rows("bfd_session", BfdSession):
        sessions.setdefault(row.peer.casefold(), []).append(row)
    expected = look.device.expect.bfd or ()
    for peer in expected:
        yield _session(peer, sessions.pop(peer.casefold(), []))
    for rows in sessions.values():
        for row in rows:
            if row.state != "up":
                yield warned(row.peer, "BFD session to {subject} is {state}, and nobody expects it", state=row.state)
    if not expected:
        yield passed("BFD", "No BFD session is expected")


def _session(peer: str, rows: list[BfdSession]) -> Finding:
    if not rows:
        return failed(peer, "BFD session to {subject} is missing")
    for row in rows:
        if row.state != "up":
            return failed(peer, "BFD session to {subject} is {state}, not up", state=row.state)
    return passed(peer, "BFD session to {subject} is up")
