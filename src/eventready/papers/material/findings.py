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
from eventready.core.messages import from_record, in_language
from eventready.core.strings.natural import natural
from eventready.evaluation.alike import About, Identity, Row, about, rows
from eventready.evaluation.causes import causes
from eventready.network.map.states import DeviceStates
from eventready.store.run import Run, counted, passes
from eventready.store.run_rests import Named, rests_of

#: From the most to the least urgent.
ORDER: tuple[str, ...] = ("fail", "warn", "not_measured", "waived", "pass")

_PLACES = {status: place for place, status in enumerate(ORDER)}

#: Subjects of passed findings that are kept by name, for the whole run.
NAMED_PASSES = 2_000

Entry = Mapping[str, Any]


class FindingLine(NamedTuple):
    """Finding except a pass. `anchor` is unique in the run; `evidence` are hashes of raw texts.

    `about` has the names as they are in the run.
    """

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

    devices: Mapping[str, Entry]
    venue_names: Mapping[str, str]
    language: Language = field(repr=False)

    @classmethod
    def of(cls, document: Entry, language: Language) -> RunContext:
        """The context of a run document."""
        named = "name_vi" if language.code == "vi" else "name"
        venues = document.get("event_info", {}).get("venues", ())
        names = {str(v["id"]): clean(v.get(named) or v.get("name") or v["id"]) for v in venues}
        return cls({str(d["name"]): d for d in document.get("devices", ())}, names, language)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return tuple(self.venue_names)

    def venues_of(self, finding: Entry) -> tuple[str, ...]:
        """Venue ids of a finding: its own, else those of its device; in the event's order."""
        own = finding.get("venues") or self.devices.get(str(finding.get("device")), {}).get("venues", ())
        return _in_order(tuple(map(str, own)), self._order)

    def role(self, device: Entry) -> str:
        """The role of a device in words."""
        return self.language.role(str(device.get("role", "")), str(device.get("platform", "")))

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
            {"check": line.check, "device": line.about.device, "subject": line.about.subject, "status": line.status,
             "message_id": line.message_id, "blind": line.blind}
            for line in self.lines
        )  # fmt: skip
        return causes(found, self.rests)

    @classmethod
    def of(cls, run: Run, context: RunContext, also: Callable[[Sequence[Entry]], bool]) -> RunFindings:
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
        for left, packed in run.sifted_findings():
            whole = wanted or counts["pass"] <= NAMED_PASSES
            group = left + passes(packed) if whole else left
            wanted = also(group)
            for (status, device, check, duties, blind), number in _numbers(group, () if whole else packed).items():
                states.count(status, device, check, number, blind=blind)
                counts[status] += number
                by_check[check, status] += number
                for duty in dict.fromkeys(map(clean, duties)):
                    by_duty[duty, status] += number
                if status == "pass":
                    passed[device, check] += number
            places = set()
            for finding in group:
                if finding["status"] != "pass":
                    place = _place(finding)
                    places.add(place)
                    others.append((_urgency(finding, place), _line(finding, place, context)))
                    statuses[" ".join(place).strip()] = str(finding["status"])
                    states.include(finding)
                elif counts["pass"] <= NAMED_PASSES:
                    key = str(finding.get("device", "")), str(finding.get("check", ""))
                    subjects.setdefault(key, []).append(str(finding.get("subject", "")))
            subjects_open.update([place[:2] for place in places])
        others.sort(key=itemgetter(0))
        lines = tuple(FindingLine(f"f{number}", *line) for number, (_, line) in enumerate(others, 1))
        grouped = _passes(passed, subjects if counts["pass"] <= NAMED_PASSES else {}, context.language)
        below = rests_of(run.document)
        return cls(lines, grouped, counts, by_check, by_duty, statuses, states, subjects_open, below)


def _numbers(
    findings: Iterable[Entry], packed: Iterable[bytes]
) -> Counter[tuple[str, str, str, tuple[Any, ...], bool]]:
    """Numbers of findings and packed passes by status, device, check, duties, and blindness."""
    numbers = Counter(map(_about, findings))
    for finding, number in counted(packed):
        numbers[_about(finding)] += number
    return numbers


def _about(finding: Entry) -> tuple[str, str, str, tuple[Any, ...], bool]:
    get = finding.get
    return finding["status"], get("device", ""), get("check", ""), tuple(get("duties", ())), bool(get("blind"))


@lru_cache(maxsize=1_024)
def _in_order(venues: tuple[str, ...], order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(venues), key=lambda v: (order.index(v) if v in order else len(order), v)))


def ranked(status: str) -> int:
    """Return the place of a status in ORDER; an unknown status is the most urgent."""
    return _PLACES.get(status, 0)


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


def _place(finding: Entry) -> tuple[str, str, str]:
    """Device, check and subject, as in the references of verdicts."""
    get = finding.get
    return str(get("device", "")), str(get("check", "")), str(get("subject", ""))


def _urgency(finding: Entry, place: tuple[str, str, str]) -> tuple[object, ...]:
    device, check, subject = place
    sentence = str(finding.get("message_id", ""))
    blind = bool(finding.get("blind"))
    return ranked(str(finding["status"])), blind, natural(device), check, natural(subject), sentence


def _line(finding: Entry, place: tuple[str, str, str], context: RunContext) -> tuple[Any, ...]:
    """Values of a FindingLine without its anchor."""
    language, get = context.language, finding.get
    device, check, subject = place
    title, words, duties = _titles(language, check, subject, tuple(get("duties", ())))
    return (
        str(finding["status"]),
        check,
        title,
        clean(device),
        words,
        language.sentence(finding),
        bool(get("blind")),
        context.venues_of(finding),
        duties,
        tuple(map(str, get("evidence", ()))),
        _waiver(finding, language) if get("waiver") or get("waiver_text") else "",
        str(get("message_id", "")),
        about(finding),
    )


def _waiver(finding: Entry, language: Language) -> str:
    return clean(in_language(from_record(finding, "waiver"), language.code))


@lru_cache(maxsize=4_096)
def _titles(
    language: Language, check: str, subject: str, duties: tuple[object, ...]
) -> tuple[str, str, tuple[str, ...]]:
    return language.check(check), language.subject(subject), tuple(map(clean, duties))


def _passes(
    passed: Mapping[tuple[str, str], int], subjects: Mapping[tuple[str, str], Sequence[str]], language: Language
) -> Mapping[str, tuple[Passes, ...]]:
    grouped: dict[str, list[Passes]] = {}
    for (device, check), count in passed.items():
        names = tuple(language.subject(subject) for subject in subjects.get((device, check), ()) if subject)
        grouped.setdefault(clean(device), []).append(Passes(check, count, names))
    return {device: tuple(found) for device, found in grouped.items()}
