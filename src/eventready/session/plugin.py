"""Our sessions as a Nornir connection named "eventready", for tasks in anyone's own Nornir script.

    session = task.host.get_connection("eventready", task.nornir.config)

What Nornir has no word for comes in the host's `connection_options.eventready.extras`: `workspace` (folder with
`known_hosts` and the vault), `known_hosts` (another file), `name`, `endpoint`, `element`, `allow_cleartext`, `secret`
(enable password), `shell_username` and `shell_password` (the host's shell beside its own command line),
`platform_dirs`, and the times and attempts of a Target. Without a workspace the user's own `~/.ssh/known_hosts`
counts. User names, passwords and secret may be references (`env:NAME`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.plugins.connections import ConnectionPluginRegister

from eventready.errors import EventreadyError, UsageError
from eventready.platforms.loader import describe
from eventready.session.connect import Session, open_session
from eventready.session.target import Secret, Target
from eventready.workspace.secrets import resolve

CONNECTION = "eventready"
_LIMITS = ("connect_timeout_s", "device_timeout_s", "attempts")
_SHELL = ("shell_username", "shell_password")
_KNOWN = frozenset(
    (
        *("workspace", "known_hosts", "name", "endpoint", "element", "allow_cleartext", "secret", "platform_dirs"),
        *_SHELL,
        *_LIMITS,
    )
)


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
        """Open a session. Raises UsageError, WorkspaceError (a reference that leads nowhere) and SessionError."""
        if not hostname or not platform:
            raise UsageError("a host needs a hostname and a platform", do="Say both in the inventory.")
        more = extras or {}
        target = target_of(hostname, username, password, port, more)
        spoken = describe(platform, _platform_dirs(more))
        self._session = open_session(target, spoken)

    def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def connection(self) -> Session:
        """The open session."""
        if self._session is None:
            raise UsageError("the session is not open")
        return self._session


def target_of(
    hostname: str, username: str | None, password: str | None, port: int | None, extras: dict[str, Any]
) -> Target:
    """A Target from what Nornir knows of a host. Raises UsageError for an extra that nobody knows."""
    unknown = sorted(set(extras) - _KNOWN)
    if unknown:
        raise UsageError(f"{hostname} has connection extras that eventready does not know: {', '.join(unknown)}")
    workspace = Path(extras["workspace"]) if extras.get("workspace") else None
    known_hosts = Path(extras["known_hosts"]) if extras.get("known_hosts") else workspace and workspace / "known_hosts"
    name = str(extras.get("name") or hostname)

    def value(reference: str | None) -> str:
        return resolve(str(reference), workspace or Path(), where=name) if reference else ""

    return Target(
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


def learn_secrets(nornir: Nornir, names: Iterable[str]) -> None:
    """Resolve the secrets of these hosts, so that the sink of redaction knows them all before processes part."""
    for name in names:
        host = nornir.inventory.hosts[name].get_connection_parameters(CONNECTION)
        with suppress(EventreadyError):  # it is told when the device is read
            target_of(host.hostname or "", host.username, host.password, host.port, host.extras or {})


def _platform_dirs(extras: dict[str, Any]) -> tuple[Path, ...]:
    if extras.get("platform_dirs"):
        return tuple(Path(folder) for folder in extras["platform_dirs"])
    own = Path(extras["workspace"]) / "inventory" / "platforms" if extras.get("workspace") else None
    return (own,) if own is not None and own.is_dir() else ()


def register() -> None:
    """Make Nornir know the connection; an installed package is known by its entry point already."""
    ConnectionPluginRegister.register(CONNECTION, EventreadyConnection)
