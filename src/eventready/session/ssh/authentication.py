"""Log in to an SSH server: public keys, password, keyboard-interactive, and several of them in turn."""

from __future__ import annotations

import base64
import binascii
import getpass
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.agent import AgentSSH
from paramiko.pkey import PublicBlob
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType

from eventready.core.errors import os_reason
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redact
from eventready.session.reply import LoginRefused
from eventready.session.ssh.certificates import validity_trouble
from eventready.session.target import Secret, SshOptions, Target

_AGENT_TIMEOUT_S = 10.0
_MAX_BYTES = 100_000


@dataclass(frozen=True)
class Identity:
    """A key to log in with, and its name for messages."""

    name: str | Message
    key: paramiko.PKey


@contextmanager
def identities(options: SshOptions) -> Iterator[tuple[Identity, ...]]:
    """Hold the agent open and give the keys in order: files, then the agent's. Raises LoginRefused."""
    if not options.identity_files and not options.agent:
        yield ()
        return
    with agent_keys(options.agent) as keys:
        yield tuple(_identities(options, keys))


def _identities(options: SshOptions, agent_keys: tuple[paramiko.AgentKey, ...]) -> Iterator[Identity]:
    by_blob = {key.blob: key for key in agent_keys}
    used: set[bytes] = set()
    for agent_key in agent_keys:
        if "-cert-" in agent_key.get_name():  # paramiko presents the plain key of an RSA certificate otherwise
            vars(agent_key)["public_blob"] = PublicBlob(agent_key.get_name(), agent_key.blob)
    for path in options.identity_files:
        public = _public_blob(path)
        if public in by_blob:  # the agent needs no passphrase
            used.add(public)
            key: paramiko.PKey = by_blob[public]
            yield from _with_certificates(f"agent key {path.name}", key, path, options, by_blob)
        elif path.is_file() and path.suffix != ".pub":
            loaded = _load(path, _version(path), options.passphrase)
            yield from _with_certificates(f"key {path.name}", loaded, path, options, by_blob)
    if not options.identities_only:
        for blob, agent_key in by_blob.items():
            if blob not in used:
                yield Identity(f"agent key {agent_key.comment or agent_key.get_name()}", agent_key)


def _with_certificates(
    name: str, key: paramiko.PKey, path: Path, options: SshOptions, agent_keys: dict[bytes, paramiko.AgentKey]
) -> Iterator[Identity]:
    """Yield the key with each of its certificates, then the plain key."""
    beside = path.with_name(f"{path.name.removesuffix('.pub')}-cert.pub")
    for certificate in dict.fromkeys((*options.certificate_files, beside)):
        blob = _public_blob(certificate)
        if not blob or not _certifies(blob, key):
            continue
        trouble = validity_trouble(blob)
        title = message("session:certificate_of", name=certificate.name, trouble=trouble) if trouble else ""
        signed = agent_keys[blob] if blob in agent_keys else _certified(key, certificate)
        yield Identity(title or f"certificate {certificate.name}", signed)
    yield Identity(name, key)


def _certifies(certificate: bytes, key: paramiko.PKey) -> bool:
    """True when the public key inside the certificate is this key's: its fields follow the nonce."""
    message, public = paramiko.Message(certificate), paramiko.Message(key.asbytes())
    if message.get_text() != f"{public.get_text()}-cert-v01@openssh.com":
        return False
    message.get_string()  # nonce
    fields = public.get_remainder()
    return message.get_remainder().startswith(fields)


class _CertifiedAgentKey(paramiko.AgentKey):
    """Key of the agent with a certificate from a file."""


def _certified(key: paramiko.PKey, certificate: Path) -> paramiko.PKey:
    if isinstance(key, paramiko.AgentKey):
        copy: paramiko.PKey = _CertifiedAgentKey(key.agent, key.blob, key.comment)
    else:
        copy = paramiko.PKey.__new__(type(key))
        copy.__dict__.update(key.__dict__)
    copy.load_certificate(str(certificate))
    return copy


def _public_blob(path: Path) -> bytes:
    """Return the blob of a public key or certificate file, of `path` itself or of `path`.pub; empty if missing."""
    for candidate in (path, path.with_name(f"{path.name}.pub")):
        if candidate.suffix != ".pub":
            continue
        with suppress(OSError, UnicodeDecodeError, ValueError, IndexError, binascii.Error):
            if candidate.stat().st_size <= _MAX_BYTES:
                return base64.b64decode(candidate.read_text(encoding="utf-8").split()[1], validate=True)
    return b""


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _load(path: Path, _version: tuple[int, int], passphrase: Secret) -> paramiko.PKey:
    """The private key of a file; once per process, since the key derivation of a passphrase is slow on purpose."""
    try:
        return _parse(path, passphrase)
    except OSError as error:
        raise LoginRefused(message("session:key.unreadable", path=str(path), reason=os_reason(error))) from None
    except (TypeError, paramiko.PasswordRequiredException):
        msgid = "session:key.no_passphrase" if passphrase else "session:key.encrypted"
        raise LoginRefused(message(msgid, path=str(path)), do=message("session:key.unlock")) from None
    except (ValueError, UnsupportedAlgorithm, paramiko.SSHException):
        msgid = "session:key.wrong_passphrase" if passphrase else "session:key.unknown_form"
        raise LoginRefused(message(msgid, path=str(path)), do=message("session:key.check")) from None


