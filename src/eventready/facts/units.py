"""Where text becomes numbers: the annotated types that fact records are made of.

A value that cannot be read raises ValueError, which rejects the row and makes its observation `unparsed`.
Empty text and the devices' own "not available" words become None where the field allows it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import BeforeValidator

#: Devices say the same few things over and over: 1000000 Kbit/sec, never, 4w2d.
_REMEMBERED = 4_096
_NOTHING = frozenset({"", "-", "--", "---", "n/a", "na", "none", "null", "unknown", "never", "*"})
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_RATE = re.compile(r"^([-+]?\d+(?:\.\d+)?)\s*([kmgt]?)(?:bit/s(?:ec)?|bits/sec|bps|b/s|bit|bits)?$", re.I)
_SPAN_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(
    r"(\d+)\s*(y|w|d|h|m|s)(?:ears?|eeks?|ays?|ours?|r|rs|in|ins|inutes?|ec|ecs|econds?)?(?![a-z])", re.I
)
_CLOCK = re.compile(r"^(?:(\d+)[.:d]\s*)?(\d{1,3}):(\d{2}):(\d{2})(?:\.\d+)?$", re.I)


def nothing(value: Any) -> bool:
    """True for the words with which devices say that there is no value."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def number(value: Any) -> Any:
    """The number in `value`, which may carry a unit (`-3.2 dBm`, `73%`, `1,024`); None for nothing."""
    if not isinstance(value, str):
        return value
    return int(value) if value.isdecimal() else _worded(value)


@lru_cache(maxsize=_REMEMBERED)
def _worded(value: str) -> int | float | None:
    """A number with a sign, a fraction or a unit."""
    if nothing(value):
        return None
    text = value.strip().rstrip("%").strip()
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+", text):
        return int(text.replace(",", ""))
    if re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    match = re.match(rf"^({_NUMBER.pattern})\s*[A-Za-z%°/]*\.?$", text)
    if not match:
        raise ValueError(f"{value!r} is not a number")
    return float(match[1].replace(",", "."))


def rate(value: Any) -> Any:
    """Bits per second from `1000000 Kbit/sec`, `10G`, `100Mbps`, `1000` (already bit/s); None for nothing."""
    return _rate(value) if isinstance(value, str) else value


@lru_cache(maxsize=_REMEMBERED)
def _rate(value: str) -> int | None:
    text = value.strip()
    if nothing(text) or text.lower().startswith("auto"):
        return None
    match = _RATE.match(text.replace(",", ""))
    if not match:
        raise ValueError(f"{value!r} is not a bit rate")
    return int(float(match[1]) * _SCALE[match[2].lower()])


def span(value: Any) -> Any:
    """Seconds from `3w2d`, `1 day, 2 hours, 5 minutes`, `01:02:03`, `4D:1H:10M:0S`, `12d03h04m`; None for nothing."""
    if not isinstance(value, str):
        return value
    if nothing(value):
        return None
    text = value.strip()
    clock = _CLOCK.match(text)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return days * 86_400 + hours * 3_600 + minutes * 60 + seconds
    parts = _SPAN.findall(text)
    left = re.sub(r"[\s,.:and-]+", "", _SPAN.sub("", text), flags=re.I)
    if not parts or left:
        raise ValueError(f"{value!r} is not a length of time")
    return sum(int(count) * _SPAN_UNITS[unit.lower()] for count, unit in parts)


def flag(value: Any) -> Any:
    """True or False from the devices' words; anything else is rejected by the record."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word in {"yes", "y", "true", "on", "enabled", "enable", "1", "p"}:
        return True
    if word in {"no", "n", "false", "off", "disabled", "disable", "0", ""}:
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def maybe(value: Any) -> Any:
    """None for the words that mean nothing, else the text without blanks around it."""
    return None if nothing(value) else value.strip() if isinstance(value, str) else value


def prefix(value: Any) -> Any:
    """`10.0.0.0/8` from `10.0.0.0/8`, `10.0.0.0 255.0.0.0` or `10.0.0.0/255.0.0.0`; other text as it is."""
    if not isinstance(value, str):
        return value
    text = "/".join(value.replace("/", " ").split())
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return value.strip()


Text = Annotated[str, BeforeValidator(lambda v: v.strip() if isinstance(v, str) else v)]
Prefix = Annotated[str, BeforeValidator(prefix)]
MaybeText = Annotated[str | None, BeforeValidator(maybe)]
Count = Annotated[int, BeforeValidator(number)]
MaybeCount = Annotated[int | None, BeforeValidator(number)]
Number = Annotated[float, BeforeValidator(number)]
MaybeNumber = Annotated[float | None, BeforeValidator(number)]
MaybeRate = Annotated[int | None, BeforeValidator(rate)]
MaybeSeconds = Annotated[int | None, BeforeValidator(span)]
Flag = Annotated[bool, BeforeValidator(flag)]
MaybeFlag = Annotated[bool | None, BeforeValidator(lambda v: None if nothing(v) else flag(v))]
