"""Sending of mails: into the queue, then an attempt for each queued mail."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from eventready.clauses.attestations.forms import document_name
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, StoreError, UsageError
from eventready.core.files import read_bounded, write_atomic
from eventready.core.messages import Bilingual, Lang, message, text
from eventready.delivery.mail.delivery_log import Delivery, DeliveryLog
from eventready.delivery.mail.letter import (
    Attachment,
    Letter,
    Mailbox,
    PaperReference,
    checked,
    draft,
    file_name,
    fitting,
    marked_subject,
)
from eventready.delivery.mail.mail import Mail, marked, posted, read
from eventready.delivery.mail.smtp import MailLogin, SubmitResult, mail_server, required_sender, sender_of, submit
from eventready.roster.versions import Shelf
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.mail import MailServer, MailSettings

#: Left for the office to fill in where event.yaml has no name.
BLANK = "………………"

_PARENTHESES = re.compile(r"\s*\([^()]*\)")


def draft_paper(
    event: Event,
    paper: PaperReference,
    attachments: Sequence[Attachment],
    *,
    moment: datetime,
    detail: str = "",
    lang: Lang = "vi",
    recipients: Sequence[Mailbox] = (),
    subject: str = "",
    titles: Mapping[str, Bilingual] | None = None,
    rehearsal: bool = False,
) -> bytes:
    """The .eml with a paper to the event's recipient, or to `recipients`. Raises UsageError.

    `moment` is the event's time; `subject` replaces the usual one.
    """
    names = [file_name(attachment.name) for attachment in attachments]
    written = letter(event, paper, names, detail=detail, lang=lang, titles=titles, rehearsal=rehearsal)
    if subject:
        written = replace(written, subject=marked_subject(subject, lang) if rehearsal else subject)
    return draft(
        written,
        sender=sender_of(event),
        recipients=recipients or (Mailbox(event.recipient.email, event.recipient.title.render(lang)),),
        attachments=attachments,
        moment=moment,
        paper=paper,
    )


def letter(
    event: Event,
    paper: PaperReference,
    files: Sequence[str],
    *,
    detail: str = "",
    lang: Lang = "vi",
    titles: Mapping[str, Bilingual] | None = None,
    rehearsal: bool = False,
) -> Letter:
    """The mail of a paper with the attached `files`.

    `detail` is a further name of the paper (an incident's place), `titles` the workspace's names of documents.
    """
    named = text("delivery:letter_documents", lang)
    if paper.kind:
        named = document_name(paper.kind, titles or {}).render(lang)
    title = " ".join(filter(None, (named[:1].upper() + named[1:], _detail(paper, detail, lang))))
    short = f"[{event.abbreviation}] " if event.abbreviation else ""
    subject = f"{short}{title} - {_topic(event, lang)}"
    body = _body(event, title, files, lang, rehearsal=rehearsal)
    return Letter(marked_subject(subject, lang) if rehearsal else subject, body, rehearsal)


def _detail(paper: PaperReference, detail: str, lang: Lang) -> str:
    if paper.due is not None:
        first, last = paper.due - timedelta(days=7), paper.due - timedelta(days=1)
        return f"({first:%d/%m}–{last:%d/%m/%Y})"
    if paper.version:
        return text("delivery:letter_version", lang, version=paper.version)
    return f"({detail})" if detail else ""


def _topic(event: Event, lang: Lang) -> str:
    """Return the Vietnamese topic of event.yaml; otherwise a topic with the name of the event."""
    if lang == "vi" and event.topic:
        return event.topic
    return text("delivery:letter_topic", lang, event=_name(event, lang))


def _name(event: Event, lang: Lang) -> str:
    """The name of the event without parenthesised parts."""
    return _PARENTHESES.sub("", event.title.render(lang))


def _body(event: Event, title: str, files: Sequence[str], lang: Lang, *, rehearsal: bool) -> str:
    office = event.recipient.title.render(lang)
    enterprise = event.enterprise or BLANK
    listed = "\n".join(f"{number}. {file}" for number, file in enumerate(files, 1))
    small = title[:1].lower() + title[1:]
    paragraphs = (
        text("delivery:letter_rehearsal", lang) if rehearsal else "",
        text("delivery:letter_to", lang, recipient=office),
        text(
            "delivery:letter_opening",
            lang,
            recipient=office,
            event=_name(event, lang),
            enterprise=enterprise,
            title=small,
        ),
        f"{text('delivery:letter_attached', lang)}\n{listed}" if files else "",
        text("delivery:letter_contact", lang, contact=_contact(event.mail, lang)),
        text("delivery:letter_receipt", lang),
        text("delivery:letter_regards", lang),
        enterprise,
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _contact(mail: MailSettings | None, lang: Lang) -> str:
    contact = mail.contact if mail else None
    phone = text("delivery:letter_phone", lang, number=(contact.phone if contact else "") or BLANK)
    if contact is None:
        return f"{BLANK}, {phone}"
    return ", ".join(part for part in (contact.name, contact.title, phone) if part)


FOLDER = Path(".eventready") / "outbox"


class Outbox:
    """The outbox of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace / FOLDER

    def keep(self, data: bytes) -> str:
        """Store a mail; return its hash. Raises UsageError for a failed write."""
        sha256 = hashlib.sha256(data).hexdigest()
        write_atomic(self.path(sha256), data, private=True)
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the mail of a hash. Raises StoreError for a lost or altered mail."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError:
            raise StoreError(message("delivery:outbox.lost"), where=str(path)) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(message("delivery:outbox.altered"), where=str(path))
        return data

    def path(self, sha256: str) -> Path:
        """Return the path of a mail."""
        return self._folder / f"{sha256}.eml"


_LARGEST_FILE = 10_000_000


class Mailer:
    """Mails of a workspace. Server and password are resolved when a mail is sent.

    A clock that is a rehearsal's marks the mails; a marked mail is not sent outside a rehearsal.
    """

    def __init__(self, folder: Path, event: Event, record: DeliveryLog, clock: Clock) -> None:
        self._folder, self._event, self._record, self._clock = folder, event, record, clock
        self._outbox = Outbox(folder)

    def send(self, mail: Mail, recipients: Sequence[str], again: str = "") -> Delivery:
        """Queue the mail and try once; return the delivery. Raises RefusedError, UsageError, StoreError."""
        if mail.rehearsal and not self._clock.rehearsal:
            raise RefusedError(message("delivery:mail.rehearsal"))
        server, credentials = mail_server(self._event, self._folder)
        out = posted(mail, required_sender(self._event), self._clock.real())
        with self._record.sending():
            delivery = self._record.queue(out, self._outbox.keep(out.data), recipients, again)
            return self._attempt(delivery, server, credentials)

    def send_queued(self) -> Iterator[Delivery]:
        """Try every waiting mail in order. Under a rehearsal's clock these are the mails of rehearsals."""
        server, credentials = mail_server(self._event, self._folder)
        with self._record.sending():
            for delivery in self._record.deliveries():
                if delivery.of("waiting") and delivery.rehearsal == self._clock.rehearsal:
                    yield self._attempt(delivery, server, credentials)

    def _attempt(self, delivery: Delivery, server: MailServer, credentials: MailLogin) -> Delivery:
        recipients = delivery.of("waiting")
        try:
            data = self._outbox.read(delivery.sha256)
        except EventreadyError as lost:
            return self._record.ended(delivery, SubmitResult(refused=dict.fromkeys(recipients, str(lost))))
        self._record.attempt(delivery, f"{server.host}:{server.port}")
        outcome = submit(
            server, credentials, folder=self._folder, sender=delivery.sender, recipients=recipients, data=data,
            before_dot=lambda taken: self._record.handed(delivery, taken),
        )  # fmt: skip
        self._mark_roster(delivery, outcome)
        return self._record.ended(delivery, outcome)

    def _mark_roster(self, delivery: Delivery, outcome: SubmitResult) -> None:
        """Mark the version of a duty list accepted by the event's recipient, the base of later change lists.

        Rehearsals mark nothing. A list from elsewhere has no version here.
        """
        address = self._event.recipient.email.casefold()
        reached = address in {accepted.casefold() for accepted in outcome.accepted}
        version = delivery.paper.version
        if delivery.paper.kind != "duty-list" or not reached or delivery.rehearsal or not version.isdecimal():
            return
        with suppress(UsageError):
            Shelf(self._folder).mark_sent(int(version), self._clock.now(), outcome.accepted, delivery.message_id)


@dataclass(frozen=True)
class MailRequest:
    """Options of a mail. `to` replaces the named recipients; `kind` is a document of duties.yaml.

    `subject` replaces the usual one; `titles` are the workspace's names of documents.
    """

    to: tuple[str, ...] = ()
    kind: str = ""
    subject: str = ""
    titles: Mapping[str, Bilingual] | None = None
    lang: Lang = "vi"


def build_mail(
    files: Sequence[Path], event: Event, clock: Clock, request: MailRequest = MailRequest()
) -> tuple[Mail, tuple[str, ...]]:
    """Return the mail of an .eml, or a new mail with the documents, and its recipients. Raises UsageError.

    Without `to` an .eml goes to its own recipients, documents go to the event's recipient. A rehearsal is marked.
    """
    mails = [path for path in files if path.suffix.lower() == ".eml"]
    if mails and len(files) > 1:
        raise UsageError(message("delivery:mail.two", mail=str(mails[0])))
    if mails:
        if request.kind or request.subject:
            raise UsageError(message("delivery:mail.subject"))
        mail = read(fitting(read_bounded(mails[0], _LARGEST_FILE, "mail")), str(mails[0]))
    else:
        mail = read(_with_documents(files, event, clock, request))
    mail = marked(mail, request.lang) if clock.rehearsal else mail
    recipients = tuple(dict.fromkeys(checked(address) for address in (request.to or mail.recipients)))
    if not recipients:
        raise UsageError(message("delivery:mail.nobody"), where=str(files[0]))
    return mail, recipients


def _with_documents(files: Sequence[Path], event: Event, clock: Clock, request: MailRequest) -> bytes:
    if not (request.kind or request.subject):
        raise UsageError(message("delivery:mail.kind"))
    attachments = [Attachment(path.name, read_bounded(path, _LARGEST_FILE, "document")) for path in files]
    return draft_paper(
        event, PaperReference(request.kind), attachments, moment=clock.now(), lang=request.lang,
        recipients=[Mailbox(address) for address in request.to], subject=request.subject, titles=request.titles,
        rehearsal=clock.rehearsal,
    )  # fmt: skip
