"""Mail to people over the server of event.yaml."""

from __future__ import annotations

from collections.abc import Callable

from eventready.core.errors import EventreadyError
from eventready.core.messages import message, rendered
from eventready.delivery.mail.eml import Mailbox, draft
from eventready.delivery.mail.letter import Letter
from eventready.delivery.mail.mail import posted, read
from eventready.delivery.mail.mail_server import mail_server, required_sender
from eventready.delivery.mail.smtp import submit
from eventready.delivery.notify.channel import AddressChannel, RefusedAddress, UncertainDelivery
from eventready.workspace.keys.secrets import is_reference


class MailChannel(AddressChannel):
    """Mail addresses."""

    @staticmethod
    def takes(address: str) -> bool:
        return not is_reference(address)

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
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
        return rendered("delivery:reminder.mailed", mailed=[address])
