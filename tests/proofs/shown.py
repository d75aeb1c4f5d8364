"""Inventory of an invented network, and the facts that its devices show at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.device import Device, Role, Service
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import Event, ServiceOrigin
from eventready.workspace.settings.risk import RiskGroup
from tests.checks.casebook import FakePlatform, english
from tests.proofs.forwarding import Moment
from tests.proofs.invented import Cable, Group, Invented, Router, Segment, Station
from tests.proofs.product import Network

#: What an invented platform cannot tell: nothing of it leads a packet.
_UNSUPPORTED = (
    "cpu", "memory", "temperature", "power", "fan", "board", "optic", "time_sync", "log_target", "saved_config", "disk",
    "certificate", "default_route_v6", "router_advertisement", "alarm", "channel_load", "channel_requests", "timeslot",
    "radio", "radio_24", "radio_load", "radio_load_24", "router_identity", "port_speed", "bundle_minimum", "listener",
    "access_point_uplink", "access_point_lldp", "hsrp_group", "hsrp_failover", "isis_neighbour", "bgp_neighbour",
    "wlan", "dhcp_pool", "dns_answer", "backend", "nat_sessions", "address",
)  # fmt: skip
_PLATFORM = FakePlatform(unsupported=english(dict.fromkeys(_UNSUPPORTED, "it cannot")))
_PORT = {"bandwidth_bps": 10**10, "duplex": "full", "mtu": 1500, "in_bps": 1, "out_bps": 1, "in_errors": 0,
         "out_errors": 0, "crc_errors": 0, "in_drops": 0, "out_drops": 0, "in_bytes": 0, "out_bytes": 0}  # fmt: skip
_CARE = {"ntp": False, "syslog": False, "saved_config": False}


class Inventory:
    """Devices, event and setting of an invented network."""

    def __init__(self, net: Invented) -> None:
        self.net = net

    def network(self, moment: Moment) -> Network:
        """The network with the readings of a moment."""
        return self._silent.reading(Shown(self, moment).observations(), moment.failure.devices)

    @cached_property
    def _silent(self) -> Network:
        venues = [
            {"id": name, "name": name, "name_vi": name, "services": services} for name, services in self.net.venues
        ]
        event = Event.model_validate(
            {"id": "proof", "name": "Proof", "recipient": {"name": "R", "email": "r@example.vn"}, "venues": venues}
        )
        risks = tuple(RiskGroup(name=name, kind="duct", members=members) for name, members in self.net.risks)
        setting = NetworkSetting(event.venues, tuple(self._origins()), risks)
        return Network(event, tuple(self._devices()), setting, {_PLATFORM.name: _PLATFORM}, ())

    def _origins(self) -> Iterator[ServiceOrigin]:
        for one in self.net.routers:
            if one.provider:
                outward: tuple[Service, ...] = ("fixed", "internet", "wifi")
                yield ServiceOrigin(kind="upstream", device=one.name, port="provider", services=outward)
                yield ServiceOrigin(kind="core", device=one.name, services=("mobile",))
        for host in self.net.hosts:
            yield ServiceOrigin(kind="portal", device=host.name, services=("internet", "wifi"))

    # --- devices -----------------------------------------------------------------------------------------------------

    def _devices(self) -> Iterator[Device]:
        for one in self.net.routers:
            yield self._device(one.name, "router", one.venues, self._of_router(one))
        for name, venues in self.net.switches:
            yield self._device(name, "switch", venues, {}, services=("fixed", "internet") if venues else ())
        for station in self.net.stations:
            services = {"services": ("internet", "wifi")} if station.role == "service_host" else {}
            yield self._device(station.name, station.role, station.venues, self._of_station(station), **services)

    def _device(self, name: str, role: Role, venues: tuple[str, ...], expect: Mapping[str, Any], **more: Any) -> Device:
        links = [
            {"port": cable.one[1], "device": cable.other[0], "to_port": cable.other[1]}
            for cable in self.net.cables if cable.one[0] == name
        ]  # fmt: skip
        hidden = next((one for one in self.net.segments if one.hidden and name == one.ends[0][0]), None)
        address = hidden.address(name) if hidden else f"192.0.2.{self.net.devices.index(name) + 1}"
        expected = Expect.model_validate({**_CARE, "links": links, **expect})
        return Device(name, role, _PLATFORM.name, address, venues=venues, expect=expected, **more)

    def _of_router(self, one: Router) -> dict[str, Any]:
        """Expectations of a router: what its configuration promises."""
        own = [segment for segment in self.net.segments if one.name in dict(segment.ends)]
        peers = [_far(segment, one.name) for segment in own]
        speaks = {router.name for router in self.net.routers if router.ospf} if one.ospf else set()
        adjacent = [segment.address(peer) for segment, peer in zip(own, peers, strict=True) if peer in speaks]
        watched = [s.segment.address(s.to) for s in one.statics if s.segment and s.watched]
        bundles = [
            {"name": segment.port(one.name), "members": 2, "min_links": segment.least}
            for segment in own
            if _bundle(segment)
        ]
        groups = [_expected(group, one.name) for group in self.net.groups if one.name in group.members]
        return {
            "uplinks": ["provider"] if one.provider else [],
            "ospf": adjacent or None, "bfd": watched or None, "bundles": bundles, "gateways": groups,
            "default_routes": len(one.statics) or None,
        }  # fmt: skip

    def _of_station(self, one: Station) -> dict[str, Any]:
        match one.role:
            case "bts_controller":
                cells = [{"name": name, "site": name, "venue": venue} for name, venue in one.parts]
                sites = [{"name": name, "venue": venue} for name, venue in one.parts]
                return {"sites": sites, "cells": cells, "core_links": one.servers}
            case "wifi_controller":
                points = [{"name": name, "venue": venue} for name, venue in one.parts]
                paired = any(one.name in (other.name, other.standby) for other in self.net.stations if other.standby)
                return {"access_points": points, "radius": one.servers or None, "controller_pair": paired}
            case _:
                return {"services": ["nginx"]}


def _far(segment: Segment, name: str) -> str:
    return next(other for other, _port in segment.ends if other != name)


def _bundle(segment: Segment) -> bool:
    return bool(segment.cables[0].bundle)


def _expected(group: Group, member: str) -> dict[str, Any]:
    role = "master" if group.members[0] == member else "backup"
    return {
        "protocol": "vrrp", "group": group.number, "interface": f"lan{group.number}", "virtual_ip": group.address,
        "role": role,
    }  # fmt: skip


class Shown:
    """Facts of all devices at a moment; a device that is down answers nothing."""

    def __init__(self, inventory: Inventory, moment: Moment) -> None:
        self._net, self._moment = inventory.net, moment
        self._facts = inventory._silent.matrix

    def observations(self) -> Iterator[Observation]:
        """Observations of an audit: every fact of a check, counters twice."""
        for name in self._net.devices:
            rows = self._rows(name) if self._moment.alive(name) else {}
            for fact in self._facts.needed(name):
                for reading in (1, 2) if CATALOGUE[fact].counter else (1,):
                    yield self._observation(name, fact, reading, rows.get(fact, ()))

    def _observation(self, name: str, fact: str, reading: int, rows: Iterable[Mapping[str, Any]]) -> Observation:
        command = f"show {fact}"
        if not self._moment.alive(name):
            return Observation(name, fact, Status.UNREACHABLE, command, reason="no answer", reading=reading)
        kind = CATALOGUE[fact].record
        moved = {"in_bytes": reading * 10**6, "out_bytes": reading * 10**6} if fact == "interface" else {}
        records = tuple(kind.model_validate({**row, **moved}) for row in rows)
        status = Status.PARSED if records else Status.EMPTY
        return Observation(name, fact, status, command, records, evidence=f"{name}-{fact}", reading=reading)

    def _rows(self, name: str) -> dict[str, list[dict[str, Any]]]:
        rows: dict[str, list[dict[str, Any]]] = {
            "system": [{"version": "1", "uptime_s": 9_000_000}],
            "interface": list(self._ports(name)), "neighbour": list(self._neighbours(name)),
        }  # fmt: skip
        router = next((one for one in self._net.routers if one.name == name), None)
        station = next((one for one in self._net.stations if one.name == name), None)
        return rows | (self._of_router(router) if router else {}) | (self._of_station(station) if station else {})

    # --- wires -------------------------------------------------------------------------------------------------------

    def _ports(self, name: str) -> Iterator[dict[str, Any]]:
        moment = self._moment
        logical = {segment.port(name): segment for segment in self._net.segments if name in dict(segment.ends)}
        for cable in self._net.cables:
            for device, port in (cable.one, cable.other):
                if device == name and port not in logical and not port.startswith("lan"):
                    yield _port(port, up=moment.carries(cable))
        for port, segment in logical.items():
            yield _port(port, f"{segment.address(name)}/29", up=moment.port_up(name, segment))
        for group in self._net.groups:
            if name in group.members:
                place = 2 + group.members.index(name)
                yield _port(f"lan{group.number}", f"172.16.{group.number}.{place}/24", up=moment.lan_up(name, group))
        router = next((one for one in self._net.routers if one.name == name), None)
        if router and router.provider:
            number = self._net.devices.index(name)
            yield _port("provider", f"203.0.113.{8 * number + 2}/29", up=moment.provider_up(router))

    def _neighbours(self, name: str) -> Iterator[dict[str, Any]]:
        for cable in self._net.cables:
            for end, far in ((cable.one, cable.other), (cable.other, cable.one)):
                if end[0] == name and self._moment.carries(cable) and self._lit(end):
                    yield {"interface": end[1], "device": far[0], "port": far[1]}

    def _lit(self, end: tuple[str, str]) -> bool:
        return f"{end[0]}:{end[1]}" not in self._moment.failure.parts

    # --- routers -----------------------------------------------------------------------------------------------------

    def _of_router(self, one: Router) -> dict[str, list[dict[str, Any]]]:
        return {
            "ospf_neighbour": list(self._adjacencies(one.name)), "bfd_session": list(self._sessions(one)),
            "static_route": [self._static(one, number) for number in range(len(one.statics))],
            "default_route": list(self._default(one)), "link_bundle": list(self._bundles(one.name)),
            "vrrp_group": list(self._groups(one.name)), "vrrp_failover": list(self._timers(one.name)),
        }  # fmt: skip

    def _adjacencies(self, name: str) -> Iterator[dict[str, Any]]:
        for _cost, other, segment in self._moment.adjacent[name]:
            address = segment.address(other)
            yield {"protocol": "ospf", "peer": address, "address": address, "interface": segment.port(name),
                   "state": "Full", "up": True}  # fmt: skip

    def _sessions(self, one: Router) -> Iterator[dict[str, Any]]:
        """BFD sessions of a router: those of its routes, and those that others keep to it."""
        watching = {(s.segment.number, frozenset((router.name, s.to))): s.segment
                    for router in self._net.routers for s in router.statics if s.segment and s.watched}  # fmt: skip
        for (_number, pair), segment in watching.items():
            if one.name in pair:
                (other,) = pair - {one.name}
                up = self._moment.connected(segment, one.name, other)
                yield {
                    "peer": segment.address(other),
                    "interface": segment.port(one.name),
                    "state": "up" if up else "down",
                }

    def _static(self, router: Router, number: int) -> dict[str, Any]:
        static = router.statics[number]
        way = self._way(router.name, static.segment, static.to)
        return {"prefix": "0.0.0.0/0", **way, "distance": static.distance, "bfd": "bfd" if static.watched else None}

    def _way(self, router: str, segment: Segment | None, to: str) -> dict[str, Any]:
        if segment is None:
            return {"next_hop": f"203.0.113.{8 * self._net.devices.index(router) + 1}", "interface": "provider"}
        return {"next_hop": segment.address(to), "interface": segment.port(router)}

    def _default(self, router: Router) -> Iterator[dict[str, Any]]:
        if found := self._moment.defaults[router.name]:
            distance, (segment, to) = found
            protocol = "ospf" if distance == 110 else "static"
            yield {
                "prefix": "0.0.0.0/0",
                "protocol": protocol,
                **self._way(router.name, segment, to),
                "distance": distance,
            }

    def _bundles(self, name: str) -> Iterator[dict[str, Any]]:
        for segment in self._net.segments:
            if _bundle(segment) and name in dict(segment.ends):
                members = [(_end(cable, name)[1], self._moment.carries(cable)) for cable in segment.cables]
                yield {
                    "name": segment.port(name), "oper": "up" if self._moment.port_up(name, segment) else "down",
                    "protocol": "lacp", "members": [port for port, _up in members],
                    "bundled": [port for port, up in members if up], "min_links": segment.least,
                }  # fmt: skip

    def _groups(self, name: str) -> Iterator[dict[str, Any]]:
        for group in self._net.groups:
            if name in group.members:
                up = self._moment.lan_up(name, group)
                state = "init" if not up else "master" if self._moment.master(group) == name else "backup"
                yield {
                    "protocol": "vrrp", "group": group.number, "interface": f"lan{group.number}",
                    "virtual_ip": group.address, "state": state, "priority": _priority(group, name),
                }  # fmt: skip

    def _timers(self, name: str) -> Iterator[dict[str, Any]]:
        for group in self._net.groups:
            if name in group.members:
                yield {"protocol": "vrrp", "group": group.number, "interface": f"lan{group.number}",
                       "priority": _priority(group, name), "advertisement_s": 1, "tracks": group.tracks}  # fmt: skip

    # --- controllers and hosts ---------------------------------------------------------------------------------------

    def _of_station(self, one: Station) -> dict[str, list[dict[str, Any]]]:
        match one.role:
            case "bts_controller":
                return self._of_bsc(one)
            case "wifi_controller":
                return self._of_wlc(one)
            case _:
                return {"service": [{"name": "nginx", "state": "up"}]}

    def _of_bsc(self, one: Station) -> dict[str, list[dict[str, Any]]]:
        states = {name: _word(f"{one.name}:{name}" not in self._moment.failure.parts) for name, _venue in one.parts}
        links = self._moment.core_links(one)
        return {
            "site": [{"name": name, "link": state} for name, state in states.items()],
            "cell": [{"name": name, "site": name, "state": state, "barred": False} for name, state in states.items()],
            "core_link": [{"name": name, "state": _word(name in links)} for name in one.servers],
        }

    def _of_wlc(self, one: Station) -> dict[str, list[dict[str, Any]]]:
        active = next((s for s in self._net.stations if s.role == "wifi_controller" and s.parts), one)
        serving = self._moment.controller(active) or active.name
        points = active.parts if one.name == serving else ()
        parts = self._moment.failure.parts
        return {
            "access_point": [
                {"name": name, "state": _word(f"{active.name}:{name}" not in parts)} for name, _venue in points
            ],
            "radius_server": [{"host": host, "state": _word(host in self._moment.radius(one))} for host in one.servers],
            "controller_pair": [self._pair(one, active, serving)] if active.standby else [],
        }

    def _pair(self, one: Station, active: Station, serving: str) -> dict[str, Any]:
        other = active.standby if one.name == active.name else active.name
        ready = self._moment.alive(other) and bool(self._moment.gateway(self._net.station(other)))
        state = ("active" if ready else "alone") if one.name == serving else "standby"
        return {"local_state": state, "ready": ready}


def _port(name: str, *addresses: str, up: bool) -> dict[str, Any]:
    return {"name": name, "admin": "up", "oper": _word(up), "addresses": addresses, **_PORT}


def _word(up: bool) -> str:
    return "up" if up else "down"


def _end(cable: Cable, name: str) -> tuple[str, str]:
    return cable.one if cable.one[0] == name else cable.other


def _priority(group: Group, name: str) -> int:
    return 120 - 10 * group.members.index(name)
