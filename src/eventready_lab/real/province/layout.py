"""The layout of the real lab: routers, cables and addresses, base stations, and the inventory of its devices.

site and lan --- gw-1, gw-2 (VRRP) === core-1, core-2 === isp-1, isp-2 --- net (203.0.113.10)
svc-1, svc-2     OSPF + BFD, iBGP: every gateway and core with every core; eBGP + BFD: each core with its ISP
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import Event
from eventready_lab.real.province.wifi.inventory_entry import expectations
from eventready_lab.real.province.wifi.machine import MachineOptions
from eventready_lab.real.province.wifi.radio import AIR, AccessPoint

GATEWAYS, CORES, ISPS = ("gw-1", "gw-2"), ("core-1", "core-2"), ("isp-1", "isp-2")
ROUTERS = (*GATEWAYS, *CORES, *ISPS)
LAN_PORT, GROUP, VIRTUAL_IP = "eth1", 5, "10.10.0.1"
#: The IPv6 addresses of the same VRRP group; FRR requires a link-local one first.
VIRTUAL_IP6 = ("fe80::5", "2001:db8:10::1")
#: A VRF of the cores. This kernel need not support VRFs: FRR configures, prints and restores the VRF either way.
VRF = "GUEST"
#: Neighbour of the VRF, which no router of the lab is: its session stays down.
VRF_NEIGHBOUR = "198.51.100.77"
SITE, NET, NET_ADDRESS = "site", "net", "203.0.113.10"
SITE_NETWORK = "10.10.0.0/24"
#: An address that the ISPs announce to nobody: only default routes lead to it.
INTERNET_ADDRESS = "198.51.100.10"
#: The namespace of all cables: faults of a cable are made there, and do not touch a router.
WIRE = "wire"
CONTROLLER, BSS = "bsc", "bss"
AIR_HOST = "ap-host-1"
#: Service hosts on the site's network, and their floating address.
SERVICE_HOSTS = ("svc-1", "svc-2")
SERVICE_GROUP, SERVICE_IP = 51, "10.10.0.10"
#: Name of the portal in their DNS.
DNS_NAME = "portal.lab.example"


@dataclass(frozen=True)
class End:
    """End of a cable: a router's port and its addresses, with the length of the network."""

    router: str
    port: str
    address: str
    address6: str = ""

    @property
    def ip(self) -> str:
        """The IPv4 address without its length."""
        return self.address.partition("/")[0]

    @property
    def ip6(self) -> str:
        """The IPv6 address without its length; empty otherwise."""
        return self.address6.partition("/")[0]


@dataclass(frozen=True)
class Cable:
    """Cable between two ports; `name` is the name of its bridge in the namespace of cables."""

    name: str
    a: End
    b: End

    def ends(self, router: str) -> tuple[End, End] | None:
        """(own end, far end) from a router's side; None for a cable of other routers."""
        if router == self.a.router:
            return self.a, self.b
        return (self.b, self.a) if router == self.b.router else None


def _cable(name: str, a: tuple[str, str], b: tuple[str, str], network: str, network6: str = "") -> Cable:
    base, _, last = network.rpartition(".")
    first = int(last)
    first6, second6 = (f"{network6}1/126", f"{network6}2/126") if network6 else ("", "")
    return Cable(name, End(*a, f"{base}.{first + 1}/30", first6), End(*b, f"{base}.{first + 2}/30", second6))


