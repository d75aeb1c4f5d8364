"""The papers of a clause: what the program itself can show, what was sent, and what people signed for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eventready.duty.attestation import Attestation
from eventready.duty.deadlines import Deadline, weekly
from eventready.duty.form import Around
from eventready.duty.forms import form_of, handed_over
from eventready.duty.incident import ADDRESSEE_WORDS, STAGE_WORDS, Incident
from eventready.duty.paper_names import paper_words
from eventready.duty.privacy import mask_text
from eventready.duty.proof import Evidence, Told
from eventready.duty.sent import SentDocument, first_sent
from eventready.duty.words import Words, at
from eventready.english import number_of
from eventready.workspace.duties import Duty
from eventready.workspace.event import Event


@dataclass(frozen=True)
class Records:
    """What is on record beside runs: attestations, papers sent, incidents."""

    attestations: tuple[Attestation, ...] = ()
    sent: tuple[SentDocument, ...] = ()
    incidents: tuple[Incident, ...] = ()
    all_sent: tuple[SentDocument, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "all_sent", (*self.sent, *handed_over(self.attestations)))


def of_documents(duty: Duty, event: Event, records: Records, moment: datetime) -> list[Told]:
    """What each paper that the clause names tells."""
    told = []
    for document in duty.proof.documents:
        own = _OWN.get(document)
        told.append(own(event, records, moment) if own else _signed(duty, document, event, records, moment))
    return told


def of_word(duty: Duty, event: Event, records: Records, moment: datetime) -> Told:
    """The signed word that the clause asks for, where it asks for one."""
    if not duty.proof.attestation:
        return Told()
    return _signed(duty, "", event, records, moment)


def signed_for(records: Records, duty: Duty, document: str) -> tuple[Attestation, ...]:
    """The attestations that count for a paper of a clause; any of the clause's for its signed word."""
    return tuple(
        attestation
        for attestation in records.attestations
        if attestation.clause == duty.id and attestation.stands and document in (attestation.document, "")
    )


def _signed(duty: Duty, document: str, event: Event, records: Records, moment: datetime) -> Told:
    evidence = []
    paper = first_sent(records.sent, document) if document else None
    if paper is not None:
        named = paper_words(document)
        words = Words(f"{named.vi} đã gửi {at(paper.at)}", f"{named.en} sent {at(paper.at)}")
        evidence.append(Evidence("document", paper.reference, words))
    attested = signed_for(records, duty, document)
    for attestation in attested:
        files = "".join(f", {file.name}" for file in attestation.files)
        by = mask_text(f"{attestation.by}, {at(attestation.at)}{files}")
        evidence.append(Evidence("attestation", attestation.id, Words(f"xác nhận: {by}", f"attested: {by}")))
    against = [
        Words(f"tệp của {a.id} bị mất hoặc đã bị sửa", f"a file of {a.id} is lost or was altered")
        for a in records.attestations
        if a.clause == duty.id and not a.withdrawn and not a.stands and document in (a.document, "")
    ]
    missing = []
    if not evidence:
        named = paper_words(document)
        missing.append(Words(f"chưa có {named.vi}", f"there is no {named.en}"))
    form = form_of(duty, document)
    if form is not None and attested:
        rows, unreadable = form.current([row for attestation in attested for row in attestation.rows])
        if not rows:
            missing.append(Words(f"biểu mẫu {form.title.vi} còn trống", f"the form {form.title.en} is empty"))
        if unreadable:
            against.append(
                Words(
                    f"{unreadable} dòng không đọc được nữa", f"{number_of(unreadable, 'row')} cannot be read any more"
                )
            )
        against += form.short(rows, Around(event, moment)) if rows else ()
    return Told(tuple(evidence), tuple(missing), tuple(against))


def _weekly_report(event: Event, records: Records, moment: datetime) -> Told:
    """Those that are due so far, and the deadline of the first that is missing or of the next."""
    reports = weekly(event, records.all_sent, moment)
    sent = [report for report in reports if report.standing in ("done", "done_late")]
    open_ = [report for report in reports if report not in sent]
    overdue = [report for report in open_ if report.standing in ("late", "due")]
    evidence = []
    if sent:
        words = Words(f"đã gửi {len(sent)} báo cáo tuần, gần nhất kỳ {sent[-1].due:%d/%m/%Y}",
                      f"{len(sent)} weekly reports sent, the latest for {sent[-1].due:%d/%m/%Y}")  # fmt: skip
        evidence.append(Evidence("document", sent[-1].id, words))
    days = ", ".join(f"{report.due:%d/%m/%Y}" for report in overdue)
    late = (Words(f"thiếu báo cáo tuần kỳ {days}", f"weekly reports are missing: {days}"),) if overdue else ()
    missing = () if sent or late else (Words("chưa gửi báo cáo tuần nào", "no weekly report was sent"),)
    return Told(tuple(evidence), missing, late, _latest_of(open_))


