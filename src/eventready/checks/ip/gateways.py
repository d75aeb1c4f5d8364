"""First-hop redundancy (VRRP, HSRP): each member by itself, and each group across its members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Literal

from pydantic import Field

from eventready.checks.answer import (
    answered,
    at,
    blind,
    failed,
    graded,
    of_absence,
    of_subject,
    passed,
    unknown,
    warned,
)
from eventready.checks.check import DeviceView, Limits, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.facts.ports import port_key
from eventready.facts.records import GatewayFailover, GatewayGroup
from eventready.facts.subjects import may_be
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import ExpectedGateway

Protocol = Literal["vrrp", "hsrp"]


def _uses_vrrp(device: Device) -> bool:
    return any(gateway.protocol == "vrrp" for gateway in device.expect.gateways)


def _uses_hsrp(device: Device) -> bool:
    return any(gateway.protocol == "hsrp" for gateway in device.expect.gateways)


_vrrp_check = partial(check, topic="backup", roles=("router", "service_host"), applies=_uses_vrrp)
_hsrp_check = partial(check, topic="backup", roles=("router",), applies=_uses_hsrp)


@_vrrp_check("vrrp", kind="state", needs=("vrrp_group",))
def vrrp(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """The device is a member of its VRRP groups, in the expected role."""
    yield from _memberships(view, "vrrp")


@_hsrp_check("hsrp", kind="state", needs=("hsrp_group",))
def hsrp(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """The device is a member of its HSRP groups, in the expected role."""
    yield from _memberships(view, "hsrp")


def _expected(device: Device, protocol: Protocol) -> Iterator[ExpectedGateway]:
    return (gateway for gateway in device.expect.gateways if gateway.protocol == protocol)


def _member(view: DeviceView, expected: ExpectedGateway) -> GatewayGroup | None:
    """Return the group of the expected address family; without an expected address, IPv4 before IPv6."""
    wanted = (expected.group, port_key(expected.interface))
    rows = view.each_row(f"{expected.protocol}_group", GatewayGroup)
    own = [row for row in rows if (row.group, port_key(row.interface)) == wanted]
    if not expected.virtual_ip:
        return next(iter(sorted(own, key=lambda row: row.family == "ipv6")), None)
    ipv6 = _is_ipv6(expected)
    return next((row for row in own if _family_unknown(row) or _row_is_ipv6(row) is ipv6), None)


def _failover(view: DeviceView, expected: ExpectedGateway) -> GatewayFailover | None:
    """Return the timers of the expected group, of its address family."""
    wanted = (expected.group, port_key(expected.interface), _is_ipv6(expected))
    rows = view.each_row(f"{expected.protocol}_failover", GatewayFailover)
    return next((row for row in rows if (row.group, port_key(row.interface), row.family == "ipv6") == wanted), None)


def _is_ipv6(expected: ExpectedGateway) -> bool:
    return ":" in (expected.virtual_ip or "")


def _row_is_ipv6(row: GatewayGroup) -> bool:
    return row.family == "ipv6" or ":" in (row.virtual_ip or "")


def _family_unknown(row: GatewayGroup) -> bool:
    return row.family is None and row.virtual_ip is None


def _subject(expected: ExpectedGateway) -> str:
    """Return the subject of a membership; IPv4 and IPv6 may share a number on an interface."""
    name = f"{expected.protocol} {expected.group} {expected.interface}"
    return f"{name} ipv6" if _is_ipv6(expected) else name


def _other_address(expected: ExpectedGateway, row: GatewayGroup) -> bool:
    """Return True for another address than expected. A group of IPv6 may print its link-local address only."""
    if not expected.virtual_ip or row.virtual_ip in (None, "", expected.virtual_ip):
        return False
    try:
        found, wanted = ip_address(row.virtual_ip), ip_address(expected.virtual_ip)
    except ValueError:
        return row.virtual_ip != expected.virtual_ip
    return found != wanted and not (found.version == 6 and found.is_link_local and not wanted.is_link_local)


def _memberships(view: DeviceView, protocol: Protocol) -> Iterator[Finding]:
    for expected in _expected(view.device, protocol):
        row, subject = _member(view, expected), _subject(expected)
        if row is None:
            yield _absent(subject, expected)
        else:
            found = _membership(subject, expected, row)
            yield found if expected.virtual_ip and not _family_unknown(row) else of_subject(found, _printed(expected))


def _absent(subject: str, expected: ExpectedGateway) -> Finding:
    return of_absence(failed(subject, "checks:subject.missing"), _printed(expected))


def _printed(expected: ExpectedGateway) -> str:
    """Return the words of a group in an answer: number and interface."""
    return f"{expected.group} {expected.interface}"


def _membership(subject: str, expected: ExpectedGateway, row: GatewayGroup) -> Finding:
    if row.state == "init":
        return failed(subject, "checks:gateway.inactive", state=row.state)
    if _other_address(expected, row):
        wanted = expected.virtual_ip or ""
        return failed(subject, "checks:gateway.address", address=row.virtual_ip or "", wanted=wanted)
    if expected.role and row.state != expected.role:
        # A backup that took over does its duty; a master that lost its part is the fault.
        status = Outcome.FAIL if expected.role == "master" else Outcome.WARN
        return answered(status, subject, "checks:subject.other_state", state=row.state, wanted=expected.role)
    if row.preempt is False:
        return warned(subject, "checks:gateway.no_preempt", state=row.state)
    return passed(subject, "checks:subject.state", state=row.state)


def _tracked(device: Device, protocol: Protocol) -> list[ExpectedGateway]:
    """Return the groups with required tracking: all of a service host, those with `tracking` of a router."""
    host = device.role == "service_host"
    return [gateway for gateway in _expected(device, protocol) if host or gateway.tracking]


@_vrrp_check(
    "vrrp_tracking", kind="care", needs=("vrrp_failover",), applies=lambda device: bool(_tracked(device, "vrrp"))
)
def vrrp_tracking(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """The device gives up the address of its VRRP group when a service or its way out fails."""
    yield from _tracking(view, "vrrp")


@_hsrp_check(
    "hsrp_tracking", kind="care", needs=("hsrp_failover",), applies=lambda device: bool(_tracked(device, "hsrp"))
)
def hsrp_tracking(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """The device gives up the address of its HSRP group when its way out fails."""
    yield from _tracking(view, "hsrp")


def _tracking(view: DeviceView, protocol: Protocol) -> Iterator[Finding]:
    kind = "service" if view.device.role == "service_host" else "router"
    for expected in _tracked(view.device, protocol):
        subject, row = _subject(expected), _failover(view, expected)
        if row is None:
            yield _absent(subject, expected)
        elif row.tracks is None:
            yield blind(subject, f"checks:gateway.tracking_unknown.{kind}")
        elif row.tracks:
            yield passed(subject, f"checks:gateway.tracked.{kind}")
        else:
            yield warned(subject, f"checks:gateway.untracked.{kind}")


class VrrpFailoverLimits(Limits):
    warn: float = Field(
        default=4, gt=0, description="Warning above so many seconds: 3 advertisements of 1 s and skew [R]"
    )
    fail: float = Field(default=10, gt=0, description="Failure above so many seconds: HSRP's hold time [C]")


class HsrpFailoverLimits(Limits):
    warn: float = Field(default=10, gt=0, description="Warning above so many seconds: the hold time by default [C]")
    fail: float = Field(default=30, gt=0, description="Failure above so many seconds [K]")


@_vrrp_check("vrrp_failover", kind="care", needs=("vrrp_failover",), limits=VrrpFailoverLimits())
def vrrp_failover(view: DeviceView, limits: VrrpFailoverLimits) -> Iterator[Finding]:
    """A lost master of a VRRP group is replaced in time: advertisements and skew (RFC 9568, 6.1)."""
    yield from _failovers(view, "vrrp", limits)


@_hsrp_check("hsrp_failover", kind="care", needs=("hsrp_failover",), limits=HsrpFailoverLimits())
def hsrp_failover(view: DeviceView, limits: HsrpFailoverLimits) -> Iterator[Finding]:
    """A lost master of an HSRP group is replaced in time: the hold time (RFC 2281, 5.1)."""
    yield from _failovers(view, "hsrp", limits)


def _failovers(
    view: DeviceView, protocol: Protocol, limits: VrrpFailoverLimits | HsrpFailoverLimits
) -> Iterator[Finding]:
    for expected in _expected(view.device, protocol):
        subject, row = _subject(expected), _failover(view, expected)
        if row is None:
            yield _absent(subject, expected)
        elif (seconds := row.takeover_s) is None:
            yield blind(subject, "checks:gateway.failover_unknown")
        else:
            yield graded(subject, "checks:gateway.failover", seconds, limits, unit="s", beyond=True, digits=2)


@_vrrp_check("vrrp_pair", kind="state", needs=("vrrp_group",), scope="fleet")
def vrrp_pair(views: Sequence[DeviceView], _limits: NoLimits) -> Iterator[Finding]:
    """Every VRRP group has exactly 1 master, and a backup."""
    yield from _groups(views, "vrrp")


@_hsrp_check("hsrp_pair", kind="state", needs=("hsrp_group",), scope="fleet")
def hsrp_pair(views: Sequence[DeviceView], _limits: NoLimits) -> Iterator[Finding]:
    """Every HSRP group has exactly 1 master, and a backup."""
    yield from _groups(views, "hsrp")


@dataclass(frozen=True)
class _Part:
    """Membership of a device in a group: expected and reported (None: not a member, or not measured)."""

    view: DeviceView
    expected: ExpectedGateway
    row: GatewayGroup | None

    @property
    def measured(self) -> bool:
        rows = self.view.fact(f"{self.expected.protocol}_group", GatewayGroup)
        maybe = (may_be(one, _printed(self.expected), self._others) for one in rows.unread_records)
        return rows.measured and (self.row is not None or not any(maybe))

    @property
    def _others(self) -> list[str]:
        return [_printed(one) for one in self.view.device.expect.gateways]

    @property
    def unsupported(self) -> bool:
        return f"{self.expected.protocol}_group" in self.view.unsupported

    @property
    def name(self) -> str:
        return self.view.device.name


def _groups(views: Sequence[DeviceView], protocol: Protocol) -> Iterator[Finding]:
    groups: dict[tuple[int, str], list[_Part]] = {}
    for view in views:
        for expected in _expected(view.device, protocol):
            groups.setdefault(_key(view.device, expected), []).append(_Part(view, expected, _member(view, expected)))
    others = {
        _key(device, expected): device.name
        for device in (views[0].left_out if views else ())
        for expected in _expected(device, protocol)
    }
    for (number, place), parts in groups.items():
        parts.sort(key=lambda part: (part.expected.role != "master", part.name))
        devices = [part.view.device for part in parts]
        yield at(_group(f"{protocol} {number} {place}".strip(), parts, others.get((number, place), "")), devices)


def _key(device: Device, expected: ExpectedGateway) -> tuple[int, str]:
    """Number and place: the number alone is used at every venue anew; the address, or else the venues, tell apart."""
    return expected.group, expected.virtual_ip or ",".join(sorted(device.venues))


def _group(subject: str, parts: list[_Part], absent: str) -> Finding:
    """Finding about a group; `absent`: a member outside of the audit."""
    masters = [part for part in parts if part.row is not None and part.row.state == "master"]
    unsupported = ", ".join(part.name for part in parts if part.unsupported)
    unread = ", ".join(part.name for part in parts if not part.measured and not part.unsupported)
    if len(masters) > 1:
        named = ", ".join(part.name for part in masters)
        return failed(subject, "checks:gateway.several_masters", count=len(masters), masters=named)
    if unread:
        return unknown(subject, "checks:subject.unread_elsewhere", unread=unread)
    if unsupported:
        return blind(subject, "checks:subject.unsupported_elsewhere", unsupported=unsupported)
    if not masters and len(parts) == 1 and _hears_a_master(parts[0]):
        return unknown(subject, "checks:gateway.master_not_audited")
    return _at_most_one_master(subject, masters[0].name if masters else "", parts, absent)


def _hears_a_master(part: _Part) -> bool:
    """True for an expected backup in state backup, which implies a live master."""
    return part.row is not None and part.row.state == "backup" and part.expected.role != "master"


def _at_most_one_master(subject: str, master: str, parts: list[_Part], absent: str) -> Finding:
    wanted = next((part.name for part in parts if part.expected.role == "master"), master)
    if master not in ("", wanted):
        return failed(subject, "checks:gateway.other_master", master=master, wanted=wanted)
    if master and any(part.row is not None and part.row.state == "backup" for part in parts):
        return passed(subject, "checks:gateway.one_master", master=master)
    if absent:
        return blind(subject, "checks:link.not_audited", absent=absent)
    if not master:
        return failed(subject, "checks:gateway.no_master", members=", ".join(part.name for part in parts))
    if len(parts) == 1:
        return warned(subject, "checks:gateway.one_member", member=master)
    return failed(subject, "checks:gateway.no_backup", master=master)
