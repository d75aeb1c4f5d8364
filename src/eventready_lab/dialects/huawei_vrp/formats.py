"""Names, sizes and durations in VRP form."""

from __future__ import annotations


def spelt(name: str) -> str:
    """A port's name without blanks."""
    return name.replace(" ", "-")


def short(name: str) -> str:
    """A port's abbreviated name, for narrow columns."""
    return spelt(name).replace("XGigabitEthernet", "XGE").replace("GigabitEthernet", "GE")


def dashed(mac: str) -> str:
    """A MAC address in groups of four with dashes."""
    digits = "".join(character for character in mac.lower() if character.isalnum()).rjust(12, "0")
    return "-".join(digits[at : at + 4] for at in (0, 4, 8))


def size(bps: int) -> str:
    """`10G`, `100M`."""
    return f"{bps // 1_000_000_000}G" if bps >= 1_000_000_000 else f"{bps // 1_000_000}M"


def uptime(seconds: int) -> str:
    """`5 weeks, 2 days, 3 hours, 1 minute`."""
    parts = (
        (seconds // 604_800, "week"),
        (seconds // 86_400 % 7, "day"),
        (seconds // 3_600 % 24, "hour"),
        (seconds // 60 % 60, "minute"),
    )
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in parts)


def digits(name: str) -> int:
    """The number in a name, 0 without a number."""
    return int("".join(character for character in name if character.isdigit()) or "0")


def code_points(name: str) -> int:
    """The sum of the code points of a name, for a serial number."""
    return sum(map(ord, name))
