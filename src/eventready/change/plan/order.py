"""Waves: the order of changes. A single device first, then batches; redundant partners never at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventready.change.plan.partners import links_of, redundancy_groups
from eventready.workspace.devices.device import Device

#: Rank in the order: standby devices first, then unknown, then devices that carry the traffic.
STANDS_BY, UNKNOWN, CARRIES = 0, 1, 2


@dataclass(frozen=True)
class Member:
    """Device in the order. Members with a common name in `pairs` are redundant partners; `weight` is the importance.

    `links` are the names at the far ends of its links, which are verified together with it.
    """

    name: str
    pairs: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    rank: int = UNKNOWN
    weight: int = 0


def waves(members: Sequence[Member], batch: int) -> tuple[tuple[str, ...], ...]:
    """Return the waves: a first wave of a single device, then waves of up to `batch`. Every member is in a single
    wave.

    Redundant partners and the two ends of a link are never in one wave, and the standby precedes the active one.
    Otherwise the order is rank, weight, name: the least impact comes first.
    """
    filled: list[list[str]] = []
    last_of: dict[tuple[str, int], int] = {}
    taken: list[set[str]] = []
    full = 0  # leading waves without room, which need no further search
    for member in sorted(members, key=lambda one: (one.rank, one.weight, one.name)):
        after = (last_of.get((pair, rank), -1) for pair in member.pairs for rank in range(STANDS_BY, member.rank))
        place = max(full, max(after, default=-1) + 1)
        while place < len(filled) and (
            len(filled[place]) >= _room(place, batch) or _meets(member, filled[place], taken[place])
        ):
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


def fewest_waves(members: Iterable[Member], order: Sequence[str]) -> list[list[str]]:
    """Return the fewest waves in which redundant partners and the two ends of a link keep this order."""
    known = {**{name: Member(name) for name in order}, **{member.name: member for member in members}}
    places: dict[str, int] = {}
    for name in order:
        one = known[name]
        met = (place for other, place in places.items() if other in one.links or one.pairs & known[other].pairs)
        places[name] = max(met, default=-1) + 1
    return [[name for name in order if places[name] == number] for number in range(max(places.values()) + 1)]


def _meets(member: Member, wave: Sequence[str], pairs: set[str]) -> bool:
    """Return True if a wave has a redundant partner of the member, or the other end of a link."""
    return bool(pairs & member.pairs) or not member.links.isdisjoint(wave)


def _room(place: int, batch: int) -> int:
    return 1 if place == 0 else batch


def members_of(devices: Iterable[Device], groups: Mapping[str, Sequence[str]]) -> tuple[Member, ...]:
    """Return the members for devices of the inventory; `groups` are each host's own groups."""
    devices = tuple(devices)
    links = links_of(devices)
    return tuple(
        Member(
            device.name,
            frozenset(redundancy_groups(device, groups.get(device.name, ()))),
            links.get(device.name, frozenset()),
            _rank(device),
            _weight(device),
        )
        for device in devices
    )


def _weight(device: Device) -> int:
    """Return the importance: venues first, then cells and access points."""
    return 1000 * len(device.venues) + len(device.expect.cells) + len(device.expect.access_points)


def _rank(device: Device) -> int:
    """Return the rank from the device's expected role in most of its gateways."""
    roles = [gateway.role for gateway in device.expect.gateways]
    masters, backups = roles.count("master"), roles.count("backup")
    return UNKNOWN if masters == backups else CARRIES if masters > backups else STANDS_BY
