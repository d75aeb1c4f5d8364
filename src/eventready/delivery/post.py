"""Sending what a person told us to send: into the queue, and one attempt for each mail in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from eventready.clock import Clock
from eventready.delivery.delivery import Delivery
from eventready.delivery.draft import Attachment, Mailbox, checked, fitting
from eventready.delivery.mail import Mail, posted, read
from eventready.delivery.outbox import Outbox
from eventready.delivery.papers import draft_paper, sender_of
from eventready.delivery.record import Record
from eventready.delivery.smtp import Credentials, Outcome, hand_over
from eventready.errors import EventreadyError, RefusedError, UsageError
from eventready.files import read_small
from eventready.roster.versions import Shelf
from eventready.session.redaction import redactor
from eventready.workspace.event import Event
from eventready.workspace.mail import Server
from eventready.workspace.secrets import resolve

_LARGEST_FILE = 10_000_000


class Post:
    """The post room of a workspace. The server and its password are looked up when something is really sent."""

    def __init__(self, folder: Path, event: Event, record: Record, clock: Clock) -> None:
        self._folder, self._event, self._record, self._clock = folder, event, record, clock
        self._outbox = Outbox(folder)

    def send(self, mail: Mail, recipients: Sequence[str], again: str = "") -> Delivery:
        """Queue it and try once; the delivery as it stands then. Raises RefusedError, UsageError, StoreError."""
        server, credentials = self._server()
        out = posted(mail, self._sender, self._clock.real())
        with self._record.sending():
            delivery = self._record.queue(out, self._outbox.keep(out.data), recipients, again)
            return self._attempt(delivery, server, credentials)

    def send_queued(self) -> Iterator[Delivery]:
        """Try everything that waits, in its order; each as it stands then. A rehearsal sends what rehearsals queued."""
        server, credentials = self._server()
        with self._record.sending():
            for delivery in self._record.deliveries():
                if delivery.of("waiting") and delivery.rehearsal == self._clock.rehearsal:
                    yield self._attempt(delivery, server, credentials)

    def _attempt(self, delivery: Delivery, server: Server, credentials: Credentials) -> Delivery:
        recipients = delivery.of("waiting")
        try:
            data = self._outbox.read(delivery.sha256)
        except EventreadyError as lost:
            return self._record.ended(delivery, Outcome(refused=dict.fromkeys(recipients, str(lost))))
        self._record.attempt(delivery, f"{server.host}:{server.port}")
        outcome = hand_over(
            server,
            credentials,
            folder=self._folder,
            sender=delivery.sender,
            recipients=recipients,
            data=data,
            before_dot=lambda taken: self._record.handed(delivery, taken),
        )
        self._note_roster(delivery, outcome)
        return self._record.ended(delivery, outcome)

    def _note_roster(self, delivery: Delivery, outcome: Outcome) -> None:
        """A duty list that reached the event's recipient: its version is the one that later changes are told against.

        A rehearsal's is not, and a list that was made elsewhere has no version here.
        """
        address = self._event.recipient.email.casefold()
        reached = address in {accepted.casefold() for accepted in outcome.accepted}
        version = delivery.paper.version
        if delivery.paper.kind != "duty-list" or not reached or delivery.rehearsal or not version.isdecimal():
            return
        with suppress(UsageError):
            Shelf(self._folder).mark_sent(int(version), self._clock.now(), outcome.accepted, delivery.message_id)

    @property
    def _sender(self) -> Mailbox:
        sender = sender_of(self._event)
        if sender is None:
            raise UsageError("no sender is named in event.yaml", do="Add `mail: {sender: ...}`.")
        return sender

    def _server(self) -> tuple[Server, Credentials]:
        mail = self._event.mail
        where = str(self._folder / "inventory" / "event.yaml")
        if mail is None or mail.server is None:
            raise UsageError(
                "no mail server is named", where=where, do="Add `server: {host: ...}` under `mail`, or mail the draft."
            )
        server = mail.server
        if (self._clock.rehearsal or self._event.lab) and not server.on_this_machine:
            raise RefusedError(
                f"this is a rehearsal, and {server.host} is a real mail server",
                do="Leave out --now to send, or rehearse with a server on this machine.",
            )
        if not server.password:
            return server, Credentials()
        username = resolve(server.username, self._folder, where=where)
        password = resolve(server.password, self._folder, where=where)
        redactor.register(password)
        return server, Credentials(username, password)


def composed(
    files: Sequence[Path], event: Event, clock: Clock, *, to: Sequence[str] = (), kind: str = "", subject: str = ""
) -> tuple[Mail, tuple[str, ...]]:
    """The mail that one .eml is, or that carries the documents, and whom it goes to. Raises UsageError.

    Without `to`, an .eml goes to those it names, documents to the event's recipient. `kind` is a document of
    duties.yaml, `subject` replaces the subject that goes with it.
    """
    mails = [path for path in files if path.suffix.lower() == ".eml"]
    if mails and len(files) > 1:
        raise UsageError(f"{mails[0]} is a mail already", do="Send one .eml alone, or documents together.")
    if mails:
        if kind or subject:
            raise UsageError("a mail has its subject and its paper already", do="Leave out --subject and --paper.")
        mail = read(fitting(read_small(mails[0], _LARGEST_FILE, "mail")), str(mails[0]))
    else:
        mail = read(_carrying(files, event, clock, to=to, kind=kind, subject=subject))
    recipients = tuple(dict.fromkeys(checked(address) for address in (to or mail.recipients)))
    if not recipients:
        raise UsageError("the mail names no recipient", where=str(files[0]), do="Name one with --to.")
    return mail, recipients


def _carrying(
    files: Sequence[Path], event: Event, clock: Clock, *, to: Sequence[str], kind: str, subject: str
) -> bytes:
    if not (kind or subject):
        raise UsageError(
            "documents need to be told what they are", do="Say --paper weekly-report, duty-list, ..., or --subject."
        )
    return draft_paper(
        event,
        kind,
        [Attachment(path.name, read_small(path, _LARGEST_FILE, "document")) for path in files],
        moment=clock.now(),
        recipients=[Mailbox(address) for address in to],
        subject=subject,
    )
