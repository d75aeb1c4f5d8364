"""Read notices: their works, a sentence for each unreadable part, and the text of others made harmless."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from pydantic import ValidationError

from eventready.core.errors import WorkspaceError
from eventready.core.messages import Message, message
from eventready.core.validation_messages import describe_error
from eventready.workspace.settings.works import LONGEST_ID, LONGEST_SUMMARY, Impact, Work, WorkStatus

#: Most bytes and lines of a calendar, and most works of a file.
MOST_BYTES, MOST_LINES, MOST_EVENTS = 1_000_000, 20_000, 500
#: Years of a work; arithmetic with zones overflows near the limits of Python's datetime.
_YEARS = range(1990, 2200)
#: Impacts by word; any other word is an outage.
IMPACT: Mapping[str, Impact] = {
    "NO-IMPACT": "none", "REDUCED-REDUNDANCY": "reduced_redundancy", "DEGRADED": "degraded", "OUTAGE": "outage",
}  # fmt: skip
#: States by word; any other word, and none, means that the work is on.
STATUS: Mapping[str, WorkStatus] = {
    "TENTATIVE": "tentative", "CONFIRMED": "confirmed", "IN-PROCESS": "in_process", "COMPLETED": "completed",
    "CANCELLED": "cancelled", "CANCELED": "cancelled",
}  # fmt: skip


@dataclass(frozen=True)
class ReadWorks:
    """Works of a file, and an error for each unreadable part."""

    works: tuple[Work, ...] = ()
    problems: tuple[WorkspaceError, ...] = ()

    def __add__(self, other: ReadWorks) -> ReadWorks:
        """Both files."""
        return ReadWorks((*self.works, *other.works), (*self.problems, *other.problems))


class NoticeError(ValueError):
    """Invalid part of a notice, with cause and remedy."""

    def __init__(self, what: Message, do: str | Message = "") -> None:
        super().__init__(what.id)
        self.what, self.do = what, do


def harmless(text: object, most: int) -> str:
    """Text of others in a line: without control, direction and half characters, and no longer than `most`."""
    normal = unicodedata.normalize("NFC", str(text)[: 8 * most])
    kept = (" " if unicodedata.category(one).startswith(("C", "Z")) else one for one in normal)
    return " ".join("".join(kept).split())[:most]


def identifier(text: object) -> str:
    """Identifier of others. Raises NoticeError for a long text: two may have the same beginning."""
    found = harmless(text, LONGEST_ID + 1)
    if len(found) > LONGEST_ID:
        raise NoticeError(message("works:long_id", id=found[:40], most=LONGEST_ID))
    return found


def summary(text: object) -> str:
    """A summary of others, cut."""
    return harmless(text, LONGEST_SUMMARY)


def moment(value: object, name: str, zone: tzinfo | None) -> datetime:
    """Time in UTC; a floating time is of `zone`. Raises NoticeError for none, and for a floating time without zone."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime) or value.year not in _YEARS:
        raise NoticeError(message("works:no_time", name=name))
    if value.tzinfo is None or value.utcoffset() is None:
        if zone is None:
            raise NoticeError(message("works:floating", name=name, at=f"{value:%Y-%m-%d %H:%M}"))
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)


def work_of(values: Mapping[str, Any]) -> Work:
    """Validated work. Raises NoticeError with the first mistake."""
    try:
        work = Work.model_validate({
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
        })  # fmt: skip
    except ValidationError as error:
        what, do = describe_error(error.errors(include_url=False)[0], Work)
        raise NoticeError(what if isinstance(what, Message) else message("works:invalid", reason=what), do) from None
    if work.status == "completed" and work.stamp and work.stamp < work.start:
        raise NoticeError(message("works:early_end"))
    return work


def first(values: Iterable[str]) -> str:
    """First text of several, empty for none."""
    return next(iter(values), "")
