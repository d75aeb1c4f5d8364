"""The system of a Linux host: release, uptime, load, memory, network interfaces (iproute2 6, procps 4)."""

from __future__ import annotations

import json
from typing import Any

from eventready.platforms.loader import describe
from eventready_lab.device.state import Port
from eventready_lab.device.view import View

KERNEL = "6.12.48+deb13-amd64"
_MEMORY = 4_113_743_872


def read_only_pattern(platform: str, start: str) -> str:
    """The read-only pattern of a platform with this beginning, as a key of `shows`."""
    patterns = describe(platform).spec.read_only
    return next(
        f"/{pattern.removeprefix('^').removesuffix('$')}/" for pattern in patterns if pattern[1:].startswith(start)
    )


def hostname_and_uptime(view: View) -> str:
    """/proc/sys/kernel/hostname and /proc/uptime."""
    uptime = view.uptime_s
    return f"{view.state.hostname or view.state.name}\n{uptime}.{uptime % 100:02d} {uptime * 9 // 10}.07"


def load(view: View) -> str:
    """The load averages in percent of all processors."""
    percent = float(view.state.cpu_percent)
    return f"load1={percent:.1f} load5={percent:.1f} load15={percent:.1f} cpus=4"


def memory(view: View) -> str:
    """`free -b`."""
    used = _MEMORY * view.state.memory_percent // 100
    figures = (_MEMORY, used, (_MEMORY - used) // 2, 43_606_016, (_MEMORY - used) // 2, _MEMORY - used)
    return (
        "               total        used        free      shared  buff/cache   available\n"
        f"Mem:{figures[0]:>16}" + "".join(f"{figure:>12}" for figure in figures[1:]) + "\n"
        f"Swap:{0:>15}{0:>12}{0:>12}"
    )


def links(view: View) -> str:
    """`ip -json -statistics link`."""
    return json.dumps([_link(view, number, port) for number, port in enumerate(view.state.ports.values(), 2)])


def mac_with_colons(mac: str) -> str:
    """A MAC address with colons, from any separators."""
    digits = "".join(letter for letter in mac.lower() if letter.isalnum()).rjust(12, "0")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _link(view: View, number: int, port: Port) -> dict[str, Any]:
    received, sent = view.octets(port)
    packets_in, packets_out = view.packets(port)
    errors, _crc = view.errors(port)
    up = port.admin_up and port.link_up
    flags = ["UP"] * port.admin_up + ["LOWER_UP"] * up
    alias = {"ifalias": port.description} if port.description else {}
    return {
        "ifindex": number,
        "ifname": port.name,
        "flags": ["NO-CARRIER"] * (port.admin_up and not up) + ["BROADCAST", "MULTICAST", *flags],
        "mtu": port.mtu,
        "qdisc": "fq_codel",
        "operstate": "UP" if up else "DOWN",
        "linkmode": "DEFAULT",
        "group": "default",
        "txqlen": 1000,
        "link_type": "ether",
        "address": mac_with_colons(port.mac),
        "broadcast": "ff:ff:ff:ff:ff:ff",
        **alias,
        "stats64": {
            "rx": {
                "bytes": received, "packets": packets_in, "errors": errors, "dropped": 0, "over_errors": 0,
                "multicast": 0,
            },
            "tx": {
                "bytes": sent, "packets": packets_out, "errors": 0, "dropped": port.out_drops, "carrier_errors": 0,
                "collisions": 0,
            },
        },
    }  # fmt: skip
