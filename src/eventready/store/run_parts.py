"""Parts of a run document as canonical JSON: long lists in groups, passes apart from other findings."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from eventready.core.strings.json_text import canonical

#: Between two findings: a quotation mark inside a text is escaped, and no part of a finding has this key.
_NEXT = b'},{"blind":'
_STATUS, _PASS = b'"status":', b'"status":"pass"'

#: Items of a list that are decoded together.
_ITEMS = 500
#: Begin and end of the references of a verdict in canonical JSON: inside a text a quote has a backslash before it.
_BECAUSE, _AFTER = b'"because":[', re.compile(rb'\],(?="(?:reasons|service)":)')
_SCAN = json.JSONDecoder().raw_decode


#: Items of a device by check, as canonical JSON separated by commas.
ItemsByCheck = Mapping[bytes, bytes]


@dataclass(frozen=True)
class Items:
    """List of a run document in groups: items as canonical JSON, separated by commas. `groups` reads them anew.

    `by_device`: the same with the names of devices, in their order; None for a list in groups of any devices.
    """

    groups: Callable[[], Iterable[bytes]]
    by_device: Callable[[], Iterable[tuple[str, ItemsByCheck]]] | None = None

    @classmethod
    def of_devices(cls, read: Callable[[], Iterable[tuple[str, ItemsByCheck]]]) -> Self:
        """List in groups of a device each; `read` reads them anew."""
        return cls(lambda: (b",".join(by_check.values()) for _, by_check in read() if by_check), read)

    def pieces(self, end: bytes = b"") -> Iterator[bytes]:
        """Canonical bytes of the list, piece by piece; `end` is written between the groups."""
        before = b"[" + end
        for group in self.groups():
            yield before
            yield group
            before = b"," + end
        yield b"[]" if before[:1] == b"[" else end + b"]"


def sifted(findings: bytes) -> tuple[bytes, list[bytes]]:
    """Findings except passes, and the passes, in half the time of decoding; see `passes`.

    All are in the first where the values of a pass hold a key `status` of their own.
    """
    first = _NEXT[2:]
    if not findings.startswith(first):
        return findings, []
    kept: list[bytes] = []
    passed: list[bytes] = []
    for piece in findings[len(first) : -1].split(_NEXT):
        (passed if _PASS in piece and piece.count(_STATUS) == 1 else kept).append(piece)
    left = first + _NEXT.join(kept) + b"}" if kept else b""
    return (findings, []) if _PASS in left else (left, passed)


def counted_passes(passed: Iterable[bytes]) -> Counter[bytes]:
    """Passes of `sifted` without subject, figures and sentence, with their numbers."""
    numbers: Counter[bytes] = Counter()
    key = first = last = b"-"
    for piece in passed:
        if not (piece.startswith(first) and piece.endswith(last)):  # most are like the one before
            before, evidence, rest = piece.partition(b',"evidence":')
            _, venues, after = rest.rpartition(b',"venues":')
            first, last = (before + evidence, venues + after) if venues else (b"-", b"-")
            key = before + last if venues else piece
        numbers[key] += 1
    return numbers


def passes(pieces: Iterable[bytes]) -> bytes:
    """Passes of `sifted`, also those of `counted_passes`, as items separated by commas."""
    return b",".join([_NEXT[2:] + piece + b"," + _PASS + b"}" for piece in pieces])


def without_references(verdicts: bytes) -> bytes:
    """Verdicts without `because`."""
    first, *others = verdicts.split(_BECAUSE)
    ends = ((piece, _AFTER.search(piece)) for piece in others)
    return first + b"".join(piece[end.end() :] if end else _BECAUSE + piece for piece, end in ends)


def all_passed(findings: bytes) -> bool:
    """True if all findings are passes, without decoding; False also for a key `status` inside their values."""
    return findings.count(_PASS) == findings.count(_STATUS)


class Parts:
    """Document as canonical JSON, decoded per key on first access; its long lists are `Items`.

    A run of 1,000 devices is 90 MB of JSON, and five times as much as Python objects. Pieces are hashed and stored
    without being joined.
    """

    def __init__(self, parts: Mapping[str, bytes | Items]) -> None:
        self._parts = dict(parts)
        self._decoded: dict[str, Any] = {}

    @staticmethod
    def of(document: Parts | Mapping[str, object]) -> Parts:
        """Build from a document of plain JSON types."""
        if isinstance(document, Parts):
            return document
        return Parts({key: canonical(value) for key, value in document.items()})

    @classmethod
    def split(cls, data: bytes) -> Self:
        """Split the canonical JSON of an object; its lists become groups of _ITEMS items. Raises ValueError.

        The text is scanned as Latin-1, so that places in it are places in the bytes.
        """
        text, at = data.decode("latin-1"), 1
        parts: dict[str, bytes | Items] = {}
        if text[:1] != "{":
            raise ValueError("not an object")
        while text[at : at + 1] == '"':
            _, end = _SCAN(text, at)
            key, at = json.loads(data[at:end]), end + 1
            parts[key], at = _list_items(data, text, at) if text[at : at + 2] == "[{" else _value(data, text, at)
            at += text[at : at + 1] == ","
        if text[at:] != "}":
            raise ValueError("not canonical JSON")
        return cls(parts)

    def replace(self, **values: Any) -> Self:
        """Copy with these values replaced."""
        return self.with_parts({key: canonical(value) for key, value in values.items()})

    def with_parts(self, parts: Mapping[str, bytes | Items]) -> Self:
        """Copy with these parts, as canonical JSON or items."""
        return type(self)({**self._parts, **parts})

    def without(self, key: str) -> Self:
        """Copy without a key."""
        return type(self)({other: part for other, part in self._parts.items() if other != key})

    def pieces(self) -> Iterator[bytes]:
        """Canonical bytes, piece by piece."""
        before = b"{"
        for key in sorted(self._parts):
            yield before + canonical(key) + b":"
            part = self._parts[key]
            yield from part.pieces() if isinstance(part, Items) else (part,)
            before = b","
        yield b"}" if self._parts else b"{}"

    def groups(self, key: str) -> Iterable[bytes]:
        """Items of a list in groups; none of an absent list."""
        part = self._parts.get(key, b"[]")
        return part.groups() if isinstance(part, Items) else [part[1:-1]] if part not in (b"[]", b"null") else []

    def items_of(self, key: str) -> Items | None:
        """List as items; None for a short list."""
        part = self._parts.get(key)
        return part if isinstance(part, Items) else None

    def keys(self) -> Iterable[str]:
        """Names of the parts."""
        return self._parts.keys()

    def __contains__(self, key: object) -> bool:
        return key in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def get(self, key: str) -> Any:
        """Decoded part; None for an absent part."""
        return self[key] if key in self._parts else None

    def __getitem__(self, key: str) -> Any:
        if key not in self._decoded:
            part = self._parts[key]
            self._decoded[key] = json.loads(b"".join(part.pieces()) if isinstance(part, Items) else part)
        return self._decoded[key]


def _value(data: bytes, text: str, at: int) -> tuple[bytes, int]:
    """The value at a place, and the place after the value."""
    _, end = _SCAN(text, at)
    return data[at:end], end


def _list_items(data: bytes, text: str, at: int) -> tuple[Items, int]:
    """The list at a place in groups of _ITEMS items, and the place after the list."""
    groups: list[bytes] = []
    start = at = at + 1
    count = 0
    while True:
        _, at = _SCAN(text, at)
        count += 1
        last = text[at] == "]"
        if last or count % _ITEMS == 0:
            groups.append(data[start:at])
            start = at + 1
        at += 1
        if last:
            return Items(lambda: groups), at
