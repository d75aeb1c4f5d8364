"""Tables of papers; an unknown value is named, never left blank."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from eventready.assurance.papers.dates import fit
from eventready.assurance.papers.document.metrics import width
from eventready.assurance.papers.document.model import Align, Cell, Column, ColumnKind, Page, Table, TableCell
from eventready.assurance.papers.findings import CollapsedLine, FindingLine, entries, natural
from eventready.assurance.papers.material import ClauseStatus, IncidentReport
from eventready.assurance.papers.measures import Measure, highest
from eventready.assurance.papers.results import RunResults
from eventready.assurance.papers.verdicts import VenueRow
from eventready.assurance.papers.writer import PaperWriter
from eventready.workspace.device import Service
from eventready.workspace.duties import Duty

#: Spellings of Wi-Fi in letters.
_WIFI = re.compile(r"\bwi-?fi\b", re.I)

#: Rows of a table that only the workbook has.
SHEET_ROWS = 20_000

#: Facts whose rows are base stations, cells and access points, and the words for them.
_STATIONS = ("site", "cell", "access_point")

#: Services with channels and circuits, and the checks that measure their loads.
_LOADS: Mapping[Service, tuple[str, ...]] = {
    "fixed": ("utilisation",),
    "internet": ("utilisation",),
    "mobile": ("channel_load",),
}

#: mm of a table row beside its lines, and of one line per point of type; mm of the head of an annex.
_ROW, _LINE, _ANNEX_HEAD = 1.5, 0.425, 26.0


def column(writer: PaperWriter, key: str, weight: float, align: Align = "left", kind: ColumnKind = "text") -> Column:
    """A column with the title `papers:col.<key>`."""
    return Column(writer.term("papers:col", key), weight, align, kind)


def ordinal(writer: PaperWriter) -> Column:
    """The first column of every Vietnamese table."""
    return column(writer, "no", 1.1, "center", "number")


def numbered(rows: Iterable[Sequence[TableCell]]) -> tuple[tuple[TableCell, ...], ...]:
    """Rows with their number before them."""
    return tuple((str(number), *row) for number, row in enumerate(rows, 1))


def rows_of_page(table: Table, page: Page, *, landscape: bool) -> int:
    """Return the number of rows on the first page of an annex with this table."""
    measure = page.measure(landscape=landscape)
    high = page.WIDTH - page.left - page.right if landscape else page.HEIGHT - page.top - page.bottom
    columns = [wide - 3 for wide in table.widths(measure, page.table)]
    left = high - _ANNEX_HEAD - _row_height([column.title for column in table.columns], columns, page.table)
    for index, row in enumerate(table.rows):
        left -= _row_height(list(map(str, row)), columns, page.table)
        if left < 0:
            return index
    return len(table.rows)


def _row_height(texts: Sequence[str], columns: Sequence[float], size: float) -> float:
    """mm of a row; ends of lines take a twentieth of the width."""
    lines = (ceil(width(text, size) * 1.05 / max(wide, 1)) for text, wide in zip(texts, columns, strict=True))
    return _ROW + max(1, *lines) * size * _LINE


def service_names(writer: PaperWriter, names: Iterable[str]) -> str:
    """Names of services; post is none of a venue's services."""
    return ", ".join(
        writer.text("papers:postal_service") if name == "postal" else writer.language.service(name) for name in names
    )


def quoted(writer: PaperWriter, duty: Duty) -> str:
    """The text of a clause as a sentence, without the brackets around additions."""
    return as_sentence(duty.vi if writer.lang == "vi" else duty.en)


def as_sentence(clause: str) -> str:
    """Quoted words of a letter with a capital letter, without brackets, and with Wi-Fi spelt as elsewhere."""
    text = _WIFI.sub("Wi-Fi", clause.replace("[", "").replace("]", ""))
    return text[:1].upper() + text[1:]


def verdict_table(writer: PaperWriter, rows: Sequence[VenueRow], when: str) -> Table:
    """The verdict of each service at each venue; `when` the audit ran."""
    services = tuple(cell.service_title for cell in rows[0].cells) if rows else ()
    return Table(
        writer.text("papers:sheet_verdicts"),
        (ordinal(writer), column(writer, "venue", 5), *(Column(service, 3, "center") for service in services)),
        numbered(
            (row.name, *(Cell(cell.title or writer.text("papers:out_of_scope"), cell.verdict) for cell in row.cells))
            for row in rows
        ),
        caption=writer.text("papers:caption_verdicts", when=when),
        note=writer.text("papers:verdict_note"),
    )


