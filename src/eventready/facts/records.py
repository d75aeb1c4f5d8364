"""The vendor-neutral records. Platforms fill them, checks read them, and neither knows the other.

Every record is frozen, rejects what it does not know, and coerces text once (see `units`). `subject` names the one
thing that a record speaks of, and is what a finding about it carries: stable across runs.
Enumerations are closed: a platform's `words` table maps the device's words to them, and a word that no table knows
rejects the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from eventready.facts.units import (
    Address,
    AddressWithLength,
    Count,
    Flag,
    MaybeAddress,
    MaybeAddresses,
    MaybeBytes,
    MaybeCount,
    MaybeFlag,
    MaybeInterval,
    MaybeMac,
    MaybeMilliseconds,
    MaybeNames,
    MaybeNumber,
    MaybeOffset,
    MaybePercent,
    MaybePrefix,
    MaybeRate,
    MaybeSeconds,
    MaybeSpeed,
    MaybeText,
    MaybeTime,
    MaybeVrf,
    Name,
    Names,
    Percent,
    Prefix,
    Ssid,
    Text,
)

UpDown = Literal["up", "down"]


class Fact(BaseModel):
    """Base of all records. `key`: fields of the identity of the subject.

    `tie` names fields of `key` that identify it only where the others do not; elsewhere they are left empty, because
    they change from run to run (a discriminator). `moving`: figures that change by themselves, which no check across
    devices reads. `repeating`: lists in which an item may be printed again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: ClassVar[tuple[str, ...]] = ()
    tie: ClassVar[tuple[str, ...]] = ()
    moving: ClassVar[frozenset[str]] = frozenset()
    counters: ClassVar[frozenset[str]] = frozenset()
    repeating: ClassVar[frozenset[str]] = frozenset()

    def moved(self, later: Fact, among: Iterable[str] | None = None) -> set[str]:
        """Fields with another value in a later record; all fields where the key differs or a counter began anew.

        `among`: fields that may have another value (default: all).
        """
        mine, others = vars(self), vars(later)
        found = {name for name in (mine if among is None else among) if mine[name] != others.get(name)}
        fallen = (name for name in found & self.counters if (mine[name] or 0) > (others.get(name) or 0))
        anew = type(self) is not type(later) or not found.isdisjoint(self.key) or any(fallen)
        return set(mine) if anew else found

    def with_figures(self, values: Mapping[str, Any]) -> Self:
        """Copy with other, valid values of fields: `model_copy` takes five times as long."""
        copy = self.__class__.__new__(self.__class__)
        fields = {"__dict__": {**vars(self), **values}, "__pydantic_fields_set__": self.__pydantic_fields_set__}
        for name, value in {**fields, "__pydantic_extra__": None, "__pydantic_private__": None}.items():
            object.__setattr__(copy, name, value)
        return copy

    def alike(self, other: Fact) -> bool:
        """True for the same record but for figures in `moving`."""
        mine, others = vars(self), vars(other)
        return type(self) is type(other) and all(mine[name] == others[name] for name in mine if name not in self.moving)

    @property
    def subject(self) -> str:
        """The port, cell, neighbour or radio of the record; empty for the device itself."""
        parts = (getattr(self, name) for name in self.key)
        return " ".join(str(part) for part in parts if part not in (None, ""))


class System(Fact):
    """The device as a whole."""

    moving = frozenset({"uptime_s"})
    hostname: MaybeText = None
    version: Text
    model: MaybeText = None
    uptime_s: MaybeSeconds = None


class Cpu(Fact):
    """Processor load in percent, per board or slot; limits apply to the five-minute mean.

    `period_s`: seconds of the figure in `five_minutes` where the device keeps no mean of five minutes; 0: the load at
    the moment of reading. `run_queue`: the figures are no busy time but the mean number of processes that run or wait
    (the load average), in percent of the number of processors: above 100 processes wait.
    """

    key = ("slot",)
    slot: Text = ""
    five_seconds: MaybePercent = None
    one_minute: MaybePercent = None
    five_minutes: Percent
    period_s: MaybeCount = None
    run_queue: MaybeFlag = None


