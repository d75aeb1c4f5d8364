"""Order of a change: waves within limits. A single device first, then batches; redundant partners never at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeAlias

from eventready.change.document import STEPS_S, TO_SOAK_S
from eventready.change.plan.paths import Need, Paths
from eventready.workspace.devices.device import Device

#: Partners that are read to verify one change; a distribution router may have hundreds of links.
MAX_PARTNERS = 8


def redundancy_groups(device: Device, groups: Sequence[str]) -> Iterable[str]:
    """Yield the shared names of redundant partners: the pair, a gateway's address, a pair of controllers.

    `groups` are the inventory groups of the device itself.
    """
    if device.pair:
        yield f"pair {device.pair}"
    for gateway in device.expect.gateways:
        if gateway.virtual_ip:
            yield f"gateway {gateway.virtual_ip}"
        else:
            yield from (f"gateway {gateway.protocol} {gateway.group} {gateway.interface} of {name}" for name in groups)
    if device.expect.controller_pair:
        yield from (f"controllers of {name}" for name in groups)


def links_of(devices: Iterable[Device]) -> dict[str, frozenset[str]]:
    """Return the names at the far ends of each device's declared links, whichever end declares them."""
    ends: dict[str, set[str]] = {}
    for device in devices:
        for link in device.expect.links:
            ends.setdefault(device.name, set()).add(link.device)
            ends.setdefault(link.device, set()).add(device.name)
    return {name: frozenset(far) for name, far in ends.items()}


