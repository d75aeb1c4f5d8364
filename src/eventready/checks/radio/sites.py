"""Base stations, links to the core, and alarms, as the controller sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from pydantic import Field

from eventready.checks.answer import answered, each_up, failed, missing, of_all, of_either, of_subject, passed, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check, expects
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import Alarm, Cell, CoreLink, Site
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import ExpectedSite


class AlarmLimits(Limits):
    """Numbers of major alarms per controller for warning and failure; a critical alarm always fails."""

    major: int = Field(default=1, ge=0, description="Failure beyond this many major alarms; fewer are a warning [S34]")


_station_check = partial(check, topic="stations", roles=("bts_controller",))


def _mobile(device: Device) -> tuple[ExpectedSite, ...]:
    return tuple(site for site in device.expect.sites if site.mobile)


@_station_check("site", kind="state", needs=("site",), applies=expects("sites"))
def site(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every base station is connected and can carry calls."""
    rows = {row.name.casefold(): row for row in view.each_row("site", Site)}
    for expected in view.device.expect.sites:
        row, venues = rows.get(expected.name.casefold()), (expected.venue,)
        if row is None:
            yield missing(expected.name, "checks:subject.missing", venues=venues)
        elif row.link == "down":
            yield failed(expected.name, "checks:site.link_lost", venues=venues)
        elif row.link == "degraded" or row.initialised is False:
            yield warned(expected.name, "checks:site.degraded", venues=venues)
        else:
            yield passed(expected.name, "checks:site.connected", venues=venues)


@_station_check("mobile_bts", kind="state", needs=("site", "cell"), applies=lambda device: bool(_mobile(device)))
def mobile_bts(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every mobile base station brought for the event is on air."""
    sites = {row.name.casefold(): row for row in view.each_row("site", Site)}
    for expected in _mobile(view.device):
        found = _mobile_site(expected, sites.get(expected.name.casefold()), _cells_of(view, expected.name))
        names = [cell.name for cell in view.device.expect.cells if cell.site == expected.name]
        yield found if found.rests is None else found.replace(rests=replace(found.rests, names=(expected.name, *names)))


def _cells_of(view: DeviceView, site_name: str) -> list[Cell]:
    expected = {cell.name.casefold() for cell in view.device.expect.cells if cell.site == site_name}
    rows = view.each_row("cell", Cell)
    return [row for row in rows if row.name.casefold() in expected or row.site == site_name]


def _mobile_site(expected: ExpectedSite, row: Site | None, cells: Sequence[Cell]) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if row is None:
        return missing(name, "checks:mobile.missing", venues=venues)
    if row.link != "up":
        return failed(name, "checks:mobile.link", venues=venues, state=row.link)
    on_air = [cell for cell in cells if cell.state == "up" and cell.admin == "unlocked" and cell.barred is not True]
    if not on_air:
        return of_subject(failed(name, "checks:mobile.no_cell", venues=venues))
    if len(on_air) < len(cells):
        return warned(name, "checks:mobile.cells", venues=venues, value=len(on_air), limit=len(cells))
    return of_subject(passed(name, "checks:mobile.on_air", venues=venues))


@_station_check(
    "core_link", kind="state", needs=("core_link",), applies=lambda device: device.expect.core_links is not None
)
def core_link(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every link to the core is up."""
    states = {row.name: row.state != "down" for row in view.each_row("core_link", CoreLink)}
    yield from each_up(states, view.device.expect.core_links or (), "checks:core_link", subject="core links")


@_station_check("alarm", kind="quality", needs=("alarm",), limits=AlarmLimits())
def alarm(view: DeviceView, limits: AlarmLimits) -> Iterator[Finding]:
    """No alarm is active."""
    rows = view.each_row("alarm", Alarm)
    majors = sum(row.severity == "major" for row in rows)
    more = majors + len(view.fact("alarm", Alarm).unread_records)
    for row in rows:
        venues, location = _venue_of(view.device, row.location or ""), row.location or "-"
        found = answered(
            _severity(row, majors > limits.major), row.subject, "checks:alarm.active", severity=row.severity,
            number=row.number, name=row.name, location=location, venues=venues,
        )  # fmt: skip
        yield of_either(found, found.replace(status=_severity(row, more > limits.major)))
    if not rows:
        yield of_all(passed("alarms", "checks:alarm.none", value=0))


def _severity(row: Alarm, many: bool) -> Outcome:
    if row.severity == "critical" or (row.severity == "major" and many):
        return Outcome.FAIL
    return Outcome.PASS if row.severity == "warning" else Outcome.WARN


def _venue_of(device: Device, location: str) -> tuple[str, ...]:
    """Venue of the site or cell in the location; None for an unknown location."""
    text = location.casefold()
    known = [(cell.name, cell.venue) for cell in device.expect.cells]
    known += [(site.name, site.venue) for site in device.expect.sites]
    return tuple(sorted({venue for name, venue in known if venue and _names(text, name.casefold())}))


def _names(text: str, name: str) -> bool:
    """Return True where the text has the name by itself: `MSC1` does not name `C1`, nor `BTS-10` `BTS-1`."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
