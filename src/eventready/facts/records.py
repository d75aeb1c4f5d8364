"""The vendor-neutral records. Platforms fill them, checks read them, and neither knows the other.

Every record is frozen, rejects what it does not know, and coerces text once (see `units`). `subject` names the one
thing that a record speaks of, and is what a finding about it carries: stable across runs.
Enumerations are closed: a platform's `words` table maps the device's words to them, and a word that no table knows
rejects the row.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from eventready.facts.units import (
    Count,
    Flag,
    MaybeCount,
    MaybeFlag,
    MaybeNumber,
    MaybeRate,
    MaybeSeconds,
    MaybeText,
    Number,
    Prefix,
    Text,
)

UpDown = Literal["up", "down"]


class Fact(BaseModel):
    """Base of all records. `key` lists the fields that identify the subject."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: ClassVar[tuple[str, ...]] = ()

    @property
    def subject(self) -> str:
        """The port, cell, neighbour or radio that the record speaks of; empty for the device itself."""
        parts = (getattr(self, name) for name in self.key)
        return " ".join(str(part) for part in parts if part not in (None, ""))


class System(Fact):
    """The device as a whole."""

    hostname: MaybeText = None
    version: Text
    model: MaybeText = None
    uptime_s: MaybeSeconds = None


class Cpu(Fact):
    """Processor load in percent, per board or slot; the five-minute mean is what limits are held against."""

    key = ("slot",)
    slot: Text = ""
    five_seconds: MaybeNumber = None
    one_minute: MaybeNumber = None
    five_minutes: Number


class Memory(Fact):
    """Memory of one pool or slot, in percent used; totals in bytes where the device tells them."""

    key = ("pool",)
    pool: Text = ""
    used_percent: MaybeNumber = None
    total_bytes: MaybeCount = None
    used_bytes: MaybeCount = None

    @property
    def percent(self) -> float | None:
        """Percent used, computed where the device only gives bytes."""
        if self.used_percent is not None:
            return self.used_percent
        if self.total_bytes and self.used_bytes is not None:
            return 100.0 * self.used_bytes / self.total_bytes
        return None


class Sensor(Fact):
    """A temperature, power supply, fan or board, with the device's own judgement of it."""

    key = ("name",)
    name: Text
    kind: Literal["temperature", "power", "fan", "board"]
    state: Literal["ok", "warning", "critical", "failed", "absent", "unknown"]
    value: MaybeNumber = None
    unit: MaybeText = None
    warn_at: MaybeNumber = None
    critical_at: MaybeNumber = None


class Interface(Fact):
    """A port, physical or logical. Rates are means over the device's load interval; counters run since clearing."""

    key = ("name",)
    name: Text
    description: MaybeText = None
    admin: UpDown
    oper: UpDown
    bandwidth_bps: MaybeRate = None
    mtu: MaybeCount = None
    in_bps: MaybeRate = None
    out_bps: MaybeRate = None
    in_percent: MaybeNumber = None
    out_percent: MaybeNumber = None
    in_bytes: MaybeCount = None
    out_bytes: MaybeCount = None
    in_errors: MaybeCount = None
    crc_errors: MaybeCount = None
    out_errors: MaybeCount = None
    in_drops: MaybeCount = None
    out_drops: MaybeCount = None


class Optic(Fact):
    """Light on one lane of a transceiver, in dBm, with the module's own thresholds where told."""

    key = ("interface", "lane")
    interface: Text
    lane: MaybeText = None
    rx_dbm: MaybeNumber = None
    tx_dbm: MaybeNumber = None
    rx_low_alarm: MaybeNumber = None
    rx_low_warn: MaybeNumber = None
    rx_high_warn: MaybeNumber = None
    rx_high_alarm: MaybeNumber = None
    temperature_c: MaybeNumber = None


class RoutingPeer(Fact):
    """A routing neighbour. `up`: usable for forwarding (OSPF FULL, 2-WAY between DROTHERs; BGP Established)."""

    key = ("peer", "interface")
    protocol: Literal["ospf", "isis", "bgp"]
    peer: Text
    interface: MaybeText = None
    address: MaybeText = None
    state: Text
    up: Flag
    remote_as: MaybeText = None
    prefixes: MaybeCount = None
    uptime_s: MaybeSeconds = None


class BfdSession(Fact):
    """A BFD session as this side sees it; `admin_down` is not a failure of the path."""

    key = ("peer", "interface")
    peer: Text
    interface: MaybeText = None
    state: Literal["up", "down", "admin_down", "init"]


class GatewayGroup(Fact):
    """One member's view of a first-hop redundancy group. The pair is judged across devices.

    `family` is told for IPv6 only: under VRRPv3 one number may stand for a group of each family.
    """

    key = ("protocol", "interface", "group", "family")
    protocol: Literal["vrrp", "hsrp"]
    group: Count
    interface: Text
    family: Literal["ipv6"] | None = None
    virtual_ip: MaybeText = None
    state: Literal["master", "backup", "init"]
    priority: MaybeCount = None
    preempt: MaybeFlag = None
    peer: MaybeText = None


