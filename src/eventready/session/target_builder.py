"""Build the target of a device: its own settings, then the workspace's jump hosts, then ssh_config."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.session.hostkeys import SSH_PORT
from eventready.session.ssh.config import HostConfig, host_config
from eventready.session.target import OneTimeCode, Secret, SshOptions, Target
from eventready.workspace.devices.access import NO_JUMP, Access, JumpHost

#: Keys that OpenSSH tries without configuration.
_DEFAULT_IDENTITIES = ("id_ed25519", "id_ecdsa", "id_rsa")
#: Keepalive interval of a jump host without one of its own.
_JUMP_KEEPALIVE_S = 15.0
#: Tokens of ssh_config, and values that a shell takes as they are.
_TOKEN, _SHELL_SAFE = re.compile("%[%dhnpru]"), re.compile(r"[\w.:@+][\w.:@%+-]*")
_HOP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@\s]+)@)?(?:\[(?P<v6>[\w:.%]+)\]|(?P<host>[^\s:@/]+))(?::(?P<port>\d{1,6}))?/?"
)


@dataclass(frozen=True)
class AccessSettings:
    """Settings of the targets of a workspace. The functions return the value of a reference, `""` for None.

    `resolve` is for a device's own references, `resolve_jump` for those of jump hosts.
    """

    resolve: Callable[[str | None], str]
    resolve_jump: Callable[[str | None], str]
    workspace: Path | None = None
    known_hosts: Path | None = None
    jump_hosts: Mapping[str, JumpHost] = field(default_factory=dict)


def with_access(target: Target, access: Access, settings: AccessSettings) -> Target:
    """Complete a target by its access and by ssh_config. Raises WorkspaceError."""
    config = host_config(settings.workspace, target.host, target.name)
    jump = _jump(access, config, settings, ())
    host = _address(target, settings)
    return replace(
        target,
        host=host,
        ssh=_ssh_options(access, config, settings, replace(target, host=host)),
        jump=jump,
        proxy_command=_proxy_command(access, config, replace(target, host=host), jump),
        proxy_folder=settings.workspace,
        console=bool(access.console),
        console_username=settings.resolve(access.console_username),
        console_password=Secret(settings.resolve(access.console_password)),
    )


def _address(target: Target, settings: AccessSettings) -> str:
    """Return the HostName of the address; a HostName of the device's name does not replace the inventory's address."""
    return host_config(settings.workspace, target.host).hostname


def _proxy_command(access: Access, config: HostConfig, target: Target, jump: Target | None) -> str:
    """Return the command to connect, from ssh_config with its tokens. Raises WorkspaceError."""
    if access.proxy_command or jump or not config.proxy_command:
        return access.proxy_command or ""
    values = _token_values(config, target)
    if bad := next((value for value in values.values() if not _SHELL_SAFE.fullmatch(value)), None):
        raise WorkspaceError(message("session:proxy_token", name=target.name, value=bad))
    return _expanded(config.proxy_command, values)


def _token_values(config: HostConfig, target: Target) -> dict[str, str]:
    """Return the values of OpenSSH's tokens, of the inventory first (`ssh -l USER -p PORT`)."""
    user, port = target.username or config.user or getpass.getuser(), target.port or config.port or SSH_PORT
    return {"%h": target.host, "%n": target.name, "%p": str(port), "%r": user}


def _expanded(text: str, values: Mapping[str, str]) -> str:
    own = {"%%": "%", "%d": str(Path.home()), "%u": getpass.getuser()}
    return _TOKEN.sub(lambda token: {**values, **own}.get(token[0], token[0]), text)


def _ssh_options(access: Access, config: HostConfig, settings: AccessSettings, target: Target) -> SshOptions:
    password, values = bool(target.password), _token_values(config, target)
    config = replace(
        config,
        identity_files=tuple(_expanded(name, values) for name in config.identity_files),
        certificate_files=tuple(_expanded(name, values) for name in config.certificate_files),
    )
    files = _identity_files(access, config, settings, password=password)
    code = access.one_time_code
    return SshOptions(
        user=config.user,
        port=config.port,
        identity_files=files,
        certificate_files=_paths(access.certificate_files or config.certificate_files, settings),
        passphrase=Secret(settings.resolve(access.passphrase)),
        agent=_agent(access, config, password=password),
        identities_only=config.identities_only,
        one_time_code=OneTimeCode(code, settings.workspace or Path()) if code else None,
        host_key_alias=access.host_key_alias or config.host_key_alias,
        kex_algorithms=access.kex_algorithms or config.kex_algorithms,
        host_key_algorithms=access.host_key_algorithms or config.host_key_algorithms,
        ciphers=access.ciphers or config.ciphers,
        macs=access.macs or config.macs,
        allow_legacy=bool(access.allow_legacy_ssh),
        keepalive_s=_first_set(access.keepalive_s, config.keepalive_s, 0.0),
    )


