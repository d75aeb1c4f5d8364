"""Address, credentials and limits of a device, with references resolved."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from threading import Lock

from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import REDACTED, register
from eventready.core.strings.terminal_text import visible
from eventready.session.hostkeys import host_name
from eventready.session.reply import AccessInvalid, LoginRefused
from eventready.workspace.devices.access import ASK
from eventready.workspace.keys.secrets import resolve

TERMINAL = Path("/dev/tty")
_one_question = Lock()


def _read_line(question: str) -> str:
    with TERMINAL.open("r", encoding="utf-8"):
        pass
    return getpass.getpass(question)


#: Reads a line without echo; a process without a terminal of its own replaces it. Raises OSError, EOFError.
read_line: Callable[[str], str] = _read_line


def ask_on_terminal(question: str) -> str:
    """Return the line typed for `question`, a single question at a time. Raises LoginRefused without a terminal."""
    with _one_question:
        try:
            return read_line(f"{visible(question.strip())} ").strip()
        except (OSError, EOFError):
            raise LoginRefused(message("session:one_time_code")) from None


class Secret:
    """Secret value, hidden in repr, tracebacks, logs and dataclasses; `reveal` serves the connection only."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        register(value)

    def reveal(self) -> str:
        """Return the value."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return REDACTED

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be serialised")


@dataclass(frozen=True)
class OneTimeCode:
    """Source of single-use codes (`ask` for the terminal, or a reference), resolved at each login."""

    source: str
    workspace: Path = Path()

    def get(self, question: str) -> str:
        """Return a fresh code for the server's question. Raises SecretError, LoginRefused without a terminal."""
        if self.source == ASK:
            return ask_on_terminal(question)
        code = resolve(self.source, self.workspace, where="one_time_code", fresh=True)
        register(code)
        return code


@dataclass(frozen=True)
class SshOptions:
    """Credentials beyond the password, host key name and algorithms of an SSH server.

    `user` and `port` are those of ssh_config, for a target without its own.
    `agent` is the socket of the SSH agent, empty for none. Algorithms are OpenSSH lists (`+a,b`), empty for the
    default. `keepalive_s` 0 sends no keepalives.
    """

    user: str = ""
    port: int | None = None
    identity_files: tuple[Path, ...] = ()
    certificate_files: tuple[Path, ...] = ()
    passphrase: Secret = field(default_factory=lambda: Secret(""))
    agent: str = ""
    identities_only: bool = False
    one_time_code: OneTimeCode | None = None
    host_key_alias: str = ""
    kex_algorithms: str = ""
    host_key_algorithms: str = ""
    ciphers: str = ""
    macs: str = ""
    allow_legacy: bool = False
    keepalive_s: float = 0.0


@dataclass(frozen=True)
class Target:
    """Device or jump host as the target of a connection.

    `endpoint` names whose session limit counts (default: host and port); `element` is the network element behind an
    MML manager; `secret` is the enable password; `known_hosts` None means the user's own `~/.ssh/known_hosts`.
    `shell_username` and `shell_password` log in to the host's shell beside its own command line (FRR's vtysh).
    The connection is direct, by `proxy_command` (run in `proxy_folder`), or through `jump`, whose own jump host comes
    before it; a jump host carries at most `sessions` connections. `console`: the address is a port of a console server,
    with its own login. `device_login`: the device asks for user and password itself after SSH has let anybody in.
    Times are seconds: `connect_timeout_s` for each attempt until the login is through, `device_timeout_s` for
    everything from the first attempt to the last answer. `not_after` is the monotonic time at which the run ends.
    `unusable`: the error of the access settings, which every connection raises.
    """

    name: str
    host: str
    port: int | None = None
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    secret: Secret = field(default_factory=lambda: Secret(""))
    endpoint: str = ""
    element: str = ""
    known_hosts: Path | None = None
    allow_cleartext: bool = False
    ssh: SshOptions = field(default_factory=SshOptions)
    jump: Target | None = None
    proxy_command: str = ""
    proxy_folder: Path | None = None
    sessions: int = 100
    console: bool = False
    device_login: bool = False
    console_username: str = ""
    console_password: Secret = field(default_factory=lambda: Secret(""))
    shell_username: str = ""
    shell_password: Secret = field(default_factory=lambda: Secret(""))
    connect_timeout_s: float = 15.0
    device_timeout_s: float = 300.0
    attempts: int = 3
    not_after: float = inf
    unusable: Message | None = None

    def require_usable(self) -> None:
        """Raise AccessInvalid for unusable access settings."""
        if self.unusable is not None:
            raise AccessInvalid(self.unusable)

    @property
    def address(self) -> str:
        """Host and port for messages."""
        return f"{self.host}:{self.port}" if self.port else self.host

    def for_ssh(self) -> Target:
        """Return the target with missing user and port from ssh_config."""
        return replace(self, username=self.username or self.ssh.user, port=self.port or self.ssh.port)

    @property
    def jumps(self) -> tuple[Target, ...]:
        """The jump hosts in order, the first hop first."""
        return (*self.jump.jumps, self.jump) if self.jump is not None else ()

    @property
    def route(self) -> Message:
        """The way to the device for messages: direct, or through jump hosts and ProxyCommand."""
        first = self.jumps[0] if self.jumps else self
        command = "ProxyCommand" if first.proxy_command else ""
        hops = [*([command] if command else []), *(jump.name for jump in self.jumps)]
        return message("session:route.via", hops=" > ".join(hops)) if hops else message("session:route.direct")

    @property
    def host_key_name(self) -> str:
        """The name of the host key in known_hosts."""
        return self.ssh.host_key_alias or host_name(self.host, self.port)

    @property
    def has_shell(self) -> bool:
        """True with a login to the host's shell."""
        return bool(self.shell_username and self.shell_password)

    @property
    def known_hosts_path(self) -> Path:
        """The file of recorded host keys."""
        return self.known_hosts or Path.home() / ".ssh" / "known_hosts"

    @property
    def limit_key(self) -> str:
        """The key of the session limit."""
        return self.endpoint or self.address


def console_login(target: Target) -> Target:
    """Return the target of the SSH login: for a console, the console server with its own user and password."""
    if not target.console or not target.console_username:
        return target
    return replace(target, username=target.console_username, password=target.console_password)
