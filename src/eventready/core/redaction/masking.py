"""Mask telephone numbers (`0912***678`) outside of contact lists."""

from __future__ import annotations

import re

from eventready.core.country import DEFAULT_COUNTRY, country

#: Separators between digits: a blank, dot or hyphen.
_GAP = r"[ .\u00a0\u2010-\u2013-]?"
_DATE = r"[0-3]?\d[.-][01]?\d[.-](?:19|2[01])\d\d(?!\d)"
_CANDIDATE = re.compile(
    rf"(?<![\w+])(?<!\d\.)(?:\(0\d{{1,3}}\)(?:{_GAP}\d){{6,8}}"
    rf"|(?:\+84|0084|84)(?:{_GAP}\(0\))?(?:{_GAP}\d){{9,10}}|(?!{_DATE})0\d(?:{_GAP}\d){{7,9}})(?!\w)"
)
_VIETNAMESE = re.compile(r"0[35789]\d{8}|02\d{8,9}|01[2689]\d{8}")
#: A number with a country code, of eight digits or more.
_INTERNATIONAL = re.compile(rf"(?<![\w+])\+[1-9](?:{_GAP}\(?\d\)?){{7,14}}(?!\w)")
#: A number of another country: with the zero of a long distance call, or with area code, exchange and line. No date and
#: no hardware address.
_NATIONAL = re.compile(
    rf"(?<![\w+.:-])(?!{_DATE}|\d\d(?:-\d\d){{5}}\b|\d{{4}}([.-])\d{{4}}\1\d{{4}}\b)"
    rf"(?:\(?0\d{{1,4}}\)?(?:{_GAP}\d){{6,9}}|(?:\(\d{{3}}\)\s?|\d{{3}}[ .-])\d{{3}}[ .-]\d{{4}})(?![\w:])"
)
_VISIBLE_PREFIX, _VISIBLE_SUFFIX = 4, 3


def mask(phone: str) -> str:
    """Return a number with its middle masked; `***` for a short number, empty for an empty text."""
    digits = _national(phone)
    if not phone.strip():
        return ""
    if len(digits) < _VISIBLE_PREFIX + _VISIBLE_SUFFIX + 2:
        return "***"
    return f"{digits[:_VISIBLE_PREFIX]}***{digits[-_VISIBLE_SUFFIX:]}"


def mask_text(text: str) -> str:
    """Mask the telephone numbers of the event's country and those with a country code, with any spacing."""
    foreign = _INTERNATIONAL.sub(lambda match: match[0] if match[0].startswith("+84") else mask(match[0]), text)
    if country() != DEFAULT_COUNTRY:
        return _NATIONAL.sub(lambda match: mask(match[0]), foreign)
    return _CANDIDATE.sub(_masked, foreign)


def _masked(match: re.Match[str]) -> str:
    found = match[0]
    return mask(found) if _VIETNAMESE.fullmatch(_national(found)) else found


def _national(phone: str) -> str:
    digits = re.sub(r"\D", "", re.sub(r"(?<=\d)[ .\u00a0-]?\(0\)", "", phone))
    for prefix in ("0084", "84"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 9:
            return "0" + digits[len(prefix) :].removeprefix("0")
    return digits
