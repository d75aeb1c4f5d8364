"""`report incident`: the written report of an incident, with its required notices."""

from __future__ import annotations

from eventready.assurance.papers.dates import fit
from eventready.assurance.papers.document.model import Block, Document, Table
from eventready.assurance.papers.document.profile import Profile
from eventready.assurance.papers.material import IncidentNotice, IncidentReport, Material
from eventready.assurance.papers.tables import columns, numbered_table, service_names
from eventready.assurance.papers.writer import PaperWriter, ascii_name
from eventready.core.messages import Lang


def incident_report(incident: IncidentReport, material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """Return the report of an incident, as known at `material.moment`."""
    writer = PaperWriter("incident", material, profile, lang)
    writer.values["incident"] = fit(incident.id)
    writer.values["incident_place"] = fit(incident.place)
    writer.values["incident_summary"] = fit(incident.summary)
    writer.values["police"] = fit(incident.police) or writer.text("papers:police_unknown")
    outline = writer.outline
    cause = (
        writer.p("papers:incident_cause", cause=incident.cause)
        if incident.cause
        else writer.p("papers:incident_cause_unknown")
    )
    blocks: list[Block] = [
        *writer.head(),
        outline.section(writer.text("papers:head_what")),
        *_course(writer, incident),
        outline.section(writer.text("papers:head_cause")),
        cause,
        outline.section(writer.text("papers:head_actions")),
        *_actions(writer, incident),
        outline.section(writer.text("papers:head_notices")),
        _notices(writer, incident),
        outline.section(writer.text("papers:head_proposals")),
        *(writer.standing(profile.standing.proposals) or [writer.p("papers:proposals_none")]),
        *writer.close(),
    ]
    return writer.document(blocks, name=ascii_name(incident.id))


def _course(writer: PaperWriter, incident: IncidentReport) -> list[Block]:
    services = service_names(writer, incident.services)
    people = incident.subscribers
    return writer.bullets(
        [
            writer.text("papers:incident_summary_item", summary=incident.summary),
            *([writer.text("papers:incident_kind", kind=incident.kind)] if incident.kind else []),
            writer.text("papers:incident_began", began=incident.began),
            writer.text("papers:incident_noticed", noticed=incident.noticed),
            writer.text("papers:incident_where", place=incident.place),
            writer.text("papers:incident_services", services=services)
            if services
            else writer.text("papers:incident_services_unknown"),
            writer.text("papers:incident_people_unknown")
            if people is None
            else writer.text("papers:incident_people", count=people),
        ]
    )


def _actions(writer: PaperWriter, incident: IncidentReport) -> list[Block]:
    blocks: list[Block] = writer.bullets(
        writer.text("papers:incident_action", at=at, action=action) for at, action in sorted(incident.actions)
    ) or [writer.p("papers:incident_no_action")]
    if incident.restored is None:
        return [*blocks, writer.p("papers:incident_open")]
    lasted = writer.duration(int((incident.restored - incident.began).total_seconds() // 60))
    return [*blocks, writer.p("papers:incident_restored", restored=incident.restored, lasted=lasted)]


def _notices(writer: PaperWriter, incident: IncidentReport) -> Table:
    """Return every notice required by the incident, given or not, with the lateness."""
    shown = columns(writer, notice_to=4.4, notice_stage=2.6, notice_due=2.4, notice_at=2.8, notice_by=3, notice_how=2.4)
    rows = (_notice(writer, notice) for notice in incident.notices)
    return numbered_table(writer, writer.text("papers:sheet_notices"), shown, rows)


def _notice(writer: PaperWriter, notice: IncidentNotice) -> tuple[str, ...]:
    office = writer.values["recipient"] if notice.to == "department" else writer.values["police"]
    recipient = f"{office} ({fit(notice.recipient)})" if notice.recipient else office
    at = writer.moment(notice.at, short=True) if notice.at else writer.text("papers:notice_missing")
    late = f" {writer.text('papers:notice_late', time=writer.duration(notice.late))}" if notice.late else ""
    due = writer.moment(notice.due, short=True)
    return recipient, fit(notice.stage), due, f"{at}{late}", fit(notice.by), fit(notice.how)