class Memory(Fact):
    """Memory of a pool or slot, in percent used, or in bytes: all, and used or free."""

    key = ("pool",)
    pool: Text = ""
    used_percent: MaybePercent = None
    total_bytes: MaybeBytes = None
    used_bytes: MaybeBytes = None
    free_bytes: MaybeBytes = None

    @property
    def percent(self) -> float | None:
        """Percent used, computed where the device only gives bytes; None for more free bytes than there are."""
        if self.used_percent is not None:
            return self.used_percent
        if not self.total_bytes or (self.used_bytes is None and self.free_bytes is None):
            return None
        used = self.total_bytes - (self.free_bytes or 0) if self.used_bytes is None else self.used_bytes
        return 100.0 * used / self.total_bytes if used >= 0 else None


class Sensor(Fact):
    """A temperature, power supply, fan or board, with its state on the device."""

    key = ("name",)
    name: Name
    kind: Literal["temperature", "power", "fan", "board"]
    state: Literal["ok", "warning", "critical", "failed", "absent", "unknown"]
    value: MaybeNumber = None
    unit: MaybeText = None
    warn_at: MaybeNumber = None
    critical_at: MaybeNumber = None


class Interface(Fact):
    """A port, physical or logical. Rates are means over the device's load interval; counters run since clearing.

    `mtu_header`: bytes of the Ethernet header that the device counts in `mtu`, without VLAN tags; none: it
    counts the payload alone. `addresses`: of the device on this port with the length of their prefix (`10.0.0.1/30`)
    and `vrf`, as far as they are printed with the port, None without any; others are facts of their own (`address`).
    `transitions`: of the carrier, up and down; `changed_s`: seconds since the last; `changed_at`: by the clock of the
    device, as printed.
    """

    key = ("name",)
    moving = frozenset({"in_bps", "out_bps", "in_percent", "out_percent", "in_bytes", "out_bytes", "changed_s"})
    counters = frozenset({"in_bytes", "out_bytes"})
    name: Name
    description: MaybeText = None
    admin: UpDown
    oper: UpDown
    bandwidth_bps: MaybeSpeed = None
    duplex: Literal["full", "half"] | None = None
    mtu: MaybeCount = None
    mtu_header: MaybeCount = None
    in_bps: MaybeRate = None
    out_bps: MaybeRate = None
    in_percent: MaybePercent = None
    out_percent: MaybePercent = None
    in_bytes: MaybeCount = None
    out_bytes: MaybeCount = None
    in_errors: MaybeCount = None
    crc_errors: MaybeCount = None
    out_errors: MaybeCount = None
    in_drops: MaybeCount = None
    out_drops: MaybeCount = None
    transitions: MaybeCount = None
    changed_s: MaybeSeconds = None
    changed_at: Names = ()
    addresses: MaybeAddresses = None
    vrf: MaybeVrf = None


class InterfaceAddress(Fact):
    """An address of the device with the length of its prefix, where the device prints addresses apart from the ports.

    `vrf`: none for the global table. `port`: below a logical interface with a name of its own.
    """

    key = ("interface", "address")
    interface: Name
    address: AddressWithLength
    vrf: MaybeVrf = None
    port: MaybeText = None


class PortSpeed(Fact):
    """Speed and duplex of a port in use, printed apart from its state."""

    key = ("interface",)
    interface: Name
    bandwidth_bps: MaybeRate = None
    duplex: Literal["full", "half"] | None = None


class Optic(Fact):
    """Light on a lane of a transceiver, in dBm, with the module's thresholds where printed."""

    key = ("interface", "lane")
    interface: Name
    lane: MaybeText = None
    rx_dbm: MaybeNumber = None
    tx_dbm: MaybeNumber = None
    rx_low_alarm: MaybeNumber = None
    rx_low_warn: MaybeNumber = None
    rx_high_warn: MaybeNumber = None
    rx_high_alarm: MaybeNumber = None
    temperature_c: MaybeNumber = None


