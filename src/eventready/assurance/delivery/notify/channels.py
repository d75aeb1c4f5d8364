"""Channels to people: mail over the server of event.yaml, and Apprise URLs by reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eventready.assurance.delivery.mail.eml import Mailbox, draft
from eventready.assurance.delivery.mail.letter import Letter
from eventready.assurance.delivery.mail.mail import posted, read
from eventready.assurance.delivery.mail.mail_server import mail_server
from eventready.assurance.delivery.mail.paper_mail import required_sender
from eventready.assurance.delivery.mail.smtp import submit
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import Lang, message, rendered
from eventready.core.redaction.redaction import redactor
from eventready.workspace.keys.secrets import is_reference, resolve
from eventready.workspace.settings.event import Event

#: Language of messages to people of the enterprise.
LANG: Lang = "vi"


class RefusedAddress(EventreadyError):
    """Address refused for good."""


class UncertainDelivery(EventreadyError):
    """Message handed over without an answer."""


class Channels:
    """Channels of a workspace."""

    def __init__(self, folder: Path, event: Event, clock: Clock) -> None:
        self._folder, self._event, self._clock = folder, event, clock

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        """Send a message to a mail address, or to the Apprise URL of a reference. Return a sentence.

        `handed` is called before a possible delivery. Raises RefusedAddress, UncertainDelivery, and EventreadyError
        for a failed attempt.
        """
        if is_reference(address):
            return self._apprise(address, subject, body, handed)
        return self._mail(address, Letter(subject, body, self._clock.rehearsal), handed)

    def _mail(self, address: str, letter: Letter, handed: Callable[[], None]) -> str:
        sender = required_sender(self._event)
        server, login = mail_server(self._event, self._folder)
        eml = draft(letter, sender=sender, recipients=[Mailbox(address)], attachments=(), moment=self._clock.now())
        mail = posted(read(eml), sender, self._clock.real())
        result = submit(
            server, login, folder=self._folder, sender=sender.address, recipients=[address], data=mail.data,
            before_dot=lambda _taken: handed(),
        )  # fmt: skip
        for failed, error in (
            (result.waiting, EventreadyError),
            (result.refused, RefusedAddress),
            (result.uncertain, UncertainDelivery),
        ):
            for reason in failed.values():
                raise error(message("delivery:reminder.reason", address=address, reason=reason))
        return rendered("delivery:reminder.mailed", mailed=[address])

    def _apprise(self, reference: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        import apprise  # noqa: PLC0415  of the extra `notify`, slow to import

        url = resolve(reference, self._folder)
        redactor.register(url)
        notifier = apprise.Apprise()
        if not notifier.add(url):
            raise UsageError(message("delivery:reminder.url", reference=reference))
        handed()
        if not notifier.notify(title=subject, body=body):
            raise EventreadyError(message("delivery:reminder.failed", failed=[reference]))
        return rendered("delivery:reminder.notified", references=[reference])
