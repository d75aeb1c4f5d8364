"""paramiko's SSH client, in Netmiko's use, over our own connection and login."""

from __future__ import annotations

from time import monotonic
from typing import Any

import paramiko

from eventready.core.messages import message
from eventready.session.reply import NoPrompt
from eventready.session.ssh.handshake import open_transport
from eventready.session.ssh.transport import adopt_transport
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Target
from eventready.session.wire.watchdog import watchdog


class Client(paramiko.SSHClient):
    """SSH client of a target; `connect` ignores credentials and host key settings of its arguments."""

    def __init__(self, target: Target, connection: Any, timeout_s: float, trace: Trace) -> None:
        super().__init__()
        self._target, self._connection, self._timeout_s, self._trace = target, connection, timeout_s, trace

    def connect(self, *_args: Any, **_kwargs: Any) -> None:
        """Open the transport. Raises the errors of `open_transport`."""
        adopt_transport(self, open_transport(self._connection, self._target, self._timeout_s, self._trace))

    def invoke_shell(self, *args: Any, **kwargs: Any) -> paramiko.Channel:
        """Open a terminal and a shell, within the time limit. Raises NoPrompt; paramiko waits without limit."""
        with (
            self._trace.step(ConnectStep.SHELL),
            watchdog.limit(monotonic() + self._timeout_s, self._connection.wake_reader) as watch,
        ):
            try:
                return super().invoke_shell(*args, **kwargs)
            except (paramiko.SSHException, EOFError, OSError):
                if not watch.expired:
                    raise
                where = f"{self._target.name} ({self._target.address})"
                raise NoPrompt(message("session:no_shell", where=where, seconds=self._timeout_s)) from None
