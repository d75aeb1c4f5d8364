"""What the engineer says must be there. Checks hold what devices tell against it; a fact nobody expects is not asked.

It stands in a host's data under `expect:` (or a group's, for what many share). A check that needs an expectation
which is absent does not apply to the device, and the matrix shows that.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Expected(BaseModel):
    """Base: frozen, and no key that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ExpectedGateway(Expected):
    """Membership of a first-hop redundancy group; `role` is the part this device plays when all is well."""

    group: int = Field(ge=0, le=4095)
    interface: str
    protocol: Literal["vrrp", "hsrp"] = "vrrp"
    virtual_ip: str | None = None
    role: Literal["master", "backup"] | None = None


class ExpectedBundle(Expected):
    """A LAG and how many of its members must carry traffic."""

    name: str
    members: int = Field(ge=1, default=2)
    min_links: int = Field(ge=1, default=1)


class ExpectedLink(Expected):
    """A cable: this port goes to that port of that device (both by inventory name)."""

    port: str
    device: str
    to_port: str


class ExpectedSite(Expected):
    """A base station: the venue it serves, and whether it is a mobile one brought for the event."""

    name: str
    venue: str | None = None
    mobile: bool = False


class ExpectedCell(Expected):
    """A cell: its site, the venue it serves, and whether it is barred on purpose."""

    name: str
    site: str | None = None
    venue: str | None = None
    barred: bool = False


class ExpectedAccessPoint(Expected):
    """An access point: the venue it serves; `critical` ones may never be missing."""

    name: str
    venue: str | None = None
    critical: bool = False


class Expect(Expected):
    """All expectations of one device. None means: not spoken of; an empty list means: none may be there."""

    uplinks: tuple[str, ...] = Field(default=(), description="Ports that must be up and are judged on use")
    links: tuple[ExpectedLink, ...] = Field(default=(), description="Cables to other devices of the inventory")
    ospf: tuple[str, ...] | None = Field(default=None, description="OSPF neighbours by router id or address")
    isis: tuple[str, ...] | None = Field(default=None, description="IS-IS neighbours by system id or name")
    bgp: tuple[str, ...] | None = Field(default=None, description="BGP neighbours by address")
    bfd: tuple[str, ...] | None = Field(default=None, description="BFD peers by address")
    gateways: tuple[ExpectedGateway, ...] = Field(default=(), description="VRRP or HSRP groups")
    bundles: tuple[ExpectedBundle, ...] = Field(default=(), description="LAGs")
    default_routes: int | None = Field(default=None, ge=1, description="Default routes configured, backup included")
    ntp: bool = Field(default=True, description="The clock must be synchronised")
    syslog: bool = Field(default=True, description="A remote host must receive the log")
    saved_config: bool = Field(default=True, description="The running configuration must be saved")
    sites: tuple[ExpectedSite, ...] = ()
    cells: tuple[ExpectedCell, ...] = ()
    core_links: tuple[str, ...] | None = Field(default=None, description="Links to the core by name")
    access_points: tuple[ExpectedAccessPoint, ...] = ()
    controller_pair: bool = Field(default=False, description="A second controller must stand ready")
    radius: tuple[str, ...] | None = Field(default=None, description="RADIUS servers by name or address")
