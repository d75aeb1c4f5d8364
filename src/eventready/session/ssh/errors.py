"""Map the exceptions of Netmiko, paramiko and sockets to typed session errors."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import paramiko
from netmiko.exceptions import ReadTimeout

from eventready.core.errors import EventreadyError, os_reason
from eventready.core.messages import message
from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of
from eventready.session.dialogue.buffer import AnswerTooLarge, StreamClosed
from eventready.session.hostkeys import HostKey, changed_key, host_name
from eventready.session.reply import JumpHostFailed, LoginRefused, NoPrompt, SessionError, SessionLost, Unreachable
from eventready.session.target import Target

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}
_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL, errno.EACCES}


def to_session_error(error: BaseException, target: Target) -> SessionError:
    """Return the typed error for an exception raised between the connection and the prompt."""
    where = f"{target.name} ({target.address})"
    causes = list(_chain(error))
    for mapping in (_own_error, _machine, _host_key, _refused, _flood, _ssh_trouble, _network, _stream, _ssh):
        for cause in causes:
            if found := mapping(cause, where, target):
                return found
    if isinstance(error, EventreadyError):  # such as a damaged known_hosts
        return SessionLost(message("session:none", where=where, reason=error.whole))
    text = redact(_first_line(error))
    return SessionLost(
        message("session:none", where=where, reason=f"{type(error).__name__}{': ' if text else ''}{text}")
    )


def _retryable(error: SessionError) -> SessionError:
    """Mark an error as retryable: nothing listens yet, or the connection broke before the login.

    Never a refused login (accounts are locked by retries), a host key mismatch, or a connection timeout.
    """
    error.retryable = True
    return error


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _own_error(error: BaseException, where: str, target: Target) -> SessionError | None:
    if not isinstance(error, SessionError) or isinstance(error, JumpHostFailed) or target.name in error.what:
        return error if isinstance(error, SessionError) else None
    what = message("session:at", where=where, what=error.message or error.what)
    placed = type(error)(what, where=error.place, do=error.remedy)
    placed.retryable = error.retryable
    return placed


def _machine(error: BaseException, where: str, _target: Target) -> SessionError | None:
    """Return the error of a session for which this machine has no file, thread or memory left; never the device's."""
    no_thread = isinstance(error, RuntimeError) and "new thread" in str(error)
    if not (no_thread or (isinstance(error, OSError) and error.errno in _EXHAUSTED) or isinstance(error, MemoryError)):
        return None
    reason = os_reason(error) if isinstance(error, OSError) else str(error) or "MemoryError"
    return _retryable(SessionLost(message("session:machine_full", where=where, reason=reason)))


def _host_key(error: BaseException, _where: str, target: Target) -> SessionError | None:
    if not isinstance(error, paramiko.BadHostKeyException):
        return None
    name, recorded = host_name(target.host, target.port), HostKey.of(error.expected_key)
    return changed_key(target.name, name, HostKey.of(error.key), recorded, target.known_hosts_path)


def _refused(error: BaseException, where: str, _target: Target) -> SessionError | None:
    if isinstance(error, paramiko.ssh_exception.BadAuthenticationType):
        return LoginRefused(message("session:no_password", where=where, methods=", ".join(error.allowed_types)))
    if not isinstance(error, paramiko.AuthenticationException):
        return None
    if "timeout" in str(error).lower():
        return _retryable(SessionLost(message("session:login_timeout", where=where)))
    return LoginRefused(message("session:login_refused", where=where, credentials=message("session:user_or_password")))


def _flood(error: BaseException, where: str, _target: Target) -> SessionError | None:
    if isinstance(error, ConnectionAbortedError):
        return SessionLost(message("session:too_much_data", where=where))
    return None


def _network(error: BaseException, where: str, target: Target) -> SessionError | None:
    if not isinstance(error, OSError):
        return None
    if isinstance(error, socket.gaierror):
        return Unreachable(message("session:unresolved", host=target.host, name=target.name))
    if isinstance(error, paramiko.ssh_exception.NoValidConnectionsError | ConnectionRefusedError):
        return _retryable(Unreachable(message("session:connection_refused", where=where)))
    if isinstance(error, ConnectionError):
        return _retryable(SessionLost(message("session:broken_off", where=where)))
    if isinstance(error, TimeoutError):
        return Unreachable(message("session:no_answer", where=where, seconds=target.connect_timeout_s))
    return (
        Unreachable(message("session:no_route", where=where, error=os_reason(error)))
        if error.errno in _NO_ROUTE
        else None
    )


def _stream(error: BaseException, where: str, _target: Target) -> SessionError | None:
    if isinstance(error, StreamClosed):
        return _retryable(SessionLost(message("session:closed_in_login", where=where)))
    if isinstance(error, AnswerTooLarge):
        return NoPrompt(message("session:endless", where=where))
    if isinstance(error, ReadTimeout):
        return NoPrompt(message("session:other_platform", where=where))
    return None


#: Words of paramiko's message, the id of our message, whether the error is retryable.
_SSH_TROUBLE = (
    (("banner",), "session:no_ssh", True),
    (("no existing session",), "session:handshake", True),
    (("incompatible", "no acceptable"), "session:no_algorithm", False),
    (("eof", "session", "closed", "reset"), "session:closed_before_login", True),
)


def _ssh_trouble(error: BaseException, where: str, _target: Target) -> SessionError | None:
    """Map paramiko errors of more precision than the socket error below."""
    if not isinstance(error, paramiko.SSHException | EOFError):
        return None
    lowered = "eof" if isinstance(error, EOFError) else _first_line(error).lower()
    for words, meaning, retryable in _SSH_TROUBLE:
        if any(word in lowered for word in words):
            lost = SessionLost(message(meaning, where=where))
            return _retryable(lost) if retryable else lost
    return None


def _ssh(error: BaseException, where: str, _target: Target) -> SessionError | None:
    if not isinstance(error, paramiko.SSHException):
        return None
    return SessionLost(message("session:none", where=where, reason=redact(_first_line(error)) or type(error).__name__))


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in lines_of(str(error)) if line.strip()), "")[:200]
