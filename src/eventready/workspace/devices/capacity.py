"""Entries of capacity.yaml, and the loads of devices by these entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import Field, model_validator

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.workspace.model import PlacedModel, WorkspaceModel

SupplyKind = Literal["gsm", "lte", "nr", "radio", "pool", "nat", "circuits", "portal", "dns", "backhaul", "link"]

#: Figures without which a kind of supply says nothing. NR has no spectral efficiency by default: none is published.
_NEEDED: Mapping[SupplyKind, tuple[str, ...]] = {
    "nr": ("efficiency_down", "efficiency_up"), "radio": ("mbps",), "pool": ("venues",), "nat": ("venues",),
    "circuits": ("channels", "venues"), "portal": ("per_s", "venues"), "dns": ("per_s", "venues"),
    "backhaul": ("mbps", "peak_mbps", "cells", "venues"), "link": ("mbps",),
}  # fmt: skip
#: Kinds at a device of hosts.yaml.
_AT_DEVICE = frozenset({"pool", "nat", "circuits", "portal", "dns", "backhaul", "link"})
#: Kinds with a supply for all venues of an entry: a second entry would count the supply again.
SHARED = frozenset({"pool", "nat", "portal", "dns", "backhaul"})

#: Members in the name of a group.
_NAMED = 6

#: Roles whose devices report the addresses of their pools.
POOL_ROLES: tuple[Literal["router", "switch", "wifi_controller", "service_host"], ...] = (
    "router", "switch", "wifi_controller", "service_host",
)  # fmt: skip


class SourcedFigure(WorkspaceModel):
    """A figure with its source, in the unit of its key."""

    value: float = Field(ge=0, le=1_000_000_000, allow_inf_nan=False, strict=True)
    source: str = Field(min_length=1, description="Document, measurement or person behind the figure")


class People(SourcedFigure):
    """Number of people."""

    value: int = Field(ge=1, le=1_000_000, strict=True)


class Share(SourcedFigure):
    """Share, from 0 to 1."""

    value: float = Field(ge=0, le=1, strict=True)


class Surge(SourcedFigure):
    """Multiple of the busy hour."""

    value: float = Field(ge=1, le=20, strict=True)


#: Figures of the product where the workspace gives none; sources: `cli:capacity_source`.
DEFAULTS: Mapping[str, float] = {
    "subscribers": 1,
    "bhca": 1,
    "holding_s": 90,
    "signalling_me": 4,
    "retries": 0.5,
    "surge": 1.5,
    "data_mb": 10,
    "upward": 0.5,
    "active": 0.4,
    "take": 0.6,
    "concurrent": 0.63,
    "client_mbps": 0.43,
}


class VenueDemand(PlacedModel):
    """Demand of the people of a venue for a service in a window. Figures left out: defaults, or not judged."""

    venue: str
    window: str = Field(min_length=1, description="Window of event.yaml, by name or kind")
    service: Literal["fixed", "internet", "mobile", "wifi"]
    people: People
    places: dict[str, SourcedFigure] = Field(
        default={}, description="Users expected at a cell or clients at an access point; others share the rest"
    )
    subscribers: Share | None = Field(default=None, description="Share of the people with this network")
    bhca: SourcedFigure | None = Field(default=None, description="Calls of a user in the busy hour")
    holding_s: SourcedFigure | None = Field(default=None, description="Seconds of a call")
    signalling_me: SourcedFigure | None = Field(default=None, description="Signalling of a user, mE")
    retries: Share | None = Field(default=None, description="Share of lost calls made again")
    surge: Surge | None = Field(default=None, description="Traffic of the crowd, as a multiple of the busy hour")
    data_mb: SourcedFigure | None = Field(default=None, description="Megabytes of a person in an hour, both ways")
    upward: Share | None = Field(default=None, description="Share of the data sent upward")
    active: Share | None = Field(default=None, description="Share of the users connected at once")
    take: Share | None = Field(default=None, description="Share of the people that use the Wi-Fi")
    concurrent: Share | None = Field(default=None, description="Share of the Wi-Fi users at once")
    client_mbps: SourcedFigure | None = Field(default=None, description="Mbit/s of a Wi-Fi client")
    mbps: SourcedFigure | None = Field(
        default=None, description="Mbit/s of fixed lines and leased circuits; no default"
    )
    lines: SourcedFigure | None = Field(default=None, description="Telephone lines; no default")
    sessions: SourcedFigure | None = Field(default=None, description="NAT sessions of a client; no default")
    logins: SourcedFigure | None = Field(default=None, description="Portal requests of an arriving client; no default")
    arrival_s: SourcedFigure | None = Field(default=None, description="Seconds in which the clients arrive; no default")
    queries: SourcedFigure | None = Field(default=None, description="DNS queries of a client per second; no default")

    def figure(self, name: str) -> SourcedFigure | None:
        """The figure as given, or the default with an empty source; None where there is neither."""
        found: SourcedFigure | None = getattr(self, name)
        if found is None and name in DEFAULTS:
            return SourcedFigure.model_construct(value=DEFAULTS[name], source="")
        return found


class Supply(PlacedModel):
    """Supply without a report by a device. `name`: glob of cells, access points, pools, or the port or site."""

    kind: SupplyKind
    name: str = "*"
    device: str = ""
    venues: tuple[str, ...] = ()
    source: str = Field(min_length=1, description="Document, measurement or person behind the figures")
    trx: int | None = Field(default=None, ge=1, le=64, description="Transceivers of a GSM cell")
    signalling: int = Field(default=1, ge=0, le=64, description="Timeslots for SDCCH, 8 channels each")
    data: int = Field(default=0, ge=0, le=512, description="Timeslots for packet data")
    half_rate: float = Field(default=0, ge=0, le=1, description="Share of the timeslots in half rate (HR, AMR-HR)")
    mhz: float | None = Field(default=None, gt=0, le=1000, description="Width of an LTE or NR cell")
    efficiency_down: float | None = Field(default=None, gt=0, le=50, description="bit/s/Hz downward; LTE: 1.75 [K]")
    efficiency_up: float | None = Field(default=None, gt=0, le=50, description="bit/s/Hz upward; LTE: 0.8 [K]")
    slots_down: float | None = Field(default=None, gt=0, lt=1, description="Share of the slots downward, with TDD")
    users: int | None = Field(default=None, ge=1, le=100_000, description="Connected users; 185 in 20 MHz [S10]")
    mbps: float | None = Field(default=None, gt=0, le=10_000_000, description="Rate: radio (real), link, backhaul")
    peak_mbps: float | None = Field(default=None, gt=0, le=10_000_000, description="Peak of a cell of the site")
    cells: int | None = Field(default=None, ge=1, le=1000, description="Cells of the site")
    addresses: int | None = Field(default=None, ge=1, le=100_000_000, description="Addresses of a pool or NAT")
    sessions: int | None = Field(default=None, ge=1, le=10_000_000_000, description="Sessions of a NAT")
    channels: int | None = Field(default=None, ge=1, le=1_000_000, description="Voice channels: E1, SIP trunk")
    per_s: float | None = Field(default=None, gt=0, le=1_000_000_000, description="Requests per second, by load test")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = (*_NEEDED.get(self.kind, ()), *(("device",) if self.kind in _AT_DEVICE else ()))
        for name in needed:
            if not getattr(self, name):
                raise InvalidValue(message("workspace:capacity.needs", kind=self.kind, name=name))
        return self

    def covers(self, name: str) -> bool:
        """True for the name of a cell, an access point or a pool under the glob."""
        return fnmatchcase(name.casefold(), self.name.casefold())


class CapacityFile(WorkspaceModel):
    """capacity.yaml"""

    demand: tuple[VenueDemand, ...] = ()
    supply: tuple[Supply, ...] = ()


def joined(names: Sequence[str]) -> str:
    """Name of a group, by its first members."""
    return " + ".join([*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])])


LoadKind = Literal["cell", "access_point", "links", "pool", "nat", "circuits", "portal", "dns", "backhaul"]


@dataclass(frozen=True)
class Load:
    """Load of a cell, an access point, the links of a device or a service: demands by window, and the declared supply.

    `peers`: cells or access points of the venue that share its users. `rates`: declared supplies of links and circuits.
    `losses`: places of the circuits that a single failure takes, without failures of all.
    """

    kind: LoadKind
    name: str
    demands: tuple[VenueDemand, ...] = field(hash=False)
    peers: tuple[str, ...] = ()
    supply: Supply | None = field(default=None, hash=False)
    rates: tuple[Supply, ...] = field(default=(), hash=False)
    losses: tuple[frozenset[int], ...] = ()

    @property
    def windows(self) -> tuple[str, ...]:
        """Windows of the demands, in the order of the file."""
        return tuple(dict.fromkeys(one.window for one in self.demands))
