"""Base stations, cells, links to the core, access points and RADIUS servers to propose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from eventready.core.messages import Text, message
from eventready.facts.records import AccessPoint, Cell, ControllerPair, CoreLink, RadiusServer, Site, Wlan
from eventready.network.learn.patterns import NamePatterns
from eventready.network.learn.proposal import Kind, Proposal, absent_parts, partly_read
from eventready.network.network_facts import DeviceFacts


def stations(reading: DeviceFacts, patterns: NamePatterns) -> Iterator[Proposal]:
    """Unexpected base stations and cells with their venues, and expected ones missing from the controller."""
    if reading.device.role != "bts_controller":
        return
    sites, cells = reading.fact("site", Site).each_row(), reading.fact("cell", Cell).each_row()
    known = _named(reading.device.expect.sites)
    for site in sites:
        if site.name.casefold() not in known:
            yield _item(reading, "sites", {"name": site.name}, patterns, _site_question(site))
    listed = (*(site.name for site in reading.device.expect.sites), *(site.name for site in sites))
    known = _named(reading.device.expect.cells)
    for cell in cells:
        if cell.name.casefold() not in known:
            value = {"name": cell.name, "site": _site_of(cell, listed)}
            one = _item(reading, "cells", value, patterns, _cell_question(cell))
            yield Proposal.unsure(one, None if cell.site else partly_read(reading, "site"))
    yield from absent_parts(reading, "sites", "site", (site.name for site in sites))
    yield from absent_parts(reading, "cells", "cell", (cell.name for cell in cells))


def _site_of(cell: Cell, sites: Sequence[str]) -> str | None:
    """Site of a cell, in the site's own spelling: as printed, else the longest name at the beginning of the cell's."""
    wanted = (cell.site or cell.name).casefold()
    fits = str.__eq__ if cell.site else str.startswith
    found = [site for site in sites if fits(wanted, site.casefold())]
    return max(found, key=len, default=None)


def _named(items: Iterable[Any]) -> set[str]:
    return {item.name.casefold() for item in items}


def _item(
    reading: DeviceFacts, kind: Kind, value: dict[str, Any], patterns: NamePatterns, question: Text | None
) -> Proposal:
    """Propose a named part with its venue; the site of a cell decides where the cell's own name does not."""
    venue = patterns.of(value["name"]) or patterns.at(value.get("site") or value["name"], reading)
    named = {**value, "venue": venue, **patterns.properties(kind, value["name"])}
    plain = {key: part for key, part in named.items() if part is not None}
    return Proposal.judged(reading.name, kind, value["name"], plain, question)


def _site_question(row: Site) -> Text | None:
    return None if row.link == "up" else message("learn:ask.not_up", state=row.link)


def _cell_question(row: Cell) -> Text | None:
    if row.admin == "locked":
        return message("learn:ask.cell_locked")
    if row.state != "up":
        return message("learn:ask.not_up", state=row.state)
    return message("learn:ask.cell_barred") if row.barred else None


def core_links(reading: DeviceFacts) -> Iterator[Proposal]:
    """Unexpected links of a BTS controller to the core."""
    if reading.device.role == "bts_controller":
        states = [(row.name, row.state == "up") for row in reading.fact("core_link", CoreLink).each_row()]
        yield from _by_name(reading, "core_links", "core_link", states)


def radius(reading: DeviceFacts) -> Iterator[Proposal]:
    """Unexpected RADIUS servers of a wireless controller."""
    if reading.device.role == "wifi_controller":
        states = [(row.host, row.state == "up") for row in reading.fact("radius_server", RadiusServer).each_row()]
        yield from _by_name(reading, "radius", "radius_server", states)


def _by_name(reading: DeviceFacts, kind: Kind, fact: str, states: list[tuple[str, bool]]) -> Iterator[Proposal]:
    known = {name.casefold() for name in getattr(reading.device.expect, kind) or ()}
    for name, up in states:
        if name.casefold() not in known:
            question = None if up else message("learn:ask.not_up", state="down")
            yield Proposal.judged(reading.name, kind, name, name, question)
    yield from absent_parts(reading, kind, fact, (name for name, _up in states))


def _controls(reading: DeviceFacts) -> bool:
    """Return True for a wireless controller with access points of its own: those of a standby are its partner's."""
    pairs = reading.fact("controller_pair", ControllerPair).each_row()
    return reading.device.role == "wifi_controller" and not any(row.local_state == "standby" for row in pairs)


def access_points(reading: DeviceFacts, patterns: NamePatterns) -> Iterator[Proposal]:
    """Unexpected access points of a wireless controller."""
    if not _controls(reading):
        return
    rows = reading.fact("access_point", AccessPoint).each_row()
    known = _named(reading.device.expect.access_points)
    for row in rows:
        if row.name.casefold() not in known:
            question = None if row.state == "up" else message("learn:ask.not_up", state=row.state)
            one = _item(reading, "access_points", {"name": row.name}, patterns, question)
            yield Proposal.unsure(one, partly_read(reading, "controller_pair"))
    yield from absent_parts(reading, "access_points", "access_point", (row.name for row in rows))


def wlans(reading: DeviceFacts) -> Iterator[Proposal]:
    """Unexpected Wi-Fi networks; a name on some access points only may be mistyped, which is a question."""
    if not _controls(reading):
        return
    rows = reading.fact("wlan", Wlan).each_row()
    serving = {row.ap for row in rows if row.enabled and row.ap}
    for name in dict.fromkeys(row.name for row in rows):
        if name not in reading.device.expect.wlans:
            enabled = [row for row in rows if row.name == name and row.enabled]
            question = None if enabled else message("learn:ask.not_up", state="down")
            own = {row.ap for row in enabled if row.ap}
            partly = message("learn:ask.wlan_partly", value=len(own), count=len(serving)) if own < serving else None
            yield Proposal.unsure(Proposal.judged(reading.name, "wlans", name, name, question), partly)
    yield from absent_parts(reading, "wlans", "wlan", (row.name for row in rows))
