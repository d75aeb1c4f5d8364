"""Incident as text and as JSON. Telephone numbers in people's texts are masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from eventready.core.messages import Param, joined, message, term, text
from eventready.core.redaction.masking import mask_text
from eventready.incidents.incident import Demand, Incident, addressee_name, police_near
from eventready.incidents.log import recipient_of
from eventready.workspace.settings.event import Event


def services_text(services: Iterable[str], lang: str) -> str:
    """The names of services, separated by commas."""
    return joined([term("terms:service", service, lang) for service in services], lang, ",")


def incident_lines(incident: Incident, event: Event, demands: Iterable[Demand], lang: str) -> Iterator[str]:
    """The incident, line by line, for a terminal."""
    kind = term("incidents:kind", incident.kind, lang)
    yield mask_text(f"{incident.id}  {kind}: {incident.summary}")
    unknown = message("incidents:unknown")
    values: dict[str, Param] = {
        "began": incident.began,
        "noticed": incident.noticed,
        "where": incident.place,
        "services": services_text(incident.services, lang),
        "subscribers": unknown if incident.subscribers is None else incident.subscribers,
        "cause": incident.cause or unknown,
        "restored": incident.restored or message("incidents:not_restored"),
    }
    for name, value in values.items():
        label = term("incidents:label", name, lang)
        yield mask_text(text("incidents:line", lang, label=label, value=value))
    for action in incident.actions:
        yield mask_text(text("incidents:action", lang, at=action.at, by=action.by, action=action.text))
    yield text("incidents:notices_demanded", lang)
    for demand in demands:
        yield f"    {demand_text(demand, event, lang)}"


def demand_text(demand: Demand, event: Event, lang: str) -> str:
    """Return a required notice in a single line: stage, addressee, status, and the notice given."""
    notice = demand.notice
    params: dict[str, Param] = {
        "stage": demand.stage,
        "addressee": addressee_name(demand.to, event),
        "status": demand.status,
        "due": demand.due,
    }
    if notice is None:
        return text("incidents:demand_open", lang, **params)
    given = text("incidents:notice", lang, at=notice.at, how=notice.how, by=notice.by, recipient=notice.recipient)
    return text("incidents:demand_met", lang, **params, notice=mask_text(given))


def open_demands(incident: Incident, event: Event, demands: Iterable[Demand], lang: str) -> Iterator[str]:
    """Yield the open notices, with the telephone number of the office for a first notice."""
    police = police_near(incident.venue, event)
    phones = {"department": event.recipient.phone, "police": police.phone if police else ""}
    for demand in demands:
        if demand.notice is None:
            number = phones[demand.to] if demand.stage == "first" else ""
            recipient = recipient_of(demand.to, event, incident.venue) or addressee_name(demand.to, event)
            wanted: dict[str, Param] = {"status": demand.status, "stage": demand.stage, "due": demand.due}
            phone = f" ({number})" if number else ""
            yield text("incidents:to_be_given", lang, recipient=recipient, phone=phone, **wanted)


def incident_plain(incident: Incident, demands: Iterable[Demand]) -> dict[str, Any]:
    """The incident as plain JSON types."""
    return {
        "id": incident.id,
        "kind": incident.kind,
        "summary": mask_text(incident.summary),
        "began": _iso(incident.began),
        "noticed": _iso(incident.noticed),
        "venue": incident.venue or None,
        "place": mask_text(incident.place),
        "services": list(incident.services),
        "subscribers": incident.subscribers,
        "cause": mask_text(incident.cause) or None,
        "actions": [{"at": _iso(a.at), "by": mask_text(a.by), "text": mask_text(a.text)} for a in incident.actions],
        "restored": _iso(incident.restored),
        "rehearsal": incident.rehearsal,
        "notices": [_demand_plain(demand) for demand in demands],
        "entries": incident.entries,
    }


def _demand_plain(demand: Demand) -> dict[str, Any]:
    plain = {"to": demand.to, "stage": demand.stage, "due": _iso(demand.due), "status": demand.status}
    if (notice := demand.notice) is None:
        return {**plain, **dict.fromkeys(("at", "by", "recipient", "how"))}
    by, recipient = map(mask_text, (notice.by, notice.recipient))
    return {**plain, "at": _iso(notice.at), "by": by, "recipient": recipient, "how": notice.how}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None