CABLES = (
    _cable("c1", ("gw-1", "eth2"), ("core-1", "eth1"), "10.0.13.0"),
    _cable("c2", ("gw-1", "eth3"), ("core-2", "eth1"), "10.0.14.0"),
    _cable("c3", ("gw-2", "eth2"), ("core-1", "eth2"), "10.0.23.0"),
    _cable("c4", ("gw-2", "eth3"), ("core-2", "eth2"), "10.0.24.0"),
    _cable("c5", ("core-1", "eth3"), ("core-2", "eth3"), "10.0.34.0"),
    _cable("c6", ("core-1", "eth4"), ("isp-1", "eth1"), "192.0.2.12", "2001:db8:0:6::"),
    _cable("c7", ("core-2", "eth4"), ("isp-2", "eth1"), "192.0.2.16", "2001:db8:0:7::"),
)
#: The ISPs' ports towards the host that stands for the Internet.
OUTSIDE = (
    _cable("c8", ("isp-1", "eth2"), (NET, "eth0"), "10.9.5.0"),
    _cable("c9", ("isp-2", "eth2"), (NET, "eth1"), "10.9.6.0"),
)
#: Ports on the switch of the site, with their addresses.
LAN = (
    End("gw-1", LAN_PORT, "10.10.0.2/24", "2001:db8:10::2/64"),
    End("gw-2", LAN_PORT, "10.10.0.3/24", "2001:db8:10::3/64"),
    End(SITE, "eth0", "10.10.0.100/24", "2001:db8:10::100/64"),
    End("svc-1", "eth0", "10.10.0.11/24", "2001:db8:10::11/64"),
    End("svc-2", "eth0", "10.10.0.12/24", "2001:db8:10::12/64"),
)


def number(router: str) -> int:
    """1 to 6; the last part of the router's id."""
    return ROUTERS.index(router) + 1


def router_id(router: str) -> str:
    """The router's id, which is also the address of its loopback."""
    return f"10.255.0.{number(router)}"


def cables_of(router: str) -> list[tuple[End, End]]:
    """(own end, far end) of a router's cables to other routers."""
    return [ends for cable in CABLES if (ends := cable.ends(router))]


def system_number(router: str) -> int:
    """The AS number of a router."""
    return {"isp-1": 65001, "isp-2": 65002}.get(router, 65000)


@dataclass(frozen=True)
class BaseStation:
    """A base station, which is a site and its only cell.

    on_air: with a signalling link; without one the station is managed and carries no calls.
    """

    name: str
    mobile: bool = False
    on_air: bool = True

    @property
    def bts(self) -> int:
        """The BTS number at the controller."""
        return STATIONS.index(self)

    @property
    def channel(self) -> int:
        """The channel number (ARFCN) of the only transceiver."""
        return 512 + 2 * self.bts


STATIONS = (
    BaseStation("SITE-01"), BaseStation("SITE-02"), BaseStation("SITE-03"),
    BaseStation("BTS-LD-01", mobile=True), BaseStation("BTS-LD-02", mobile=True),
    *(BaseStation(f"PLANNED-{place:02d}", on_air=False) for place in range(1, 21)),
)  # fmt: skip


def station(name: str) -> BaseStation | None:
    """Return the base station of this name."""
    return next((one for one in STATIONS if one.name == name), None)


def devices(
    event: Event, *, core: bool = True, air: Sequence[AccessPoint] = (), hosts: Sequence[str] = SERVICE_HOSTS
) -> tuple[Device, ...]:
    """The devices with their expectations, at the event's venues. `core`: an MSC runs; `air`: access points."""
    venues = event.venue_ids
    routers = [
        _device(name, "router", "frr", venues, expect=router_expectations(name), intents=router_intents(name))
        for name in ROUTERS
    ]
    on_air = [venue.id for venue in event.venues if "mobile" in venue.services] or list(venues)
    stations = station_expectations(on_air, core=core)
    bsc = _device(CONTROLLER, "bts_controller", "osmocom_bsc", on_air, expect=stations, intents=station_intents())
    served = [
        _device(name, "service_host", "linux", venues, expect=service_expectations(name), intents={}) for name in hosts
    ]
    return (*routers, bsc, *([access_points(air)] if air else []), *served)


def access_points(air: Sequence[AccessPoint]) -> Device:
    """The WiFi host."""
    expect = expectations(MachineOptions(Path(), Path(), AIR_HOST, air=tuple(air)))
    venues = sorted({ap.venue for ap in air})
    return _device(AIR_HOST, "wifi_controller", "linux_hostapd", venues, expect=expect, intents=air_intents())


