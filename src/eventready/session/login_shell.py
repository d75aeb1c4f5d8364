"""The shell beside a device's own command line: a Linux host whose login for changes leads into vtysh has one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from eventready.errors import UsageError
from eventready.platforms.model import NetmikoSpec, PlatformSpec, SessionSpec
from eventready.session.connect import Session, open_session
from eventready.session.target import Secret, Target

#: A login shell of any kind. The path keeps what the login put first, and has where administrators' programs lie.
SHELL = PlatformSpec(
    title="Linux shell",
    roles=("router",),
    netmiko=NetmikoSpec(device_type="linux"),
    session=SessionSpec(
        prompt=r"(?:(?:\S+@)?[\w.-]+(?::\S*)?)?[$#] $",
        setup=("unset HISTFILE; export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin",),
        noise=(r"^\[ *\d+\.\d{6}\] ",),
        limit=5,
    ),
    read_only=(),
)


@dataclass(frozen=True)
class _Described:
    spec: PlatformSpec = SHELL


def open_shell(target: Target) -> Session:
    """A session with the host's shell, as `target.shell_username`.

    Raises UsageError where the target has no shell login, and what `open_session` raises.
    """
    if not target.has_shell:
        raise UsageError(
            f"{target.name} has no shell login",
            do="Give it `shell_username` and `shell_password` under connection_options.eventready.extras.",
        )
    beside = replace(target, username=target.shell_username, password=target.shell_password, secret=Secret(""))
    return open_session(beside, _Described())
