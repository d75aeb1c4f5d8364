"""The parts of a bundle from the records of a workspace; telephone numbers in free texts are masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import isfinite
from typing import Any

from eventready.clauses.event_record import EventRecord
from eventready.clauses.proof import ClauseState
from eventready.core.records import ShapeError
from eventready.core.redaction.masking import mask_text
from eventready.core.strings.texts import moment_of
from eventready.incidents.incident import Incident
from eventready.papers.material.gaps import unconfirmed_facts
from eventready.province.bundles.bundle import LARGEST_PART
from eventready.province.bundles.parts import (
    FACTS,
    FINDING,
    FINDINGS,
    INCIDENTS,
    LONGEST_NAME,
    LONGEST_TEXT,
    PARAMS,
    PLATFORMS,
    STATUSES,
    BundlePart,
    ClauseEntry,
    DutiesPart,
    FindingEntry,
    IncidentEntry,
    IncidentsPart,
    PartName,
    RosterPart,
    RunPart,
    VenueEntry,
    VerdictEntry,
)
from eventready.roster.finding import RosterReport
from eventready.roster.roster import ROLES
from eventready.store.run import Run, Summary
from eventready.store.run_records import RunFinding
from eventready.workspace.settings.duties import LONGEST_ID
from eventready.workspace.settings.event import Event, NoticeLimits
from eventready.workspace.workspace import Workspace

#: Bytes of all listed findings, well below the limit of a part.
_FINDINGS_BYTES = LARGEST_PART // 2


def contents(workspace: Workspace, record: EventRecord, moment: datetime) -> dict[PartName, BundlePart]:
    """Every part of a bundle at `moment`, the event's time."""
    return {
        "run": _run(record.run, workspace.event),
        "duties": DutiesPart(clauses=tuple(_clause(state) for state in record.clauses(workspace, moment))),
        "roster": _roster(record.roster, record.roster_version),
        "incidents": _incidents(record.incidents, workspace.event.notice_limits, moment),
    }


def _run(run: Run | None, event: Event) -> RunPart:
    if run is None:
        return RunPart(present=False, event_vi=event.name_vi, event_en=event.name)
    header, summary = run.header, Summary.of(run)
    return RunPart(
        present=True,
        id=run.id,
        event_vi=event.name_vi,
        event_en=event.name,
        moment=moment_of(summary.moment),
        sha256=header.sha256,
        needed=summary.needed,
        measured=summary.measured,
        seen=summary.seen,
        uncovered=summary.uncovered,
        unseen_devices=summary.unseen_devices,
        devices=summary.devices,
        reached=sum(device.reachable for device in header.devices),
        counts={status: summary.counts[status] for status in STATUSES if summary.counts.get(status)},
        venues=tuple(
            VenueEntry(id=venue.id, name=venue.name[:LONGEST_NAME], name_vi=venue.name_vi[:LONGEST_NAME])
            for venue in header.event_info.venues
        ),
        verdicts=tuple(VerdictEntry(one.venue, one.service, one.verdict) for one in run.verdicts()),
        findings=tuple(_findings(run)),
        unconfirmed=_unconfirmed(run),
    )


def _unconfirmed(run: Run) -> dict[str, list[str]]:
    """Facts measured in forms without public source, by platform."""
    found = unconfirmed_facts(run)[:PLATFORMS]
    return {one.platform[:LONGEST_ID]: [fact[:LONGEST_ID] for fact in one.facts[:FACTS]] for one in found}


def _findings(run: Run) -> Iterator[FindingEntry]:
    """Failed and unmeasured findings, at most half of FINDINGS of each and within _FINDINGS_BYTES.

    The counts of the run have all of them.
    """
    left = {"fail": FINDINGS // 2, "not_measured": FINDINGS // 2}
    size = 0
    for finding in run.open_findings():
        if left.get(finding.status, 0):
            left[finding.status] -= 1
            entry = _finding(finding)
            size += len(FINDING.encode(entry))
            if size > _FINDINGS_BYTES:
                return
            yield entry


def _finding(finding: RunFinding) -> FindingEntry:
    """Return the entry of a finding; parameters outside the bundle's limits are left out, the message stays."""
    plain = {
        "check": finding.check[:LONGEST_ID],
        "device": finding.device[:LONGEST_NAME],
        "subject": _masked(finding.subject),
        "status": finding.status,
        "message": _masked(finding.message),
        "venues": [*finding.venues],
        "services": [*finding.services],
        "blind": finding.blind,
    }
    try:
        return FINDING.read_plain({**plain, "message_id": finding.message_id, "params": _param(finding.params)})
    except ShapeError:
        return FINDING.read_plain(plain)


def _clause(state: ClauseState) -> ClauseEntry:
    return ClauseEntry(
        clause=state.duty.id,
        vi=state.duty.vi[:LONGEST_TEXT],
        en=state.duty.en[:LONGEST_TEXT],
        owner=_masked(state.owner)[:LONGEST_NAME],
        state=state.state,
        late=state.late,
        reason_vi=_masked(state.reason.render("vi")),
        reason_en=_masked(state.reason.render("en")),
        evidence=len(state.evidence),
    )


def _roster(report: RosterReport | None, version: str) -> RosterPart:
    if report is None:
        return RosterPart(present=False)
    return RosterPart(
        present=True,
        version=version,
        holds=report.holds,
        start=report.start,
        end=report.end,
        errors=report.count("error"),
        warnings=report.count("warn"),
        gaps={role: report.gap_minutes(role) for role in ROLES},
    )


def _incidents(incidents: Sequence[Incident], limits: NoticeLimits, moment: datetime) -> IncidentsPart:
    """The latest incidents."""
    latest = sorted(incidents, key=lambda incident: incident.began)[-INCIDENTS:]
    return IncidentsPart(incidents=tuple(_incident(one, limits, moment) for one in latest))


def _incident(incident: Incident, limits: NoticeLimits, moment: datetime) -> IncidentEntry:
    return IncidentEntry(
        id=incident.id,
        began=incident.began,
        restored=incident.restored,
        venue=incident.venue,
        place=_masked(incident.place)[:LONGEST_NAME],
        services=incident.services,
        kind=incident.kind,
        summary=_masked(incident.summary),
        cause=_masked(incident.cause),
        subscribers=incident.subscribers,
        overdue=len(incident.overdue(limits, moment)),
    )


def _param(value: Any) -> Any:
    """A parameter of a finding as plain JSON, masked at any depth."""
    match value:
        case dict():
            return {str(key): _param(item) for key, item in list(value.items())[:PARAMS]}
        case list() | tuple():
            return [_param(item) for item in value[:PARAMS]]
        case float() if not isfinite(value):
            return str(value)
        case bool() | int() | float() | None:
            return value
        case _:
            return _masked(str(value))


def _masked(text: str) -> str:
    return mask_text(text)[:LONGEST_TEXT]
