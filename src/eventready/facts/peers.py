"""Names of routing neighbours and BFD sessions in expectations: `name`, or `name@vrf`."""

from __future__ import annotations

from collections.abc import Sequence

from eventready.facts.records import BfdSession, RoutingPeer
from eventready.facts.units import GLOBAL_TABLE


def is_global(row: BfdSession | RoutingPeer) -> bool:
    """Return True for a row of the global table, or without a printed VRF."""
    return row.vrf is None or row.vrf.casefold() in GLOBAL_TABLE


def peer_name(row: BfdSession | RoutingPeer) -> str:
    """Name of the peer in an expectation."""
    return row.peer if is_global(row) else f"{row.peer}@{row.vrf}"


def peers_of(expected: str, rows: Sequence[RoutingPeer]) -> list[RoutingPeer]:
    """Return the neighbours of `name` or `name@vrf`; without a VRF those of the global table, else of any VRF."""
    name, _, vrf = expected.casefold().partition("@")
    own = [row for row in rows if name in _names(row)]
    if vrf:
        return [row for row in own if row.vrf is not None and row.vrf.casefold() == vrf]
    return [row for row in own if is_global(row)] or own


def _names(row: RoutingPeer) -> set[str]:
    return {name.casefold() for name in (row.peer, row.address) if name}


def sessions_of(expected: str, rows: Sequence[BfdSession]) -> list[BfdSession]:
    """Return the sessions to `address` or `address@vrf`; without a VRF those of the global table, else of any VRF.

    Multihop sessions count where there is no other to the address.
    """
    address, _, vrf = expected.casefold().partition("@")
    named = [row for row in rows if row.peer.casefold() == address]
    own = [row for row in named if row.hops is None] or named
    if vrf:
        return [row for row in own if row.vrf is None or row.vrf.casefold() == vrf]
    return [row for row in own if is_global(row)] or own
