"""WiFi controllers: the pair, seen from each half and from both, and the authentication servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventready.checks.answer import at, blind, failed, passed, unknown, warned
from eventready.checks.check import Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import ControllerPair, RadiusServer
from eventready.workspace.device import Device, Role

_ROLES: tuple[Role, ...] = ("wifi_controller",)
_Key = tuple[str, tuple[str, ...]]


def _paired(device: Device) -> bool:
    return device.expect.controller_pair


@check("controller_pair", roles=_ROLES, needs=("controller_pair",), duties=("1.2c", "1.3a"), applies=_paired)
def controller_pair(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """The other controller of the pair would take over now."""
    rows = look.rows("controller_pair", ControllerPair)
    for row in rows:
        peer = row.peer_state or "-"
        if row.local_state == "alone":
            yield failed("controller pair", "The controller stands alone (its peer: {peer})", peer=peer)
        elif row.ready:
            yield passed("controller pair", "The controller is {state}, and its peer is ready", state=row.local_state)
        else:
            yield failed(
                "controller pair",
                "The controller is {state}, and its peer would not take over ({peer})",
                state=row.local_state,
                peer=peer,
            )
    if not rows:
        yield failed("controller pair", "No second controller is configured")


def _pairs(devices: Sequence[Device]) -> dict[_Key, list[Device]]:
    """Devices that form a pair: of one platform, at the same venues, both said to be paired."""
    pairs: dict[_Key, list[Device]] = {}
    for device in devices:
        if _paired(device):
            pairs.setdefault((device.platform, tuple(sorted(device.venues))), []).append(device)
    return {key: halves for key, halves in pairs.items() if len(halves) > 1}


def _halves(devices: Sequence[Device]) -> set[str]:
    return {device.name for halves in _pairs(devices).values() for device in halves}


@check(
    "controller_active",
    roles=_ROLES,
    needs=("controller_pair",),
    duties=("1.2c", "1.3a"),
    scope="fleet",
    concerns=_halves,
)
def controller_active(looks: Sequence[Look], _limits: NoLimits) -> Iterator[Finding]:
    """Of the controllers of a pair exactly one is active."""
    by_name = {look.device.name: look for look in looks}
    for halves in _pairs([look.device for look in looks]).values():
        yield at(_active([by_name[device.name] for device in halves]), halves)


def _active(halves: list[Look]) -> Finding:
    subject = " - ".join(look.device.name for look in halves)
    active = [
        look.device.name
        for look in halves
        if any(row.local_state in ("active", "alone") for row in look.rows("controller_pair", ControllerPair))
    ]
    if len(active) > 1:
        return failed(subject, "{subject}: {active} are active at once", active=", ".join(active))
    unread = [look.device.name for look in halves if not look.measured("controller_pair")]
    if unread and all("controller_pair" in look.untold for look in halves if look.device.name in unread):
        return blind(subject, "{subject} cannot be judged: {untold} cannot tell", untold=", ".join(unread))
    if unread:
        return unknown(subject, "{subject} cannot be judged: {unread} could not be read", unread=", ".join(unread))
    if not active:
        return failed(subject, "{subject}: neither is active")
    return passed(subject, "{subject}: {active} is active", active=active[0])


@check(
    "radius",
    roles=_ROLES,
    needs=("radius_server",),
    duties=("1.3a",),
    applies=lambda device: device.expect.radius is not None,
)
def radius(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected RADIUS server answers."""
    rows = {row.host.casefold(): row for row in look.rows("radius_server", RadiusServer)}
    expected = look.device.expect.radius or ()
    for host in expected:
        row = rows.pop(host.casefold(), None)
        if row is None:
            yield failed(host, "RADIUS server {subject} is expected and not there")
        elif row.state == "down":
            yield failed(host, "RADIUS server {subject} does not answer")
        else:
            yield passed(host, "RADIUS server {subject} answers")
    for row in rows.values():
        if row.state == "down":
            yield warned(row.host, "RADIUS server {subject} does not answer, and nobody expects it")
    if not expected and not rows:
        yield passed("RADIUS", "No RADIUS server, as expected")
