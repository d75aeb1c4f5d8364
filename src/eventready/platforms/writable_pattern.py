"""Patterns of configuration lines: words, `{values}`, `[optional]` parts and `(a|b)` alternatives.

`ip route 0.0.0.0 0.0.0.0 {host} [track {1-1000}]` matches a default route with or without a track. A match returns the
canonical form of a line: whole keywords in the case of the pattern, one blank between words, whole interface names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"\s*(?:(?P<sign>[\[\]()|])|(?P<word>(?:\{[^{}]*\}|[^\s\[\]()|{}])+))")
_VALUE = re.compile(r"(?P<before>[^{}]*)\{(?P<value>[^{}]+)\}(?P<after>[^{}+]*)(?P<more>\+?)")
_RANGE = re.compile(r"(?P<least>-?\d{1,10})-(?P<most>-?\d{1,10})")
_NAME = re.compile(r"[A-Za-z0-9_][\w.:/@-]{0,63}", re.ASCII)
_PATH = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*", re.ASCII)
_OWN = re.compile(r"EVENT(?:-[\w-]{1,40})?", re.ASCII)
_KIND = re.compile(r"(?P<kind>\d*[A-Za-z][A-Za-z-]*?)(?P<number>(?:\.?\d[\d/.:]*)?)", re.ASCII)
_ANY_INTERFACE = re.compile(r"[A-Za-z][\w.@-]{0,14}", re.ASCII)
_ANY_VALUE = re.compile(r"(?P<list>\{[^{}|]+(?:\|[^{}|]+)+\})|\{-?\d+--?\d+\}|(?<![^\[(|])\d+(?![^\])|])")
_ANY_NUMBER = "{-9999999999-9999999999}"
#: Most variants of one pattern.
_MOST = 200


class PatternError(ValueError):
    """The pattern of a line is not well formed."""


def is_own_name(name: str) -> bool:
    """Return True for the name of an object of the event: `EVENT` or `EVENT-...`."""
    return _OWN.fullmatch(name) is not None


@dataclass(frozen=True)
class _Word:
    """Word of a pattern: a keyword, or `before{value}after`. `more`: the word may be repeated."""

    before: str
    value: str = ""
    after: str = ""
    more: bool = False


Variant = tuple[_Word, ...]


@lru_cache(maxsize=4096)
def variants(pattern: str) -> tuple[Variant, ...]:
    """Return every sequence of words of a pattern. Raises PatternError."""
    parts = _tokens(pattern)
    found = tuple(dict.fromkeys(_alternatives(parts, 0)[0]))
    if len(found) > _MOST or not all(found):
        raise PatternError(f"the pattern {pattern!r} has no words or more than {_MOST} variants")
    return found


def _tokens(pattern: str) -> list[str]:
    parts, at = list[str](), 0
    while pattern[at:].strip():
        match = _TOKEN.match(pattern, at)
        if match is None:
            raise PatternError(f"the pattern {pattern!r} is not well formed at {pattern[at:]!r}")
        parts.append(match["sign"] or match["word"])
        at = match.end()
    depth = 0
    for part in parts:
        depth += (part in ("[", "(")) - (part in ("]", ")"))
        if depth < 0:
            break
    if depth:
        raise PatternError(f"the pattern {pattern!r} has an unclosed part")
    return parts


def _alternatives(parts: list[str], at: int) -> tuple[list[Variant], int]:
    """Return the variants from `at` to the end of the part, and the place after the part."""
    found: list[Variant] = []
    current: list[Variant] = [()]
    while at < len(parts):
        part = parts[at]
        at += 1
        if part in ("]", ")"):
            break
        if part == "|":
            found += current
            current = [()]
        elif part in ("[", "("):
            inner, at = _alternatives(parts, at)
            current = [(*one, *more) for one in current for more in ([(), *inner] if part == "[" else inner)]
        else:
            current = [(*one, _word(part)) for one in current]
        if len(current) > _MOST:
            raise PatternError(f"a pattern has more than {_MOST} variants")
    return [*found, *current], at


def _word(part: str) -> _Word:
    if "{" not in part:
        return _Word(part)
    match = _VALUE.fullmatch(part)
    if match is None:
        raise PatternError(f"{part!r} has more than one value")
    value = match["value"]
    if value not in _VALUES and not _RANGE.fullmatch(value) and not _is_list(value):
        raise PatternError(f"unknown value {{{value}}}. Known: {', '.join(sorted(_VALUES))}, 1-255, one|other")
    return _Word(match["before"], value, match["after"], bool(match["more"]))


def _is_list(value: str) -> bool:
    return "|" in value and all(re.fullmatch(r"[\w./:-]+", one) for one in value.split("|"))


@dataclass(frozen=True)
class Interfaces:
    """Kinds of interfaces with canonical names. Without kinds, names are free, as on Linux, and keep their case."""

    kinds: tuple[str, ...] = ()

    def canonical(self, name: str, *, whole: bool) -> str | None:
        """Return the whole name, `GigabitEthernet0/1` for `gi0/1`; None for an unknown or ambiguous kind."""
        if not self.kinds:
            return name if _ANY_INTERFACE.fullmatch(name) else None
        match = _KIND.fullmatch(name)
        if match is None:
            return None
        kind = _keyword(match["kind"], self.kinds, whole=whole, least=2)
        return None if kind is None else kind + match["number"]


def _keyword(word: str, known: Sequence[str], *, whole: bool, least: int = 3) -> str | None:
    """Return the known keyword for a word in any case, or for an unambiguous abbreviation.

    `least`: letters of an abbreviation. Shorter ones may mean other commands of the device.
    """
    small = word.lower()
    exact = [one for one in known if one.lower() == small]
    if exact or whole or len(small) < least:
        return exact[0] if exact else None
    begun = [one for one in known if one.lower().startswith(small)]
    return begun[0] if len(begun) == 1 else None


def match_line(line: str, pattern: str, interfaces: Interfaces, *, whole: bool) -> str | None:
    """Return the canonical form of a matching line, or None. `whole`: no keyword may be abbreviated."""
    words = line.split()
    for variant in variants(pattern):
        found = _match(words, variant, interfaces, whole=whole)
        if found is not None:
            return " ".join(found)
    return None


def _match(words: list[str], variant: Variant, interfaces: Interfaces, *, whole: bool) -> list[str] | None:
    found: list[str] = []
    at = 0
    for position, part in enumerate(variant):
        if part.value == "text":
            return [*found, *words[at:]] if at < len(words) and position == len(variant) - 1 else None
        word, used = _next(words, at, part)
        canonical = _match_word(word, part, interfaces, whole=whole)
        if canonical is None:
            return None
        found.append(canonical)
        at += used
        while part.more and at < len(words):
            canonical = _match_word(words[at], part, interfaces, whole=whole)
            if canonical is None:
                return None
            found.append(canonical)
            at += 1
    return found if at == len(words) else None


def _next(words: list[str], at: int, part: _Word) -> tuple[str, int]:
    """Return the next word, and the number of words used: `Loopback 99` names an interface."""
    if at >= len(words):
        return "", 1
    both = " ".join(words[at : at + 2])
    if part.value == "interface" and re.fullmatch(r"[A-Za-z-]+ \d[\d/.:]*", both, re.ASCII):
        return both.replace(" ", ""), 2
    return words[at], 1


def _match_word(word: str, part: _Word, interfaces: Interfaces, *, whole: bool) -> str | None:
    if not part.value:
        return _keyword(word, (part.before,), whole=whole) if word else None
    size = len(word) - len(part.before) - len(part.after)
    if size < 1 or not word.lower().startswith(part.before.lower()) or not word.lower().endswith(part.after.lower()):
        return None
    inner = word[len(part.before) : len(word) - len(part.after)]
    canonical = _canonical_value(inner, part.value, interfaces, whole=whole)
    return None if canonical is None else f"{part.before}{canonical}{part.after}"


def _canonical_value(text: str, value: str, interfaces: Interfaces, *, whole: bool) -> str | None:
    if value == "interface":
        return interfaces.canonical(text, whole=whole)
    if value in _VALUES:
        return text if _VALUES[value](text) else None
    if match := _RANGE.fullmatch(value):
        number = int(text) if re.fullmatch(r"-?[0-9]{1,10}", text) else None
        return None if number is None or not int(match["least"]) <= number <= int(match["most"]) else str(number)
    return _keyword(text, value.split("|"), whole=whole)


def _is_host(text: str) -> bool:
    """Return True for a unicast IPv4 address."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_multicast or address.is_unspecified or address.is_reserved)


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_prefix(text: str) -> bool:
    address, sign, length = text.partition("/")
    return bool(sign) and _is_address(address) and length.isascii() and length.isdigit() and int(length) <= 32


_VALUES: dict[str, Callable[[str], bool]] = {
    "address": _is_address,
    "dscp": lambda text: re.fullmatch(r"\d{1,3}(?:,\d{1,3}){0,57}", text, re.ASCII) is not None,
    "host": _is_host,
    "interface": bool,
    "name": lambda text: _NAME.fullmatch(text) is not None,
    "path": lambda text: _PATH.fullmatch(text) is not None,
    "own": lambda text: _OWN.fullmatch(text) is not None,
    "prefix": _is_prefix,
    "text": bool,
}


@lru_cache(maxsize=4096)
def with_any_values(pattern: str) -> str:
    """Return the pattern with any number for its numbers and ranges, and any name for its lists."""
    return " ".join(
        _ANY_VALUE.sub(lambda part: "{name}" if part["list"] else _ANY_NUMBER, word) for word in pattern.split()
    )


def readable(pattern: str) -> Iterator[str]:
    """Yield the variants of a pattern as text, for the nearest writable line of an error."""
    for variant in variants(pattern):
        yield " ".join(
            f"{one.before}{{{one.value}}}{one.after}{'+' if one.more else ''}" if one.value else one.before
            for one in variant
        )
