"""Order of a change: waves. A single device first, then batches; redundant partners never at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from eventready.change.plan.partners import links_of, redundancy_groups
from eventready.change.plan.wave import CARRIES, STANDS_BY, UNKNOWN, Member, Radio, Wave, WaveLimits
from eventready.workspace.devices.device import Device


def waves(members: Sequence[Member], limits: WaveLimits) -> tuple[tuple[str, ...], ...]:
    """Return the waves: a first wave of a single device, then waves within the limits. Every member is in a single
    wave.

    Redundant partners, devices of the same site, and the two ends of a link are never in one wave; the standby precedes
    the active one, and the first device of a platform precedes its others. Otherwise the order is rank, weight, name:
    the least impact comes first.
    """
    filled: list[Wave] = []
    last_of: dict[tuple[str, int], int] = {}
    first_of: dict[str, int] = {}
    full = 0  # leading waves without room, which need no further search
    for member in sorted(members, key=lambda one: (one.rank, one.weight, one.name)):
        after = (last_of.get((pair, rank), -1) for pair in member.pairs for rank in range(STANDS_BY, member.rank))
        place = max(full, 1 + max(first_of.get(member.platform, -1), *after, -1))
        while place < len(filled) and not filled[place].takes(member):
            place += 1
        if place == len(filled):
            filled.append(Wave(limits, room=limits.batch if filled else 1))
        filled[place].add(member)
        first_of.setdefault(member.platform, place)
        for pair in member.pairs:
            last_of[pair, member.rank] = max(place, last_of.get((pair, member.rank), -1))
        while full < len(filled) and filled[full].full:
            full += 1
    return tuple(tuple(wave.members) for wave in filled)


def soak_together(members: Iterable[Member], waves: Sequence[Sequence[str]], limits: WaveLimits) -> tuple[int, ...]:
    """Return the numbers (from 1) of the waves begun in the soak of the wave before.

    All waves of a soak keep the limits of a wave together, except for the number of devices. The first wave, and the
    first device of a platform, have ended before the next.
    """
    known = {member.name: member for member in members}
    limits, found = replace(limits, batch=len(known)), list[int]()
    union, soaking, seen = Wave(limits, room=limits.batch), set[str](), set[str]()
    for number, names in enumerate(waves, 1):
        wave = [known[name] for name in names]
        first = {member.platform for member in wave} - seen
        fits = number > 2 and not soaking & {member.platform for member in wave}
        if fits and takes_all(union, wave):
            found.append(number)
        else:
            union, soaking = Wave(limits, room=limits.batch), set()
            takes_all(union, wave)
        soaking |= first
        seen |= first
    return tuple(found)


def takes_all(union: Wave, members: Iterable[Member]) -> bool:
    """Add members to the wave while its limits are kept; return True if all were added."""
    for member in members:
        if not union.takes(member):
            return False
        union.add(member)
    return True


def fewest_waves(members: Iterable[Member], order: Sequence[str]) -> list[list[str]]:
    """Return the fewest waves in which redundant partners and the two ends of a link keep this order."""
    known = {**{name: Member(name) for name in order}, **{member.name: member for member in members}}
    places: dict[str, int] = {}
    for name in order:
        one = known[name]
        met = (place for other, place in places.items() if other in one.links or one.pairs & known[other].pairs)
        places[name] = max(met, default=-1) + 1
    return [[name for name in order if places[name] == number] for number in range(max(places.values()) + 1)]


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
            1000 * len(device.venues) + len(device.expect.cells) + len(device.expect.access_points),
            device.platform,
            frozenset(
                {*(site.name for site in device.expect.sites), *filter(None, (c.site for c in device.expect.cells))}
            ),
            radio_of([device]),
            frozenset((venue, one) for venue in device.venues for one in device.concerned),
        )
        for device in devices
    )


def radio_of(devices: Iterable[Device]) -> Radio:
    """Return the cells and access points of devices; those without a venue are of all venues of their device."""
    found: dict[tuple[str, str], set[str]] = {}
    for device in devices:
        for kind, stations in (("cell", device.expect.cells), ("access_point", device.expect.access_points)):
            for station in stations:
                for venue in (station.venue,) if station.venue else device.venues:
                    found.setdefault((kind, venue), set()).add(station.name)
    return {key: frozenset(names) for key, names in found.items()}


def _rank(device: Device) -> int:
    """Return the rank from the device's expected role in most of its gateways."""
    roles = [gateway.role for gateway in device.expect.gateways]
    masters, backups = roles.count("master"), roles.count("backup")
    return UNKNOWN if masters == backups else CARRIES if masters > backups else STANDS_BY
