"""Mail server and sender of event.yaml, with the resolved login."""

from __future__ import annotations

from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.redaction.redaction import redactor
from eventready.delivery.mail.eml import Mailbox
from eventready.delivery.mail.smtp import MailLogin
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.mail import MailServer


def mail_server(event: Event, folder: Path) -> tuple[MailServer, MailLogin]:
    """Server and login, resolved from the workspace in `folder`. Raises UsageError without a server."""
    mail = event.mail
    where = str(folder / "inventory" / "event.yaml")
    if mail is None or mail.server is None:
        raise UsageError(message("delivery:mail.no_server"), where=where)
    server = mail.server
    if not server.password:
        return server, MailLogin()
    username = resolve(server.username, folder, where=where)
    password = resolve(server.password, folder, where=where)
    redactor.register(password)
    return server, MailLogin(username, password)


def required_sender(event: Event) -> Mailbox:
    """Sender of the event's mails. Raises UsageError without `mail` in event.yaml."""
    sender = sender_of(event)
    if sender is None:
        raise UsageError(message("delivery:mail.no_sender"))
    return sender


def sender_of(event: Event) -> Mailbox | None:
    """Sender of the event's papers; None without `mail` in event.yaml."""
    return Mailbox(event.mail.sender, event.mail.sender_name or event.enterprise) if event.mail else None
