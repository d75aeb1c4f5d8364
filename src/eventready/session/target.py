"""Where and as whom to open a session: everything resolved, nothing printable that should not be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from eventready.session.redaction import MARK, register


class Secret:
    """A value that no repr, traceback, log line or dataclass shows; `reveal` is for the wire only."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        register(value)

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return MARK

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


@dataclass(frozen=True)
class Target:
    """One device to talk to.

    `endpoint` names whose session limit counts (default: host and port); `element` is the network element behind an
    MML manager; `secret` is the enable password; `known_hosts` None means the user's own `~/.ssh/known_hosts`.
    `shell_username` and `shell_password` log in to the host's shell beside its own command line (FRR's vtysh).
    Times are seconds: `connect_timeout_s` for each attempt until the login is through, `device_timeout_s` for
    everything from the first attempt to the last answer.
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
    shell_username: str = ""
    shell_password: Secret = field(default_factory=lambda: Secret(""))
    connect_timeout_s: float = 15.0
    device_timeout_s: float = 300.0
    attempts: int = 3

    @property
    def address(self) -> str:
        """Host and port as people read them."""
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def has_shell(self) -> bool:
        """True when there is a login to the host's shell."""
        return bool(self.shell_username and self.shell_password)

    @property
    def known_hosts_path(self) -> Path:
        """The file of the host keys that count."""
        return self.known_hosts or Path.home() / ".ssh" / "known_hosts"

    @property
    def gate(self) -> str:
        """The name under which sessions are counted."""
        return self.endpoint or self.address
