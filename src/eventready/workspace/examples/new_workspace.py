"""New workspace of an event: the skeleton with computed windows and deadlines, or a department's kit."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eventready.core.clock import write_moment
from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import message, text
from eventready.core.strings.texts import required, tidy
from eventready.core.timezone import DEFAULT, local_time, moment_at
from eventready.core.validation_messages import suggest
from eventready.workspace.devices.device import SERVICES, Service
from eventready.workspace.examples.example import example_home, fill_folder
from eventready.workspace.examples.example_data import PLACEHOLDER_EMAIL, PLACEHOLDER_ENTERPRISE
from eventready.workspace.examples.kit import Kit
from eventready.workspace.settings.country import country_of_zone, language_of
from eventready.workspace.settings.duties import load_duties
from eventready.workspace.settings.event import WEEKDAYS, Event, Operator, Weekday, load_event
from eventready.workspace.settings.forms import load_forms

_SKELETON = Path(__file__).parent / "skeleton"
_BASTION = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\])(?::(?P<port>\d{1,5}))?")
_VENUE = re.compile(r"(?P<id>[a-z0-9]+(-[a-z0-9]+)*)=(?P<name>[^:]+)(:(?P<services>[a-z, ]+))?")


@dataclass(frozen=True)
class NewVenue:
    """Venue of a new event."""

    id: str
    name: str
    services: tuple[Service, ...] = SERVICES

    @classmethod
    def parse(cls, text: str) -> NewVenue:
        """Venue from `ID=NAME` or `ID=NAME:SERVICE,SERVICE`. Raises UsageError."""
        match = _VENUE.fullmatch(text.strip())
        if not match:
            raise UsageError(message("workspace:new.venue", text=text))
        services = tuple(word.strip() for word in match["services"].split(",")) if match["services"] else SERVICES
        for service in services:
            if service not in SERVICES:
                raise UsageError(message("workspace:new.service", service=service), do=suggest(service, SERVICES))
        return cls(
            match["id"],
            required(match["name"], "--venue", "name of the venue"),
            tuple(s for s in SERVICES if s in services),
        )


@dataclass(frozen=True)
class NewBastion:
    """Bastion of a new workspace."""

    hostname: str
    username: str = ""
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> NewBastion:
        """Bastion from `[USER@]HOST[:PORT]`. Raises UsageError."""
        match = _BASTION.fullmatch(text.strip())
        port = int(match["port"]) if match and match["port"] else None
        if not match or (port is not None and not 0 < port < 65536):
            raise UsageError(message("workspace:new.bastion", text=text))
        return cls(match["host"].strip("[]"), match["user"] or "", port)


@dataclass(frozen=True)
class NewEvent:
    """Data of a new event. Times are aware; `prepared` decides the first weekly report and the past deadlines.

    `country`: empty for the country of the zone.
    """

    name: str
    province: str
    opening: datetime
    ending: datetime
    venues: tuple[NewVenue, ...]
    enterprise: str = ""
    short: str = ""
    operator: Operator = "telecom"
    recipient: str = ""
    recipient_email: str = PLACEHOLDER_EMAIL
    bastion: str = ""
    zone: str = DEFAULT
    country: str = ""
    prepared: datetime = field(default_factory=lambda: datetime.now(UTC))

    def values(self) -> dict[str, Any]:
        """Values of the skeleton, windows and deadlines included. Raises UsageError."""
        name, province = (
            required(self.name, "--event", "name of the event"),
            required(self.province, "--province", "name of the province"),
        )
        opening, ending = _to_minute(self.opening), _to_minute(self.ending)
        if ending <= opening:
            raise UsageError(message("workspace:new.ends"))
        ids = [venue.id for venue in self.venues]
        if twice := next((one for one in ids if ids.count(one) > 1), ""):
            raise UsageError(message("workspace:new.venue_twice", venue=twice))
        prepared, minute = _to_minute(self.prepared), timedelta(minutes=1)

        def before(days: int) -> datetime:
            """Midnight of a day before the opening."""
            return moment_at(opening.date() - timedelta(days=days))

        return {
            "id": slug(name),
            "name": name,
            "name_vi": name,
            "province": province,
            "zone": self.zone,
            "country": self.country,
            "vietnamese": language_of(self.country or country_of_zone(self.zone)) == "vi",
            "enterprise": tidy(self.enterprise, "enterprise") or PLACEHOLDER_ENTERPRISE,
            "short": self.short,
            "operator": self.operator,
            "recipient": tidy(self.recipient, "recipient"),
            "recipient_email": self.recipient_email,
            "bastion": NewBastion.parse(self.bastion) if self.bastion else None,
            "venues": self.venues,
            "opening": opening,
            "ending": ending,
            "prepared": prepared,
            "protected_from": opening - timedelta(hours=2),
            "protected_to": ending + timedelta(hours=3),
            "freeze_from": before(3),
            "freeze_to": moment_at(ending.date() + timedelta(days=2)),
            "reports": ReportPlan.of(prepared if prepared < ending else before(14), opening, ending),
            "duty_list_before": before(1),
            "audit_1_from": before(14),
            "audit_1_due": before(7) - minute,
            "audit_2_from": before(1),
            "audit_2_due": before(0) - minute,
        }


@dataclass(frozen=True)
class ReportPlan:
    """Weekly reports of a new event: the first and the last day, and the times of day."""

    first: date
    last: date
    cut_off: time = time(11, 30)
    latest: time = time(12)

    @classmethod
    def of(cls, prepared: datetime, opening: datetime, ending: datetime) -> ReportPlan:
        """Return reports on Mondays, the first before the opening, or before the end of an event in progress.

        Without such a Monday they are on the weekday before, else of that moment, at noon or at that moment itself.
        """
        end = opening if prepared < opening else ending
        monday = _on_or_after(prepared.date(), 0)
        for first in (monday, monday + timedelta(days=7), end.date() - timedelta(days=1), end.date()):
            cut_off, latest = (moment_at(first, at) for at in (cls.cut_off, cls.latest))
            if prepared < cut_off and latest <= end:
                return cls(first, max(first, _on_or_after(ending.date(), first.weekday())))
        return cls(end.date(), _on_or_after(ending.date(), end.weekday()), end.time(), end.time())

    @property
    def day(self) -> Weekday:
        """Weekday of the reports."""
        return WEEKDAYS[self.first.weekday()]

    @property
    def deadline(self) -> str:
        """Deadline in Vietnamese, in the form of a letter."""
        latest = f"{self.latest:%H} giờ" if self.latest.minute == 0 else f"{self.latest:%H giờ %M}"
        return f"trước {latest} {text(f'terms:weekday.{self.first.weekday()}', 'vi')} hằng tuần"


def _to_minute(moment: datetime) -> datetime:
    return local_time(moment).replace(second=0, microsecond=0)


def _on_or_after(day: date, weekday: int) -> date:
    """First day with a weekday, 0 for Monday, on or after a day."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def slug(name: str) -> str:
    """Identifier from a name: ASCII letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    return "-".join(words)[:60].strip("-") or "event"


def write_workspace(target: Path, event: NewEvent) -> tuple[Path, ...]:
    """Write a workspace into an absent or empty folder. Return the relative paths of its files. Raises UsageError."""
    return fill_folder(target, {**render_files(event), **intent_templates()}, "workspace:new.unwritable")


def render_files(event: NewEvent) -> dict[Path, str]:
    """Texts of the inventory files by relative path."""
    values = event.values()
    return {
        Path("inventory") / path.stem: render_skeleton(path.name, **values)
        for path in sorted(_SKELETON.glob("*.j2"))
        if path.name != "jump_hosts.yaml.j2" or event.bastion
    }


def render_skeleton(name: str, /, **values: object) -> str:
    """Text of a file of the skeleton."""
    return _skeletons().get_template(name).render(**values)


@cache
def _skeletons() -> Environment:
    environment = Environment(loader=FileSystemLoader(_SKELETON), undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701  YAML, quoted by the filter
    environment.filters["yaml"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.filters["moment"] = write_moment
    return environment


def intent_templates() -> dict[Path, Path]:
    """Templates of intents by relative path; papers have a profile for any event in the package."""
    home = example_home()
    files = {path.relative_to(home): path for path in sorted((home / "templates").rglob("*")) if path.is_file()}
    return {name: path for name, path in files.items() if path.name[0] != "." and "reports" not in name.parts}


_INVENTORY = Path("inventory")


@dataclass(frozen=True)
class NewOperator:
    """An operator's own answers."""

    enterprise: str
    short: str = ""
    operator: Operator = "telecom"
    bastion: str = ""


