"""The real province on paper: routers, cables and addresses, base stations, and what an audit is told to expect.

site and lan --- gw-1, gw-2 (VRRP) === core-1, core-2 === isp-1, isp-2 --- net (203.0.113.10)
                 OSPF + BFD, iBGP: every gateway and core with every core; eBGP + BFD: each core with its ISP
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eventready.lab.real.wifi.air import AIR, AccessPoint
from eventready.lab.real.wifi.machine import Order
from eventready.lab.real.wifi.place import expectations
from eventready.workspace.device import Device
from eventready.workspace.event import Event
from eventready.workspace.expect import Expect

GATEWAYS, CORES, ISPS = ("gw-1", "gw-2"), ("core-1", "core-2"), ("isp-1", "isp-2")
ROUTERS = (*GATEWAYS, *CORES, *ISPS)
LAN_PORT, GROUP, VIRTUAL_IP = "eth1", 5, "10.10.0.1"
SITE, NET, NET_ADDRESS = "site", "net", "203.0.113.10"
#: The namespace that all cables run through; what happens to a cable happens there, and no router is touched.
WIRE = "wire"
CONTROLLER, BSS = "bsc", "bss"
AIR_HOST = "ap-host-1"


@dataclass(frozen=True)
class End:
    """One end of a cable: a router's port and its address, with the length of the network."""

    router: str
    port: str
    address: str

    @property
    def ip(self) -> str:
        """The address alone."""
        return self.address.partition("/")[0]


@dataclass(frozen=True)
class Cable:
    """A cable between two ports; `name` is that of its bridge in the namespace of cables."""

    name: str
    a: End
    b: End

    def ends(self, router: str) -> tuple[End, End] | None:
        """(own end, far end) as a router sees it; None when the cable is not plugged in there."""
        if router == self.a.router:
            return self.a, self.b
        return (self.b, self.a) if router == self.b.router else None


def _cable(name: str, a: tuple[str, str], b: tuple[str, str], network: str) -> Cable:
    base, _, last = network.rpartition(".")
    first = int(last)
    return Cable(name, End(*a, f"{base}.{first + 1}/30"), End(*b, f"{base}.{first + 2}/30"))


CABLES = (
    _cable("c1", ("gw-1", "eth2"), ("core-1", "eth1"), "10.0.13.0"),
    _cable("c2", ("gw-1", "eth3"), ("core-2", "eth1"), "10.0.14.0"),
    _cable("c3", ("gw-2", "eth2"), ("core-1", "eth2"), "10.0.23.0"),
    _cable("c4", ("gw-2", "eth3"), ("core-2", "eth2"), "10.0.24.0"),
    _cable("c5", ("core-1", "eth3"), ("core-2", "eth3"), "10.0.34.0"),
    _cable("c6", ("core-1", "eth4"), ("isp-1", "eth1"), "192.0.2.12"),
    _cable("c7", ("core-2", "eth4"), ("isp-2", "eth1"), "192.0.2.16"),
)
#: Where the Internet begins: the ISPs' ports towards the host that stands for it. No router is at the far end.
OUTSIDE = (
    _cable("c8", ("isp-1", "eth2"), (NET, "eth0"), "10.9.5.0"),
    _cable("c9", ("isp-2", "eth2"), (NET, "eth1"), "10.9.6.0"),
)
#: Ports on the switch of the site, with their addresses.
LAN = (
    End("gw-1", LAN_PORT, "10.10.0.2/24"), End("gw-2", LAN_PORT, "10.10.0.3/24"), End(SITE, "eth0", "10.10.0.100/24"),
)  # fmt: skip


def number(router: str) -> int:
    """1 to 6; the last part of the router's id."""
    return ROUTERS.index(router) + 1


def router_id(router: str) -> str:
    """The router's id, which is also the address of its loopback."""
    return f"10.255.0.{number(router)}"


def cables_of(router: str) -> list[tuple[End, End]]:
    """(own end, far end) of the cables between routers that are plugged in at one."""
    return [ends for cable in CABLES if (ends := cable.ends(router))]


def system_number(router: str) -> int:
    """The AS that a router belongs to."""
    return {"isp-1": 65001, "isp-2": 65002}.get(router, 65000)


