"""Announcement of the first deadlines of a new workspace or kit: moved, near and in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from eventready.clauses.deadlines import Deadline, deadlines
from eventready.core.messages import Message, in_both, message
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import GRACE, Event

Prepared: TypeAlias = Literal["workspace", "kit"]


@dataclass(frozen=True)
class Announcement:
    """Deadlines to announce, by time, and the sentences about them."""

    deadlines: tuple[Deadline, ...] = ()
    sentences: tuple[Message, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the announcement as plain JSON types."""
        return {
            "deadlines": [one.to_dict() for one in self.deadlines],
            "notices": [in_both(sentence) for sentence in self.sentences],
        }


def announcement_of(event: Event, duties: Iterable[Duty], moment: datetime, prepared: Prepared) -> Announcement:
    """Return the deadlines moved by the preparation at a moment, the near freezes, and those due within a day."""
    if event.end and event.end <= moment:
        return Announcement(sentences=(message(f"clauses:announced_ended.{prepared}", end=event.end),))
    found = tuple(one for one in deadlines(event, duties, (), moment) if _at_once(one, moment))
    return Announcement(found, tuple(_sentence(one, prepared) for one in found))


def _at_once(deadline: Deadline, moment: datetime) -> bool:
    if deadline.kind == "freeze":
        return deadline.status in ("near", "in_force")
    return deadline.was is not None or deadline.due <= moment + GRACE


def _sentence(deadline: Deadline, prepared: Prepared) -> Message:
    title = deadline.title
    if deadline.kind == "freeze":
        return message(
            f"clauses:announced_freeze.{deadline.status}", title=title, start=deadline.due, end=deadline.latest
        )
    if deadline.was is None:
        return message("clauses:announced.near", title=title, due=deadline.due)
    kind = "report" if deadline.status == "over" else prepared
    return message(f"clauses:announced_past.{kind}", title=title, was=deadline.was, due=deadline.due)
