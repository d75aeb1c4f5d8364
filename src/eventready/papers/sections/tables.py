"""Tables of papers; an unknown value is named, never left blank."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from pydantic import JsonValue

from eventready.clauses.attestations.attestation import Values
from eventready.clauses.proof import ClauseState
from eventready.core.messages import Lang
from eventready.core.strings.texts import natural
from eventready.core.timezone import local_time
from eventready.drawing.svg import width
from eventready.incidents.incident import Incident
from eventready.papers.dates import fit
from eventready.papers.document.model import Align, Cell, Column, ColumnKind, Page, Table, TableCell
from eventready.papers.material.findings import CollapsedLine, FindingLine
from eventready.papers.material.results import Measure, RunResults, highest
from eventready.papers.material.verdicts import VenueRow
from eventready.papers.sections.writer import PaperWriter
from eventready.store.run import judged_observations
from eventready.store.run_records import RunObservation
from eventready.workspace.devices.device import Service
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Window

#: Spellings of Wi-Fi in letters.
_WIFI = re.compile(r"\bwi-?fi\b", re.I)

#: Subjects of a row beside the first: the annex has one page.
_SUBJECTS = 3

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


def columns(
    writer: PaperWriter, align: Align = "left", kind: ColumnKind = "text", /, **weights: float
) -> tuple[Column, ...]:
    """Columns with the titles `papers:col.<key>`, by key with the weight."""
    return tuple(Column(writer.term("papers:col", key), weight, align, kind) for key, weight in weights.items())


def numbered_table(
    writer: PaperWriter,
    name: str,
    shown: Iterable[Column],
    rows: Iterable[Sequence[TableCell]],
    *,
    caption: str = "",
    note: str = "",
) -> Table:
    """A table with the number of the row as first column, as in every Vietnamese table."""
    counted = tuple((str(number), *row) for number, row in enumerate(rows, 1))
    return Table(name, (*columns(writer, "center", "number", no=1.1), *shown), counted, caption, note)


def rows_of_page(table: Table, page: Page, *, landscape: bool) -> int:
    """Return the number of rows on the first page of an annex with this table."""
    measure = page.measure(landscape=landscape)
    high = page.WIDTH - page.left - page.right if landscape else page.HEIGHT - page.top - page.bottom
    widths = [wide - 3 for wide in table.widths(measure, page.table)]
    left = high - _ANNEX_HEAD - _row_height([column.title for column in table.columns], widths, page.table)
    for index, row in enumerate(table.rows):
        left -= _row_height(list(map(str, row)), widths, page.table)
        if left < 0:
            return index
    return len(table.rows)


def _row_height(texts: Sequence[str], widths: Sequence[float], size: float) -> float:
    """mm of a row; ends of lines take a twentieth of the width."""
    lines = (ceil(width(text, size) * 1.05 / max(wide, 1)) for text, wide in zip(texts, widths, strict=True))
    return _ROW + max(1, *lines) * size * _LINE


def service_names(writer: PaperWriter, names: Iterable[str]) -> str:
    """Names of services; post is none of a venue's services."""
    return ", ".join(
        writer.text("papers:postal_service") if name == "postal" else writer.language.service(name) for name in names
    )


def counted_states(clauses: Iterable[ClauseState]) -> dict[str, int]:
    """Number of the clauses by state; clauses without a duty are left out."""
    states = [clause.state for clause in clauses]
    return {state: states.count(state) for state in ("done", "in_progress", "not_done")}


def window_line(writer: PaperWriter, window: Window) -> str:
    """A window of the event: its name, its venues unless at all, and its time."""
    span = " - ".join(writer.moment(moment, short=True) for moment in (window.start, window.end))
    name = window.title.render(writer.lang) or window.kind
    if not window.venues:
        return writer.text("papers:plan_window", name=name, span=span)
    venues = ", ".join(fit(one.title.render(writer.lang)) for one in writer.material.event.venues_of(window))
    return writer.text("papers:plan_window_at", name=name, venues=venues, span=span)


