"""First-hop redundancy (VRRP, HSRP): each member by itself, and each group across its members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from eventready.checks.answer import answered, at, blind, failed, passed, unknown, warned
from eventready.checks.check import Look, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.checks.ports import port_key
from eventready.facts.records import GatewayGroup
from eventready.workspace.device import Device
from eventready.workspace.expect import ExpectedGateway

Protocol = Literal["vrrp", "hsrp"]
_DUTIES = ("1.2c",)


def _uses_vrrp(device: Device) -> bool:
    return any(gateway.protocol == "vrrp" for gateway in device.expect.gateways)


def _uses_hsrp(device: Device) -> bool:
    return any(gateway.protocol == "hsrp" for gateway in device.expect.gateways)


@check("vrrp", roles=("router",), needs=("vrrp_group",), duties=_DUTIES, applies=_uses_vrrp)
def vrrp(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """The device is a member of its VRRP groups, in the part it should play."""
    yield from _memberships(look, "vrrp")


@check("hsrp", roles=("router",), needs=("hsrp_group",), duties=_DUTIES, applies=_uses_hsrp)
def hsrp(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """The device is a member of its HSRP groups, in the part it should play."""
    yield from _memberships(look, "hsrp")


def _expected(device: Device, protocol: Protocol) -> Iterator[ExpectedGateway]:
    return (gateway for gateway in device.expect.gateways if gateway.protocol == protocol)


def _member(look: Look, expected: ExpectedGateway) -> GatewayGroup | None:
    wanted = (expected.group, port_key(expected.interface))
    rows = look.rows(f"{expected.protocol}_group", GatewayGroup)
    return next((row for row in rows if (row.group, port_key(row.interface)) == wanted), None)


def _memberships(look: Look, protocol: Protocol) -> Iterator[Finding]:
    for expected in _expected(look.device, protocol):
        subject = f"{protocol} {expected.group} {expected.interface}"
        yield _membership(subject, expected, _member(look, expected))


def _membership(subject: str, expected: ExpectedGateway, row: GatewayGroup | None) -> Finding:
    if row is None:
        return failed(subject, "{subject} is expected and not there")
    if row.state == "init":
        return failed(subject, "{subject} takes no part in its group (state {state})", state=row.state)
    if expected.virtual_ip and row.virtual_ip and row.virtual_ip != expected.virtual_ip:
        return failed(
            subject,
            "{subject} has the address {address}, not {wanted}",
            address=row.virtual_ip,
            wanted=expected.virtual_ip,
        )
    if expected.role and row.state != expected.role:
        # A backup that took over does its duty; a master that lost its part is the fault.
        status = Outcome.FAIL if expected.role == "master" else Outcome.WARN
        return answered(
            status, "{subject} is {state}, not {wanted}", subject=subject, state=row.state, wanted=expected.role
        )
    if row.preempt is False:
        return warned(subject, "{subject} is {state} and would not take its part back (no preempt)", state=row.state)
    return passed(subject, "{subject} is {state}", state=row.state)


@check("vrrp_pair", roles=("router",), needs=("vrrp_group",), duties=_DUTIES, scope="fleet", applies=_uses_vrrp)
def vrrp_pair(looks: Sequence[Look], _limits: NoLimits) -> Iterator[Finding]:
    """Every VRRP group has exactly one master, and a backup."""
    yield from _groups(looks, "vrrp")


@check("hsrp_pair", roles=("router",), needs=("hsrp_group",), duties=_DUTIES, scope="fleet", applies=_uses_hsrp)
def hsrp_pair(looks: Sequence[Look], _limits: NoLimits) -> Iterator[Finding]:
    """Every HSRP group has exactly one master, and a backup."""
    yield from _groups(looks, "hsrp")


@dataclass(frozen=True)
class _Part:
    """One device's part in a group: what is expected, and what it tells (None: not a member, or not measured)."""

    look: Look
    expected: ExpectedGateway
    row: GatewayGroup | None

    @property
    def measured(self) -> bool:
        return self.look.measured(f"{self.expected.protocol}_group")

    @property
    def untold(self) -> bool:
        return f"{self.expected.protocol}_group" in self.look.untold

    @property
    def name(self) -> str:
        return self.look.device.name


def _groups(looks: Sequence[Look], protocol: Protocol) -> Iterator[Finding]:
    groups: dict[tuple[int, str], list[_Part]] = {}
    for look in looks:
        for expected in _expected(look.device, protocol):
            # The number alone is used at every venue anew; the address, or else the venues, tell groups apart.
            place = expected.virtual_ip or ",".join(sorted(look.device.venues))
            groups.setdefault((expected.group, place), []).append(_Part(look, expected, _member(look, expected)))
    for (number, place), parts in groups.items():
        parts.sort(key=lambda part: (part.expected.role != "master", part.name))
        devices = [part.look.device for part in parts]
        yield at(_group(f"{protocol} {number} {place}".strip(), parts), devices)


def _group(subject: str, parts: list[_Part]) -> Finding:
    members = ", ".join(part.name for part in parts)
    masters = [part for part in parts if part.row is not None and part.row.state == "master"]
    untold = ", ".join(part.name for part in parts if part.untold)
    unread = ", ".join(part.name for part in parts if not part.measured and not part.untold)
    if len(masters) > 1:
        named = ", ".join(part.name for part in masters)
        return failed(subject, "{subject} has {count} masters at once: {masters}", count=len(masters), masters=named)
    if unread:
        return unknown(subject, "{subject} cannot be judged: {unread} could not be read", unread=unread)
    if untold:
        return blind(subject, "{subject} cannot be judged: {untold} cannot tell", untold=untold)
    if not masters and len(parts) == 1 and _hears_a_master(parts[0]):
        return unknown(subject, "{subject} cannot be judged: its master is not part of this audit")
    if not masters:
        return failed(subject, "{subject} has no master among {members}", members=members)
    return _one_master(subject, masters[0].name, parts)


def _hears_a_master(part: _Part) -> bool:
    """True for a backup that is meant to be none but that: it would not stay one without a master."""
    return part.row is not None and part.row.state == "backup" and part.expected.role != "master"


def _one_master(subject: str, master: str, parts: list[_Part]) -> Finding:
    wanted = next((part.name for part in parts if part.expected.role == "master"), master)
    if master != wanted:
        return failed(subject, "{subject} has {master} as its master, not {wanted}", master=master, wanted=wanted)
    if len(parts) == 1:
        return warned(subject, "{subject} has only one member, {member}", member=master)
    if not any(part.row is not None and part.row.state == "backup" for part in parts):
        return failed(subject, "{subject} has {master} as its master and no backup", master=master)
    return passed(subject, "{subject} has {master} as its only master", master=master)
