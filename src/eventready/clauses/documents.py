"""Documents of a clause: derived from records, sent, or attested by people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from eventready.clauses.attestations.attestation import Attestation
from eventready.clauses.attestations.form import Form
from eventready.clauses.attestations.forms import document_name, handed_over
from eventready.clauses.deadlines import weekly
from eventready.clauses.proof import Evidence, ProofResult
from eventready.core.messages import Bilingual, Text, message
from eventready.core.redaction.masking import mask_text
from eventready.delivery.mail.delivery_log import SentDocument, first_sent
from eventready.incidents.incident import Incident, addressee_name
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event


@dataclass(frozen=True)
class Records:
    """The records beside runs: attestations, documents sent, incidents; and the workspace's forms and names."""

    attestations: tuple[Attestation, ...] = ()
    sent: tuple[SentDocument, ...] = ()
    incidents: tuple[Incident, ...] = ()
    forms: Mapping[str, Form] = field(default_factory=dict)
    titles: Mapping[str, Bilingual] = field(default_factory=dict)

    @cached_property
    def all_sent(self) -> tuple[SentDocument, ...]:
        """Documents sent, and those handed over by people."""
        return (*self.sent, *handed_over(self.attestations))


def of_documents(duty: Duty, event: Event, records: Records, moment: datetime) -> list[ProofResult]:
    """Return the state of each document of the clause."""
    results = []
    for document in duty.proof.documents:
        derive = _DERIVED.get(document)
        results.append(derive(event, records, moment) if derive else _attested(duty, document, event, records, moment))
    return results


def of_attestation(duty: Duty, event: Event, records: Records, moment: datetime) -> ProofResult:
    """Return the attestation of the clause itself, if required."""
    if not duty.proof.attestation:
        return ProofResult()
    return _attested(duty, "", event, records, moment)


def _attested(duty: Duty, document: str, event: Event, records: Records, moment: datetime) -> ProofResult:
    """Return the state of a document of a clause; with an empty `document` every attestation of the clause counts."""
    evidence = []
    sent = first_sent(records.sent, document) if document else None
    name = document_name(document, records.titles)
    if sent is not None:
        evidence.append(
            Evidence("document", sent.reference, message("clauses:document.sent", document=name, at=sent.at))
        )
    signed = [a for a in records.attestations if a.clause == duty.id and document in (a.document, "")]
    attestations = [attestation for attestation in signed if attestation.stands]
    for attestation in attestations:
        files = "".join(f", {file.name}" for file in attestation.files)
        by, note = mask_text(attestation.by), mask_text(files)
        attested = message("clauses:document.attested", by=by, at=attestation.at, files=note)
        evidence.append(Evidence("attestation", attestation.id, attested))
    against: list[Text] = [
        message("clauses:document.file_altered", attestation=a.id) for a in signed if not a.withdrawn and not a.stands
    ]
    missing: list[Text] = [] if evidence else [message("clauses:document.missing", document=name)]
    form = records.forms.get(document or duty.id)
    if form is not None and attestations:
        rows, unreadable = form.current([row for attestation in attestations for row in attestation.rows])
        if not rows:
            missing.append(message("clauses:document.form_empty", form=form.title))
        if unreadable:
            against.append(message("clauses:document.rows_unreadable", n=unreadable))
        against += form.open_texts(rows, event, moment) if rows else ()
    return ProofResult(tuple(evidence), tuple(missing), tuple(against))


def _weekly_report(event: Event, records: Records, moment: datetime) -> ProofResult:
    """Return the reports due so far, and the deadline of the first missing report, or of the next report."""
    reports = weekly(event, records.all_sent, moment)
    sent = [report for report in reports if report.status in ("done", "done_late")]
    open_ = [report for report in reports if report.status not in ("done", "done_late", "over")]
    overdue = tuple((report.was or report.due).date() for report in open_ if report.status in ("late", "due"))
    evidence = []
    if sent:
        latest = (sent[-1].was or sent[-1].due).date()
        evidence.append(
            Evidence("document", sent[-1].id, message("clauses:document.weekly_sent", n=len(sent), latest=latest))
        )
    late = (message("clauses:document.weekly_missing", days=[f"{day:%d/%m/%Y}" for day in overdue]),) if overdue else ()
    missing = () if sent or late else (message("clauses:document.weekly_none"),)
    return ProofResult(tuple(evidence), missing, late, open_[0].latest if open_ else None)


def _duty_list(event: Event, records: Records, _moment: datetime) -> ProofResult:
    sent = first_sent(records.all_sent, "duty-list")
    if sent is None:
        return ProofResult.lacking("clauses:document.duty_list_missing")
    before = event.duty_list_before
    if before is not None and sent.at >= event.owed(before):
        return ProofResult(against=(message("clauses:document.duty_list_late", at=sent.at),))
    return ProofResult.proven("document", sent.reference, "clauses:document.duty_list_sent", at=sent.at)


def _record_of_delivery(_event: Event, records: Records, _moment: datetime) -> ProofResult:
    if not records.all_sent:
        return ProofResult.lacking("clauses:document.no_delivery")
    last = max(records.all_sent, key=lambda sent: sent.at)
    return ProofResult.proven("document", last.reference, "clauses:document.last_delivery", at=last.at)


def _incident_list(_event: Event, records: Records, _moment: datetime) -> ProofResult:
    count = len(records.incidents)
    unlawful = sum(incident.kind == "illegal_content" for incident in records.incidents)
    return ProofResult.proven("incident", "incidents", "clauses:document.incidents", n=count, unlawful=unlawful)


def _incident_report(event: Event, records: Records, moment: datetime) -> ProofResult:
    """Return the notices required by incidents. Without an incident there is no notice, and no evidence."""
    evidence: list[Evidence] = []
    missing: list[Text] = []
    against: list[Text] = []
    due: datetime | None = None
    for incident in records.incidents:
        demands = incident.demands(event.notice_limits, moment)
        for demand in (d for d in demands if d.status in ("waiting", "overdue")):
            absent = message(
                "clauses:document.notice_missing",
                incident=incident.id,
                stage=demand.stage,
                addressee=addressee_name(demand.to, event),
            )
            (against if demand.status == "overdue" else missing).append(absent)
            due = min(due, demand.due) if due else demand.due
        given = sum(demand.notice is not None for demand in demands)
        if given:
            notices = message("clauses:document.notices", incident=incident.id, given=given, count=len(demands))
            evidence.append(Evidence("incident", incident.id, notices))
    return ProofResult(tuple(evidence), tuple(missing), tuple(against), due)


def _nearest_police(event: Event, _records: Records, _moment: datetime) -> ProofResult:
    without = [venue.title for venue in event.venues if venue.police is None]
    if without:
        return ProofResult.lacking("clauses:document.police_missing", venues=without)
    return ProofResult.proven("register", "event.yaml", "clauses:document.police_known")


#: Documents whose state follows from records.
_DERIVED: Mapping[str, Callable[[Event, Records, datetime], ProofResult]] = {
    "weekly-report": _weekly_report,
    "duty-list": _duty_list,
    "record-of-delivery": _record_of_delivery,
    "incident-list": _incident_list,
    "incident-report": _incident_report,
    "nearest-police": _nearest_police,
}

#: The derived documents that nobody attests.
DERIVED_ONLY = ("record-of-delivery", "incident-list", "incident-report", "nearest-police")
