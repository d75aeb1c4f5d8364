"""Single attempt to submit a mail to a server: verified TLS, and a certain state for every recipient.

Until the closing dot is sent a server must not deliver, so whatever breaks before it leaves the mail with us. After
the dot only the server's answer tells; without one it is uncertain, and a person must ask.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redactor
from eventready.delivery.mail.letter import Mailbox
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.mail import MailServer

_DOT = re.compile(rb"(?m)^\.")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_OK = 250
_GO_AHEAD = 354


@dataclass(frozen=True)
class MailLogin:
    """User of the mail server; an empty name means no login."""

    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class SubmitResult:
    """Result of an attempt: every recipient in a single group, with the reason as a sentence; `answer` is the
    server's.

    `waiting` may be tried again, `refused` will not get better by itself, `uncertain` may have arrived.
    """

    accepted: tuple[str, ...] = ()
    waiting: dict[str, str | Message] = field(default_factory=dict)
    refused: dict[str, str | Message] = field(default_factory=dict)
    uncertain: dict[str, str | Message] = field(default_factory=dict)
    answer: str = ""


class _Stop(Exception):
    """End of the attempt: the reason, and whether a retry can succeed."""

    def __init__(self, reason: str | Message, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.lasting = reason, lasting


def submit(
    server: MailServer,
    credentials: MailLogin,
    *,
    folder: Path,
    sender: str,
    recipients: Iterable[str],
    data: bytes,
    before_dot: Callable[[tuple[str, ...]], None],
) -> SubmitResult:
    """Submit a mail once. Failures of the server or the network raise nothing.

    `folder` is the workspace, for `ca_file`; `before_dot` is told the recipients that the server took, right before
    the moment from which on the mail may be delivered.
    """
    wanted = tuple(recipients)
    try:
        client = _connected(server, credentials, folder, sender)
        try:
            outcome = _Transfer(client, server, data).run(sender, wanted, before_dot)
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
        finally:
            client.close()
    except _Stop as stop:
        reasons = dict.fromkeys(wanted, stop.reason)
        return SubmitResult(refused=reasons) if stop.lasting else SubmitResult(waiting=reasons)
    return outcome


def _connected(server: MailServer, credentials: MailLogin, folder: Path, sender: str) -> smtplib.SMTP:
    """A session, encrypted and logged in. Raises _Stop."""
    place = f"{server.host}:{server.port}"
    client: smtplib.SMTP | None = None
    try:
        context = _context(server, folder)
        name = sender.rpartition("@")[2]
        if server.security == "tls":
            client = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=name, timeout=server.timeout_s, context=context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=server.timeout_s)
        client.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            client.starttls(context=context)
            client.ehlo()
        if credentials.username:
            client.login(credentials.username, credentials.password)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if client is not None:
            client.close()
        raise _Stop(_trouble(error, place)) from None
    return client


def _context(server: MailServer, folder: Path) -> ssl.SSLContext:
    if not server.ca_file:
        return ssl.create_default_context()
    path = folder / server.ca_file
    try:
        return ssl.create_default_context(cafile=str(path))
    except OSError as error:
        raise _Stop(message("delivery:smtp.certificates", path=str(path), reason=os_reason(error))) from None


class _Transfer:
    """The part after the login."""

    def __init__(self, client: smtplib.SMTP, server: MailServer, data: bytes) -> None:
        self._client = client
        self._place = f"{server.host}:{server.port}"
        self._data = _DOT.sub(b"..", _LINE_END.sub(b"\r\n", data))
        if not self._data.endswith(b"\r\n"):
            self._data += b"\r\n"

    def run(
        self, sender: str, recipients: tuple[str, ...], before_dot: Callable[[tuple[str, ...]], None]
    ) -> SubmitResult:
        """Run the dialogue from MAIL FROM to the answer. Raises _Stop for an end before the dot for all recipients."""
        try:
            envelope = self._envelope(sender, recipients)
            if envelope.accepted:
                self._content()
        except (smtplib.SMTPException, OSError) as error:
            raise _Stop(message("delivery:smtp.incomplete", trouble=_trouble(error, self._place))) from None
        if not envelope.accepted:
            return envelope
        before_dot(envelope.accepted)
        try:
            self._client.send(b".\r\n")
            code, words = self._client.getreply()
        except (smtplib.SMTPException, OSError) as error:
            reason = message("delivery:smtp.complete", trouble=_trouble(error, self._place))
            return replace(envelope, accepted=(), uncertain=dict.fromkeys(envelope.accepted, reason))
        return _answered(envelope, code, _reply_text(code, words))

    def _envelope(self, sender: str, recipients: tuple[str, ...]) -> SubmitResult:
        """Return the recipients of the envelope: taken by the server so far, waiting, and refused."""
        options = []
        if self._client.has_extn("size"):
            options.append(f"size={len(self._data)}")
        if self._client.has_extn("8bitmime") and not self._data.isascii():
            options.append("body=8bitmime")
        code, words = self._client.mail(sender, options)
        if code != _OK:
            verdict = _verdict(code, _reply_text(code, words))
            raise _Stop(message("delivery:smtp.sender", sender=sender, verdict=verdict), lasting=_lasting(code))
        taken: list[str] = []
        waiting: dict[str, str | Message] = {}
        refused: dict[str, str | Message] = {}
        for recipient in recipients:
            code, words = self._client.rcpt(recipient)
            if code in (_OK, 251):
                taken.append(recipient)
            else:
                (refused if _lasting(code) else waiting)[recipient] = _verdict(code, _reply_text(code, words))
        return SubmitResult(tuple(taken), waiting, refused)

    def _content(self) -> None:
        code, words = self._client.docmd("DATA")
        if code != _GO_AHEAD:
            raise _Stop(_verdict(code, _reply_text(code, words)), lasting=_lasting(code))
        self._client.send(self._data)


def _answered(envelope: SubmitResult, code: int, answer: str) -> SubmitResult:
    """Return the result for the recipients taken, from the answer to the dot."""
    if code // 100 == 2:
        return replace(envelope, answer=answer)
    sent = replace(envelope, accepted=(), answer=answer)
    if code // 100 not in (4, 5):
        reason = message("delivery:smtp.odd_answer", answer=answer)
        return replace(sent, uncertain=dict.fromkeys(envelope.accepted, reason))
    rest = dict.fromkeys(envelope.accepted, _verdict(code, answer))
    if _lasting(code):
        return replace(sent, refused={**envelope.refused, **rest})
    return replace(sent, waiting={**envelope.waiting, **rest})


def _lasting(code: int) -> bool:
    return 500 <= code < 600


def _verdict(code: int, answer: str) -> Message:
    if _lasting(code):
        return message("delivery:smtp.refused", answer=answer)
    return message("delivery:smtp.later", answer=answer)


def _reply_text(code: int, words: bytes) -> str:
    text = " ".join(words.decode("utf-8", "replace").split())[:300]
    return f"{code} {''.join(c for c in text if c.isprintable())}".strip().rstrip(".")


def _trouble(error: Exception, place: str) -> Message:
    """Return the description of a failure. The text of a failed login is not repeated: the user name may be part of the
    text."""
    found, detail = "", ""
    match error:
        case smtplib.SMTPAuthenticationError():
            found, detail = "delivery:smtp.login", str(error.smtp_code)
        case smtplib.SMTPNotSupportedError():
            found, detail = "delivery:smtp.unsupported", str(error)
        case smtplib.SMTPServerDisconnected() if isinstance(error.__context__, TimeoutError):
            found = "delivery:smtp.timeout"
        case smtplib.SMTPServerDisconnected():
            found = "delivery:smtp.dropped"
        case smtplib.SMTPResponseException():
            words = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            found, detail = "delivery:smtp.turned_away", _reply_text(error.smtp_code, words)
        case ssl.SSLCertVerificationError():
            found, detail = "delivery:smtp.untrusted", str(error.verify_message)
        case ssl.SSLError():
            found, detail = "delivery:smtp.cleartext", str(error.reason or "TLS")
        case UnicodeError():
            found = "delivery:smtp.marks"
        case TimeoutError():
            found = "delivery:smtp.timeout"
        case OSError() if error.errno:
            return message("delivery:smtp.unreachable", place=place, detail=os_reason(error))
        case _:
            found, detail = "delivery:smtp.unreachable", str(error) or type(error).__name__
    return message(found, place=place, detail=" ".join(detail.split()))


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
