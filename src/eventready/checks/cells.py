"""Cells: whether they carry calls, whether people are allowed on them, and how full their channels are."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from eventready.checks.answer import answered, blind, failed, graded, passed, tidy, unknown, warned
from eventready.checks.check import Limits, Look, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import Cell, ChannelLoad, ChannelRequests
from eventready.workspace.device import Device
from eventready.workspace.expect import ExpectedCell

#: Kinds of channel that calls and signalling need; packet channels yield to them.
_JUDGED = frozenset({"tch_f", "tch_h", "sdcch"})


class ChannelLimits(Limits):
    """Percent of a cell's channels of one kind that are taken."""

    warn: float = Field(default=70, ge=0, le=100, description="Warning from this load on, % [D]")
    fail: float = Field(default=90, ge=0, le=100, description="Failure from this load on, % [D]")


class RefusalLimits(Limits):
    """Percent of requests for a channel that were refused for want of one, between the two readings."""

    warn: float = Field(default=2, ge=0, le=100, description="Warning beyond this share, % (TCH blocking) [S25]")
    fail: float = Field(default=5, ge=0, le=100, description="Failure beyond this share, % [K]")
    enough: int = Field(default=20, ge=1, description="With fewer requests than this, refusals are only a warning [D]")


def _has_cells(device: Device) -> bool:
    return bool(device.expect.cells)


def _of_sites(device: Device) -> tuple[ExpectedCell, ...]:
    return tuple(cell for cell in device.expect.cells if cell.site)


def _has_channels(device: Device) -> bool:
    """True for controllers of base stations; an eNodeB's cells name no site and have no channels to count."""
    return bool(_of_sites(device))


def _cells(look: Look) -> dict[str, Cell]:
    return {row.name.casefold(): row for row in look.rows("cell", Cell)}


@check("cell", roles=("bts_controller",), needs=("cell",), duties=("1.2a", "1.2b"), applies=_has_cells)
def cell(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected cell is there, unlocked and in order."""
    rows = _cells(look)
    for expected in look.device.expect.cells:
        yield _state(expected, rows.pop(expected.name.casefold(), None))
    for row in rows.values():
        if row.state != "up" and row.admin == "unlocked":
            yield warned(row.name, "{subject} is {state}, and nobody expects it", state=row.state)


def _state(expected: ExpectedCell, row: Cell | None) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if row is None:
        return failed(name, "{subject} is expected and not there", venues=venues)
    if row.admin == "locked":
        return failed(name, "{subject} is locked", venues=venues)
    if row.state == "down":
        return failed(name, "{subject} is down", venues=venues)
    if row.state == "degraded":
        return warned(name, "{subject} is degraded", venues=venues)
    return passed(name, "{subject} is in order", venues=venues)


@check("barring", roles=("bts_controller",), needs=("cell",), duties=("1.2b",), applies=_has_cells)
def barring(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """No cell is barred except on purpose."""
    rows = _cells(look)
    known = [
        (expected, rows[name]) for expected in look.device.expect.cells if (name := expected.name.casefold()) in rows
    ]
    if all(row.barred is None for _expected, row in known):
        yield blind("barring", "This equipment does not tell whether its cells are barred")
        return
    for expected, row in known:
        name, venues = expected.name, (expected.venue,)
        if row.barred is None:
            yield unknown(name, "{subject}: the device does not tell whether it is barred", venues=venues)
        elif row.barred and not expected.barred:
            yield failed(name, "{subject} is barred", venues=venues)
        elif expected.barred and not row.barred:
            yield warned(name, "{subject} is not barred, although it should be", venues=venues)
        else:
            yield passed(name, "{subject} is barred or open as it should be", venues=venues)


@check(
    "channel_load",
    roles=("bts_controller",),
    needs=("channel_load",),
    limits=ChannelLimits(),
    duties=("1.1c", "1.2b"),
    applies=_has_channels,
)
def channel_load(look: Look, limits: ChannelLimits) -> Iterator[Finding]:
    """Every cell has free channels, for calls and for signalling."""
    loads: dict[str, dict[str, tuple[int, int]]] = {}
    for row in look.rows("channel_load", ChannelLoad):
        if row.kind in _JUDGED and row.total:
            of_cell = loads.setdefault(row.cell.casefold(), {})
            used, total = of_cell.get(row.kind, (0, 0))
            of_cell[row.kind] = (used + row.used, total + row.total)
    for expected in _of_sites(look.device):
        of_cell = loads.get(expected.name.casefold(), {})
        for kind, (used, total) in of_cell.items():
            yield _load(f"{expected.name} {kind}", used, total, expected.venue, limits)
        if not of_cell:
            yield failed(expected.name, "{subject} has no channel in service", venues=(expected.venue,))


def _load(subject: str, used: int, total: int, venue: str | None, limits: ChannelLimits) -> Finding:
    if used >= total:
        return answered(
            Outcome.FAIL,
            "{subject} is full: {used} of {total} channels taken",
            subject=subject,
            used=used,
            total=total,
            value=100,
            limit=limits.fail,
            unit="%",
            venues=(venue,),
        )
    return graded(
        subject,
        "{subject} {value}% taken, {used} of {total} channels (limit {limit}%)",
        100.0 * used / total,
        warn=limits.warn,
        fail=limits.fail,
        unit="%",
        venues=(venue,),
        used=used,
        total=total,
    )


@check(
    "channel_refusals",
    roles=("bts_controller",),
    needs=("channel_requests",),
    limits=RefusalLimits(),
    duties=("1.1c", "1.2b"),
    applies=_has_channels,
)
def channel_refusals(look: Look, limits: RefusalLimits) -> Iterator[Finding]:
    """Few requests for a channel are refused between the two readings."""
    rows = {row.cell.casefold(): row for row in look.rows("channel_requests", ChannelRequests)}
    before = {row.cell.casefold(): row for row in look.earlier("channel_requests", ChannelRequests).values()}
    for expected in _of_sites(look.device):
        key = expected.name.casefold()
        yield _refusals(expected, before.get(key), rows.get(key), limits)


def _refusals(
    expected: ExpectedCell, before: ChannelRequests | None, now: ChannelRequests | None, limits: RefusalLimits
) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if now is None:
        return failed(name, "{subject} counts no requests for channels", venues=venues)
    if before is None:
        return unknown(
            name, "{subject} was read only once, and its counters mean something only as a difference", venues=venues
        )
    asked, refused = now.total - before.total, now.refused - before.refused
    if asked < 0 or refused < 0:
        return unknown(name, "{subject}: the counters were cleared between the readings", venues=venues)
    if refused == 0:
        return passed(name, "{subject} refused none of {count} requests", venues=venues, value=0, count=asked)
    share = 100.0 * refused / max(asked, refused)
    if asked < limits.enough and share > limits.warn:
        return warned(
            name,
            "{subject} refused {refused} of only {count} requests",
            venues=venues,
            value=tidy(share),
            refused=refused,
            count=asked,
        )
    return graded(
        name,
        "{subject} refused {value}% of {count} requests (limit {limit}%)",
        share,
        warn=limits.warn,
        fail=limits.fail,
        unit="%",
        beyond=True,
        digits=2,
        venues=venues,
        count=asked,
    )
