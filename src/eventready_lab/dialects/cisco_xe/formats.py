"""Names and durations in IOS form."""

from __future__ import annotations

import re

_SHORT = {
    "TenGigabitEthernet": "Te",
    "TwentyFiveGigE": "Twe",
    "FortyGigabitEthernet": "Fo",
    "HundredGigE": "Hu",
    "GigabitEthernet": "Gi",
    "FastEthernet": "Fa",
    "Port-channel": "Po",
    "Loopback": "Lo",
    "Vlan": "Vl",
    "Tunnel": "Tu",
}
_UNITS = ((31_536_000, "year"), (604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"))


def short_name(name: str) -> str:
    """`Te0/0/1` for `TenGigabitEthernet0/0/1`; an unknown kind unchanged."""
    match = re.fullmatch(r"([A-Za-z-]+)(\d.*)", name)
    return _SHORT.get(match[1], match[1]) + match[2] if match else name


def long_duration(seconds: int) -> str:
    """`5 weeks, 2 days, 3 hours, 12 minutes`, as in `show version`."""
    parts = []
    for size, word in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {word}{'' if count == 1 else 's'}")
    return ", ".join(parts) or "0 minutes"


def short_duration(seconds: int) -> str:
    """`00:12:44`, `1d02h`, `3w2d`, `1y10w`, as in tables of neighbours."""
    hours, days, weeks = seconds // 3600, seconds // 86_400, seconds // 604_800
    if days < 1:
        return f"{hours:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if weeks < 1:
        return f"{days}d{hours % 24:02}h"
    if weeks < 52:
        return f"{weeks}w{days % 7}d"
    return f"{weeks // 52}y{weeks % 52:02}w"


def timer(milliseconds: int) -> str:
    """Format a timer: in seconds from 1 s on."""
    return f"{milliseconds // 1000} sec" if milliseconds >= 1000 else f"{milliseconds} msec"


def rebuild(version: str) -> str:
    """`17.9.4a` for `17.09.04a`."""
    return ".".join(part.lstrip("0") or "0" for part in version.split("."))
