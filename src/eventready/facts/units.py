"""Conversion of text to numbers: annotated types of fact records.

A value that cannot be read raises ValueError, which rejects the row and makes its observation `unparsed`.
Empty text and the devices' own "not available" words become None where the field allows it.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_interface, ip_network
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

#: Devices say the same few things over and over: 1000000 Kbit/sec, never, 4w2d.
_REMEMBERED = 4_096
#: Names of the table of no VRF, as equipment prints them.
GLOBAL_TABLE = frozenset({"default", "global", "main", "master", "_public_"})
_NOTHING = frozenset({"", "-", "--", "---", "n/a", "na", "none", "null", "unknown", "never", "*"})
#: SFF-8472 counts light in steps of 0.1 uW (-40 dBm); a module that counts none is shown with an infinite loss.
_NO_LIGHT_DBM = -40.0
_INFINITE_LOSS = re.compile(r"-\s*inf(?:inity)?(?:\s*dBm)?", re.I)
_UNUSED = re.compile(r"(\d+(?:\.\d+)?)\s*%\s*(?:idle|free)", re.I)
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b|bytes)?", re.I)
_RATE = re.compile(r"^([-+]?\d+(?:\.\d+)?)\s*([kmgt]?)(bytes/sec|bit/s(?:ec)?|bits/sec|bps|b/s|bit|bits)?$", re.I)
_SPAN_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(
    r"(\d+)\s*(y|w|d|h|m|s)(?:ears?|eeks?|ays?|ours?|r|rs|in|ins|inutes?|ec|ecs|econds?)?(?![a-z])", re.I
)
_FRACTION = re.compile(r"(?<=[a-z])\d+(?:ms|us)(?:\d+us)?$")  # 2m4s30ms
_DAYS_AND_CLOCK = re.compile(
    r"((?:\d+\s*(?:y(?:ears?)?|w(?:eeks?)?|d(?:ays?)?),?\s*)+)(?<=\s)(\d{1,2}):(\d\d)(?::(\d\d))?", re.I
)
_LATENCY = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*(ms|msecs?|us|s|)", re.I)
_MILLISECONDS = {"": 1, "ms": 1, "msec": 1, "msecs": 1, "us": 0.001, "s": 1000}
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|msecs?|milliseconds?|cs|s|secs?|seconds?|)", re.I)
_INTERVAL_PARTS = {"": 1, "s": 1, "se": 1, "cs": 100, "ms": 1000, "mi": 1000}
_CLOCK = re.compile(r"^(?:(\d+)[.:d]\s*)?(\d{1,3}):(\d{2}):(\d{2})(?:\.\d+)?$", re.I)


_DOTTED = re.compile(r"[\d.]*\.[\d.]*")
_SYSTEM_ID = re.compile(r"[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}(?:\.[0-9A-Fa-f]{2})?")
_COLONS = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_ESCAPED = re.compile(r"""\\(?P<sign>["\\])|(?:\\x[0-9a-fA-F]{2})+""")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[.:-]?[0-9A-Fa-f]{2}){5}")