def write_kit_workspace(target: Path, kit: Kit, own: NewOperator, prepared: datetime) -> tuple[Path, ...]:
    """Write a workspace into an absent or empty folder. Return the relative paths of its files. Raises UsageError."""
    event = _validated(_texts(kit, own, prepared), kit)
    texts = _texts(kit, own, prepared)  # again: in the zone of the event, in use from here on
    opening = [window for window in event.windows if window.kind == "event"]
    if not opening:
        raise UsageError(message("workspace:kit.no_event"))
    new = NewEvent(
        name=event.name, province=event.province or event.name,
        opening=min(window.start for window in opening), ending=max(window.end for window in opening),
        venues=tuple(NewVenue(venue.id, venue.title.vi or venue.name, venue.services) for venue in event.venues),
        enterprise=own.enterprise, short=own.short, operator=own.operator, bastion=own.bastion, prepared=prepared,
    )  # fmt: skip
    files: dict[Path, str | Path] = {**intent_templates(), **render_files(new), **texts}
    return fill_folder(target, files, "workspace:new.unwritable")


def _texts(kit: Kit, own: NewOperator, prepared: datetime) -> dict[Path, str]:
    """Texts of the files decided by the kit, by relative path."""
    head = f"# From the kit of {kit.key.operator} ({kit.key.id})."
    clauses = [{"id": duty.get("id"), "owner": own.enterprise, **duty} for duty in kit.duties.duties]
    duties = {**({"documents": kit.duties.documents} if kit.duties.documents else {}), "duties": clauses}
    published = json.dumps(kit.key.to_dict(), ensure_ascii=False, indent=1) + "\n"
    return {
        _INVENTORY / "event.yaml": render_skeleton(
            "kit/event.yaml.j2", **asdict(own), head=head, zone=DEFAULT, shared=_yaml(kit.event), prepared=prepared
        ),
        _INVENTORY / "duties.yaml": f"{head}\n# `owner` is yours to name.\n{_yaml(duties)}",
        **{_INVENTORY / "forms" / f"{name}.yaml": f"{head}\n{_yaml(form)}" for name, form in kit.forms.items()},
        _INVENTORY / "department.key.json": published,
    }


def _validated(texts: Mapping[Path, str], kit: Kit) -> Event:
    """Return the event of the kit, read as in a workspace. Raises UsageError for an invalid kit."""
    with TemporaryDirectory() as folder:
        for relative, text in texts.items():
            (Path(folder) / relative).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / relative).write_text(text, encoding="utf-8")
        inventory = Path(folder) / _INVENTORY
        try:
            event = load_event(inventory / "event.yaml")
            load_duties(inventory / "duties.yaml", windows=event.windows, venues=event.venue_ids)
            load_forms(inventory / "forms")
        except WorkspaceError as error:
            reason = str(error).replace(f"{folder}/", "")
            raise UsageError(message("workspace:kit.invalid", operator=kit.key.operator, reason=reason)) from None
    return event


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