class LinkBundle(Fact):
    """A LAG: the ports that are members, and those that carry traffic now."""

    key = ("name",)
    name: Text
    oper: UpDown
    protocol: MaybeText = None
    members: tuple[str, ...] = ()
    bundled: tuple[str, ...] = ()
    min_links: MaybeCount = None


class Route(Fact):
    """A default route in the forwarding table; one row per next hop in use."""

    key = ("prefix", "next_hop", "interface")
    prefix: Prefix
    protocol: Text
    next_hop: MaybeText = None
    interface: MaybeText = None
    distance: MaybeCount = None
    metric: MaybeCount = None


class StaticRoute(Fact):
    """A configured static route, in use or waiting. `protected` tells whether BFD or tracking withdraws it."""

    key = ("prefix", "next_hop", "interface")
    prefix: Prefix
    next_hop: MaybeText = None
    interface: MaybeText = None
    distance: Count = 1
    track: MaybeText = None
    bfd: MaybeText = None

    @property
    def protected(self) -> bool:
        """True when a silent loss of the next hop withdraws the route."""
        return bool(self.track or self.bfd)


class TimeSync(Fact):
    """The clock's source. Offset in milliseconds."""

    synchronised: Flag
    stratum: MaybeCount = None
    offset_ms: MaybeNumber = None
    reference: MaybeText = None


class LogTarget(Fact):
    """A remote host that receives this device's log."""

    key = ("host",)
    host: Text


class SavedConfig(Fact):
    """Whether what runs is what a restart would bring back."""

    saved: Flag
    changed_at: MaybeText = None
    saved_at: MaybeText = None


class Neighbour(Fact):
    """Who answers at the other end of a cable (LLDP or CDP)."""

    key = ("interface", "device")
    interface: Text
    device: Text
    port: MaybeText = None


class Site(Fact):
    """A base station as its controller sees it. `degraded`: managed, but not able to carry calls."""

    key = ("name",)
    name: Text
    link: Literal["up", "degraded", "down"]
    number: MaybeText = None
    initialised: MaybeFlag = None
    detail: MaybeText = None
    uptime_s: MaybeSeconds = None


class Cell(Fact):
    """A cell: can it carry calls, and are people allowed on it."""

    key = ("name",)
    name: Text
    site: MaybeText = None
    admin: Literal["unlocked", "locked"] = "unlocked"
    state: Literal["up", "degraded", "down"]
    barred: MaybeFlag = None
    detail: MaybeText = None


class ChannelLoad(Fact):
    """Channels of one kind in one cell: how many there are and how many are taken now.

    A cell may have several rows of a kind, told apart by `timeslot` (SDCCH on CCCH+SDCCH4 and on SDCCH8): they add up,
    and are judged as one.
    """

    key = ("cell", "kind", "timeslot")
    cell: Text
    kind: Literal["tch_f", "tch_h", "sdcch", "pdch", "other"]
    timeslot: MaybeText = None
    used: Count
    total: Count

    @property
    def percent(self) -> float | None:
        """Percent taken; None where there are no channels."""
        return 100.0 * self.used / self.total if self.total else None


class ChannelRequests(Fact):
    """Requests for a channel since the counter started, and those refused for want of one. Read twice."""

    key = ("cell",)
    cell: Text
    total: Count
    refused: Count


class Alarm(Fact):
    """An active alarm, in the controller's words."""

    key = ("number", "location")
    number: Text
    severity: Literal["critical", "major", "minor", "warning"]
    name: Text
    location: MaybeText = None
    raised_at: MaybeText = None


class CoreLink(Fact):
    """A link from a controller to the core (A interface, MSC, SCTP association)."""

    key = ("name",)
    name: Text
    state: UpDown
    detail: MaybeText = None


class AccessPoint(Fact):
    """An access point as its controller sees it."""

    key = ("name",)
    name: Text
    state: UpDown
    model: MaybeText = None
    ip: MaybeText = None
    mac: MaybeText = None
    location: MaybeText = None
    clients: MaybeCount = None
    uptime_s: MaybeSeconds = None
    detail: MaybeText = None


class Radio(Fact):
    """One radio of an access point. Utilisation in percent of airtime, noise in dBm."""

    key = ("ap", "slot")
    ap: Text
    slot: Text
    band: Literal["2.4", "5", "6"]
    admin: UpDown = "up"
    oper: UpDown
    channel: MaybeText = None
    clients: MaybeCount = None
    utilisation_percent: MaybeNumber = None
    noise_dbm: MaybeNumber = None


class RadioLoad(Fact):
    """How busy one radio of an access point is, where the device tells that apart from the radio's state."""

    key = ("ap", "slot")
    ap: Text
    slot: Text
    band: Literal["2.4", "5", "6"]
    clients: MaybeCount = None
    utilisation_percent: MaybeNumber = None
    noise_dbm: MaybeNumber = None


class ControllerPair(Fact):
    """A controller's redundancy as it sees it. `ready`: the other half would take over now."""

    mode: MaybeText = None
    local_state: Literal["active", "standby", "alone", "unknown"]
    peer_state: MaybeText = None
    ready: Flag


class RadiusServer(Fact):
    """An authentication server, as the controller judges it."""

    key = ("host",)
    host: Text
    state: UpDown
