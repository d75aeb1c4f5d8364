"""Unit of systemd for the process of a change: outlives the end of a login session, where logind ends its processes.

A scope of a user belongs to the service manager of the user, which outlives the last session only where the user
lingers. Else the session is the safer place: logind leaves its processes alone by default (`KillUserProcesses=no`).
"""

from __future__ import annotations

import getpass
import os
import subprocess
from contextlib import suppress
from pathlib import Path

#: Exists on machines that systemd has started (sd_booted(3)).
_BOOTED = Path("/run/systemd/system")
#: A file named as the user, for each user who lingers (loginctl(1)).
_LINGERS = Path("/var/lib/systemd/linger")
_TIMEOUT_S = 5.0
_SYSTEMD = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
_LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_SCOPE = "ssa(sv)a(sa(sv))"


def enter_scope() -> None:
    """Set a scope of its own for this process, where a scope outlives the session; a refusal changes nothing."""
    if not _BOOTED.is_dir() or not _has_manager():
        return
    process = str(os.getpid())
    manager = ("--system",) if os.geteuid() == 0 else ("--user",)
    properties = ("1", "PIDs", "au", "1", process, "0")
    _busctl(
        *manager,
        "call",
        *_SYSTEMD,
        "StartTransientUnit",
        _SCOPE,
        f"eventready-change-{process}.scope",
        "fail",
        *properties,
    )


def logout_ends_it() -> bool:
    """Whether logind ends a process of this user with the login session, and no scope helps."""
    if not _BOOTED.is_dir() or _has_manager():
        return False
    return _busctl("get-property", *_LOGIND, "KillUserProcesses").strip() == "b true"


def _has_manager() -> bool:
    """Whether a service manager of this user outlives the login session."""
    with suppress(KeyError, OSError):
        return os.geteuid() == 0 or (_LINGERS / getpass.getuser()).exists()
    return False


def _busctl(*words: str) -> str:
    """Return the output of busctl; empty after a failure."""
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(
            ["busctl", *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True,
        ).stdout  # fmt: skip
    return ""
