"""Channels to people: mail over the server of event.yaml, and Apprise URLs by reference."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import gaierror
from threading import get_ident

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import Lang, message, rendered
from eventready.core.redaction.redaction import redactor
from eventready.delivery.mail.eml import Mailbox, draft
from eventready.delivery.mail.letter import Letter
from eventready.delivery.mail.mail import posted, read
from eventready.delivery.mail.mail_server import mail_server, required_sender
from eventready.delivery.mail.smtp import submit
from eventready.workspace.keys.secrets import is_reference, resolve
from eventready.workspace.settings.event import Event

#: Language of messages to people of the enterprise.
LANG: Lang = "vi"


#: Pieces of a URL that may be a token.
_PIECE = re.compile(r"[^/:@?&=#,]{8,}")


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
        try:
            import apprise  # noqa: PLC0415  of the extra `notify`, slow to import
        except ImportError:
            raise UsageError(message("delivery:reminder.extra", reference=reference)) from None
        url = secret_url(reference, self._folder)
        notifier = apprise.Apprise()
        if not notifier.add(url):
            raise UsageError(message("delivery:reminder.url", reference=reference))
        handed()
        words = {"title": subject, "body": body, "body_format": apprise.NotifyFormat.TEXT}
        with _handled("apprise") as errors:
            # In this thread: hanging addresses would take the threads of Apprise.
            delivered = [one.notify(**words) for one in notifier]
        if all(delivered):
            return rendered("delivery:reminder.notified", references=[reference])
        unreached, targets = [one for one in errors if _is_unreached(one)], sum(map(len, notifier))
        certain = unreached == errors and (targets == 1 or len(unreached) >= targets)
        failure = message("delivery:reminder.failed", failed=[reference])
        raise EventreadyError(failure) if certain else UncertainDelivery(failure)


def secret_url(reference: str, folder: Path) -> str:
    """Return the URL of a reference; all its parts become secrets. Raises EventreadyError."""
    url = resolve(reference, folder)
    for part in (url, *_PIECE.findall(url)):
        redactor.register(part)
    return url


class _HandledErrors(logging.Handler):
    """Exceptions handled and logged by a library in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[BaseException] = []
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception behind a line of the log."""
        error = sys.exc_info()[1]
        if record.thread == self._thread and error is not None:
            self.found.append(error)


@contextmanager
def _handled(library: str) -> Iterator[list[BaseException]]:
    """Yield the exceptions handled by a library in this thread during the block."""
    handler = _HandledErrors()
    logging.getLogger(library).addHandler(handler)
    try:
        yield handler.found
    finally:
        logging.getLogger(library).removeHandler(handler)


def _is_unreached(error: BaseException) -> bool:
    """True for a failure before a connection: the message has not left."""
    from urllib3.exceptions import MaxRetryError  # noqa: PLC0415  of the extra `notify`

    reason = error.args[0] if error.args else None
    return isinstance(error, (ConnectionRefusedError, gaierror)) or isinstance(reason, MaxRetryError)
