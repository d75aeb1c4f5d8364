"""Programs of the system: run, run in a network namespace, vtysh of a router."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import Message, message

_TIMEOUT_S = 30.0
#: Characters of a command and of its output in an error.
_SHOWN_COMMAND, _SHOWN_OUTPUT = 120, 300


def run(*command: str, given: str = "", check: bool = True, env: Mapping[str, str] | None = None) -> str:
    """Run a program; return its standard output. Raises UsageError with the error output of a failed program."""
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", input=given, timeout=_TIMEOUT_S,
            env=env,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(message("lab:command.fails", program=command[0], reason=_reason(error))) from None
    if check and done.returncode:
        shown = " ".join(command)[:_SHOWN_COMMAND]
        reason = (done.stderr or done.stdout).strip()[:_SHOWN_OUTPUT] or message("lab:no_message")
        raise UsageError(message("lab:command.failed", command=shown, reason=reason))
    return done.stdout


def _reason(error: OSError | subprocess.TimeoutExpired) -> str | Message:
    return os_reason(error) if isinstance(error, OSError) else message("lab:command.time_limit", seconds=_TIMEOUT_S)


def in_namespace(namespace: str, *command: str) -> tuple[str, ...]:
    """Return the command line for a command in a network namespace."""
    return ("ip", "netns", "exec", namespace, *command)


def vtysh(router: str, *commands: str) -> str:
    """The output of a router's vtysh for commands in order."""
    words = [word for command in commands for word in ("-c", command)]
    return run("vtysh", "-N", router, *words)


def configure(router: str, *lines: str) -> None:
    """Change a router's running configuration. Raises UsageError for a refused line."""
    output = vtysh(router, "configure terminal", *lines)
    if "% " in output:
        raise UsageError(message("lab:command.refused", router=router, reason=output.strip()[:_SHOWN_OUTPUT]))


def show_json(router: str, command: str) -> Any:
    """The parsed output of a `show ... json`; an empty mapping while the daemon does not answer."""
    try:
        return json.loads(vtysh(router, command))
    except (UsageError, ValueError):
        return {}


def spawn(command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a long-running program in a session of its own, with its log as the only open file."""
    with log.open("ab") as file:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, cwd=log.parent, env=env
        )
