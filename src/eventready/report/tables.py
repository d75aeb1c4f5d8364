"""The tables of papers. Every one says in words what is missing; none leaves a cell to be guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eventready.report.dates import fit
from eventready.report.document.model import Align, Column, Kind, Table
from eventready.report.draft import Draft
from eventready.report.lines import natural
from eventready.report.material import Clause, Incident
from eventready.report.model import ORDER, Line, counted
from eventready.report.squares import matrix
from eventready.report.topics import Results
from eventready.workspace.duties import Duty

#: Figures shown in the annex: nobody reads a thousand that are in order.
MEASURES = 120

#: Facts whose rows are places where people reach the network.
STATIONS = {"site": "station_site", "cell": "station_cell", "access_point": "station_ap"}


def column(draft: Draft, key: str, weight: float, align: Align = "left", kind: Kind = "text") -> Column:
    """A column whose title is `col_<key>` of the wording."""
    return Column(draft.say(f"col_{key}"), weight, align, kind)


def ordinal(draft: Draft) -> Column:
    """The first column of every Vietnamese table."""
    return column(draft, "no", 1.1, "center", "number")


def numbered(rows: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Rows with their number before them."""
    return tuple((str(number), *row) for number, row in enumerate(rows, 1))


def services_said(draft: Draft, services: Iterable[str]) -> str:
    """Services in words; post is none of a venue's, but incidents touch it."""
    return ", ".join(
        draft.say("head_postal") if service == "postal" else draft.language.service(service) for service in services
    )


def quoted(draft: Draft, duty: Duty) -> str:
    """What the letter asks, as a sentence begins; what duties.yaml adds in brackets is read along."""
    text = (duty.vi if draft.lang == "vi" else duty.en).replace("[", "").replace("]", "")
    return text[:1].upper() + text[1:]


def verdict_table(draft: Draft, results: Results) -> Table:
    """Venue by service: the verdict in words."""
    rows = matrix(results.run.document, results.place)
    services = tuple(square.service_title for square in rows[0].squares) if rows else ()
    return Table(
        draft.say("sheet_verdicts"),
        (ordinal(draft), column(draft, "venue", 5), *(Column(service, 3, "center") for service in services)),
        numbered((row.name, *(square.title or draft.say("not_offered") for square in row.squares)) for row in rows),
        caption=draft.say("caption_verdicts"),
    )


def device_table(draft: Draft, results: Results) -> Table:
    """One row per device: how much of what was asked is good, and why not all was asked."""
    place, language = results.place, draft.language
    by_device: dict[str, list[Line]] = {}
    for line in results.lines:
        by_device.setdefault(line.device, []).append(line)
    rows = []
    for name in sorted(place.devices, key=natural):
        device = place.devices[name]
        found = dict(zip(ORDER, counted(by_device.get(fit(name), [])), strict=True))
        reason = language.reason(str(device.get("reason") or ""))
        silent = "" if device.get("reachable") else draft.say("device_silent", reason=reason)
        rows.append(
            (
                fit(name),
                language.role(str(device.get("role", ""))),
                ", ".join(place.names(map(str, device.get("venues", ())))),
                *(str(found[status]) for status in ("pass", "warn", "fail", "not_measured", "waived")),
                silent,
            )
        )
    return Table(
        draft.say("sheet_devices"),
        (
            ordinal(draft),
            column(draft, "device", 3),
            column(draft, "role", 3.4),
            column(draft, "venues", 5),
            *(column(draft, key, 1.5, "right", "number") for key in ("pass", "warn", "fail", "not_measured", "waived")),
            column(draft, "note", 4.5),
        ),
        numbered(rows),
    )


def open_table(draft: Draft, lines: Sequence[Line], results: Results) -> Table:
    """Everything that did not pass, the most urgent first."""
    rows = (
        (
            line.device,
            line.check_title,
            line.message,
            ", ".join(results.place.names(line.venues)),
            draft.language.status(line.status) + (f": {line.waiver}" if line.waiver else ""),
        )
        for line in lines
    )
    return Table(
        draft.say("sheet_open"),
        (
            ordinal(draft),
            column(draft, "device", 3),
            column(draft, "check", 3.4),
            column(draft, "finding", 9),
            column(draft, "venues", 4.6),
            column(draft, "status", 3),
        ),
        numbered(rows),
    )


