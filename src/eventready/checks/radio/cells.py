"""Cells: whether they carry calls, whether people are allowed on them, and how full their channels are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from functools import partial

from pydantic import Field

from eventready.checks.answer import blind, failed, graded, missing, of_subject, passed, tidy, unknown, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import Cell, ChannelLoad, ChannelRequests, Site, Timeslot
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import ExpectedCell

#: Terms of the kinds of channel that calls and signalling need; packet channels yield to them.
_CHANNELS = {"tch_f": "TCH/F", "tch_h": "TCH/H", "sdcch": "SDCCH"}
#: Kinds of channel of which a cell needs any, for calls and for signalling.
_NEEDED = {"TCH": ("tch_f", "tch_h"), "SDCCH": ("sdcch",)}


class ChannelLimits(Limits):
    """Occupied share of a cell's channels of a type, in percent."""

    warn: float = Field(default=70, ge=0, le=100, description="Warning from this load on, % [D]")
    fail: float = Field(default=90, ge=0, le=100, description="Failure from this load on, % [D]")


class RefusalLimits(Limits):
    """Share of channel requests refused between the two readings, in percent."""

    warn: float = Field(default=2, ge=0, le=100, description="Warning beyond this share, % (TCH blocking) [S25]")
    fail: float = Field(default=5, ge=0, le=100, description="Failure beyond this share, % [K]")
    enough: int = Field(default=20, ge=1, description="With fewer requests than this, refusals are only a warning [D]")


def _has_cells(device: Device) -> bool:
    return bool(device.expect.cells)


def _cells(view: DeviceView) -> dict[str, Cell]:
    return {row.name.casefold(): row for row in view.each_row("cell", Cell)}


