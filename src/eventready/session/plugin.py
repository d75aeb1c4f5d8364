"""The Nornir connection plugin "eventready", also for tasks in other Nornir scripts.

    session = task.host.get_connection("eventready", task.nornir.config)

Further options stand in the host's `connection_options.eventready.extras`: `workspace` (folder with `known_hosts`,
`ssh_config` and the vault), `known_hosts` (another file), `name`, `endpoint`, `element`, `allow_cleartext`, `secret`
(enable password), `shell_username` and `shell_password` (the host's shell beside its own command line),
`platform_dirs`, `access` and `jump_hosts` (see workspace.access), `kept` (KeptTargets), and the times and attempts of a
Target. Without a workspace the user's own `~/.ssh/known_hosts` counts. User names, passwords and secret may be
references (`env:NAME`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.plugins.connections import ConnectionPluginRegister

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import message
from eventready.platforms.loader import describe
from eventready.session.connect import Session, open_session
from eventready.session.local import LOCAL, LocalSession
from eventready.session.target import Secret, Target
from eventready.session.target_builder import AccessSettings, with_access
from eventready.workspace.devices.access import Access, JumpHost
from eventready.workspace.keys.secrets import resolve

CONNECTION = "eventready"
_LIMITS = ("connect_timeout_s", "device_timeout_s", "attempts", "not_after")
#: Longest use of a kept target, in seconds.
_KEPT_S = 300.0
_SHELL = ("shell_username", "shell_password")
_KNOWN = frozenset(
    (
        *("workspace", "known_hosts", "name", "endpoint", "element", "allow_cleartext", "secret", "platform_dirs"),
        *("access", "jump_hosts", "kept"),
        *_SHELL,
        *_LIMITS,
    )
)


class KeptTargets:
    """Targets of hosts with many sessions, by name; built anew at times: files and secrets change. For any thread."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Hashable, Target]] = {}

    def of(self, name: str, settings: Hashable, build: Callable[[], Target]) -> Target:
        """Return the kept target of equal settings, or a new target."""
        at, known, target = self._kept.get(name, (-inf, None, None))
        if target is None or known != settings or monotonic() - at >= _KEPT_S:
            target = build()
            self._kept[name] = monotonic(), settings, target
        return target

    def forget(self, name: str) -> None:
        """Forget the target of a host, after a failed session."""
        self._kept.pop(name, None)


class EventreadyConnection:
    """Nornir's ConnectionPlugin."""

    name = CONNECTION

    def __init__(self) -> None:
        self._session: Session | None = None

    def open(  # noqa: PLR0917  Nornir's signature
        self,
        hostname: str | None,
        username: str | None,
        password: str | None,
        port: int | None,
        platform: str | None,
        extras: dict[str, Any] | None = None,
        configuration: Config | None = None,  # noqa: ARG002  Nornir's signature
    ) -> None:
        """Open a session. Raises UsageError and SessionError."""
        if not hostname or not platform:
            raise UsageError(message("session:host_incomplete"))
        options = extras or {}
        target = _kept_target(hostname, username, password, port, options)
        described = describe(platform, _platform_dirs(options))
        local = described.spec.netmiko.device_type == LOCAL
        self._session = LocalSession(target, described.spec) if local else open_session(target, described.spec)

    def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def connection(self) -> Session:
        """The open session."""
        if self._session is None:
            raise UsageError(message("session:not_open"))
        return self._session


def _kept_target(
    hostname: str, username: str | None, password: str | None, port: int | None, extras: dict[str, Any]
) -> Target:
    def build() -> Target:
        return build_target(hostname, username, password, port, extras)

    kept, limits = extras.get("kept"), [extras.get(limit) for limit in _LIMITS]
    settings = (hostname, username, password, port, *limits)
    return kept.of(str(extras.get("name") or hostname), settings, build) if kept else build()


def build_target(
    hostname: str,
    username: str | None,
    password: str | None,
    port: int | None,
    extras: dict[str, Any],
    *,
    login: bool = True,
) -> Target:
    """Return the Target of a Nornir host; `unusable` has the error of its settings.

    `login` False leaves the device's own secrets unresolved, for its host key; its jump hosts are logged in to.
    Raises UsageError for an unknown extra.
    """
    unknown = sorted(set(extras) - _KNOWN)
    if unknown:
        raise UsageError(message("session:extras_unknown", hostname=hostname, names=unknown))
    try:
        return _target(hostname, username, password, port, extras, login=login)
    except WorkspaceError as error:
        limits = {limit: extras[limit] for limit in _LIMITS if limit in extras}
        name, endpoint = str(extras.get("name") or hostname), str(extras.get("endpoint") or "")
        return Target(name, hostname, port, endpoint=endpoint, unusable=error.whole, **limits)


