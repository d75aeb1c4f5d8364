"""Mail servers for tests: aiosmtpd that keeps what it gets, and a scripted one that breaks where it is told to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from threading import Thread
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from eventready.workspace.settings.mail import MailServer


class Mailroom:
    """`mails` holds what was delivered, as envelopes; `answers` replaces the answer to a recipient."""

    def __init__(
        self,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        answers: Mapping[str, str] | None = None,
    ) -> None:
        self.mails: list[Envelope] = []
        self.answers = dict(answers or {})
        self._login = login
        more: dict[str, Any] = {}
        if starttls is not None:
            more |= {"tls_context": starttls, "require_starttls": True}
        if login is not None:
            more |= {"authenticator": self._authenticate, "auth_required": True}
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port(), ssl_context=tls, **more)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    @property
    def server(self) -> MailServer:
        """The settings that lead here."""
        return MailServer(host="127.0.0.1", port=self.port, security="none", timeout_s=10)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self.answers.get("DATA", "250 2.0.0 Ok: queued as 4XYZ")
        if answer.startswith("250"):
            self.mails.append(envelope)
        return answer

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self._login, handled=False)

    def message(self, index: int = -1) -> Message:
        """A delivered mail, parsed by the library's plain old parser."""
        content = self.mails[index].content
        assert isinstance(content, bytes)
        return message_from_bytes(content)


def header(message: Message, name: str) -> str:
    return str(make_header(decode_header(str(message[name]))))


class Scripted:
    """A server of few words: `script` maps the beginning of a command (or `.` for the end of the mail) to an answer.

    An answer of None drops the connection; `...` says nothing at all. `seen` holds the lines that came.
    """

    def __init__(self, script: Mapping[str, str | None], greeting: str | None = "220 here") -> None:
        self.script, self.greeting = script, greeting
        self.seen: list[str] = []
        self.on_dot: Callable[[], None] = lambda: None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def server(self, timeout_s: float = 10) -> MailServer:
        port = self._socket.getsockname()[1]
        return MailServer(host="127.0.0.1", port=port, security="none", timeout_s=timeout_s)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with suppress(OSError), connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream: Any) -> None:
        if self.greeting is None:
            return
        self._say(stream, self.greeting)
        in_mail = False
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            self.seen.append(line)
            if in_mail and line != ".":
                continue
            if line == ".":
                self.on_dot()
            key = next((key for key in self.script if line.upper().startswith(key)), "")
            answer = self.script.get(key, "354 go" if line.upper() == "DATA" else "250 ok")
            if answer is None:
                return
            if answer != "...":
                self._say(stream, answer)
            in_mail = answer.startswith("354") and line != "."

    @staticmethod
    def _say(stream: Any, answer: str) -> None:
        stream.write(answer.encode() + b"\r\n")
        stream.flush()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
