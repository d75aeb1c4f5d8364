"""How times, people and lists are said in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from eventready.clock import TZ
from eventready.roster.intervals import Interval

_SHOWN = 4


def day(moment: datetime) -> str:
    """`29/04/2022`."""
    return f"{moment.astimezone(TZ):%d/%m/%Y}"


def clock(moment: datetime) -> str:
    """`22:00`."""
    return f"{moment.astimezone(TZ):%H:%M}"


def at(moment: datetime) -> str:
    """`22:00 29/04/2022`, in both languages."""
    return f"{clock(moment)} {day(moment)}"


def span(start: datetime, end: datetime) -> str:
    """`22:00 29/04/2022 – 06:00 30/04/2022`; the day once when there is only one."""
    first, last = start.astimezone(TZ), end.astimezone(TZ)
    if first.date() == last.date():
        return f"{clock(first)}–{at(last)}"
    if first.date() == (last - timedelta(minutes=1)).date() and clock(last) == "00:00":
        return f"{clock(first)}–24:00 {day(first)}"
    return f"{at(first)} – {at(last)}"


def spans(intervals: Sequence[Interval], lang: str) -> str:
    """The first few, and how many more."""
    said = "; ".join(span(*interval) for interval in intervals[:_SHOWN])
    more = len(intervals) - _SHOWN
    if more <= 0:
        return said
    return f"{said} " + (f"và {more} khoảng nữa" if lang == "vi" else f"and {more} more")


def minutes(intervals: Iterable[Interval]) -> int:
    """How long they are together; begun minutes count."""
    return -(-int(sum((end - start).total_seconds() for start, end in intervals)) // 60)


def length(duration: timedelta | int, lang: str) -> str:
    """`8 giờ`, `7 giờ 30 phút`, `45 minutes`."""
    total = duration if isinstance(duration, int) else -(-int(duration.total_seconds()) // 60)
    hours, rest = divmod(total, 60)
    vi = lang == "vi"
    parts = [f"{hours} " + ("giờ" if vi else "hour" if hours == 1 else "hours")] if hours else []
    if rest or not hours:
        parts.append(f"{rest} " + ("phút" if vi else "minute" if rest == 1 else "minutes"))
    return " ".join(parts)


def number(value: float, lang: str) -> str:
    """`7,5` and `7.5`; whole numbers without a fraction."""
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if lang == "vi" else text


def names(people: Sequence[str], lang: str) -> str:
    """`A, B và C`; the first few of many."""
    shown = list(people[:_SHOWN])
    more = len(people) - len(shown)
    if more:
        shown.append(f"{more} người khác" if lang == "vi" else f"{more} others")
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + (" và " if lang == "vi" else " and ") + shown[-1]
