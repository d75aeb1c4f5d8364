"""`report incident`: the written report of one incident, with the two notices that the letter demands."""

from __future__ import annotations

from typing import Literal

from eventready.report.dates import fit
from eventready.report.document.model import Block, Document, Table
from eventready.report.document.profile import Profile
from eventready.report.draft import Draft, ascii_name
from eventready.report.material import Incident, Material, Notice
from eventready.report.tables import column, numbered, ordinal, services_said
from eventready.report.words import Lang

_NOTICES: tuple[Literal["department", "police"], ...] = ("department", "police")


def incident_report(incident: Incident, material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The report of one incident, as far as it is known at `material.moment`."""
    draft = Draft("incident", material, profile, lang)
    draft.values["incident"] = fit(incident.id)
    draft.values["incident_place"] = fit(incident.place)
    draft.values["incident_summary"] = fit(incident.summary)
    outline = draft.outline
    blocks: list[Block] = [
        *draft.head(),
        outline.section(draft.say("head_what")),
        *_what(draft, incident),
        outline.section(draft.say("head_cause")),
        draft.p("incident_cause", cause=incident.cause) if incident.cause else draft.p("incident_cause_unknown"),
        outline.section(draft.say("head_actions")),
        *_actions(draft, incident),
        outline.section(draft.say("head_notices")),
        _notices(draft, incident),
        outline.section(draft.say("head_proposals")),
        *(draft.paragraphs(profile.standing.proposals) or [draft.p("proposals_none")]),
        *draft.close(),
    ]
    return draft.document(blocks, name=ascii_name(incident.id))


def _what(draft: Draft, incident: Incident) -> list[Block]:
    services = services_said(draft, incident.services)
    people = incident.subscribers
    return draft.bullets(
        [
            draft.say("incident_summary_item", summary=incident.summary),
            *([draft.say("incident_kind", kind=incident.kind)] if incident.kind else []),
            draft.say("incident_began", began=incident.began),
            draft.say("incident_where", place=incident.place),
            draft.say("incident_services", services=services) if services else draft.say("incident_services_unknown"),
            draft.say("incident_people_unknown") if people is None else draft.say("incident_people", count=people),
        ]
    )


def _actions(draft: Draft, incident: Incident) -> list[Block]:
    blocks: list[Block] = draft.bullets(
        draft.say("incident_action", at=at, action=action) for at, action in sorted(incident.actions)
    ) or [draft.p("incident_no_action")]
    if incident.restored is None:
        return [*blocks, draft.p("incident_open")]
    minutes = int((incident.restored - incident.began).total_seconds() // 60)
    return [*blocks, draft.p("incident_restored", restored=incident.restored, minutes=minutes)]


def _notices(draft: Draft, incident: Incident) -> Table:
    """Both notices, given or not: a notice that was not given is said to be missing."""
    given = {notice.to: notice for notice in incident.notices}
    rows = []
    for to in _NOTICES:
        notice = given.get(to)
        recipient = fit(notice.recipient) if notice and notice.recipient else draft.say(f"notice_{to}")
        rows.append((recipient, *_told(draft, notice)))
    return Table(
        draft.say("sheet_notices"),
        (
            ordinal(draft),
            column(draft, "notice_to", 5),
            column(draft, "notice_at", 3),
            column(draft, "notice_by", 3.6),
            column(draft, "notice_how", 3.6),
        ),
        numbered(rows),
    )


def _told(draft: Draft, notice: Notice | None) -> tuple[str, str, str]:
    if notice is None or notice.at is None:
        return draft.say("notice_overdue" if notice and notice.overdue else "notice_missing"), "", ""
    return draft.moment(notice.at, short=True), fit(notice.by), fit(notice.how)