def _latest_of(reports: Sequence[Deadline]) -> datetime | None:
    return reports[0].latest if reports else None


def _duty_list(event: Event, records: Records, _moment: datetime) -> Told:
    paper = first_sent(records.all_sent, "duty-list")
    if paper is None:
        return Told.lacking("chưa gửi danh sách trực", "the duty list was not sent")
    before = event.duty_list_before
    if before is not None and paper.at >= before:
        late = Words(f"danh sách trực gửi trễ hạn ({at(paper.at)})", f"the duty list was sent late ({at(paper.at)})")
        return Told(against=(late,))
    vi, en = f"danh sách trực đã gửi {at(paper.at)}", f"duty list sent {at(paper.at)}"
    return Told.shown("document", paper.reference, vi, en)


def _record_of_delivery(_event: Event, records: Records, _moment: datetime) -> Told:
    if not records.all_sent:
        return Told.lacking("chưa có lần gửi nào được ghi nhận", "no delivery is on record")
    last = max(records.all_sent, key=lambda paper: paper.at)
    vi, en = f"gửi gần nhất {at(last.at)}", f"last sent {at(last.at)}"
    return Told.shown("document", last.reference, vi, en)


def _incident_list(_event: Event, records: Records, _moment: datetime) -> Told:
    count = len(records.incidents)
    unlawful = sum(incident.kind == "illegal_content" for incident in records.incidents)
    vi = f"sổ sự cố: {count} vụ việc, {unlawful} vụ phát tán thông tin trái pháp luật"
    en = f"incident log: {count} incidents, {unlawful} of unlawful content"
    return Told.shown("incident", "incidents", vi, en)


def _incident_report(event: Event, records: Records, moment: datetime) -> Told:
    """Every notice that incidents demand is given. Without an incident nothing is to be reported, nor proved by it."""
    evidence: list[Evidence] = []
    missing: list[Words] = []
    against: list[Words] = []
    due: datetime | None = None
    for incident in records.incidents:
        demands = incident.demands(event.notice_limits, moment)
        for demand in (d for d in demands if d.standing in ("waiting", "overdue")):
            stage, to = STAGE_WORDS[demand.stage], ADDRESSEE_WORDS[demand.to]
            words = Words(f"{incident.id}: chưa {stage.vi} cho {to.vi}", f"{incident.id}: no {stage.en} to {to.en} yet")
            (against if demand.standing == "overdue" else missing).append(words)
            due = min(due, demand.due) if due else demand.due
        given = [d for d in demands if d.notice is not None]
        if given:
            words = Words(f"{incident.id}: {len(given)}/{len(demands)} thông báo đã gửi",
                          f"{incident.id}: {len(given)} of {len(demands)} notices given")  # fmt: skip
            evidence.append(Evidence("incident", incident.id, words))
    return Told(tuple(evidence), tuple(missing), tuple(against), due)


def _nearest_police(event: Event, _records: Records, _moment: datetime) -> Told:
    without = [venue.name_vi or venue.name for venue in event.venues if venue.police is None]
    if without:
        names = ", ".join(without)
        return Told.lacking(f"chưa ghi Công an gần nhất của {names}", f"no nearest police is named for {names}")
    vi, en = "đã ghi Công an gần nhất của từng địa điểm", "the nearest police of every venue is on record"
    return Told.shown("register", "event.yaml", vi, en)


#: The papers of which the program itself knows how they stand.
_OWN: Mapping[str, Callable[[Event, Records, datetime], Told]] = {
    "weekly-report": _weekly_report,
    "duty-list": _duty_list,
    "record-of-delivery": _record_of_delivery,
    "incident-list": _incident_list,
    "incident-report": _incident_report,
    "nearest-police": _nearest_police,
}

#: Those of them that nobody signs for: they follow from what is on record.
KNOWN_BY_ITSELF = ("record-of-delivery", "incident-list", "incident-report", "nearest-police")
