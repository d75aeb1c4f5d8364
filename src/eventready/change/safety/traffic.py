"""Sets of traffic: networks of sources and destinations, and DSCP values."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_EVERY = ipaddress.IPv4Network("0.0.0.0/0")
#: DSCP values, and the most sets of an intersection; of more, the traffic counts as narrow.
_DSCP, _MOST = frozenset(range(64)), 4096
#: RFC 2474, 2597, 3246, 5865: names of DSCP values.
_NAMES = {
    "default": 0,
    "be": 0,
    "ef": 46,
    "voice-admit": 44,
    "va": 44,
    **{f"cs{number}": 8 * number for number in range(8)},
    **{f"af{one}{drop}": 8 * one + 2 * drop for one in range(1, 5) for drop in range(1, 4)},
}


@dataclass(frozen=True)
class Selected:
    """Traffic from a network to a network with some of the DSCP values."""

    source: ipaddress.IPv4Network = _EVERY
    destination: ipaddress.IPv4Network = _EVERY
    dscp: frozenset[int] = _DSCP


ALL = Selected()


def covers_all(parts: Sequence[Selected]) -> bool:
    """Return True for sets with all traffic together: by sources, by destinations, or by DSCP values."""
    sources = [one.source for one in parts if one.destination == _EVERY and one.dscp == _DSCP]
    destinations = [one.destination for one in parts if one.source == _EVERY and one.dscp == _DSCP]
    marks = [one.dscp for one in parts if one.source == one.destination == _EVERY]
    every = [_EVERY]
    return (
        list(ipaddress.collapse_addresses(sources)) == every
        or list(ipaddress.collapse_addresses(destinations)) == every
        or frozenset().union(*marks) == _DSCP
    )


def common(chosen: Iterable[Sequence[Selected]]) -> list[Selected]:
    """Return the traffic in all of several selections."""
    found = [ALL]
    for parts in chosen:
        if len(found) * len(parts) > _MOST:
            return []
        found = [both for one in found for other in parts if (both := _both(one, other))]
    return found


def _both(one: Selected, other: Selected) -> Selected | None:
    source = _narrower(one.source, other.source)
    destination = _narrower(one.destination, other.destination)
    dscp = one.dscp & other.dscp
    return Selected(source, destination, dscp) if source and destination and dscp else None


def _narrower(one: ipaddress.IPv4Network, other: ipaddress.IPv4Network) -> ipaddress.IPv4Network | None:
    if not one.overlaps(other):
        return None
    return one if one.prefixlen >= other.prefixlen else other


def network_of(text: str) -> ipaddress.IPv4Network | None:
    """Return the network of `any`, `host A`, `A`, `A/LENGTH` or `A WILDCARD`; None for another text.

    A wildcard with bits apart counts as the least network around it.
    """
    words = text.removeprefix("host ").split()
    if words == ["any"]:
        return _EVERY
    try:
        if len(words) < 2:
            return ipaddress.IPv4Network(words[0], strict=False)
        wildcard = 0 if words[1] == "0" else int(ipaddress.IPv4Address(words[1]))
        return ipaddress.IPv4Network(f"{words[0]}/{32 - wildcard.bit_length()}", strict=False)
    except (ValueError, IndexError):
        return None


def dscp_values(text: str) -> frozenset[int]:
    """Return the DSCP values of words: names, or numbers from 0 to 63."""
    words = text.lower().replace(",", " ").split()
    numbers = (_NAMES.get(word, int(word) if word.isascii() and word.isdecimal() else -1) for word in words)
    return _DSCP.intersection(numbers)
