"""Vietnamese telephone numbers: ten digits for mobiles since 2018, eleven with the area code for landlines."""

from __future__ import annotations

import re

from eventready.core.messages import Message, message

_MOBILE = re.compile(r"0[35789]\d{8}")
_LANDLINE = re.compile(r"02\d{9}")
_OLD_MOBILE = re.compile(r"01[2689]\d{8}")
_JOINERS = re.compile(r"[\s.()\-\u2010-\u2015\u00a0]")
_BETWEEN = re.compile(r"\s[-\u2013]\s|[,;/|\n\r]+")

#: What it should look like, for messages.
FORM = message("roster:form.phone")


def numbers(value: object) -> list[str]:
    """The numbers in a cell, as they were typed."""
    return [part.strip() for part in _BETWEEN.split(str(value)) if part.strip()]


def normal(number: object) -> str | None:
    """Return the digits from 0 (`+84 912 345 678` is `0912345678`); None for any other text than a Vietnamese number.

    A spreadsheet that took it for a number has dropped the zero in front: nine or ten digits get it back.
    """
    typed = _JOINERS.sub("", str(number))
    typed = re.sub(r"^(\+84|0084|84(?=\d{9,10}$))0?", "0", typed)
    if re.fullmatch(r"[35789]\d{8}|2\d{9}", typed):
        typed = "0" + typed
    return typed if is_mobile(typed) or _LANDLINE.fullmatch(typed) else None


def is_mobile(number: str) -> bool:
    """True for a normal mobile number."""
    return _MOBILE.fullmatch(number) is not None


def complaint(number: object) -> Message:
    """Return the reason against an invalid number, without the whole number."""
    digits = _JOINERS.sub("", str(number))
    shown = f"{digits[:4]}***{digits[-2:]}" if len(digits) > 7 else "***"
    if _OLD_MOBILE.fullmatch(digits):
        return message("roster:phone.old", shown=shown)
    count = sum(c.isdigit() for c in digits)
    return message("roster:phone.invalid", shown=shown, digits=count)