def air_of(event: Event) -> tuple[AccessPoint, ...]:
    """The access points, at the event's venues with WiFi; empty otherwise."""
    venues = [venue.id for venue in event.venues if "wifi" in venue.services]
    places = list(dict.fromkeys(ap.venue for ap in AIR))
    if not venues:
        return ()
    return tuple(replace(ap, venue=venues[places.index(ap.venue) % len(venues)]) for ap in AIR)


def _device(
    name: str, role: Any, platform: str, venues: Iterable[str], *, expect: dict[str, Any], intents: dict[str, Any]
) -> Device:
    return Device(
        name=name, role=role, platform=platform, hostname="", venues=tuple(venues), endpoint=name,
        expect=Expect.model_validate(expect), allow_cleartext=platform == "osmocom_bsc", intents=intents,
    )  # fmt: skip


def service_address(host: str) -> str:
    """The address of a service host."""
    return next(end.ip for end in LAN if end.router == host)


def service_expectations(host: str) -> dict[str, Any]:
    """The expectations of a service host."""
    part = "master" if host == SERVICE_HOSTS[0] else "backup"
    gateway = {"protocol": "vrrp", "group": SERVICE_GROUP, "interface": "eth0", "virtual_ip": SERVICE_IP, "role": part}
    return {
        "uplinks": ["eth0"],
        "services": ["ssh", "nginx", "keepalived", "dnsmasq", "chrony", "rsyslog"],
        "listeners": ["tcp/22", "tcp/80", "udp/53", "udp/67"],
        "backends": ["portal"],
        "dns": [DNS_NAME],
        "dhcp": True,
        "gateways": [gateway],
        "answers": [
            {"http": f"http://{SERVICE_IP}/"},
            {"dns": "portal.lab.example", "server": SERVICE_IP, "addresses": [SERVICE_IP]},
            {"tcp": f"{SERVICE_IP}:80"},
        ],
    }


def service_data(host: str) -> dict[str, Any]:
    """Return `service:` of a host in the inventory: the input of prepare.yml."""
    address = service_address(host)
    other = next(service_address(one) for one in SERVICE_HOSTS if one != host)
    priority = 110 if host == SERVICE_HOSTS[0] else 100
    return {
        "portal": {
            "name": "portal", "listen": 80,
            "servers": [{"address": f"{address}:8080"}, {"address": f"{other}:8080", "backup": True}],
        },
        "floating": {
            "name": "PORTAL", "interface": "eth0", "group": SERVICE_GROUP, "priority": priority,
            "address": f"{SERVICE_IP}/24",
        },
        "names": {
            "records": {DNS_NAME: SERVICE_IP, "ntp.lab.example": address},
            "pools": [{"first": "10.10.0.150", "last": "10.10.0.199", "lease": "1h"}],
        },
        "time": {"servers": [other]},
        "log": {"host": other},
    }  # fmt: skip


def router_expectations(router: str) -> dict[str, Any]:
    """The expectations of a router."""
    cables = cables_of(router)
    inner = [far for _own, far in cables if far.router not in ISPS and router not in ISPS]
    outer = [far for _own, far in cables if far.router in ISPS or router in ISPS]
    expect: dict[str, Any] = {
        "uplinks": [own.port for own, _far in cables],
        "links": [{"port": own.port, "device": far.router, "to_port": far.port} for own, far in cables],
        "bgp": [*(router_id(far.router) for far in inner), *(far.ip for far in outer)],
        "bfd": [far.ip for _own, far in cables],
    }
    if router not in ISPS:
        expect["ospf"] = [router_id(far.router) for far in inner]
        expect["default_routes"] = 2 if router in GATEWAYS else 1
    if router in GATEWAYS:
        part = "master" if router == GATEWAYS[0] else "backup"
        expect["gateways"] = [{"group": GROUP, "interface": LAN_PORT, "virtual_ip": VIRTUAL_IP, "role": part}]
    return expect


