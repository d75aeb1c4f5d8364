"""One attempt to hand a mail to a server: verified TLS, every recipient's answer, and no doubt about what is known.

Until the closing dot is sent a server must not deliver, so whatever breaks before it leaves the mail with us. After
the dot only the server's answer tells; without one it is uncertain, and a person must ask.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from eventready.workspace.mail import Server

_DOT = re.compile(rb"(?m)^\.")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_OK = 250
_GO_AHEAD = 354


@dataclass(frozen=True)
class Credentials:
    """A user of the mail server; without one nobody logs in."""

    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outcome:
    """Every recipient is in exactly one of the four, with the reason as a sentence; `answer` is the server's.

    `waiting` may be tried again, `refused` will not get better by itself, `uncertain` may have arrived.
    """

    accepted: tuple[str, ...] = ()
    waiting: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    uncertain: dict[str, str] = field(default_factory=dict)
    answer: str = ""


class _Stop(Exception):
    """It cannot go on: the reason, and whether trying again is of any use."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.lasting = reason, lasting


def hand_over(
    server: Server,
    credentials: Credentials,
    *,
    folder: Path,
    sender: str,
    recipients: Iterable[str],
    data: bytes,
    before_dot: Callable[[tuple[str, ...]], None],
) -> Outcome:
    """Try once. It does not raise for what a server or the network does.

    `folder` is the workspace, for `ca_file`; `before_dot` is told the recipients that the server took, right before
    the moment from which on the mail may be delivered.
    """
    wanted = tuple(recipients)
    try:
        client = _connected(server, credentials, folder, sender)
        try:
            outcome = _Transfer(client, server, data).run(sender, wanted, before_dot)
            _leave(client)
        finally:
            client.close()
    except _Stop as stop:
        told = dict.fromkeys(wanted, stop.reason)
        return Outcome(refused=told) if stop.lasting else Outcome(waiting=told)
    return outcome


def _connected(server: Server, credentials: Credentials, folder: Path, sender: str) -> smtplib.SMTP:
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


def _context(server: Server, folder: Path) -> ssl.SSLContext:
    if not server.ca_file:
        return ssl.create_default_context()
    path = folder / server.ca_file
    try:
        return ssl.create_default_context(cafile=str(path))
    except OSError as error:
        raise _Stop(f"The certificates {path} cannot be read ({error.strerror or type(error).__name__}).") from None


class _Transfer:
    """The part after the login."""

    def __init__(self, client: smtplib.SMTP, server: Server, data: bytes) -> None:
        self._client = client
        self._place = f"{server.host}:{server.port}"
        self._data = _DOT.sub(b"..", _LINE_END.sub(b"\r\n", data))
        if not self._data.endswith(b"\r\n"):
            self._data += b"\r\n"

    def run(self, sender: str, recipients: tuple[str, ...], before_dot: Callable[[tuple[str, ...]], None]) -> Outcome:
        """Everything from MAIL FROM to the answer. Raises _Stop when it ends before the dot for everybody."""
        try:
            taken, waiting, refused = self._envelope(sender, recipients)
            if taken:
                self._content()
        except (smtplib.SMTPException, OSError) as error:
            raise _Stop(f"{_trouble(error, self._place)} It broke before the mail was complete.") from None
        if not taken:
            return Outcome(waiting=waiting, refused=refused)
        before_dot(taken)
        try:
            self._client.send(b".\r\n")
            code, words = self._client.getreply()
        except (smtplib.SMTPException, OSError) as error:
            reason = f"{_trouble(error, self._place)} The mail was complete by then, so it may have arrived."
            return Outcome(waiting=waiting, refused=refused, uncertain=dict.fromkeys(taken, reason))
        return _answered(taken, waiting, refused, code, _said(code, words))

    def _envelope(
        self, sender: str, recipients: tuple[str, ...]
    ) -> tuple[tuple[str, ...], dict[str, str], dict[str, str]]:
        """Who was taken, who must wait, who is refused."""
        options = []
        if self._client.has_extn("size"):
            options.append(f"size={len(self._data)}")
        if self._client.has_extn("8bitmime") and not self._data.isascii():
            options.append("body=8bitmime")
        code, words = self._client.mail(sender, options)
        if code != _OK:
            raise _Stop(f"The sender {sender}: {_verdict(code, _said(code, words))}", lasting=_lasting(code))
        taken: list[str] = []
        waiting: dict[str, str] = {}
        refused: dict[str, str] = {}
        for recipient in recipients:
            code, words = self._client.rcpt(recipient)
            if code in (_OK, 251):
                taken.append(recipient)
            else:
                (refused if _lasting(code) else waiting)[recipient] = _verdict(code, _said(code, words))
        return tuple(taken), waiting, refused

    def _content(self) -> None:
        code, words = self._client.docmd("DATA")
        if code != _GO_AHEAD:
            raise _Stop(_verdict(code, _said(code, words)), lasting=_lasting(code))
        self._client.send(self._data)


def _answered(
    taken: tuple[str, ...], waiting: dict[str, str], refused: dict[str, str], code: int, answer: str
) -> Outcome:
    """What the answer to the dot means for those that were taken."""
    if code // 100 == 2:
        return Outcome(taken, waiting, refused, answer=answer)
    if code // 100 not in (4, 5):
        reason = f"The server's answer to the complete mail makes no sense ({answer}), so it may have arrived."
        return Outcome(waiting=waiting, refused=refused, uncertain=dict.fromkeys(taken, reason), answer=answer)
    rest = dict.fromkeys(taken, _verdict(code, answer))
    if _lasting(code):
        return Outcome(waiting=waiting, refused={**refused, **rest}, answer=answer)
    return Outcome(waiting={**waiting, **rest}, refused=refused, answer=answer)


def _lasting(code: int) -> bool:
    return 500 <= code < 600


def _verdict(code: int, answer: str) -> str:
    if _lasting(code):
        return f"The server refuses it for good: {answer}."
    return f"The server asks to try again later: {answer}."


def _said(code: int, words: bytes) -> str:
    text = " ".join(words.decode("utf-8", "replace").split())[:300]
    return f"{code} {''.join(c for c in text if c.isprintable())}".strip().rstrip(".")


def _leave(client: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException, OSError):
        client.quit()


def _trouble(error: Exception, place: str) -> str:
    """What a failure is called; the words of a failed login are not repeated, they may hold the name."""
    what, server = "", f"The mail server {place}"
    match error:
        case smtplib.SMTPAuthenticationError():
            what = f"{server} refuses the user or the password ({error.smtp_code})."
        case smtplib.SMTPNotSupportedError():
            what = f"{server} does not offer what is needed to send safely ({error})."
        case smtplib.SMTPServerDisconnected() if isinstance(error.__context__, TimeoutError):
            what = f"{server} did not answer in time."
        case smtplib.SMTPServerDisconnected():
            what = f"{server} dropped the connection."
        case smtplib.SMTPResponseException():
            words = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            what = f"{server} turned us away: {_said(error.smtp_code, words)}."
        case ssl.SSLCertVerificationError():
            what = f"The certificate of the mail server {place} is not trusted ({error.verify_message})."
        case ssl.SSLError():
            what = f"No encrypted connection to the mail server {place} ({error.reason or 'TLS failed'})."
        case UnicodeError():
            what = f"{server}: a login cannot carry letters with marks; give it another user or password."
        case TimeoutError():
            what = f"{server} did not answer in time."
        case _:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            what = f"{server} cannot be reached ({reason})."
    return " ".join(what.split())
