"""Expected state of a device, compared by the checks with the facts.

Written under `expect:` in the data of a host or a group. A check without its expectation does not apply to the
device, as `eventready doctor matrix` shows.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eventready.workspace.devices.answers import ExpectedAnswer
from eventready.workspace.model import WorkspaceModel


class ExpectedGateway(WorkspaceModel):
    """Membership of a first-hop redundancy group; `role`: normal state of this device."""

    group: int = Field(ge=0, le=4095)
    interface: str
    protocol: Literal["vrrp", "hsrp"] = "vrrp"
    virtual_ip: str | None = None
    role: Literal["master", "backup"] | None = None
    tracking: bool = Field(default=False, description="The member must give the address up when its way out fails")


class ExpectedBundle(WorkspaceModel):
    """LAG with its number of members and the minimum of active members."""

    name: str
    members: int = Field(ge=1, default=2)
    min_links: int = Field(ge=1, default=1)


class ExpectedLink(WorkspaceModel):
    """Cable from `port` to `to_port` of `device`, by inventory name."""

    port: str
    device: str
    to_port: str


class ExpectedSite(WorkspaceModel):
    """Base station with its venue; `mobile`: transportable station for the event."""

    name: str
    venue: str | None = None
    mobile: bool = False


class ExpectedCell(WorkspaceModel):
    """Cell with its site and venue; `barred`: barred intentionally; `users`: expected in the busy hour."""

    name: str
    site: str | None = None
    venue: str | None = None
    barred: bool = False
    users: int | None = Field(default=None, ge=1, le=100_000)


class ExpectedAccessPoint(WorkspaceModel):
    """Access point with its venue; `critical`: absence is a failure; `clients`: expected at its place at once."""

    name: str
    venue: str | None = None
    critical: bool = False
    clients: int | None = Field(default=None, ge=1, le=10_000)


#: Expectations of every device.
_OF_ALL = frozenset({"ntp", "syslog", "saved_config"})


class Expect(WorkspaceModel):
    """Expectations of a device. None: no expectation. Empty list: none allowed."""

    uplinks: tuple[str, ...] = Field(default=(), description="Ports that must be up, evaluated for utilisation")
    links: tuple[ExpectedLink, ...] = Field(default=(), description="Cables to other devices of the inventory")
    ospf: tuple[str, ...] | None = Field(
        default=None, description="OSPF neighbours by router id or address; `name@vrf` in a VRF"
    )
    isis: tuple[str, ...] | None = Field(default=None, description="IS-IS neighbours by system id or name")
    bgp: tuple[str, ...] | None = Field(default=None, description="BGP neighbours by address; `address@vrf` in a VRF")
    bfd: tuple[str, ...] | None = Field(default=None, description="BFD peers by address; `address@vrf` in a VRF")
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
    wlans: tuple[str, ...] = Field(default=(), description="Wi-Fi networks that must be enabled, by SSID")
    controller_pair: bool = Field(default=False, description="A standby controller is required")
    radius: tuple[str, ...] | None = Field(default=None, description="RADIUS servers by name or address")
    services: tuple[str, ...] = Field(default=(), description="Services of a host that must run, by unit name")
    listeners: tuple[str, ...] = Field(default=(), description="Ports that must accept traffic: tcp/443, udp/53")
    certificates: bool = Field(default=False, description="The host shows certificates, which must be valid")
    backends: tuple[str, ...] = Field(default=(), description="Pools of the load balancer, by name")
    dns: tuple[str, ...] = Field(default=(), description="Names that the host's DNS server must answer for")
    dhcp: bool = Field(default=False, description="The host gives out addresses, of which some must be left")
    answers: tuple[ExpectedAnswer, ...] = Field(
        default=(), description="Answers that the device itself gets when it asks, for the services that it carries"
    )

    @property
    def empty(self) -> bool:
        """True where nothing of the network is expected, beside the upkeep of the device itself."""
        return not self.model_fields_set - {"ntp", "syslog", "saved_config"}

    @property
    def names_nothing(self) -> bool:
        """True without an expectation beside those of all devices."""
        fields = {name: one for name, one in type(self).model_fields.items() if name not in _OF_ALL}
        return all(getattr(self, name) == one.default for name, one in fields.items())

    @property
    def bfd_addresses(self) -> tuple[str, ...]:
        """Addresses of the BFD peers, without their VRF."""
        return tuple(dict.fromkeys(peer.partition("@")[0] for peer in self.bfd or ()))
