"""Wave of a change: devices changed at once, within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TypeAlias

from eventready.change.plan.paths import Need, Paths

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
    device has no guard of its own.
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
