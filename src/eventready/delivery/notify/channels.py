"""Channels to people: mail over the server of event.yaml; chat, SMS and push by references to Apprise URLs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import Message, message
from eventready.delivery.mail.letter import Letter, Mailbox, draft
from eventready.delivery.mail.mail import posted, read
from eventready.delivery.mail.smtp import mail_server, required_sender, submit
from eventready.delivery.notify.apprise_process import notify
from eventready.delivery.notify.channel import AddressChannel, RefusedAddress, UncertainDelivery, secret_url
from eventready.delivery.notify.limited_process import ProcessEnded
from eventready.workspace.keys.secrets import is_reference
from eventready.workspace.settings.event import Event


class AppriseChannel(AddressChannel):
    """References to Apprise URLs."""

    @staticmethod
    def takes(address: str) -> bool:
        return is_reference(address)

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> Message:
        if find_spec("apprise") is None:
            raise UsageError(message("delivery:reminder.extra", reference=address))
        url = secret_url(address, self._folder)
        handed()
        failure = message("delivery:reminder.failed", failed=[address])
        try:
            outcome, log = notify(url, subject, body)
        except ProcessEnded:
            raise UncertainDelivery(failure) from None
        for line in log:
            logging.getLogger("apprise").warning("%s", line)
        match outcome:
            case "delivered":
                return message("delivery:reminder.notified", references=[address])
            case "url":
                raise UsageError(message("delivery:reminder.url", reference=address))
            case "failed":
                raise EventreadyError(failure)
        raise UncertainDelivery(failure)


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
