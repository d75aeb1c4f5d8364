"""Programs of the system: run, run in a network namespace, vtysh of a router."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eventready.core.errors import UsageError

_TIMEOUT_S = 30.0


def run(*command: str, given: str = "", check: bool = True, env: Mapping[str, str] | None = None) -> str:
    """Run a program; return its standard output. Raises UsageError with the error output of a failed program."""
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", input=given, timeout=_TIMEOUT_S,
            env=env,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{command[0]} does not work: {error}") from None
    if check and done.returncode:
        raise UsageError(f"`{' '.join(command)[:120]}` failed: {(done.stderr or done.stdout).strip()[:300]}")
    return done.stdout


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
        raise UsageError(f"{router} refuses its configuration: {output.strip()[:200]}")


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
