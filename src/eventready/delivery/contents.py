"""From what is on record to the parts of a bundle; free text loses its telephone numbers on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from eventready.delivery.parts import (
    Clause,
    DutiesPart,
    Found,
    Happened,
    IncidentsPart,
    Judged,
    Part,
    PartName,
    Place,
    RosterPart,
    RunPart,
)
from eventready.duty.incident import Incident
from eventready.duty.on_record import OnRecord
from eventready.duty.privacy import mask_text
from eventready.duty.state import ClauseState
from eventready.roster.finding import RosterReport
from eventready.roster.roster import ROLES
from eventready.run import Run, Summary
from eventready.workspace.event import Event, NoticeLimits
from eventready.workspace.workspace import Workspace

_LONGEST = 1000


def contents(workspace: Workspace, record: OnRecord, moment: datetime) -> dict[PartName, Part]:
    """Every part of a bundle, as things stand at a moment of the event's clock."""
    return {
        "run": _run(record.run, workspace.event),
        "duties": DutiesPart(clauses=tuple(_clause(state) for state in record.clauses(workspace, moment))),
        "roster": _roster(record.roster, record.roster_version),
        "incidents": _incidents(record.incidents, workspace.event.notice_limits, moment),
    }


def _run(run: Run | None, event: Event) -> RunPart:
    if run is None:
        return RunPart(present=False, event_vi=event.name_vi, event_en=event.name)
    document, summary = run.document, Summary.of(run.document)
    devices = document.get("devices", ())
    return RunPart(
        present=True,
        id=run.id,
        event_vi=event.name_vi,
        event_en=event.name,
        moment=summary.moment,
        sha256=str(document.get("sha256", "")),
        needed=summary.needed,
        measured=summary.measured,
        devices=len(devices),
        reached=sum(bool(device["reachable"]) for device in devices),
        counts=dict(summary.counts),
        venues=tuple(
            Place(id=venue["id"], name=venue["name"], name_vi=venue["name_vi"])
            for venue in document["event_info"]["venues"]
        ),
        verdicts=tuple(Judged.model_validate(verdict) for verdict in document["verdicts"]),
        findings=tuple(_finding(finding) for finding in document["findings"] if finding["status"] != "pass"),
    )


def _finding(finding: Mapping[str, Any]) -> Found:
    return Found(
        check=finding["check"],
        device=finding["device"],
        subject=_masked(finding["subject"]),
        status=finding["status"],
        message=_masked(finding["message"]),
        text=finding["text"],
        params={key: _masked(v) if isinstance(v, str) else v for key, v in finding["params"].items()},
        venues=tuple(finding["venues"]),
        services=tuple(finding["services"]),
        blind=finding["blind"],
    )


def _clause(state: ClauseState) -> Clause:
    return Clause(
        clause=state.duty.id,
        vi=state.duty.vi,
        en=state.duty.en,
        owner=_masked(state.owner),
        state=state.state,
        late=state.late,
        reason_vi=_masked(state.reason.vi),
        reason_en=_masked(state.reason.en),
        evidence=len(state.evidence),
    )


def _roster(report: RosterReport | None, version: str) -> RosterPart:
    if report is None:
        return RosterPart(present=False)
    return RosterPart(
        present=True,
        version=version,
        holds=report.holds,
        start=report.start.isoformat(timespec="minutes"),
        end=report.end.isoformat(timespec="minutes"),
        errors=report.count("error"),
        warnings=report.count("warn"),
        gaps={role: report.gap_minutes(role) for role in ROLES},
    )


def _incidents(incidents: Sequence[Incident], limits: NoticeLimits, moment: datetime) -> IncidentsPart:
    return IncidentsPart(
        incidents=tuple(
            Happened(
                id=incident.id,
                began=incident.began,
                restored=incident.restored,
                venue=incident.venue,
                place=_masked(incident.place),
                services=incident.services,
                kind=incident.kind,
                summary=_masked(incident.summary),
                cause=_masked(incident.cause),
                subscribers=incident.subscribers,
                overdue=len(incident.overdue(limits, moment)),
            )
            for incident in incidents
        )
    )


def _masked(text: str) -> str:
    return mask_text(text)[:_LONGEST]