def router_intents(router: str) -> dict[str, Any]:
    """The intents of a router: gateways share their traffic between both cores, without a backup core. The
    routers of the ISPs have none."""
    if router in ISPS:
        return {}
    cables = cables_of(router)
    inner = [own.port for own, far in cables if far.router not in ISPS]
    balance: dict[str, Any] = {"ospf": {"maximum_paths": 8}, "bgp": {"as": system_number(router), "maximum_paths": 4}}
    backup: dict[str, Any] = {"gateway_groups": [], "bfd_ms": 250, "ospf_interfaces": inner}
    if router not in GATEWAYS:
        return {"load_balancing": balance, "backup": backup}
    ways = [far.ip for _own, far in cables]
    balance["default_routes"] = [{"next_hop": way, "profile": "fast"} for way in ways]
    backup |= {"gateway_groups": [GROUP], "priority": {"master": 120, "backup": 105}}
    steer = {"interface": LAN_PORT, "sources": [SITE_NETWORK], "next_hop": ways[0]}
    return {"load_balancing": balance, "backup": backup, "priority": {"steer": steer}}


def station_intents() -> dict[str, Any]:
    """The intents of the base-station controller, for the stations on air."""
    on_air = [one.bts for one in STATIONS if one.on_air]
    return {
        "load_balancing": {
            "bts": on_air, "congestion_check_s": 5, "reselection_hysteresis_db": 6,
            "min_free_slots": {"tch_f": 3, "tch_h": 0},
        },
        "backup": {
            "bts": on_air, "tch_signalling": "emergency", "mobile_offset_db": 10,
            "mobile_bts": [one.bts for one in STATIONS if one.mobile],
        },
        "priority": {
            "bts": on_air, "rach": {"retries": 4, "spread": 12},
            "ramping": {"interval_s": 30, "step": 1, "from_percent": 71, "to_percent": 89},
        },
    }  # fmt: skip


def air_intents() -> dict[str, Any]:
    """The intents of the WiFi host. Its 42 stations on six access points have a mean of seven: ten are 1.43 means."""
    return {"load_balancing": {"radio_clients": 10}, "backup": {}, "priority": {}}


def station_expectations(venues: Sequence[str], *, core: bool = True) -> dict[str, Any]:
    """The expectations of the base-station controller. Planned stations are sites without a cell."""
    on_air = [one for one in STATIONS if one.on_air]
    at = {one.name: venues[place % len(venues)] for place, one in enumerate(on_air)}
    expect: dict[str, Any] = {
        "sites": [{"name": one.name, "mobile": one.mobile, "venue": at.get(one.name)} for one in STATIONS],
        "cells": [{"name": one.name, "site": one.name, "venue": at[one.name]} for one in on_air],
    }
    return {**expect, "core_links": ["0"]} if core else expect


#: The WiFi host has just been started.
_RECENT_START = (("uptime", AIR_HOST, "uptime", "fail"),)


def expected_findings(
    air: Sequence[AccessPoint] = (), hosts: Sequence[str] = SERVICE_HOSTS
) -> tuple[tuple[str, str, str, str], ...]:
    """(check, device, subject, status) of every finding without faults: planned stations carry no calls, a VTY is
    telnet, the neighbour of the VRF is down, keepalived tracks no service, and OSPF shares BFD sessions of routes."""
    planned = [one.name for one in STATIONS if not one.on_air]
    degraded = [(check, CONTROLLER, name, "warn") for check in ("site", "cell") for name in planned]
    in_vrf = [("bgp", core, f"{VRF_NEIGHBOUR} {VRF}", "warn") for core in CORES]
    untracked = [("vrrp_tracking", host, f"vrrp {SERVICE_GROUP} eth0", "warn") for host in hosts]
    shared = [("floating_route", gateway, f"BFD {cables_of(gateway)[0][1].ip}", "warn") for gateway in GATEWAYS]
    always = (("cleartext", CONTROLLER, "login", "warn"), *in_vrf, *untracked, *shared)
    return (*always, *_RECENT_START[: bool(air)], *degraded)