@dataclass(frozen=True)
class Station:
    """A base station, which is a site and its only cell. One that is not `whole` has no signalling link: it is managed
    and never on air."""

    name: str
    mobile: bool = False
    whole: bool = True

    @property
    def bts(self) -> int:
        """Its number at the controller."""
        return STATIONS.index(self)

    @property
    def channel(self) -> int:
        """The channel number (ARFCN) of its only transceiver."""
        return 512 + 2 * self.bts


STATIONS = (
    Station("SITE-01"), Station("SITE-02"), Station("SITE-03"),
    Station("BTS-LD-01", mobile=True), Station("BTS-LD-02", mobile=True),
    *(Station(f"PLANNED-{place:02d}", whole=False) for place in range(1, 21)),
)  # fmt: skip


def station(name: str) -> Station | None:
    """The station of that name."""
    return next((one for one in STATIONS if one.name == name), None)


def devices(event: Event, *, core: bool = True, air: Sequence[AccessPoint] = ()) -> tuple[Device, ...]:
    """The devices as a workspace describes them, at the event's venues. `core`: an MSC runs; `air`: access points."""
    venues = event.venue_ids
    routers = [
        _device(name, "router", "frr", venues, expect=router_expectations(name), intents=router_intents(name))
        for name in ROUTERS
    ]
    on_air = [venue.id for venue in event.venues if "mobile" in venue.services] or list(venues)
    stations = station_expectations(on_air, core=core)
    bsc = _device(CONTROLLER, "bts_controller", "osmocom_bsc", on_air, expect=stations, intents=station_intents())
    return (*routers, bsc, *([access_points(air)] if air else []))


def access_points(air: Sequence[AccessPoint]) -> Device:
    """The machine with the radios."""
    expect = expectations(Order(Path(), Path(), AIR_HOST, air=tuple(air)))
    venues = sorted({ap.venue for ap in air})
    return _device(AIR_HOST, "wifi_controller", "linux_hostapd", venues, expect=expect, intents=air_intents())


def air_of(event: Event) -> tuple[AccessPoint, ...]:
    """The access points, at the event's venues that have WiFi; empty when none has."""
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


def router_expectations(router: str) -> dict[str, Any]:
    """What must be there on a router."""
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
    """What is to be configured on a router. Gateways share their traffic between both cores instead of keeping one for
    the other's loss; the ISPs' routers are not ours."""
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
    steer = {"interface": LAN_PORT, "sources": ["10.10.0.0/24"], "next_hop": ways[0]}
    return {"load_balancing": balance, "backup": backup, "priority": {"steer": steer}}


def station_intents() -> dict[str, Any]:
    """What is to be configured at the controller, for the stations on air."""
    on_air = [one.bts for one in STATIONS if one.whole]
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
    """What is to be configured on the machine with the radios."""
    return {"load_balancing": {"radio_clients": 15}, "backup": {}, "priority": {}}


def station_expectations(venues: Sequence[str], *, core: bool = True) -> dict[str, Any]:
    """What must be there at the controller. Stations that are only planned are sites without a cell."""
    on_air = [one for one in STATIONS if one.whole]
    at = {one.name: venues[place % len(venues)] for place, one in enumerate(on_air)}
    expect: dict[str, Any] = {
        "sites": [{"name": one.name, "mobile": one.mobile, "venue": at.get(one.name)} for one in STATIONS],
        "cells": [{"name": one.name, "site": one.name, "venue": at[one.name]} for one in on_air],
    }
    return {**expect, "core_links": ["0"]} if core else expect


#: The machine with the radios has been up for moments, and says so.
_FRESH = (("uptime", AIR_HOST, "uptime", "fail"),)


def standing_finds(air: Sequence[AccessPoint] = ()) -> tuple[tuple[str, str, str, str], ...]:
    """(check, device, subject, status) of what is true of the province when everything is in order: stations that are
    only planned are managed and carry no calls, and a VTY is telnet."""
    planned = [one.name for one in STATIONS if not one.whole]
    told = [(check, CONTROLLER, name, "warn") for check in ("site", "cell") for name in planned]
    return (("cleartext", CONTROLLER, "login", "warn"), *_FRESH[: bool(air)], *told)
