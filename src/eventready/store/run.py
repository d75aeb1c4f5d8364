"""Run: an immutable audit, input of every report."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from eventready.core.errors import UnreadableStore
from eventready.core.language import clean
from eventready.core.messages import message
from eventready.core.records import Shape, ShapeError
from eventready.core.strings.json_text import canonical
from eventready.core.strings.texts import natural
from eventready.store.run_parts import (
    ItemsByCheck,
    Parts,
    all_passed,
    counted_passes,
    passes,
    sifted,
    without_references,
)
from eventready.store.run_records import (
    FINDINGS,
    HEADER,
    OBSERVATIONS,
    VERDICTS,
    RunFinding,
    RunHeader,
    RunObservation,
    RunVerdict,
)

T = TypeVar("T")

#: Lists of a document, which are read piece by piece.
_LISTS = ("findings", "observations", "verdicts")


@dataclass(frozen=True)
class SiftedFindings:
    """Findings of a run: read, and passes not yet read."""

    read: Sequence[RunFinding]
    packed: Sequence[bytes] = ()

    def unpacked(self) -> SiftedFindings:
        """All findings, read."""
        return SiftedFindings([*self.read, *read_findings(passes(self.packed))])

    def numbers(self, key: Callable[[RunFinding], T]) -> Counter[T]:
        """Number of findings by a key without subject, figure or sentence."""
        numbers = Counter(map(key, self.read))
        pieces = counted_passes(self.packed)
        for finding, number in zip(read_findings(passes(pieces)), pieces.values(), strict=True):
            numbers[key(finding)] += number
        return numbers


@dataclass(frozen=True)
class Run:
    """Audit as stored. Its parts are read and checked on their first use.

    All readers raise StoreError, with the field, for a part of another shape.
    """

    document: Parts

    @classmethod
    def of(cls, document: Mapping[str, object]) -> Run:
        """Run of a document of plain JSON types."""
        return cls(Parts.of(document))

    @cached_property
    def header(self) -> RunHeader:
        """The run without its lists."""
        try:
            return HEADER.read_plain({key: self.document[key] for key in self.document if key not in _LISTS})
        except ShapeError as error:
            raise UnreadableStore(message("store:run.unreadable", reason=error.sentence)) from None

    @property
    def id(self) -> str:
        """Id of the run."""
        return self.header.id

    @property
    def interrupted(self) -> bool:
        """True for an unfinished run, in which absent findings were not measured."""
        return self.header.state != "finished"

    def findings(self) -> Iterator[RunFinding]:
        """All findings, read piece by piece."""
        return self._each("findings", FINDINGS)

    def observations(self, having: bytes = b"") -> Iterator[RunObservation]:
        """All observations, read piece by piece; those in groups without the bytes `having` are left out."""
        return self._each("observations", OBSERVATIONS, lambda group: group if having in group else b"")

    def open_findings(self, having: bytes = b"") -> Iterator[RunFinding]:
        """Findings except passes; groups of passes, and those without the bytes `having`, are not decoded."""
        for group in self.document.groups("findings"):
            if having in group and not all_passed(group):
                yield from open_findings(group)

    def sifted_findings(self) -> Iterator[SiftedFindings]:
        """All findings, group by group: read, and passes not yet read."""
        for group in self.document.groups("findings"):
            left, passed = sifted(group)
            yield SiftedFindings(read_findings(left), passed)

    def verdicts(self, *, whole: bool = False) -> Iterator[RunVerdict]:
        """Verdicts, without the references behind them unless `whole`: a large run has a million."""
        return self._each("verdicts", VERDICTS, lambda group: group if whole else without_references(group))

    def evidence(self) -> set[str]:
        """Hashes of all raw texts cited."""
        cited = {observation.evidence for observation in self.observations() if observation.evidence}
        return cited.union(*(finding.evidence for finding in self.findings()))

    def findings_by_device(self) -> Iterable[tuple[str, ItemsByCheck]] | None:
        """Findings by device and check, not decoded, in the order of the devices; None for a run of another form."""
        items = self.document.items_of("findings")
        return items.by_device() if items and items.by_device else None

    def _each(
        self, key: str, shape: Shape[list[T]], chosen: Callable[[bytes], bytes] = lambda group: group
    ) -> Iterator[T]:
        """Items of a list; `chosen`: those of a group to read."""
        for group in self.document.groups(key):
            if wanted := chosen(group):
                yield from _read(shape, wanted)

    @classmethod
    def sealed(cls, document: Parts | Mapping[str, object]) -> Run:
        """Seal a document: `sha256` covers all other keys, `previous` included."""
        body = Parts.of(document).without("sha256")
        digest = hashlib.sha256()
        for piece in body.pieces():
            digest.update(piece)
        return cls(body.replace(sha256=digest.hexdigest()))

    def intact(self) -> bool:
        """True when the document matches its `sha256`."""
        return bool(self.sealed(self.document).document["sha256"] == self.document.get("sha256"))

    def json(self) -> Iterator[bytes]:
        """Document as indented JSON, piece by piece; a long list has a line for each of its groups."""
        yield b"{"
        before = b"\n "
        for key in self.document:
            yield before + canonical(key) + b": "
            if items := self.document.items_of(key):
                yield from items.pieces(b"\n")
            else:
                yield json.dumps(self.document[key], indent=1, ensure_ascii=False).replace("\n", "\n ").encode()
            before = b",\n "
        yield b"\n}\n"


def read_findings(items: bytes) -> list[RunFinding]:
    """Findings of canonical JSON, separated by commas. Raises StoreError."""
    return _read(FINDINGS, items)


def open_findings(items: bytes) -> list[RunFinding]:
    """Findings except passes of canonical JSON, separated by commas. Raises StoreError."""
    return [finding for finding in read_findings(sifted(items)[0]) if finding.status != "pass"]


def _read(shape: Shape[list[T]], items: bytes) -> list[T]:
    try:
        return shape.read(b"[" + items + b"]")
    except ShapeError as error:
        raise UnreadableStore(message("store:run.unreadable", reason=error.sentence)) from None


@dataclass(frozen=True)
class Summary:
    """Summary of a run for lists and trends.

    `moment`: event time (ISO 8601). `partial`: observations with unread records, which `measured` leaves out. `counts`:
    findings by status. `verdicts`: triples of venue, service and verdict. `devices`: their number. `seen`: ports,
    neighbours, cells and access points in use; `uncovered`: those without an expectation; `unseen_devices`: devices on
    which none were read. `window`: name of the window of the verdicts; empty for an audit of all venues.
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
    window: str = ""

    def full(self, devices: int) -> bool:
        """True for an audit of at least `devices` devices with the verdicts of all venues."""
        return self.devices >= devices and not self.window

    @property
    def anything(self) -> bool:
        """True for a run with a measurement, whole or in part."""
        return bool(self.measured or self.partial)

    @property
    def ratio(self) -> float:
        """Share of the needed observations measured whole; 0 without needed observations."""
        return self.measured / self.needed if self.needed else 0.0

    @classmethod
    def of(cls, run: Run, counts: Mapping[str, int] | None = None) -> Summary:
        """Summary of a run; `counts` are counted from its findings if absent."""
        if counts is None:
            counts = Counter(finding.status for finding in run.findings())
        header, coverage = run.header, run.header.coverage
        return cls(
            id=header.id,
            event=header.event,
            moment=header.moment,
            rehearsal=header.clock.rehearsal,
            needed=coverage.needed,
            measured=coverage.measured,
            counts=dict(counts),
            verdicts=tuple((one.venue, one.service, one.verdict) for one in run.verdicts()),
            devices=len(header.devices),
            seen=coverage.seen,
            uncovered=coverage.uncovered,
            unseen_devices=coverage.unseen_devices,
            partial=coverage.partial,
            window=header.window,
        )


