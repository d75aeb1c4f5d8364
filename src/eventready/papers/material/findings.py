"""The findings of a run as lines in the report's language, in order of urgency; passes only as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from eventready.core.groups import group_by
from eventready.core.language import Language, clean
from eventready.core.messages import in_language
from eventready.core.strings.texts import natural
from eventready.evaluation.alike import About, Identity, Row, about, rows
from eventready.evaluation.causes import causes
from eventready.network.map.figure import DeviceStates
from eventready.store.run import Run
from eventready.store.run_records import FindingStatus, Named, RunDevice, RunFinding, RunHeader

#: From the most to the least urgent.
ORDER: tuple[FindingStatus, ...] = ("fail", "warn", "not_measured", "waived", "pass")

_PLACES = {status: place for place, status in enumerate(ORDER)}

#: Subjects of passed findings that are kept by name, for the whole run.
NAMED_PASSES = 2_000


class FindingLine(NamedTuple):
    """Finding except a pass. `anchor` is unique in the run; `evidence` are hashes of raw texts.

    `about` has the names as they are in the run.
    """

    anchor: str
    status: FindingStatus
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
    message_id: str = ""
    about: About = About("", "", "", "")


#: Alike findings of a run, with those that follow from them.
LineRow: TypeAlias = Row[FindingLine]


@dataclass(frozen=True)
class CollapsedLine:
    """Findings of the same devices, status and reason: the first row, the number of findings, and the checks."""

    row: LineRow
    count: int
    checks: tuple[str, ...]

    @property
    def first(self) -> FindingLine:
        """The first finding."""
        return self.row.first


@dataclass(frozen=True)
class FindingGroup:
    """Findings of a check on the same devices, of the same status, at the same venues (by id, and by name)."""

    status: str
    devices: tuple[str, ...]
    check_title: str
    venues: tuple[str, ...]
    venue_names: tuple[str, ...]
    rows: tuple[LineRow, ...]

    def count_at(self, venue: str) -> int:
        """Number of findings at a venue, with those behind another finding."""
        lines = (line for row in self.rows for line in (*row.findings, *row.behind))
        return sum(venue in line.venues for line in lines)


@dataclass(frozen=True, slots=True)
class Passes:
    """Passed findings of a check on a device; `subjects` is empty for a run with too many."""

    check: str
    count: int
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunContext:
    """The devices of a run by name, the names of its venues, and the language of the report."""

    devices: Mapping[str, RunDevice]
    venue_names: Mapping[str, str]
    language: Language = field(repr=False)

    @classmethod
    def of(cls, header: RunHeader, language: Language) -> RunContext:
        """The context of a run."""
        names = {venue.id: clean(venue.title.render(language.code)) for venue in header.event_info.venues}
        return cls({device.name: device for device in header.devices}, names, language)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return tuple(self.venue_names)

    def venues_of(self, finding: RunFinding) -> tuple[str, ...]:
        """Venue ids of a finding: its own, else those of its device; in the event's order."""
        device = self.devices.get(finding.device)
        return _in_order(finding.venues or (device.venues if device else ()), self._order)

    def role(self, device: RunDevice) -> str:
        """The role of a device in words."""
        return self.language.role(device.role, device.platform)

    def names(self, venues: Iterable[str]) -> tuple[str, ...]:
        """Venue names for ids."""
        return tuple(self.venue_names.get(venue, clean(venue)) for venue in venues)


@dataclass(frozen=True)
class RunFindings:
    """Findings of a run. `lines` are the findings except passes, the most urgent first, blind spots last in their
    status.

    `passes` by device; `counts`, `by_check` and `by_duty` number the findings of each status; `statuses` maps the
    references of verdicts (`device check subject`) to statuses. `states`: for a map. `subjects_open`: number of
    subjects without a pass, by device and check. `rests`: what rests on lost elements.
    """

    lines: tuple[FindingLine, ...]
    passes: Mapping[str, tuple[Passes, ...]]
    counts: Mapping[str, int]
    by_check: Mapping[tuple[str, str], int]
    by_duty: Mapping[tuple[str, str], int]
    statuses: Mapping[str, str]
    states: DeviceStates
    subjects_open: Mapping[tuple[str, str], int]
    rests: Mapping[Named, Named]

    @cached_property
    def causes(self) -> Mapping[Identity, Identity]:
        """The finding from which another follows."""
        found = (
            RunFinding(line.check, line.about.device, line.status, line.about.subject, message_id=line.message_id)
            for line in self.lines
            if not line.blind
        )
        return causes(found, self.rests)

    @classmethod
    def of(cls, run: Run, context: RunContext, also: Callable[[Sequence[RunFinding]], bool]) -> RunFindings:
        """Read a run's findings once, a group at a time.

        `also` is called with each group, without its passes once False is returned.
        """
        counts: Counter[str] = Counter()
        by_check: Counter[tuple[str, str]] = Counter()
        by_duty: Counter[tuple[str, str]] = Counter()
        passed: Counter[tuple[str, str]] = Counter()
        subjects: dict[tuple[str, str], list[str]] = {}
        others: list[tuple[tuple[object, ...], tuple[Any, ...]]] = []
        statuses: dict[str, str] = {}
        subjects_open: Counter[tuple[str, str]] = Counter()
        states = DeviceStates()
        wanted = True
        for part in run.sifted_findings():
            group = part.unpacked() if wanted or counts["pass"] <= NAMED_PASSES else part
            wanted = also(group.read)
            for (status, device, check, duties, blind), number in group.numbers(_about).items():
                states.count(status, device, check, number, blind=blind)
                counts[status] += number
                by_check[check, status] += number
                for duty in dict.fromkeys(map(clean, duties)):
                    by_duty[duty, status] += number
                if status == "pass":
                    passed[device, check] += number
            places = set()
            for finding in group.read:
                if finding.status != "pass":
                    places.add((finding.device, finding.check, finding.subject))
                    others.append((_urgency(finding), _line(finding, context)))
                    statuses[finding.reference] = finding.status
                    states.include(finding)
                elif counts["pass"] <= NAMED_PASSES:
                    subjects.setdefault((finding.device, finding.check), []).append(finding.subject)
            subjects_open.update([place[:2] for place in places])
        others.sort(key=itemgetter(0))
        lines = tuple(FindingLine(f"f{number}", *line) for number, (_, line) in enumerate(others, 1))
        grouped = _passes(passed, subjects if counts["pass"] <= NAMED_PASSES else {}, context.language)
        return cls(lines, grouped, counts, by_check, by_duty, statuses, states, subjects_open, run.header.below)


