"""The state of a simulated device, from which all its answers are rendered.

Faults change the state; dialects render the state in the form of their platform.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: Connected LTE users for each traffic channel in use.
_USERS = 12


@dataclass
class Light:
    """A transceiver's light in dBm."""

    rx_dbm: float = -5.2
    tx_dbm: float = -2.1
    rx_low_alarm: float = -18.0
    rx_low_warn: float = -16.0
    rx_high_warn: float = 0.0
    rx_high_alarm: float = 1.0
    temperature_c: float = 34.0


@dataclass
class Impairment:
    """Impairment of the packets of a port. `flap_s`: seconds down, then as long up; `longest`: bytes (0: any)."""

    loss_percent: float = 0.0
    delay_ms: float = 0.0
    flap_s: float = 0.0
    longest: int = 0


@dataclass
class Port:
    """A port. Counters grow by `in_bps`, `out_bps` and `error_rate` while the link is up."""

    name: str
    description: str = ""
    admin_up: bool = True
    link_up: bool = True
    speed_bps: int = 10_000_000_000
    mtu: int = 1500
    mac: str = "0050.56a1.0001"
    address: str = ""
    in_bps: int = 1_200_000_000
    out_bps: int = 2_400_000_000
    in_errors: int = 0
    crc_errors: int = 0
    error_rate: float = 0.0  # errors per second while the link is up
    out_drops: int = 0
    light: Light | None = None
    neighbour: tuple[str, str] | None = None  # (device, port) at the other end
    impairment: Impairment | None = None


@dataclass
class Peer:
    """A routing neighbour."""

    protocol: str  # ospf | isis | bgp
    peer: str  # router id, system id or address
    interface: str = ""
    address: str = ""
    up: bool = True
    remote_as: int = 65000
    prefixes: int = 812
    bfd: bool = True  # the protocol follows the BFD session to `address`


@dataclass
class Bfd:
    """A BFD session to the address of a neighbour."""

    peer: str
    interface: str = ""
    up: bool = True


@dataclass
class Gateway:
    """Membership of a VRRP or HSRP group."""

    protocol: str
    group: int
    interface: str
    virtual_ip: str
    state: str = "master"  # master | backup | init
    priority: int = 110
    preempt: bool = True
    peer: str = ""
    advertisement_ms: int = 1000  # VRRP
    hold_ms: int = 10_000  # HSRP
    tracks: list[str] = field(default_factory=list)

    @property
    def takeover_ms(self) -> int:
        """Time without the master until the member takes over: hold time, or 3 advertisements and skew (RFC 9568)."""
        if self.protocol == "hsrp":
            return self.hold_ms
        return 3 * self.advertisement_ms + (256 - self.priority) * self.advertisement_ms // 256


@dataclass
class Bundle:
    """A LAG."""

    name: str
    members: list[str] = field(default_factory=list)
    min_links: int = 1


@dataclass
class Static:
    """A configured static route."""

    prefix: str
    next_hop: str
    interface: str = ""
    distance: int = 1
    track: str = ""
    bfd: bool = False


@dataclass
class Learned:
    """Route of OSPF, more specific than the default route, and no line of the configuration."""

    prefix: str
    next_hop: str
    interface: str
    process: str = "1"


@dataclass
class SiteState:
    """A base station behind a controller."""

    number: int
    name: str
    link: str = "up"  # up | degraded | down
    mobile: bool = False


@dataclass
class CellState:
    """A cell; channel figures by kind: (used, total)."""

    number: int
    name: str
    site: str
    up: bool = True
    blocked: bool = False
    barred: bool = False
    channels: dict[str, tuple[int, int]] = field(
        default_factory=lambda: {"TCH/F": (4, 14), "TCH/H": (0, 0), "SDCCH8": (1, 8)}
    )
    requests: int = 4_200
    refused: int = 3
    request_rate: float = 2.0  # requests added per second
    refused_rate: float = 0.0
    suspect: bool = False  # its counters are marked so in performance files

    @property
    def users(self) -> int:
        """Connected users of an LTE cell, by its channels in use."""
        return _USERS * sum(self.channels.get(kind, (0, 0))[0] for kind in ("TCH/F", "TCH/H")) * self.serving

    @property
    def serving(self) -> bool:
        """True for a cell in service, its site aside."""
        return self.up and not self.blocked