def nothing(value: Any) -> bool:
    """Return True for the words of devices for no value."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def number(value: Any) -> Any:
    """Return the number in `value`, with or without a unit (`-3.2 dBm`, `73%`, `1,024`); None for no value.

    Percent idle or free become percent used (`98% idle` is 2); an infinite loss of light is -40 dBm.
    """
    if not isinstance(value, str):
        return value
    return int(value) if value.isdecimal() else _worded(value)


@lru_cache(maxsize=_REMEMBERED)
def _worded(value: str) -> int | float | None:
    """Return a number with a sign, a fraction or a unit."""
    if nothing(value):
        return None
    if unused := _UNUSED.fullmatch(value.strip()):
        return round(100 - float(unused[1]), 2)
    if _INFINITE_LOSS.fullmatch(value.strip()):
        return _NO_LIGHT_DBM
    text = value.strip().rstrip("%").strip()
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+", text):
        return int(text.replace(",", ""))
    if re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    match = re.match(rf"^({_NUMBER.pattern})\s*(?![kKMGT]$)[A-Za-z%°/]*\.?$", text)
    if not match:
        raise ValueError(f"{value!r} is not a number")
    return float(match[1].replace(",", "."))


def size(value: Any) -> Any:
    """Bytes from `24576M`, `219.2MiB`, `8 GB`, `512` (already bytes); multiples are of 1024. None for nothing."""
    if not isinstance(value, str):
        return value
    match = None if nothing(value) else _SIZE.fullmatch(value.strip().replace(",", ""))
    if match is None:
        return number(value)
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper()))


def rate(value: Any) -> Any:
    """Bits per second from `1000000 Kbit/sec`, `10G`, `100Mbps`, `475 bytes/sec`, `1000` (bit/s); None for nothing."""
    return _rate(value) if isinstance(value, str) else value


def speed(value: Any) -> Any:
    """Bits per second of a port, as `rate`; None for 0, the figure of no link or of an unknown speed."""
    return rate(value) or None


@lru_cache(maxsize=_REMEMBERED)
def _rate(value: str) -> int | None:
    text = value.strip()
    if nothing(text) or text.lower().startswith("auto"):
        return None
    match = _RATE.match(text.replace(",", ""))
    if not match:
        raise ValueError(f"{value!r} is not a bit rate")
    octets = (match[3] or "").lower() == "bytes/sec"
    return int(float(match[1]) * _SCALE[match[2].lower()] * (8 if octets else 1))


def span(value: Any) -> Any:
    """Seconds from `3w2d`, `1 day, 2 hours, 5 minutes`, `01:02:03`, `4D:1H:10M:0S`, `12d03h04m`, `9w2d 5:23[:37]`.

    Of milliseconds (`21652ms`) the whole seconds. None for nothing.
    """
    if not isinstance(value, str):
        return value
    if nothing(value):
        return None
    text = _FRACTION.sub("", value.strip())
    if text.endswith("ms") and text[:-2].isdecimal():
        return int(text[:-2]) // 1000
    if daytime := _DAYS_AND_CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in daytime.groups()[1:])
        return span(daytime[1]) + hours * 3_600 + minutes * 60 + seconds
    clock = _CLOCK.match(text)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return days * 86_400 + hours * 3_600 + minutes * 60 + seconds
    parts = _SPAN.findall(text)
    left = re.sub(r"[\s,.:and-]+", "", _SPAN.sub("", text), flags=re.I)
    if not parts or left:
        raise ValueError(f"{value!r} is not a length of time")
    return sum(int(count) * _SPAN_UNITS[unit.lower()] for count, unit in parts)


def interval(value: Any) -> Any:
    """Seconds from the timer of a protocol: `1`, `3.570`, `1 s`, `200 msec`, `100cs`; None for nothing and for 0.

    A timer of 0 is one that does not run.
    """
    if not isinstance(value, str):
        return value or None
    if nothing(value):
        return None
    match = _INTERVAL.fullmatch(value.strip())
    if not match:
        raise ValueError(f"{value!r} is not the interval of a timer")
    return round(float(match[1]) / _INTERVAL_PARTS[match[2][:2].lower()], 3) or None


def milliseconds(value: Any) -> Any:
    """Milliseconds from `0.0337s`, `12 ms`, `3msec`, `150us`, `8` (already milliseconds); None for nothing."""
    if not isinstance(value, str) or nothing(value):
        return None if nothing(value) else value
    match = _LATENCY.fullmatch(value.strip())
    if not match:
        raise ValueError(f"{value!r} is not a length of time")
    return round(float(match[1]) * _MILLISECONDS[match[2].lower()], 3)


def flag(value: Any) -> Any:
    """Return True or False for the words of devices; other values are rejected by the record."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word in {"yes", "y", "true", "on", "enabled", "enable", "1", "p"}:
        return True
    if word in {"no", "n", "false", "off", "disabled", "disable", "0", ""}:
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def maybe(value: Any) -> Any:
    """Return None for the words for no value, else the text without surrounding blanks."""
    return None if nothing(value) else value.strip() if isinstance(value, str) else value


def address(value: Any) -> Any:
    """A name, an IS-IS system id, or an IPv4 or IPv6 address with all its parts; None for nothing.

    Raises ValueError for digits with dots, or hexadecimal digits with colons, that are no whole address: it was cut;
    and for an address with further words behind it.
    """
    text = maybe(value)
    if not isinstance(text, str):
        return text
    first, _, rest = text.partition(" ")
    if rest and (_DOTTED.fullmatch(first) or _COLONS.fullmatch(first)):
        raise ValueError(f"{text!r} is an address and more")
    bare = text.partition("%")[0].partition("/")[0]
    if _SYSTEM_ID.fullmatch(bare):
        return text
    if _DOTTED.fullmatch(bare) or _COLONS.fullmatch(bare):
        try:
            ip_address(bare)
        except ValueError:
            raise ValueError(f"{text!r} is not a whole address") from None
    return text


def vrf(value: Any) -> Any:
    """Return the name of a VRF; None for nothing and for the devices' names of the global table."""
    text = maybe(value)
    return None if isinstance(text, str) and text.casefold() in GLOBAL_TABLE else text


def name(value: Any) -> Any:
    """Return the text without surrounding blanks. Raises ValueError for an empty text."""
    text = value.strip() if isinstance(value, str) else value
    if text == "":
        raise ValueError("there is no name")
    return text


def mac(value: Any) -> Any:
    """Return a MAC address unchanged; None for no value. Raises ValueError for other text."""
    text = maybe(value)
    if isinstance(text, str) and not _MAC.fullmatch(text):
        raise ValueError(f"{text!r} is not a MAC address")
    return text


