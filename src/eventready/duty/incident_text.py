"""An incident as people and machines read it. Numbers in what people wrote are masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from eventready.duty.incident import ADDRESSEE_WORDS, HOW_WORDS, KIND_WORDS, STAGE_WORDS, Demand, Incident, Standing
from eventready.duty.incident_log import recipient_of
from eventready.duty.privacy import mask_text
from eventready.duty.words import Words, at
from eventready.workspace.event import Event

STANDING_WORDS: Mapping[Standing, Words] = {
    "given": Words("đã báo", "given"),
    "late": Words("đã báo, trễ hạn", "given late"),
    "waiting": Words("phải báo", "to be given"),
    "overdue": Words("QUÁ HẠN", "OVERDUE"),
}
SERVICE_WORDS: Mapping[str, Words] = {
    "fixed": Words("cố định", "fixed"),
    "internet": Words("Internet", "Internet"),
    "mobile": Words("di động", "mobile"),
    "wifi": Words("Wifi", "WiFi"),
    "postal": Words("bưu chính", "postal"),
}
_LABELS: Mapping[str, Words] = {
    "began": Words("Bắt đầu", "Began"),
    "noticed": Words("Phát hiện", "Noticed"),
    "where": Words("Nơi", "Where"),
    "services": Words("Dịch vụ", "Services"),
    "subscribers": Words("Thuê bao bị ảnh hưởng", "Subscribers touched"),
    "cause": Words("Nguyên nhân", "Cause"),
    "restored": Words("Khắc phục", "Restored"),
}
_UNKNOWN = Words("chưa rõ", "not known yet")
_NOT_OVER = Words("chưa khắc phục", "not restored")


def services_said(services: Iterable[str], lang: str) -> str:
    """The services in words."""
    return ", ".join(SERVICE_WORDS.get(service, Words(service, service)).said(lang) for service in services)


def incident_lines(incident: Incident, demands: Iterable[Demand], lang: str) -> Iterator[str]:
    """The whole incident in lines for a terminal."""
    yield mask_text(f"{incident.id}  {KIND_WORDS[incident.kind].said(lang)}: {incident.summary}")
    values = {
        "began": at(incident.began),
        "noticed": at(incident.noticed),
        "where": incident.place,
        "services": services_said(incident.services, lang),
        "subscribers": _UNKNOWN.said(lang) if incident.subscribers is None else str(incident.subscribers),
        "cause": incident.cause or _UNKNOWN.said(lang),
        "restored": at(incident.restored) if incident.restored else _NOT_OVER.said(lang),
    }
    for name, value in values.items():
        yield f"  {_LABELS[name].said(lang)}: {mask_text(value)}"
    for action in incident.actions:
        yield f"  {at(action.at)}  " + mask_text(f"{action.by}: {action.text}")
    yield Words("  Thông báo bắt buộc:", "  Notices demanded:").said(lang)
    for demand in demands:
        yield f"    {demand_said(demand, lang)}"


def demand_said(demand: Demand, lang: str) -> str:
    """A notice in a line: what it is, to whom, and how it stands."""
    what = f"{STAGE_WORDS[demand.stage].said(lang)}, {ADDRESSEE_WORDS[demand.to].said(lang)}"
    limit = f"{Words('hạn', 'limit').said(lang)} {at(demand.due)}"
    standing = STANDING_WORDS[demand.standing].said(lang)
    notice = demand.notice
    if notice is None:
        return f"{what}: {standing} ({limit})"
    told = f"{at(notice.at)}, {HOW_WORDS[notice.how].said(lang)}, {notice.by} -> {notice.recipient}"
    return f"{what}: {standing} {mask_text(told)} ({limit})"


def still_to_tell(incident: Incident, event: Event, demands: Iterable[Demand], lang: str) -> Iterator[str]:
    """The notices that are still to be given, with the numbers of the offices to be called."""
    police = event.venue(incident.venue).police if incident.venue in event.venue_ids else None
    phones = {"department": event.recipient.phone, "police": police.phone if police else ""}
    for demand in demands:
        if demand.notice is None:
            who = recipient_of(demand.to, event, incident.venue) or ADDRESSEE_WORDS[demand.to].said(lang)
            call = f" ({phones[demand.to]})" if demand.stage == "first" and phones[demand.to] else ""
            standing, stage = STANDING_WORDS[demand.standing].said(lang), STAGE_WORDS[demand.stage].said(lang)
            yield f"{standing}: {stage}, {who}{call}, {Words('hạn', 'limit').said(lang)} {at(demand.due)}"


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
        "entries": len(incident.steps),
    }


def _demand_plain(demand: Demand) -> dict[str, Any]:
    notice = demand.notice
    return {
        "to": demand.to,
        "stage": demand.stage,
        "due": _iso(demand.due),
        "standing": demand.standing,
        "at": _iso(notice.at) if notice else None,
        "by": mask_text(notice.by) if notice else None,
        "recipient": mask_text(notice.recipient) if notice else None,
        "how": notice.how if notice else None,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None
