"""A Debian 13 service host behind OpenSSH and bash: nginx, keepalived, dnsmasq, chrony, rsyslog.

The read-only commands of the platform are answered from the state; every other line is executed by the host's shell
(`eventready_lab/host/`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta

from eventready_lab.device.dialect import Dialect, Errors, HostProfile, Render
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.linux_system import (
    KERNEL,
    hostname_and_uptime,
    links,
    load,
    memory,
    read_only_pattern,
)

_PLATFORM = "linux"
_VRRP_STATE = {"master": "master", "backup": "backup", "init": "stopped"}


def _list(lines: Iterable[str]) -> str:
    """A list with its end line."""
    return "\n".join([*lines, "==> end"])


def _is_up(state: DeviceState, unit: str) -> bool:
    return all(known.up for known in state.units if known.name == unit)


def _system(view: View) -> str:
    system = view.state.version or "Debian GNU/Linux 13 (trixie)"
    return f'Linux {KERNEL}\n{hostname_and_uptime(view)}\nos="{system}"'


def _disks(view: View) -> str:
    lines = ["Filesystem         1-blocks        Used   Available Capacity Mounted on"]
    for number, disk in enumerate(view.state.disks):
        used = disk.total_bytes * disk.used_percent // 100
        device = f"/dev/vd{chr(ord('a') + number)}1"
        left = disk.total_bytes - used
        lines.append(f"{device:<11}{disk.total_bytes:>16} {used:>11} {left:>11} {disk.used_percent:>7}% {disk.mount}")
    return _list(lines)


def _services(view: View) -> str:
    word = {True: "active   running", False: "failed   failed "}
    return _list(f"{unit.name + '.service':<24} loaded    {word[unit.up]} {unit.name}" for unit in view.state.units)


def _listeners(view: View) -> str:
    sockets = []
    for unit in view.state.units:
        for port in unit.ports if unit.up else ():
            protocol, _, number = port.partition("/")
            queue = "LISTEN 0      511" if protocol == "tcp" else "UNCONN 0      0  "
            address = f"0.0.0.0:{number}"
            sockets.append(f"{protocol} {queue} {address:>18}  0.0.0.0:*")
    return _list(sorted(sockets))


def _certificates(view: View) -> str:
    lines = []
    for file, days in view.state.certificates.items():
        end = (view.now + timedelta(days=days)).astimezone(UTC).replace(hour=17, minute=0, second=0)
        name = file.rpartition("/")[2].partition(".")[0]
        lines += [f"file={file}", f"subject=C=VN, O=Event, CN={name}.example.vn", f"notAfter={end:%Y-%m-%d %H:%M:%S}Z"]
    return _list(lines)


def _clock(view: View) -> str:
    state = view.state
    if not _is_up(state, "chrony"):
        return _list(["506 Cannot talk to daemon"])
    if not state.ntp_synchronised:
        return _list(["stratum=0 offset_ms=0.000 reference= leap=Not synchronised"])
    return _list([f"stratum=3 offset_ms=-0.211 reference={state.ntp_server} leap=Normal"])


def _log_targets(view: View) -> str:
    return _list(f"host={host}" for host in sorted(view.state.log_hosts))


def _keepalived(view: View) -> str:
    return _list(
        f"instance=VI_{group.group} interface={group.interface} group={group.group} priority={group.priority} "
        f"address={group.virtual_ip} state={_VRRP_STATE[group.state]} tracks=yes "
        f"interval={group.advertisement_ms / 1000:g}"
        for group in view.state.gateways
    )


def _backends(view: View) -> str:
    return _list(
        f"pool={pool.name} server={server} state={'up' if up else 'down'}"
        for pool in view.state.pools
        for server, up in pool.servers.items()
    )


def _dns_answers(view: View) -> str:
    answers = _is_up(view.state, "dnsmasq")
    return _list(f"name={name} answer={address if answers else ''}" for name, address in sorted(view.state.dns.items()))


def _dhcp_pools(view: View) -> str:
    return _list(f"pool={one.first}-{one.last} used={one.used} total={one.total}" for one in view.state.dhcp)


def _pattern(start: str) -> str:
    return read_only_pattern(_PLATFORM, start)


SHOWS: dict[str, Render] = {
    _pattern("uname"): _system,
    _pattern("awk '"): load,
    "free -b": memory,
    "ip -json -statistics link": links,
    _pattern("df"): _disks,
    _pattern("if \\[ -d"): _services,
    _pattern("ss"): _listeners,
    _pattern("\\{ cat /etc/nginx"): _certificates,
    _pattern("if command"): _clock,
    _pattern("sed"): _log_targets,
    _pattern("awk -v"): _keepalived,
    _pattern("\\{ awk"): _backends,
    _pattern("cat /etc/dnsmasq\\.conf /etc/dnsmasq\\.d/\\*\\.conf 2>/dev/null \\| sed -nE 's/\\^host"): _dns_answers,
    _pattern("cat /etc/dnsmasq\\.conf /etc/dnsmasq\\.d/\\*\\.conf 2>/dev/null \\| sed -nE 's/\\^dhcp"): _dhcp_pools,
}

DIALECT = Dialect(
    platform=_PLATFORM,
    prompts={"enabled": "root@{host}:~# "},
    initial_mode="enabled",
    banner="\nThe programs included with the Debian GNU/Linux system are free software.\n",
    shows=SHOWS,
    errors=Errors(unknown="-bash: {word}: command not found", incomplete="-bash: syntax error: unexpected end of file"),
    host=HostProfile(prompt="{user}@{host}:~$ ", main=True),
    output_filters=False,
    log_line="[ 7261.402113] IPv6: ADDRCONF(NETDEV_CHANGE): eth9: link becomes ready",
)
