"""Routing neighbours and BFD sessions to propose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from eventready.core.messages import message
from eventready.facts.records import BfdSession, RoutingPeer, System
from eventready.facts.subjects import peer_name, peers_of, sessions_of
from eventready.network.learn.proposal import Kind, Proposal
from eventready.network.network_facts import DeviceFacts

_PROTOCOLS: tuple[tuple[Kind, str], ...] = (
    ("ospf", "ospf_neighbour"), ("isis", "isis_neighbour"), ("bgp", "bgp_neighbour"),
)  # fmt: skip


def peers(reading: DeviceFacts) -> Iterator[Proposal]:
    """Unexpected neighbours of OSPF, IS-IS and BGP, and expected ones without a row."""
    for kind, fact in _PROTOCOLS:
        rows = reading.fact(fact, RoutingPeer).each_row()
        expected = getattr(reading.device.expect, kind) or ()
        covered = {id(row) for name in expected for row in peers_of(name, rows)}
        unnamed: dict[str, list[RoutingPeer]] = defaultdict(list)
        for row in rows:
            if id(row) not in covered:
                unnamed[peer_name(row)].append(row)
        yield from (_peer(reading, kind, name, own) for name, own in unnamed.items())
        if reading.whole(fact):
            yield from (
                Proposal.absent(reading.name, kind, name, name) for name in expected if not peers_of(name, rows)
            )


def _peer(reading: DeviceFacts, kind: Kind, name: str, rows: list[RoutingPeer]) -> Proposal:
    down = [row for row in rows if not row.up]
    if not down:
        return Proposal.judged(reading.name, kind, name, name, None)
    if _older_than_device(reading, down):
        question = message("learn:ask.peer_old", state=down[0].state)
    elif len(down) < len(rows):
        question = message("learn:ask.peer_partly", up=len(rows) - len(down), count=len(rows))
    else:
        question = message("learn:ask.peer_down", state=down[0].state)
    return Proposal.judged(reading.name, kind, name, name, question)


def _older_than_device(reading: DeviceFacts, rows: list[RoutingPeer]) -> bool:
    """Return True for neighbours down since the start of the device."""
    running = next((row.uptime_s for row in reading.fact("system", System).each_row()), None)
    return running is not None and all(row.uptime_s is not None and row.uptime_s >= running for row in rows)


def bfd(reading: DeviceFacts) -> Iterator[Proposal]:
    """Unexpected BFD sessions, and expected ones without a row."""
    rows = reading.fact("bfd_session", BfdSession).each_row()
    expected = reading.device.expect.bfd or ()
    covered = {id(row) for name in expected for row in sessions_of(name, rows)}
    unnamed: dict[str, list[BfdSession]] = defaultdict(list)
    for row in rows:
        if id(row) not in covered:
            unnamed[peer_name(row)].append(row)
    for name, own in unnamed.items():
        down = [row for row in own if row.state != "up"]
        question = message("learn:ask.peer_down", state=down[0].state) if down else None
        yield Proposal.judged(reading.name, "bfd", name, name, question)
    if reading.whole("bfd_session"):
        yield from (
            Proposal.absent(reading.name, "bfd", name, name) for name in expected if not sessions_of(name, rows)
        )
