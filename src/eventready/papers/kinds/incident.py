"""`report incident`: the written report of an incident, with its required notices."""

from __future__ import annotations

from eventready.core.messages import Lang
from eventready.incidents.incident import Demand, Incident, police_near
from eventready.incidents.log import find, recipient_of
from eventready.papers.dates import fit
from eventready.papers.document.model import Block, Document, MailReference, Table
from eventready.papers.document.profile import Profile
from eventready.papers.document.sources import cited
from eventready.papers.kinds.weekly import proposals
from eventready.papers.material.material import Material
from eventready.papers.sections.tables import columns, numbered_table, service_names
from eventready.papers.sections.writer import PaperWriter, ascii_name


def incident_report(incident: Incident, material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """Return the report of an incident, as known at `material.moment`."""
    writer = PaperWriter("incident", material, profile, lang)
    writer.values["incident"] = fit(incident.id)
    writer.values["incident_place"] = fit(incident.place)
    writer.values["incident_summary"] = fit(incident.summary)
    police = police_near(incident.venue, material.event)
    writer.values["police"] = fit(police.title.render(lang)) if police else writer.text("papers:police_unknown")
    outline = writer.outline
    cause = writer.p(
        "papers:incident_cause" if incident.cause else "papers:incident_cause_unknown", cause=incident.cause
    )
    course: list[Block] = [
        outline.section(writer.text("papers:head_what")),
        *_course(writer, incident),
        outline.section(writer.text("papers:head_cause")),
        cause,
        outline.section(writer.text("papers:head_actions")),
        *_actions(writer, incident),
        outline.section(writer.text("papers:head_notices")),
        _notices(writer, incident),
    ]
    blocks = [*writer.head(), *cited(f"incident {incident.id}", course), *proposals(writer), *writer.close()]
    copies = ((police.email, police.title.render(lang)),) if police and police.email else ()
    return writer.document(
        blocks, name=ascii_name(incident.id), mail=MailReference(detail=incident.place, copies=copies)
    )


def named_incident(material: Material, profile: Profile, lang: Lang, *, incident: str) -> Document:
    """Return the report of an incident by its name. Raises UsageError for an unknown incident."""
    return incident_report(find(incident, material.incidents or ()), material, profile, lang)


def _course(writer: PaperWriter, incident: Incident) -> list[Block]:
    services, people = service_names(writer, incident.services), incident.subscribers
    touched = "papers:incident_services" if services else "papers:incident_services_unknown"
    number = "papers:incident_people_unknown" if people is None else "papers:incident_people"
    items = [
        writer.text("papers:incident_summary_item", summary=incident.summary),
        writer.text("papers:incident_kind", kind=writer.term("incidents:kind", incident.kind)),
        writer.text("papers:incident_began", began=incident.began),
        writer.text("papers:incident_noticed", noticed=incident.noticed),
        writer.text("papers:incident_where", place=incident.place),
        writer.text(touched, services=services),
        writer.text(number, count=people),
    ]
    return writer.bullets(items)


def _actions(writer: PaperWriter, incident: Incident) -> list[Block]:
    blocks: list[Block] = writer.bullets(
        writer.text("papers:incident_action", at=action.at, action=action.text)
        for action in sorted(incident.actions, key=lambda action: action.at)
    ) or [writer.p("papers:incident_no_action")]
    if incident.restored is None:
        return [*blocks, writer.p("papers:incident_open")]
    lasted = writer.duration(int((incident.restored - incident.began).total_seconds() // 60))
    return [*blocks, writer.p("papers:incident_restored", restored=incident.restored, lasted=lasted)]


def _notices(writer: PaperWriter, incident: Incident) -> Table:
    """Return every notice required by the incident, given or not, with the lateness."""
    shown = columns(writer, notice_to=4.4, notice_stage=2.6, notice_due=2.4, notice_at=2.8, notice_by=3, notice_how=2.4)
    material = writer.material
    demands = incident.demands(material.event.notice_limits, material.moment)
    rows = (_notice(writer, incident, demand) for demand in demands)
    return numbered_table(writer, writer.text("papers:sheet_notices"), shown, rows)


def _notice(writer: PaperWriter, incident: Incident, demand: Demand) -> tuple[str, ...]:
    """Return a row; the lateness ends at the notice or, for a missing notice, at the moment of the paper."""
    material, given = writer.material, demand.notice
    office = writer.values["recipient"] if demand.to == "department" else writer.values["police"]
    late = int(((given.at if given else material.moment) - demand.due).total_seconds() // 60)
    after = f" {writer.text('papers:notice_late', time=writer.duration(late))}" if late > 0 else ""
    stage, due = writer.term("incidents:stage", demand.stage), writer.moment(demand.due, short=True)
    if given is None:
        return office, stage, due, f"{writer.text('papers:notice_missing')}{after}", "", ""
    named = given.recipient != recipient_of(demand.to, material.event, incident.venue)
    recipient = f"{office} ({fit(given.recipient)})" if named else office
    at, how = f"{writer.moment(given.at, short=True)}{after}", writer.term("incidents:how", given.how)
    return recipient, stage, due, at, fit(given.by), how
