"""Receivers of alerts.yaml: the addresses of people, and of those on duty in a role at the minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from eventready.core.messages import Lang
from eventready.delivery.notify.channel import LANG
from eventready.roster.roster import Roster
from eventready.store.streams.notification_outbox import Wording
from eventready.workspace.settings.alerts import AlertsFile, Receiver


@dataclass(frozen=True)
class ReceiverAddress:
    """Address of a receiver. `person`: name, or empty; `address`: empty without any; `lang`: of messages."""

    person: str
    address: str
    lang: Lang


def addressees(
    settings: AlertsFile, receiver: Receiver, roster: Roster | None, now: datetime
) -> tuple[ReceiverAddress, ...]:
    """Return the addresses of a receiver at a moment, each once; empty for people without any."""
    lang = receiver.lang or settings.lang
    found = [ReceiverAddress("", address, lang) for address in receiver.addresses]
    for names in (*((name,) for name in receiver.people), *_on_duty(receiver, roster, now)):
        contact = next((settings.people[name] for name in names if name in settings.people), None)
        own = contact.addresses if contact else ()
        own_lang = (contact and contact.lang) or lang
        found += [ReceiverAddress(names[-1], address, own_lang) for address in own or ("",)]
    return tuple({one.address or one.person: one for one in found}.values())


def written(
    people: Sequence[ReceiverAddress], write: Callable[[Lang], tuple[str, str]]
) -> tuple[Wording, dict[str, Wording]]:
    """Return the words in the language of the first address, and those for others by address.

    `write`: subject and text in a language.
    """
    first, *rest = [one for one in people if one.address] or [ReceiverAddress("", "", LANG)]
    by_lang = {lang: Wording(*write(lang), lang) for lang in {one.lang for one in (first, *rest)}}
    return by_lang[first.lang], {one.address: by_lang[one.lang] for one in rest if one.lang != first.lang}


def _on_duty(receiver: Receiver, roster: Roster | None, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield id and name of the people on duty in the role; people on call without any at work."""
    shifts = [
        shift
        for shift in (roster.shifts if roster and receiver.role else ())
        if shift.role == receiver.role and shift.start <= now < shift.end and receiver.venue in ("", shift.venue)
    ]
    working = [shift for shift in shifts if not shift.on_call] or shifts
    for person in dict.fromkeys(shift.person for shift in working):
        yield person, roster.name(person) if roster else person


def people_without_address(settings: AlertsFile, receiver: Receiver, roster: Roster | None) -> tuple[str, ...]:
    """Return the people in the role of a receiver without an address; the role itself without people."""
    if not receiver.role:
        return ()
    ids = dict.fromkeys(one.person for one in (roster.shifts if roster else ()) if one.role == receiver.role)
    names = {one: roster.name(one) for one in ids} if roster else {}
    lacking = tuple(name for one, name in names.items() if not {one, name} & settings.people.keys())
    return lacking if names else (receiver.role,)
