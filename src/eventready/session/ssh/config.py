"""Read OpenSSH client configuration: the supported options of a host.

The workspace's `ssh_config` counts, or the user's `~/.ssh/config` if the workspace has none; the environment variable
EVENTREADY_SSH_CONFIG names another file, or `none`. `StrictHostKeyChecking` and `UserKnownHostsFile` are ignored:
host keys are always checked against the workspace's known_hosts.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import paramiko

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.strings.texts import lines_of
from eventready.session.ssh.transport import ConfigParser
from eventready.workspace.files.ssh_config_lines import config_lines, setting

ENVIRONMENT = "EVENTREADY_SSH_CONFIG"
#: Errors of paramiko's parser for strange files; ImportError: `Match exec` needs a package.
_PARSER_ERRORS = (
    paramiko.SSHException, LookupError, ValueError, TypeError, AttributeError, OSError, RuntimeError, ImportError
)  # fmt: skip


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
    lines = tuple(line for _file, line in config_lines(path))
    if not allow_exec and any(map(_runs_programs, lines)):
        raise WorkspaceError(message("session:ssh_config.match_exec"), where=str(path))
    return SshConfig("\n".join(lines), path)


def _runs_programs(line: str) -> bool:
    """Return True for `Match exec`, as paramiko reads the words of the line: `ex""ec` is `exec`."""
    word, value = setting(line)
    if word != "match":
        return False
    try:
        words = shlex.split(value)
    except ValueError:
        return False  # refused when parsed
    return any(one.lower().removeprefix("!") == "exec" for one in words)


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
