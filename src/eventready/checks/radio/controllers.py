"""WiFi controllers: the pair, seen from each half and from both, and the authentication servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventready.checks.answer import at, blind, each_up, failed, missing, passed, unknown
from eventready.checks.check import DeviceView, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import ControllerPair, RadiusServer
from eventready.workspace.devices.device import Device, Role

_ROLES: tuple[Role, ...] = ("wifi_controller",)
_Key = tuple[str, tuple[str, ...]]


def _paired(device: Device) -> bool:
    return device.expect.controller_pair


@check(
    "controller_pair", kind="state", topic="backup", roles=_ROLES, needs=("controller_pair",), applies=_paired,
    asks=("access_point", "radius_server"),  # a standby controller shows the access points that it has taken over
)  # fmt: skip
def controller_pair(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """The other controller of the pair would take over now."""
    rows = view.each_row("controller_pair", ControllerPair)
    for row in rows:
        peer = row.peer_state or "-"
        if row.local_state == "alone":
            yield failed("controller pair", "checks:controller.no_peer", peer=peer)
        elif row.ready:
            yield passed("controller pair", "checks:controller.peer_ready", state=row.local_state)
        else:
            yield failed("controller pair", "checks:controller.peer_not_ready", state=row.local_state, peer=peer)
    if not rows:
        yield missing("controller pair", "checks:controller.alone")


def _pairs(devices: Sequence[Device]) -> dict[_Key, list[Device]]:
    """Pairs of controllers: same platform, same venues, both declared as paired."""
    pairs: dict[_Key, list[Device]] = {}
    for device in devices:
        if _paired(device):
            pairs.setdefault((device.platform, tuple(sorted(device.venues))), []).append(device)
    return {key: halves for key, halves in pairs.items() if len(halves) > 1}


def _halves(devices: Sequence[Device]) -> set[str]:
    return {device.name for halves in _pairs(devices).values() for device in halves}


@check(
    "controller_active",
    kind="state",
    topic="backup",
    roles=_ROLES,
    needs=("controller_pair",),
    scope="fleet",
    concerns=_halves,
)
def controller_active(views: Sequence[DeviceView], _limits: NoLimits) -> Iterator[Finding]:
    """Exactly 1 controller of a pair is active."""
    by_name = {view.device.name: view for view in views}
    for halves in _pairs([view.device for view in views]).values():
        yield at(_active([by_name[device.name] for device in halves]), halves)


def _active(halves: list[DeviceView]) -> Finding:
    subject = " - ".join(view.device.name for view in halves)
    active = [
        view.device.name
        for view in halves
        if any(row.local_state in ("active", "alone") for row in view.each_row("controller_pair", ControllerPair))
    ]
    if len(active) > 1:
        return failed(subject, "checks:controller.several_active", active=", ".join(active))
    unread = [view.device.name for view in halves if not view.fact("controller_pair", ControllerPair).whole]
    if unread and all("controller_pair" in view.unsupported for view in halves if view.device.name in unread):
        return blind(subject, "checks:subject.unsupported_elsewhere", unsupported=", ".join(unread))
    if unread:
        return unknown(subject, "checks:subject.unread_elsewhere", unread=", ".join(unread))
    if not active:
        return failed(subject, "checks:controller.none_active")
    return passed(subject, "checks:controller.one_active", active=active[0])


@check(
    "radius",
    kind="state",
    topic="wifi",
    roles=_ROLES,
    needs=("radius_server",),
    applies=lambda device: device.expect.radius is not None,
)
def radius(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected RADIUS server answers."""
    states = {row.host: row.state != "down" for row in view.each_row("radius_server", RadiusServer)}
    yield from each_up(states, view.device.expect.radius or (), "checks:radius", subject="RADIUS")
