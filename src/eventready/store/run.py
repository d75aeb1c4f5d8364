"""Run document `eventready.run/2`: an immutable audit, input of every report."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import orjson

SCHEMA = "eventready.run/2"
#: Documents are acyclic; the check for cycles would take a fifth of the time.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


def canonical(document: Any) -> bytes:
    """Canonical JSON for hashing: sorted keys, no spaces, UTF-8."""
    if isinstance(document, Parts):
        return b"".join(document.pieces())
    return _CANONICAL.encode(document).encode()


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

    def __iter__(self) -> Iterator[Any]:
        """Items, decoded group by group."""
        for group in self.groups():
            yield from decoded(group)


def decoded(items: bytes) -> list[Any]:
    """Decoded items; orjson takes a third of the time of `json`, which knows numbers of any size."""
    text = b"[" + items + b"]"
    try:
        found: list[Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = json.loads(text)
    return found


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


def counted(passed: Iterable[bytes]) -> Iterator[tuple[Any, int]]:
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
    return zip(passes(numbers), numbers.values(), strict=True)


def passes(pieces: Iterable[bytes]) -> list[Any]:
    """Decoded passes of `sifted`, also those of `counted`."""
    return decoded(b",".join([_NEXT[2:] + piece + b"," + _PASS + b"}" for piece in pieces]))


def open_among(findings: bytes) -> list[Any]:
    """Findings except passes, decoded."""
    return [finding for finding in decoded(sifted(findings)[0]) if finding["status"] != "pass"]


def _without_references(verdicts: bytes) -> bytes:
    first, *others = verdicts.split(_BECAUSE)
    ends = ((piece, _AFTER.search(piece)) for piece in others)
    return first + b"".join(piece[end.end() :] if end else _BECAUSE + piece for piece, end in ends)


def all_passed(findings: bytes) -> bool:
    """True if all findings are passes, without decoding; False also for a key `status` inside their values."""
    return findings.count(_PASS) == findings.count(_STATUS)


class Parts(Mapping[str, Any]):
    """Mapping over canonical JSON, decoded per key on first access; its long lists are `Items`.

    A run of 1,000 devices is 90 MB of JSON, and five times as much as Python objects. Pieces are hashed and stored
    without being joined.
    """

    def __init__(self, parts: Mapping[str, bytes | Items]) -> None:
        self._parts = dict(parts)
        self._decoded: dict[str, Any] = {}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Build from a document of plain JSON types."""
        if isinstance(document, cls):
            return document
        return cls({key: canonical(value) for key, value in document.items()})

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

    def each(self, key: str) -> Iterator[Any]:
        """Items of a list, decoded group by group."""
        part = self._parts[key]
        return iter(part if isinstance(part, Items) and key not in self._decoded else self[key])

    def items_of(self, key: str) -> Items | None:
        """List as items; None for a short list."""
        part = self._parts.get(key)
        return part if isinstance(part, Items) else None

    def __getitem__(self, key: str) -> Any:
        if key not in self._decoded:
            part = self._parts[key]
            self._decoded[key] = list(part) if isinstance(part, Items) else json.loads(part)
        return self._decoded[key]

    def __contains__(self, key: object) -> bool:
        return key in self._parts  # the default decodes the value

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


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


def latest_complete(summaries: Sequence[Summary], devices: int) -> Summary | None:
    """Latest summary of a run of at least `devices` devices, else the latest; None without a summary.

    An audit of some devices, as of a drill, does not stand for the network while a complete audit exists.
    """
    complete = [summary for summary in summaries if summary.devices >= devices]
    return next(iter([*complete[-1:], *summaries[-1:]]), None)


