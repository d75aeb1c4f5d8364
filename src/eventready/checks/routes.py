"""The default route, its backup, and whether the backup would ever take over."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.checks.answer import failed, passed, warned
from eventready.checks.check import Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import Route, StaticRoute
from eventready.workspace.device import Device

_DEFAULTS = frozenset({"0.0.0.0/0", "::/0"})


def _expects_default(device: Device) -> bool:
    return device.expect.default_routes is not None


def _statics(look: Look) -> list[StaticRoute]:
    return [row for row in look.rows("static_route", StaticRoute) if row.prefix in _DEFAULTS]


@check("default_route", roles=("router",), needs=("default_route",), duties=("1.2b",), applies=_expects_default)
def default_route(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """A default route is in use."""
    rows = look.rows("default_route", Route)
    if rows:
        yield passed("default route", "Default routes in use: {count}", count=len(rows))
    else:
        yield failed("default route", "No default route is in use")


@check(
    "backup_route",
    roles=("router",),
    needs=("default_route", "static_route"),
    duties=("1.2c",),
    applies=lambda device: (device.expect.default_routes or 0) > 1,
)
def backup_route(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Behind the default route in use stands a backup."""
    expected = look.device.expect.default_routes or 0
    hops = {row.next_hop or row.interface for row in look.rows("default_route", Route)}
    hops |= {row.next_hop or row.interface for row in _statics(look)}
    if len(hops) < expected:
        yield warned(
            "backup route", "Ways out, backups included: {value} (expected {limit})", value=len(hops), limit=expected
        )
    else:
        yield passed("backup route", "Ways out, backups included: {value}", value=len(hops))


@check("floating_route", roles=("router",), needs=("static_route",), duties=("1.2c",), applies=_expects_default)
def floating_route(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """A static default route with a backup behind it is watched by BFD or tracking.

    A floating route takes over only when the preferred one is withdrawn. Across a switch the port stays up when the
    next hop dies, nothing withdraws the route, and traffic is lost in silence: the hazard of the unwatched route.
    """
    statics = _statics(look)
    last = max((row.distance for row in statics), default=0)
    guarded = [row for row in statics if row.distance < last]
    for row in guarded:
        way = row.next_hop or row.interface or row.prefix
        if row.protected:
            yield passed(way, "The static default route to {subject} is watched, so that its backup can take over")
        else:
            yield warned(
                way,
                "The static default route to {subject} has neither BFD nor tracking: if it is lost in silence, "
                "its backup never takes over",
            )
    if not guarded:
        yield passed("static default routes", "No static default route hides a backup")