SUMMARY = Shape(Summary)


def latest_complete(summaries: Sequence[Summary], devices: int) -> Summary | None:
    """Latest summary of a run of at least `devices` devices, else the latest; None without a summary.

    An audit of some devices, as of a drill, does not stand for the network while a complete audit exists; one for a
    window never does.
    """
    complete = [summary for summary in summaries if summary.full(devices)]
    return next(iter([*complete[-1:], *[summary for summary in summaries if not summary.window][-1:]]), None)


#: Unread records that a line names.
_NAMED = 5


def judged_observations(run: Run, having: bytes = b"") -> Iterator[RunObservation]:
    """The observations of facts needed by checks; those of the inventory do not bear on readiness."""
    return (observation for observation in run.observations(having) if not observation.inventory)


@dataclass(frozen=True)
class PartialReading:
    """Fact of a device of which some records were not read, by their names."""

    device: str
    fact: str
    names: tuple[str, ...]

    @property
    def shown(self) -> str:
        """Device, fact and the first names."""
        more = f" (+{len(self.names) - _NAMED})" if len(self.names) > _NAMED else ""
        return f"{self.device} {self.fact}: {', '.join(self.names[:_NAMED])}{more}"


def partial_readings(run: Run) -> tuple[PartialReading, ...]:
    """The facts of a run read in part, by device."""
    found = {
        (clean(one.device), clean(one.fact)): tuple(clean(record.subject) for record in one.unread)
        for one in judged_observations(run, b'"unread":')
        if one.unread
    }
    return tuple(PartialReading(*key, found[key]) for key in sorted(found, key=lambda key: (natural(key[0]), key[1])))
