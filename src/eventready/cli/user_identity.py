"""Identity of the user of a command: name and machine, as recorded with a change."""

from __future__ import annotations

import getpass
import os
import socket

from eventready.core.errors import UsageError
from eventready.core.messages import message


def current_user(by: str = "") -> tuple[str, str]:
    """Name (`by`, or the login) and host name. Raises UsageError without a login name."""
    host = socket.gethostname() or "?"
    if by.strip():
        return " ".join(by.split()), host
    try:
        return getpass.getuser(), host
    except (KeyError, OSError, ImportError):
        raise UsageError(message("cli:user.no_login", number=os.getuid())) from None
