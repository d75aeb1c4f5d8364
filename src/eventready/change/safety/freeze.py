"""Change freeze: windows closed for changes, and emergencies under the responsibility of two named people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from eventready.change.safety.ranges import LATE, late_line
from eventready.change.safety.window_names import named_window
from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import at
from eventready.store.change_steps import Emergency
from eventready.workspace.settings.event import Event, Window, WindowKind

#: Kinds of windows that are closed for changes.
CLOSED: tuple[WindowKind, ...] = ("freeze", "protected", "event")
_LONGEST = 200
#: No line without an effect before a later event is written so shortly before a closed window.
_LATE = timedelta(hours=48)


def emergency_of(ticket: str, names: tuple[str, ...]) -> Emergency:
    """Parse a person's input. Raises RefusedError without a ticket or without two different people."""
    named = tuple(dict.fromkeys(tidy for name in names if (tidy := _tidy(name))))
    if not _tidy(ticket):
        raise RefusedError(message("change:freeze.ticket"))
    people = _people(named)
    if len(people) != 2:
        raise RefusedError(
            message("change:freeze.one_person", name=named[0])
            if len(people) == 1
            else message("change:freeze.people", number=len(people)),
            do=message("change:freeze.name_two"),
        )
    first, second = people.values()
    return Emergency(_tidy(ticket), first, second)


def _tidy(text: str) -> str:
    """Return a single line of printable characters, NFC."""
    printable = "".join(letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", text))
    tidy = " ".join(printable.split())
    if len(tidy) > _LONGEST:
        raise UsageError(message("change:freeze.long", length=len(tidy), most=_LONGEST))
    return tidy


def same_person(one: str, other: str) -> bool:
    """Return True if two names may belong to the same person."""
    return len(_people((one, other))) == 1


def _people(names: Iterable[str]) -> dict[str, str]:
    """Return the names by a key shared by two spellings of a person.

    Case and punctuation do not count; accents do not count if one spelling has none (Hùng and Hưng are two people, Hung
    may be either).
    """
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


def refuse_in_freeze(
    event: Event, now: datetime, emergency: Emergency | None = None, *, do: Message | str = ""
) -> tuple[Window, ...]:
    """Return the closed windows at the event's time `now`; empty outside of them.

    Raises RefusedError inside a closed window without an emergency; `do`: the remedy, of those who can declare none.
    """
    closed = tuple(window for kind in CLOSED for window in event.windows_at(now, kind))
    if closed and emergency is None:
        window = max(closed, key=lambda one: one.end)
        raise RefusedError(message("change:freeze.closed", window=named_window(window), end=at(window.end)), do=do)
    return closed


def closed_to_waves(event: Event, now: datetime) -> str | Message:
    """Return why no wave begins at an event time; empty outside of closed windows."""
    closed = [window for kind in CLOSED for window in event.windows_at(now, kind)]
    return message("change:freeze.wave", window=named_window(closed[0]), start=at(closed[0].start)) if closed else ""


def refuse_beyond(
    event: Event,
    now: datetime,
    ends: Sequence[tuple[float, Sequence[str]]],
    emergency: Emergency | None = None,
    *,
    later: bool = False,
) -> bool:
    """Return True if an emergency permits a change expected to last into a closed window.

    `ends` are the expected end of each wave in seconds from now, and its devices. Raises RefusedError without an
    emergency, with the devices that fit before the window. `later`: of a begin without a person at the keys.
    """
    window, end = next_closed_window(event, now), now
    fits: list[str] = []
    for seconds, names in ends:
        end = max(end, now + timedelta(seconds=seconds))
        fits += names if window is None or end <= window.start else []
    if window is None or end <= window.start:
        return False
    if emergency is None:
        what = message("change:freeze.beyond", end=at(end), window=named_window(window), start=at(window.start))
        do = message("change:freeze.none_fits_later" if later else "change:freeze.none_fits")
        if fits:
            msgid = "change:freeze.fits_later" if later else "change:freeze.fits"
            do = message(msgid, devices=",".join(fits))
        raise RefusedError(what, do=do)
    return True


def refuse_late_effects(
    event: Event, now: datetime, risks: Mapping[str, Iterable[str | Message]], emergency: Emergency | None = None
) -> None:
    """Raise RefusedError for a line without an effect before a later event, too short before a closed window.

    `risks` are those of a plan by device. Until the event nothing of the line is proven.
    """
    window = next_closed_window(event, now)
    if emergency is not None or window is None or window.start - now > _LATE:
        return
    for device, sentences in risks.items():
        for risk in sentences:
            if isinstance(risk, Message) and risk.id in LATE:
                raise RefusedError(
                    message(
                        "change:freeze.late", line=late_line(risk), device=device, window=named_window(window),
                        start=at(window.start),
                    )
                )  # fmt: skip


def refuse_shifted_clock(event: Event, clock: Clock) -> None:
    """Raise RefusedError for a change on a network in service by another clock: its windows would not count."""
    if clock.offset and not event.lab:
        raise RefusedError(message("change:freeze.clock", at=at(clock.now())))


def next_closed_window(event: Event, now: datetime) -> Window | None:
    """Return the next window to close after `now`; None if there is none."""
    coming = [window for window in event.windows if window.kind in CLOSED and window.start > now]
    return min(coming, key=lambda window: window.start, default=None)
