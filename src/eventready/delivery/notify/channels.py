"""Channels to people: mail over the server of event.yaml; chat, SMS and push by references to Apprise URLs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import gaierror
from threading import get_ident

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import Message, message
from eventready.delivery.mail.letter import Letter, Mailbox, draft
from eventready.delivery.mail.mail import posted, read
from eventready.delivery.mail.smtp import mail_server, required_sender, submit
from eventready.delivery.notify.channel import AddressChannel, RefusedAddress, UncertainDelivery, secret_url
from eventready.workspace.keys.secrets import is_reference
from eventready.workspace.settings.event import Event


class AppriseChannel(AddressChannel):
    """References to Apprise URLs."""

    @staticmethod
    def takes(address: str) -> bool:
        return is_reference(address)

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> Message:
        try:
            import apprise  # noqa: PLC0415  of the extra `notify`, slow to import
        except ImportError:
            raise UsageError(message("delivery:reminder.extra", reference=address)) from None
        url = secret_url(address, self._folder)
        notifier = apprise.Apprise()
        if not notifier.add(url):
            raise UsageError(message("delivery:reminder.url", reference=address))
        handed()
        words = {"title": subject, "body": body, "body_format": apprise.NotifyFormat.TEXT}
        with _handled("apprise") as errors:
            # In this thread: hanging addresses would take the threads of Apprise.
            delivered = [one.notify(**words) for one in notifier]
        if all(delivered):
            return message("delivery:reminder.notified", references=[address])
        unreached, targets = [one for one in errors if _is_unreached(one)], sum(map(len, notifier))
        certain = unreached == errors and (targets == 1 or len(unreached) >= targets)
        failure = message("delivery:reminder.failed", failed=[address])
        raise EventreadyError(failure) if certain else UncertainDelivery(failure)


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


class MailChannel(AddressChannel):
    """Mail addresses."""

    @staticmethod
    def takes(address: str) -> bool:
        return not is_reference(address)

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> Message:
        sender = required_sender(self._event)
        server, login = mail_server(self._event, self._folder)
        eml = draft(
            Letter(subject, body, self._clock.rehearsal),
            sender=sender,
            recipients=[Mailbox(address)],
            attachments=(),
            moment=self._clock.now(),
        )
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
        return message("delivery:reminder.mailed", mailed=[address])


CHANNELS: tuple[type[AddressChannel], ...] = (AppriseChannel, MailChannel)


class Channels:
    """Channels of a workspace."""

    def __init__(self, folder: Path, event: Event, clock: Clock) -> None:
        self._channels = [channel(folder, event, clock) for channel in CHANNELS]

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str | Message:
        """Send a message over the first channel for its address, see `AddressChannel.send`."""
        return next(one for one in self._channels if one.takes(address)).send(address, subject, body, handed)