@dataclass(frozen=True)
class Run:
    """Audit as plain JSON types.

    Keys beside the documented contract: `clock` (event time, rehearsal), `event_info` (names, venues and services for
    reports), `state` (`finished` or `interrupted`), `saved` (read from saved outputs), and on findings `text`,
    `params`, `venues`, `services`, `blind`, `waiver`, `was`.
    """

    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Id of the run."""
        return str(self.document["id"])

    @property
    def interrupted(self) -> bool:
        """True for an unfinished run, in which absent findings were not measured."""
        return str(self.document.get("state", "finished")) != "finished"

    def findings(self) -> Iterator[Mapping[str, Any]]:
        """All findings, decoded piece by piece."""
        return self.each("findings")

    def observations(self, having: bytes = b"") -> Iterator[Mapping[str, Any]]:
        """All observations, decoded piece by piece; those in groups without the bytes `having` are left out."""
        items = self._items("observations")
        if not (having and items):
            return self.each("observations")
        return (one for group in items.groups() if having in group for one in decoded(group))

    def sifted_findings(self) -> Iterator[tuple[list[Any], list[bytes]]]:
        """All findings, group by group: decoded, and undecoded passes (see `sifted`)."""
        for group in items.groups() if (items := self._items("findings")) else ():
            left, passed = sifted(group)
            yield decoded(left), passed
        if not items:
            yield list(self.findings()), []

    def open_findings(self, having: bytes = b"") -> Iterator[Mapping[str, Any]]:
        """Findings except passes; groups of passes, and those without the bytes `having`, are not decoded."""
        items = self._items("findings")
        chosen = (one for one in items.groups() if having in one and not all_passed(one)) if items else ()
        if items:
            return (finding for group in chosen for finding in open_among(group))
        return (finding for finding in self.findings() if finding["status"] != "pass")

    @property
    def verdicts(self) -> tuple[tuple[str, str, str], ...]:
        """Triples of venue, service and verdict."""
        return tuple((str(v["venue"]), str(v["service"]), str(v["verdict"])) for v in self.judged())

    def judged(self) -> Iterator[Mapping[str, Any]]:
        """Entries of the verdicts; the references behind those of a large run are not decoded."""
        items = self._items("verdicts")
        if items is None:
            return self.each("verdicts")
        return (entry for group in items.groups() for entry in decoded(_without_references(group)))

    def findings_by_device(self) -> Iterable[tuple[str, ItemsByCheck]] | None:
        """Findings by device and check, not decoded, in the order of the devices; None for a run of another form."""
        items = self._items("findings")
        return items.by_device() if items and items.by_device else None

    def _items(self, key: str) -> Items | None:
        return self.document.items_of(key) if isinstance(self.document, Parts) else None

    def each(self, key: str) -> Iterator[Mapping[str, Any]]:
        """Entries of a list, decoded piece by piece; none of an absent list."""
        document = self.document
        return document.each(key) if isinstance(document, Parts) and key in document else iter(document.get(key, ()))

    @classmethod
    def sealed(cls, document: Mapping[str, Any]) -> Run:
        """Seal a document: `sha256` covers all other keys, `previous` included."""
        body = Parts.of(document).without("sha256")
        digest = hashlib.sha256()
        for piece in body.pieces():
            digest.update(piece)
        return cls(body.replace(sha256=digest.hexdigest()))

    def intact(self) -> bool:
        """True when the document matches its `sha256`."""
        return bool(self.sealed(self.document).document["sha256"] == self.document.get("sha256"))

    def json(self, *, one_line: bool = False) -> Iterator[bytes]:
        """Document as indented JSON, piece by piece; a long list has a line for each of its groups."""
        if one_line:
            yield from Parts.of(self.document).pieces()
            yield b"\n"
            return
        yield b"{"
        before = b"\n "
        for key in self.document:
            yield before + canonical(key) + b": "
            if items := self._items(key):
                yield from items.pieces(b"\n")
            else:
                yield json.dumps(self.document[key], indent=1, ensure_ascii=False).replace("\n", "\n ").encode()
            before = b",\n "
        yield b"\n}\n"


@dataclass(frozen=True)
class Summary:
    """Summary of a run for lists and trends.

    `moment`: event time (ISO 8601). `partial`: observations with unread records, which `measured` leaves out. `counts`:
    findings by status. `verdicts`: triples of venue, service and verdict.
    `devices`: number of devices, 0 in summaries without that key. `seen`: ports, neighbours, cells and access points in
    use; `uncovered`: those without an expectation; `unseen_devices`: devices on which none were read.
    """

    id: str
    event: str
    moment: str
    rehearsal: bool
    needed: int
    measured: int
    counts: Mapping[str, int] = field(default_factory=dict)
    verdicts: tuple[tuple[str, str, str], ...] = ()
    devices: int = 0
    seen: int = 0
    uncovered: int = 0
    unseen_devices: int = 0
    partial: int = 0

    @property
    def anything(self) -> bool:
        """True for a run with a measurement, whole or in part."""
        return bool(self.measured or self.partial)

    @property
    def ratio(self) -> float:
        """Share of the needed observations measured whole; 0 without needed observations."""
        return self.measured / self.needed if self.needed else 0.0

    @classmethod
    def of(cls, document: Mapping[str, Any], counts: Mapping[str, int] | None = None) -> Summary:
        """Summary of a run document; `counts` are counted from the findings if absent."""
        if counts is None:
            counts = Counter(str(finding["status"]) for finding in Run(document).findings())
        clock, coverage = document.get("clock", {}), document.get("coverage", {})
        return cls(
            id=str(document["id"]),
            event=str(document.get("event", "")),
            moment=str(clock.get("event") or document.get("started", "")),
            rehearsal=bool(clock.get("rehearsal", False)),
            needed=int(coverage.get("needed", 0)),
            measured=int(coverage.get("measured", 0)),
            counts=dict(counts),
            verdicts=Run(document).verdicts,
            devices=len(document.get("devices", ())),
            seen=int(coverage.get("seen", 0)),
            uncovered=int(coverage.get("uncovered", 0)),
            unseen_devices=int(coverage.get("unseen_devices", 0)),
            partial=int(coverage.get("partial", 0)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Summary as plain JSON types, inverse of `load`."""
        return asdict(self)

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> Summary:
        """Summary from the result of `to_dict`."""
        verdicts = tuple((str(v), str(s), str(w)) for v, s, w in plain["verdicts"])
        return cls(**{**plain, "verdicts": verdicts})
