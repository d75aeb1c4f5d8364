"""Texts: lines, order, addresses, Base64; typed text in NFC; moments and days as people read them."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import TypeVar

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.timezone import local_time


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without their ends; an end at the end of the text begins no further line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


_DIGITS = re.compile(r"(\d+)")


@lru_cache(maxsize=4_096)
def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key with `port 9` before `port 10`."""
    parts = (part for part in _DIGITS.split(text) if part)
    return tuple((0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts)


def is_address(text: str) -> bool:
    """Return True for a whole IPv4 or IPv6 address, without prefix length, port or brackets."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return True for `localhost` and a loopback address, without brackets."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def decode_base64(text: str) -> bytes:
    """Return the bytes of a Base64 text; empty for an invalid text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


T = TypeVar("T")

#: Characters of a typed text; a longer one belongs into a file (`--file`).
LONGEST = 4000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def tidy(text: str, what: str) -> str:
    """Typed text in NFC, without control characters and outer blanks. Raises UsageError for more than LONGEST."""
    cleaned = unicodedata.normalize("NFC", _CONTROL.sub("", text.replace("\r\n", "\n"))).strip()
    if len(cleaned) > LONGEST:
        raise UsageError(message("core:text_too_long", what=what, count=len(cleaned), limit=LONGEST))
    # Half a surrogate pair comes in through a legacy terminal and can be stored nowhere.
    return cleaned.encode("utf-8", "replace").decode("utf-8")


def required(text: str, option: str, what: str) -> str:
    """Text of a mandatory option, stripped. Raises UsageError for an empty text."""
    cleaned = tidy(text, option)
    if not cleaned:
        shown = option if option.startswith("--") or option.isupper() else f"--{option}"
        raise UsageError(message("core:text_missing", what=what, option=shown))
    return cleaned


def moment_of(text: str) -> datetime:
    """A stored moment, in local time."""
    return local_time(datetime.fromisoformat(text))


def at(moment: datetime) -> str:
    """Format a moment: 29/07/2033 19:05."""
    return f"{local_time(moment):%d/%m/%Y %H:%M}"


def few(names: Sequence[T], most: int, more: str = "...") -> list[T | str]:
    """Return the first names, and `more` for the rest."""
    return [*names[:most], *([more] if len(names) > most else [])]


def short(text: str, width: int = 90) -> str:
    """Shorten a text, cut between words."""
    return text if len(text) <= width else text[: width - 1].rsplit(" ", 1)[0] + "…"
