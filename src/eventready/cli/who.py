"""Who runs a command, and on which machine: what a change has on record of its engineer."""

from __future__ import annotations

import getpass
import os
import socket

from eventready.errors import UsageError


def who(by: str = "") -> tuple[str, str]:
    """The person's name, `by` or the login, and the machine's. Raises UsageError where there is no login."""
    host = socket.gethostname() or "?"
    if by.strip():
        return " ".join(by.split()), host
    try:
        return getpass.getuser(), host
    except (KeyError, OSError, ImportError):
        raise UsageError(f"nobody knows who runs this (user {os.getuid()})", do="Name yourself with --by.") from None