def _first_set(*values: float | None) -> float:
    return next((value for value in values if value is not None), 0.0)


def _identity_files(
    access: Access, config: HostConfig, settings: AccessSettings, *, password: bool
) -> tuple[Path, ...]:
    """Return the configured keys; without any, and without a password, the existing default keys."""
    if access.identity_files:
        paths = _paths(access.identity_files, settings)
        missing = [path for path in paths if not path.exists() and not path.with_name(f"{path.name}.pub").exists()]
        if missing:
            raise WorkspaceError(message("session:key.missing", path=str(missing[0])))
        return paths
    if config.identity_files or password:
        return _paths(config.identity_files, settings)
    folder = Path.home() / ".ssh"
    return tuple(folder / name for name in _DEFAULT_IDENTITIES if (folder / name).is_file())


def _paths(names: tuple[str, ...], settings: AccessSettings) -> tuple[Path, ...]:
    try:
        return tuple((settings.workspace or Path()) / Path(name).expanduser() for name in names)
    except RuntimeError as error:  # `~name` of an unknown user
        raise WorkspaceError(message("session:key.path", path=", ".join(names), reason=str(error))) from None


def _agent(access: Access, config: HostConfig, *, password: bool) -> str:
    """Return the socket of the agent; used if the agent or keys are configured, or without a password."""
    named = config.identity_agent
    if access.agent is False or named.lower() == "none":
        return ""
    if not (access.agent or named or config.identity_files or access.identity_files or not password):
        return ""
    if not named or named == "SSH_AUTH_SOCK":
        return os.environ.get("SSH_AUTH_SOCK", "")
    return os.environ.get(named[1:], "") if named.startswith("$") else os.path.expanduser(named)  # noqa: PTH111  any user


def _jump(access: Access, config: HostConfig, settings: AccessSettings, seen: tuple[str, ...]) -> Target | None:
    """Return the last jump host before a host, with its own jump hosts before."""
    if access.jump_host == NO_JUMP or access.proxy_command:
        return None
    jump: Target | None = None
    for hop in (access.jump_host,) if access.jump_host else config.proxy_jump:
        jump = _hop(hop, jump, settings, seen)
    return jump


def _hop(text: str, before: Target | None, settings: AccessSettings, seen: tuple[str, ...]) -> Target:
    if text in seen:
        raise WorkspaceError(message("session:jump_cycle", jump=text))
    entry = settings.jump_hosts.get(text)
    target, access = (
        _named_hop(text, entry, settings) if entry is not None else (_written_hop(text, settings), Access())
    )
    config = host_config(settings.workspace, target.host, target.name)
    before = before or _jump(access, config, settings, (*seen, text))
    own = replace(settings, resolve=settings.resolve_jump)
    target = replace(target, host=_address(target, settings))
    options = _ssh_options(access, config, own, target)
    interval = _first_set(access.keepalive_s, config.keepalive_s, _JUMP_KEEPALIVE_S)
    return replace(
        target,
        ssh=replace(options, keepalive_s=interval),
        jump=before,
        proxy_command=_proxy_command(access, config, target, before),
        proxy_folder=settings.workspace,
    ).for_ssh()


def _named_hop(name: str, entry: JumpHost, settings: AccessSettings) -> tuple[Target, Access]:
    target = Target(
        name=name,
        host=entry.hostname,
        port=entry.port,
        username=settings.resolve_jump(entry.username),
        password=Secret(settings.resolve_jump(entry.password)),
        known_hosts=settings.known_hosts,
        connect_timeout_s=entry.connect_timeout_s,
        sessions=entry.sessions,
    )
    return target, entry.access


def _written_hop(text: str, settings: AccessSettings) -> Target:
    """The target of `[user@]host[:port]` or `ssh://[user@]host[:port]`."""
    found = _HOP.fullmatch(text)
    if found is None:
        raise WorkspaceError(message("session:jump_invalid", jump=text))
    host = found["v6"] or found["host"]
    return Target(
        name=host,
        host=host,
        port=_port(text, found["port"]) if found["port"] else None,
        username=found["user"] or "",
        known_hosts=settings.known_hosts,
    )


def _port(hop: str, text: str) -> int:
    port = int(text)
    if not 0 < port < 65_536:
        raise WorkspaceError(message("session:jump_invalid", jump=hop))
    return port
