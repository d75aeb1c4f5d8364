"""Addresses in the lines of a plan: of others, outside of the subnet, or on no connected network."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from eventready.change.forms.tree import Path, Tree, walk
from eventready.change.safety.effects import interface_of
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import is_address
from eventready.platforms.model import ChangeSpec
from eventready.workspace.devices.device import Device
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class KnownAddresses:
    """Addresses of a workspace with their owners: devices, gateway groups, neighbours, answers, RADIUS servers."""

    owners: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """Return the addresses of the devices of a workspace, and of its answers at the venues."""
        return cls({**dict(_of_answers(workspace)), **dict(_of_devices(workspace.devices))})

    def owner(self, address: str, device: Device) -> str:
        """Return the owner of an address; empty for an unknown address, and for a group or an address of the device."""
        own = {device.hostname, *(gateway.virtual_ip for gateway in device.expect.gateways)}
        return "" if address in own else self.owners.get(address, "")


NONE_KNOWN = KnownAddresses()


def _of_devices(devices: Iterable[Device]) -> Iterator[tuple[str, str]]:
    for device in devices:
        expect = device.expect
        questions = (target for answer in expect.answers for target in answer.targets)
        for address in (*expect.bfd_addresses, *(expect.bgp or ()), *(expect.radius or ()), *questions):
            yield address.partition("@")[0], f"expect of {device.name}"
        for gateway in expect.gateways:
            yield gateway.virtual_ip or "", f"gateway group {gateway.group} of {device.name}"
    yield from ((device.hostname, device.name) for device in devices)


def _of_answers(workspace: Workspace) -> Iterator[tuple[str, str]]:
    for venue in workspace.event.venues:
        for service, answers in venue.answers.items():
            for answer in answers:
                for address in (*answer.targets, *answer.addresses, *answer.gateways, *answer.resolvers):
                    yield address, f"{service} at {venue.id}"


@dataclass(frozen=True)
class _Connected:
    """Own addresses of a configuration with their networks and interfaces."""

    own: Mapping[str, str]
    networks: tuple[tuple[ipaddress.IPv4Network, str], ...]

    def of_interface(self, name: str) -> tuple[ipaddress.IPv4Network, ...]:
        return tuple(network for network, interface in self.networks if interface == name)

    def interface_to(self, address: str) -> str | None:
        """Return the interface of the network of an address; None for an address on no connected network."""
        here = ipaddress.ip_address(address)
        return next((interface for network, interface in self.networks if here in network), None)


@dataclass(frozen=True)
class _Surroundings:
    """Device with its networks, the addresses of others in its configuration, and those of the workspace."""

    device: Device
    connected: _Connected
    others: Mapping[str, str]
    known: KnownAddresses


def check_addresses(
    spec: ChangeSpec, device: Device, new: Iterable[Path], tree: Tree, known: KnownAddresses
) -> tuple[Message, ...]:
    """Return the risks of the addresses in new lines: probes by another way than an uplink, and next hops on no
    connected network, which a route may reach all the same.

    Raises RefusedError for an address of the device or of somebody else where it may be neither, for a virtual address
    outside of the subnet, and for a next hop that cannot be one.
    """
    paths = list(walk(tree))
    lines = [path[-1] for path in paths]
    connected = _own_networks(spec, paths)
    virtual = _found(spec.values.virtual, lines)
    others = {
        **dict.fromkeys((*device.expect.bfd_addresses, *(device.expect.bgp or ())), "expect"),
        **_found((*spec.values.neighbours, *spec.values.towards), lines),
    }
    complete = bool(connected.networks) and not any(map(re.compile(spec.values.dynamic or r"(?!)").fullmatch, lines))
    here, risks = _Surroundings(device, connected, others, known), dict[Message, None]()
    for path in new:
        _refuse_virtual(spec, path, here)
        _refuse_own(spec, path, here)
        for address in _found(spec.values.towards, path[-1:]):
            about = {"line": path[-1], "device": device.name, "address": address}
            if address in connected.own or address in virtual:
                raise RefusedError(message("change:value.towards_own", **about))
            if not _may_be_next(address):
                raise RefusedError(message("change:value.towards_none", **about))
            if complete and connected.interface_to(address) is None:
                risks[message("change:risk.towards_far", **about)] = None
        risks |= dict.fromkeys(_probe_risks(spec, path, here))
    return tuple(risks)


def _refuse_virtual(spec: ChangeSpec, path: Path, here: _Surroundings) -> None:
    """Raise RefusedError for a shared address of the device, of others, or outside of the subnet."""
    for match in _matches(spec.values.virtual, path[-1]):
        address = match["address"].partition("/")[0]
        about = {"line": path[-1], "device": here.device.name, "address": address}
        if address in here.connected.own:
            raise RefusedError(message("change:value.virtual_own", **about))
        if address in here.others:
            raise RefusedError(message("change:value.virtual_other", other=here.others[address], **about))
        if owner := here.known.owner(address, here.device):
            raise RefusedError(message("change:value.known", owner=owner, **about))
        prefix = match.groupdict().get("prefix")
        networks = (
            _network(prefix, None) if prefix else here.connected.of_interface(interface_of(spec.effects, path, match))
        )
        if networks and not any(ipaddress.ip_address(address) in network for network in networks):
            raise RefusedError(message("change:value.subnet", subnets=[str(one) for one in networks], **about))


def _refuse_own(spec: ChangeSpec, path: Path, here: _Surroundings) -> None:
    """Raise RefusedError for an own address of others, and for a source of no own address."""
    for address in _found(spec.values.addresses, path[-1:]):
        if owner := here.known.owner(address, here.device):
            about = {"line": path[-1], "device": here.device.name, "address": address}
            raise RefusedError(message("change:value.known", owner=owner, **about))
    for address in _found(spec.values.sources, path[-1:]):
        if here.connected.own and address not in here.connected.own:
            raise RefusedError(message("change:value.source", line=path[-1], device=here.device.name, address=address))


def _probe_risks(spec: ChangeSpec, path: Path, here: _Surroundings) -> Iterator[Message]:
    """Yield a risk for a probe by another port than an uplink. Raises RefusedError for a probe to the device itself."""
    for match in _matches(spec.values.probed, path[-1]):
        address = match["address"]
        if address in here.connected.own:
            raise RefusedError(
                message("change:value.asks_own", line=path[-1], device=here.device.name, address=address)
            )
        port = match.groupdict().get("interface") or here.connected.interface_to(address)
        if here.device.expect.uplinks and port not in here.device.expect.uplinks:
            yield message("change:risk.probe", line=path[-1], uplinks=list(here.device.expect.uplinks))


def _own_networks(spec: ChangeSpec, paths: Iterable[Path]) -> _Connected:
    own, networks = dict[str, str](), list[tuple[ipaddress.IPv4Network, str]]()
    for path in paths:
        for match in _matches(spec.values.addresses, path[-1]):
            address, _, length = match["address"].partition("/")
            own[address] = path[-1]
            for network in _network(address, match.groupdict().get("mask") or length):
                networks.append((network, interface_of(spec.effects, path, match)))
    return _Connected(own, tuple(networks))


def _network(address: str, mask: str | None) -> tuple[ipaddress.IPv4Network, ...]:
    """Return the network of an address with a mask or a length; none for an unreadable mask."""
    try:
        return (ipaddress.IPv4Network(f"{address}/{mask}" if mask else address, strict=False),)
    except ValueError:
        return ()


def _matches(patterns: Iterable[str], line: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a line with an address in the group `address`."""
    for pattern in patterns:
        match = re.fullmatch(pattern, line)
        if match and is_address(match["address"].partition("/")[0]):
            yield match


def _found(patterns: Iterable[str], lines: Iterable[str]) -> Mapping[str, str]:
    """Return the addresses of lines, each with its line; a prefix length is left out."""
    patterns = tuple(patterns)
    return {match["address"].partition("/")[0]: line for line in lines for match in _matches(patterns, line)}


def _may_be_next(text: str) -> bool:
    """Return True for an address of a single device: no loopback, multicast, broadcast or unspecified address."""
    address = ipaddress.ip_address(text)
    nowhere = address.is_loopback or address.is_multicast or address.is_unspecified
    return not nowhere and text != "255.255.255.255"
