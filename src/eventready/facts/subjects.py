"""Records of a subject by its name in an expectation: ports, routing neighbours, BFD sessions, all others by name.

An unread record has no fields: its subject as printed, or else the words of its text, say whose record it may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from eventready.facts.observation import Unread
from eventready.facts.ports import port_key
from eventready.facts.records import BfdSession, Fact, RoutingPeer
from eventready.facts.units import GLOBAL_TABLE

F = TypeVar("F", bound=Fact)
_SEPARATORS = re.compile(r"[\s,;=|\"'(){}\[\]]+")


class NamedRows(Generic[F]):
    """Rows by the name of their subject: neighbours and sessions by address and VRF, all others by their first key."""

    def __init__(self, rows: Sequence[F]) -> None:
        self._peers: list[RoutingPeer] = [row for row in rows if isinstance(row, RoutingPeer)]
        self._sessions: list[BfdSession] = [row for row in rows if isinstance(row, BfdSession)]
        self._by_key: dict[str, list[F]] = {}
        for row in rows:
            if row.key and not isinstance(row, (RoutingPeer, BfdSession)):
                self._by_key.setdefault(port_key(str(getattr(row, row.key[0]))), []).append(row)

    def of(self, name: str) -> Sequence[Fact]:
        """Rows of a subject."""
        own = self._by_key.get(port_key(name), ())
        return (*own, *peers_of(name, self._peers), *sessions_of(name, self._sessions))


def owners(record: Unread, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` of which an unread record may be: by its subject, else by the words of its text."""
    known = dict.fromkeys(names)
    subject = _words(record.subject)
    exact = frozenset(name for name in known if port_key(name) == port_key(record.subject) or _words(name) == subject)
    if exact:
        return exact
    printed = subject | _words(record.text)
    found = frozenset(name for name in known if _words(name) and _words(name) <= printed)
    return found if found or record.text else frozenset(name for name in known if subject and subject <= _words(name))


def may_be(record: Unread, name: str, among: Iterable[str], *, present: bool = False) -> bool:
    """Return True for an unread record naming the subject, or, for a subject without a row, none of `among`."""
    named = owners(record, (name, *among))
    return name in named or not (named or present)


def names_port(record: Unread, port: str) -> bool:
    """Return True for an unread record with a port in its subject or its text."""
    return port_key(port) in _words(record.subject) | _words(record.text)


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    """Words of a name, of a peer without its VRF, with ports in their canonical spelling."""
    bare = (word.strip(".:*") for word in _SEPARATORS.split(text.partition("@")[0]))
    return frozenset(port_key(word) for word in bare if word)


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