class RoutingPeer(Fact):
    """A routing adjacency. `up`: usable for forwarding (OSPF FULL, 2-WAY between DROTHERs; BGP Established).

    `level`: of an IS-IS adjacency; two neighbours may have one of each level on one link. `family`: the address family
    of a BGP neighbour, where it is not IPv4 unicast. `transitions`: times established and lost; `uptime_s`: seconds
    since the last change. `bfd`: the protocol asks for a BFD session to the neighbour.
    """

    key = ("peer", "interface", "level", "family", "vrf")
    protocol: Literal["ospf", "isis", "bgp"]
    peer: Address
    interface: MaybeText = None
    level: MaybeText = None
    family: MaybeText = None
    vrf: MaybeText = None
    address: MaybeAddress = None
    state: Text
    up: Flag
    remote_as: MaybeText = None
    prefixes: MaybeCount = None
    transitions: MaybeCount = None
    bfd: MaybeFlag = None
    uptime_s: MaybeSeconds = None


class RouterIdentity(Fact):
    """The device's own identifier in a routing protocol, by which its neighbours list the device.

    `process`: of OSPF and IS-IS, where the device prints it. `local_as`: of BGP.
    """

    key = ("protocol", "process", "vrf")
    protocol: Literal["ospf", "isis", "bgp"]
    router_id: Address
    process: MaybeText = None
    vrf: MaybeVrf = None
    local_as: MaybeText = None


class BfdSession(Fact):
    """Local state of a BFD session; `admin_down` is not a failure of the path."""

    key = ("peer", "hops", "interface", "vrf", "discriminator")
    tie = ("discriminator",)
    peer: Address
    interface: MaybeText = None
    vrf: MaybeText = None
    discriminator: MaybeText = None
    hops: Literal["multihop"] | None = None
    state: Literal["up", "down", "admin_down", "init"]


class GatewayGroup(Fact):
    """State of a member of a first-hop redundancy group. Checks across devices evaluate the pair.

    `family` is told for IPv6 only: under VRRPv3 one number may stand for a group of each family.
    """

    key = ("protocol", "interface", "group", "family")
    protocol: Literal["vrrp", "hsrp"]
    group: Count
    interface: Name
    family: Literal["ipv6"] | None = None
    virtual_ip: MaybeAddress = None
    state: Literal["master", "backup", "init"]
    priority: MaybeCount = None
    preempt: MaybeFlag = None
    peer: MaybeAddress = None


#: Lost advertisements of the master until a backup takes over (RFC 9568, 6.1).
_ADVERTISEMENTS = 3


class GatewayFailover(Fact):
    """Timers and tracking of a member of a first-hop redundancy group: conditions of a takeover.

    `advertisement_s`: interval of the master's advertisements (VRRP), of which a backup waits for `multiplier` (3 where
    none is printed). `hold_s`: time without a packet of the master until the member takes over, where the device prints
    it (VRRP: master down interval; HSRP: hold time). `tracks`: a service, link or test that fails lowers the member.
    """

    key = ("protocol", "interface", "group", "family")
    protocol: Literal["vrrp", "hsrp"]
    group: Count
    interface: Name
    family: Literal["ipv6"] | None = None
    priority: MaybeCount = None
    advertisement_s: MaybeInterval = None
    multiplier: MaybeCount = None
    hold_s: MaybeInterval = None
    tracks: MaybeFlag = None

    @property
    def takeover_s(self) -> float | None:
        """Seconds without the master until the member takes over, as printed or from the interval of advertisements.

        The skew of a member is its distance from priority 256, in 256ths of an interval (RFC 9568, 6.1).
        """
        if self.hold_s is not None or self.advertisement_s is None:
            return self.hold_s
        skew = (256 - (self.priority or 0)) / 256
        return self.advertisement_s * ((self.multiplier or _ADVERTISEMENTS) + skew)


