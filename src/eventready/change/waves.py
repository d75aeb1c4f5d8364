"""In which order devices are changed: one alone, then several at once, but never two that stand in for each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventready.workspace.device import Device

#: How early a device is changed: one that only stands by, one of which nothing is said, one that carries the traffic.
STANDS_BY, UNKNOWN, CARRIES = 0, 1, 2


@dataclass(frozen=True)
class Member:
    """A device in the order. Those that share one of `pairs` stand in for each other; `weight` is what hangs on it."""

    name: str
    pairs: frozenset[str] = frozenset()
    rank: int = UNKNOWN
    weight: int = 0


def waves(members: Sequence[Member], batch: int) -> tuple[tuple[str, ...], ...]:
    """The waves: the first has one device, the others up to `batch`. Every member is in one, named once.

    No two of a pair are in one wave, and of a pair whoever stands by comes before whoever carries the traffic.
    Otherwise the order is rank, weight, name: what would hurt least comes first.
    """
    filled: list[list[str]] = []
    last_of: dict[tuple[str, int], int] = {}
    taken: list[set[str]] = []
    full = 0  # so many waves at the beginning have no room: nobody needs to look at them again
    for member in sorted(members, key=lambda one: (one.rank, one.weight, one.name)):
        after = (last_of.get((pair, rank), -1) for pair in member.pairs for rank in range(STANDS_BY, member.rank))
        place = max(full, max(after, default=-1) + 1)
        while place < len(filled) and (len(filled[place]) >= _room(place, batch) or taken[place] & member.pairs):
            place += 1
        if place == len(filled):
            filled.append([])
            taken.append(set())
        filled[place].append(member.name)
        taken[place] |= member.pairs
        for pair in member.pairs:
            last_of[pair, member.rank] = max(place, last_of.get((pair, member.rank), -1))
        while full < len(filled) and len(filled[full]) >= _room(full, batch):
            full += 1
    return tuple(map(tuple, filled))


def _room(place: int, batch: int) -> int:
    return 1 if place == 0 else batch


def members_of(devices: Iterable[Device], groups: Mapping[str, Sequence[str]]) -> tuple[Member, ...]:
    """What the inventory says of devices; `groups` are each host's own groups."""
    return tuple(
        Member(device.name, frozenset(_pairs(device, groups.get(device.name, ()))), _rank(device), _weight(device))
        for device in devices
    )


def _pairs(device: Device, groups: Sequence[str]) -> Iterable[str]:
    """Names that those share who stand in for each other: the pair, a gateway's address, a pair of controllers."""
    if device.pair:
        yield f"pair {device.pair}"
    for gateway in device.expect.gateways:
        if gateway.virtual_ip:
            yield f"gateway {gateway.virtual_ip}"
        else:
            yield from (f"gateway {gateway.protocol} {gateway.group} {gateway.interface} of {name}" for name in groups)
    if device.expect.controller_pair:
        yield from (f"controllers of {name}" for name in groups)


def _weight(device: Device) -> int:
    """Venues first, then how many people's cells and access points hang on it."""
    return 1000 * len(device.venues) + len(device.expect.cells) + len(device.expect.access_points)


def _rank(device: Device) -> int:
    """By what the inventory says that it is for most of its gateways."""
    roles = [gateway.role for gateway in device.expect.gateways]
    masters, backups = roles.count("master"), roles.count("backup")
    return UNKNOWN if masters == backups else CARRIES if masters > backups else STANDS_BY