def service_table(writer: PaperWriter, results: RunResults | None) -> Table:
    """Channels and circuits, added capacity and the highest measured load of each service."""
    offered = {service for venue in writer.material.event.venues for service in venue.services}
    attested = writer.material.forms.get(writer.profile.circuits)
    rows = []
    for service, checks in _LOADS.items():
        name = writer.language.service(service)
        if service not in offered:
            rows.append((name, *[writer.text("papers:out_of_scope")] * 3))
            continue
        circuits = [row for row in attested.rows if row.get("service") == service] if attested else []
        load = highest(results.measures, checks, service) if results else None
        rows.append((name, _circuits(writer, circuits), _added(writer, circuits), _load(writer, load)))
    note = writer.text("papers:services_attested", day=attested.at) if attested else ""
    return Table(
        writer.text("papers:sheet_services"),
        (
            ordinal(writer),
            column(writer, "service", 2.2),
            column(writer, "circuits", 5),
            column(writer, "added", 3),
            column(writer, "load", 5),
        ),
        numbered(rows),
        note=note,
    )


def _circuits(writer: PaperWriter, rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return writer.text("papers:circuits_unknown")
    number = writer.language.number
    return "; ".join(
        writer.text(
            "papers:circuit",
            name=str(row.get("name", "")),
            available=number(row.get("available", 0)),
            required=number(row.get("required", 0)),
            unit=str(row.get("unit", "")),
        )
        for row in rows
    )


def _added(writer: PaperWriter, rows: Sequence[Mapping[str, Any]]) -> str:
    added = [row for row in rows if row.get("added")]
    if not added:
        return writer.text("papers:added_none")
    return "; ".join(f"{writer.language.number(row['added'])} {fit(row.get('unit', ''))}" for row in added)


def _load(writer: PaperWriter, load: Measure | None) -> str:
    if load is None:
        return writer.text("papers:load_unknown")
    number = writer.language.number
    return writer.text(
        "papers:load",
        value=number(load.value),
        limit=number(load.limit),
        device=load.device,
        subject=writer.language.subject(load.subject),
    )


def device_table(writer: PaperWriter, results: RunResults) -> Table:
    """A row per device: findings by status, and why a device was not measured."""
    context, language = results.context, writer.language
    counts: Counter[tuple[str, str]] = Counter((line.device, line.status) for line in results.findings.lines)
    for name, passes in results.findings.passes.items():
        counts[name, "pass"] = sum(one.count for one in passes)
    rows = []
    for name in sorted(context.devices, key=natural)[:SHEET_ROWS]:
        device = context.devices[name]
        reason = language.reason(device)
        silent = "" if device.get("reachable") else writer.text("papers:device_silent", reason=reason)
        rows.append(
            (
                fit(name),
                language.role(str(device.get("role", "")), str(device.get("platform", ""))),
                ", ".join(context.names(map(str, device.get("venues", ())))),
                *(str(counts[fit(name), status]) for status in ("pass", "warn", "fail", "not_measured", "waived")),
                silent,
            )
        )
    keys = ("pass", "warn", "fail", "not_measured", "waived")
    return Table(
        writer.text("papers:sheet_devices"),
        (
            ordinal(writer),
            column(writer, "device", 3),
            column(writer, "role", 3.4),
            column(writer, "venues", 5),
            *(column(writer, key, 1.5, "right", "number") for key in keys),
            column(writer, "note", 4.5),
        ),
        numbered(rows),
    )


def open_table(writer: PaperWriter, lines: Sequence[CollapsedLine], results: RunResults) -> Table:
    """Return the findings except passes, by device and reason, the most urgent first."""
    rows = (
        (
            one.first.device,
            ", ".join(one.checks),
            one.first.message if one.count == 1
            else f"{one.first.message} {writer.text('papers:and_similar', count=one.count - 1)}",
            _venues(writer, results, one.first),
            _status(writer, one.first),
        )
        for one in lines
    )  # fmt: skip
    return Table(
        writer.text("papers:sheet_open"),
        (
            ordinal(writer),
            column(writer, "device", 3),
            column(writer, "check", 3.4),
            column(writer, "finding", 9),
            column(writer, "venues", 4.6),
            column(writer, "status", 3),
        ),
        numbered(rows),
    )


def _venues(writer: PaperWriter, results: RunResults, line: FindingLine) -> str:
    if len(line.venues) > 1 and set(line.venues) >= set(results.context.venue_names):
        return writer.text("papers:all_venues")
    return ", ".join(results.context.names(line.venues))


def _status(writer: PaperWriter, line: FindingLine) -> str:
    word = writer.language.status(line.status)
    return f"{word}: {line.waiver}" if line.waiver else word


def station_table(writer: PaperWriter, results: RunResults) -> Table:
    """Return base stations, cells and access points with the states reported by their controllers."""
    rows: list[tuple[str, ...]] = []
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    for observation in entries(results.run, "observations"):
        if str(observation["fact"]) in _STATIONS:
            last[str(observation["device"]), str(observation["fact"])] = observation
    for (device, fact), observation in last.items():
        kind, name = writer.term("papers:station", fact), fit(device)
        if observation["status"] not in ("parsed", "empty"):
            word = writer.language.status("not_measured")
            rows.append((kind, writer.text("papers:all_of_them"), name, word, ""))
        rows += [(kind, *_station(writer, name, row)) for row in observation.get("rows", ())]
    rows.sort(key=lambda row: (row[0], natural(row[2]), natural(row[1])))
    return Table(
        writer.text("papers:sheet_stations"),
        (
            ordinal(writer),
            column(writer, "kind", 3.2),
            column(writer, "name", 4.4),
            column(writer, "managed_by", 3),
            column(writer, "state", 3.2),
            column(writer, "note", 4),
        ),
        numbered(rows[:SHEET_ROWS]),
    )


def _station(writer: PaperWriter, device: str, row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    state = str(row.get("state") or row.get("link") or "unknown")
    key = "locked" if row.get("admin") == "locked" else state if state in ("up", "down", "degraded") else "unknown"
    notes = [writer.text("papers:station_barred")] if row.get("barred") else []
    notes += [fit(row["location"])] if row.get("location") else []
    if row.get("clients") is not None:
        notes.append(writer.text("papers:station_clients", count=int(row["clients"])))
    return fit(row.get("name", "")), device, writer.term("papers:state", key), "; ".join(notes)


def measure_table(writer: PaperWriter, results: RunResults) -> Table:
    """Measured figures beside their limits."""
    language = writer.language
    rows = (
        (
            fit(one.device),
            language.check(one.check),
            language.subject(one.subject),
            language.number(one.value),
            language.number(one.limit),
            fit(one.unit),
            language.status(one.status),
        )
        for one in results.measures
    )
    return Table(
        writer.text("papers:sheet_measures"),
        (
            ordinal(writer),
            column(writer, "device", 3),
            column(writer, "check", 4),
            column(writer, "subject", 5),
            column(writer, "value", 2, "right", "number"),
            column(writer, "limit", 2, "right", "number"),
            column(writer, "unit", 1.6, "center"),
            column(writer, "status", 2.6, "center"),
        ),
        numbered(rows),
    )


def clause_table(writer: PaperWriter, clauses: Sequence[ClauseStatus]) -> Table:
    """Every clause with its owner, deadline, state and evidence."""
    rows = (
        (
            fit(clause.duty.id),
            fit(quoted(writer, clause.duty)),
            fit(clause.duty.owner),
            writer.day(clause.duty.due) if clause.duty.due else fit(clause.duty.deadline),
            writer.term("papers:clause", clause.state),
            "; ".join(filter(None, (fit(clause.reason), *map(fit, clause.evidence)))),
        )
        for clause in clauses
    )
    return Table(
        writer.text("papers:sheet_clauses"),
        (
            ordinal(writer),
            column(writer, "clause", 1.6, "center"),
            column(writer, "duty", 8),
            column(writer, "owner", 3.4),
            column(writer, "due", 2.8),
            column(writer, "state", 2.8),
            column(writer, "evidence", 5),
        ),
        numbered(rows),
    )


def incident_table(writer: PaperWriter, incidents: Sequence[IncidentReport]) -> Table:
    """Incidents in order of time, with the lateness of their first notices."""
    rows = (
        (
            writer.moment(incident.began, short=True),
            fit(incident.place),
            service_names(writer, incident.services),
            fit(incident.summary),
            fit(incident.cause) or writer.text("papers:cause_unknown"),
            writer.moment(incident.restored, short=True) if incident.restored else writer.text("papers:not_restored"),
        )
        for incident in sorted(incidents, key=lambda incident: incident.began)
    )
    return Table(
        writer.text("papers:sheet_incidents"),
        (
            ordinal(writer),
            column(writer, "began", 2.6),
            column(writer, "place", 3.4),
            column(writer, "services", 2.4),
            column(writer, "what", 5),
            column(writer, "cause", 4),
            column(writer, "restored", 2.6),
        ),
        numbered(rows),
        caption=writer.text("papers:caption_incidents"),
    )
