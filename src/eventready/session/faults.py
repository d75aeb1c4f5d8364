"""From what Netmiko, paramiko and the sockets raise to one sentence that says which fault it was."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import paramiko
from netmiko.exceptions import ReadTimeout

from eventready.errors import EventreadyError
from eventready.session.hostkeys import HostKey, changed_key, host_name
from eventready.session.redaction import redact
from eventready.session.reply import LoginRefused, NoPrompt, SessionError, SessionLost, Unreachable
from eventready.session.screen import Closed, TooMuch
from eventready.session.target import Target

_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL, errno.EACCES}


def explain(error: BaseException, target: Target) -> SessionError:
    """The typed exception for whatever went wrong on the way to a prompt."""
    where = f"{target.name} ({target.address})"
    causes = list(_chain(error))
    for tell in (_ours, _host_key, _refused, _ssh_trouble, _network, _stream, _ssh):
        for cause in causes:
            if found := tell(cause, where, target):
                return found
    said = redact(_first_line(error))
    if isinstance(error, EventreadyError):  # a damaged known_hosts, for one: a sentence of ours, with what to do
        return SessionLost(f"No session with {where}: {said}")
    return SessionLost(f"No session with {where}: {type(error).__name__}{': ' if said else ''}{said}")


def _passing(error: SessionError) -> SessionError:
    """Worth trying again: nothing listens yet, or the connection broke before the login.

    Never a refused login (accounts get locked), a host key, or an address where nothing answered for the whole time.
    """
    error.passing = True
    return error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, each once."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _ours(error: BaseException, where: str, target: Target) -> SessionError | None:
    """An error that says what it is; its device is named when it does not name it yet."""
    if not isinstance(error, SessionError) or target.name in error.what:
        return error if isinstance(error, SessionError) else None
    placed = type(error)(f"{where}: {error.what}", where=error.where, do=error.do)
    placed.passing = error.passing
    return placed


def _host_key(error: BaseException, _where: str, target: Target) -> SessionError | None:
    if not isinstance(error, paramiko.BadHostKeyException):
        return None
    name, recorded = host_name(target.host, target.port), HostKey.of(error.expected_key)
    return changed_key(target.name, name, HostKey.of(error.key), recorded, target.known_hosts_path)


def _refused(error: BaseException, where: str, _target: Target) -> SessionError | None:
    if isinstance(error, paramiko.ssh_exception.BadAuthenticationType):
        return LoginRefused(f"{where} takes no password; it allows {', '.join(error.allowed_types)}")
    if not isinstance(error, paramiko.AuthenticationException):
        return None
    if "timeout" in str(error).lower():
        return _passing(SessionLost(f"{where} did not answer the login in time"))
    return LoginRefused(
        f"{where} refuses the user name or the password", do="Check the credentials; accounts may be locked by retries."
    )


def _network(error: BaseException, where: str, target: Target) -> SessionError | None:
    if not isinstance(error, OSError):
        return None
    if isinstance(error, socket.gaierror):
        return Unreachable(f"The name {target.host} of {target.name} cannot be resolved", do="Check its hostname.")
    if isinstance(error, paramiko.ssh_exception.NoValidConnectionsError | ConnectionRefusedError):
        return _passing(Unreachable(f"{where} refuses the connection", do="Check the port, and that the service runs."))
    if isinstance(error, ConnectionError):
        return _passing(SessionLost(f"{where} broke the connection off before the login was through"))
    if isinstance(error, TimeoutError):
        return Unreachable(f"{where} does not answer within {target.connect_timeout_s:g} s")
    return Unreachable(f"There is no route to {where}: {error.strerror}") if error.errno in _NO_ROUTE else None


def _stream(error: BaseException, where: str, _target: Target) -> SessionError | None:
    if isinstance(error, Closed):
        return _passing(SessionLost(f"{where} closed the connection during the login"))
    if isinstance(error, TooMuch):
        return NoPrompt(f"{where} writes without end and shows no prompt")
    if isinstance(error, ReadTimeout):
        return NoPrompt(f"{where} does not answer at the login as its platform should")
    return None


#: What paramiko says, what it means, and whether trying again may help.
_SSH_TROUBLE = (
    (("banner",), "accepts the connection and does not speak SSH in time", True),
    (("no existing session",), "does not get through the SSH handshake in time", True),
    (("incompatible", "no acceptable"), "has no SSH algorithm that we accept", False),
    (("eof", "session", "closed", "reset"), "closed the connection before the login was through", True),
)


def _ssh_trouble(error: BaseException, where: str, _target: Target) -> SessionError | None:
    """What paramiko knows better than the socket's error beneath it."""
    if not isinstance(error, paramiko.SSHException | EOFError):
        return None
    lowered = "eof" if isinstance(error, EOFError) else _first_line(error).lower()
    for words, means, passing in _SSH_TROUBLE:
        if any(word in lowered for word in words):
            lost = SessionLost(f"{where} {means}")
            return _passing(lost) if passing else lost
    return None


def _ssh(error: BaseException, where: str, _target: Target) -> SessionError | None:
    if not isinstance(error, paramiko.SSHException):
        return None
    said = redact(_first_line(error))
    if isinstance(error, EventreadyError):  # a damaged known_hosts, for one: a sentence of ours, with what to do
        return SessionLost(f"No session with {where}: {said}")
    return SessionLost(f"No SSH session with {where}: {said or type(error).__name__}")


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:200]
