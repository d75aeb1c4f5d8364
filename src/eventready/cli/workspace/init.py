"""`eventready init`: a workspace for an event, or a copy of an example."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import click

from eventready.clauses.announcement import Announcement, announcement_of
from eventready.clauses.calendar import Calendar
from eventready.cli.context import App
from eventready.core.clock import Clock, parse_moment
from eventready.core.errors import InvalidValue, UsageError
from eventready.core.messages import Message, message
from eventready.core.timezone import DEFAULT, use_zone
from eventready.workspace.examples.example import copy_example, example_named
from eventready.workspace.examples.kit import open_kit
from eventready.workspace.examples.new_workspace import (
    NewBastion,
    NewEvent,
    NewOperator,
    NewVenue,
    write_kit_workspace,
    write_workspace,
)
from eventready.workspace.files.datetimes import zone_name
from eventready.workspace.permission import allow
from eventready.workspace.settings.country import country_code, zones_of_country
from eventready.workspace.settings.duties import load_duties
from eventready.workspace.settings.event import ADDRESS, Operator, load_event


def command(
    app: App,
    *,
    folder: Path,
    example: str | None,
    kit: Path | None,
    fingerprint: str,
    name: str | None,
    province: str | None,
    zone: str | None,
    country: str | None,
    opening: str | None,
    ending: str | None,
    venues: tuple[str, ...],
    enterprise: str,
    short: str,
    operator: Operator,
    recipient: str,
    recipient_email: str,
    bastion: str,
) -> None:
    """Create a workspace in DIR, an absent or empty folder."""
    if fingerprint and not kit:
        raise UsageError(message("cli:init.no_kit"))
    if kit:
        given = {"--example": example is not None, "--event": name, "--province": province, "--zone": zone,
                 "--country": country, "--opening": opening, "--ending": ending, "--venue": venues,
                 "--recipient": recipient, "--recipient-email": recipient_email}  # fmt: skip
        _refuse(option for option, value in given.items() if value)
        opened = open_kit(kit, fingerprint)
        answers = _complete(app, {"--enterprise": enterprise, "--bastion": bastion}, _OWN)
        own = NewOperator(answers["--enterprise"], short, operator, answers["--bastion"])
        written = write_kit_workspace(folder, opened, own, app.clock.now())
    elif example is not None:
        written = copy_example(folder, example_named(example))
    else:
        nation = _country(country) if country is not None else ""
        place = zone_name(zone) if zone is not None else _zone_of(nation) if nation else DEFAULT
        use_zone(place)
        now = Clock.starting(app.chosen_now).now()
        complete = _complete(app, {
            "--event": name, "--province": province, "--opening": opening, "--venue": ";".join(venues) or None,
            "--enterprise": enterprise, "--recipient": recipient, "--recipient-email": recipient_email,
            "--bastion": bastion,
        }, _NEEDED)  # fmt: skip
        start = parse_moment(complete["--opening"])
        written = write_workspace(
            folder,
            NewEvent(
                name=complete["--event"],
                province=complete["--province"],
                opening=start,
                ending=parse_moment(ending) if ending else start + timedelta(hours=4),
                venues=tuple(NewVenue.parse(text) for text in complete["--venue"].split(";")),
                enterprise=complete["--enterprise"],
                short=short,
                operator=operator,
                recipient=complete["--recipient"],
                recipient_email=complete["--recipient-email"] or NewEvent.recipient_email,
                bastion=complete["--bastion"],
                zone=place,
                country=nation,
                prepared=now,
            ),
        )
    with suppress(UsageError):  # without a configuration folder `eventready trust content` explains what to do
        allow(folder)
    announcement = _announcement(folder)
    app.show(
        {
            "workspace": str(folder),
            "files": [path.as_posix() for path in written],
            **announcement.to_dict(),
        },
        closing=[message("cli:init.next", folder=str(folder)), *announcement.sentences, *_without_holidays(folder)],
    )


def _country(code: str) -> str:
    """Code of a country or of a part, checked. Raises UsageError."""
    try:
        return country_code(code)
    except InvalidValue as error:
        raise error.error from None


def _zone_of(country: str) -> str:
    """Zone of a country with a single zone. Raises UsageError with the zones of another country."""
    zones = zones_of_country(country)
    if len(zones) == 1:
        return zones[0]
    raise UsageError(message("cli:init.zones", country=country, zones=zones or ("UTC",)))


def _announcement(folder: Path) -> Announcement:
    """Return the past and near deadlines of the workspace; none of an example."""
    event = load_event(folder / "inventory" / "event.yaml")
    if event.prepared is None:
        return Announcement()
    path = folder / "inventory" / "duties.yaml"
    duties = load_duties(path, windows=event.windows, venues=event.venue_ids).duties
    return announcement_of(event, duties, event.prepared, "workspace")


def _without_holidays(folder: Path) -> Iterator[Message]:
    """Yield the sentence about a country without data about its holidays."""
    if gap := Calendar.of(load_event(folder / "inventory" / "event.yaml")).gap:
        yield gap


def _complete(app: App, answers: dict[str, str | None], needed: Collection[str]) -> dict[str, str]:
    """Ask for missing answers on a terminal; optional ones may stay empty. Raises UsageError without a terminal."""
    missing = [option for option, value in answers.items() if option in needed and not (value or "").strip()]
    if missing and not sys.stdin.isatty():
        raise UsageError(message("cli:init.enterprise" if needed is _OWN else "cli:init.incomplete", options=missing))
    if not missing:
        return {option: value or "" for option, value in answers.items()}
    return {option: value or _answer(app, option, needed=option in needed) for option, value in answers.items()}


def _refuse(options: Iterable[str]) -> None:
    """Raise UsageError for answers given beside a kit."""
    if given := tuple(options):
        raise UsageError(message("cli:init.from_kit", options=given))


def _answer(app: App, option: str, *, needed: bool) -> str:
    """Answer to the question of an option, repeated until valid."""
    question = app.text(f"cli:init_prompt.{option.lstrip('-').replace('-', '_')}")
    while True:
        default = None if needed else ""
        answer = str(click.prompt(question, default=default, show_default=False, err=True)).strip()
        try:
            if answer and option in _VALID:
                _VALID[option](answer)
        except UsageError as error:
            app.say(error.render(app.lang))
            continue
        if answer or default is not None:
            return answer


def _venues(text: str) -> None:
    for part in text.split(";"):
        NewVenue.parse(part)


def _email(text: str) -> None:
    if not re.fullmatch(ADDRESS, text):
        raise UsageError(message("cli:init.email", text=text))


def _bastion(text: str) -> None:
    NewBastion.parse(text)


#: Answers without which there is no workspace, without or with a kit, and the readers that refuse an invalid answer.
_NEEDED = ("--event", "--province", "--opening", "--venue")
_OWN = ("--enterprise",)
_VALID: dict[str, Callable[[str], object]] = {
    "--opening": parse_moment,
    "--venue": _venues,
    "--recipient-email": _email,
    "--bastion": _bastion,
}