def partners_of(devices: Sequence[Device], groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the partners of every device, redundant ones first, at most MAX_PARTNERS each."""
    members: dict[str, list[str]] = {}
    for device in devices:
        for name in redundancy_groups(device, groups.get(device.name, ())):
            members.setdefault(name, []).append(device.name)
    redundant: dict[str, list[str]] = {}
    for names in members.values():
        for name in names:
            redundant.setdefault(name, []).extend(names)
    known = {device.name for device in devices}
    links = links_of(devices)
    partners = {}
    for name in known:
        found = dict.fromkeys((*redundant.get(name, ()), *sorted(links.get(name, ()))))
        partners[name] = tuple(one for one in found if one != name and one in known)[:MAX_PARTNERS]
    return partners


#: Rank in the order: standby devices first, then unknown, then devices that carry the traffic.
STANDS_BY, UNKNOWN, CARRIES = 0, 1, 2
#: Devices of one wave without a guard of their own.
MOST_INVERSE = 2

#: Names of cells or access points by kind and venue.
Radio: TypeAlias = Mapping[tuple[str, str], frozenset[str]]


@dataclass(frozen=True)
class Member:
    """Device in the order. Members with a common name in `pairs` are redundant partners; `weight` is the importance.

    `links` are the names at the far ends of its links, which are verified together with it. `sites` are its base
    stations, `radio` its cells and access points, `needs` the venues and services that depend on it. `inverse`: the
    device has no guard of its own. `soak_s` are the expected seconds of its soak.
    """

    name: str
    pairs: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    rank: int = UNKNOWN
    weight: int = 0
    platform: str = ""
    sites: frozenset[str] = frozenset()
    radio: Radio = field(default_factory=dict, hash=False)
    needs: frozenset[Need] = frozenset()
    inverse: bool = False
    soak_s: float = 0.0


@dataclass(frozen=True)
class WaveLimits:
    """Limits of a wave: its devices, the share of a venue's cells or access points (`radio`), and measured paths."""

    batch: int
    share: float = 1.0
    radio: Radio = field(default_factory=dict)
    paths: Paths = field(default_factory=Paths)


class Wave:
    """Wave being filled, with a measured path of each need beside its devices.

    A need without a measured path, or with a device on all of its paths, has a single device in a wave.
    """

    def __init__(self, limits: WaveLimits, *, room: int) -> None:
        self._limits, self._room = limits, room
        self.members: dict[str, Member] = {}
        self._apart: set[str] = set()
        self._radio: dict[tuple[str, str], frozenset[str]] = {}
        self._paths: dict[Need, frozenset[str]] = dict(limits.paths.whole)
        self._single: dict[Need, str] = {}

    @property
    def full(self) -> bool:
        """True without room for a further device."""
        return len(self.members) >= self._room

    def takes(self, member: Member) -> bool:
        """True if the wave keeps its limits with the member too."""
        return not (self.full or self._meets(member)) and self._shares(member) and self._detours(member) is not None

    def add(self, member: Member) -> None:
        """Add a member, which a wave with others must take."""
        for need, path in (self._detours(member) or {}).items():
            if path is None:
                self._single[need] = member.name
            else:
                self._paths[need] = path
        self.members[member.name] = member
        self._apart |= member.pairs | member.sites
        for key, names in member.radio.items():
            self._radio[key] = self._radio.get(key, frozenset()) | names

    def _meets(self, member: Member) -> bool:
        """Return True with a redundant partner, a device of the same site, or the other end of a link in the wave."""
        return bool(self._apart & (member.pairs | member.sites)) or not member.links.isdisjoint(self.members)

    def _shares(self, member: Member) -> bool:
        """Return True if cells, access points and devices without an own guard stay few."""
        for key in member.radio.keys() & self._radio.keys():
            of = len(self._limits.radio[key]) if key in self._limits.radio else inf
            if len(self._radio[key] | member.radio[key]) > self._limits.share * of:
                return False
        return not member.inverse or sum(one.inverse for one in self.members.values()) < MOST_INVERSE

    def _detours(self, member: Member) -> dict[Need, frozenset[str] | None] | None:
        """Return the new paths with a member, None if on all paths of a need; None if a need may not lose its last."""
        if member.needs & self._single.keys():
            return None
        paths = self._limits.paths
        found: dict[Need, frozenset[str] | None] = {}
        for need in member.needs & (paths.ends.keys() - self._paths.keys()):
            found[need] = None
        for need, path in self._paths.items():
            if member.name in path:
                others = {*self.members, member.name} - {self._single.get(need)}
                found[need] = paths.path(need, others)
                if found[need] is None and not self._may_interrupt(member, need):
                    return None
        return found

    def _may_interrupt(self, member: Member, need: Need) -> bool:
        """Return True for a member on all paths of a need, in a wave without another device of the need."""
        served = need in self._single or any(need in one.needs for one in self.members.values())
        return not served and self._limits.paths.path(need, {member.name}) is None


@dataclass(frozen=True)
class OrderedWave:
    """Names of the devices of a wave, and of earlier devices possibly in their soak at its begin (`beside`)."""

    names: tuple[str, ...]
    beside: tuple[str, ...] = ()


def ordered_waves(members: Iterable[Member], limits: WaveLimits) -> tuple[OrderedWave, ...]:
    """Return the waves: a first wave of a single device, then waves within the limits. Every member is in a single
    wave.

    A wave begins once all devices of the wave before have passed their checks and soak. Together with the devices that
    still soak then it keeps the limits, except for the number of devices. The first wave has ended before any other
    begins, the first device of a platform before its others, the standby before the active one. Otherwise the order is
    rank, weight, name: the least impact comes first.
    """
    return _Schedule(members, limits).waves()


class _Schedule:
    """Timetable of the waves by expected seconds; `ends` are those of the members so far."""

    def __init__(self, members: Iterable[Member], limits: WaveLimits) -> None:
        self._limits, self._now = limits, 0.0
        self._left = {one.name: one for one in sorted(members, key=lambda one: (one.rank, one.weight, one.name))}
        self._first = {one.platform: one.name for one in reversed(self._left.values())}
        self._begun: dict[str, Member] = {}
        self._ends: dict[str, float] = {}

    def waves(self) -> tuple[OrderedWave, ...]:
        """Return the waves of all members."""
        found: list[OrderedWave] = []
        while self._left:
            soaking = [self._begun[name] for name, end in self._ends.items() if end > self._now]
            begun = [] if soaking and len(found) == 1 else self._begin(soaking, self._limits.batch if found else 1)
            if begun:
                found.append(OrderedWave(tuple(one.name for one in begun), tuple(one.name for one in soaking)))
                for one in begun:
                    self._begun[one.name] = self._left.pop(one.name)
                    self._ends[one.name] = self._now + STEPS_S + one.soak_s
                self._now += TO_SOAK_S
            else:
                self._now = min(end for end in self._ends.values() if end > self._now)
        return tuple(found)

    def _begin(self, soaking: Sequence[Member], room: int) -> list[Member]:
        """Return the members of a wave beginning now."""
        wave, found = Wave(self._limits, room=len(soaking) + room), list[Member]()
        if not takes_all(wave, soaking):
            return found
        lower: dict[str, int] = {}
        for member in self._left.values():
            if wave.full:
                break
            ranks = {lower.setdefault(pair, member.rank) for pair in member.pairs}  # the lowest rank comes first
            if ranks <= {member.rank} and self._follows(member) and wave.takes(member):
                wave.add(member)
                found.append(member)
        return found

    def _follows(self, member: Member) -> bool:
        """Return True for the first member of a platform, and for the others after its end."""
        first = self._first[member.platform]
        return first == member.name or self._ends.get(first, inf) <= self._now


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
