"""A Debian 13 service host behind OpenSSH and bash: nginx, keepalived, dnsmasq, chrony, rsyslog.

The read-only commands of the platform are answered from the state; every other line is executed by the host's shell
(`eventready_lab/host/`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from eventready_lab.device.dialect import Dialect, Errors, HostProfile, Render
from eventready_lab.device.state import DeviceState
from eventready_lab.dialects._shared.linux_system import (
    KERNEL,
    hostname_and_uptime,
    links,
    load,
    memory,
    read_only_pattern,
)
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.linux import services

_PLATFORM = "linux"


#: Answers to questions, by the beginning of the read-only pattern.
_SERVICES: dict[str, Render] = {
    "curl ": services.page,
    "dig ": services.name,
    "ping": services.echo,
    r"s=\$\(date \+%s%N\); timeout 3": services.port,
    r"s=\$\(date \+%s%N\); g=": services.greeting,
    "timeout 9 chronyd": services.clock,
    "if ! command -v nmap": services.offer,
}


def _is_up(state: DeviceState, unit: str) -> bool:
    return all(known.up for known in state.units if known.name == unit)


def _sockets(state: DeviceState) -> list[str]:
    """The lines of `ss` about the listening sockets, sorted."""
    return sorted(_socket(port) for unit in state.units if unit.up for port in unit.ports)


def _socket(port: str) -> str:
    protocol, _, number = port.partition("/")
    queue = "LISTEN 0      511" if protocol == "tcp" else "UNCONN 0      0  "
    return f"{protocol} {queue} {f'0.0.0.0:{number}':>18}  0.0.0.0:*"


def _in_days(now: datetime, days: int) -> datetime:
    return (now + timedelta(days=days)).astimezone(UTC)


def _shows() -> Iterator[tuple[str, Render]]:
    """The answers by the platform's whole command."""
    answers = load_answers(
        f"eventready_lab.dialects.{_PLATFORM}", hostname_and_uptime, _is_up, _sockets, _in_days, kernel=KERNEL
    )
    for start, answer in answers.items():
        yield read_only_pattern(_PLATFORM, start), answer
    yield read_only_pattern(_PLATFORM, "awk '"), load
    for start, answer in _SERVICES.items():
        yield read_only_pattern(_PLATFORM, start), answer
    yield from (("free -b", memory), ("ip -json -statistics link", links))


DIALECT = Dialect(
    platform=_PLATFORM,
    prompts={"enabled": "root@{host}:~# "},
    initial_mode="enabled",
    banner="\nThe programs included with the Debian GNU/Linux system are free software.\n",
    shows=dict(_shows()),
    errors=Errors(unknown="-bash: {word}: command not found", incomplete="-bash: syntax error: unexpected end of file"),
    host=HostProfile(prompt="{user}@{host}:~$ ", main=True),
    output_filters=False,
    log_line="[ 7261.402113] IPv6: ADDRCONF(NETDEV_CHANGE): eth9: link becomes ready",
)