class LinkBundle(Fact):
    """A LAG: its member ports, and the ports in use."""

    key = ("name",)
    name: Name
    oper: UpDown
    protocol: MaybeText = None
    members: Names = ()
    bundled: Names = ()
    min_links: MaybeCount = None


class BundleMinimum(Fact):
    """Configured least number of links of a LAG, printed apart from its members."""

    key = ("name",)
    name: Name
    min_links: Count


_DEFAULTS = frozenset({"0.0.0.0/0", "::/0"})
#: Next hops and interfaces of a route that drops its packets.
_DROPPED = re.compile(r"null ?\d*|black ?hole|discard|reject|unreachable|prohibit", re.I)


def _leads_out(prefix: str, *ways: str | None) -> bool:
    return prefix in _DEFAULTS and not _drops(*ways)


def _drops(*ways: str | None) -> bool:
    return any(way and _DROPPED.fullmatch(way.strip()) for way in ways)


class Route(Fact):
    """A default route in the forwarding table; a row per next hop in use."""

    key = ("prefix", "next_hop", "interface")
    prefix: Prefix
    protocol: Text
    next_hop: MaybeAddress = None
    interface: MaybeText = None
    distance: MaybeCount = None
    metric: MaybeCount = None

    @property
    def leads_out(self) -> bool:
        """True for a default route; False for a discard route."""
        return _leads_out(self.prefix, self.next_hop, self.interface)


class OriginRoute(Fact):
    """The route in use to the address of an origin of services (`target`); a row for each next hop in use.

    A row of a target alone says that the device has no route to it. `prefix`: of the route, 0.0.0.0/0 for the default
    route. `interface`: where the route drops its packets, the device's word for that.
    """

    key = ("target", "next_hop", "interface")
    target: Text = ""
    prefix: MaybePrefix = None
    protocol: MaybeText = None
    next_hop: MaybeAddress = None
    interface: MaybeText = None
    distance: MaybeCount = None
    metric: MaybeCount = None

    @property
    def absent(self) -> bool:
        """True where the device has no route to the target."""
        return self.protocol is None

    @property
    def drops(self) -> bool:
        """True for a route with all packets discarded."""
        return _drops(self.next_hop, self.interface)


class RouterAdvertisement(Fact):
    """Router advertisements of a port. `lifetime_s`: seconds as a default router of hosts, 0: as none.

    A lifetime of None is above 0 and follows the interval. `managed`, `other`: hosts take addresses, or their other
    settings, from DHCPv6.
    """

    key = ("interface",)
    interface: Name
    lifetime_s: MaybeCount = None
    managed: MaybeFlag = None
    other: MaybeFlag = None
    vrf: MaybeVrf = None


class StaticRoute(Fact):
    """A configured static route, in use or waiting. `protected`: BFD or tracking withdraws the route."""

    key = ("prefix", "next_hop", "interface")
    prefix: Prefix
    next_hop: MaybeAddress = None
    interface: MaybeText = None
    distance: Count = 1
    track: MaybeText = None
    bfd: MaybeText = None

    @property
    def protected(self) -> bool:
        """True when a silent loss of the next hop withdraws the route."""
        return bool(self.track or self.bfd)

    @property
    def leads_out(self) -> bool:
        """True for a default route; False for a discard route."""
        return _leads_out(self.prefix, self.next_hop, self.interface)


class TimeSync(Fact):
    """The clock's source. Offset in milliseconds."""

    synchronised: Flag
    stratum: MaybeCount = None
    offset_ms: MaybeNumber = None
    reference: MaybeText = None


class LogTarget(Fact):
    """A remote host for the log of the device."""

    key = ("host",)
    host: Address


class SavedConfig(Fact):
    """Equality of the running and the startup configuration."""

    saved: Flag
    changed_at: MaybeText = None
    saved_at: MaybeText = None


class EventConfiguration(Fact):
    """Lines of an applied plan for a past event: `present` as set, `changed` by others, or `absent`."""

    key = ("plan",)
    plan: Name
    ended: datetime
    present: Count
    changed: Count
    absent: Count