def prefix(value: Any) -> Any:
    """Return `10.0.0.0/8` for `10.0.0.0/8`, `10.0.0.0 255.0.0.0` or `10.0.0.0/255.0.0.0`; other text unchanged."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError("no prefix")
    text = "/".join(value.replace("/", " ").split())
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        if _DOTTED.match(text) or _COLONS.match(text):
            raise ValueError(f"{value!r} is not a whole prefix") from None
        return value.strip()


def maybe_prefix(value: Any) -> Any:
    """Return a prefix as `prefix` does; None for a blank."""
    return None if value is None or (isinstance(value, str) and not value.strip()) else prefix(value)


def address_with_length(value: Any) -> Any:
    """Return `10.0.0.1/30` for itself, `10.0.0.1 255.255.255.252` or `10.0.0.1/255.255.255.252`.

    The address is kept: this is no prefix. Raises ValueError for another text, or an address without its length.
    """
    if not isinstance(value, str):
        return value
    text = "/".join(value.replace("/", " ").split())
    if "/" not in text:
        raise ValueError(f"{value!r} has no length of a prefix")
    try:
        return str(ip_interface(text))
    except ValueError:
        raise ValueError(f"{value!r} is not a whole address with its length") from None


def ssid(value: Any) -> Any:
    r"""Return the name of a Wi-Fi network, without escapes of hostapd and iw: `\"`, `\\`, `\xe1\xbb\x99` (UTF-8)."""
    return _ESCAPED.sub(_unescaped, value.strip()) if isinstance(value, str) else value


def _unescaped(written: re.Match[str]) -> str:
    """Return the text; invalid bytes and control characters in their written form."""
    if written["sign"]:
        return written["sign"]
    try:
        text = bytes.fromhex(written[0].replace("\\x", "")).decode()
    except UnicodeDecodeError:
        return written[0]
    return text if min(text) >= " " else written[0]


def names(value: Any) -> Any:
    """Return names from text with commas; a list unchanged."""
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


def maybe_addresses(value: Any) -> Any:
    """Return addresses with their length; None where none is printed, which is no proof of none: a line may be lost."""
    return tuple(map(address_with_length, names(value) or ())) or None


Names = Annotated[tuple[str, ...], BeforeValidator(names)]
MaybeNames = Annotated[tuple[str, ...] | None, BeforeValidator(names)]
Ssid = Annotated[str, BeforeValidator(ssid)]
Text = Annotated[str, BeforeValidator(lambda v: v.strip() if isinstance(v, str) else v)]
AddressWithLength = Annotated[str, BeforeValidator(address_with_length)]
MaybeAddresses = Annotated[tuple[str, ...] | None, BeforeValidator(maybe_addresses)]
Prefix = Annotated[str, BeforeValidator(prefix)]
MaybePrefix = Annotated[str | None, BeforeValidator(maybe_prefix)]
Name = Annotated[str, BeforeValidator(name)]
Address = Annotated[str, BeforeValidator(address)]
MaybeAddress = Annotated[str | None, BeforeValidator(address)]
MaybeMac = Annotated[str | None, BeforeValidator(mac)]
MaybeVrf = Annotated[str | None, BeforeValidator(vrf)]
MaybeText = Annotated[str | None, BeforeValidator(maybe)]
#: No device measures an infinite figure, or none (NaN): every comparison with NaN is false, and a limit never passed.
_Finite = Field(allow_inf_nan=False)
_Size = Field(ge=0)
_Share = Field(ge=0, allow_inf_nan=False)
Count = Annotated[int, _Size, BeforeValidator(number)]
MaybeCount = Annotated[int | None, _Size, BeforeValidator(number)]
MaybeBytes = Annotated[int | None, _Size, BeforeValidator(size)]
MaybeNumber = Annotated[float | None, _Finite, BeforeValidator(number)]
Percent = Annotated[float, _Share, BeforeValidator(number)]
MaybePercent = Annotated[float | None, _Share, BeforeValidator(number)]
MaybeRate = Annotated[int | None, _Size, BeforeValidator(rate)]
MaybeSpeed = Annotated[int | None, _Size, BeforeValidator(speed)]
MaybeSeconds = Annotated[int | None, _Size, BeforeValidator(span)]
MaybeInterval = Annotated[float | None, _Share, BeforeValidator(interval)]
MaybeOffset = Annotated[float | None, _Finite, BeforeValidator(milliseconds)]
MaybeTime = Annotated[datetime | None, BeforeValidator(maybe)]
MaybeMilliseconds = Annotated[float | None, _Share, BeforeValidator(milliseconds)]
Flag = Annotated[bool, BeforeValidator(flag)]
MaybeFlag = Annotated[bool | None, BeforeValidator(lambda v: None if nothing(v) else flag(v))]
