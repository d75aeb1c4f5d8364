"""A connection through the standard input and output of a command (OpenSSH's ProxyCommand)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from eventready.core.allowed_content import sealed_command
from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of

#: Seconds until SIGKILL for a command whose connection is closed.
_GRACE_S = 1.0


class ProxyCommand:
    """The socket of a running command."""

    def __init__(self, command: str, folder: Path | None = None) -> None:
        self._files = ExitStack()
        (allowed,) = self._files.enter_context(sealed_command([command], folder or Path(), line=True))
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the connection
        self._message = ""
        self._socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # by a shell, as OpenSSH does
                ["/bin/sh", "-c", f"exec {allowed}"],
                cwd=folder,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
                start_new_session=True,
            )
        except BaseException:
            self._socket.close()
            self._files.close()
            raise
        finally:
            theirs.close()

    def close(self) -> None:
        """Close the connection and end the command; idempotent."""
        self._socket.close()
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._message = self.failure()
        self._errors.close()
        self._files.close()

    def failure(self) -> str:
        """Return the last line of the command's standard error; empty without output, also after `close`."""
        with suppress(OSError, ValueError):
            self._errors.seek(0)
            lines = lines_of(self._errors.read(65_536).decode(errors="replace").strip())
            return redact(lines[-1])[:200] if lines else ""
        return self._message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
