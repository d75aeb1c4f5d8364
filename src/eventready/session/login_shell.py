"""Open the login shell of a host beside its command line, such as the Linux shell beside vtysh."""

from __future__ import annotations

from dataclasses import replace

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.platforms.model import NetmikoSpec, PlatformSpec, SessionSpec
from eventready.session.connect import Session, open_session
from eventready.session.target import Secret, Target

#: Any login shell. PATH keeps its order and gains the folder of administration programs.
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


def open_shell(target: Target) -> Session:
    """Open a session with the host's shell as `target.shell_username`.

    Raises UsageError without a shell login, and the errors of `open_session`.
    """
    if not target.has_shell:
        raise UsageError(message("session:shell_login", name=target.name))
    shell = replace(target, username=target.shell_username, password=target.shell_password, secret=Secret(""))
    return open_session(shell, SHELL)
