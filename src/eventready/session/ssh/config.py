"""Read OpenSSH client configuration: the supported options of a host.

The workspace's `ssh_config` counts, or the user's `~/.ssh/config` if the workspace has none; the environment variable
EVENTREADY_SSH_CONFIG names another file, or `none`. `StrictHostKeyChecking` and `UserKnownHostsFile` are ignored:
host keys are always checked against the workspace's known_hosts.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import paramiko

from eventready.core.errors import WorkspaceError, os_reason
from eventready.core.messages import message
from eventready.core.text_lines import lines_of
from eventready.session.ssh.transport import ConfigParser

ENVIRONMENT = "EVENTREADY_SSH_CONFIG"
_MAX_BYTES, _MAX_INCLUDES = 1_000_000, 16
#: Errors of paramiko's parser for strange files; ImportError: `Match exec` needs a package.
_PARSER_ERRORS = (
    paramiko.SSHException, LookupError, ValueError, TypeError, AttributeError, OSError, RuntimeError, ImportError
)  # fmt: skip
_KEYWORD = re.compile(r"^\s*(?P<word>\w+)(?:\s*=\s*|\s+)(?P<value>\S.*?)\s*$")


@dataclass(frozen=True)
class HostConfig:
    """Options of a host. `proxy_jump` is ordered from the first hop; algorithms are OpenSSH lists (`+a,b`)."""

    hostname: str
    user: str = ""
    port: int | None = None
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    identity_agent: str = ""
    identities_only: bool = False
    proxy_jump: tuple[str, ...] = ()
    proxy_command: str = ""
    host_key_alias: str = ""
    kex_algorithms: str = ""
    host_key_algorithms: str = ""
    ciphers: str = ""
    macs: str = ""
    keepalive_s: float | None = None


class SshConfig:
    """A parsed configuration."""

    def __init__(self, text: str, path: Path) -> None:
        self._text, self.path, self._lock = text, path, Lock()
        self._parsed = self._parse()

    def _parse(self) -> ConfigParser:
        parser = ConfigParser()
        try:
            parser.parse(lines_of(self._text))
        except _PARSER_ERRORS as error:
            reason = next(iter(lines_of(str(error))), type(error).__name__)
            raise WorkspaceError(message("session:ssh_config.invalid", reason=reason), where=str(self.path)) from None
        return parser

    def lookup(self, hostname: str, name: str = "") -> HostConfig:
        """Return the options of an address; `name` is matched by `Host` patterns too. Raises WorkspaceError."""
        try:
            with self._lock:
                self._parsed.alias = name
                found = self._parsed.lookup(hostname)
            return _host_config(found, hostname)
        except _PARSER_ERRORS as error:
            raise WorkspaceError(
                message("session:ssh_config.invalid_of", hostname=hostname, reason=str(error)), where=str(self.path)
            ) from None


def _host_config(found: Mapping[str, Any], hostname: str) -> HostConfig:
    jump = str(found.get("proxyjump") or "")
    command = str(found.get("proxycommand") or "")
    interval = found.get("serveraliveinterval")
    return HostConfig(
        hostname=str(found.get("hostname") or hostname),
        user=str(found.get("user") or ""),
        port=_port(found["port"]) if found.get("port") else None,
        identity_files=tuple(found.get("identityfile") or ()),
        certificate_files=tuple(os.path.expanduser(path) for path in _words(found.get("certificatefile"))),  # noqa: PTH111
        identity_agent=str(found.get("identityagent") or ""),
        identities_only=str(found.get("identitiesonly") or "no").lower() == "yes",
        proxy_jump=tuple(hop.strip() for hop in jump.split(",")) if jump and jump.lower() != "none" else (),
        proxy_command="" if jump or command.lower() == "none" else command,
        host_key_alias=str(found.get("hostkeyalias") or ""),
        kex_algorithms=str(found.get("kexalgorithms") or ""),
        host_key_algorithms=str(found.get("hostkeyalgorithms") or ""),
        ciphers=str(found.get("ciphers") or ""),
        macs=str(found.get("macs") or ""),
        keepalive_s=float(interval) if interval is not None else None,
    )


def _port(value: str) -> int:
    """Return a port. Raises ValueError."""
    port = int(value)
    if not 0 < port < 65_536:
        raise ValueError(f"no port: {port}")
    return port


def _words(value: Any) -> tuple[str, ...]:
    """Words of a value, given by paramiko as text or as a list."""
    return tuple(value) if isinstance(value, list) else (str(value),) if value else ()


def config_path(workspace: Path | None) -> Path | None:
    """Return the effective configuration file; None without a file. Raises WorkspaceError for a missing named file."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        if named.lower() == "none":
            return None
        if not Path(named).is_file():
            raise WorkspaceError(message("session:ssh_config.missing", environment=ENVIRONMENT), where=named)
        return Path(named)
    own = workspace / "ssh_config" if workspace is not None else None
    if own is not None and own.is_file():
        return own
    user = Path.home() / ".ssh" / "config"
    return user if user.is_file() else None


