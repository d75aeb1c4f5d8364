"""Dates and numbers as a paper writes them."""

from __future__ import annotations

import re
from datetime import date, datetime

from eventready.clock import TZ
from eventready.report.language import clean
from eventready.report.words import MONTHS, Lang

#: A no-break space: a date or a figure and its unit stay on one line.
HARD = "\N{NO-BREAK SPACE}"
_BLANK = HARD * 5


def fit(text: object) -> str:
    """Text from outside made fit to be shown; no-break spaces are ours and stay."""
    return clean(text, keep=HARD)


_BOUND = re.compile(
    r"(?<=\b[Nn]gày) (?=\d)|(?<=\btháng) (?=\d)|(?<=\bnăm) (?=\d)|(?<=\d) (?=tháng \d|năm \d|giờ\b|phút\b|trang\b)"
    r"|(?<=\b[Pp]hụ lục) (?=[IVX])|(?<=\bBảng) (?=\d)|(?<=\bHình) (?=\d)"
)


def bound(text: str) -> str:
    """The text with no-break spaces inside its dates, durations and references to annexes."""
    return _BOUND.sub(HARD, text)


def short_date(day: date, lang: Lang) -> str:
    """`05/04/2022`, and `5 April 2022` with no-break spaces in English."""
    local = day.astimezone(TZ) if isinstance(day, datetime) else day
    return f"{local:%d/%m/%Y}" if lang == "vi" else f"{local.day}{HARD}{MONTHS[local.month - 1]}{HARD}{local.year}"


def long_moment(moment: datetime, lang: Lang) -> str:
    """`07 giờ 05 ngày 25/04/2022`."""
    local = moment.astimezone(TZ)
    if lang == "vi":
        return bound(f"{local:%H} giờ {local:%M} ngày {local:%d/%m/%Y}")
    return f"{local:%H:%M} on {short_date(local, lang)}"


def short_moment(moment: datetime, lang: Lang) -> str:
    """`07:05 25/04/2022`, for tables."""
    local = moment.astimezone(TZ)
    return f"{local:%H:%M} {short_date(local, lang)}"


def formal_date(day: date, lang: Lang, *, blank: bool = True) -> str:
    """`ngày 05 tháng 01 năm 2022`: a day below 10 and the months 1 and 2 get a zero; a blank day is for the office."""
    if lang == "en":
        return f"{_BLANK if blank else day.day}{HARD}{MONTHS[day.month - 1]}{HARD}{day.year}"
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    shown = _BLANK if blank else f"{day.day:02d}"
    return f"ngày{HARD}{shown}{HARD}tháng{HARD}{month}{HARD}năm{HARD}{day.year}"


def count(number: int, lang: Lang) -> str:
    """A number of things, in groups of three: `12.500` and `12,500`."""
    grouped = f"{number:,}"
    return grouped.replace(",", ".") if lang == "vi" else grouped