def due_of(writer: PaperWriter, duty: Duty) -> str:
    """The day on which a clause is due, or its period."""
    if duty.due is None:
        return fit(duty.period.render(writer.lang))
    return writer.day(local_time(writer.material.event.owed(duty.due)).date())


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
    return numbered_table(
        writer,
        writer.text("papers:sheet_verdicts"),
        (*columns(writer, venue=5), *(Column(service, 3, "center") for service in services)),
        (
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
    shown = columns(writer, service=2.2, circuits=5, added=3, load=5)
    return numbered_table(writer, writer.text("papers:sheet_services"), shown, rows, note=note)


def _circuits(writer: PaperWriter, rows: Sequence[Values]) -> str:
    if not rows:
        return writer.text("papers:circuits_unknown")
    number = writer.language.number
    figures = ({name: number(row.get(name, 0)) for name in ("available", "required")} for row in rows)
    return "; ".join(
        writer.text("papers:circuit", **{name: str(row.get(name, "")) for name in ("name", "unit")}, **known)
        for row, known in zip(rows, figures, strict=True)
    )


def _added(writer: PaperWriter, rows: Sequence[Values]) -> str:
    added = [row for row in rows if row.get("added")]
    if not added:
        return writer.text("papers:added_none")
    return "; ".join(f"{writer.language.number(row['added'])} {fit(row.get('unit', ''))}" for row in added)


def _load(writer: PaperWriter, load: Measure | None) -> str:
    if load is None:
        return writer.text("papers:load_unknown")
    value, limit = map(writer.language.number, (load.value, load.limit))
    subject = writer.language.subject(load.subject)
    return writer.text("papers:load", value=value, limit=limit, device=load.device, subject=subject)


def device_table(writer: PaperWriter, results: RunResults) -> Table:
    """A row per device: findings by status, and why a device was not measured."""
    context, language = results.context, writer.language
    counts: Counter[tuple[str, str]] = Counter((line.device, line.status) for line in results.findings.lines)
    for name, passes in results.findings.passes.items():
        counts[name, "pass"] = sum(one.count for one in passes)
    statuses = ("pass", "warn", "fail", "not_measured", "waived")
    rows = []
    for name in sorted(context.devices, key=natural)[:SHEET_ROWS]:
        device = context.devices[name]
        reason = language.reason(device)
        silent = "" if device.reachable else writer.text("papers:device_silent", reason=reason)
        numbers = (str(counts[fit(name), status]) for status in statuses)
        rows.append((fit(name), context.role(device), ", ".join(context.names(device.venues)), *numbers, silent))
    shown = (
        *columns(writer, device=3, role=3.4, venues=5),
        *columns(writer, "right", "number", **dict.fromkeys(statuses, 1.5)),
        *columns(writer, note=4.5),
    )
    return numbered_table(writer, writer.text("papers:sheet_devices"), shown, rows)


def open_table(writer: PaperWriter, lines: Sequence[CollapsedLine], results: RunResults) -> Table:
    """Return the findings except passes, by devices and reason, the most urgent first."""
    rows = (
        (
            fit(writer.language.names(one.row.devices)),
            ", ".join(one.checks),
            collapsed_message(writer, one),
            _venues(writer, results, one),
            _status(writer, one.first),
        )
        for one in lines
    )  # fmt: skip
    shown = columns(writer, device=3, check=3.4, finding=9, venues=4.6, status=3)
    return numbered_table(writer, writer.text("papers:sheet_open"), shown, rows)


def collapsed_message(writer: PaperWriter, one: CollapsedLine) -> str:
    """Return the sentence of the first row, and the number of other findings with its reason."""
    message = one.row.sentence(writer.language, one.first.message, _SUBJECTS)
    more = one.count - one.row.count
    return f"{message} {writer.text('papers:and_similar', count=more)}" if more else message


def _venues(writer: PaperWriter, results: RunResults, one: CollapsedLine) -> str:
    order = results.context.venue_names
    found = {venue: None for line in one.row.findings for venue in line.venues}
    if len(found) > 1 and found.keys() >= order.keys():
        return writer.text("papers:all_venues")
    return ", ".join(results.context.names(found))


def _status(writer: PaperWriter, line: FindingLine) -> str:
    word = writer.language.status(line.status)
    return f"{word}: {line.waiver}" if line.waiver else word


def station_table(writer: PaperWriter, results: RunResults) -> Table:
    """Return base stations, cells and access points with the states reported by their controllers."""
    rows: list[tuple[str, ...]] = []
    last: dict[tuple[str, str], RunObservation] = {}
    for observation in judged_observations(results.run):
        if observation.fact in _STATIONS:
            last[observation.device, observation.fact] = observation
    for (device, fact), observation in last.items():
        kind, name = writer.term("papers:station", fact), fit(device)
        if not observation.measured:
            word = writer.language.status("not_measured")
            rows.append((kind, writer.text("papers:all_of_them"), name, word, ""))
        rows += [(kind, *_station(writer, name, row)) for row in observation.rows]
    rows.sort(key=lambda row: (row[0], natural(row[2]), natural(row[1])))
    shown = columns(writer, kind=3.2, name=4.4, managed_by=3, state=3.2, note=4)
    return numbered_table(writer, writer.text("papers:sheet_stations"), shown, rows[:SHEET_ROWS])


def _station(writer: PaperWriter, device: str, row: Mapping[str, JsonValue]) -> tuple[str, str, str, str]:
    state = str(row.get("state") or row.get("link") or "unknown")
    key = "locked" if row.get("admin") == "locked" else state if state in ("up", "down", "degraded") else "unknown"
    notes = [writer.text("papers:station_barred")] if row.get("barred") else []
    notes += [fit(row["location"])] if row.get("location") else []
    if isinstance(clients := row.get("clients"), int):
        notes.append(writer.text("papers:station_clients", count=clients))
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
    shown = (
        *columns(writer, device=3, check=4, subject=5),
        *columns(writer, "right", "number", value=2, limit=2),
        *columns(writer, "center", unit=1.6, status=2.6),
    )
    return numbered_table(writer, writer.text("papers:sheet_measures"), shown, rows)


def clause_table(writer: PaperWriter, clauses: Sequence[ClauseState]) -> Table:
    """Every clause with its owner, deadline, state and evidence."""
    rows = (
        (
            fit(clause.duty.id),
            fit(quoted(writer, clause.duty)),
            fit(clause.duty.owner),
            due_of(writer, clause.duty),
            writer.term("papers:clause", clause.state),
            "; ".join(filter(None, map(fit, _proof(clause, writer.lang)))),
        )
        for clause in clauses
    )
    shown = (
        *columns(writer, "center", clause=1.6),
        *columns(writer, duty=8, owner=3.4, due=2.8, state=2.8, evidence=5),
    )
    return numbered_table(writer, writer.text("papers:sheet_clauses"), shown, rows)


def _proof(clause: ClauseState, lang: Lang) -> tuple[str, ...]:
    """The open points of a clause, then its evidence."""
    return clause.open_text(lang), *(piece.text.render(lang) for piece in clause.evidence)


def incident_table(writer: PaperWriter, incidents: Sequence[Incident]) -> Table:
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
    shown = columns(writer, began=2.6, place=3.4, services=2.4, what=5, cause=4, restored=2.6)
    name, caption = writer.text("papers:sheet_incidents"), writer.text("papers:caption_incidents")
    return numbered_table(writer, name, shown, rows, caption=caption)
