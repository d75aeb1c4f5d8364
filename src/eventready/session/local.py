"""Session with this machine itself: no connection, no shell; its commands are questions to services."""

from __future__ import annotations

import time
from collections.abc import Sequence

from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import kept_and_printed
from eventready.platforms.loader import allows
from eventready.platforms.model import PlatformSpec
from eventready.session.connect import Session
from eventready.session.probes.asking import answer
from eventready.session.reply import Reply, ReplyStatus
from eventready.session.target import Target

#: `device_type` of a platform without a connection.
LOCAL = "local"


class LocalSession(Session):
    """Session of the platform `local`, without configuration."""

    def __init__(self, target: Target, spec: PlatformSpec) -> None:
        self.target, self._spec = target, spec
        self._until = min(time.monotonic() + target.device_timeout_s, target.not_after)

    @property
    def prompt(self) -> str:
        """No prompt."""
        return ""

    @property
    def over(self) -> str | Message:
        """Never over."""
        return ""

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        """Ask each question in turn, within the time of the device."""
        return [self._reply(command) for command in commands]

    def _reply(self, command: str) -> Reply:
        begin = time.monotonic()
        if not allows(self._spec, command):
            return Reply.failed(command, ReplyStatus.REFUSED, message("session:local.unknown"))
        if begin >= self._until:
            return Reply.failed(command, ReplyStatus.NOT_SENT, message("session:run_over"))
        text, printed = kept_and_printed(answer(command))
        return Reply(command, text, seconds=time.monotonic() - begin, printed=printed)

    def hold(self, devices: int) -> bool:  # noqa: ARG002  the session's interface
        """Nothing is open."""
        return False

    def close(self) -> None:
        """Nothing is open."""
