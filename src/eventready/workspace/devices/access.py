"""Access to devices: jump hosts, keys, single-use codes, SSH algorithms, consoles; and the file jump_hosts.yaml."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, RootModel

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.workspace.files.yaml_document import load_yaml, raise_errors
from eventready.workspace.keys.secrets import is_reference, plain_secrets
from eventready.workspace.model import WorkspaceModel

#: A one-time code typed on the terminal.
ASK: Final = "ask"
#: No jump host, also where ssh_config names one.
NO_JUMP: Final = "none"


def _validated_address(text: str) -> str:
    """Reject text with characters outside host names and addresses, such as URLs and logins."""
    if not re.fullmatch(r"[\w.:%-]*", text):
        # The value is not shown: it may contain a password.
        raise InvalidValue(message("workspace:access.address"))
    return text


def _code_source(text: str) -> str:
    if text != ASK and not is_reference(text):
        raise InvalidValue(message("workspace:access.one_time"))
    return text


def _ipv4_address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise InvalidValue(message("workspace:access.seen_from", value=text)) from None


Address = Annotated[str, AfterValidator(_validated_address)]


class Access(WorkspaceModel):
    """`access` under `data` of a host, a group or the defaults; merged key by key, the host's own value last.

    Values take precedence over ssh_config. Relative paths of keys start at the workspace folder.
    """

    jump_host: str | None = Field(
        default=None, min_length=1, description="Name in jump_hosts.yaml or ssh_config, [user@]host[:port], or none"
    )
    seen_from: Annotated[str, AfterValidator(_ipv4_address)] | None = Field(
        default=None, description="Address of this machine as devices see it, behind NAT, a jump host or a VPN"
    )
    proxy_command: str | None = Field(default=None, min_length=1, description="Command whose stdin and stdout connect")
    identity_files: tuple[str, ...] | None = Field(
        default=None, description="Private keys, or public keys of the agent"
    )
    certificate_files: tuple[str, ...] | None = Field(default=None, description="OpenSSH certificates of the keys")
    passphrase: str | None = Field(default=None, description="Passphrase of the keys, as a reference")
    agent: bool | None = Field(default=None, description="Use the keys of the SSH agent")
    one_time_code: Annotated[str, AfterValidator(_code_source)] | None = Field(
        default=None, description="Source of one-time codes: ask (on the terminal), or a reference such as exec:COMMAND"
    )
    host_key_alias: str | None = Field(default=None, min_length=1, description="Name of the host key in known_hosts")
    kex_algorithms: str | None = Field(default=None, description="Key exchange algorithms, as in ssh_config")
    host_key_algorithms: str | None = Field(default=None, description="Host key algorithms, as in ssh_config")
    ciphers: str | None = Field(default=None, description="Ciphers, as in ssh_config")
    macs: str | None = Field(default=None, description="Message authentication codes, as in ssh_config")
    allow_legacy_ssh: bool | None = Field(
        default=None, description="Allow SHA-1 key exchange, ssh-rsa host keys and CBC ciphers"
    )
    keepalive_s: float | None = Field(default=None, ge=0, le=3600, description="Seconds between keepalives, 0: none")
    console: bool | None = Field(default=None, description="The address is a port of a console server")
    console_username: str | None = Field(default=None, description="User of the console server")
    console_password: str | None = Field(default=None, description="Password of the console server, as a reference")

    def references(self) -> Iterator[str]:
        """Yield the references to secrets resolved ahead; references to login codes are resolved at each login."""
        for value in (self.passphrase, self.console_username, self.console_password):
            if is_reference(value):
                yield str(value)


class JumpHost(WorkspaceModel):
    """Entry of jump_hosts.yaml: an SSH server for forwarding connections to devices."""

    hostname: Address
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = Field(default=None, description="User name, or a reference")
    password: str | None = Field(default=None, description="Password as a reference")
    sessions: int = Field(default=100, ge=1, le=10_000, description="Connections through it at the same time")
    connect_timeout_s: float = Field(default=15.0, gt=0, le=600)
    access: Access = Field(default_factory=Access, description="Keys, codes, algorithms, and the jump host before it")

    def references(self) -> Iterator[str]:
        """Yield the references to secrets."""
        yield from (str(value) for value in (self.username, self.password) if is_reference(value))
        yield from self.access.references()


class JumpHosts(RootModel[dict[str, JumpHost]]):
    """jump_hosts.yaml: jump hosts by name."""


def load_jump_hosts(path: Path, *, lab: bool = False) -> Mapping[str, JumpHost]:
    """Read jump_hosts.yaml; empty without the file. Raises WorkspaceError, also for a plain-text secret."""
    if not path.exists():
        return {}
    document = load_yaml(path, may_be_empty=True)
    found = document.validate(JumpHosts).root
    problems = [
        document.error(message("workspace:plain_secret_at", key=str(place[-1])), *place)
        for place in (() if lab else plain_secrets(document.data))
    ]
    for name, jump in found.items():
        if jump.access.allow_legacy_ssh:
            problems.append(document.error(message("workspace:access.jump_legacy"), name))
        before = jump.access.jump_host
        if before and before in found and name in chain(before, found):
            problems.append(
                document.error(message("workspace:access.jump_cycle", name=name), name, "access", "jump_host")
            )
    raise_errors(problems)
    return found


def chain(name: str, jump_hosts: Mapping[str, JumpHost]) -> tuple[str, ...]:
    """Return the names of a jump host and of the earlier hops, as far as listed in jump_hosts.yaml."""
    names: list[str] = []
    while name in jump_hosts and name not in names:
        names.append(name)
        name = jump_hosts[name].access.jump_host or ""
    return tuple(names)