def _parse(path: Path, passphrase: Secret) -> paramiko.PKey:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError("too large for a key")
    password = passphrase.reveal() or None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(str(path), password)
        except paramiko.PasswordRequiredException:
            raise
        except paramiko.SSHException:
            continue  # a key of another type
    raise ValueError("unknown form")


@contextmanager
def agent_keys(path: str) -> Iterator[tuple[paramiko.AgentKey, ...]]:
    """Connect to the agent; yield no keys without an agent. A connection per login: the protocol has no concurrent
    requests."""
    if not path:
        yield ()
        return
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_AGENT_TIMEOUT_S)
    agent: Any = AgentSSH()
    try:
        try:
            connection.connect(path)
            agent._connect(connection)
        except (OSError, paramiko.SSHException):
            yield ()
            return
        yield tuple(agent.get_keys())
    finally:
        connection.close()


_CODE = re.compile(r"(?i)code|token|otp|pin\b|verification|one[- ]time|authenticator|challenge|mã xác")
_PASSWORD = re.compile(r"(?i)pass(?:word|phrase|wd)?\b|mật khẩu")
#: Rounds of questions in one keyboard-interactive login.
_MAX_ROUNDS = 5


@dataclass
class _Method:
    """Login method. `attempt` returns the next methods required by the server, none when the login is complete."""

    kind: str
    name: str | Message
    attempt: Callable[[], Sequence[str]]


@dataclass
class _Progress:
    """Successful, refused and accepted methods of a login; None: not known yet."""

    succeeded: list[str | Message] = field(default_factory=list)
    refused: list[str | Message] = field(default_factory=list)
    accepted: frozenset[str] | None = None


def authenticate(transport: paramiko.Transport, target: Target) -> tuple[str | Message, ...]:
    """Log in and return the names of the methods used. Raises LoginRefused, AuthenticationException on a timeout."""
    user = target.username or getpass.getuser()
    with identities(target.ssh) as keys:
        pending = [_Method("publickey", key.name, partial(transport.auth_publickey, user, key.key)) for key in keys]
        if target.password:
            password = target.password.reveal()
            by_password = partial(transport.auth_password, user, password, fallback=False)
            pending.append(_Method("password", "password", by_password))
        if target.password or target.ssh.one_time_code is not None:
            kind, answering = "keyboard-interactive", partial(transport.auth_interactive, user, _Answers(target))
            pending.append(_Method(kind, kind, answering))
        if target.device_login or not pending:
            pending.insert(0, _Method("none", "no credentials", lambda: transport.auth_none(user)))
        return _run(pending, target)


def _run(pending: list[_Method], target: Target) -> tuple[str | Message, ...]:
    progress = _Progress()
    while pending:
        accepted = progress.accepted
        method = next((m for m in pending if accepted is None or m.kind in accepted), None)
        if method is None:
            break
        pending.remove(method)
        try:
            wanted = method.attempt()
        except BadAuthenticationType as error:
            progress.accepted = frozenset(error.allowed_types)
            continue
        except AuthenticationException as error:
            if "timeout" in str(error).lower():
                raise
            progress.refused.append(method.name)
            continue
        progress.succeeded.append(method.name)
        if not wanted:
            return tuple(progress.succeeded)
        progress.accepted = frozenset(wanted)
    raise _refusal(target, progress)


def _refusal(target: Target, progress: _Progress) -> LoginRefused:
    where = f"{target.name} ({target.address})"
    accepted = ", ".join(sorted(progress.accepted or ()))
    if progress.succeeded:
        return LoginRefused(
            message("session:more_methods", where=where, done=tuple(progress.succeeded), methods=accepted)
        )
    if not progress.refused and target.ssh.agent:
        agent, methods = target.ssh.agent, accepted or "?"
        return LoginRefused(message("session:empty_agent", where=where, methods=methods, agent=agent))
    if not progress.refused:
        return LoginRefused(message("session:no_credentials", where=where, methods=accepted or "?"))
    if target.console:
        credentials = message("session:console_user_or", methods=tuple(progress.refused))
    elif progress.refused in (["password"], ["keyboard-interactive"], ["password", "keyboard-interactive"]):
        credentials = message("session:user_or_password")
    else:
        credentials = message("session:user_or", methods=tuple(progress.refused))
    return LoginRefused(message("session:login_refused", where=where, credentials=credentials))


class _Answers:
    """Answer the questions of a keyboard-interactive login; called by paramiko's thread."""

    def __init__(self, target: Target) -> None:
        self._target, self._rounds = target, 0

    def __call__(self, title: str, instructions: str, fields: Any) -> list[str]:
        """Return an answer per field. Raises LoginRefused for a question without an answer."""
        questions = [str(question) for question, _echo in fields]
        self._rounds += bool(questions)
        if self._rounds > _MAX_ROUNDS:
            raise LoginRefused(message("session:repeats", name=self._target.name))
        return [self._answer(question, f"{title} {instructions}".strip()) for question in questions]

    def _answer(self, question: str, context: str) -> str:
        code, password = self._target.ssh.one_time_code, self._target.password
        asks_code = _CODE.search(question) is not None
        if code is not None and (asks_code or not _PASSWORD.search(question)):
            return code.get(f"{self._target.name}: {' '.join((context, question)).strip()}")
        if password and not asks_code:
            return password.reveal()
        raise LoginRefused(
            message("session:question", name=self._target.name, question=repr(redact(question.strip())[:80]))
        )