@check("cell", kind="state", topic="stations", roles=("bts_controller",), needs=("cell",), applies=_has_cells)
def cell(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every expected cell is there, unlocked and in order."""
    rows = _cells(view)
    for expected in view.device.expect.cells:
        yield _state(expected, rows.pop(expected.name.casefold(), None))
    for row in rows.values():
        if row.state != "up" and row.admin == "unlocked":
            yield warned(row.name, "checks:subject.unexpected_state", state=row.state)


def _state(expected: ExpectedCell, row: Cell | None) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if row is None:
        return missing(name, "checks:subject.missing", venues=venues)
    if row.admin == "locked":
        return failed(name, "checks:subject.locked", venues=venues)
    if row.state == "down":
        return failed(name, "checks:subject.down", venues=venues)
    if row.state == "degraded":
        return warned(name, "checks:subject.degraded", venues=venues)
    return passed(name, "checks:subject.ok", venues=venues)


@check("barring", kind="quality", topic="stations", roles=("bts_controller",), needs=("cell",), applies=_has_cells)
def barring(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """No cell is barred except on purpose."""
    rows = _cells(view)
    known = [
        (expected, rows[name]) for expected in view.device.expect.cells if (name := expected.name.casefold()) in rows
    ]
    if all(row.barred is None for _expected, row in known):
        yield blind("barring", "checks:barring.unsupported")
        return
    for expected, row in known:
        name, venues = expected.name, (expected.venue,)
        if row.barred is None:
            yield unknown(name, "checks:barring.no_state", venues=venues)
        elif row.barred and not expected.barred:
            yield failed(name, "checks:barring.barred", venues=venues)
        elif expected.barred and not row.barred:
            yield warned(name, "checks:barring.open", venues=venues)
        else:
            yield passed(name, "checks:barring.ok", venues=venues)


_channel_check = partial(check, topic="traffic", roles=("bts_controller",), applies=_has_cells)


@_channel_check("channel_load", kind="quality", needs=("channel_load",), limits=ChannelLimits(), of_files="cell_load")
def channel_load(view: DeviceView, limits: ChannelLimits) -> Iterator[Finding]:
    """Every cell has free channels, for calls and for signalling."""
    loads: dict[str, dict[str, tuple[int, int]]] = {}
    dynamic: set[str] = set()
    for row in view.each_row("channel_load", ChannelLoad):
        if row.kind == "other" and row.total:
            dynamic.add(row.cell.casefold())
        if row.kind in _CHANNELS and row.total:
            of_cell = loads.setdefault(row.cell.casefold(), {})
            used, total = of_cell.get(row.kind, (0, 0))
            of_cell[row.kind] = (used + row.used, total + row.total)
    for expected in view.device.expect.cells:
        of_cell = loads.get(expected.name.casefold(), {})
        for kind, (used, total) in of_cell.items():
            yield of_subject(
                _load(f"{expected.name} {_CHANNELS[kind]}", used, total, expected.venue, limits), expected.name
            )
        if not of_cell:
            absent = missing(expected.name, "checks:channel.none", venues=(expected.venue,))
            yield absent if expected.site else _without_site(expected)
            continue
        for term, kinds in _NEEDED.items():
            if of_cell.keys().isdisjoint(kinds):
                yield _without(f"{expected.name} {term}", expected, dynamic)


def _without_site(expected: ExpectedCell) -> Finding:
    """Return the finding for a cell without a site and without a channel on record, as cells of LTE and NR."""
    return blind(expected.name, "checks:channel.no_site", venues=(expected.venue,))


def _without(subject: str, expected: ExpectedCell, dynamic: Collection[str]) -> Finding:
    """Return the finding for calls or signalling without a channel; a channel of changing kind may carry them."""
    venues = (expected.venue,)
    if expected.name.casefold() in dynamic:
        return blind(subject, "checks:channel.dynamic", venues=venues)
    return of_subject(failed(subject, "checks:channel.none", venues=venues), expected.name)


def _load(subject: str, used: int, total: int, venue: str | None, limits: ChannelLimits) -> Finding:
    if used >= total:
        full, limit = "checks:channel.full", limits.fail
        return failed(subject, full, used=used, total=total, value=100, limit=limit, unit="%", venues=(venue,))
    percent, venues = 100.0 * used / total, (venue,)
    return graded(subject, "checks:channel.load", percent, limits, unit="%", venues=venues, used=used, total=total)


class UsableLimits(Limits):
    """Percent of the configured traffic channels of a cell in service."""

    worse = "lower"
    warn: float = Field(default=90, ge=0, le=100, description="Warning with so many of the channels in service, % [D]")
    fail: float = Field(default=50, ge=0, le=100, description="Failure with so many of the channels in service, % [D]")


@_channel_check(
    "cell_channels", kind="quality", needs=("timeslot", "channel_load", "site"), limits=UsableLimits(),
    of_files="cell_availability",
)  # fmt: skip
def cell_channels(view: DeviceView, limits: UsableLimits) -> Iterator[Finding]:
    """The traffic channels configured for a cell are in service."""
    numbers = {row.name.casefold(): row.number for row in view.each_row("site", Site)}
    configured: Counter[str] = Counter()
    for slot in view.each_row("timeslot", Timeslot):
        configured[slot.site] += slot.channels if slot.kind in _NEEDED["TCH"] else 0
    usable: Counter[str] = Counter()
    for row in view.each_row("channel_load", ChannelLoad):
        usable[row.cell.casefold()] += row.total if row.kind in _NEEDED["TCH"] else 0
    for expected in view.device.expect.cells:
        number = numbers.get((expected.site or "").casefold()) or ""
        venues, total, names = (expected.venue,), configured[number], (expected.name, expected.site or "")
        left = usable[expected.name.casefold()]
        if not left and not expected.site:
            yield _without_site(expected)
        elif not left:
            yield of_subject(failed(expected.name, "checks:channel.none", venues=venues))
        elif not total:
            yield unknown(expected.name, "checks:channel.not_configured", venues=venues)
        else:
            share = graded(
                expected.name, "checks:channel.usable", 100.0 * min(left, total) / total,
                limits, unit="%", venues=venues, used=left, total=total,
            )  # fmt: skip
            yield of_subject(share, *filter(None, names))


@_channel_check(
    "channel_refusals", kind="quality", needs=("channel_requests",), limits=RefusalLimits(), of_files="cell_refusals"
)
def channel_refusals(view: DeviceView, limits: RefusalLimits) -> Iterator[Finding]:
    """Few requests for a channel are refused between the two readings."""
    rows = {row.cell.casefold(): row for row in view.each_row("channel_requests", ChannelRequests)}
    before = {row.cell.casefold(): row for row in view.earlier("channel_requests", ChannelRequests).values()}
    for expected in view.device.expect.cells:
        key = expected.name.casefold()
        yield _refusals(expected, before.get(key), rows.get(key), limits)


def _refusals(
    expected: ExpectedCell, before: ChannelRequests | None, now: ChannelRequests | None, limits: RefusalLimits
) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if now is None:
        return missing(name, "checks:channel.no_requests", venues=venues) if expected.site else _without_site(expected)
    if before is None:
        return unknown(name, "checks:subject.read_once", venues=venues)
    requests, refused = now.total - before.total, now.refused - before.refused
    if requests < 0 or refused < 0:
        return unknown(name, "checks:subject.counters_cleared", venues=venues)
    if refused == 0:
        return passed(name, "checks:channel.none_refused", venues=venues, value=0, count=requests)
    share = 100.0 * refused / max(requests, refused)
    if requests < limits.enough and share > limits.warn:
        return warned(
            name, "checks:channel.few_requests", venues=venues, value=tidy(share), refused=refused, count=requests
        )
    return graded(
        name, "checks:channel.refused", share, limits, unit="%", beyond=True, digits=2, venues=venues, count=requests
    )