class Neighbour(Fact):
    """The device at the other end of a cable (LLDP or CDP).

    `management_address`: the last one printed where there are several.
    """

    key = ("interface", "device", "port")
    interface: Name
    device: Name
    port: MaybeText = None
    chassis_id: MaybeText = None
    management_address: MaybeAddress = None


class Site(Fact):
    """State of a base station on its controller. `degraded`: managed, but not able to carry calls."""

    key = ("name",)
    name: Name
    link: Literal["up", "degraded", "down"]
    number: MaybeText = None
    initialised: MaybeFlag = None
    detail: MaybeText = None
    uptime_s: MaybeSeconds = None


class Cell(Fact):
    """State and access of a cell. `transceivers`: those in service."""

    key = ("name",)
    name: Name
    site: MaybeText = None
    admin: Literal["unlocked", "locked"] = "unlocked"
    state: Literal["up", "degraded", "down"]
    barred: MaybeFlag = None
    detail: MaybeText = None
    transceivers: MaybeNames = None


class ChannelLoad(Fact):
    """Channels of a kind in a cell: their number, and the number in use.

    A cell may have several rows of a kind, told apart by `timeslot` (SDCCH on CCCH+SDCCH4 and on SDCCH8): they add up,
    and are judged as one.
    """

    key = ("cell", "kind", "timeslot")
    cell: Name
    kind: Literal["tch_f", "tch_h", "sdcch", "pdch", "other"]
    timeslot: MaybeText = None
    used: Count
    total: Count


class Timeslot(Fact):
    """A timeslot of a transceiver with its configured kind, and the channels of the kind.

    `site`: number of the base station. `state`: `down` also for a locked one.
    """

    key = ("site", "trx", "number")
    site: Name
    trx: Text
    number: Text
    kind: Literal["tch_f", "tch_h", "sdcch", "pdch", "other"]
    channels: Count
    state: UpDown


class ChannelRequests(Fact):
    """Requests for a channel since the counter started, and refusals for want of a channel. Read twice."""

    key = ("cell",)
    cell: Name
    total: Count
    refused: Count


class CellPerformance(Fact):
    """Figures of a cell in its newest period, by performance files; shares in percent. None: no value.

    `idle`: figures without a value because nothing was attempted. `uncounted`: figures without a counter in any file.
    `prb_down_before`, `prb_up_before`: in the period before. `users_hour`, `traffic_hour`: means of the last hour.
    """

    key = ("cell",)
    cell: Name
    ended: datetime
    minutes: Count
    availability: MaybePercent = None
    rrc_success: MaybePercent = None
    bearer_success: MaybePercent = None
    handover_success: MaybePercent = None
    drops: MaybePercent = None
    drops_per_hour: MaybePercent = None
    voice_drops: MaybePercent = None
    prb_down: MaybePercent = None
    prb_up: MaybePercent = None
    prb_down_before: MaybePercent = None
    prb_up_before: MaybePercent = None
    users_mean: MaybePercent = None
    users_max: MaybePercent = None
    users_hour: MaybePercent = None
    user_rate_down: MaybePercent = None
    refused: MaybePercent = None
    tch_refused: MaybePercent = None
    sdcch_refused: MaybePercent = None
    traffic: MaybePercent = None
    traffic_hour: MaybePercent = None
    paging_lost: MaybePercent = None
    noise_up: MaybeNumber = None
    idle: Names = ()
    uncounted: Names = ()


class Alarm(Fact):
    """An active alarm, in the controller's words."""

    key = ("number", "location")
    number: Name
    severity: Literal["critical", "major", "minor", "warning"]
    name: Name
    location: MaybeText = None
    raised_at: MaybeText = None


class CoreLink(Fact):
    """A link from a controller to the core (A interface, MSC, SCTP association)."""

    key = ("name",)
    name: Name
    state: UpDown
    detail: MaybeText = None


class AccessPoint(Fact):
    """State of an access point on its controller."""

    key = ("name",)
    name: Name
    state: UpDown
    model: MaybeText = None
    ip: MaybeAddress = None
    mac: MaybeMac = None
    location: MaybeText = None
    clients: MaybeCount = None
    uptime_s: MaybeSeconds = None
    detail: MaybeText = None


