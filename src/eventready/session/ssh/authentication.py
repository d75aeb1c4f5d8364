"""Log in to an SSH server: public keys, password, keyboard-interactive, and several of them in turn."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import paramiko
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType

from eventready.core.messages import message
from eventready.core.redaction.redaction import redact
from eventready.session.reply import LoginRefused
from eventready.session.ssh.keys import identities
from eventready.session.target import Target

_CODE = re.compile(r"(?i)code|token|otp|pin\b|verification|one[- ]time|authenticator|challenge|mã xác")
_PASSWORD = re.compile(r"(?i)pass(?:word|phrase|wd)?\b|mật khẩu")
#: Rounds of questions in one keyboard-interactive login.
_MAX_ROUNDS = 5


@dataclass
class _Method:
    """Login method. `attempt` returns the next methods required by the server, none when the login is complete."""

    kind: str
    name: str
    attempt: Callable[[], Sequence[str]]


@dataclass
class _Progress:
    """Successful, refused and accepted methods of a login; None: not known yet."""

    succeeded: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    accepted: frozenset[str] | None = None


def authenticate(transport: paramiko.Transport, target: Target) -> tuple[str, ...]:
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


def _run(pending: list[_Method], target: Target) -> tuple[str, ...]:
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
