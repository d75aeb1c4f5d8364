"""event.yaml: venues, windows, recipients, reports and deadlines of the event."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from eventready.core.country import country, use_country
from eventready.core.errors import InvalidValue, UsageError, WorkspaceError
from eventready.core.messages import Bilingual, Lang, message
from eventready.core.strings.texts import few, short
from eventready.core.timezone import DEFAULT, moment_at, use_zone, zone
from eventready.core.validation_messages import Sentence, Suggestions, suggest
from eventready.workspace.devices.answers import ServiceAnswer
from eventready.workspace.devices.device import SERVICES, Service
from eventready.workspace.devices.intents import KNOWN_INTENTS, Intents, intent_names
from eventready.workspace.files.datetimes import Day, Moment, TimeOfDay, ZoneName
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.change_settings import ChangeSettings
from eventready.workspace.settings.country import country_code, country_of_zone, language_of
from eventready.workspace.settings.mail import MailSettings, ScheduleSettings

#: Kinds of origins that lead out of the network.
OUTWARD = frozenset({"upstream", "core"})
OriginKind = Literal["upstream", "core", "portal", "dns"]
#: Services from an origin that names none: a portal or a DNS server has no part in calls.
_SERVICES: Mapping[OriginKind, tuple[Service, ...]] = {
    "upstream": SERVICES, "core": SERVICES, "portal": ("internet", "wifi"), "dns": ("internet", "wifi"),
}  # fmt: skip


class ServiceOrigin(WorkspaceModel):
    """Device where services enter the network: by an upstream provider, the core, a portal or a DNS server."""

    kind: OriginKind
    device: str = Field(min_length=1, description="Device of hosts.yaml")
    port: str | None = Field(default=None, min_length=1, description="Port towards the provider or the core")
    services: tuple[Service, ...] = Field(
        default=(), description="Services from there, default: all; of a portal or a DNS server: internet, wifi"
    )

    @property
    def outward(self) -> bool:
        """True where the services come into the network."""
        return self.kind in ("upstream", "core")

    @property
    def offered(self) -> tuple[Service, ...]:
        """Services from there, as given or by kind."""
        return self.services or _SERVICES[self.kind]


def unknown_origins(
    origins: Iterable[ServiceOrigin], devices: Collection[str]
) -> Iterator[tuple[int, Sentence, Sentence]]:
    """Index, cause and remedy of each origin at a device missing from hosts.yaml."""
    remedy = Suggestions(dict.fromkeys(devices))
    for index, origin in enumerate(origins):
        if origin.device not in devices:
            yield index, message("workspace:origin.device", device=origin.device), remedy.of(origin.device)


WindowKind = Literal["event", "protected", "freeze", "drill", "maintenance"]
Operator = Literal["telecom", "postal", "both"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

#: Time from the preparation of a workspace for what was due before.
GRACE = timedelta(days=1)

#: Venues of a workspace: as many as a bundle holds.
MOST_VENUES = 200

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
#: Windows named in a sentence.
_NAMED = 12


class Titled(WorkspaceModel):
    """An entry with a name in English and, where given, in Vietnamese."""

    name: str
    name_vi: str = ""

    @property
    def title(self) -> Bilingual:
        """The name in both languages."""
        return Bilingual(self.name_vi, self.name)


def _identifier(value: str) -> str:
    if not _ID.fullmatch(value):
        raise InvalidValue(message("workspace:event.identifier", value=value))
    return value


class IssuingOffice(WorkspaceModel):
    """Letterhead of the enterprise as issuer of the papers."""

    place: str = Field(default="", description="Place before the date; default: the province")
    short: str = Field(
        default="",
        pattern=r"^[\w&.-]*$",
        description="Abbreviation in symbols, subjects and file names; default: initials of the enterprise",
    )
    parent: str = Field(default="", description="Superior body above the enterprise; lines separated by |")


class Police(Titled):
    """Police station nearest to a venue, notified of incidents there."""

    name: str = Field(min_length=1)
    phone: str = ""
    email: str = ""


class Venue(Titled):
    """Venue of the event, with the services offered there."""

    id: str = Field(description="Identifier used by devices and limits")
    services: tuple[Service, ...] = Field(min_length=1)
    answers: dict[Service, tuple[ServiceAnswer, ...]] = Field(
        default={}, description="Answers that users of a service get at the venue, and the asking devices"
    )
    police: Police | None = Field(default=None, description="Nearest police station")

    _id = field_validator("id")(_identifier)

    @model_validator(mode="after")
    def _of_its_services(self) -> Self:
        for service in self.answers:
            if service not in self.services:
                raise InvalidValue(message("workspace:event.answers_service", venue=self.id, service=service))
        return self


class Window(Titled):
    """Span of time at some venues or all: the event, its protected time, a freeze of changes, drills in production,
    maintenance.
    """

    kind: WindowKind
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    name: str = ""
    venues: tuple[str, ...] = Field(default=(), min_length=1, description="Venues of the window; absent: all")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise InvalidValue(message("workspace:event.window"))
        return self

    @field_validator("venues")
    @classmethod
    def _venues_once(cls, venues: tuple[str, ...]) -> tuple[str, ...]:
        for place, name in enumerate(venues):
            if name in venues[:place]:
                raise InvalidValue(message("workspace:event.window_venue_twice", venue=name))
        return venues

    @property
    def names(self) -> frozenset[str]:
        """Names in both languages and the kind, by which capacity.yaml and commands refer to the window."""
        return frozenset({self.name, self.name_vi, self.kind} - {""})

    def contains(self, moment: datetime) -> bool:
        """True from the start until before the end."""
        return self.start <= moment < self.end

    def touches(self, venues: Collection[str]) -> bool:
        """True for a window at any of the venues; a window without venues of its own is at all of them."""
        return not self.venues or not set(self.venues).isdisjoint(venues)

    def covers(self, venues: Collection[str]) -> bool:
        """True for a window at all of the venues."""
        return not self.venues or set(self.venues).issuperset(venues)


#: Address of a recipient.
ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"


class Recipient(Titled):
    """Recipient of the reports."""

    email: str = Field(pattern=f"^{ADDRESS}$")
    phone: str = ""


class WeeklyReport(WorkspaceModel):
    """Weekly report: weekday, cut-off, latest arrival, first and last date."""

    day: Weekday = "monday"
    cut_off: TimeOfDay
    latest: TimeOfDay
    first: Day
    last: Day

    @model_validator(mode="after")
    def _on_its_day(self) -> Self:
        for name, value in (("first", self.first), ("last", self.last)):
            weekday = WEEKDAYS[value.weekday()]
            if weekday != self.day:
                what = message("workspace:event.weekday", name=name, date=value, weekday=weekday, wanted=self.day)
                raise InvalidValue(what)
        if self.last < self.first:
            raise InvalidValue(message("workspace:event.reports"))
        return self

    @property
    def weekday(self) -> int:
        """Weekday of the reports; 0 is Monday."""
        return WEEKDAYS.index(self.day)

    def deadlines(self) -> tuple[datetime, ...]:
        """Cut-off of each report, in order, local time."""
        weeks = (self.last - self.first).days // 7
        return tuple(moment_at(self.first + timedelta(weeks=week), self.cut_off) for week in range(weeks + 1))


class NoticeLimits(WorkspaceModel):
    """Minutes from the discovery of an incident to each notice."""

    first: int = Field(default=30, ge=1, description="Minutes until the first notice, by telephone or in person")
    written: int = Field(default=120, ge=1, description="Minutes until the written report")
    final: int = Field(default=1440, ge=1, description="Minutes until the final report")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.first <= self.written <= self.final:
            raise InvalidValue(message("workspace:event.notice_limits"))
        return self


class ReadingSettings(WorkspaceModel):
    """Reading of the devices: values of `--workers`, `--interval` (seconds) and `--time-limit` (seconds)."""

    workers: int = Field(default=32, ge=1, le=2000, description="Devices at once")
    interval_s: float = Field(
        default=10.0, ge=0, le=3600, description="Seconds between the two readings of counters; 0 reads once"
    )
    time_limit_s: float = Field(default=7200.0, ge=1, le=86400, description="Seconds of a whole audit")

    def given(self, **options: float | None) -> Self:
        """Return the settings with the values of options in their place; None is an absent option."""
        return self.model_copy(update={name: value for name, value in options.items() if value is not None})


class DaysOff(WorkspaceModel):
    """Corrections of the calendar of public holidays: additional days off, and holidays with work."""

    add: tuple[Day, ...] = ()
    remove: tuple[Day, ...] = ()


class ScheduledTest(Titled):
    """Test scheduled before the event. `proved_by`: `audit` (a run in the span) or a clause."""

    id: str
    start: Moment = Field(alias="from")
    due: Moment
    proved_by: str = Field(default="audit", description="`audit`, or a clause")

    _id = field_validator("id")(_identifier)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.due <= self.start:
            raise InvalidValue(message("workspace:event.test"))
        return self


class Event(Titled):
    """The event. Times are aware, in its zone."""

    id: str = Field(description="Identifier of the event, recorded in every run")
    organiser: str = ""
    organiser_vi: str = ""
    enterprise: str = Field(default="", description="Enterprise that operates the network and signs the reports")
    province: str = Field(default="", description="Province of the event")
    zone: ZoneName = Field(default=DEFAULT, description="Time zone of all times without an offset")
    country: str = Field(
        default="", validate_default=True, json_schema_extra={"examples": ["DE", "DE-HE"]},
        description="Country of the holidays and the letterhead, ISO 3166; default: country of the zone",
    )  # fmt: skip
    office: IssuingOffice = Field(default=IssuingOffice(), description="Letterhead of the papers")
    topic: str = Field(default="", description="End of the subjects of mails, in Vietnamese")
    operator: Operator = Field(default="telecom", description="Selects the clauses: telecom, postal or both")
    basis: tuple[str, ...] = Field(default=(), description="Documents cited as the basis of the work")
    recipient: Recipient
    venues: tuple[Venue, ...] = Field(min_length=1, max_length=MOST_VENUES)
    origins: tuple[ServiceOrigin, ...] = Field(default=(), description="Where each service comes from")
    windows: tuple[Window, ...] = ()
    weekly_report: WeeklyReport | None = None
    prepared: Moment | None = Field(
        default=None,
        description="Preparation of the workspace; what was due before is due a day later",
    )
    duty_list_before: Moment | None = Field(default=None, description="Deadline of the duty list")
    owners_confirmed: bool = Field(
        default=False, description="The owners in duties.yaml are right although the example names the same units"
    )
    tests: tuple[ScheduledTest, ...] = Field(default=(), description="Tests scheduled before the event")
    days_off: DaysOff = Field(default=DaysOff(), description="Corrections of the calendar of public holidays")
    notice_limits: NoticeLimits = Field(default=NoticeLimits(), description="Time limits for incident notices")
    mail: MailSettings | None = Field(default=None, description="Sender and mail server of the papers")
    schedule: ScheduleSettings = Field(default=ScheduleSettings(), description="Times of scheduled jobs")
    reading: ReadingSettings = Field(default=ReadingSettings(), description="How devices are read; options win")
    changes: ChangeSettings = Field(default=ChangeSettings(), description="Approval and execution of changes")
    intents: Intents = Field(default={}, description="Template values for all devices, overridden by groups and hosts")
    lab: bool = Field(default=False, description="Lab copy: plain passwords are allowed in the inventory")

    _id = field_validator("id")(_identifier)

    @field_validator("country")
    @classmethod
    def _of_zone(cls, country: str, info: ValidationInfo) -> str:
        """Country as written, else the country of the zone."""
        return country_code(country) if country else country_of_zone(info.data.get("zone", DEFAULT))

    @field_validator("windows")
    @classmethod
    def _at_all(cls, windows: tuple[Window, ...], info: ValidationInfo) -> tuple[Window, ...]:
        """Windows; without venues where all of the event are named."""
        every = {venue.id for venue in info.data.get("venues", ())}
        return tuple(one.model_copy(update={"venues": ()}) if every == set(one.venues) else one for one in windows)

    @property
    def lang(self) -> Lang:
        """Language of the papers and messages to people of the enterprise."""
        return language_of(self.country)

    @property
    def place(self) -> str:
        """Place of issue of the papers."""
        return self.office.place or self.province

    @property
    def abbreviation(self) -> str:
        """Abbreviation of the enterprise: as written, or its initials without parenthesised parts."""
        words = re.sub(r"\(.*?\)", " ", self.enterprise).split()
        return self.office.short or "".join(word[0] for word in words if word[0].isalnum()).upper()

    @property
    def report_weekday(self) -> int:
        """Weekday of the weekly reports, 0 for Monday; Monday without reports."""
        return self.weekly_report.weekday if self.weekly_report else 0

    def owed(self, due: datetime) -> datetime:
        """Return the moment of a deadline: a day after the preparation for an earlier deadline.

        The next opening, or the end of an event in progress, is earlier still. Nothing is moved where the preparation
        came after the event.
        """
        if self.prepared is None or due > self.prepared:
            return due
        if self.end and self.end <= self.prepared:
            return due
        turns = (moment for one in self.windows if one.kind == "event" for moment in (one.start, one.end))
        return min(moment for moment in (self.prepared + GRACE, *turns) if moment > self.prepared)

    def forgone(self, due: datetime, moment: datetime) -> bool:
        """True at a moment after the preparation for an earlier deadline of an event over by then.

        An exercise at a moment before the preparation has all deadlines.
        """
        if self.prepared is None or self.end is None:
            return False
        return max(due, self.end) <= self.prepared <= moment

    @property
    def end(self) -> datetime | None:
        """End of the last window of the event itself; None without a window."""
        return max((window.end for window in self.windows if window.kind == "event"), default=None)

    @property
    def venue_ids(self) -> tuple[str, ...]:
        """Identifiers of the venues, in the order of the file."""
        return tuple(venue.id for venue in self.venues)

    def venue(self, venue_id: str) -> Venue:
        """Venue by identifier. Raises KeyError."""
        return {venue.id: venue for venue in self.venues}[venue_id]

    def windows_at(
        self, moment: datetime, kind: WindowKind | None = None, venues: Collection[str] | None = None
    ) -> tuple[Window, ...]:
        """Return the windows (of a single kind, at any of the venues, if given) open at a moment."""
        return tuple(
            w
            for w in self.windows
            if w.contains(moment) and kind in (None, w.kind) and (venues is None or w.touches(venues))
        )

    @property
    def placed(self) -> bool:
        """True with a window at some of the venues only."""
        return any(window.venues for window in self.windows)

    def at(self, venues: Collection[str]) -> Event:
        """Return the event with the windows at any of the venues."""
        return self.model_copy(update={"windows": tuple(one for one in self.windows if one.touches(venues))})

    def of_windows(self, name: str) -> Event:
        """Return the event with the venues of the windows of a name or kind, and the windows at their times and venues.

        Raises UsageError for an unknown name, with the names of the windows.
        """
        wanted = " ".join(name.split())
        chosen = [window for window in self.windows if wanted and wanted in window.names]
        if not chosen:
            known = few(list(dict.fromkeys(word for one in self.windows for word in sorted(one.names))), _NAMED)
            raise UsageError(message("workspace:event.no_window", name=short(wanted), windows=known or "-"))
        venues = tuple(venue for venue in self.venues if any(window.touches((venue.id,)) for window in chosen))
        ids = {venue.id for venue in venues}
        windows = (
            one
            for one in self.windows
            if one.touches(ids) and any(one.start < other.end and other.start < one.end for other in chosen)
        )
        return self.model_copy(update={"venues": venues, "windows": tuple(windows)})

    def venues_of(self, window: Window) -> tuple[Venue, ...]:
        """Venues of a window, in the order of the file."""
        return tuple(venue for venue in self.venues if window.touches((venue.id,)))


def load_event(path: Path) -> Event:
    """Read event.yaml; the process takes zone and country of the event. Raises WorkspaceError, and keeps the zone."""
    document = load_yaml(path)
    with kept_place():
        _use_zone_of(document)
        event = _event(path, document)
        use_country(event.country)
    return event


@contextmanager
def kept_place() -> Iterator[None]:
    """Keep zone and country of the process unless the block ends without an error."""
    own_zone, own_country = zone().key, country()
    try:
        yield
    except BaseException:
        use_zone(own_zone)
        use_country(own_country)
        raise


def _event(path: Path, document: YamlDocument) -> Event:
    known = {KNOWN_INTENTS: intent_names(path.parent.parent / "templates")}
    event = _with_places(document.validate(Event, context=known), document)
    ids = event.venue_ids
    problems = []
    for index, name in enumerate(ids):
        if name in ids[:index]:
            what = message("workspace:event.venue_twice", venue=name, line=document.line("venues", ids.index(name)))
            problems.append(document.error(what, "venues", index, "id"))
    for index, window in enumerate(event.windows):
        for place, name in enumerate(window.venues):
            if name not in ids:
                unknown, do = unknown_venue(name, event)
                problems.append(document.error(unknown, "windows", index, "venues", place, do=do))
    raise_errors(problems)
    return event


def _use_zone_of(document: YamlDocument) -> None:
    """Take the zone of an event for the process; the default for an unknown zone, which the validation names."""
    name = document.mapping().get("zone", DEFAULT)
    try:
        use_zone(name if isinstance(name, str) else DEFAULT)
    except ValueError:
        use_zone(DEFAULT)


def check_origins(path: Path, event: Event, devices: Collection[str]) -> None:
    """Raise WorkspaceError for origins at devices missing from hosts.yaml. A lab may play some of the devices only."""
    if event.origins and not event.lab:
        document = load_yaml(path)
        unknown = unknown_origins(event.origins, devices)
        raise_errors([document.error(what, "origins", index, "device", do=do) for index, what, do in unknown])


def _with_places(event: Event, document: YamlDocument) -> Event:
    """Return the event; each of its answers knows its line."""
    venues = []
    for number, venue in enumerate(event.venues):
        answers = {}
        for service, expected in venue.answers.items():
            lines = (document.where("venues", number, "answers", service, place) for place in range(len(expected)))
            answers[service] = tuple(one.at(line) for one, line in zip(expected, lines, strict=True))
        venues.append(venue.model_copy(update={"answers": answers}) if answers else venue)
    return event.model_copy(update={"venues": tuple(venues)})


def is_lab(workspace: Path) -> bool:
    """True for a workspace with `lab: true` in its event.yaml; False for an unreadable file."""
    document = _document(workspace, "lab")
    return document is not None and document.mapping().get("lab") is True


def use_place_of(workspace: Path) -> None:
    """Take the zone and the country of a workspace for the process, by default with an unreadable file.

    `load_event` names its mistakes.
    """
    document = _document(workspace, "zone")
    if document is None:
        use_zone(DEFAULT)
    else:
        _use_zone_of(document)
    use_country(country_of(workspace))


def country_of(workspace: Path) -> str:
    """Country of the event of a workspace; the default for an unreadable file, which `load_event` names."""
    document = _document(workspace, "country") or _document(workspace, "zone")
    keys = document.mapping() if document else {}
    if country := keys.get("country"):
        return str(country)
    return country_of_zone(str(keys.get("zone", DEFAULT)))


def _document(workspace: Path, key: str) -> YamlDocument | None:
    """event.yaml of a workspace with this key; None without the key, and for an unreadable file."""
    path = workspace / "inventory" / "event.yaml"
    try:
        if key not in path.read_text(encoding="utf-8"):
            return None
        document = load_yaml(path)
        return document if key in document.mapping() else None
    except (OSError, ValueError, WorkspaceError):
        return None


def unknown_venue(name: str, event: Event) -> tuple[Sentence, Sentence]:
    """Cause and remedy for a venue missing from event.yaml."""
    return message("workspace:venue_unknown", name=name), suggest(name, event.venue_ids, noun="Defined")