class Wlan(Fact):
    """A network of a controller by its SSID. `ap`: where the device lists the networks of each access point."""

    key = ("name", "profile", "ap", "radio")
    name: Ssid
    profile: MaybeText = None
    ap: MaybeText = None
    radio: MaybeText = None
    enabled: Flag


class AccessPointUplink(Fact):
    """Switch port at the other end of an access point's cable (LLDP or CDP), from its controller.

    `interface`: the access point's own port.
    """

    key = ("ap", "interface", "device", "port")
    ap: Name
    interface: MaybeText = None
    device: Name
    port: MaybeText = None
    management_address: MaybeAddress = None


class Radio(Fact):
    """A radio of an access point. Width of its channel in MHz, utilisation in percent of airtime, noise in dBm."""

    key = ("ap", "slot")
    ap: Name
    slot: Text
    band: Literal["2.4", "5", "6"]
    admin: UpDown = "up"
    oper: UpDown
    channel: MaybeText = None
    width_mhz: MaybeCount = None
    clients: MaybeCount = None
    utilisation_percent: MaybePercent = None
    noise_dbm: MaybeNumber = None


class RadioLoad(Fact):
    """Load of a radio of an access point, where the device prints the load apart from the state."""

    key = ("ap", "slot")
    ap: Name
    slot: Text
    band: Literal["2.4", "5", "6"]
    clients: MaybeCount = None
    utilisation_percent: MaybePercent = None
    noise_dbm: MaybeNumber = None


class ControllerPair(Fact):
    """Redundancy of a controller. `ready`: the other half would take over."""

    mode: MaybeText = None
    local_state: Literal["active", "standby", "alone", "unknown"]
    peer_state: MaybeText = None
    ready: Flag


class RadiusServer(Fact):
    """State of an authentication server on the controller."""

    key = ("host",)
    host: Address
    state: UpDown


class Disk(Fact):
    """A file system of a host, in bytes."""

    key = ("mount",)
    mount: Text
    total_bytes: Count
    used_bytes: Count

    @property
    def percent(self) -> float | None:
        """Percent used; None for a file system without a size."""
        return 100.0 * self.used_bytes / self.total_bytes if self.total_bytes else None


class ServiceUnit(Fact):
    """A service of a host. `absent`: named somewhere, and not installed."""

    key = ("name",)
    name: Text
    state: Literal["up", "starting", "down", "failed", "absent"]


class Listener(Fact):
    """A socket on which a host accepts traffic."""

    key = ("protocol", "address", "port")
    protocol: Literal["tcp", "udp"]
    address: Text
    port: Count

    @property
    def is_local(self) -> bool:
        """True for an address of the host itself, also with its interface (`127.0.0.53%lo`)."""
        bare, _, interface = self.address.replace("[", "").replace("]", "").partition("%")
        if interface == "lo":
            return True
        try:
            found = ip_address(bare)
        except ValueError:
            return False
        mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
        return (mapped or found).is_loopback


class Certificate(Fact):
    """A certificate of a host. `not_after`: end of the validity, UTC."""

    key = ("file",)
    file: Text
    subject_name: MaybeText = None
    not_after: datetime


class Backend(Fact):
    """A server of a load balancer's pool, reached from the host of the load balancer."""

    key = ("pool", "server")
    pool: Text
    server: Text
    state: UpDown


class DnsAnswer(Fact):
    """A name on a host's DNS server, and its address; none without an answer."""

    key = ("name",)
    name: Text
    address: MaybeText = None


class DhcpPool(Fact):
    """A range of addresses of a DHCP server, and the number of leases. `excluded`: addresses never leased."""

    key = ("pool",)
    pool: Text
    used: Count
    total: Count
    excluded: MaybeCount = None

    @property
    def leased_at_most(self) -> int:
        """Addresses for leases."""
        return max(0, self.total - (self.excluded or 0))

    @property
    def percent(self) -> float | None:
        """Percent leased; None for an empty range."""
        return 100.0 * self.used / self.leased_at_most if self.leased_at_most else None