def load_ssh_config(path: Path, *, allow_exec: bool) -> SshConfig:
    """Parse a file with its `Include` lines. Raises WorkspaceError.

    `allow_exec` accepts `Match exec`, which runs programs: for the user's own file, not for a workspace's.
    """
    lines = tuple(_lines(path, 0))
    if not allow_exec and any(map(_runs_programs, lines)):
        raise WorkspaceError(message("session:ssh_config.match_exec"), where=str(path))
    return SshConfig("\n".join(lines), path)


def _runs_programs(line: str) -> bool:
    """Return True for `Match exec`, as paramiko reads the words of the line: `ex""ec` is `exec`."""
    found = _KEYWORD.match(line)
    if found is None or found["word"].lower() != "match":
        return False
    try:
        words = shlex.split(found["value"])
    except ValueError:
        return False  # refused when parsed
    return any(word.lower().removeprefix("!") == "exec" for word in words)


def _lines(path: Path, depth: int) -> Iterator[str]:
    """Yield the lines with included files in place; after an included file the current section continues."""
    if depth > _MAX_INCLUDES:
        raise WorkspaceError(message("session:ssh_config.include_depth"), where=str(path))
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise WorkspaceError(
            message("session:ssh_config.unreadable", reason=os_reason(error)), where=str(path)
        ) from None
    if len(data) > _MAX_BYTES:
        raise WorkspaceError(message("session:ssh_config.too_large", limit=_MAX_BYTES // 1_000_000), where=str(path))
    section = "Host *"
    if b"\0" in data:
        raise WorkspaceError(message("session:ssh_config.binary"), where=str(path))
    for number, line in enumerate(lines_of(data.decode(errors="replace")), 1):
        found = _KEYWORD.match(line)
        word = found["word"].lower() if found else ""
        if word in ("host", "match"):
            section = line
        if found is None or word != "include":
            yield line
            continue
        if section.split()[1:] != ["*"]:
            raise WorkspaceError(message("session:ssh_config.include_inside"), where=f"{path}:{number}")
        try:
            included = tuple(_included(found["value"], path.parent))
        except (ValueError, RuntimeError, OSError, NotImplementedError) as error:
            raise WorkspaceError(
                message("session:ssh_config.invalid", reason=str(error)), where=f"{path}:{number}"
            ) from None
        for one in included:
            yield from _lines(one, depth + 1)
        yield section


def _included(value: str, folder: Path) -> Iterator[Path]:
    for pattern in value.split():
        path = Path(pattern.strip('"')).expanduser()
        path = path if path.is_absolute() else folder / path
        yield from sorted(found for found in path.parent.glob(path.name) if found.is_file())


@lru_cache(maxsize=16)
def _cached(path: Path, _version: tuple[int, int], workspace: bool) -> SshConfig:
    return load_ssh_config(path, allow_exec=not workspace)


@lru_cache(maxsize=65_536)
def _looked_up(path: Path, version: tuple[int, int], workspace: bool, hostname: str, name: str) -> HostConfig:
    return _cached(path, version, workspace).lookup(hostname, name)


def host_config(workspace: Path | None, hostname: str, name: str = "") -> HostConfig:
    """Return the options of a host from the effective file. Raises WorkspaceError."""
    path = config_path(workspace)
    if path is None:
        return HostConfig(hostname)
    status = path.stat()
    own = workspace is not None and path.parent == workspace
    return _looked_up(path, (status.st_mtime_ns, status.st_size), own, hostname, name)
