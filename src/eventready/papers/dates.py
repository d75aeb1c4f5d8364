"""Dates and numbers as a paper writes them."""

from __future__ import annotations

import re
from datetime import date, datetime

from eventready.core.language import clean
from eventready.core.messages import Lang, term, text
from eventready.core.timezone import local_time

#: A no-break space: a date or a figure and its unit stay on one line.
HARD = "\N{NO-BREAK SPACE}"
_BLANK = HARD * 5


def fit(value: object) -> str:
    """Text from outside, cleaned for print; no-break spaces are kept."""
    return clean(value, keep=HARD)


_BOUND = re.compile(
    r"(?<=\b[Nn]gày) (?=\d)|(?<=\btháng) (?=\d)|(?<=\bnăm) (?=\d)|(?<=\d) (?=tháng \d|năm \d|giờ\b|phút\b|trang\b)"
    r"|(?<=\b[Pp]hụ lục) (?=[IVX])|(?<=\bBảng) (?=\d)|(?<=\bHình) (?=\d)"
)


def bound(sentence: str) -> str:
    """The text with no-break spaces inside its dates, durations and references to annexes."""
    return _BOUND.sub(HARD, sentence)


def short_date(day: date, lang: Lang) -> str:
    """`05/07/2033`, and `5 Jul 2033` with no-break spaces in English."""
    local = local_time(day) if isinstance(day, datetime) else day
    return f"{local:%d/%m/%Y}" if lang == "vi" else f"{local.day}{HARD}{_month(local)}{HARD}{local.year}"


def long_moment(moment: datetime, lang: Lang) -> str:
    """`07 giờ 05 ngày 25/07/2033`."""
    local = local_time(moment)
    day = short_date(local, lang)
    return bound(text("papers:date.moment", lang, hour=f"{local:%H}", minute=f"{local:%M}", day=day))


def short_moment(moment: datetime, lang: Lang) -> str:
    """`07:05 25/07/2033`, for tables."""
    local = local_time(moment)
    return f"{local:%H:%M} {short_date(local, lang)}"


def formal_date(day: date, lang: Lang) -> str:
    """`ngày       tháng 01 năm 2033`: the office writes the day; the months 1 and 2 get a zero."""
    month = _month(day) if lang == "en" else f"{day.month:02d}" if day.month < 3 else str(day.month)
    return text("papers:date.formal", lang, day=_BLANK, month=month, year=str(day.year)).replace(" ", HARD)


def _month(day: date) -> str:
    return term("page:month", str(day.month), "en")
