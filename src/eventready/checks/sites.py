"""Base stations, links to the core, and alarms, as the controller sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from eventready.checks.answer import answered, failed, passed, warned
from eventready.checks.check import Limits, Look, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import Alarm, Cell, CoreLink, Site
from eventready.workspace.device import Device
from eventready.workspace.expect import ExpectedSite


class AlarmLimits(Limits):
    """How many major alarms may be active on one controller; a critical one always fails."""

    major: int = Field(default=1, ge=0, description="Failure beyond this many major alarms; fewer are a warning [S34]")


def _mobile(device: Device) -> tuple[ExpectedSite, ...]:
    return tuple(site for site in device.expect.sites if site.mobile)


@check(
    "site",
    roles=("bts_controller",),
    needs=("site",),
    duties=("1.2a",),
    applies=lambda device: bool(device.expect.sites),
)
def site(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every base station is connected and can carry calls."""
    rows = {row.name.casefold(): row for row in look.rows("site", Site)}
    for expected in look.device.expect.sites:
        row, venues = rows.get(expected.name.casefold()), (expected.venue,)
        if row is None:
            yield failed(expected.name, "{subject} is expected and not there", venues=venues)
        elif row.link == "down":
            yield failed(expected.name, "{subject} has lost its link to the controller", venues=venues)
        elif row.link == "degraded" or row.initialised is False:
            yield warned(expected.name, "{subject} is connected but not in full order", venues=venues)
        else:
            yield passed(expected.name, "{subject} is connected", venues=venues)


@check(
    "mobile_bts",
    roles=("bts_controller",),
    needs=("site", "cell"),
    duties=("1.2g",),
    applies=lambda device: bool(_mobile(device)),
)
def mobile_bts(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every mobile base station brought for the event is on air."""
    sites = {row.name.casefold(): row for row in look.rows("site", Site)}
    for expected in _mobile(look.device):
        yield _mobile_site(expected, sites.get(expected.name.casefold()), _cells_of(look, expected.name))


def _cells_of(look: Look, site_name: str) -> list[Cell]:
    expected = {cell.name.casefold() for cell in look.device.expect.cells if cell.site == site_name}
    rows = look.rows("cell", Cell)
    return [row for row in rows if row.name.casefold() in expected or row.site == site_name]


def _mobile_site(expected: ExpectedSite, row: Site | None, cells: Sequence[Cell]) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if row is None:
        return failed(name, "The mobile station {subject} is expected and not there", venues=venues)
    if row.link != "up":
        return failed(
            name, "The mobile station {subject} is not on air (its link is {state})", venues=venues, state=row.link
        )
    on_air = [cell for cell in cells if cell.state == "up" and cell.admin == "unlocked" and cell.barred is not True]
    if not on_air:
        return failed(name, "The mobile station {subject} is connected and none of its cells is on air", venues=venues)
    if len(on_air) < len(cells):
        return warned(
            name,
            "The mobile station {subject} has {value} of {limit} cells on air",
            venues=venues,
            value=len(on_air),
            limit=len(cells),
        )
    return passed(name, "The mobile station {subject} is on air", venues=venues)


@check(
    "core_link",
    roles=("bts_controller",),
    needs=("core_link",),
    duties=("1.2a", "1.2b"),
    applies=lambda device: device.expect.core_links is not None,
)
def core_link(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every link to the core is up."""
    rows = {row.name.casefold(): row for row in look.rows("core_link", CoreLink)}
    expected = look.device.expect.core_links or ()
    for name in expected:
        row = rows.pop(name.casefold(), None)
        if row is None:
            yield failed(name, "Core link {subject} is expected and not there")
        elif row.state == "down":
            yield failed(name, "Core link {subject} is down")
        else:
            yield passed(name, "Core link {subject} is up")
    for row in rows.values():
        if row.state == "down":
            yield warned(row.name, "Core link {subject} is down, and nobody expects it")
    if not expected and not rows:
        yield passed("core links", "No link to the core, as expected")


@check("alarm", roles=("bts_controller",), needs=("alarm",), limits=AlarmLimits(), duties=("1.2a", "1.2g"))
def alarm(look: Look, limits: AlarmLimits) -> Iterator[Finding]:
    """No alarm is active."""
    rows = look.rows("alarm", Alarm)
    majors = sum(row.severity == "major" for row in rows)
    for row in rows:
        yield answered(
            _severity(row, majors > limits.major),
            "{severity} alarm {number}, {name} ({location})",
            subject=row.subject,
            severity=row.severity,
            number=row.number,
            name=row.name,
            location=row.location or "-",
            venues=_venue_of(look.device, row.location or ""),
        )
    if not rows:
        yield passed("alarms", "No alarm is active", value=0)


def _severity(row: Alarm, many: bool) -> Outcome:
    if row.severity == "critical" or (row.severity == "major" and many):
        return Outcome.FAIL
    return Outcome.PASS if row.severity == "warning" else Outcome.WARN


def _venue_of(device: Device, location: str) -> tuple[str, ...]:
    """The venue whose site or cell the location names; none when it speaks of no known one."""
    text = location.casefold()
    known = [(cell.name, cell.venue) for cell in device.expect.cells]
    known += [(site.name, site.venue) for site in device.expect.sites]
    return tuple(sorted({venue for name, venue in known if venue and name.casefold() in text}))