@dataclass
class AlarmState:
    """An active alarm on a controller."""

    number: int
    severity: str  # Critical | Major | Minor | Warning
    name: str
    location: str = ""


@dataclass
class RadioState:
    """A radio of an access point."""

    band: str  # "2.4" | "5"
    up: bool = True
    channel: int = 36
    clients: int = 12
    utilisation: int = 21
    noise_dbm: int = -95


@dataclass
class ApState:
    """An access point."""

    name: str
    model: str
    mac: str
    ip: str
    location: str = "default location"
    up: bool = True
    uptime_s: int = 12 * 86_400
    radios: list[RadioState] = field(default_factory=list)


@dataclass
class UnitState:
    """A service of a host. `ports` are its listening sockets: `tcp/443`."""

    name: str
    up: bool = True
    ports: list[str] = field(default_factory=list)


@dataclass
class DiskState:
    """A file system of a host."""

    mount: str
    total_bytes: int = 42_140_499_968
    used_percent: int = 34


@dataclass
class PoolState:
    """A load balancer's pool: its servers by address, True while a server answers."""

    name: str
    servers: dict[str, bool] = field(default_factory=dict)


@dataclass
class DhcpPoolState:
    """A DHCP range with its leased and total addresses, and the gateway of its offers."""

    first: str
    last: str
    used: int
    total: int
    gateway: str = "10.20.8.1"


@dataclass
class DeviceState:
    """The state of a simulated device; fields of other roles are empty."""

    name: str
    platform: str
    role: str
    hostname: str = ""
    version: str = ""
    model: str = ""
    uptime_s: int = 40 * 86_400
    router_id: str = ""
    local_as: int = 65000
    cpu_percent: int = 12
    memory_percent: int = 43
    temperature_c: int = 36
    psus: list[bool] = field(default_factory=lambda: [True, True])
    fans: list[bool] = field(default_factory=lambda: [True, True])
    ports: dict[str, Port] = field(default_factory=dict)
    peers: list[Peer] = field(default_factory=list)
    bfd: list[Bfd] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    statics: list[Static] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)
    networks: dict[str, str] = field(default_factory=dict)  # network of service hosts to the port of its gateway
    default_v6: str = ""  # next hop of the IPv6 default route; empty: none
    advertised: dict[str, int] = field(default_factory=dict)  # port to the lifetime of its router advertisements, s
    ntp_synchronised: bool = True
    ntp_server: str = "10.255.255.1"
    log_hosts: list[str] = field(default_factory=lambda: ["10.255.255.9"])
    saved: bool = True
    sites: list[SiteState] = field(default_factory=list)
    cells: list[CellState] = field(default_factory=list)
    alarms: list[AlarmState] = field(default_factory=list)
    core_links: dict[str, bool] = field(default_factory=dict)
    late_files: bool = False  # the performance files with its cells are not written
    aps: list[ApState] = field(default_factory=list)
    pair_mode: str = ""  # "SSO", "HSB", or empty without a second controller
    pair_ready: bool = True
    pair_active: bool = True  # active controller of the pair; False: standby
    pair_peer: str = ""
    radius: dict[str, bool] = field(default_factory=dict)
    wlans: dict[str, bool] = field(default_factory=lambda: {"Event-WiFi": True})  # by SSID
    units: list[UnitState] = field(default_factory=list)
    disks: list[DiskState] = field(default_factory=list)
    pools: list[PoolState] = field(default_factory=list)
    dns: dict[str, str] = field(default_factory=dict)  # name to address; empty: no answer
    portal_status: int = 200  # of the answers of its HTTP service
    dhcp: list[DhcpPoolState] = field(default_factory=list)
    certificates: dict[str, int] = field(default_factory=dict)  # file to days until the end of validity
    pages: dict[str, str] = field(default_factory=dict)  # URL to the text of the page
    page_status: int = 200  # status of every page, where nginx and a server of its pool work