def _target(
    hostname: str,
    username: str | None,
    password: str | None,
    port: int | None,
    extras: dict[str, Any],
    *,
    login: bool,
) -> Target:
    """Return the target with references resolved and files found. Raises WorkspaceError."""
    access = Access.model_validate(extras.get("access") or {})
    workspace = Path(extras["workspace"]) if extras.get("workspace") else None
    known_hosts = Path(extras["known_hosts"]) if extras.get("known_hosts") else workspace and workspace / "known_hosts"
    name = str(extras.get("name") or hostname)

    def value(reference: str | None) -> str:
        return resolve(str(reference), workspace or Path(), where=name) if reference and login else ""

    def jump_value(reference: str | None) -> str:
        return resolve(str(reference), workspace or Path(), where=name) if reference else ""

    settings = AccessSettings(value, jump_value, workspace, known_hosts, extras.get("jump_hosts") or {})
    target = Target(
        name=name,
        host=hostname,
        port=port,
        username=value(username),
        password=Secret(value(password)),
        secret=Secret(value(extras.get("secret"))),
        endpoint=str(extras.get("endpoint") or ""),
        element=str(extras.get("element") or ""),
        known_hosts=known_hosts,
        allow_cleartext=bool(extras.get("allow_cleartext", False)),
        shell_username=value(extras.get("shell_username")),
        shell_password=Secret(value(extras.get("shell_password"))),
        **{limit: extras[limit] for limit in _LIMITS if limit in extras},
    )
    return with_access(target, access, settings)


def host_target(nornir: Nornir, name: str) -> Target:
    """Return the target of a host of the inventory. Raises UsageError."""
    host = nornir.inventory.hosts[name].get_connection_parameters(CONNECTION)
    return build_target(host.hostname or "", host.username, host.password, host.port, host.extras or {})


def key_targets(nornir: Nornir, names: Iterable[str]) -> tuple[Target, ...]:
    """Return the targets of hosts for a connection without a login. Raises UsageError."""
    found = []
    for name in names:
        host = nornir.inventory.hosts[name].get_connection_parameters(CONNECTION)
        target = build_target(host.hostname or "", None, None, host.port, host.extras or {}, login=False)
        found.append(target.for_ssh())
    return tuple(found)


def register_secrets(nornir: Nornir, names: Iterable[str]) -> dict[str, str]:
    """Resolve the secrets of these hosts before worker processes are forked: the redactor then knows the secrets.

    Return the first jump host of each host that has one: its connection cannot be shared between processes.
    """
    first_hops: dict[str, str] = {}
    for name in names:
        target = host_target(nornir, name)
        if target.jumps:
            first_hops[name] = target.jumps[0].address
    return first_hops


def session_slots(nornir: Nornir, limits: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return the session limits of the endpoint and the jump host of each host, without resolving a secret.

    `limits`: of the endpoint, by host. Hosts with unusable access settings have their endpoint alone.
    """
    found = {}
    for name, limit in limits.items():
        host = nornir.inventory.hosts[name].get_connection_parameters(CONNECTION)
        jumps = _without_secrets((host.extras or {}).get("jump_hosts") or {})
        extras = {**(host.extras or {}), "jump_hosts": jumps}
        target = build_target(host.hostname or "", None, None, host.port, extras, login=False)
        found[name] = {
            target.limit_key: limit,
            **({f"jump {jump.address}": jump.sessions} if (jump := target.jump) else {}),
        }
    return found


def _without_secrets(jumps: Mapping[str, JumpHost]) -> dict[str, JumpHost]:
    return {
        name: jump.model_copy(
            update={
                "username": None,
                "password": None,
                "access": jump.access.model_copy(update={"passphrase": None, "identity_files": None}),
            }
        )
        for name, jump in jumps.items()
    }


def _platform_dirs(extras: dict[str, Any]) -> tuple[Path, ...]:
    if extras.get("platform_dirs"):
        return tuple(Path(folder) for folder in extras["platform_dirs"])
    own = Path(extras["workspace"]) / "inventory" / "platforms" if extras.get("workspace") else None
    return (own,) if own is not None and own.is_dir() else ()


def register() -> None:
    """Register the connection with Nornir; an installed package is found by its entry point."""
    ConnectionPluginRegister.register(CONNECTION, EventreadyConnection)
