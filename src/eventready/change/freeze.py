"""Windows in which nothing is changed, and the emergency for which two people answer by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from eventready.clock import TZ
from eventready.errors import RefusedError, UsageError
from eventready.workspace.event import Event, Window, WindowKind

#: A night of the event and the time that is protected around it are no better for changes than a freeze.
CLOSED: tuple[WindowKind, ...] = ("freeze", "protected", "event")
_LONGEST = 200


@dataclass(frozen=True)
class Emergency:
    """A change that cannot wait: the ticket, who asks for it, and who else answers for it."""

    ticket: str
    asked_by: str
    answered_by: str

    @classmethod
    def of(cls, ticket: str, names: tuple[str, ...]) -> Self:
        """From what a person typed. Raises RefusedError unless there is a ticket and two different people are named."""
        named = tuple(dict.fromkeys(tidy for name in names if (tidy := _tidy(name))))
        if not _tidy(ticket):
            raise RefusedError("an emergency needs a ticket", do="Say which one: --emergency TICKET.")
        people = _people(named)
        if len(people) != 2:
            who = f"only {named[0]} is named" if len(people) == 1 else f"{len(people) or 'no'} people are named"
            raise RefusedError(
                f"an emergency needs two people who answer for it, and {who}",
                do='Name two different ones: --named "NAME" --named "NAME".',
            )
        first, second = people.values()
        return cls(_tidy(ticket), first, second)

    def plain(self) -> dict[str, str]:
        """As plain JSON types; `load` takes it back."""
        return {"ticket": self.ticket, "asked_by": self.asked_by, "answered_by": self.answered_by}

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> Self:
        """From what `plain` gave."""
        return cls(str(plain["ticket"]), str(plain["asked_by"]), str(plain["answered_by"]))

    @property
    def said(self) -> str:
        """Who answers, and the ticket."""
        return f"{self.asked_by} and {self.answered_by}, ticket {self.ticket}"


def _tidy(text: str) -> str:
    """One line of visible characters, composed."""
    printable = "".join(letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", text))
    tidy = " ".join(printable.split())
    if len(tidy) > _LONGEST:
        raise UsageError(f"a name or a ticket of {len(tidy)} letters", do=f"Use at most {_LONGEST}.")
    return tidy


def same_person(one: str, other: str) -> bool:
    """True when two names may be one person's."""
    return len(_people((one, other))) == 1


def _people(names: Iterable[str]) -> dict[str, str]:
    """Names by what two writings of one person have in common: not case and dots, and not accents where one of them
    has none at all (Hùng and Hưng are two people, Hung may be either)."""
    people: dict[str, str] = {}
    for name in names:
        key = _letters(name)
        known = (other for other in people if key == other or _bare(key) == _bare(other) in (key, other))
        people.setdefault(next(known, key), name)
    return people


def _letters(name: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in name.casefold()).split())


def _bare(letters: str) -> str:
    split = unicodedata.normalize("NFD", letters.replace("đ", "d"))
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def refuse_in_freeze(event: Event, now: datetime, emergency: Emergency | None = None) -> tuple[Window, ...]:
    """The windows that are closed for changes at the event's time `now`, in which this is an emergency.

    Raises RefusedError where one is and it is none: which window, until when, and what an emergency needs.
    """
    closed = tuple(window for kind in CLOSED for window in event.windows_at(now, kind))
    if closed and emergency is None:
        window = max(closed, key=lambda one: one.end)
        raise RefusedError(
            f"nothing is changed now: {_named(window)} lasts until {_at(window.end)}",
            do='Wait, or declare an emergency: --emergency TICKET --named "NAME" --named "NAME".',
        )
    return closed


def closes_next(event: Event, now: datetime) -> Window | None:
    """The next window to close after `now`; None where no more come."""
    coming = [window for window in event.windows if window.kind in CLOSED and window.start > now]
    return min(coming, key=lambda window: window.start, default=None)


def _named(window: Window) -> str:
    return f"{window.name} ({window.kind})" if window.name else f"the {window.kind} window"


def _at(moment: datetime) -> str:
    return moment.astimezone(TZ).strftime("%Y-%m-%d %H:%M")
