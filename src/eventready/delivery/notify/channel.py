"""Ways to people: a channel, the failures of a message, and the addresses of receivers at the minute."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import Lang, Message
from eventready.core.redaction.redaction import redactor
from eventready.roster.roster import Roster
from eventready.store.streams.notification_outbox import Wording
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.settings.alerts import AlertsFile, Receiver
from eventready.workspace.settings.event import Event

#: Pieces of a URL that may be a token.
_PIECE = re.compile(r"[^/:@?&=#,]{8,}")


class RefusedAddress(EventreadyError):
    """Address refused for good."""


class UncertainDelivery(EventreadyError):
    """Message handed over without an answer."""


class AddressChannel(ABC):
    """Channel of a workspace, for addresses of its own form."""

    def __init__(self, folder: Path, event: Event, clock: Clock) -> None:
        self._folder, self._event, self._clock = folder, event, clock

    @staticmethod
    @abstractmethod
    def takes(address: str) -> bool:
        """Return True for an address of this channel."""

    @abstractmethod
    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str | Message:
        """Send a message and return a sentence; `handed` is called before a possible delivery.

        Raises RefusedAddress, UncertainDelivery, and EventreadyError for a failed attempt.
        """


def secret_url(reference: str, folder: Path) -> str:
    """Return the URL of a reference; all its parts become secrets. Raises EventreadyError."""
    url = resolve(reference, folder)
    for part in (url, *_PIECE.findall(url)):
        redactor.register(part)
    return url


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
    people: Sequence[ReceiverAddress], write: Callable[[Lang], tuple[str, str]], lang: Lang
) -> tuple[Wording, dict[str, Wording]]:
    """Return the words in the language of the first address, and those for others by address.

    `write`: subject and text in a language; `lang`: without any address.
    """
    first, *rest = [one for one in people if one.address] or [ReceiverAddress("", "", lang)]
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
