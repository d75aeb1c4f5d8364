"""Declared cables, judged from both ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventready.checks.answer import at, blind, failed, passed, tidy, unknown, warned
from eventready.checks.check import Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.checks.ports import port_key
from eventready.facts.records import Interface, Neighbour, System
from eventready.workspace.device import Device, Role

_ROLES: tuple[Role, ...] = ("router", "wifi_controller")
_MEGABIT = 1_000_000
End = tuple[str, str]


def _cables(devices: Sequence[Device]) -> dict[tuple[End, End], tuple[End, End]]:
    """Each cable once, whichever end declares it: canonical ends to the ends as they are written."""
    cables: dict[tuple[End, End], tuple[End, End]] = {}
    for device in devices:
        for link in device.expect.links:
            near, far = (device.name, link.port), (link.device, link.to_port)
            one, other = sorted(((name, port_key(port)), (name, port)) for name, port in (near, far))
            cables.setdefault((one[0], other[0]), (one[1], other[1]))
    return cables


def _ends(devices: Sequence[Device]) -> set[str]:
    return {name for ends in _cables(devices) for name, _port in ends}


@check("link", roles=_ROLES, needs=("interface",), duties=("1.2a", "1.2b"), scope="fleet", concerns=_ends)
def link(looks: Sequence[Look], _limits: NoLimits) -> Iterator[Finding]:
    """Both ends of every declared link are up, with the same speed and MTU."""
    by_name = {look.device.name: look for look in looks}
    for one, other in _cables([look.device for look in looks]).values():
        known = [by_name[name].device for name, _port in (one, other) if name in by_name]
        yield at(_link(one, other, by_name), known)


def _link(one: End, other: End, by_name: dict[str, Look]) -> Finding:
    subject = f"{one[0]} {one[1]} - {other[0]} {other[1]}"
    rows: list[Interface] = []
    unread: list[str] = []
    untold: list[str] = []
    absent: list[str] = []
    for name, port in (one, other):
        look = by_name.get(name)
        if look is None:
            absent.append(name)
        elif not look.measured("interface"):
            (untold if "interface" in look.untold else unread).append(name)
        else:
            row = next((row for row in look.rows("interface", Interface) if port_key(row.name) == port_key(port)), None)
            if row is None:
                return failed(subject, "{subject}: {device} has no port {port}", device=name, port=port)
            if row.oper != "up":
                return failed(subject, "{subject} is down at {device}", device=name)
            rows.append(row)
    if unread:
        return unknown(subject, "{subject} cannot be judged: {unread} could not be read", unread=", ".join(unread))
    if untold:
        return blind(subject, "{subject} cannot be judged: {untold} cannot tell", untold=", ".join(untold))
    if absent:
        return blind(subject, "{subject}: {absent} is not part of this audit", absent=", ".join(absent))
    return _alike(subject, rows[0], rows[1])


def _alike(subject: str, one: Interface, other: Interface) -> Finding:
    if one.bandwidth_bps and other.bandwidth_bps and one.bandwidth_bps != other.bandwidth_bps:
        return warned(
            subject,
            "{subject} has {one} Mbit/s at one end and {other} at the other",
            one=tidy(one.bandwidth_bps / _MEGABIT),
            other=tidy(other.bandwidth_bps / _MEGABIT),
        )
    if one.mtu and other.mtu and one.mtu != other.mtu:
        return warned(
            subject, "{subject} has an MTU of {one} at one end and {other} at the other", one=one.mtu, other=other.mtu
        )
    return passed(subject, "{subject} is up at both ends")


@check(
    "link_neighbour",
    roles=_ROLES,
    needs=("neighbour",),
    duties=("1.2a",),
    scope="fleet",
    applies=lambda device: bool(device.expect.links),
    glances=("system",),
)
def link_neighbour(looks: Sequence[Look], _limits: NoLimits) -> Iterator[Finding]:
    """At the far end of every declared link answers the device that was declared."""
    by_name = {look.device.name: look for look in looks}
    names = {name: _own_names(look) for name, look in by_name.items()}
    for look in looks:
        if not look.measured("neighbour"):
            continue
        heard: dict[str, list[Neighbour]] = {}
        for row in look.rows("neighbour", Neighbour):
            heard.setdefault(port_key(row.interface), []).append(row)
        for declared in look.device.expect.links:
            rows = heard.get(port_key(declared.port), [])
            accepted = names.get(declared.device, {declared.device.casefold()})
            ends = [by_name[name].device for name in (look.device.name, declared.device) if name in by_name]
            yield at(_heard(declared.port, rows, declared.device, declared.to_port, accepted), ends)


def _own_names(look: Look) -> set[str]:
    names = {look.device.name, *(row.hostname for row in look.rows("system", System) if row.hostname)}
    return {name.casefold().split(".")[0] for name in names}


def _heard(port: str, rows: list[Neighbour], device: str, to_port: str, accepted: set[str]) -> Finding:
    right = [row for row in rows if row.device.casefold().split(".")[0] in accepted]
    if not rows:
        return warned(port, "{subject} hears nobody, where {wanted} should be", wanted=device)
    if not right:
        return failed(port, "{subject} leads to {heard}, not to {wanted}", heard=rows[0].device, wanted=device)
    ports = [row.port for row in right if row.port]
    if ports and port_key(to_port) not in {port_key(name) for name in ports}:
        return failed(
            port,
            "{subject} leads to port {heard} of {wanted}, not to {port}",
            heard=ports[0],
            wanted=device,
            port=to_port,
        )
    return passed(port, "{subject} leads to {wanted}", wanted=device)