def _about(finding: RunFinding) -> tuple[str, str, str, tuple[str, ...], bool]:
    return finding.status, finding.device, finding.check, finding.duties, finding.blind


@lru_cache(maxsize=1_024)
def _in_order(venues: tuple[str, ...], order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(venues), key=lambda v: (order.index(v) if v in order else len(order), v)))


def ranked(status: FindingStatus) -> int:
    """Return the place of a status in ORDER."""
    return _PLACES[status]


def count_by_status(lines: Iterable[FindingLine]) -> dict[str, int]:
    """The number of lines of each status, in the order of ORDER."""
    counts = Counter(line.status for line in lines)
    return {status: counts[status] for status in ORDER}


def group(
    lines: Iterable[FindingLine], context: RunContext, because: Mapping[Identity, Identity]
) -> tuple[FindingGroup, ...]:
    """Rows of lines by check, devices, status and venues, in the order of their first lines."""
    order = tuple(context.venue_names)
    groups = group_by(
        rows(lines, lambda line: line.about, because),
        lambda row: (row.first.status, _devices(row), row.first.check_title, _venues(row, order)),
    )
    return tuple(
        FindingGroup(status, devices, title, venues, context.names(venues), tuple(members))
        for (status, devices, title, venues), members in groups.items()
    )


def _venues(row: LineRow, order: tuple[str, ...]) -> tuple[str, ...]:
    return _in_order(tuple(venue for line in row.findings for venue in line.venues), order)


def collapse(lines: Iterable[FindingLine], because: Mapping[Identity, Identity]) -> tuple[CollapsedLine, ...]:
    """Rows of lines by devices, status and reason, in the order of their first lines."""
    made = rows(lines, lambda line: line.about, because)
    groups = group_by(made, lambda row: (row.first.status, _devices(row), row.first.message_id or row.first.message))
    return tuple(
        CollapsedLine(
            members[0],
            sum(row.count for row in members),
            tuple(dict.fromkeys(row.first.check_title for row in members)),
        )
        for members in groups.values()
    )


def _devices(row: LineRow) -> tuple[str, ...]:
    return tuple(map(clean, row.devices))


def _urgency(finding: RunFinding) -> tuple[object, ...]:
    device, subject = natural(finding.device), natural(finding.subject)
    return ranked(finding.status), finding.blind, device, finding.check, subject, finding.message_id


def _line(finding: RunFinding, context: RunContext) -> tuple[Any, ...]:
    """Values of a FindingLine without its anchor."""
    language = context.language
    title, words, duties = _titles(language, finding.check, finding.subject, finding.duties)
    return (
        finding.status,
        finding.check,
        title,
        clean(finding.device),
        words,
        language.sentence(finding),
        finding.blind,
        context.venues_of(finding),
        duties,
        finding.evidence,
        clean(in_language(finding.waiver_words, language.code)),
        finding.message_id,
        about(finding),
    )


@lru_cache(maxsize=4_096)
def _titles(language: Language, check: str, subject: str, duties: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    return language.check(check), language.subject(subject), tuple(map(clean, duties))


def _passes(
    passed: Mapping[tuple[str, str], int], subjects: Mapping[tuple[str, str], Sequence[str]], language: Language
) -> Mapping[str, tuple[Passes, ...]]:
    grouped: dict[str, list[Passes]] = {}
    for (device, check), count in passed.items():
        names = tuple(language.subject(subject) for subject in subjects.get((device, check), ()) if subject)
        grouped.setdefault(clean(device), []).append(Passes(check, count, names))
    return {device: tuple(found) for device, found in grouped.items()}