class NatSessions(Fact):
    """Sessions in the table of an address translation, and the size of the table."""

    key = ()
    used: Count
    limit: Count

    @property
    def percent(self) -> float | None:
        """Percent in use; None for a table without a size."""
        return 100.0 * self.used / self.limit if self.limit else None


class Answer(Fact):
    """An answer of a service to a question of the device. `question`: the question in words; the key of the answer.

    `time_ms`: milliseconds until the answer. `error`: why there was none, in the asker's words. `unasked`: why the
    question was not put.
    """

    key = ("question",)
    question: Text = ""
    time_ms: MaybeMilliseconds = None
    error: MaybeText = None
    unasked: MaybeText = None


class PageAnswer(Answer):
    """A web page. `status`: 0 without an answer. `content`: its first 4,096 bytes.

    Of a page behind TLS: `not_after`, the end of the certificate as served; `named`: the certificate is for the host
    asked; `verify`: OpenSSL's result of its chain, 0 for a trusted one.
    """

    repeating = frozenset({"content"})
    status: Count
    content: Names = ()
    not_after: MaybeTime = None
    named: MaybeFlag = None
    verify: MaybeCount = None


class ResolverAnswer(Answer):
    """Addresses of a name. `code`: RCODE in words, such as NOERROR; none without an answer. `tcp`: answered there too.

    `owners`: name of each address; none: all are of the name in the question. `aliases`, and their `targets`: CNAME.
    """

    repeating = frozenset({"owners", "targets"})
    code: MaybeText = None
    addresses: Names = ()
    owners: Names = ()
    aliases: Names = ()
    targets: Names = ()
    tcp: MaybeFlag = None

    def of(self, name: str) -> tuple[str, ...]:
        """Addresses of a name and of its aliases, not those of other names (RFC 1034, 3.6.2)."""
        aliases = dict(zip(map(_plain, self.aliases), map(_plain, self.targets), strict=False))
        known = _plain(name)
        for _ in aliases:
            known = aliases.get(known, known)
        owned = zip(self.addresses, self.owners or (known,) * len(self.addresses), strict=False)
        return tuple(address for address, owner in owned if _plain(owner) == known not in aliases)


def _plain(name: str) -> str:
    """Name of DNS without case and the dot of the root."""
    return name.casefold().rstrip(".")


class EchoAnswer(Answer):
    """Echo replies. `time_ms`: mean round trip."""

    sent: Count
    received: Count

    @property
    def loss_percent(self) -> float:
        """Percent of the requests without a reply."""
        return 100.0 * (1 - self.received / self.sent) if self.sent else 100.0


class PortAnswer(Answer):
    """A TCP port."""

    state: Literal["open", "closed"]


class ClockAnswer(Answer):
    """Time of a time server. `offset_ms`: of the asker's clock; none without an answer."""

    offset_ms: MaybeOffset = None


class MailAnswer(Answer):
    """Greeting of a mail server. `code`: of RFC 5321; none without an answer."""

    code: MaybeCount = None


class Offer(NamedTuple):
    """An address offered by a DHCP server, with the routers and DNS servers to use."""

    server: str
    address: str
    routers: tuple[str, ...]
    resolvers: tuple[str, ...]


class LeaseAnswer(Answer):
    """Offers of DHCP servers: server, address, routers and DNS servers, with blanks between them.

    Several routers or DNS servers of an offer have commas between them; `none` stands for what it has not.
    """

    offers: Names = ()

    @property
    def offered(self) -> tuple[Offer, ...]:
        """Parts of the offers, in the order of their arrival."""
        return tuple(map(_offer, self.offers))


def _offer(text: str) -> Offer:
    server, address, *lists = text.split(" ")
    routers, resolvers = (() if one == "none" else tuple(one.split(",")) for one in lists)
    return Offer(server, address, routers, resolvers)
