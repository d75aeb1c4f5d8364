"""What a readiness report shows, as plain frozen values: a pure function of run documents and raw texts.

Every text in it is ready to be shown in the report's language, and still has to be escaped for the form it goes into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventready.report.change_lines import ChangeLine
from eventready.report.language import Language, clean

#: From the most to the least urgent.
ORDER: tuple[str, ...] = ("fail", "warn", "not_measured", "waived", "pass")

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One finding. `anchor` is unique in the report; `evidence` holds anchors of raw texts."""

    anchor: str
    status: str
    check: str
    check_title: str
    device: str
    subject: str
    message: str
    blind: bool = False
    venues: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    waiver: str = ""


@dataclass(frozen=True)
class Group:
    """Findings of one check on one device, of one status, at the same venues (by id, and by name)."""

    status: str
    device: str
    check_title: str
    venues: tuple[str, ...]
    venue_names: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Square:
    """One field of the matrix; `verdict` is empty where the venue does not have the service."""

    service: str
    service_title: str
    verdict: str = ""
    title: str = ""
    why: str = ""


@dataclass(frozen=True)
class VenueRow:
    """One row of the matrix."""

    id: str
    name: str
    squares: tuple[Square, ...]


@dataclass(frozen=True)
class Part:
    """What is wrong at one venue, or on what several share. `shared` counts what concerns it and stands elsewhere."""

    title: str
    groups: tuple[Group, ...]
    shared: int = 0
    is_shared: bool = False


@dataclass(frozen=True)
class Unreached:
    """A device that could not be asked anything, and how many checks that cost."""

    device: str
    role: str
    venues: tuple[str, ...]
    reason: str
    lost: int


@dataclass(frozen=True)
class Unread:
    """Readings that failed on a device that answers: the checks left without an answer, one line per sentence."""

    device: str
    checks: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Blind:
    """What a kind of equipment cannot tell, and the devices it concerns."""

    check_title: str
    message: str
    devices: tuple[str, ...]


@dataclass(frozen=True)
class DutyRow:
    """A clause and what was found under it; `counts` in the order of ORDER."""

    id: str
    title: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Raw:
    """A raw text as far as it is shown."""

    anchor: str
    command: str
    outcome: str
    text: str
    cut: bool
    get: str


@dataclass(frozen=True)
class Passed:
    """Passed findings of one check on one device."""

    check_title: str
    count: int
    subjects: str


@dataclass(frozen=True)
class DeviceBlock:
    """Everything that was found on one device. `left_out` counts lines that are not shown."""

    anchor: str
    name: str
    role: str
    platform: str
    venues: tuple[str, ...]
    counts: tuple[int, ...]
    lines: tuple[Line, ...]
    passed: tuple[Passed, ...]
    raws: tuple[Raw, ...]
    left_out: int = 0

    @property
    def alike(self) -> tuple[tuple[Line, ...], ...]:
        """The lines, with those together that say the same of the whole device for several checks."""
        together: dict[tuple[str, str], list[Line]] = {}
        for line in self.lines:
            together.setdefault((line.status, line.anchor if line.subject else line.message), []).append(line)
        return tuple(map(tuple, together.values()))


@dataclass(frozen=True)
class Read:
    """What was read from one device; `missing` pairs facts with why there is nothing."""

    device: str
    role: str
    platform: str
    measured: int
    asked: int
    missing: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Charted:
    """A small chart: one column per run, oldest first; values between 0 and `top`."""

    title: str
    status: str
    values: tuple[float, ...]
    shown: tuple[str, ...]
    moments: tuple[str, ...]
    top: float


@dataclass(frozen=True)
class Changed:
    """What became of the findings since the run before: a heading, how many, and some of them."""

    kind: str
    title: str
    count: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Trend:
    """Earlier runs of the same event, and the changes since the last of them."""

    runs: int = 1
    charts: tuple[Charted, ...] = ()
    compared_with: str = ""
    changes: tuple[Changed, ...] = ()


@dataclass(frozen=True)
class Readiness:
    """The report."""

    run: str
    event: str
    moment: str
    real: str
    rehearsal: bool
    interrupted: bool
    tool: str
    seal: str
    measured: int
    needed: int
    coverage: str
    devices: int
    reached: int
    tally: tuple[tuple[str, str, int], ...]
    services: int
    counts: tuple[int, ...]
    columns: tuple[str, ...]
    matrix: tuple[VenueRow, ...]
    parts: tuple[Part, ...]
    unreached: tuple[Unreached, ...]
    unread: tuple[Unread, ...]
    blind: tuple[Blind, ...]
    trend: Trend
    duties: tuple[DutyRow, ...]
    blocks: tuple[DeviceBlock, ...]
    quiet: tuple[DeviceBlock, ...]
    waivers: tuple[Line, ...]
    reads: tuple[Read, ...]
    folded: tuple[str, ...] = ()
    changes: tuple[ChangeLine, ...] = ()


@dataclass(frozen=True)
class Place:
    """How devices stand in the run: role, platform, venues by name; and which venue is called what."""

    devices: Mapping[str, Document]
    venue_names: Mapping[str, str]
    language: Language = field(repr=False)

    @classmethod
    def of(cls, document: Document, language: Language) -> Place:
        """From a run document."""
        named = "name_vi" if language.code == "vi" else "name"
        venues = document.get("event_info", {}).get("venues", ())
        names = {str(v["id"]): clean(v.get(named) or v.get("name") or v["id"]) for v in venues}
        return cls({str(d["name"]): d for d in document.get("devices", ())}, names, language)

    def venues_of(self, finding: Document) -> tuple[str, ...]:
        """Venue ids of a finding: its own, else those of its device; in the event's order."""
        mine = finding.get("venues") or self.devices.get(str(finding.get("device")), {}).get("venues", ())
        order = list(self.venue_names)
        return tuple(sorted(set(map(str, mine)), key=lambda v: (order.index(v) if v in order else len(order), v)))

    def names(self, venues: Iterable[str]) -> tuple[str, ...]:
        """Venue names for ids."""
        return tuple(self.venue_names.get(venue, clean(venue)) for venue in venues)


def counted(lines: Iterable[Line]) -> tuple[int, ...]:
    """How many lines there are of each status, in the order of ORDER."""
    counts = Counter(line.status for line in lines)
    return tuple(counts[status] for status in ORDER)


def grouped(lines: Sequence[Line], place: Place) -> tuple[Group, ...]:
    """Lines of one check, device, status and venues together; in the order of their first lines."""
    groups: dict[tuple[str, str, str, tuple[str, ...]], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.status, line.device, line.check_title, line.venues), []).append(line)
    return tuple(
        Group(status, device, title, venues, place.names(venues), tuple(members))
        for (status, device, title, venues), members in groups.items()
    )
