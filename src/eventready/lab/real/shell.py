"""Running the system's own programs: with their words when they fail, and in the namespace they belong to."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eventready.errors import UsageError

_PATIENCE_S = 30.0


def run(*command: str, given: str = "", check: bool = True, env: Mapping[str, str] | None = None) -> str:
    """What a program says on its standard output. Raises UsageError with its complaint when it fails."""
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", input=given, timeout=_PATIENCE_S,
            env=env,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{command[0]} does not work: {error}") from None
    if check and done.returncode:
        raise UsageError(f"`{' '.join(command)[:120]}` failed: {(done.stderr or done.stdout).strip()[:300]}")
    return done.stdout


def inside(namespace: str, *command: str) -> tuple[str, ...]:
    """The command as it runs in a network namespace."""
    return ("ip", "netns", "exec", namespace, *command)


def vtysh(router: str, *commands: str) -> str:
    """What a router's own terminal says to commands given one after the other."""
    words = [word for command in commands for word in ("-c", command)]
    return run("vtysh", "-N", router, *words)


def configure(router: str, *lines: str) -> None:
    """Change a router's running configuration. Raises UsageError where it refuses a line."""
    said = vtysh(router, "configure terminal", *lines)
    if "% " in said:
        raise UsageError(f"{router} refuses its configuration: {said.strip()[:200]}")


def tell(router: str, command: str) -> Any:
    """A `show ... json` of a router, read; an empty mapping while its daemon does not answer yet."""
    try:
        return json.loads(vtysh(router, command))
    except (UsageError, ValueError):
        return {}


def spawn(command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start what keeps running: in a session of its own, with nothing of ours open but its log."""
    with log.open("ab") as file:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, cwd=log.parent, env=env
        )
