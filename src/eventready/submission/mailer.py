"""Sending of mails: into the queue, then an attempt for each queued mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.files import read_bounded
from eventready.core.messages import Bilingual, Lang, message
from eventready.delivery.mail.delivery import Delivery
from eventready.delivery.mail.delivery_log import DeliveryLog
from eventready.delivery.mail.eml import Attachment, Mailbox, checked, fitting
from eventready.delivery.mail.letter import PaperReference
from eventready.delivery.mail.mail import Mail, marked, posted, read
from eventready.delivery.mail.mail_server import mail_server, required_sender
from eventready.delivery.mail.outbox import Outbox
from eventready.delivery.mail.smtp import MailLogin, SubmitResult, submit
from eventready.roster.versions import Shelf
from eventready.submission.paper_mail import draft_paper
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.mail import MailServer

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
            server,
            credentials,
            folder=self._folder,
            sender=delivery.sender,
            recipients=recipients,
            data=data,
            before_dot=lambda taken: self._record.handed(delivery, taken),
        )
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
    return draft_paper(
        event,
        PaperReference(request.kind),
        [Attachment(path.name, read_bounded(path, _LARGEST_FILE, "document")) for path in files],
        moment=clock.now(),
        recipients=[Mailbox(address) for address in request.to],
        subject=request.subject,
        titles=request.titles,
        lang=request.lang,
        rehearsal=clock.rehearsal,
    )