def station_table(draft: Draft, results: Results) -> Table:
    """Base stations, cells and access points with the state that their controllers tell, or that it is not known."""
    rows: list[tuple[str, ...]] = []
    for observation in _last_readings(results.run.document.get("observations", ())):
        kind = STATIONS.get(str(observation["fact"]))
        if kind is None:
            continue
        device = fit(observation["device"])
        if observation["status"] not in ("parsed", "empty"):
            rows.append((draft.say(kind), draft.say("all_of_them"), device, draft.language.status("not_measured"), ""))
        rows += [_station(draft, kind, device, row) for row in observation.get("rows", ())]
    rows.sort(key=lambda row: (row[0], natural(row[2]), natural(row[1])))
    return Table(
        draft.say("sheet_stations"),
        (
            ordinal(draft),
            column(draft, "kind", 3.2),
            column(draft, "name", 4.4),
            column(draft, "managed_by", 3),
            column(draft, "state", 3.2),
            column(draft, "note", 4),
        ),
        numbered(rows),
    )


def _station(draft: Draft, kind: str, device: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    state = str(row.get("state") or row.get("link") or "unknown")
    key = "locked" if row.get("admin") == "locked" else state if state in ("up", "down", "degraded") else "unknown"
    notes = [draft.say("station_barred")] if row.get("barred") else []
    notes += [fit(row["location"])] if row.get("location") else []
    if row.get("clients") is not None:
        notes.append(draft.say("station_clients", count=int(row["clients"])))
    return draft.say(kind), fit(row.get("name", "")), device, draft.say(f"state_{key}"), "; ".join(notes)


def _last_readings(observations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    last = {(str(o["device"]), str(o["fact"])): o for o in observations}
    return list(last.values())


def measures(results: Results) -> list[Mapping[str, Any]]:
    """Findings that hold a number against a limit: those that did not pass first, then the nearest to its limit."""
    found = [
        finding
        for finding in results.run.document.get("findings", ())
        if _number(finding.get("value")) and _number(finding.get("limit"))
    ]
    return sorted(
        found, key=lambda f: (_rank(f), -_share(f), str(f.get("device")), str(f.get("check")), str(f.get("subject")))
    )


def _rank(finding: Mapping[str, Any]) -> int:
    status = str(finding["status"])
    return ORDER.index(status) if status in ORDER else 0


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _share(finding: Mapping[str, Any]) -> float:
    value, limit = float(finding["value"]), float(finding["limit"])
    return value / limit if limit > 0 and value >= 0 else -1.0


def measure_table(draft: Draft, results: Results) -> Table:
    """Measured figures beside their limits, the first MEASURES of them."""
    language = draft.language
    rows = (
        (
            fit(finding.get("device", "")),
            language.check(str(finding.get("check", ""))),
            language.subject(str(finding.get("subject", ""))),
            language.number(finding["value"]),
            language.number(finding["limit"]),
            fit(finding.get("unit") or ""),
            language.status(str(finding["status"])),
        )
        for finding in measures(results)[:MEASURES]
    )
    return Table(
        draft.say("sheet_measures"),
        (
            ordinal(draft),
            column(draft, "device", 3),
            column(draft, "check", 4),
            column(draft, "subject", 5),
            column(draft, "value", 2, "right", "number"),
            column(draft, "limit", 2, "right", "number"),
            column(draft, "unit", 1.6, "center"),
            column(draft, "status", 2.6, "center"),
        ),
        numbered(rows),
    )


def clause_table(draft: Draft, clauses: Sequence[Clause]) -> Table:
    """Every clause of the letter: who answers for it, by when, how it stands and what shows that."""
    rows = (
        (
            fit(clause.duty.id),
            fit(quoted(draft, clause.duty)),
            fit(clause.duty.owner),
            draft.day(clause.duty.due) if clause.duty.due else fit(clause.duty.deadline),
            draft.say(f"clause_{clause.state}"),
            "; ".join(filter(None, (fit(clause.reason), *map(fit, clause.evidence)))),
        )
        for clause in clauses
    )
    return Table(
        draft.say("sheet_clauses"),
        (
            ordinal(draft),
            column(draft, "clause", 1.6, "center"),
            column(draft, "duty", 8),
            column(draft, "owner", 3.4),
            column(draft, "due", 2.8),
            column(draft, "state", 2.8),
            column(draft, "evidence", 5),
        ),
        numbered(rows),
    )


def incident_table(draft: Draft, incidents: Sequence[Incident]) -> Table:
    """Incidents in order of time."""
    rows = (
        (
            draft.moment(incident.began, short=True),
            fit(incident.place),
            services_said(draft, incident.services),
            fit(incident.summary),
            fit(incident.cause) or draft.say("cause_unknown"),
            draft.moment(incident.restored, short=True) if incident.restored else draft.say("not_restored"),
        )
        for incident in sorted(incidents, key=lambda incident: incident.began)
    )
    return Table(
        draft.say("sheet_incidents"),
        (
            ordinal(draft),
            column(draft, "began", 2.6),
            column(draft, "place", 3.4),
            column(draft, "services", 2.4),
            column(draft, "what", 5),
            column(draft, "cause", 4),
            column(draft, "restored", 2.6),
        ),
        numbered(rows),
        caption=draft.say("caption_incidents"),
    )
